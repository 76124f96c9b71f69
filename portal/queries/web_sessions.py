"""Who is signed in where."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.clock import now
from portal.domain.sign_in import SessionKind
from portal.models import Account, WebSession
from portal.queries.people import Identity, identify

_LONGEST_LIST = 50
"""A program may sign in anew for every question it asks."""


@dataclass(frozen=True)
class OpenSession:
    """A session that counts, as a request needs it.

    Attributes:
        identity: whose it is, read with it so that nobody must ask again.
    """

    id: int
    identity: Identity
    kind: SessionKind
    method: str
    data: dict[str, Any]
    last_seen_at: datetime
    must_change_password: bool

    @property
    def user_id(self) -> int:
        """Whose it is."""
        return int(self.identity.user.id)


@dataclass(frozen=True)
class ListedSession:
    """A session as its person sees it in a list."""

    id: int
    kind: SessionKind
    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str


def key_of(token: str) -> bytes:
    """What is stored of the token in a browser's cookie: nobody can get back from it to the token."""
    return sha256(token.encode()).digest()


def find_by_token(session: Session, token: str, idle: timedelta) -> OpenSession | None:
    """The session of a browser's cookie, if it counts."""
    return _find(session, _BY_KEY, {"key": key_of(token)}, idle)


def find_by_id(session: Session, session_id: int, idle: timedelta) -> OpenSession | None:
    """The session of a program's token, if it counts."""
    return _find(session, _BY_ID, {"id": session_id}, idle)


def list_sessions(session: Session, user_id: int, idle: timedelta) -> list[ListedSession]:
    """Where a person is signed in, last seen first and not without end; not where they owe the second factor."""
    query = (
        select(WebSession)
        .where(WebSession.user_id == user_id, WebSession.kind != SessionKind.PENDING, _COUNTS)
        .order_by(WebSession.last_seen_at.desc(), WebSession.id)
        .limit(_LONGEST_LIST)
    )
    return [
        ListedSession(row.id, SessionKind(row.kind), row.created_at, row.last_seen_at, row.address, row.user_agent)
        for row in session.scalars(query, _as_of_now(idle))
    ]


def _as_of_now(idle: timedelta) -> dict[str, datetime]:
    """What `_COUNTS` asks for."""
    present = now()
    return {"present": present, "left_alone_since": present - idle}


# Neither past its end nor, in a browser, left alone for too long.
_COUNTS = (WebSession.expires_at > bindparam("present")) & or_(
    WebSession.kind != SessionKind.BROWSER, WebSession.last_seen_at > bindparam("left_alone_since")
)
_FOUND = (
    select(WebSession, User, func.coalesce(Account.must_change_password, False))
    .join(User, User.id == WebSession.user_id)
    .outerjoin(Account, Account.user_id == WebSession.user_id)
    .where(_COUNTS, User.active)
)
_BY_KEY = _FOUND.where(WebSession.key == bindparam("key"))
_BY_ID = _FOUND.where(WebSession.id == bindparam("id"))


def _find(
    session: Session, query: Select[WebSession, User, bool], which: dict[str, object], idle: timedelta
) -> OpenSession | None:
    found = session.execute(query, {**which, **_as_of_now(idle)}).one_or_none()
    if found is None:
        return None
    row, user, must_change = found
    identity = identify(session, user)
    return OpenSession(row.id, identity, SessionKind(row.kind), row.method, row.data, row.last_seen_at, must_change)
