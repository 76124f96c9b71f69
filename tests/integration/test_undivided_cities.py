"""A city without districts: asked as a city and as a district, and counted as both."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Actor
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.units import Level, Placement
from portal.domain.values import MISSING, Value
from portal.errors import FormInvalid
from portal.models import Submission
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.own_figures import own_figures
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import roll_up
from portal.queries.rollups.verification import verify
from portal.queries.submissions import get_submission
from portal.queries.units import get_unit, list_units
from portal.services import units, values
from tests.integration.test_reorganisations import apply, undo
from tests.world import PERIOD, World, placements

BEFORE = date(2022, 7, 1)
ALONE = Change(ChangeKind.LEVEL, "c13", level=Level.UNDIVIDED_CITY)
DIVIDED = (
    Change(ChangeKind.LEVEL, "c13", level=Level.CITY),
    Change(ChangeKind.NEW, "d131", parent_code="c13", level=Level.DISTRICT, name="新区"),
)

PLACED = {each.code: each for each in placements()}
ALONE_IN_FILE = {code: replace(PLACED[code], level=Level.UNDIVIDED_CITY) for code in ("c12", "c13")}


def take_in(*lines: Placement) -> None:
    with transaction(None) as session:
        units.import_units(session, lines, [])


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
    apply(world, ALONE, on=BEFORE)
    assert before == (Level.CITY, len(world.form.typed_at(Level.CITY)))
    assert asked(world, "c13") == (Level.UNDIVIDED_CITY, len(world.form.typed_at(Level.CITY)) + 2)


def test_the_provinces_sum_has_it_and_coverage_expects_it(world: World) -> None:
    apply(world, ALONE, on=BEFORE)
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
    apply(world, ALONE, on=BEFORE)
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
    number = apply(world, ALONE, on=BEFORE)
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
    apply(world, ALONE, on=BEFORE)
    assert asked(world, "c13")[0] is Level.UNDIVIDED_CITY
    world.take("c13", Action.ACCEPT, by="p1")
    [row] = people(world, "c13")
    assert (row.value, row.reported, row.expected) == (None, 0, 1)
    prove(world)


def test_what_was_accepted_stays_until_it_is_reopened(world: World) -> None:
    world.accept("c13")
    apply(world, ALONE, on=BEFORE)
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
    apply(world, ALONE, on=BEFORE)
    world.fill("c13", T201=Value.of(900))
    with pytest.raises(FormInvalid, match="请同时把层级改为地市级：c13"):
        apply(world, DIVIDED[1], on=date(2023, 7, 1))
    apply(world, *DIVIDED, on=date(2023, 7, 1))
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


class TestUnitsFile:
    """What a units file says of levels holds for what is under way, as what a reorganisation says does."""

    def test_what_is_asked_follows_the_level(self, world: World) -> None:
        world.fill("c13")
        take_in(ALONE_IN_FILE["c13"])
        assert asked(world, "c13") == (Level.UNDIVIDED_CITY, len(world.form.typed_at(Level.CITY)) + 2)
        assert people(world)[0].expected == 4
        take_in(PLACED["c13"])
        assert asked(world, "c13") == (Level.CITY, len(world.form.typed_at(Level.CITY)))
        assert people(world)[0].expected == 3
        world.take("c13", Action.SUBMIT)
        world.take("c13", Action.ACCEPT, by="p1")
        prove(world)

    def test_periods_before_the_day_and_what_is_accepted_stay(self, world: World) -> None:
        take_in(
            replace(PLACED["c13"], valid_to=date(2024, 1, 1)),
            replace(PLACED["c13"], valid_from=date(2024, 1, 1), level=Level.UNDIVIDED_CITY),
        )
        assert asked(world, "c13")[0] is Level.CITY
        world.accept("c13")
        take_in(ALONE_IN_FILE["c13"])
        assert asked(world, "c13")[0] is Level.CITY

    def test_what_somebody_else_is_asked_stays_out_of_sight(self, world: World) -> None:
        with transaction(None) as session:
            units.import_units(session, [ALONE_IN_FILE["c13"]], [])
            assert session.scalars(select(Submission)).all() == []

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            ([PLACED["c11"], ALONE_IN_FILE["c12"]], {3: "c12"}),
            ([replace(PLACED["d121"], parent_code="c13"), ALONE_IN_FILE["c13"]], {2: "c13", 3: "c13"}),
            ([ALONE_IN_FILE["c13"], replace(PLACED["d121"], code="d131", parent_code="c13")], {2: "c13", 3: "c13"}),
        ],
    )
    def test_it_can_have_no_districts(self, world: World, lines: list[Placement], told: dict[int, str]) -> None:
        with pytest.raises(FormInvalid) as caught:
            take_in(*lines)
        starts = [f"第 {line} 行：从 2000-01-01 起，{code} {code} 民政局 是不设区的市" for line, code in told.items()]
        assert [each.partition("，不能")[0] for each in caught.value.problems] == starts
        assert asked(world, "c12")[0] is Level.CITY

    def test_one_that_stands_already_takes_no_district(self, world: World) -> None:
        take_in(ALONE_IN_FILE["c13"])
        with pytest.raises(FormInvalid, match=r"第 2 行：.*c13 .*（d121 d121 民政局）"):
            take_in(replace(PLACED["d121"], parent_code="c13"))
        with pytest.raises(FormInvalid, match=r"第 3 行：从 2024-01-01 起"):
            take_in(
                replace(PLACED["d121"], valid_to=date(2024, 1, 1)),
                replace(PLACED["d121"], valid_from=date(2024, 1, 1), parent_code="c13"),
            )
        take_in(PLACED["c13"], replace(PLACED["d121"], parent_code="c13"))
        assert asked(world, "c13")[0] is Level.CITY
