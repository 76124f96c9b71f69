"""A city without districts: asked as a city and as a district, and counted as both."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Actor, Role
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.units import Level
from portal.domain.values import MISSING, Value
from portal.errors import FormInvalid
from portal.models import Submission
from portal.queries.coverage import covered
from portal.queries.own_figures import own_figures
from portal.queries.reorganisations import get_reorganisation
from portal.queries.rollup_check import verify
from portal.queries.rollup_rows import RollUpRow
from portal.queries.rollups import roll_up
from portal.queries.submissions import get_submission
from portal.queries.units import get_unit, list_units
from portal.services import reorganisations, values
from tests.world import PERIOD, World

BEFORE = date(2022, 7, 1)
ALONE = Change(ChangeKind.LEVEL, "c13", level=Level.UNDIVIDED_CITY)
DIVIDED = (
    Change(ChangeKind.LEVEL, "c13", level=Level.CITY),
    Change(ChangeKind.NEW, "d131", parent_code="c13", level=Level.DISTRICT, name="新区"),
)


def reorganise(world: World, *changes: Change, on: date = BEFORE) -> int:
    actor = world.actor("p1", Role.UNIT_ADMIN)
    with transaction(actor) as session:
        row = reorganisations.begin(session, actor, on, "民函〔2022〕9号（试验）", changes)
        reorganisations.apply(session, actor, row.number, row.row_version)
    return row.number


def undo(world: World, number: int) -> None:
    actor = world.actor("p1", Role.UNIT_ADMIN)
    with transaction(actor) as session:
        row = get_reorganisation(session, actor, number)
        reorganisations.undo(session, actor, number, row.row_version)


def asked(world: World, unit: str) -> tuple[Level, int]:
    """The level at which a unit is asked, and how much."""
    actor = world.actor(unit)
    with transaction(actor) as session:
        row = session.scalars(
            select(Submission).where(Submission.unit_path == actor.place.path, Submission.period_code == str(PERIOD))
        ).one()
        return Level(row.level), row.expected_answers


def people(world: World, unit: str = "p1", by: str = "self") -> list[RollUpRow]:
    """The number of people, which districts are asked for."""
    actor: Actor = world.actor("p1")
    with transaction(actor) as session:
        rows = roll_up(session, actor, unit=unit, period=PERIOD, indicators=["T201"], by=by)
        return covered(session, actor, get_unit(session, unit), PERIOD, rows)


def prove(world: World) -> None:
    """Every stored roll-up is what the accepted values make."""
    actor = world.actor("p1")
    with transaction(actor) as session:
        compared, mismatches = verify(session, actor.place.root_id)
    assert (compared > 0, mismatches) == (True, [])


def test_it_is_asked_what_cities_are_and_what_districts_are(world: World) -> None:
    before = asked(world, "c13")
    reorganise(world, ALONE)
    assert before == (Level.CITY, len(world.form.typed_at(Level.CITY)))
    assert asked(world, "c13") == (Level.UNDIVIDED_CITY, len(world.form.typed_at(Level.CITY)) + 2)


def test_the_provinces_sum_has_it_and_coverage_expects_it(world: World) -> None:
    reorganise(world, ALONE)
    world.accept("d111", T201=Value.of(100))
    [row] = people(world)
    assert (row.value, row.reported, row.expected, row.partial) == (100, 1, 4, True)
    world.accept("c13", T201=Value.of(900))
    [row] = people(world)
    assert (row.value, row.reported, row.expected) == (1000, 2, 4)
    assert row.coverage is not None
    prove(world)


@pytest.mark.parametrize(
    ("level", "units"),
    [
        (Level.CITY, ["c11", "c12", "c13"]),
        (Level.DISTRICT, ["d111", "d112", "d121", "c13"]),
        (Level.UNDIVIDED_CITY, ["c13"]),
    ],
)
def test_it_is_listed_among_cities_and_among_districts(world: World, level: Level, units: list[str]) -> None:
    reorganise(world, ALONE)
    world.accept("c13", T201=Value.of(900))
    listed = people(world, by=f"level:{level}")
    assert [row.unit_code for row in listed] == units
    assert listed[-1].value == 900
    actor = world.actor("p1")
    with transaction(actor) as session:
        assert [each.code for each in list_units(session, under="p1", level=level)] == units
        figures = own_figures(
            session, actor, under="p1", level=level, period=PERIOD, indicator=world.form.indicator("T201")
        )
    assert [each.unit.code for each in figures] == units
    assert figures[-1].value == Decimal(900)


def test_a_draft_goes_on_at_the_new_level_and_back(world: World) -> None:
    world.fill("c13")
    number = reorganise(world, ALONE)
    actor, key = world.actor("c13"), world.key("c13")
    with transaction(actor) as session:
        assert values.save_values(session, actor, key, {"T201": Value.of(5)}).refused == []
        view = get_submission(session, actor, key)
    assert (view.values["T101"].number, view.level) == (10, Level.UNDIVIDED_CITY)
    undo(world, number)
    assert asked(world, "c13") == (Level.CITY, len(world.form.typed_at(Level.CITY)))
    with transaction(actor) as session:
        assert [each.indicator for each in values.save_values(session, actor, key, {"T201": Value.of(6)}).refused]
        values.save_values(session, actor, key, {"T201": MISSING})
    world.take("c13", Action.SUBMIT)
    world.take("c13", Action.ACCEPT, by="p1")
    prove(world)


def test_what_was_handed_in_is_missing_what_it_is_asked_now(world: World) -> None:
    world.submit("c13")
    reorganise(world, ALONE)
    assert asked(world, "c13")[0] is Level.UNDIVIDED_CITY
    world.take("c13", Action.ACCEPT, by="p1")
    [row] = people(world, "c13")
    assert (row.value, row.reported, row.expected) == (None, 0, 1)
    prove(world)


def test_what_was_accepted_stays_until_it_is_reopened(world: World) -> None:
    world.accept("c13")
    reorganise(world, ALONE)
    assert asked(world, "c13")[0] is Level.CITY
    assert people(world)[0].expected == 3
    world.take("c13", Action.REOPEN, by="p1", reason="补报属地指标")
    assert asked(world, "c13")[0] is Level.UNDIVIDED_CITY
    assert people(world)[0].expected == 4
    world.fill("c13", T201=Value.of(900))
    world.take("c13", Action.SUBMIT)
    world.take("c13", Action.ACCEPT, by="p1")
    assert people(world)[0].value == 900
    prove(world)


def test_a_city_that_comes_to_have_districts_becomes_one_like_others(world: World) -> None:
    reorganise(world, ALONE)
    world.fill("c13", T201=Value.of(900))
    with pytest.raises(FormInvalid, match="请同时把层级改为地市级：c13"):
        reorganise(world, DIVIDED[1], on=date(2023, 7, 1))
    reorganise(world, *DIVIDED, on=date(2023, 7, 1))
    assert asked(world, "c13")[0] is Level.CITY
    assert asked(world, "d131")[0] is Level.DISTRICT
    world.take("c13", Action.SUBMIT)
    world.take("c13", Action.ACCEPT, by="p1")
    [city] = people(world, "c13")
    assert (city.value, city.expected) == (None, 1)
    actor = world.actor("d131")
    with transaction(actor) as session:
        assert get_submission(session, actor, world.key("d131")).state is State.ASSIGNED
    prove(world)
