"""Begin and end sessions of browsers and programs. All work in a `db.identity_transaction`."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql import cast

from portal.clock import now
from portal.domain.sign_in import SessionKind
from portal.models import WebSession
from portal.queries.web_sessions import key_of

_LONGEST_USER_AGENT = 200


@dataclass(frozen=True)
class Begun:
    """A new session; `token` is for the cookie, and stored nowhere else."""

    id: int
    token: str


def begin(
    session: Session,
    user_id: int,
    kind: SessionKind,
    method: str,
    lifetime: timedelta,
    *,
    address: str,
    user_agent: str,
    data: Mapping[str, Any] | None = None,
) -> Begun:
    """Begin a session of a person who has proved who they are."""
    token = secrets.token_urlsafe(32)
    present = now()
    row = WebSession(
        key=None if kind is SessionKind.TOKEN else key_of(token),
        user_id=user_id,
        kind=kind,
        method=method,
        data=dict(data or {}),
        created_at=present,
        last_seen_at=present,
        expires_at=present + lifetime,
        address=address,
        user_agent=user_agent[:_LONGEST_USER_AGENT],
    )
    session.add(row)
    session.flush()
    return Begun(row.id, token)


def touch(session: Session, session_id: int) -> None:
    """Note that the session is in use."""
    session.execute(update(WebSession).where(WebSession.id == session_id).values(last_seen_at=now()))


def remember(session: Session, session_id: int, changed: Mapping[str, Any], dropped: Collection[str]) -> None:
    """Change entries of a session; those that another request changes meanwhile stay as that one left them."""
    data = WebSession.data
    for name in dropped:
        data = data.op("-")(name)  # type: ignore[assignment]  # from the column to an expression of it
    merged = data.op("||")(cast(dict(changed), JSONB))
    session.execute(update(WebSession).where(WebSession.id == session_id).values(data=merged))


def end_one(session: Session, user_id: int, session_id: int) -> bool:
    """End a session of the person; False if it is not theirs, or was over."""
    return _end(session, WebSession.user_id == user_id, WebSession.id == session_id) > 0


def end_all(session: Session, user_id: int, *, but: int | None = None) -> int:
    """End every session of the person, in browsers and programs, except one if it is named; gives how many."""
    return _end(session, WebSession.user_id == user_id, *(() if but is None else (WebSession.id != but,)))


def remove_expired(session: Session) -> int:
    """Remove the rows of sessions past their end; gives how many."""
    return _end(session, WebSession.expires_at <= now())


def _end(session: Session, *which: ColumnElement[bool]) -> int:
    ended = session.scalars(delete(WebSession).where(*which).returning(WebSession.id))
    return len(ended.all())
