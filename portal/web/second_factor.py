"""The second factor of whoever is signing in or signed in: who owes one, and whether a code is theirs."""

from collections.abc import Collection
from functools import cache

from cryptography.fernet import Fernet
from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from portal.db import identity_transaction
from portal.domain.actors import Role
from portal.domain.sign_in import CODES
from portal.environment import ConfigInvalid
from portal.errors import PortalError
from portal.queries.accounts import find_credentials_by_id
from portal.queries.second_factor import must_have_second_factor, owes_second_factor
from portal.services import second_factor, sign_in_throttle
from portal.services.sign_in_events import Account, record_account_event
from portal.web.sessions import address

_REQUIRED_ROLES = "SECOND_FACTOR_ROLES"


class SecondFactorRequired(PortalError):
    """A program gave a right password, but not the code that belongs to it."""

    code = "second_factor_required"


class WrongCode(PortalError):
    """A program gave a right password and a wrong code."""

    code = "wrong_code"


class EnrolmentRequired(PortalError):
    """The person holds a role that asks for a second factor, and has none yet."""

    code = "second_factor_enrolment_required"


class TooManyCodes(PortalError):
    """Too many wrong codes came for this account; for a while none is looked at."""

    code = "too_many_codes"


def install(app: Flask, roles: Collection[str]) -> None:
    """Ask the holders of these roles for a second factor.

    Raises:
        ConfigInvalid: there is no such role.
    """
    unknown = sorted(set(roles) - set(Role))
    if unknown:
        raise ConfigInvalid(f"HUIZONG_SECOND_FACTOR may name {', '.join(Role)}, not {', '.join(unknown)}")
    app.config[_REQUIRED_ROLES] = frozenset(Role(name) for name in roles)


@cache
def _seal(secret_key: str) -> Fernet:
    return second_factor.seal_of(secret_key)


def seal() -> Fernet:
    """What the application seals secrets with."""
    return _seal(str(current_app.secret_key))


def required_roles() -> frozenset[Role]:
    """Roles whose holders must have a second factor."""
    roles: frozenset[Role] = current_app.config[_REQUIRED_ROLES]
    return roles


def is_required(session: Session, user_id: int) -> bool:
    """Whether one of the person's roles asks for a second factor."""
    return must_have_second_factor(session, user_id, required_roles())


def enrolled(user_id: int) -> bool:
    """Whether a code is asked for after the password."""
    with identity_transaction() as session:
        return second_factor.standing(session, user_id).enrolled


def owes_enrolment(user_id: int) -> bool:
    """Whether the person asking must have a second factor and has none; read once a request."""
    required = required_roles()
    if not required:
        return False
    if "owes_enrolment" not in g:
        with identity_transaction() as session:
            g.owes_enrolment = owes_second_factor(session, user_id, required)
    owes: bool = g.owes_enrolment
    return owes


def require_enrolment(user_id: int) -> None:
    """Stop whoever must have a second factor and has none.

    Raises:
        EnrolmentRequired: the person does.
    """
    if owes_enrolment(user_id):
        raise EnrolmentRequired


def is_right(user_id: int, code: str) -> bool:
    """Whether the code is the person's; it is spent then. A wrong one counts against the account.

    Raises:
        TooManyCodes: it was not even looked at.
    """
    key = str(user_id)
    with identity_transaction() as session:
        looked_at = sign_in_throttle.reserve(session, CODES, key)
    if not looked_at:
        raise TooManyCodes
    with identity_transaction() as session:
        account = account_of(session, user_id)
        right = second_factor.accept(session, account, code, seal(), address=address())
        if right:
            sign_in_throttle.forget(session, CODES, key)
        else:
            record_account_event(session, "second_factor_failed", account, address=address())
    return right


def check_program(user_id: int, code: str | None) -> None:
    """Ask a program for the code, if the person has a second factor.

    Raises:
        SecondFactorRequired: there is none in the request.
        WrongCode: it is not the person's, or was used before.
        EnrolmentRequired: the person must set one up first, in a browser.
        TooManyCodes: it was not even looked at.
    """
    if enrolled(user_id):
        if not code:
            raise SecondFactorRequired
        if not is_right(user_id, code):
            raise WrongCode
    require_enrolment(user_id)


def account_of(session: Session, user_id: int) -> Account:
    """The account, as the record of events names it."""
    found = find_credentials_by_id(session, user_id)
    return Account(found.user_id, found.username, found.name)
