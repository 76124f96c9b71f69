"""Passwords: hash, check, set for the first time, change. All that write work in a `db.identity_transaction`."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from portal.clock import now
from portal.domain.passwords import PasswordProblem, normalised, problem_of, random_password
from portal.domain.sign_in import ACCOUNT
from portal.errors import NotFound, PortalError
from portal.models import Account
from portal.queries.people import list_places
from portal.services.sign_in_throttle import forget
from portal.services.web_sessions import end_all

_ARGON2ID = "$argon2id$"
_LONGEST_TYPED = 1024
"""Nothing longer was ever a password, and it would take long to hash."""

# Second of the settings recommended by the OWASP Password Storage Cheat Sheet: 16 threads at once take 300 MiB.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class WrongPassword(PortalError):
    """The present password, asked for once more, is another one."""

    code = "wrong_password"


class PasswordRefused(PortalError):
    """The new password is not good enough."""

    code = "password_refused"

    def __init__(self, problem: PasswordProblem) -> None:
        super().__init__(problem)
        self.problem = problem


def hash_password(password: str) -> str:
    """The argon2id hash to store, with its settings and salt."""
    return _hasher.hash(normalised(password))


_NOBODYS = hash_password(random_password())


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; takes as long when there is none.

    Hashes of Werkzeug, of accounts made before argon2id was used, are understood too.
    """
    if len(password) > _LONGEST_TYPED:
        return False
    if stored and not stored.startswith(_ARGON2ID):
        return check_password_hash(stored, password)
    try:
        return _hasher.verify(stored or _NOBODYS, normalised(password)) and bool(stored)
    except (Argon2Error, InvalidHashError):
        return False


def renew_hash(session: Session, user_id: int, stored: str, password: str) -> None:
    """Hash the right password anew if its hash is not made as it would be today."""
    if not stored.startswith(_ARGON2ID) or _hasher.check_needs_rehash(stored):
        _store(session, user_id, password)


def set_first_password(session: Session, user_id: int) -> str:
    """Give the account a random password, which the person must change; unlocks it and ends all its sessions.

    Returns:
        The password, to be shown once: nothing stored leads back to it.
    """
    password = random_password()
    _store(session, user_id, password)
    _note(session, user_id, must_change=True)
    forget(session, ACCOUNT, str(user_id))
    end_all(session, user_id)
    return password


def change_password(session: Session, user_id: int, old: str, new: str, *, keep_session: int | None = None) -> None:
    """Change one's own password; ends all other sessions.

    Raises:
        NotFound: there is no such account.
        WrongPassword: `old` is not the present password.
        PasswordRefused: the new one is not good enough.
    """
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("person", user_id)
    if not verify(user.password, old):
        raise WrongPassword
    if normalised(new) == normalised(old):
        raise PasswordRefused(PasswordProblem.UNCHANGED)
    problem = problem_of(new, _about(session, user))
    if problem is not None:
        raise PasswordRefused(problem)
    _store(session, user_id, new)
    _note(session, user_id, must_change=False)
    end_all(session, user_id, but=keep_session)


def _about(session: Session, user: User) -> list[str]:
    """What a guesser would try first for this person."""
    names = [user.username, user.email, user.first_name, user.last_name, user.last_name + user.first_name]
    places = list_places(session, user.id)
    return [name for name in [*names, *(place.code for place in places), *(place.name for place in places)] if name]


def _store(session: Session, user_id: int, password: str) -> None:
    session.execute(update(User).where(User.id == user_id).values(password=hash_password(password)))


def _note(session: Session, user_id: int, *, must_change: bool) -> None:
    values = {"must_change_password": must_change, "password_changed_at": now()}
    session.execute(
        insert(Account).values(user_id=user_id, **values).on_conflict_do_update(index_elements=["user_id"], set_=values)
    )
