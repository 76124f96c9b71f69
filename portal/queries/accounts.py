"""Accounts as signing in and administering them need them. The session must see all accounts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from portal.clock import now
from portal.domain.people import full_name
from portal.domain.sign_in import ACCOUNT
from portal.errors import NotFound
from portal.models import Account, SignInThrottle


@dataclass(frozen=True)
class Credentials:
    """What a password is checked against."""

    user_id: int
    username: str
    name: str
    password_hash: str | None
    active: bool


@dataclass(frozen=True)
class Standing:
    """What stands between a person and signing in."""

    locked_until: datetime | None
    must_change_password: bool


def find_credentials(session: Session, name: str) -> Credentials | None:
    """The account with this user name, or else with this e-mail; capitals do not matter."""
    wanted = name.lower()
    by_username = func.lower(User.username) == wanted
    query = (
        select(User)
        .where(or_(by_username, func.lower(User.email) == wanted))
        .order_by(by_username.desc(), User.id)
        .limit(1)
    )
    user = session.scalar(query)
    return None if user is None else _credentials(user)


def find_credentials_by_id(session: Session, user_id: int) -> Credentials:
    """The account of a person who is known.

    Raises:
        NotFound: there is no such account.
    """
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("person", user_id)
    return _credentials(user)


def standings(session: Session, user_ids: Collection[int]) -> dict[int, Standing]:
    """The standing of each of these accounts."""
    locked = and_(
        SignInThrottle.kind == ACCOUNT.kind,
        SignInThrottle.key == cast(User.id, String),
        SignInThrottle.blocked_until > now(),
    )
    query = (
        select(User.id, SignInThrottle.blocked_until, func.coalesce(Account.must_change_password, False))
        .outerjoin(Account, Account.user_id == User.id)
        .outerjoin(SignInThrottle, locked)
        .where(User.id.in_(user_ids))
    )
    return {user_id: Standing(until, must_change) for user_id, until, must_change in session.execute(query)}


def password_changed_at(session: Session, user_id: int) -> datetime | None:
    """When the password was last set, as far as it is known."""
    return session.scalar(select(Account.password_changed_at).where(Account.user_id == user_id))


def _credentials(user: User) -> Credentials:
    name = full_name(user.first_name, user.last_name)
    return Credentials(user.id, user.username, name, user.password, bool(user.active))
