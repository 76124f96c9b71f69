"""Reorganisations while others accept: nobody waits in a circle, and no total is of a tree that is gone."""

from concurrent.futures import ThreadPoolExecutor

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.errors import InvalidMove, NotFound, NotPermitted
from portal.queries import event_chain
from portal.queries.rollups import verification
from tests.integration.test_reorganisations import MOVE, WITHIN, apply, undo
from tests.world import TREE, World

BUSY = ("d111", "d112", "d121", "c13")


def test_acceptances_while_a_unit_moves_to_and_fro(committed_world: World) -> None:
    world = committed_world
    for unit in BUSY:
        world.submit(unit)

    def report(unit: str) -> None:
        """Accepted, reopened and corrected, by whoever is above the unit just then."""
        for _time in range(4):
            for superior in {TREE[unit][0], "c12"}:
                try:
                    world.take(unit, Action.ACCEPT, by=superior)
                    world.take(unit, Action.REOPEN, by=superior, reason="更正")
                    world.take(unit, Action.SUBMIT)
                except (InvalidMove, NotFound, NotPermitted):
                    continue

    def reorganise(_unit: str) -> None:
        for _time in range(3):
            undo(world, apply(world, MOVE, on=WITHIN))

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(report, unit) for unit in BUSY] + [pool.submit(reorganise, "d112")]
        for each in work:
            each.result()
    actor = world.actor("p1")
    with transaction(actor) as session:
        assert verification.verify(session, actor.place.root_id)[1] == []
        assert event_chain.verify(session, actor.place.root_id)[1] is None
