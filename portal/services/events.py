"""Record what happened. The chain's link is made at the very end of the transaction, because it takes a lock."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import clock, db
from portal.domain.event_kinds import KINDS
from portal.domain.policy import Actor
from portal.models import PORTAL_CHAIN


@dataclass(frozen=True)
class Author:
    """Who did something, as the event keeps it: the name and the unit of that day; `key` begins the API key used."""

    user_id: int | None
    name: str
    unit_code: str = ""
    address: str = ""
    key: str = ""


PORTAL = Author(None, "汇总系统")
"""The portal itself."""

# JSON holds no line break of its own; the driver would go through every quotation mark of an array's elements.
_APPEND = text("select append_events(:root, string_to_array(:bodies, chr(10)))")

_acting_from: ContextVar[str] = ContextVar("acting_from", default="")


@contextmanager
def acting_from(address: str) -> Iterator[None]:
    """Within the block, what the portal itself does is done from there: the account and machine of a command."""
    token = _acting_from.set(address)
    try:
        yield
    finally:
        _acting_from.reset(token)


def record(
    session: Session,
    actor: Actor,
    kind: str,
    subject: str,
    *,
    unit_code: str,
    root_id: int,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an event to the transaction.

    Args:
        session: the transaction.
        actor: who did it.
        kind: of `portal.domain.event_kinds.KINDS`.
        subject: what it happened to, e.g. `441802-2023-FZ`.
        unit_code: the unit whose event this is.
        root_id: the chain it belongs to.
        before: what was, as far as it changed.
        after: what is now.
    """
    record_by(session, author_of(actor), kind, subject, unit_code, root_id, before=before, after=after)


def record_for_portal(
    session: Session,
    actor: Actor | None,
    kind: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an event that belongs to no unit; with no actor the portal itself did it."""
    author = PORTAL if actor is None else author_of(actor)
    record_by(session, author, kind, subject, "", PORTAL_CHAIN, before=before, after=after)


def record_by(
    session: Session,
    author: Author,
    kind: str,
    subject: str,
    unit_code: str,
    root_id: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an event by somebody who need not act for a unit."""
    body = {
        "at": clock.now().isoformat(),
        "kind": kind,
        "private": KINDS[kind].private,
        "subject": subject,
        "unit": unit_code,
        "actor_id": author.user_id,
        "actor": author.name,
        "actor_unit": author.unit_code,
        "address": author.address or _acting_from.get(),
        "key": author.key,
        "before": before or {},
        "after": after or {},
    }
    pending: dict[int, list[str]] = session.info.setdefault("events", {})
    pending.setdefault(root_id, []).append(canonical(body))
    db.before_commit(session, append)


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Try something: of what is done within the block nothing stays, neither rows nor events."""
    before = {root_id: list(bodies) for root_id, bodies in session.info.get("events", {}).items()}
    with session.begin_nested() as trial:
        yield
        trial.rollback()
    session.info["events"] = before


def append(session: Session) -> None:
    """Write the pending events, chain by chain in order of id.

    Within `portal.db.transaction` this happens by itself; on Flask-AppBuilder's own session it is called last.
    """
    pending: dict[int, list[str]] = session.info.pop("events", {})
    for root_id in sorted(pending):
        session.execute(_APPEND, {"root": root_id, "bodies": "\n".join(pending[root_id])})


def author_of(actor: Actor) -> Author:
    """The actor as an event keeps them."""
    key = actor.key.beginning if actor.key else ""
    return Author(actor.user_id, actor.name, actor.place.code, actor.address, key)


def canonical(body: Mapping[str, Any]) -> str:
    """The one way an event is written as JSON: keys sorted, no spaces, Chinese as it is."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
