"""Series over the years, and the marks where reorganisations break them."""

from datetime import date
from typing import Any

import pytest

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period, PeriodKind
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.errors import NotFound, NotPermitted
from portal.queries.people import portal_actor
from portal.queries.rollups.over_time import periods_behind, roll_up_made
from portal.queries.rollups.series import breaks_between, get_series
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE
from portal.queries.units import get_unit
from portal.services import collections, forms, moves, values
from tests.integration.test_reorganisations import BASIS, HALVES, MERGER, MOVE, apply
from tests.world import World, build_world

YEARS = (Period(2022), Period(2023))
NEW_YEAR = date(2023, 1, 1)


@pytest.fixture
def years(database: None) -> World:
    """A world that reported two years: the first with 1, 2 and 4 in its districts."""
    world = build_world(YEARS)
    for unit, amount in (("d111", 1), ("d112", 2), ("d121", 4)):
        world.accept(unit, YEARS[0], T203=Value.of(amount))
    return world


def marks(world: World, *units: str) -> dict[str, set[str]]:
    with transaction(world.actor("p1")) as session:
        found = breaks_between(session, units, YEARS)
    assert all(mark.period == YEARS[1] for breaks in found.values() for mark in breaks)
    return {unit: {mark.kind.value for mark in breaks} for unit, breaks in found.items()}


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ((MOVE,), {"c11": {"move"}, "c12": {"move"}}),
        ((MERGER,), {"d111": {"merge"}, "d112": {"merge"}}),
        ((Change(ChangeKind.MERGE, "d121", ("d112",)),), {"d121": {"merge"}, "c11": {"merge"}, "c12": {"merge"}, "d112": {"merge"}}),
        (HALVES, {"d111": {"split"}, "c11": {"split"}, "c12": {"split"}}),
        ((Change(ChangeKind.RENAME, "d112", name="新名"),), {}),
        ((Change(ChangeKind.DISSOLVE, "d112"),), {"d112": {"dissolve"}, "c11": {"dissolve"}, "p1": {"dissolve"}}),
        (
            (Change(ChangeKind.MERGE, "c11", ("c12",)),),
            {"c11": {"merge", "move"}, "c12": {"merge", "move"}},
        ),
    ],
)  # fmt: skip
def test_a_series_breaks_where_other_units_count(
    years: World, changes: tuple[Change, ...], broken: dict[str, set[str]]
) -> None:
    apply(years, *changes, on=NEW_YEAR)
    assert marks(years, "p1", "c11", "c12", "c13", "d111", "d112", "d121") == broken


def test_a_new_unit_breaks_everything_above(years: World) -> None:
    apply(years, Change(ChangeKind.NEW, "d113", parent_code="c11", level="district", name="新区"), on=NEW_YEAR)
    assert marks(years, "p1", "c11", "c12", "d113") == {"p1": {"new"}, "c11": {"new"}}


def test_points_and_marks_say_what_happened_and_why(years: World) -> None:
    apply(years, MOVE, on=NEW_YEAR)
    years.accept("d121", YEARS[1], T203=Value.of(8))
    actor = years.actor("p1")
    with transaction(actor) as session:
        then = get_series(session, actor, unit="c12", indicator="T203", tree=REPORTED_TREE)
        now = get_series(session, actor, unit="c12", indicator="T203", tree=CURRENT_TREE)
    assert [row.value for _period, row in then.points] == [4, 8]
    assert [row.value for _period, row in now.points] == [6, 8]
    (mark,) = then.breaks
    assert mark.words.zh == f"2023-01-01 d112 民政局改变隶属：c11 民政局 → c12 民政局（{BASIS}）"
    assert now.breaks == []


def test_todays_tree_is_broken_only_by_what_cannot_be_told_apart(years: World) -> None:
    apply(years, *HALVES, on=NEW_YEAR)
    actor = years.actor("p1")
    with transaction(actor) as session:
        series = {
            unit: get_series(session, actor, unit=unit, indicator="T203", tree=CURRENT_TREE) for unit in ("c12", "p1")
        }
    assert [(mark.period, mark.kind) for mark in series["c12"].breaks] == [(YEARS[1], "split")]
    assert series["p1"].breaks == []


def test_what_is_not_there_or_not_theirs(years: World) -> None:
    actor = years.actor("c11")
    with transaction(actor) as session:
        with pytest.raises(NotPermitted):
            get_series(session, actor, unit="c12", indicator="T203")
        with pytest.raises(NotFound):
            get_series(session, actor, unit="nowhere", indicator="T203")
        with pytest.raises(NotFound):
            get_series(session, actor, unit="c11", indicator="NOTHING")


QUARTERS = read_form("""
code: Q
number: 1
name: 季报
period: quarter
levels: [district]
sheets:
- code: Q1
  name: 进度
  indicators:
  - {code: Q101, name: 办件, unit: 件, type: count, roll_up: sum}
  - {code: Q102, name: 在册, unit: 人, type: count, stock: true, roll_up: sum}
""")


@pytest.fixture
def quarters(database: None) -> World:
    """Every quarter of two years was asked for; d112 moved in the middle of the first, when two had reported."""
    world = build_world(())
    periods = [Period.parse(f"{year}Q{number}") for year in (2022, 2023) for number in (1, 2, 3, 4)]
    with transaction(None) as session:
        forms.publish(session, QUARTERS)
        sender = portal_actor(session, "p1")
    for period in periods:
        with transaction(sender) as session:
            collections.send_down(session, sender, QUARTERS, period, opens_on=period.ends_on, due_on=date(2024, 1, 31))
    apply(world, MOVE, on=date(2022, 7, 1))
    for unit, city in (("d111", "c11"), ("d112", "c12")):
        actor, above = world.actor(unit), world.actor(city)
        for number, period in enumerate(periods, 1):
            key = SubmissionKey(unit, period, "Q")
            with transaction(actor) as session:
                values.save_values(session, actor, key, {"Q101": Value.of(number), "Q102": Value.of(number)})
                moves.take(session, actor, key, Action.SUBMIT)
            with transaction(above) as session:
                moves.take(session, above, key, Action.ACCEPT)
    return world


@pytest.mark.parametrize(
    ("unit", "indicator", "marks"),
    [
        ("c11", "Q101", [("2022", "move", True), ("2023", "move", False)]),  # two quarters with d112, two without
        ("c11", "Q102", []),  # the last quarter is the year's, by either year's tree without d112
        ("c12", "Q101", [("2022", "move", True), ("2023", "move", False)]),
        ("p1", "Q101", []),
    ],
)
def test_a_year_made_of_quarters_says_what_happened_between_them(
    quarters: World, unit: str, indicator: str, marks: list[tuple[str, str, bool]]
) -> None:
    actor = quarters.actor("p1")
    with transaction(actor) as session:
        found = get_series(session, actor, unit=unit, indicator=indicator, kind=PeriodKind.YEAR)
        today = get_series(session, actor, unit=unit, indicator=indicator, kind=PeriodKind.YEAR, tree=CURRENT_TREE)
    assert [(str(mark.period), mark.kind.value, mark.within) for mark in found.breaks] == marks
    assert all(BASIS in mark.words.zh for mark in found.breaks)
    assert [str(period) for period, _row in found.points] == ["2022", "2023"]
    assert today.breaks == []


def test_figures_of_both_years_rest_on_every_quarter(quarters: World) -> None:
    actor = quarters.actor("p1")
    years = [Period(2022), Period(2023)]
    with transaction(actor) as session:
        unit = get_unit(session, "c11")
        behind = [list(map(str, periods_behind(session, unit, years, code))) for code in ("Q101", "Q102")]
    assert behind == [[f"{year}Q{number}" for year in (2022, 2023) for number in (1, 2, 3, 4)], ["2022", "2023"]]


def test_a_unit_that_came_in_the_middle_misses_nothing_of_before(quarters: World) -> None:
    """Nor do those above it: nobody asked it for quarters in which it did not exist."""
    apply(
        quarters, Change(ChangeKind.NEW, "d113", parent_code="c11", level="district", name="新区"), on=date(2023, 7, 1)
    )
    actor, above = quarters.actor("d113"), quarters.actor("c11")
    for period in map(Period.parse, ("2023Q3", "2023Q4")):
        key = SubmissionKey("d113", period, "Q")
        with transaction(actor) as session:
            values.save_values(session, actor, key, {"Q101": Value.of(5), "Q102": Value.of(5)})
            moves.take(session, actor, key, Action.SUBMIT)
        with transaction(above) as session:
            moves.take(session, above, key, Action.ACCEPT)
    with transaction(above) as session:
        found = {
            row.unit_code: row
            for by in ("self", "children")
            for row in roll_up_made(session, above, unit="c11", period=Period(2023), indicators=["Q101"], by=by)
        }
    assert (found["d113"].value, found["d113"].missing, found["d113"].partial) == (10, (), False)
    assert (found["c11"].value, found["c11"].missing, found["c11"].partial) == (5 + 6 + 7 + 8 + 10, (), False)


@pytest.mark.parametrize("tree", [REPORTED_TREE, CURRENT_TREE])
def test_a_unit_that_moved_in_the_middle_has_one_number_wherever_it_is_asked_for(quarters: World, tree: str) -> None:
    """Among the children of where it stands at the end, too: what it reported before is not missing."""
    above, year = quarters.actor("c12"), Period(2022)
    wanted: dict[str, Any] = {"period": year, "indicators": ["Q101"], "tree": tree}
    with transaction(above) as session:
        (own,) = roll_up_made(session, above, unit="d112", **wanted)
        below = roll_up_made(session, above, unit="c12", by="children", **wanted)
        level = roll_up_made(session, above, unit="c12", by="level:district", **wanted)
    assert (own.value is not None, own.missing, len(own.periods)) == (True, (), 4)
    assert own in below
    assert own in level
