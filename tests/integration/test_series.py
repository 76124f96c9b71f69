"""Series over the years, and the marks where reorganisations break them."""

from datetime import date

import pytest

from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.values import Value
from portal.errors import NotFound, NotPermitted
from portal.queries.rollups import CURRENT_TREE, REPORTED_TREE
from portal.queries.series import breaks_between, get_series
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
