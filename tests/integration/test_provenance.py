"""The parts of a number whose unit has left the asker's scope since."""

from portal.db import transaction
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.values import Value
from portal.queries.provenance import Absence, Provenance, get_provenance
from tests.integration.test_reorganisations import AFTER, apply
from tests.world import PERIOD, World


def provenance(world: World, unit: str) -> Provenance:
    actor = world.actor(unit)
    with transaction(actor) as session:
        return get_provenance(session, actor, unit="c11", period=PERIOD, indicator="T203")


def test_a_part_out_of_sight_is_missed_and_said(world: World) -> None:
    world.accept("d111", T203=Value.of(3))
    world.accept("d112", T203=Value.of(4))
    apply(world, Change(ChangeKind.MOVE, "d112", parent_code="c12"), on=AFTER)

    city = provenance(world, "c11")
    assert city.row.value == 7
    assert [each.unit.code for each in city.contributions] == ["d111"]
    assert (city.agrees, city.unseen) == (False, 1)
    assert {each.unit.code: each.absence for each in city.absent}["d112"] is Absence.LEFT

    province = provenance(world, "p1")
    assert (province.agrees, len(province.contributions)) == (True, 2)
