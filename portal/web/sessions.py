"""What the portal remembers between two requests of one browser.

Before sign-in that is a signed cookie, with a token against forged forms in it. From sign-in on it is a row of the
database, and the cookie holds nothing but the random token that finds it; so a session can be listed and ended. Who is
signed in is a column of that row and never an entry of the session.

The row is read at the first use of the session in a request, in a short transaction of its own, and written only when
something changed; that it is in use is noted once a minute.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, cast

import flask
from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature
from sqlalchemy.orm import Session

from portal.clock import now
from portal.config import Config
from portal.db import identity_transaction
from portal.domain.sign_in import SessionKind
from portal.queries.web_sessions import OpenSession, find_by_id, find_by_token
from portal.services import web_sessions

_IPV6_NETWORK = 64
_NOTED_EVERY = timedelta(minutes=1)
_PENDING_FOR = timedelta(minutes=10)


def bearer() -> bool:
    """Whether the request carries a bearer token. If it does, its cookie counts for nothing."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


@dataclass
class _Content:
    """The entries of a session, and the row they come from if there is one; `cookie` if it must be set anew."""

    row: OpenSession | None = None
    entries: dict[str, Any] = field(default_factory=dict)
    cookie: str | None = None


class PortalSession(SessionMixin):
    """The entries of a browser's session, read when they are first looked at."""

    def __init__(self, read: Callable[[], _Content]) -> None:
        self._read = read
        self._content: _Content | None = None
        self._before: dict[str, Any] = {}
        self._readable = True

    @property
    def content(self) -> _Content:
        """Entries and row. If they cannot be read the session is empty from then on, so that this can be said."""
        if self._content is None:
            self._content, self._readable = _Content(), False
            self._content, self._readable = self._read(), True
            self._before = dict(self._content.entries)
        return self._content

    @property
    def looked_at(self) -> bool:
        """Whether anything of this request may depend on what the session holds."""
        return self._content is not None and self._readable

    def changes(self) -> tuple[dict[str, Any], list[str]]:
        """Entries that are new or different, and names of those that are gone."""
        entries = self.content.entries
        changed = {name: value for name, value in entries.items() if self._before.get(name, ...) != value}
        return changed, sorted(self._before.keys() - entries.keys())

    def replace(self, content: _Content) -> None:
        """Go on with another session; nothing of the old one is left."""
        self._content, self._before = content, dict(content.entries)

    def __getitem__(self, name: str) -> Any:
        return self.content.entries[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.content.entries[name] = value

    def __delitem__(self, name: str) -> None:
        del self.content.entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content.entries)

    def __len__(self) -> int:
        return len(self.content.entries)


class PortalSessions(SecureCookieSessionInterface):
    """Flask's sessions, kept as the module says."""

    def __init__(self, config: Config) -> None:
        self.idle = timedelta(minutes=config.session_idle_minutes)
        self.lifetime = timedelta(hours=config.session_hours)

    def open_session(self, app: Flask, request: Request) -> PortalSession:  # type: ignore[override]  # ours is no SecureCookieSession
        """The session of the request's cookie; beside a bearer token there is none."""
        value = "" if bearer() else request.cookies.get(self.get_cookie_name(app), "")
        return PortalSession(lambda: self._read(app, value))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed, and set the cookie where it must be another."""
        if not isinstance(session, PortalSession) or not session.looked_at or bearer():
            return
        response.vary.add("Cookie")
        content = session.content
        changed, dropped = session.changes()
        if changed or dropped:
            if content.row is None:
                content.cookie = self._signed(app, content.entries)
            else:
                with identity_transaction() as db_session:
                    web_sessions.remember(db_session, content.row.id, _plain(changed), dropped)
        if content.cookie is not None:
            response.set_cookie(
                self.get_cookie_name(app),
                content.cookie,
                path=self.get_cookie_path(app),
                secure=self.get_cookie_secure(app),
                httponly=True,
                samesite=self.get_cookie_samesite(app),
            )

    def get_cookie_secure(self, app: Flask) -> bool:
        """Over HTTPS always, whatever the setting; `is_secure` believes trusted proxies only."""
        return super().get_cookie_secure(app) or request.is_secure

    def find_token(self, session_id: int) -> OpenSession | None:
        """The session that a program's token names, if it counts."""
        with identity_transaction() as db_session:
            return _noted(db_session, find_by_id(db_session, session_id, self.idle))

    def _read(self, app: Flask, value: str) -> _Content:
        if not value or "." in value:  # a token holds no dot, and what is signed does
            return _Content(entries=self._unsigned(app, value))
        with identity_transaction() as db_session:
            row = _noted(db_session, find_by_token(db_session, value, self.idle))
        return _Content() if row is None else _Content(row, dict(row.data))

    def _signed(self, app: Flask, entries: dict[str, Any]) -> str:
        signer = self.get_signing_serializer(app)
        return str(signer.dumps(entries)) if signer else ""

    def _unsigned(self, app: Flask, value: str) -> dict[str, Any]:
        signer = self.get_signing_serializer(app)
        try:
            entries = signer.loads(value, max_age=int(self.lifetime.total_seconds())) if signer and value else {}
        except BadSignature:
            return {}
        return cast("dict[str, Any]", entries)


def current() -> PortalSession:
    """The session of this request."""
    return cast("PortalSession", flask.session._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - werkzeug's name for it


def settings() -> PortalSessions:
    """The limits in force."""
    return cast("PortalSessions", current_app.session_interface)


def go_on_as(user_id: int, kind: SessionKind, method: str, entries: dict[str, Any]) -> None:
    """Go on in this browser with a new session, of this person; the one there was is over."""
    lifetime = _PENDING_FOR if kind is SessionKind.PENDING else settings().lifetime
    with identity_transaction() as db_session:
        _end_row(db_session)
        begun = web_sessions.begin(
            db_session, user_id, kind, method, lifetime, address=address(), user_agent=user_agent(), data=entries
        )
        row = find_by_token(db_session, begun.token, settings().idle)
    _replace(_Content(row, dict(entries), begun.token))


def go_on_as_nobody() -> None:
    """End the session of this browser."""
    with identity_transaction() as db_session:
        _end_row(db_session)
    _replace(_Content(cookie=""))


def address() -> str:
    """Where the request comes from."""
    return request.remote_addr or ""


def network() -> str:
    """Where the request comes from, for counting; of IPv6 the network, whose addresses one machine has by heaps.

    A proxy may name it otherwise (with a port, `unknown`, or not at all): then that counts as it stands.
    """
    try:
        here = ip_address(address())
    except ValueError:
        return address()
    return str(ip_network((here, _IPV6_NETWORK), strict=False) if isinstance(here, IPv6Address) else here)


def user_agent() -> str:
    """The program the request comes from, as it says."""
    return request.user_agent.string


def _end_row(db_session: Session) -> None:
    row = current().content.row
    if row is not None:
        web_sessions.end_one(db_session, row.user_id, row.id)


def _replace(content: _Content) -> None:
    current().replace(content)
    g.pop("csrf_token", None)  # Flask-WTF's, which belonged to the session before


def _noted(db_session: Session, row: OpenSession | None) -> OpenSession | None:
    """The same, and that it is in use."""
    if row is not None and now() - row.last_seen_at >= _NOTED_EVERY:
        web_sessions.touch(db_session, row.id)
    return row


def _plain(entries: dict[str, Any]) -> dict[str, Any]:
    """The entries as JSON keeps them; Flask-AppBuilder leaves messages that are only translated when they are shown."""
    return cast("dict[str, Any]", json.loads(json.dumps(entries, default=str)))
