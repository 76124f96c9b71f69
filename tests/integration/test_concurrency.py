"""Many reviewers at once: no deadlock, no lost figure, an unbroken chain."""

from concurrent.futures import ThreadPoolExecutor

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.errors import InvalidMove
from portal.queries import event_chain
from portal.queries.rollups import verification
from portal.queries.rollups.totals import roll_up
from tests.world import PERIOD, TREE, World


def test_acceptances_at_once_add_up(committed_world: World) -> None:
    world = committed_world
    units = [unit for unit in TREE if unit not in {"p2", "c21", "d211"}]
    for unit in units:
        world.submit(unit)

    def accept(unit: str) -> None:
        world.take(unit, Action.ACCEPT, by=TREE[unit][0] or unit)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(accept, units))
    actor = world.actor("p1")
    with transaction(actor) as session:
        rows = roll_up(session, actor, unit="p1", period=PERIOD, indicators=["T101"])
        assert (rows[0].value, rows[0].reported, rows[0].partial) == (70, 7, False)
        assert verification.verify(session, actor.place.root_id)[1] == []
        assert event_chain.verify(session, actor.place.root_id)[1] is None


def test_a_double_click_accepts_once(committed_world: World) -> None:
    committed_world.submit("d111")

    def accept(_attempt: int) -> bool:
        try:
            committed_world.take("d111", Action.ACCEPT, by="c11")
        except InvalidMove:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(accept, range(4))) == [False, False, False, True]
