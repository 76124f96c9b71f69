"""Who is asking, and for which unit: the same answer for the session cookie and for a bearer token."""

from typing import Any

from flask import g, request, session
from flask_jwt_extended import get_current_user, verify_jwt_in_request
from flask_login import current_user

from portal.db import identity_transaction
from portal.domain.policy import Actor
from portal.errors import NotPermitted, PortalError
from portal.queries.people import find_actor

UNIT_HEADER = "Huizong-Unit"
"""With a bearer token: code of the unit acted for, when the person belongs to several."""


class NotSignedIn(PortalError):
    """Nobody is signed in, and this is not for everybody."""

    code = "not_signed_in"


def bearer() -> bool:
    """Whether the request carries a bearer token. If it does, its cookie counts for nothing."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def find_user() -> Any | None:
    """The person asking, as Flask-AppBuilder's user, if there is one.

    Raises:
        flask_jwt_extended.exceptions.JWTExtendedException: the token is no good; answered with 401.
    """
    if bearer():
        verify_jwt_in_request()
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
    """The unit named by the request's header, or chosen in the browser unless the person left it since."""
    if bearer():
        return _look_up(user, request.headers.get(UNIT_HEADER))
    chosen = session.get("unit")
    return (_look_up(user, chosen) if chosen else None) or _look_up(user, None)


def _look_up(user: Any, unit_code: str | None) -> Actor | None:
    with identity_transaction() as db_session:
        return find_actor(
            db_session, user.id, person_name(user), unit_code=unit_code, address=request.remote_addr or ""
        )


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
