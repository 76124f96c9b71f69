"""Reading with what waits to be accepted: as if it were accepted, whichever indicators are asked for."""

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.values import NOT_APPLICABLE, Value
from portal.queries.rollups.totals import roll_up
from tests.world import PERIOD, World


def told(world: World, *indicators: str, pending: bool = False) -> dict[tuple[str, str], tuple[object, ...]]:
    actor = world.actor("c11")
    with transaction(actor) as session:
        rows = [
            row
            for by in ("self", "children")
            for row in roll_up(
                session, actor, unit="c11", period=PERIOD, by=by, indicators=indicators or None, pending=pending
            )
        ]
        return {
            (row.unit_code, row.indicator): (row.value, row.reported, row.not_applicable, row.minimum, dict(row.counts))
            for row in rows
        }


def test_what_waits_adds_what_it_will_add_once_it_is_accepted(world: World) -> None:
    world.accept("d111", T101=Value.of(12), T103=Value.of(8))
    world.submit("d112", T101=Value.of(9), T102=Value.of(3), T107=NOT_APPLICABLE)
    world.submit("c11")
    accepted = told(world)
    waiting = told(world, pending=True)
    assert (accepted["c11", "T101"][0], waiting["c11", "T101"][0]) == (12, 31)
    assert waiting["d112", "T107"][2] == 1
    one_by_one = {key: row for _unit, code in waiting for key, row in told(world, code, pending=True).items()}
    assert one_by_one == waiting
    world.take("d112", Action.ACCEPT, by="c11")
    world.take("c11", Action.ACCEPT, by="p1")
    assert told(world) == waiting
