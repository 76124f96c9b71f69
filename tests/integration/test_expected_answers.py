"""How many answers are expected is stored: it follows every exemption, is proved with the roll-ups, and is rebuilt."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import create_engine, text

from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.units import Level, Placement
from portal.queries.people import portal_actor
from portal.queries.rollups.totals import roll_up
from portal.queries.rollups.verification import verify
from portal.services import collection_changes, collections, rollups, units
from tests.databases import TestServer
from tests.world import PERIOD, START, World


def expected(world: World, unit: str, by: str = "self") -> list[int]:
    actor = world.actor(unit)
    with transaction(actor) as session:
        return [row.expected for row in roll_up(session, actor, unit=unit, period=PERIOD, indicators=["T203"], by=by)]


def test_follows_exemptions(world: World) -> None:
    sender = world.actor("p1")
    assert (expected(world, "p1"), expected(world, "c11"), expected(world, "c11", "children")) == ([7], [3], [1, 1])
    with transaction(sender) as session:
        collection_changes.exempt(session, sender, world.key("d111"), "机构撤并")
    assert (expected(world, "p1"), expected(world, "c11"), expected(world, "c11", "children")) == ([6], [2], [0, 1])
    assert expected(world, "p2") == [3]
    with transaction(sender) as session:
        collection_changes.include(session, sender, world.key("d111"))
    assert (expected(world, "p1"), expected(world, "c11"), expected(world, "c11", "children")) == ([7], [3], [1, 1])


def test_what_stands_below_another_top_unit_by_now_is_not_asked(world: World) -> None:
    stood = Placement("d119", "c11", "d119 民政局", "", Level.DISTRICT, START)
    moved_on, earlier = date(2023, 1, 1), Period(2022)
    lines = [replace(stood, valid_to=moved_on), replace(stood, parent_code="c21", valid_from=moved_on)]
    with transaction(None) as session:
        units.import_units(session, lines, [])
    sender = world.actor("p1")
    with transaction(sender) as session:
        asked = collections.send_down(session, sender, world.form, earlier, opens_on=moved_on, due_on=date(2023, 1, 31))
    assert {unit.code for unit in asked} == {"p1", "c11", "d111", "d112", "c12", "d121", "c13"}


def test_a_wrong_count_is_found_and_put_right(own_database: TestServer, committed_world: World) -> None:
    world = committed_world
    owner = create_engine(own_database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("alter table expected_answers no force row level security"))
        changed = connection.execute(text("update expected_answers set answers = answers + 1 where level = 'city'"))
        connection.execute(text("alter table expected_answers force row level security"))
        assert changed.rowcount
    owner.dispose()
    with transaction(None) as session:
        portal = portal_actor(session, "p1")
    with transaction(portal) as session:
        _compared, mismatches = verify(session, portal.place.root_id)
        assert {(each.kind, each.indicator) for each in mismatches} == {("expected", "T city")}
    with transaction(portal) as session:
        rollups.rebuild(session, portal)
    with transaction(portal) as session:
        assert verify(session, portal.place.root_id)[1] == []
    assert expected(world, "p1") == [7]


@pytest.mark.parametrize("unit", ["c12", "d121"])
def test_a_roll_up_that_rests_on_nothing_is_found_and_removed(
    own_database: TestServer, committed_world: World, unit: str
) -> None:
    """Neither where nobody has reported, nor where no roll-up is stored at all."""
    committed_world.accept("d111")
    owner = create_engine(own_database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("set local citus.multi_shard_modify_mode = 'sequential'"))  # or Citus alters it only
        connection.execute(text("alter table rollup no force row level security"))
        connection.execute(
            text("""
                insert into rollup (root_id, period_code, unit_id, unit_path, indicator, category, reported,
                                    not_applicable, amount, form_code)
                select root_id, '2023', id, path, 'T101', '', 1, 0, 5, 'T' from unit where code = :unit
            """),
            {"unit": unit},
        )
        connection.execute(text("alter table rollup force row level security"))
    owner.dispose()
    with transaction(None) as session:
        portal = portal_actor(session, "p1")
    with transaction(portal) as session:
        assert [each.kind for each in verify(session, portal.place.root_id)[1]] == ["rollup"]
        rollups.rebuild(session, portal)
    with transaction(portal) as session:
        assert verify(session, portal.place.root_id)[1] == []


def test_many_units_at_once_are_recomputed_as_few_are(world: World) -> None:
    for unit in ("d111", "d121", "c13"):
        world.accept(unit)
    actor = world.actor("p1")
    with transaction(actor) as session:
        ids = [
            unit
            for (unit,) in session.execute(
                text("select id from unit where root_id = :root"), {"root": actor.place.root_id}
            )
        ]
        asked = {"root": actor.place.root_id, "period": str(PERIOD), "units": ids * 20}
        session.execute(text("select recompute_rollup(:root, :period, :units)"), asked)
        compared, mismatches = verify(session, actor.place.root_id)
    assert compared
    assert mismatches == []
