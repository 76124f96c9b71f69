"""The parts of a number whose unit has left the asker's scope since."""

from datetime import timedelta

import pytest

from portal.db import transaction
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.values import NOT_APPLICABLE, Value
from portal.queries.rollups.provenance import Absence, Provenance, get_provenance
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE
from portal.queries.units import list_units
from tests.integration.test_reorganisations import AFTER, apply
from tests.world import PERIOD, World


def provenance(world: World, unit: str) -> Provenance:
    actor = world.actor(unit)
    with transaction(actor) as session:
        return get_provenance(session, actor, unit="c11", period=PERIOD, indicator="T203")


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize("tree", [REPORTED_TREE, CURRENT_TREE])
def test_every_number_is_the_sum_of_its_lineage(reorganised: World, tree: str, pending: bool) -> None:
    """Every unit's, of every kind, as the province and one of its cities read it."""
    counted = 0
    for reader in ("p1", "c11"):
        actor = reorganised.actor(reader)
        with transaction(actor) as session:
            day = PERIOD if tree == REPORTED_TREE else None
            within = [each.code for each in list_units(session, period=day) if actor.place.covers(each.path)]
            for unit in within:
                for indicator in reorganised.form:
                    found = get_provenance(
                        session, actor, unit=unit, period=PERIOD, indicator=indicator.code, tree=tree, pending=pending
                    )
                    assert found.agrees, (reader, unit, indicator.code)
                    assert len(found.contributions) == found.row.reported
                    assert any(each.pending for each in found.contributions) <= pending
                    counted += len(found.contributions)
    assert counted > 100


@pytest.fixture
def reorganised(world: World) -> World:
    """Accepted, submitted and missing answers; then a unit moves, one is merged across cities, one is split."""
    for number, unit in enumerate(("d111", "d112", "c13", "p1", "c12")):
        world.accept(unit, T101=Value.of(10 + number), T102=Value.of(4 + number), T203=Value.of(number))
    world.submit("d121", T107=NOT_APPLICABLE)
    world.submit("c11")
    apply(world, Change(ChangeKind.MOVE, "d112", parent_code="c12"), on=AFTER)
    apply(
        world,
        Change(ChangeKind.SPLIT, "c131", ("c13",), parent_code="c11", name="甲"),
        Change(ChangeKind.SPLIT, "c132", ("c13",), parent_code="c12", name="乙"),
        on=AFTER + timedelta(days=1),
    )
    apply(
        world,
        Change(ChangeKind.MERGE, "d111", ("d111", "d112"), name="丙"),
        on=AFTER + timedelta(days=2),
    )
    return world


def test_a_part_out_of_sight_is_added_and_leads_nowhere(world: World) -> None:
    world.accept("d111", T203=Value.of(3))
    world.accept("d112", T203=Value.of(4))
    apply(world, Change(ChangeKind.MOVE, "d112", parent_code="c12"), on=AFTER)

    city = provenance(world, "c11")
    assert city.row.value == 7
    assert [(each.unit.code, each.amount, len(each.figures)) for each in city.contributions] == [
        ("d111", 3, 1), ("d112", 4, 0),
    ]  # fmt: skip
    assert (city.agrees, city.unseen) == (True, 1)

    province = provenance(world, "p1")
    assert (province.agrees, province.unseen, len(province.contributions)) == (True, 0, 2)


def test_who_left_without_an_answer_is_said(world: World) -> None:
    world.accept("d111", T203=Value.of(3))
    apply(world, Change(ChangeKind.MOVE, "d112", parent_code="c12"), on=AFTER)
    found = provenance(world, "c11")
    assert found.agrees
    assert {each.unit.code: each.absence for each in found.absent}["d112"] is Absence.LEFT
