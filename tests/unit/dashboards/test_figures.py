"""Charts, by what is in them."""

import re
from collections import Counter
from decimal import Decimal

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.assets_cache import FOLDER
from dashboards.boundaries import Box
from dashboards.figures import Figure
from dashboards.figures.choropleth import Area, Label, Outline, choropleth
from dashboards.figures.classes import class_of, quantile_classes
from dashboards.figures.palette import PARTIAL, SEQUENTIAL, shades
from dashboards.figures.progress_bars import Bar, BarPart, progress_bars

BOX = Box(112.0, 23.0, 114.0, 25.0)


def numbers(*values: int) -> list[Decimal]:
    return [Decimal(value) for value in values]


def is_drawable(figure: Figure) -> bool:
    """Plotly knows every property and accepts every value; it raises if not."""
    return bool(go.Figure(figure).to_plotly_json())


class TestClasses:
    def test_five_classes_of_about_equally_many(self) -> None:
        assert [each.count for each in quantile_classes(numbers(*range(122)))] == [25, 25, 24, 24, 24]

    def test_equal_values_are_never_parted(self) -> None:
        classes = quantile_classes(numbers(*[0] * 100, *range(1, 23)))
        assert [(each.lowest, each.highest, each.count) for each in classes] == [
            (0, 0, 100), (1, 6, 6), (7, 12, 6), (13, 17, 5), (18, 22, 5),
        ]  # fmt: skip

    def test_fewer_values_than_classes(self) -> None:
        assert len(quantile_classes(numbers(3, 1))) == 2
        assert quantile_classes([]) == []

    @given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=2), min_size=1, max_size=60))
    def test_every_value_is_in_exactly_one_class(self, values: list[Decimal]) -> None:
        classes = quantile_classes(values)
        assert len(classes) <= 5
        assert sum(each.count for each in classes) == len(values)
        assert Counter(class_of(value, classes) for value in values) == {
            n: each.count for n, each in enumerate(classes)
        }

    def test_a_foreign_value_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="in no class"):
            class_of(Decimal(9), quantile_classes(numbers(1, 2)))


class TestMap:
    AREAS = (
        Area("441802", "清城区", 1, "95.60%"),
        Area("441803", "清新区", 0, "80.00%"),
        Area("441821", "佛冈县", None, "未报"),
        Area("441823", "阳山县", None, "90.00%（部分）", partial=True),
    )

    def test_no_unit_is_left_out(self) -> None:
        figure = choropleth(self.AREAS, 2, "/d.geojson", BOX)
        assert is_drawable(figure)
        assert sorted(code for trace in figure["data"] for code in trace["locations"]) == [
            area.code for area in self.AREAS
        ]

    def test_a_missing_unit_is_white_with_an_outline_and_says_why(self) -> None:
        _classed, partial, missing = choropleth(self.AREAS, 2, "/d.geojson", BOX)["data"]
        assert missing["locations"] == ["441821"]
        assert {colour for _position, colour in missing["colorscale"]} == {"#ffffff"}
        assert missing["marker"]["line"]["color"] != "#ffffff"
        assert missing["customdata"] == [["441821", "佛冈县", "未报"]]
        assert {colour for _position, colour in partial["colorscale"]} == {PARTIAL}

    def test_each_class_is_one_flat_colour(self) -> None:
        trace = choropleth(self.AREAS, 2, "/d.geojson", BOX)["data"][0]
        assert trace["z"] == [1, 0]
        assert trace["colorscale"] == [
            [0.0, SEQUENTIAL[0]],
            [0.5, SEQUENTIAL[0]],
            [0.5, SEQUENTIAL[-1]],
            [1.0, SEQUENTIAL[-1]],
        ]

    def test_polygons_come_by_url_from_this_portal(self) -> None:
        figure = choropleth(
            self.AREAS, 2, "/d.geojson", BOX, outline=Outline("/c.geojson", ["441800"]), selected="441802"
        )
        assert is_drawable(figure)
        assert {trace["geojson"] for trace in figure["data"]} == {"/d.geojson", "/c.geojson"}

    def test_names_and_the_marked_unit(self) -> None:
        labels = [Label("清城区", 113.0, 23.7)]
        figure = choropleth(self.AREAS, 2, "/d.geojson", BOX, labels=labels, selected="441802")
        assert is_drawable(figure)
        assert [trace["locations"] for trace in figure["data"][3:4]] == [["441802"]]
        assert figure["data"][4]["text"] == ["清城区"]

    def test_a_unit_that_is_not_on_the_map_is_not_marked(self) -> None:
        assert len(choropleth(self.AREAS, 2, "/d.geojson", BOX, selected="440000")["data"]) == 3

    def test_no_style_that_the_security_policy_forbids(self) -> None:
        """Plotly writes `<b>` and the like as style attributes."""
        figure = choropleth(self.AREAS, 2, "/d.geojson", BOX)
        assert all(re.findall(r"<(?!br>|extra>|/extra>)", trace["hovertemplate"]) == [] for trace in figure["data"])


class TestProgressBars:
    PARTS = (BarPart("done", "已验收", "#2c7a4b"), BarPart("late", "逾期", "#a8201a", hatch="x"))
    BARS = (Bar("441800", "清远市", {"done": 7, "late": 2}), Bar("441900", "东莞市", {"done": 1}))

    def test_a_trace_a_part_and_a_bar_a_unit(self) -> None:
        figure = progress_bars(self.BARS, self.PARTS, "单位数")
        assert is_drawable(figure)
        assert [(trace["name"], trace["x"]) for trace in figure["data"]] == [("已验收", [7, 1]), ("逾期", [2, 0])]

    def test_nothing_is_written_for_none(self) -> None:
        assert progress_bars(self.BARS, self.PARTS, "单位数")["data"][1]["text"] == ["2", ""]

    def test_units_of_the_same_name_stay_apart(self) -> None:
        bars = (Bar("1", "城区", {"done": 1}), Bar("2", "城区", {"done": 2}))
        figure = progress_bars(bars, self.PARTS, "单位数")
        assert figure["data"][0]["y"] == ["1", "2"]
        assert figure["layout"]["yaxis"]["ticktext"] == ["城区", "城区"]


def test_the_style_sheet_has_the_shades_of_the_map() -> None:
    style = (FOLDER / "dashboards.css").read_text(encoding="utf-8")
    assert tuple(re.findall(r"\.shade-\d \{ background: (#\w{6})", style)) == SEQUENTIAL
    assert re.findall(r"\.shade-partial \{ background: (#\w{6})", style) == [PARTIAL]


def test_shades_span_the_range() -> None:
    assert [shades(count) for count in (1, 2, 3, 5)] == [(2,), (0, 4), (0, 2, 4), (0, 1, 2, 3, 4)]
