"""The way of a submission (报送件): its states, the actions that move it, and who may see its figures."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from portal.errors import InvalidMove


class State(StrEnum):
    """Where a submission stands."""

    ASSIGNED = "assigned"  # 待签收
    DRAFTING = "drafting"  # 填报中
    CHECKED = "checked"  # 已审核 (inside the unit)
    LEGALLY_REVIEWED = "legally_reviewed"  # 已法制审核
    SIGNED = "signed"  # 已签发
    SUBMITTED = "submitted"  # 已上报
    SENT_BACK = "sent_back"  # 已退回
    ACCEPTED = "accepted"  # 已验收
    LOCKED = "locked"  # 已封账
    PUBLISHED = "published"  # 已公布


class Action(StrEnum):
    """The field's verbs; also the last part of the REST path."""

    RECEIVE = "receive"
    CHECK = "check"
    LEGAL_REVIEW = "legal_review"
    SIGN = "sign"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    ACCEPT = "accept"
    REOPEN = "reopen"
    LOCK = "lock"
    PUBLISH = "publish"


@dataclass(frozen=True)
class Move:
    """From which states an action may be taken, and where it leads."""

    sources: frozenset[State]
    target: State
    needs_reason: bool = False
    opens_version: bool = False


_WRITABLE = frozenset({State.DRAFTING, State.CHECKED, State.LEGALLY_REVIEWED, State.SIGNED, State.SENT_BACK})
_UNSIGNED = frozenset({State.DRAFTING, State.SENT_BACK})
_INTERNAL = {
    Action.CHECK: Move(_UNSIGNED, State.CHECKED),
    Action.LEGAL_REVIEW: Move(_UNSIGNED | {State.CHECKED}, State.LEGALLY_REVIEWED),
    Action.SIGN: Move(_UNSIGNED | {State.CHECKED, State.LEGALLY_REVIEWED}, State.SIGNED),
}

SIGN_OFFS = tuple(_INTERNAL)
"""The steps within a unit before it submits, in their order; which of them are demanded the collection says."""

MOVES: dict[Action, Move] = {
    Action.RECEIVE: Move(frozenset({State.ASSIGNED}), State.DRAFTING),
    **_INTERNAL,
    Action.SUBMIT: Move(_WRITABLE, State.SUBMITTED),
    Action.WITHDRAW: Move(frozenset({State.SUBMITTED}), State.DRAFTING, opens_version=True),
    Action.SEND_BACK: Move(frozenset({State.SUBMITTED}), State.SENT_BACK, needs_reason=True, opens_version=True),
    Action.ACCEPT: Move(frozenset({State.SUBMITTED}), State.ACCEPTED),
    Action.REOPEN: Move(
        frozenset({State.ACCEPTED, State.LOCKED, State.PUBLISHED}),
        State.SENT_BACK,
        needs_reason=True,
        opens_version=True,
    ),
    Action.LOCK: Move(frozenset({State.ACCEPTED}), State.LOCKED),
    Action.PUBLISH: Move(frozenset({State.LOCKED}), State.PUBLISHED),
}

EDITABLE = frozenset({State.ASSIGNED}) | _WRITABLE
"""States in which figures may be changed; a change leads (back) to DRAFTING, or stays in SENT_BACK."""

COUNTED = frozenset({State.ACCEPTED, State.LOCKED, State.PUBLISHED})
"""States in which the figures are observations and roll up."""

HANDED_IN = COUNTED | {State.SUBMITTED}
"""States in which the unit has done its part."""


def move(state: State, action: Action) -> State:
    """The state that `action` leads to.

    Raises:
        InvalidMove: the action is not allowed in this state.
    """
    step = MOVES[action]
    if state not in step.sources:
        raise InvalidMove(action, state)
    return step.target


def after_edit(state: State) -> State:
    """The state after a figure was changed: sign-offs given before fall away.

    Raises:
        InvalidMove: figures may not be changed in this state.
    """
    if state not in EDITABLE:
        raise InvalidMove("edit", state)
    return State.SENT_BACK if state is State.SENT_BACK else State.DRAFTING


def missing_sign_offs(state: State, action: Action, demanded: Collection[Action]) -> tuple[Action, ...]:
    """The demanded sign-offs that must come before the action and have not been given, in their order.

    A state tells which sign-off was given last; the demanded ones before it were given, else it could not have been.
    """
    if action not in {*SIGN_OFFS, Action.SUBMIT}:
        return ()
    given = next((number for number, step in enumerate(SIGN_OFFS, 1) if MOVES[step].target is state), 0)
    before = SIGN_OFFS.index(action) if action in SIGN_OFFS else len(SIGN_OFFS)
    return tuple(step for step in SIGN_OFFS[given:before] if step in demanded)


def open_to(state: State, depth: int, *, skip_level: bool = False) -> int:
    """The smallest tree depth (1: top unit) from which a superior may read the figures.

    A draft is its own unit's alone; once handed in, the direct superior reads it, or with `skip_level` every level
    above; once accepted, every level above, and who reads from depth 0: a partner, who stands outside the tree.
    """
    if state in COUNTED:
        return 0
    if state is not State.SUBMITTED:
        return depth
    return 1 if skip_level else max(depth - 1, 1)
