"""Move a submission along its way: submit, send back, accept, reopen and the rest."""

from sqlalchemy.orm import Session

from portal import clock
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import COUNTED, MOVES, Action, State, open_to
from portal.domain.moves import REASON_LENGTH, step
from portal.domain.policy import Actor
from portal.domain.reasons import sound_reason
from portal.domain.submissions import SubmissionKey, digest
from portal.domain.units import Level
from portal.errors import Blocked, Conflict
from portal.models import Submission
from portal.queries.effective_forms import form_of
from portal.queries.findings import check_submission
from portal.queries.report import enclosed
from portal.queries.submissions import get_row, typed_values, whole_subject_of
from portal.services import events, versions
from portal.services.acceptance import accept
from portal.services.collections import hold_settings
from portal.services.newcomers import ask_as_placed
from portal.services.observing import forget
from portal.services.trees import hold_trees


def take(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    action: Action,
    *,
    reason: str = "",
    seen: int | None = None,
) -> State:
    """Take an action on a submission; gives the state it leads to.

    Args:
        session: the transaction.
        actor: who acts.
        key: the submission.
        action: the verb.
        reason: in the actor's words; required to send back and to reopen.
        seen: the submission's row version the actor looked at, if that matters.

    Raises:
        NotPermitted: not this actor.
        InvalidMove: not in this state.
        SignOffsMissing: the collection demands steps that come first.
        Blocked: submitting, while findings stand in the way; accepting, while explanations stand refused.
        InvalidInput: the reason is missing or too long.
        Conflict: the submission changed since it was looked at.
    """
    collection = CollectionKey(key.form, key.period)
    if action is Action.ACCEPT:
        _accept(session, actor, collection, key, seen, reason)
        return State.ACCEPTED
    if action is Action.REOPEN:
        hold_trees(session)  # what is asked anew is what the unit's level is asked by now
    hold_settings(session, collection)
    row = get_row(session, actor, key, for_update=True)
    subject = whole_subject_of(session, row)
    before = State(row.state)
    after = step(actor, action, subject, before, exempt=row.exempt_reason is not None)
    if seen is not None and seen != row.row_version:
        raise Conflict("submission", key)
    reason = sound_reason(reason, REASON_LENGTH, required=MOVES[action].needs_reason)
    sealed = _hand_in(session, actor, key, row) if action is Action.SUBMIT else {}
    _enter(session, row, before, after, skip_level=subject.settings.skip_level)
    if MOVES[action].opens_version:
        _open_next(session, row, reason)
    row.returned_reason = reason if action in {Action.SEND_BACK, Action.REOPEN} else None
    row.row_version += 1
    row.last_activity_at = clock.now()
    events.record(
        session,
        actor,
        f"submission_{_PAST[action]}",
        str(key),
        unit_code=key.unit,
        root_id=row.root_id,
        before={"state": before},
        after={"state": after, "version": row.version_number} | ({"reason": reason} if reason else {}) | sealed,
    )
    return after


_PAST = {
    Action.RECEIVE: "received",
    Action.CHECK: "checked",
    Action.LEGAL_REVIEW: "legally_reviewed",
    Action.SIGN: "signed",
    Action.SUBMIT: "submitted",
    Action.WITHDRAW: "withdrawn",
    Action.SEND_BACK: "sent_back",
    Action.REOPEN: "reopened",
    Action.LOCK: "locked",
    Action.PUBLISH: "published",
}


def _open_next(session: Session, row: Submission, reason: str) -> None:
    """Begin a new version, which is asked what was added to the form meanwhile."""
    versions.open_next(session, row, reason)
    row.expected_answers = len(form_of(session, row).typed_at(Level(row.level)))
    ask_as_placed(session, [row])


def _accept(
    session: Session, actor: Actor, collection: CollectionKey, key: SubmissionKey, seen: int | None, reason: str
) -> None:
    """Accept one as many are."""
    [verdict] = accept(session, actor, collection, {key.unit: seen}, reason=reason)
    if verdict.refusal is not None:
        raise verdict.refusal


def _hand_in(session: Session, actor: Actor, key: SubmissionKey, row: Submission) -> dict[str, str]:
    """Check once more, then seal the version with its digest, which goes into the event."""
    checked = check_submission(session, actor, key)
    if checked.blocking:
        raise Blocked(len(checked.blocking))
    typed = typed_values(session, row)
    sealed = digest(key, row.version_number, typed, enclosed(session, row))
    versions.seal(session, actor, row, sealed)
    row.submitted_at = clock.now()
    return {"sha256": sealed.sha256}


def _enter(session: Session, row: Submission, before: State, after: State, *, skip_level: bool) -> None:
    """What the new state means for who reads the figures, and for the roll-up."""
    row.state = after
    if after not in COUNTED:
        row.accepted_at = None
    session.flush()
    if after is State.SUBMITTED:
        versions.show(session, [row], open_to(after, versions.depth_of(row), skip_level=skip_level))
    elif before in COUNTED and after not in COUNTED:
        forget(session, row)
