"""Change what was sent down: who sees and who signs the answers, until when a unit answers, and whether it has to."""

from datetime import date

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.lifecycle import HANDED_IN, MOVES, SIGN_OFFS, State
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.reasons import sound_reason
from portal.domain.submissions import SubmissionKey
from portal.errors import Duplicate, InvalidInput, InvalidMove, NotFound
from portal.models import Collection, Submission, Unit
from portal.queries.collections import settings_in
from portal.queries.submissions import get_row
from portal.services import events
from portal.services.collections import REASON_LENGTH, hold_settings, settings_record, sign_off_list
from portal.services.expecting import count_expected
from portal.services.trees import hold_trees


def change_settings(session: Session, actor: Actor, key: CollectionKey, settings: CollectionSettings) -> None:
    """Let other settings hold from now on, also for what is under way.

    A sign-off that is newly demanded takes back those given so far; what is submitted becomes readable as far as
    `skip_level` now says.

    Raises:
        NotFound: there is no such collection within the actor's reach.
        NotPermitted: another unit sent it down.
    """
    hold_settings(session, key, exclusively=True)
    row = _get(session, actor, key)
    before = settings_in(row)
    if settings == before:
        return
    row.skip_level, row.names_siblings = settings.skip_level, settings.names_siblings
    row.one_person, row.entered_above = settings.one_person, settings.entered_above
    row.sign_offs = sign_off_list(settings)
    session.flush()
    if settings.sign_offs - before.sign_offs:
        _take_back_sign_offs(session, actor, row)
    if settings.skip_level != before.skip_level:
        units = session.scalars(select(Submission.unit_id).where(*_answers(row))).all()
        session.execute(text("select open_figures(:root, :units)"), {"root": row.root_id, "units": list(units)})
    _record(session, actor, row, key, settings_record(before), settings_record(settings))


def change_due(session: Session, actor: Actor, key: SubmissionKey, due_on: date) -> None:
    """Let one unit answer until another day.

    Raises:
        NotFound: there is no such submission within the actor's reach.
        NotPermitted: another unit sent the collection down.
        InvalidInput: the day is before the collection opens.
    """
    row, collection = _answer(session, actor, key)
    if due_on < collection.opens_on:
        raise InvalidInput("due_on", "before_opening", due_on)
    before, row.due_on = row.due_on, due_on
    if before != due_on:
        _changed(session, actor, row, key, "submission_due_changed", {"due_on": before}, {"due_on": due_on})


def exempt(session: Session, actor: Actor, key: SubmissionKey, reason: str) -> None:
    """Let one unit off answering; what it filled in so far stays.

    Raises:
        NotFound: there is no such submission within the actor's reach.
        NotPermitted: another unit sent the collection down.
        InvalidMove: the unit has handed in, or is exempt already.
        InvalidInput: there is no reason.
    """
    hold_trees(session)
    row, _collection = _answer(session, actor, key)
    if State(row.state) in HANDED_IN:
        raise InvalidMove("exempt", row.state)
    if row.exempt_reason is not None:
        raise Duplicate("exemption", key)
    row.exempt_reason = sound_reason(reason, REASON_LENGTH)
    _changed(session, actor, row, key, "submission_exempted", {}, {"reason": row.exempt_reason})
    count_expected(session, row.root_id, row.period_code, [row.unit_id])


def include(session: Session, actor: Actor, key: SubmissionKey) -> None:
    """Take an exemption back: the unit has to answer.

    Raises:
        NotFound: there is no such submission within the actor's reach, or it is not exempt.
        NotPermitted: another unit sent the collection down.
    """
    hold_trees(session)
    row, _collection = _answer(session, actor, key)
    if row.exempt_reason is None:
        raise NotFound("exemption", key)
    before, row.exempt_reason = row.exempt_reason, None
    _changed(session, actor, row, key, "submission_included", {"reason": before}, {})
    count_expected(session, row.root_id, row.period_code, [row.unit_id])


def _get(session: Session, actor: Actor, key: CollectionKey) -> Collection:
    row = session.get(Collection, (actor.place.root_id, str(key.period), key.form), populate_existing=True)
    if row is None:
        raise NotFound("collection", key)
    require(actor, Permission.SEND_DOWN, Subject(row.sender_path))
    return row


def _answer(session: Session, actor: Actor, key: SubmissionKey) -> tuple[Submission, Collection]:
    """One unit's answer, locked, and the collection, if the actor may change them."""
    row = get_row(session, actor, key, for_update=True)
    return row, _get(session, actor, CollectionKey(key.form, key.period))


def _answers(row: Collection) -> tuple[ColumnElement[bool], ...]:
    return (
        Submission.root_id == row.root_id,
        Submission.period_code == row.period_code,
        Submission.form_code == row.form_code,
    )


def _take_back_sign_offs(session: Session, actor: Actor, row: Collection) -> None:
    """As after an edit: what was given was given under other rules."""
    query = (
        select(Submission, Unit.code)
        .join(Unit, Unit.id == Submission.unit_id)
        .where(*_answers(row), Submission.state.in_([MOVES[step].target for step in SIGN_OFFS]))
        .order_by(Submission.unit_id)
        .with_for_update(of=Submission)
    )
    for submission, code in session.execute(query).all():
        key = SubmissionKey(code, CollectionKey.parse(f"{row.form_code}-{row.period_code}").period, row.form_code)
        before, submission.state = submission.state, State.DRAFTING
        _changed(session, actor, submission, key, "submission_unsigned", {"state": before}, {"state": State.DRAFTING})


def _changed(
    session: Session,
    actor: Actor,
    row: Submission,
    key: SubmissionKey,
    kind: str,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    row.row_version += 1
    row.last_activity_at = clock.now()
    events.record(session, actor, kind, str(key), unit_code=key.unit, root_id=row.root_id, before=before, after=after)


def _record(
    session: Session,
    actor: Actor,
    row: Collection,
    key: CollectionKey,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    changed = {name for name in after if before[name] != after[name]}
    events.record(
        session,
        actor,
        "collection_changed",
        str(key),
        unit_code=actor.place.code,
        root_id=row.root_id,
        before={name: before[name] for name in sorted(changed)},
        after={name: after[name] for name in sorted(changed)},
    )
