"""Totals of two years are compared on the same units only, unless it is said otherwise."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dashboards.compared_rows import load
from dashboards.context import resolve
from dashboards.filters import Among, Basis, Filters, TreeChoice, Whose
from dashboards.standings import UnitFigure
from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period, PeriodKind
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from portal.queries.people import portal_actor
from portal.queries.rollups.same_units import Side, of_other_units
from portal.queries.units import list_units
from portal.services import collection_changes, collections, forms, moves, values
from tests.integration.test_reorganisations import MERGER, apply
from tests.statements import statements
from tests.world import TREE, World, build_world

YEARS = (Period(2022), Period(2023))


@pytest.fixture
def years(database: None) -> World:
    """Two cities that reported whole in both years."""
    world = build_world(YEARS)
    for unit in ("c11", "d111", "c12", "d121"):
        for year in YEARS:
            world.accept(unit, year, T203=Value.of(year.year - 2020))
    world.accept("d112", YEARS[0], T203=Value.of(100))
    return world


def cities(
    world: World, among: Among = Among.SAME, tree: TreeChoice = TreeChoice.REPORTED, **more: Any
) -> dict[str, UnitFigure]:
    actor = world.actor("p1")
    asked = Filters(period="2023", indicator="T203", level=Level.CITY, whose=Whose.TOTAL, among=among, tree=tree)
    with transaction(actor) as session:
        return {each.code: each for each in load(session, resolve(session, actor, replace(asked, **more))).figures}


def with_waiting(world: World, indicator: str = "T203") -> UnitFigure:
    """What c11 and all below it come to with what is handed in and open to the province."""
    return cities(world, basis=Basis.PENDING, indicator=indicator)["c11"]


def hand_in_again(world: World, **changes: Value) -> None:
    """The city, whose districts are all accepted."""
    world.accept("d112", YEARS[1], T203=Value.of(1))
    world.take("c11", Action.REOPEN, by="p1", reason="更正")
    world.submit("c11", YEARS[1], **changes)


def test_a_unit_that_reported_once_only_makes_totals_incomparable(years: World) -> None:
    actor = years.actor("p1")
    with transaction(actor) as session:
        collection_changes.exempt(session, actor, years.key("d112", YEARS[1]), "本年机构合并")
    found = cities(years)
    assert (found["c11"].value, found["c11"].last_year, found["c11"].others) == (6, None, True)
    assert (found["c12"].value, found["c12"].last_year, found["c12"].change) == (6, 4, 2)
    said = cities(years, Among.ALL)["c11"]
    assert (said.last_year, said.change, said.others) == (104, -98, False)


def test_so_does_an_answer_that_it_does_not_apply(years: World) -> None:
    years.accept("d112", YEARS[1], T203=NOT_APPLICABLE)
    assert (cities(years)["c11"].partial, cities(years)["c11"].others) == (False, True)


@pytest.mark.parametrize("tree", list(TreeChoice))
def test_units_that_became_one_are_the_same(years: World, tree: TreeChoice) -> None:
    apply(years, MERGER, on=date(2023, 1, 1))
    found = cities(years, tree=tree)["c11"]
    assert (found.value, found.last_year, found.others) == (6, Decimal(104), False)


def test_whoever_reported_both_times_is_compared(years: World) -> None:
    years.accept("d112", YEARS[1], T203=Value.of(1))
    assert cities(years)["c11"].change == 7 - 104
    years.take("d112", Action.REOPEN, by="c11", reason="更正")
    assert (cities(years)["c11"].partial, cities(years)["c11"].change) == (True, None)


def test_an_answer_that_waits_is_of_the_units_of_a_total(years: World) -> None:
    hand_in_again(years, T203=Value.of(5))
    found = with_waiting(years)
    assert (found.value, found.last_year, found.others) == (9, 104, False)


def test_one_that_nobody_there_may_read_yet_is_not(years: World) -> None:
    years.submit("d112", YEARS[1], T203=Value.of(1))
    found = with_waiting(years)
    assert (found.value, found.partial, found.last_year, found.others) == (6, True, None, True)


def test_one_that_says_that_it_does_not_apply_is_not(years: World) -> None:
    hand_in_again(years, T203=NOT_APPLICABLE)
    found = with_waiting(years)
    assert (found.value, found.partial, found.last_year, found.others) == (4, False, None, True)


def test_one_that_is_not_asked_for_the_indicator_is_not(years: World) -> None:
    hand_in_again(years)
    found = with_waiting(years, "T201")
    assert (found.value, found.last_year, found.others) == (200, 200, False)


def test_a_unit_that_was_exempt_for_a_part_of_a_year_makes_the_years_incomparable(world: World) -> None:
    form = read_form("""
code: H
number: 1
name: 半年报
period: half
levels: [district]
sheets:
- code: H1
  name: 一
  indicators:
  - {code: H101, name: 办件, unit: 件, type: count, roll_up: sum}
""")
    with transaction(None) as session:
        forms.publish(session, form)
        sender = portal_actor(session, "p1")
    halves = {year: year.parts(PeriodKind.HALF) for year in YEARS}
    for half in (*halves[YEARS[0]], *halves[YEARS[1]]):
        exempt = {"d112": "机构筹建"} if str(half) == "2022H1" else {}
        with transaction(sender) as session:
            days = {"opens_on": half.ends_on, "due_on": date(2024, 1, 31)}
            collections.send_down(session, sender, form, half, **days, exempt=exempt)
        for unit in ("d111", "d112", "d121"):
            if unit not in exempt:
                answer(world, SubmissionKey(unit, half, "H"))
    with transaction(sender) as session:
        units = list_units(session, period=YEARS[1])

        def others(*, of: int) -> frozenset[str]:
            before, now = (Side(["H101"], halves[year][:of]) for year in YEARS)
            return of_other_units(session, units, before, now, YEARS[1])

        assert others(of=2) == {"p1", "c11", "d112"}
        assert len(statements(lambda: others(of=2))) == len(statements(lambda: others(of=1)))


def answer(world: World, key: SubmissionKey) -> None:
    """Hand in 1, and accept it."""
    actor, above = world.actor(key.unit), world.actor(TREE[key.unit][0])
    with transaction(actor) as session:
        values.save_values(session, actor, key, {"H101": Value.of(1)})
        moves.take(session, actor, key, Action.SUBMIT)
    with transaction(above) as session:
        moves.take(session, above, key, Action.ACCEPT)
