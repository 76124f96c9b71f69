"""What became of every answer that there might be in a number: for each reader, reading and tree."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import tests.world
from portal import clock
from portal.db import transaction
from portal.domain.coverage import Coverage
from portal.domain.lifecycle import Action
from portal.domain.policy import Actor, Role
from portal.domain.values import MISSING, NOT_APPLICABLE
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.differences import differences
from portal.queries.rollups.provenance import Absence, get_provenance
from portal.queries.rollups.records import records
from portal.queries.rollups.series import get_series
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, roll_up, tree_day
from portal.queries.units import get_unit
from portal.services import collection_changes
from tests.world import PERIOD, World, build_world

DUE, AFTER = (datetime(2024, month, 1, tzinfo=UTC) for month in (1, 3))


@pytest.fixture
def mixed(world: World) -> World:
    """Of the seven units of p1 one has answered, one has it not applicable, one has left it blank, one is exempt."""
    world.accept("d111")
    world.accept("d112", T203=NOT_APPLICABLE)
    world.accept("d121", T203=MISSING)
    world.submit("c11")
    sender = world.actor("p1")
    with transaction(sender) as session:
        collection_changes.exempt(session, sender, world.key("c13"), "机构撤并")
    return world


def of(actor: Actor, unit: str, indicator: str = "T203", *, by: str = "self", **reading: object) -> list[Coverage]:
    with transaction(actor) as session:
        top = get_unit(session, unit, period=tree_day(PERIOD, str(reading.get("tree", REPORTED_TREE))))
        rows = roll_up(session, actor, unit=unit, period=PERIOD, indicators=[indicator], by=by, **reading)
        found = covered(session, actor, top, PERIOD, rows, pending=bool(reading.get("pending")))
    return [row.coverage for row in found if row.coverage]


def counts(one: Coverage) -> tuple[int | None, ...]:
    """Expected, reported, not applicable, exempt, pending, late, in time, unanswered."""
    return (
        *(one.expected, one.reported, one.not_applicable, one.exempt),
        *(one.pending, one.late, one.in_time, one.unanswered),
    )


@pytest.mark.parametrize("tree", [REPORTED_TREE, CURRENT_TREE])
def test_every_answer_is_accounted_for(mixed: World, tree: str) -> None:
    actor = mixed.actor("p1")
    with clock.frozen_at(AFTER):  # p1 itself and c12 are late
        (whole,) = of(actor, "p1", tree=tree)
        assert counts(whole) == (5, 1, 1, 1, 1, 2, 0, 1)
        below = of(actor, "p1", tree=tree, by="children")
        assert [counts(one) for one in below] == [
            (2, 1, 1, 0, 1, 0, 0, 0),
            (2, 0, 0, 0, 0, 1, 0, 1),
            (0, 0, 0, 1, 0, 0, 0, 0),
        ]
        assert counts(below[0] + below[1] + below[2]) == (4, 1, 1, 1, 1, 1, 0, 1)
    with clock.frozen_at(DUE):
        (whole,) = of(actor, "p1", tree=tree)
        assert counts(whole) == (5, 1, 1, 1, 1, 0, 2, 1)


def test_only_those_count_that_fill_in_the_indicator(mixed: World) -> None:
    with clock.frozen_at(AFTER):
        (whole,) = of(mixed.actor("p1"), "p1", "T201")  # districts only
    assert counts(whole) == (3, 3, 0, 0, 0, 0, 0, 0)


def test_what_is_pending_may_be_in_the_number(mixed: World) -> None:
    with clock.frozen_at(AFTER):
        (whole,) = of(mixed.actor("p1"), "p1", pending=True)
    assert (*counts(whole), whole.included) == (5, 2, 1, 1, 0, 2, 0, 1, 1)


def test_what_waits_further_below_is_in_no_number_of_those_above(mixed: World) -> None:
    mixed.take("d121", Action.REOPEN, by="c12", reason="请核对")
    mixed.take("d121", Action.SUBMIT)
    with clock.frozen_at(AFTER):
        told = {unit: of(mixed.actor(unit), "c12", "T101", pending=True)[0] for unit in ("p1", "c12")}
    assert [told["p1"].reported, told["p1"].pending, told["p1"].included] == [0, 1, 0]
    assert [told["c12"].reported, told["c12"].pending, told["c12"].included] == [1, 0, 1]


def test_who_is_sent_back_is_late_again(mixed: World) -> None:
    mixed.take("c11", Action.SEND_BACK, by="p1", reason="请核对")
    with clock.frozen_at(AFTER):
        (whole,) = of(mixed.actor("p1"), "p1")
    assert counts(whole) == (5, 1, 1, 1, 0, 3, 0, 1)


def test_how_far_units_are_is_no_business_of_a_partner(mixed: World) -> None:
    partner = mixed.actor("p1", Role.PARTNER)
    assert partner.depth == 0
    with clock.frozen_at(AFTER):
        (whole,) = of(partner, "p1")
        with transaction(partner) as session:
            told = session.connection().exec_driver_sql(
                f"select state, exempt from unaccepted_answers({partner.place.root_id}, array['2023'])"
            )
            assert {exempt for _state, exempt in told} == {True}
    assert counts(whole) == (5, 1, 1, 1, None, None, None, None)


def test_a_series_a_reconciliation_and_records_tell_the_same(mixed: World) -> None:
    actor = mixed.actor("p1")
    with clock.frozen_at(AFTER), transaction(actor) as session:
        (point,) = get_series(session, actor, unit="p1", indicator="T101").points
        (record,) = records(point[0], [point[1]], [()])
        (row,) = differences(session, actor, unit="p1", period=PERIOD, indicators=["T101"])
    assert {key: record[key] for key in ("exempt", "late", "awaiting", "in_time", "unanswered")} == {
        "exempt": 1,
        "late": 2,
        "awaiting": 1,
        "in_time": 0,
        "unanswered": 0,
    }
    assert row.coverage is not None
    assert counts(row.coverage) == (5, 3, 0, 1, 1, 1, 0, 0)
    assert (row.coverage.expected, row.coverage.reported) == (row.expected, row.reported)


def test_what_waits_with_a_blank_is_left_blank_to_those_who_read_it(mixed: World) -> None:
    """In the counts and in the list of units that are not in the number; to others it waits as a whole."""
    mixed.take("c11", Action.WITHDRAW)
    mixed.submit("c11", T203=MISSING)
    actor = mixed.actor("p1")
    with transaction(actor) as session:
        asked: dict[str, Any] = {"unit": "c11", "period": PERIOD, "indicator": "T203"}
        found = [get_provenance(session, actor, **asked, pending=pending) for pending in (False, True)]
    told = [(one.row.coverage.pending, one.row.coverage.unanswered) for one in found if one.row.coverage]
    assert told == [(1, 0), (0, 1)]
    absences = [{each.unit.code: each.absence for each in one.absent}["c11"] for one in found]
    assert absences == [Absence.PENDING, Absence.UNANSWERED]


def test_a_number_that_is_withheld_is_in_no_reconciliation(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even as the unit's own part of it."""
    whole = "{how: sum, incomplete: withheld}, min: 0, decimals: 2"
    form = tests.world.FORM.replace("roll_up: sum, min: 0, decimals: 2", f"roll_up: {whole}")
    monkeypatch.setattr(tests.world, "FORM", form)
    world = build_world()
    for unit in ("c11", "d111"):
        world.accept(unit)
    actor = world.actor("p1")
    with transaction(actor) as session:
        asked: dict[str, Any] = {"unit": "c11", "period": PERIOD, "indicators": ["T203"]}
        (row,), (own,) = differences(session, actor, **asked), roll_up(session, actor, **asked)
    assert (row.own, row.children, row.whole, own.value) == (Decimal("1.25"), None, None, None)
    assert row.total is not None
    assert (row.total.reported, row.total.expected) == (2, 3)
