"""Who is asking, and for which unit: the same answer for the session cookie, a bearer token and an API key."""

from dataclasses import dataclass, replace
from typing import Any

from flask import g, request, session
from flask_jwt_extended import verify_jwt_in_request

from portal.domain.policy import Actor
from portal.domain.sign_in import SessionKind
from portal.errors import NotPermitted, PortalError
from portal.queries.people import Identity, Position, actor_in
from portal.queries.web_sessions import OpenSession
from portal.web import presented_key
from portal.web.second_factor import require_enrolment
from portal.web.sessions import address, bearer, current

UNIT_HEADER = "Huizong-Unit"
"""With a bearer token: code of the unit acted for, when the person belongs to several."""

_API = "/api/"

BY_KEY = "api_key"
"""The method of a program that presents an API key."""


class NotSignedIn(PortalError):
    """Nobody is signed in, and this is not for everybody."""

    code = "not_signed_in"


class PasswordChangeRequired(PortalError):
    """The person has a password that somebody else knows, and must change it before anything else."""

    code = "password_change_required"


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, and how.

    Attributes:
        session_id: of the browser's or the token's session; None for a program without one.
        method: how they proved who they are: `password`, `ldap`, `oidc`, `api_key`.
    """

    identity: Identity
    session_id: int | None
    method: str
    must_change_password: bool = False

    @property
    def user_id(self) -> int:
        """Who it is."""
        return int(self.identity.user.id)


def signed_in() -> SignedIn | None:
    """Who is signed in, by cookie or by token; nobody who still owes the second factor.

    Tokens and keys are for programs, which ask the API: on pages nobody is signed in by them.

    Raises:
        flask_jwt_extended.exceptions.JWTExtendedException: the token is no good; answered with 401.
        PasswordChangeRequired: the token's owner must change the password first.
    """
    if bearer():
        if not request.path.startswith(_API):
            return None
        if "signed_in" not in g:
            by_key = presented_key.holder()
            if by_key is None:
                verify_jwt_in_request()
            else:
                g.signed_in = SignedIn(by_key.identity, None, BY_KEY)
        found: SignedIn = g.signed_in
        return found
    row = current().content.row
    return None if row is None or row.kind is SessionKind.PENDING else _of(row)


def admit(row: OpenSession) -> None:
    """Let the request's token count: its session does.

    Raises:
        PasswordChangeRequired: the person must change the password first.
        EnrolmentRequired: the person must set up a second factor first.
    """
    if row.must_change_password:
        raise PasswordChangeRequired
    require_enrolment(row.user_id)
    g.signed_in = _of(row)


def _of(row: OpenSession) -> SignedIn:
    return SignedIn(row.identity, row.id, row.method, row.must_change_password)


def find_user() -> Any | None:
    """The person asking, as Flask-AppBuilder's user, if there is one.

    Raises:
        flask_jwt_extended.exceptions.JWTExtendedException: the token is no good; answered with 401.
    """
    found = signed_in()
    return None if found is None else found.identity.user


def person_name(user: Any) -> str:
    """The real name: Chinese family name first and no space, else as Flask-AppBuilder writes it."""
    first, last = str(user.first_name), str(user.last_name)
    return f"{first} {last}".strip() if (first + last).isascii() else last + first


def find_current_actor() -> Actor | None:
    """The person asking, acting for a unit; None for nobody, or for somebody without a unit."""
    if "actor" not in g:
        g.actor = None if find_user() is None else _acting()
    actor: Actor | None = g.actor
    return actor


def _acting() -> Actor | None:
    """The unit of the key, named by the request's header, or chosen in the browser unless the person left it since."""
    by_key = presented_key.holder()
    if by_key is not None:
        named = request.headers.get(UNIT_HEADER, by_key.unit_code)
        actor = _look_up(by_key.unit_code) if named == by_key.unit_code else None
        return actor and replace(actor, key=by_key.key)
    if bearer():
        return _look_up(request.headers.get(UNIT_HEADER))
    chosen = session.get("unit")
    return (_look_up(chosen) if chosen else None) or _look_up(None)


def _look_up(unit_code: str | None) -> Actor | None:
    user = find_user()
    if user is None:
        return None
    return actor_in(positions(), user.id, person_name(user), unit_code=unit_code, address=address())


def positions() -> tuple[Position, ...]:
    """All that the person asking is today, and where; nothing if nobody is."""
    found = signed_in()
    return () if found is None else found.identity.positions


def current_actor() -> Actor:
    """The person asking, acting for a unit.

    Raises:
        NotSignedIn: nobody is signed in.
        NotPermitted: the person belongs to no unit, or not to the one asked for.
    """
    actor = find_current_actor()
    if actor is not None:
        return actor
    if find_user() is None:
        raise NotSignedIn
    raise NotPermitted("act_for_unit")


def act_for(unit_code: str) -> None:
    """From now on act for this unit in this browser.

    Raises:
        NotPermitted: the person does not belong to it.
    """
    if find_user() is None:
        raise NotSignedIn
    actor = _look_up(unit_code)
    if actor is None:
        raise NotPermitted("act_for_unit")
    session["unit"] = unit_code
    g.actor = actor
