"""Decide about rules in the middle of a period: demote them, switch them off, or let one unit off.

Every decision has a reason and is an event. The form itself never changes; what becomes of the rule is looked up at
each check (`portal.queries.surroundings`).
"""

from datetime import date, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.collections import CollectionKey
from portal.domain.forms import Severity
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.reasons import sound_reason
from portal.domain.rules import get_rule
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, InvalidInput, NotFound
from portal.models import Collection, RuleChange, Waiver
from portal.queries import forms
from portal.queries.effective_forms import form_of
from portal.queries.rulings import get_sent_down
from portal.queries.submissions import get_row, subject_of
from portal.queries.surroundings import SWITCHED_OFF
from portal.services import events

REASON_LENGTH = 1000


def change_rule(
    session: Session,
    actor: Actor,
    key: CollectionKey,
    rule_id: str,
    severity: Severity | None,
    reason: str,
    *,
    seen: int | None = None,
) -> None:
    """Make a rule lighter for one collection, switch it off (None), or put it back to what the form says.

    The same again changes nothing. `seen`: number of the last change that the actor looked at (0: none), if it matters.

    Raises:
        NotFound: there is no such collection within the actor's reach, or its form has no such rule.
        NotPermitted: the actor does not decide for the unit that sent it down.
        InvalidInput: the severity is heavier than the form's; the reason is missing or too long.
        Conflict: somebody else changed the rule since it was looked at, or at the same moment.
    """
    collection = get_sent_down(session, actor, key)
    require(actor, Permission.CHANGE_RULES, Subject(collection.sender_path))
    rule = get_rule(forms.version(session, collection.form_version_id), rule_id)
    if severity is not None and severity.rank < rule.severity.rank:
        raise InvalidInput("severity", "heavier_than_form", severity)
    reason = sound_reason(reason, REASON_LENGTH)
    last = _last_change(session, collection, rule_id)
    before = last.severity if last else str(rule.severity)
    after, number = SWITCHED_OFF if severity is None else str(severity), last.number if last else 0
    if before == after:
        return
    if seen is not None and seen != number:
        raise Conflict("rule", f"{key} {rule_id}")
    session.add(
        RuleChange(
            root_id=collection.root_id,
            period_code=collection.period_code,
            form_code=collection.form_code,
            rule=rule_id,
            number=number + 1,
            sender_id=collection.sender_id,
            sender_path=collection.sender_path,
            severity=after,
            reason=reason,
            changed_by_id=actor.user_id,
            changed_by=actor.name,
            changed_at=clock.now(),
        )
    )
    session.flush()
    events.record(
        session,
        actor,
        "rule_changed",
        f"{key} {rule_id}",
        unit_code=actor.place.code,
        root_id=collection.root_id,
        before={"severity": before},
        after={"severity": after, "reason": reason},
    )


def _last_change(session: Session, collection: Collection, rule_id: str) -> RuleChange | None:
    query = select(RuleChange).where(
        RuleChange.root_id == collection.root_id,
        RuleChange.period_code == collection.period_code,
        RuleChange.form_code == collection.form_code,
        RuleChange.rule == rule_id,
    )
    return session.scalar(query.order_by(RuleChange.number.desc()).limit(1))


def waive_rule(session: Session, actor: Actor, key: SubmissionKey, rule_id: str, reason: str, expires_on: date) -> UUID:
    """Let a unit off a rule of a form up to and including a day; gives the waiver's id.

    It counts for the period of the submission that it is granted for and for later ones, as far as they are handed in
    by that day; what the unit reported before is judged as it was.

    Raises:
        NotFound: there is no such submission within the actor's reach, or the form it answers has no such rule.
        NotPermitted: the actor is not a reviewer of the unit's superior.
        InvalidInput: the day is past; the reason is missing or too long.
    """
    row = get_row(session, actor, key)
    require(actor, Permission.WAIVE_RULES, subject_of(row))
    rule = get_rule(form_of(session, row), rule_id)
    if expires_on < clock.today():
        raise InvalidInput("expires_on", "past", expires_on)
    waiver = Waiver(
        root_id=row.root_id,
        id=uuid4(),
        unit_id=row.unit_id,
        unit_path=row.unit_path,
        form_code=row.form_code,
        rule=rule.id,
        from_period=row.period_code,
        reason=sound_reason(reason, REASON_LENGTH),
        approved_by_id=actor.user_id,
        approved_by=actor.name,
        approved_at=clock.now(),
        expires_on=expires_on,
    )
    session.add(waiver)
    session.flush()
    _record_waiver(session, actor, "rule_waived", waiver, key.unit)
    return waiver.id


def end_waiver(session: Session, actor: Actor, waiver_id: UUID, reason: str) -> None:
    """End a waiver now: from today on the unit must satisfy the rule again. One that is over stays as it was.

    Raises:
        NotFound: there is no such waiver within the actor's reach.
        NotPermitted: the actor is not a reviewer of the unit's superior.
        InvalidInput: the reason is missing or too long.
    """
    query = select(Waiver).where(Waiver.root_id == actor.place.root_id, Waiver.id == waiver_id)
    waiver = session.scalar(query)
    if waiver is None:
        raise NotFound("waiver", waiver_id)
    require(actor, Permission.WAIVE_RULES, Subject(waiver.unit_path))
    why = sound_reason(reason, REASON_LENGTH)
    yesterday = clock.today() - timedelta(days=1)
    if waiver.expires_on <= yesterday:
        return
    waiver.expires_on = yesterday
    session.flush()
    _record_waiver(session, actor, "waiver_ended", waiver, waiver.unit_path.rpartition(".")[2], why)


def _record_waiver(session: Session, actor: Actor, kind: str, waiver: Waiver, unit_code: str, reason: str = "") -> None:
    events.record(
        session,
        actor,
        kind,
        f"{unit_code}-{waiver.form_code} {waiver.rule}",
        unit_code=unit_code,
        root_id=waiver.root_id,
        after={
            "reason": reason or waiver.reason,
            "from_period": waiver.from_period,
            "expires_on": waiver.expires_on.isoformat(),
        },
    )
