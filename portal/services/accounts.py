"""Accounts of other people, by those who administer them: off and on, new password, locks, sessions, second factor.

Each asks first whether the account is the actor's to change, and is not the actor's own: that is changed on the account
page, which asks for the password. Only then is the transaction opened to the tables of identity, which row-level
security keeps from everybody else.

All raise NotFound (no such person within the actor's sight), NotPermitted (the account is not the actor's to change)
and InvalidInput (it is the actor's own).
"""

from sqlalchemy.orm import Session

from portal.db import open_accounts
from portal.domain.policy import Actor
from portal.domain.sign_in import ACCOUNT, CODES
from portal.errors import InvalidInput
from portal.queries.person_search import PersonRow
from portal.services import api_keys, second_factor, sign_in_throttle, web_sessions
from portal.services.administering import change_account, governed, keep_last_administrator, record_about
from portal.services.directory import has_directory
from portal.services.passwords import set_first_password


def switch_off(session: Session, actor: Actor, user_id: int) -> None:
    """Let nobody sign in with the account any more; browsers and programs are out at once, keys are void.

    Raises:
        InvalidInput: also if it is the last system administrator's.
    """
    person = _other(session, actor, user_id)
    if not person.active:
        return
    keep_last_administrator(session, person.standing_roles)
    change_account(session, user_id, active=False)
    _open(session, actor, "account_switched_off", person)
    web_sessions.end_all(session, user_id)
    api_keys.revoke_all(session, user_id)


def switch_on(session: Session, actor: Actor, user_id: int) -> None:
    """Let the person sign in again, with the password of before."""
    person = _other(session, actor, user_id)
    if person.active:
        return
    change_account(session, user_id, active=True)
    record_about(session, actor, "account_switched_on", person)


def reset_password(session: Session, actor: Actor, user_id: int) -> str:
    """Replace the password by a random one, to be changed at the next sign-in; gives it, for it is nowhere else.

    Raises:
        InvalidInput: also if the person signs in by a directory, and has no password here.
    """
    person = _other(session, actor, user_id)
    _open(session, actor, "password_reset", person)
    if has_directory(session, user_id):
        raise InvalidInput("account", "from_directory")
    return set_first_password(session, user_id)


def unlock(session: Session, actor: Actor, user_id: int) -> None:
    """Forget failed sign-ins, so that the person need not wait."""
    _open(session, actor, "account_unlocked", _other(session, actor, user_id))
    for limit in (ACCOUNT, CODES):
        sign_in_throttle.forget(session, limit, str(user_id))


def end_sessions(session: Session, actor: Actor, user_id: int) -> None:
    """Sign the person out everywhere."""
    _open(session, actor, "sessions_ended", _other(session, actor, user_id))
    web_sessions.end_all(session, user_id)


def reset_second_factor(session: Session, actor: Actor, user_id: int) -> None:
    """Forget the second factor of somebody who lost the telephone."""
    _open(session, actor, "second_factor_reset", _other(session, actor, user_id))
    second_factor.turn_off(session, user_id)


def revoke_keys(session: Session, actor: Actor, user_id: int) -> None:
    """Void all of the person's API keys."""
    _open(session, actor, "keys_revoked", _other(session, actor, user_id))
    api_keys.revoke_all(session, user_id)


def _other(session: Session, actor: Actor, user_id: int) -> PersonRow:
    if user_id == actor.user_id:
        raise InvalidInput("account", "own_account")
    return governed(session, actor, user_id)


def _open(session: Session, actor: Actor, kind: str, person: PersonRow) -> None:
    """Record what is done to the account, and let the transaction do it."""
    record_about(session, actor, kind, person)
    open_accounts(session.connection())
