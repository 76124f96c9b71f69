"""What happened to a submission, and how an event is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.models import Event
from portal.queries.submissions import get_row


@dataclass(frozen=True)
class EventRow:
    """One happening.

    Attributes:
        unit: code of the unit whose event it is; empty for the portal's own.
        actor: name of that day.
        actor_unit: code of the unit that the actor acted for.
        address: where the request came from.
        key: how the API key began with which it was done, if it was.
    """

    number: int
    happened_at: datetime
    kind: str
    subject: str
    unit: str
    actor: str
    actor_unit: str
    address: str
    key: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def list_history(session: Session, actor: Actor, key: SubmissionKey, *, limit: int = 200) -> list[EventRow]:
    """The submission's events, newest first.

    What tells figures of a draft is not among what a superior sees: the database leaves it out.
    """
    row = get_row(session, actor, key)
    query = select(Event).where(Event.root_id == row.root_id, Event.subject == str(key))
    return [event_of(each) for each in session.scalars(query.order_by(Event.number.desc()).limit(limit))]


def event_of(row: Event) -> EventRow:
    """A stored event."""
    body = json.loads(row.body)
    return EventRow(
        row.number,
        row.happened_at,
        row.kind,
        row.subject,
        body["unit"],
        row.actor,
        body["actor_unit"],
        row.address,
        body.get("key", ""),
        body["before"],
        body["after"],
    )
