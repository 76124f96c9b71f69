"""What happened: a submission's history, and whether the chain of events is whole."""

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarResult, select
from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.models import Event, EventChain
from portal.queries.submissions import get_row

GENESIS = "0" * 64


@dataclass(frozen=True)
class EventRow:
    """One happening, for the screen."""

    number: int
    happened_at: datetime
    kind: str
    subject: str
    actor: str
    actor_unit: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class BrokenLink:
    """The first place where a chain is not what it was: number of the event, and what is wrong with it."""

    number: int
    problem: str


def list_history(session: Session, actor: Actor, key: SubmissionKey, *, limit: int = 200) -> list[EventRow]:
    """The submission's events, newest first.

    Values are left out of what a superior sees of a draft: only moves, not `values_changed`.
    """
    row = get_row(session, actor, key)
    query = select(Event).where(Event.root_id == row.root_id, Event.subject == str(key))
    if row.unit_path != actor.place.path:
        query = query.where(Event.kind.startswith("submission_"))
    return [event_of(each) for each in session.scalars(query.order_by(Event.number.desc()).limit(limit))]


def verify(session: Session, root_id: int) -> tuple[int, BrokenLink | None]:
    """Recompute a chain; gives its length, and the first broken link if there is one.

    It finds an altered, deleted, inserted or reordered event and a truncated tail. The session must see the whole
    chain: its scope is that of the top unit.
    """
    head = session.get(EventChain, root_id)
    length, last = (head.length, head.hash) if head else (0, GENESIS)
    number, previous = 0, GENESIS
    with closing(_chain(session, root_id)) as chain:
        for event in chain:
            number += 1
            problem = _problem(event, number, previous)
            if problem:
                return length, BrokenLink(number, problem)
            previous = event.hash
    if (number, previous) != (length, last):
        return length, BrokenLink(number + 1, "truncated")
    return length, None


def _chain(session: Session, root_id: int) -> ScalarResult[Event]:
    query = select(Event).where(Event.root_id == root_id).order_by(Event.number)
    return session.scalars(query.execution_options(yield_per=1000))


def _problem(event: Event, number: int, previous: str) -> str:
    if event.number != number:
        return "missing"
    if event.previous_hash != previous:
        return "not_linked"
    if hashlib.sha256((previous + event.body).encode()).hexdigest() != event.hash:
        return "altered"
    body = json.loads(event.body)
    shown = (body["kind"], body["subject"], datetime.fromisoformat(body["at"]))
    return "" if shown == (event.kind, event.subject, event.happened_at) else "altered"


def event_of(row: Event) -> EventRow:
    """A stored event, for the screen."""
    body = json.loads(row.body)
    return EventRow(
        row.number,
        row.happened_at,
        row.kind,
        row.subject,
        body["actor"],
        body["actor_unit"],
        body["before"],
        body["after"],
    )
