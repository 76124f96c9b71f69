"""The map page, laid out from figures."""

from decimal import Decimal

from dash import dcc

from dashboards.compared import comparison
from dashboards.filters import Filters, Show, Whose
from dashboards.markup import Markup, folded
from dashboards.pages.map.layout import page
from dashboards.standings import UnitFigure
from portal.domain.units import Level
from portal.domain.values import ValueStatus
from portal.queries.units import UnitRow
from tests.unit.dashboards.contexts import COUNT, DONGGUAN, QINGCHENG, QINGXIN, RATE, context

UNITS = (QINGCHENG, QINGXIN, DONGGUAN)


def figure(unit: UnitRow, value: str | None) -> UnitFigure:
    status = ValueStatus.MISSING if value is None else ValueStatus.REPORTED
    number = None if value is None else Decimal(value)
    return UnitFigure(
        unit.code, unit.name, unit.level, unit.parent_code, "", number, status, reported=int(number is not None)
    )


def made(*values: str | None, filters: Filters | None = None, indicator=RATE) -> list:
    about = context(filters=filters, indicator=indicator)
    figures = [figure(unit, value) for unit, value in zip(UNITS, values, strict=True)]
    compared = comparison(about, Level.DISTRICT, Whose.OWN, UNITS, figures)
    return page(
        about, compared, source="底图来源：某局，审图号 X，界线仅作示意", asset_url=lambda name: f"/assets/{name}"
    )


def graphs(component) -> list[dcc.Graph]:
    if isinstance(component, dcc.Graph):
        return [component]
    children = component if isinstance(component, list) else getattr(component, "children", None) or []
    return [each for child in (children if isinstance(children, list) else [children]) for each in graphs(child)]


def text(components: list) -> str:
    """All markup of a page, without its charts."""
    return "".join(each.markup if isinstance(each, Markup) else text(inside(each)) for each in folded(components))


def inside(component) -> list:
    return list(getattr(component, "children", None) or [])


def test_cities_without_districts_are_on_the_map_of_districts() -> None:
    (graph,) = graphs(made("95.6", None, "88"))
    drawn = [code for trace in graph.figure["data"][:2] for code in trace["locations"]]
    assert sorted(drawn) == ["441802", "441803", "441900"]


def test_boundaries_come_by_address() -> None:
    (graph,) = graphs(made("95.6", None, "88"))
    assert {trace.get("geojson") for trace in graph.figure["data"]} - {None} == {
        "/assets/boundaries/440000_district.geojson",
        "/assets/boundaries/440000_city.geojson",
    }


def test_the_table_beside_it_says_the_same_and_why_a_unit_has_none() -> None:
    said = text(made("95.6", None, "88"))
    assert "95.6" in said
    assert "清新区民政局" in said
    assert "未报" in said
    assert "底图来源：某局，审图号 X，界线仅作示意" in said


def test_the_switch_leaves_the_map_out() -> None:
    assert graphs(made("95.6", None, "88", filters=Filters(show=Show.TABLE))) == []


def test_counts_come_with_a_warning_and_rates_without() -> None:
    assert "合计类指标受辖区规模影响" in text(made("5", "6", "7", indicator=COUNT))
    assert "合计类指标受辖区规模影响" not in text(made("5", "6", "7"))


def test_nobody_has_reported_yet() -> None:
    components = made(None, None, None)
    (graph,) = graphs(components)
    assert [trace["type"] for trace in graph.figure["data"]] == ["choropleth", "choropleth", "scattergeo"]
    assert "0/3 个单位参加排名" in text(components)


def test_only_the_chart_stays_a_component() -> None:
    kinds = {type(each).__name__ for each in folded(made("95.6", None, "88"))}
    assert kinds == {"Markup", "Div"}


def test_the_bar_shows_what_is_really_compared() -> None:
    said = text(made("95.6", None, "88"))
    assert '<option selected value="district">' in said
    assert '<option value="city">' in said


def test_a_unit_alone_has_nothing_around_it() -> None:
    about = context(QINGCHENG, acting=QINGCHENG)
    compared = comparison(about, Level.DISTRICT, Whose.OWN, [QINGCHENG], [figure(QINGCHENG, "95.6")])
    components = page(about, compared, source="", asset_url=lambda name: f"/assets/{name}")
    (graph,) = graphs(components)
    assert {trace.get("geojson") for trace in graph.figure["data"]} - {None} == {
        "/assets/boundaries/440000_district.geojson"
    }
    assert "没有可以比较的" in text(components)
