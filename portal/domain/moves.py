"""Taking an action on a submission: whether this person may now, and where it leads."""

from portal.domain.lifecycle import Action, State, missing_sign_offs, move
from portal.domain.policy import PERMISSION_OF, Actor, Subject, require
from portal.errors import InvalidMove, SignOffsMissing

REASON_LENGTH = 2000
"""The longest reason for an action, in characters."""


def step(actor: Actor, action: Action, subject: Subject, state: State, *, exempt: bool) -> State:
    """The state that the action leads to.

    Args:
        actor: who acts.
        action: the verb.
        subject: the submission, with its collection's settings and who filled it in.
        state: where it stands.
        exempt: whether the unit need not answer.

    Raises:
        NotPermitted: not this actor.
        InvalidMove: not in this state.
        SignOffsMissing: the collection demands steps that come first.
    """
    require(actor, PERMISSION_OF[action], subject)
    if exempt:
        raise InvalidMove(action, "exempt")
    after = move(state, action)
    missing = missing_sign_offs(state, action, subject.settings.sign_offs)
    if missing:
        raise SignOffsMissing(action, [str(each) for each in missing])
    return after
