"""Accounts by their user name, for commands that act for a person."""

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.errors import NotFound, NotPermitted
from portal.queries.people import find_actor
from portal.web.identity import person_name


def actor_of(session: Session, username: str, *, unit_code: str | None = None) -> Actor:
    """The person acting for a unit of theirs: the first, unless one is named.

    Raises:
        NotFound: there is no such account, or it is switched off.
        NotPermitted: the person belongs to no unit, or not to the one named.
    """
    user = session.scalar(select(User).where(User.username == username, User.active))
    if user is None:
        raise NotFound("person", username)
    actor = find_actor(session, user.id, person_name(user), unit_code=unit_code)
    if actor is None:
        raise NotPermitted("act_for_unit")
    return actor
