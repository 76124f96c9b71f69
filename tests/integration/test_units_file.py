"""A units file that is taken in while something is collected: who is asked then, and who owes nothing more."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from portal import clock
from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level, Placement
from portal.errors import UnitsInvalid
from portal.queries.rollups.totals import roll_up
from portal.queries.rollups.verification import verify
from portal.queries.submissions import get_task
from portal.queries.units import list_units
from portal.services import collections, units
from tests.world import PERIOD, START, World, placements

NEW = Placement("d113", "c11", "d113 民政局", "", Level.DISTRICT, START)
NOW = Period(2025)


@pytest.fixture
def collecting(world: World) -> World:
    """A year is still being collected; that of `PERIOD` is long past its deadline."""
    actor, today = world.actor("p1"), clock.today()
    with transaction(actor) as session:
        collections.send_down(session, actor, world.form, NOW, opens_on=today, due_on=today + timedelta(days=30))
    return world


def take_in(*lines: Placement) -> units.Imported:
    with transaction(None) as session:
        return units.import_units(session, lines, [])


def expected(world: World, period: Period) -> int:
    actor = world.actor("p1")
    with transaction(actor) as session:
        assert verify(session, actor.place.root_id)[1] == []
        (row,) = roll_up(session, actor, unit="c11", period=period, indicators=["T201"])
        return row.expected


def test_a_new_unit_is_asked_what_is_being_collected_and_nothing_older(collecting: World) -> None:
    before = expected(collecting, PERIOD)
    done = take_in(NEW)
    assert (done.units, done.asked, done.let_off) == (1, [SubmissionKey("d113", NOW, "T")], 0)
    assert (expected(collecting, NOW), expected(collecting, PERIOD)) == (3, before)
    assert take_in(NEW).asked == []  # the same file again
    collecting.submit("d113", NOW)
    collecting.take("d113", Action.ACCEPT, by="c11", period=NOW)
    assert expected(collecting, NOW) == 3


def test_a_unit_that_leaves_owes_nothing_more_for_what_ends_after(collecting: World) -> None:
    gone = next(each for each in placements() if each.code == "d112")
    done = take_in(replace(gone, valid_to=date(2025, 7, 1)))
    assert (done.asked, done.let_off) == ([], 1)
    assert expected(collecting, NOW) == 1
    assert take_in(replace(gone, valid_to=date(2025, 7, 1))).let_off == 0
    actor = collecting.actor("p1")
    with transaction(actor) as session:
        assert get_task(session, actor, collecting.key("d112", NOW)).exempt_reason == "自 2025-07-01 起撤销（单位文件）"
        assert get_task(session, actor, collecting.key("d112")).exempt_reason is None


@pytest.mark.parametrize("day", [date(2024, 1, 1), clock.today() + timedelta(days=30)])
def test_a_unit_that_was_asked_for_answers_stays_below_its_top_unit(collecting: World, day: date) -> None:
    stood = {each.code: each for each in placements()}
    city = stood["c11"]
    lines = [stood["d121"], replace(city, valid_to=day), replace(city, parent_code="p2", valid_from=day)]
    with pytest.raises(UnitsInvalid) as refused:
        take_in(*lines)
    (_zh, first), (_also, second) = refused.value.words
    assert first.startswith("line 3: the top unit cannot change of units that have been asked for answers: c11, d111")
    assert second.startswith("line 4: ")
    assert expected(collecting, NOW) == 2


def test_one_that_never_was_may_come_below_another(collecting: World) -> None:
    take_in(replace(NEW, valid_to=date(2024, 1, 1)))
    take_in(replace(NEW, valid_to=date(2024, 1, 1)), replace(NEW, parent_code="c21", valid_from=date(2024, 1, 1)))
    actor = collecting.actor("c21")
    with transaction(actor) as session:
        assert "d113" in {unit.code for unit in list_units(session)}
