"""Random acceptances, reopenings and corrections against an independent model: equal after every step."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.values import NOT_APPLICABLE, Value
from portal.queries.rollups.totals import roll_up
from portal.queries.submissions import get_task
from tests.world import PERIOD, TREE, World

UNITS = [unit for unit in TREE if unit not in {"p2", "c21", "d211"}]
BELOW = {
    "p1": UNITS,
    "c11": ["c11", "d111", "d112"],
    "c12": ["c12", "d121"],
    "c13": ["c13"],
    "d111": ["d111"],
    "d112": ["d112"],
    "d121": ["d121"],
}

amounts = st.decimals(min_value=0, max_value=10**9, places=6)
answers = st.one_of(amounts, st.none())
steps = st.lists(st.tuples(st.sampled_from(UNITS), answers, st.integers(0, 10**6)), min_size=1, max_size=8)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=steps)
def test_equal_to_the_model_after_every_step(world: World, steps: list[tuple[str, Decimal | None, int]]) -> None:
    accepted: dict[str, tuple[Decimal | None, int]] = {}
    for unit in UNITS:  # whatever an earlier example left behind
        reopen(world, unit)
    for unit, amount, people in steps:
        reopen(world, unit)
        accepted.pop(unit, None)
        assert_equal(world, accepted)
        changes = {"T203": NOT_APPLICABLE if amount is None else Value.of(amount)}
        if unit.startswith("d"):
            changes["T201"] = Value.of(people)
        world.accept(unit, **changes)
        accepted[unit] = (amount, people if unit.startswith("d") else 0)
        assert_equal(world, accepted)


def reopen(world: World, unit: str) -> None:
    superior = TREE[unit][0] or unit
    actor = world.actor(superior)
    with transaction(actor) as session:
        state = get_task(session, actor, world.key(unit)).state
    if state == "accepted":
        world.take(unit, Action.REOPEN, by=superior, reason="更正")


def assert_equal(world: World, accepted: dict[str, tuple[Decimal | None, int]]) -> None:
    actor = world.actor("p1")
    with transaction(actor) as session:
        found = {}
        for by in ("self", "level:city", "level:district"):
            for row in roll_up(session, actor, unit="p1", period=PERIOD, indicators=["T203", "T201"], by=by):
                found[row.unit_code, row.indicator] = row
    for unit, below in BELOW.items():
        mine = [accepted[each] for each in below if each in accepted]
        sums = [amount for amount, _people in mine if amount is not None]
        row = found[unit, "T203"]
        assert row.value == (sum(sums, Decimal(0)) if sums else None)
        assert (row.reported, row.not_applicable) == (len(sums), len(mine) - len(sums))
        assert row.expected == len(below) - row.not_applicable
        districts = [accepted[each][1] for each in below if each in accepted and each.startswith("d")]
        assert found[unit, "T201"].value == (sum(districts) if districts else None)
