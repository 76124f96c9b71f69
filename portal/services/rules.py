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
from portal.errors import InvalidInput, NotFound
from portal.models import RuleChange, Waiver
from portal.queries import forms
from portal.queries.rulings import get_sent_down
from portal.queries.surroundings import SWITCHED_OFF
from portal.queries.units import get_unit
from portal.services import events

REASON_LENGTH = 1000


def change_rule(
    session: Session, actor: Actor, key: CollectionKey, rule_id: str, severity: Severity | None, reason: str
) -> None:
    """Make a rule lighter for one collection, switch it off (None), or put it back to what the form says.

    The same once more changes nothing.

    Raises:
        NotFound: there is no such collection within the actor's reach, or its form has no such rule.
        NotPermitted: the actor does not decide for the unit that sent it down.
        InvalidInput: the severity is heavier than the form's; the reason is missing or too long.
        Conflict: somebody else changed the rule at the same moment.
    """
    collection = get_sent_down(session, actor, key)
    require(actor, Permission.CHANGE_RULES, Subject(collection.sender_path))
    form = forms.version(session, collection.form_version_id)
    rule = get_rule(form, rule_id)
    if severity is not None and severity.rank < rule.severity.rank:
        raise InvalidInput("severity", "heavier_than_form", severity)
    reason = sound_reason(reason, REASON_LENGTH)
    of_rule = (
        RuleChange.root_id == collection.root_id,
        RuleChange.period_code == collection.period_code,
        RuleChange.form_code == collection.form_code,
        RuleChange.rule == rule_id,
    )
    last = session.scalar(select(RuleChange).where(*of_rule).order_by(RuleChange.number.desc()).limit(1))
    before = last.severity if last else str(rule.severity)
    after = SWITCHED_OFF if severity is None else str(severity)
    if before == after:
        return
    session.add(
        RuleChange(
            root_id=collection.root_id,
            period_code=collection.period_code,
            form_code=collection.form_code,
            rule=rule_id,
            number=last.number + 1 if last else 1,
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


def waive_rule(
    session: Session, actor: Actor, unit_code: str, form_code: str, rule_id: str, reason: str, expires_on: date
) -> UUID:
    """Let a unit off a rule of a form up to and including a day; gives the waiver's id.

    Raises:
        NotFound: there is no such unit within the actor's reach, no such form, or the newest one has no such rule.
        NotPermitted: the actor is not a reviewer of the unit's superior.
        InvalidInput: the day is past; the reason is missing or too long.
    """
    unit = get_unit(session, unit_code)
    if not actor.place.covers(unit.path):
        raise NotFound("unit", unit_code)
    require(actor, Permission.WAIVE_RULES, Subject(unit.path))
    rule = get_rule(forms.get_form(session, form_code), rule_id)
    if expires_on < clock.today():
        raise InvalidInput("expires_on", "past", expires_on)
    waiver = Waiver(
        root_id=unit.root_id,
        id=uuid4(),
        unit_id=unit.id,
        unit_path=unit.path,
        form_code=form_code,
        rule=rule.id,
        reason=sound_reason(reason, REASON_LENGTH),
        approved_by_id=actor.user_id,
        approved_by=actor.name,
        approved_at=clock.now(),
        expires_on=expires_on,
    )
    session.add(waiver)
    session.flush()
    _record_waiver(session, actor, "rule_waived", waiver, unit_code)
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
        after={"reason": reason or waiver.reason, "expires_on": waiver.expires_on.isoformat()},
    )
