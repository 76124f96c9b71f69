"""What was decided about rules, and which submissions a decision would touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.bases import as_accepted
from portal.domain.collections import CollectionKey
from portal.domain.forms import FormVersion, Rule, Severity
from portal.domain.lifecycle import State
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.domain.rules import breaks, get_rule
from portal.domain.units import Level
from portal.errors import NotFound
from portal.models import Collection, Explanation, RuleChange, Submission, Unit, Waiver
from portal.queries import forms
from portal.queries.bases import kept_bases
from portal.queries.collections import settings_in
from portal.queries.earlier import earlier_values
from portal.queries.figures import key_of, typed_figures
from portal.queries.surroundings import SWITCHED_OFF, surroundings


@dataclass(frozen=True)
class RuleChangeRow:
    """One change of a rule for a collection; `severity` None: switched off. `number` counts those of the rule."""

    rule: str
    number: int
    severity: Severity | None
    reason: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class WaiverRow:
    """A unit let off a rule from a period on; `in_force` as of today."""

    id: UUID
    unit_code: str
    form: str
    rule: str
    from_period: str
    reason: str
    approved_by: str
    approved_at: datetime
    expires_on: date
    in_force: bool


@dataclass(frozen=True)
class Touched:
    """A submission that a change of a rule touches, or may touch.

    Attributes:
        breaks: whether it breaks the rule now; None: it is still a draft, which the actor may not read.
        explained: whether an explanation was given for the breach.
    """

    unit_code: str
    state: State
    breaks: bool | None
    explained: bool


def get_sent_down(session: Session, actor: Actor, key: CollectionKey) -> Collection:
    """The collection's row.

    Raises:
        NotFound: there is none within the actor's reach.
    """
    row = session.get(Collection, (actor.place.root_id, str(key.period), key.form))
    if row is None:
        raise NotFound("collection", key)
    return row


def list_rule_changes(session: Session, actor: Actor, key: CollectionKey) -> list[RuleChangeRow]:
    """Everything decided about the rules of a collection, newest first; of each rule the newest holds.

    Raises:
        NotFound: there is no such collection within the actor's reach.
    """
    collection = get_sent_down(session, actor, key)
    query = (
        select(RuleChange)
        .where(
            RuleChange.root_id == collection.root_id,
            RuleChange.period_code == collection.period_code,
            RuleChange.form_code == collection.form_code,
        )
        .order_by(RuleChange.changed_at.desc(), RuleChange.number.desc())
    )
    return [
        RuleChangeRow(
            row.rule,
            row.number,
            None if row.severity == SWITCHED_OFF else Severity(row.severity),
            row.reason,
            row.changed_by,
            row.changed_at,
        )
        for row in session.scalars(query)
    ]


def list_waivers(session: Session, actor: Actor, *, unit: str | None = None) -> list[WaiverRow]:
    """The waivers of the actor's unit and all below it, or of one of them; the one that lasts longest first."""
    query = (
        select(Waiver, Unit.code)
        .join(Unit, Unit.id == Waiver.unit_id)
        .where(Waiver.root_id == actor.place.root_id)
        .order_by(Waiver.expires_on.desc(), Unit.code, Waiver.rule)
    )
    if unit is not None:
        query = query.where(Unit.code == unit)
    today = clock.today()
    return [
        WaiverRow(
            row.id,
            code,
            row.form_code,
            row.rule,
            row.from_period,
            row.reason,
            row.approved_by,
            row.approved_at,
            row.expires_on,
            row.expires_on >= today,
        )
        for row, code in session.execute(query)
    ]


def touched_by(session: Session, actor: Actor, key: CollectionKey, rule_id: str) -> list[Touched]:
    """The submissions of a collection that break a rule now, and those that the actor cannot look into; by unit code.

    Raises:
        NotFound: there is no such collection within the actor's reach, or its form has no such rule.
        NotPermitted: the actor does not decide for the unit that sent it down.
    """
    collection = get_sent_down(session, actor, key)
    require(actor, Permission.CHANGE_RULES, Subject(collection.sender_path))
    form = forms.version(session, collection.form_version_id)
    rule = get_rule(form, rule_id)
    query = (
        select(Submission, Unit.code)
        .join(Unit, Unit.id == Submission.unit_id)
        .where(
            Submission.root_id == collection.root_id,
            Submission.period_code == collection.period_code,
            Submission.form_code == collection.form_code,
            Submission.exempt_reason.is_(None),
        )
        .order_by(Unit.code)
    )
    rows = [(row, code) for row, code in session.execute(query)]
    settings = settings_in(collection)
    readable = {
        key_of(row): permits(
            actor, Permission.SEE_VALUES, Subject(row.unit_path, State(row.state), row.form_code, settings)
        )
        for row, _code in rows
    }
    breaching = _breaching(session, [row for row, _code in rows if readable[key_of(row)]], form, rule)
    explained = _explained(session, collection, rule_id)
    return [
        Touched(
            code,
            State(row.state),
            True if readable[key_of(row)] else None,
            (row.unit_id, row.version_number) in explained,
        )
        for row, code in rows
        if not readable[key_of(row)] or row.unit_id in breaching
    ]


def _breaching(session: Session, rows: Sequence[Submission], form: FormVersion, rule: Rule) -> set[int]:
    """Ids of the units whose submission breaks the rule."""
    earlier = earlier_values(session, {key_of(row): form for row in rows})
    around = surroundings(session, rows, form)
    typed, bases = typed_figures(session, rows), kept_bases(session, rows, {key_of(row): form for row in rows})
    found = set()
    for row in rows:
        key, level = key_of(row), Level(row.level)
        before = earlier[key]
        last_year, previous = before.last_year, before.previous
        values = as_accepted(bases.get(key), form, level, typed[key], last_year, previous, around[key])
        context = around[key].context(values, last_year, previous)
        if breaks(form, level, rule, context, around[key]):
            found.add(row.unit_id)
    return found


def _explained(session: Session, collection: Collection, rule_id: str) -> set[tuple[int, int]]:
    """Units, with version numbers, that explained a breach of the rule."""
    query = select(Explanation.unit_id, Explanation.version_number).where(
        Explanation.root_id == collection.root_id,
        Explanation.period_code == collection.period_code,
        Explanation.form_code == collection.form_code,
        Explanation.rule == rule_id,
    )
    return {(unit_id, number) for unit_id, number in session.execute(query)}
