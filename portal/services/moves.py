"""Move a submission along its way: submit, send back, accept, reopen and the rest."""

from collections.abc import Iterator

from sqlalchemy import delete, insert, text
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import COUNTED, MOVES, Action, State, missing_sign_offs, move
from portal.domain.policy import PERMISSION_OF, Actor, require
from portal.domain.reasons import sound_reason
from portal.domain.rollup import Contribution
from portal.domain.submissions import SubmissionKey, digest
from portal.domain.units import Level
from portal.errors import Blocked, Conflict, InvalidMove, SignOffsMissing
from portal.models import Observation, Submission
from portal.queries.contributing import contributing
from portal.queries.effective_forms import form_of
from portal.queries.findings import check_submission
from portal.queries.report import enclosed
from portal.queries.submissions import (
    get_row,
    same_submission,
    typed_values,
    whole_subject_of,
)
from portal.services import events, explanations, versions
from portal.services.collections import hold_settings

REASON_LENGTH = 2000


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
    hold_settings(session, CollectionKey(key.form, key.period))
    row = get_row(session, actor, key, for_update=True)
    subject = whole_subject_of(session, row)
    require(actor, PERMISSION_OF[action], subject)
    before = State(row.state)
    if row.exempt_reason is not None:
        raise InvalidMove(action, "exempt")
    after = move(before, action)
    if seen is not None and seen != row.row_version:
        raise Conflict("submission", key)
    missing = missing_sign_offs(before, action, subject.settings.sign_offs)
    if missing:
        raise SignOffsMissing(action, [str(step) for step in missing])
    reason = sound_reason(reason, REASON_LENGTH, required=MOVES[action].needs_reason)
    sealed = _hand_in(session, actor, key, row) if action is Action.SUBMIT else {}
    if action is Action.ACCEPT:
        _accept_explanations(session, actor, key, row)
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
    Action.ACCEPT: "accepted",
    Action.REOPEN: "reopened",
    Action.LOCK: "locked",
    Action.PUBLISH: "published",
}


def _open_next(session: Session, row: Submission, reason: str) -> None:
    """Begin a new version, which is asked what was added to the form meanwhile."""
    versions.open_next(session, row, reason)
    row.expected_answers = len(form_of(session, row).typed_at(Level(row.level)))


def _accept_explanations(session: Session, actor: Actor, key: SubmissionKey, row: Submission) -> None:
    """Nothing is accepted on a refused explanation; those not decided about are accepted together with the rest."""
    refused = check_submission(session, actor, key).refused
    if refused:
        raise Blocked(len(refused))
    explanations.accept_undecided(session, actor, row)


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
    counted_before, counted_after = before in COUNTED, after in COUNTED
    row.state = after
    if counted_before != counted_after:
        row.accepted_at = clock.now() if counted_after else None
    session.flush()
    if after is State.SUBMITTED or counted_after > counted_before:
        versions.show(session, row, after, skip_level=skip_level)
    if counted_after > counted_before:
        observe(session, row)
    elif counted_before > counted_after:
        forget(session, row)


def observe(session: Session, row: Submission) -> None:
    """Let an accepted version's figures count, and add them up the tree at once."""
    for _row, found in contributing(session, [row]):
        if found:
            session.execute(insert(Observation), list(_observation_rows(row, found)))
    _recompute(session, row)


def forget(session: Session, row: Submission) -> None:
    """Take a version's figures out of the count."""
    session.execute(delete(Observation).where(*same_submission(Observation, row)))
    _recompute(session, row)


def _observation_rows(row: Submission, found: list[Contribution]) -> Iterator[dict[str, object]]:
    for each in found:
        yield {
            "root_id": row.root_id,
            "period_code": row.period_code,
            "indicator": each.indicator,
            "unit_id": row.unit_id,
            "unit_path": row.unit_path,
            "form_code": row.form_code,
            "version_number": row.version_number,
            "status": each.status,
            "number": each.number,
            "category": each.category,
            "amount": each.amount,
            "weight": each.weight,
        }


def _recompute(session: Session, row: Submission) -> None:
    session.execute(
        text("select recompute_rollup(:root, :period, :units)"),
        {"root": row.root_id, "period": row.period_code, "units": [row.unit_id]},
    )
