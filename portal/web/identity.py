"""Who is asking, and for which unit: the same answer for the session cookie, a bearer token and an API key."""

from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, g, request, session
from flask_jwt_extended import get_current_user, verify_jwt_in_request
from flask_login import current_user

from portal.db import identity_transaction
from portal.domain.policy import Actor
from portal.domain.sign_in import SessionKind
from portal.errors import NotPermitted, PortalError
from portal.queries.people import Position, actor_in, list_positions
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

    user_id: int
    session_id: int | None
    method: str
    must_change_password: bool = False


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
                g.signed_in = SignedIn(by_key.user_id, None, BY_KEY)
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
    return SignedIn(row.user_id, row.id, row.method, row.must_change_password)


def find_user() -> Any | None:
    """The person asking, as Flask-AppBuilder's user, if there is one.

    Raises:
        flask_jwt_extended.exceptions.JWTExtendedException: the token is no good; answered with 401.
    """
    if bearer():
        found = signed_in()
        if found is None:
            return None
        if found.method == BY_KEY:
            return current_app.extensions["appbuilder"].sm.load_user(found.user_id)
        return get_current_user()
    return current_user if current_user.is_authenticated else None


def person_name(user: Any) -> str:
    """The real name: Chinese family name first and no space, else as Flask-AppBuilder writes it."""
    first, last = str(user.first_name), str(user.last_name)
    return f"{first} {last}".strip() if (first + last).isascii() else last + first


def find_current_actor() -> Actor | None:
    """The person asking, acting for a unit; None for nobody, or for somebody without a unit."""
    if "actor" not in g:
        user = find_user()
        g.actor = None if user is None else _acting(user)
    actor: Actor | None = g.actor
    return actor


def _acting(user: Any) -> Actor | None:
    """The unit of the key, named by the request's header, or chosen in the browser unless the person left it since."""
    by_key = presented_key.holder()
    if by_key is not None:
        named = request.headers.get(UNIT_HEADER, by_key.unit_code)
        actor = _look_up(user, by_key.unit_code) if named == by_key.unit_code else None
        return actor and replace(actor, key=by_key.key)
    if bearer():
        return _look_up(user, request.headers.get(UNIT_HEADER))
    chosen = session.get("unit")
    return (_look_up(user, chosen) if chosen else None) or _look_up(user, None)


def _look_up(user: Any, unit_code: str | None) -> Actor | None:
    return actor_in(positions(user), user.id, person_name(user), unit_code=unit_code, address=address())


def positions(user: Any) -> tuple[Position, ...]:
    """All that the person asking is today, and where; read once a request."""
    if "positions" not in g:
        with identity_transaction() as db_session:
            g.positions = tuple(list_positions(db_session, user.id))
    found: tuple[Position, ...] = g.positions
    return found


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
    user = find_user()
    if user is None:
        raise NotSignedIn
    actor = _look_up(user, unit_code)
    if actor is None:
        raise NotPermitted("act_for_unit")
    session["unit"] = unit_code
    g.actor = actor
