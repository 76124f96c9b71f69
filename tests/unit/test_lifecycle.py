"""States and rights: what leads where, and who may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.lifecycle import COUNTED, EDITABLE, HANDED_IN, MOVES, Action, State, after_edit, move, open_to
from portal.domain.policy import PERMISSIONS, Actor, Permission, Role, Subject, permits
from portal.domain.units import Level, Place
from portal.errors import InvalidMove


def actor(path: str, *roles: Role) -> Actor:
    return Actor(1, "某人", Place(1, path.rpartition(".")[2], path, Level.CITY, path, 1), frozenset(roles))


@given(st.lists(st.sampled_from(list(Action)), max_size=20))
def test_no_way_leads_out_of_the_states(actions: list[Action]) -> None:
    state = State.ASSIGNED
    for action in actions:
        if state in MOVES[action].sources:
            state = move(state, action)
        else:
            with pytest.raises(InvalidMove):
                move(state, action)
    assert state in EDITABLE | HANDED_IN


def test_every_state_can_be_reached_and_left() -> None:
    targets = {step.target for step in MOVES.values()}
    sources = set().union(*(step.sources for step in MOVES.values()))
    assert targets | {State.ASSIGNED} == set(State)
    assert sources == set(State)


def test_counted_figures_cannot_be_edited() -> None:
    assert not EDITABLE & HANDED_IN
    for state in HANDED_IN:
        with pytest.raises(InvalidMove):
            after_edit(state)


def test_an_edit_takes_back_the_sign_offs() -> None:
    assert after_edit(State.SIGNED) is State.DRAFTING
    assert after_edit(State.SENT_BACK) is State.SENT_BACK


@pytest.mark.parametrize(
    ("state", "depth"), [(State.DRAFTING, 3), (State.SENT_BACK, 3), (State.SUBMITTED, 2), (State.ACCEPTED, 0)]
)
def test_figures_open_upward_step_by_step(state: State, depth: int) -> None:
    assert open_to(state, 3) == depth


def test_a_top_unit_reads_its_own_at_every_state() -> None:
    assert {open_to(state, 1) for state in State} <= {0, 1}


class TestPolicy:
    def test_every_permission_has_a_row(self) -> None:
        assert set(PERMISSIONS) == set(Permission)

    @pytest.mark.parametrize("permission", list(Permission))
    def test_no_role_reaches_another_tree(self, permission: Permission) -> None:
        everything_but_administration = [role for role in Role if role is not Role.SYSTEM_ADMIN]
        stranger = actor("640000", *everything_but_administration)
        for state in State:
            assert not permits(stranger, permission, Subject("440000.441800.441802", state))

    def test_only_the_direct_superior_decides(self) -> None:
        subject = Subject("440000.441800.441802", State.SUBMITTED)
        assert permits(actor("440000.441800", Role.REVIEWER), Permission.ACCEPT, subject)
        assert not permits(actor("440000", Role.REVIEWER), Permission.ACCEPT, subject)
        assert not permits(actor("440000.441800.441802", Role.REVIEWER), Permission.ACCEPT, subject)

    def test_a_name_that_begins_alike_is_not_below(self) -> None:
        assert not permits(actor("4400", Role.REVIEWER), Permission.SEE_UNIT, Subject("440000"))

    def test_counted_is_handed_in(self) -> None:
        assert COUNTED < HANDED_IN
