"""Half-years and years made from months: the numbers, which months are in them, and who may see them."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Role
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.submissions import SubmissionKey
from portal.domain.values import NOT_APPLICABLE, Value
from portal.errors import NotFound, NotPermitted
from portal.queries.people import portal_actor
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.over_time import list_shown_periods, roll_up_made
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.series import get_series
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, tree_day
from portal.queries.rollups.verification import verify
from portal.queries.units import get_unit
from portal.services import collections, forms, moves, values
from tests.integration.test_reorganisations import BASIS, apply
from tests.statements import statements
from tests.web.conftest import Site
from tests.web.test_dashboards import shown

FORM = read_form("""
code: MK
number: 1
name: {zh: 月报, en: Monthly}
period: month
levels: [district]
sheets:
- code: MK1
  name: 进度
  indicators:
  - {code: MK1, name: 办件, unit: 件, type: count, roll_up: sum}
  - {code: MK2, name: 在册, unit: 人, type: count, stock: true, roll_up: sum}
  - {code: MK3, name: 户均, unit: 元, type: rate, roll_up: mean_per_unit, decimals: 2}
  - {code: MK4, name: 最长天数, unit: 天, type: count, roll_up: maximum}
  - {code: MK5, name: 最短天数, unit: 天, type: count, roll_up: {how: minimum, incomplete: withheld}}
  - {code: MK6, name: 每人办件, unit: '%', type: ratio, source: calculated, roll_up: {how: ratio_of_sums, numerator: MK1, denominator: MK2}}
""")
FIGURES = {
    ("d111", "2025M07"): (10, 100, 5, 30, 3),
    ("d112", "2025M07"): (20, 300, 7, 45, 2),
    ("d111", "2025M08"): (1, 110, 8, 12, 9),
    ("d112", "2025M08"): (2, 330, 6, 15, 8),
    ("d111", "2025M10"): (4, 120, 4, 20, 6),
}
"""By unit and month; nothing was sent down for September, and in October one of the two has not reported."""


def answers(*numbers: int) -> dict[str, Value]:
    return {f"MK{number}": Value.of(figure) for number, figure in enumerate(numbers, 1)}


def accept(site: Site, unit: str, period: str, figures: dict[str, Value]) -> None:
    key, actor, above = SubmissionKey(unit, Period.parse(period), "MK"), site.world.actor(unit), site.world.actor("c11")
    with transaction(actor) as session:
        values.save_values(session, actor, key, figures)
        moves.take(session, actor, key, Action.SUBMIT)
    with transaction(above) as session:
        moves.take(session, above, key, Action.ACCEPT)


@pytest.fixture(scope="module", autouse=True)
def months(site: Site) -> None:
    with transaction(None) as session:
        forms.publish(session, FORM)
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    for period in ("2025M07", "2025M08", "2025M10"):
        with transaction(sender) as session:
            collections.send_down(
                session, sender, FORM, Period.parse(period), opens_on=date(2025, 7, 1), due_on=date(2026, 1, 31)
            )
    for (unit, period), numbers in FIGURES.items():
        accept(site, unit, period, answers(*numbers))


def made(site: Site, unit: str, period: str, code: str, *, by: str = "self") -> list[RollUpRow]:
    actor = site.world.actor("p1")
    with transaction(actor) as session:
        return roll_up_made(session, actor, unit=unit, period=Period.parse(period), indicators=[code], by=by)


@dataclass(frozen=True)
class Case:
    """What an indicator comes to for the city over the third quarter, of which September is not there."""

    code: str
    value: Decimal | None
    reported: int
    periods: tuple[str, ...] = ("2025M07", "2025M08")


@pytest.mark.parametrize(
    "case",
    [
        Case("MK1", Decimal(33), 4),
        Case("MK2", Decimal(440), 2, ("2025M08",)),  # the stock of the last month, not the sum of both
        Case("MK3", Decimal("6.5"), 4),
        Case("MK4", Decimal(45), 4),
        Case("MK5", None, 4),  # withheld, because a month is missing
        Case("MK6", None, 4),  # a flow over a stock: the form does not say what that is over time
    ],
)
def test_each_kind_over_a_quarter(site: Site, case: Case) -> None:
    (row,) = made(site, "c11", "2025Q3", case.code)
    assert (row.value, row.reported) == (case.value, case.reported)
    assert (tuple(map(str, row.periods)), tuple(map(str, row.missing))) == (case.periods, ("2025M09",))
    assert row.partial


def test_a_stock_is_that_of_the_last_month_with_a_report_and_says_which_and_how_complete(site: Site) -> None:
    """Of one moment, never some units' October and others' August: it is marked until all have reported for it."""
    (row,) = made(site, "c11", "2025", "MK2")
    assert (row.value, row.reported, row.expected, row.partial) == (120, 1, 2, True)
    assert (list(map(str, row.periods)), list(map(str, row.missing))) == (["2025M10"], ["2025M11", "2025M12"])
    reviewer = site.person("c11", Role.REVIEWER)
    page = reviewer.get("/rollups/c11?period=2025").text
    row_of_page = page[page.index("MK2 在册") : page.index("MK3 户均")]
    assert "120" in row_of_page
    assert "◐" in row_of_page
    assert "2025年10月的数，缺 2 期" in row_of_page, row_of_page
    assert "取最后一期；计入：" in row_of_page
    assert "各期相加；计入：" in page
    [record] = reviewer.client.get("/api/v1/rollups?unit=c11&period=2025&indicator=MK2").json["items"]
    told = [record[name] for name in ("value", "reported", "expected", "partial", "periods", "missing")]
    assert told == ["120", 1, 2, True, "2025M10", "2025M11 2025M12"]


def test_the_origins_of_a_made_number_are_those_of_its_months(site: Site) -> None:
    reviewer = site.person("c11", Role.REVIEWER)
    asked = "period=2025Q3&indicator=MK1"
    assert reviewer.get("/rollups/c11?period=2025Q3").all("a", href=f"/rollups/c11/origins/?{asked}")
    page = reviewer.get(f"/rollups/c11/origins/?{asked}")
    assert "由较短的报告期合成：各期相加" in page.text
    assert "33 汇总数 件" in page.text
    for month in ("2025M07", "2025M08"):
        assert page.all("a", href=f"/rollups/c11/origins/?period={month}&indicator=MK1")
    told = reviewer.client.get(f"/api/v1/lineage?unit=c11&{asked}").json
    assert (told["number"]["value"], told["over_time"], told["agrees"], told["items"]) == ("33", "sum", True, [])
    months = {each["number"]["period"]: each for each in told["made_of"]}
    assert {period: each["number"]["value"] for period, each in months.items()} == {"2025M07": "30", "2025M08": "3"}
    figures = [one["figures"][0] for each in told["made_of"] for one in each["items"]]
    assert [(each["submission"], each["number"]) for each in figures] == [
        ("d111-2025M07-MK", "10"),
        ("d112-2025M07-MK", "20"),
        ("d111-2025M08-MK", "1"),
        ("d112-2025M08-MK", "2"),
    ]
    with reviewer.client.get(f"/rollups/c11/origins/export.csv?{asked}") as response:
        rows = list(csv.DictReader(response.get_data(as_text=True).lstrip("\ufeff").splitlines()))
    assert {row["计入的报告期"] for row in rows} == {"2025M07", "2025M08"}
    assert sum(int(row["计入"]) for row in rows if row["计入"]) == 33


def test_origins_of_a_stock_are_those_of_the_month_it_is_of(site: Site) -> None:
    told = site.person("c11", Role.REVIEWER).client.get("/api/v1/lineage?unit=c11&period=2025&indicator=MK2").json
    assert (told["over_time"], [each["number"]["period"] for each in told["made_of"]]) == ("last", ["2025M10"])
    assert [each["absence"] for each in told["made_of"][0]["absent"]] != []


def test_only_the_indicators_that_there_are_not_are_named(site: Site) -> None:
    client = site.person("c11", Role.REVIEWER).client
    for period in ("2025M07", "2025Q3"):
        told = client.get(f"/api/v1/rollups?unit=c11&period={period}&indicator=MK1,NONE").json
        assert (told["code"], told["key"]) == ("not_found", "NONE")


def test_a_month_stays_what_it_is_and_a_whole_span_is_whole(site: Site) -> None:
    (month,) = made(site, "d111", "2025M08", "MK5")
    assert (month.value, month.periods, month.missing, month.partial) == (9, (), (), False)


def test_a_year_says_which_months_it_is_made_of_for_every_unit(site: Site) -> None:
    first, second, *_none = made(site, "c11", "2025", "MK1", by="children")
    assert (first.value, list(map(str, first.periods))) == (15, ["2025M07", "2025M08", "2025M10"])
    assert (second.value, list(map(str, second.periods))) == (22, ["2025M07", "2025M08"])
    assert len(first.missing) == 9
    assert (first.reported, first.expected, second.reported, second.expected) == (3, 3, 2, 3)


def test_what_was_stored_is_proved_as_everything_else(site: Site) -> None:
    actor = site.world.actor("p1")
    with transaction(actor) as session:
        compared, mismatches = verify(session, actor.place.root_id)
    assert compared
    assert mismatches == []


def test_the_page_and_the_list_of_periods(site: Site) -> None:
    reviewer = site.person("c11", Role.REVIEWER)
    page = reviewer.get("/rollups/c11?period=2025Q3")
    assert "MK1 办件 合计" in page.text
    assert "33 件" in page.text
    assert "缺 1 期" in page.text
    assert page.all("ul", **{"class": "tiles"}) == []  # nothing was sent down for the quarter itself
    assert "2025年9月" in page.text
    assert "2025年第3季度" in reviewer.get("/rollups/c11?period=2025M08").text
    drilled = reviewer.get("/rollups/c11?period=2025Q3&indicator=MK1")
    assert "11 件" in drilled.text
    assert "22 件" in drilled.text
    actor = site.world.actor("p1")
    with transaction(actor) as session:
        periods = list_shown_periods(session)
    assert [each for each in periods if each.startswith("2025")] == [
        "2025", "2025H2", "2025Q4", "2025Q3", "2025M10", "2025M08", "2025M07",
    ]  # fmt: skip


def test_the_export_says_what_a_number_is_made_of(site: Site) -> None:
    exported = site.person("c11", Role.REVIEWER).client.get("/rollups/c11/export.csv?period=2025Q3").text
    line = next(line for line in exported.splitlines() if ",MK1," in line)
    assert line.endswith("2025M07 2025M08,2025M09,,")


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("", ["办件 MK1 33 件 4/4 由 2 期合成 ◐ 缺 1 期", "在册 MK2 440 人 2/2 2025年8月的数 ◐ 缺 1 期"]),
        ("ranking", ["未参加排名的 2 个单位", "d112 民政局 c11 民政局 部分"]),
        ("map", ["d111 民政局", "11"]),
        ("differences", ["没有可以比对的指标", "差额请看其中各期"]),
        ("progress", ["没有下达任务", "报送进度请看其中各期"]),
    ],
)
def test_dashboards_show_what_is_made(site: Site, page: str, told: list[str]) -> None:
    text = shown(site.person("c11", Role.REVIEWER).client, page, "?u=c11&y=2025Q3&i=MK1")
    assert "2025年第3季度" in text
    for each in told:
        assert each in text, text


def test_two_made_periods_are_compared(site: Site) -> None:
    text = shown(site.person("c11", Role.REVIEWER).client, "ranking", "?u=c11&y=2025M08&i=MK1&c=previous")
    assert "1 d112 民政局 c11 民政局 2 20 -18 -90.0%" in text


def test_a_series_of_one_kind_has_those_that_are_made(site: Site) -> None:
    actor = site.world.actor("p1")

    def series(kind: PeriodKind | None) -> list[tuple[str, Decimal | None]]:
        with transaction(actor) as session:
            found = get_series(session, actor, unit="c11", indicator="MK1", kind=kind)
        return [(str(period), row.value) for period, row in found.points]

    assert series(PeriodKind.QUARTER) == [("2025Q3", 33), ("2025Q4", 4)]
    assert series(PeriodKind.YEAR) == [("2025", 37)]
    assert series(None) == series(PeriodKind.MONTH) == [("2025M07", 30), ("2025M08", 3), ("2025M10", 4)]


@pytest.mark.parametrize(
    "reading", [{}, {"tree": CURRENT_TREE}, {"pending": True}, {"tree": CURRENT_TREE, "pending": True}]
)
def test_more_months_cost_no_more_statements(site: Site, reading: dict[str, Any]) -> None:
    actor = site.world.actor("p1")

    def cost(code: str) -> int:
        period = Period.parse(code)

        def ask() -> None:
            rows = roll_up_made(session, actor, unit="c11", period=period, by="children", **reading)
            top = get_unit(session, "c11", period=tree_day(period, reading.get("tree", REPORTED_TREE)))
            assert covered(session, actor, top, period, rows, pending="pending" in reading)

        with transaction(actor) as session:
            return len(statements(ask))

    assert cost("2025") == cost("2025Q3") == cost("2025Q4")


def test_nobody_reaches_further_over_time_than_in_a_month(site: Site) -> None:
    actor = site.world.actor("d111")
    for unit, refusal in (("p1", NotPermitted), ("d112", (NotPermitted, NotFound)), ("d211", (NotPermitted, NotFound))):
        with transaction(actor) as session, pytest.raises(refusal):
            roll_up_made(session, actor, unit=unit, period=Period.parse("2025Q3"), indicators=["MK1"])


def test_a_month_that_does_not_apply_is_not_missing(site: Site) -> None:
    accept(site, "d112", "2025M10", answers(2, 3, 4, 5, 6) | {"MK4": NOT_APPLICABLE})
    (row,) = made(site, "d112", "2025", "MK4")
    assert (row.value, row.not_applicable, row.reported, row.expected) == (45, 1, 2, 2)
    assert "2025M10" not in map(str, row.missing)


def test_what_moved_between_the_months_is_told_above_the_numbers(site: Site) -> None:
    apply(site.world, Change(ChangeKind.MOVE, "d112", parent_code="c12"), on=date(2025, 9, 1))
    told = f"2025-09-01 d112 民政局改变隶属：c11 民政局 → c12 民政局（{BASIS}）"
    province = site.person("p1", Role.REVIEWER)
    assert f"期间区划有变动： {told}" in province.get("/rollups/c11?period=2025").text
    assert f"c11 民政局：{told} c12 民政局：{told}" in province.get("/rollups/p1?period=2025&indicator=MK1").text
    for same in ("c11?period=2025Q3", "p1?period=2025", "c11?period=2025&tree=current", "c11?period=2025M10"):
        assert told not in province.get(f"/rollups/{same}").text, same
    _told_beside_each_number_that_goes_out(province.client, told)


def _told_beside_each_number_that_goes_out(client: FlaskClient, told: str) -> None:
    def exported(query: str) -> dict[str, str]:
        text = client.get(f"/rollups/{query}").text
        rows = csv.DictReader(text[text.index("单位代码,") :].splitlines())
        return {row["单位代码"]: row["期内区划变动"] for row in rows}

    assert exported("p1/export.csv?period=2025&indicator=MK1") == {"p1": "", "c11": told, "c12": told, "c13": ""}
    assert set(exported("c11/export.csv?period=2025&indicator=MK2").values()) == {""}  # the last month's number
    assert set(exported("p1/export.csv?period=2025&indicator=MK1&tree=current").values()) == {""}
    assert set(exported("c11/export.csv?period=2025Q3&indicator=MK1").values()) == {""}  # no figure of September
    [record] = client.get("/api/v1/rollups?unit=c11&period=2025&indicator=MK1").json["items"]
    assert record["breaks"] == told
    years = client.get("/api/v1/rollups/series?unit=c11&indicator=MK1&kind=year").json
    assert [each["breaks"] for each in years["items"]] == [told]
