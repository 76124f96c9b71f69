"""Events (what happened), as far as the actor may know of them.

What tells figures of a draft is left out by the database for everybody but the unit itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.clock import CHINA
from portal.domain.event_kinds import SUBMISSION_GROUPS, EventGroup, kinds_of
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.domain.submissions import SubmissionKey
from portal.models import PORTAL_CHAIN, Event
from portal.queries.events import EventRow, event_of
from portal.queries.paging import Page, PageOf, read_page
from portal.queries.units import get_unit

_CHUNK = 1000


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted; what is empty does not matter.

    Attributes:
        unit: code of a unit; those below it count too. Empty with `of_portal`.
        of_portal: the portal's own events, which belong to no unit.
        since: first day, on China's calendar.
        until: last day.
        person: the actor's whole name.
        subject: what it happened to, e.g. `441802-2023-FZ` or a user name.
        address: where the request came from.
    """

    unit: str = ""
    of_portal: bool = False
    since: date | None = None
    until: date | None = None
    person: str = ""
    group: EventGroup | None = None
    subject: str = ""
    address: str = ""


def search_events(
    session: Session, actor: Actor, *, unit: str, submission: SubmissionKey | None = None, page: PageOf
) -> Page[EventRow]:
    """What happened to a unit, or to one submission of it; newest first.

    Who neither administers nor audits the unit learns of its submissions only.

    Raises:
        NotFound: there is no such unit.
        NotPermitted: the unit is another's, and the actor is neither its auditor nor its reviewer.
    """
    row = get_unit(session, unit, period=submission.period if submission else None)
    require(actor, Permission.SEE_EVENTS, Subject(row.path))
    query = select(Event).where(Event.root_id == row.root_id, Event.unit_path == row.path).order_by(Event.number.desc())
    if submission is not None:
        query = query.where(Event.subject == str(submission))
    if not permits(actor, Permission.AUDIT, Subject(row.path)):
        query = query.where(Event.kind.in_(kinds_of(SUBMISSION_GROUPS)))
    found = read_page(session, query, page)
    return Page([event_of(event) for (event,) in found.items], found.count)


def audit_events(
    session: Session, actor: Actor, wanted: EventFilter, *, before: int | None = None, limit: int
) -> list[EventRow]:
    """The newest `limit` events of the filter; with `before`, of those with a smaller number. One statement each.

    Raises:
        NotFound: there is no such unit.
        NotPermitted: the actor neither administers nor audits it.
    """
    query = _audited(session, actor, wanted).order_by(Event.number.desc()).limit(limit)
    if before is not None:
        query = query.where(Event.number < before)
    return [event_of(event) for event in session.scalars(query)]


def count_events(session: Session, actor: Actor, wanted: EventFilter, *, up_to: int) -> int:
    """How many events of the filter have a number of at most `up_to`; raises what `audit_events` raises."""
    query = _audited(session, actor, wanted).where(Event.number <= up_to)
    return session.scalar(query.with_only_columns(func.count())) or 0


def each_event(session: Session, actor: Actor, wanted: EventFilter, *, up_to: int) -> Iterator[EventRow]:
    """The same events, newest first, a chunk in memory at a time."""
    before = up_to + 1
    while chunk := audit_events(session, actor, wanted, before=before, limit=_CHUNK):
        yield from chunk
        before = chunk[-1].number
        session.expire_all()


def chain_of(session: Session, wanted: EventFilter) -> int:
    """`root_id` of the chain that holds the events of the filter."""
    return PORTAL_CHAIN if wanted.of_portal else get_unit(session, wanted.unit).root_id


def _audited(session: Session, actor: Actor, wanted: EventFilter) -> Select[Event]:
    if wanted.of_portal:
        require(actor, Permission.AUDIT_PORTAL, Subject(actor.place.path))
        query = select(Event).where(Event.root_id == PORTAL_CHAIN)
    else:
        unit = get_unit(session, wanted.unit)
        require(actor, Permission.AUDIT, Subject(unit.path))
        query = select(Event).where(Event.root_id == unit.root_id)
        if unit.path != actor.place.path:  # else the database compares already
            query = query.where(Event.unit_path.op("<@")(unit.path))
    if wanted.since is not None:
        query = query.where(Event.happened_at >= _midnight(wanted.since))
    if wanted.until is not None:
        query = query.where(Event.happened_at < _midnight(wanted.until + timedelta(days=1)))
    if wanted.group is not None:
        query = query.where(Event.kind.in_(kinds_of(frozenset({wanted.group}))))
    for column, content in (
        (Event.actor, wanted.person),
        (Event.subject, wanted.subject),
        (Event.address, wanted.address),
    ):
        if content:
            query = query.where(column == content)
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=CHINA)
