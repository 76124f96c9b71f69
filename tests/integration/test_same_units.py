"""Totals of two years are compared on the same units only, unless it is said otherwise."""

from datetime import date
from decimal import Decimal

import pytest

from dashboards.compared_rows import load
from dashboards.context import resolve
from dashboards.filters import Among, Filters, TreeChoice, Whose
from dashboards.standings import UnitFigure
from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from portal.services import collection_changes
from tests.integration.test_reorganisations import MERGER, apply
from tests.world import World, build_world

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


def cities(world: World, among: Among = Among.SAME, tree: TreeChoice = TreeChoice.REPORTED) -> dict[str, UnitFigure]:
    actor = world.actor("p1")
    asked = Filters(period="2023", indicator="T203", level=Level.CITY, whose=Whose.TOTAL, among=among, tree=tree)
    with transaction(actor) as session:
        return {each.code: each for each in load(session, resolve(session, actor, asked)).figures}


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
