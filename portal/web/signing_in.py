"""The one road in: a name and a password are checked, a second factor is asked for, a session begins.

Forms, the API, a directory and a provider of identities differ in how they find out who somebody is. From there on
they all go through `finish` (browsers) or `issue_tokens` (programs).
"""

import logging
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256

from flask import redirect, session, url_for
from flask_appbuilder.security.sqla.models import User
from flask_jwt_extended import create_access_token, create_refresh_token
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.clock import now
from portal.db import identity_transaction
from portal.domain.directory import DirectoryUnavailable, NotAdmitted
from portal.domain.sign_in import ACCOUNT, ADDRESS, SessionKind, SignInRefused, TooManyFailures
from portal.queries.accounts import Credentials, find_credentials, find_credentials_by_id, standings
from portal.services import sign_in_throttle as throttle
from portal.services import web_sessions
from portal.services.directory import has_directory
from portal.services.passwords import renew_hash, verify
from portal.services.sign_in_events import Account, record_account_event
from portal.web import second_factor, sessions
from portal.web.directories import directories, let_in
from portal.web.identity import PasswordChangeRequired, signed_in

log = logging.getLogger(__name__)

SESSION_CLAIM = "sid"
"""In a bearer token: id of the session that it belongs to."""

_NEXT = "next"


@dataclass(frozen=True)
class FirstFactor:
    """Whose name and password were right, and who said so: `password` or `ldap`."""

    user_id: int
    method: str


@dataclass(frozen=True)
class Pending:
    """Somebody who has passed the first factor."""

    user_id: int
    method: str
    next_url: str


def authenticate(name: str, password: str) -> FirstFactor:
    """Whose name (or e-mail) and password these are.

    Raises:
        SignInRefused: nobody's, or too many attempts at this name have failed.
        TooManyFailures: too many attempts from this address have failed.
        NotAdmitted: somebody's whom the directory knows, but the portal does not let in.
        DirectoryUnavailable: the directory does not answer.
    """
    with identity_transaction() as db_session:
        known = find_credentials(db_session, name)
        key = str(known.user_id) if known else sha256(name.lower().encode()).hexdigest()
        heard = throttle.reserve(db_session, ADDRESS, sessions.network())
        unlocked = heard and throttle.reserve(db_session, ACCOUNT, key)
    if not heard:
        log.warning("sign-in from %s is blocked for too many failures", sessions.address())
        raise TooManyFailures
    try:
        passed = _first_factor(name, password, known) if unlocked else None
    except (NotAdmitted, DirectoryUnavailable):  # the password was right, or nobody has looked at it
        with identity_transaction() as db_session:
            throttle.give_back(db_session, ADDRESS, sessions.network())
            throttle.give_back(db_session, ACCOUNT, key)
        raise
    if passed is None:
        _note_failure(name, known, key, "wrong" if unlocked else "locked")
        raise SignInRefused
    with identity_transaction() as db_session:
        # The address first, as above, lest two attempts wait for each other in a ring.
        throttle.give_back(db_session, ADDRESS, sessions.network())
        throttle.forget(db_session, ACCOUNT, key)
    return passed


def _first_factor(name: str, password: str, known: Credentials | None) -> FirstFactor | None:
    """Whose name and password these are. A name that has a password here is not looked for in the directory."""
    local = known if known is not None and _signs_in_here(known) else None
    find_in_ldap = directories().find_in_ldap
    if local is None and find_in_ldap is not None:
        person = find_in_ldap(name, password)
        return None if person is None else FirstFactor(let_in(person), "ldap")
    active = local if local is not None and local.active else None
    if not verify(active.password_hash if active else None, password) or active is None:
        return None
    with identity_transaction() as db_session:
        renew_hash(db_session, active.user_id, str(active.password_hash), password)
    return FirstFactor(active.user_id, "password")


def _signs_in_here(known: Credentials) -> bool:
    """Whether a password of our own counts for this account: not for somebody whom a directory vouches for."""
    if not directories().settings.local_password(known.username):
        return False
    with identity_transaction() as db_session:
        return not has_directory(db_session, known.user_id)


# --- Browsers -----------------------------------------------------------------------------------------------------


def finish(user_id: int, method: str, next_url: str) -> Response:
    """Where a browser goes whose person has passed the first factor: to the second, or on as signed in.

    Args:
        user_id: an active account.
        method: how it was passed: `password`, `ldap`, `oidc`.
        next_url: an address of ours to go to at last.
    """
    passed = Pending(user_id, method, next_url)
    due = _second_factor_due(user_id)
    if due is None:
        return complete(passed)
    sessions.go_on_as(user_id, SessionKind.PENDING, method, {_NEXT: next_url})
    return redirect(due)


def _second_factor_due(user_id: int) -> str | None:
    """The page that asks for the second factor, if one is due."""
    return url_for("second_factor.code") if second_factor.enrolled(user_id) else None


def pending() -> Pending | None:
    """Who has passed the first factor in this browser, and not yet the second."""
    row = sessions.current().content.row
    if row is None or row.kind is not SessionKind.PENDING:
        return None
    return Pending(row.user_id, row.method, session[_NEXT])


def complete(passed: Pending) -> Response:
    """Sign in whoever has passed every factor that is asked of them."""
    sessions.go_on_as(passed.user_id, SessionKind.BROWSER, passed.method, {})
    with identity_transaction() as db_session:
        _note_success(db_session, passed.user_id, passed.method, SessionKind.BROWSER)
    return redirect(passed.next_url)


def sign_out() -> None:
    """End this browser's session, half-way in or all the way."""
    found = signed_in()
    if found is not None:
        with identity_transaction() as db_session:
            account = _account(db_session, found.user_id)
            record_account_event(db_session, "signed_out", account, address=sessions.address())
    sessions.go_on_as_nobody()


# --- Programs -----------------------------------------------------------------------------------------------------


def issue_tokens(user_id: int, method: str, *, refresh: bool) -> dict[str, str]:
    """Bearer tokens of a person who has passed every factor, tied to a session that can be listed and ended.

    Raises:
        PasswordChangeRequired: the person must change the password first, on the page.
    """
    with identity_transaction() as db_session:
        if standings(db_session, [user_id])[user_id].must_change_password:
            raise PasswordChangeRequired
        begun = web_sessions.begin(
            db_session,
            user_id,
            SessionKind.TOKEN,
            method,
            sessions.settings().lifetime,
            address=sessions.address(),
            user_agent=sessions.user_agent(),
        )
        _note_success(db_session, user_id, method, SessionKind.TOKEN)
    tokens = {"access_token": access_token(user_id, begun.id, fresh=True)}
    if refresh:
        tokens["refresh_token"] = create_refresh_token(str(user_id), additional_claims={SESSION_CLAIM: begun.id})
    return tokens


def access_token(user_id: int, session_id: int, *, fresh: bool) -> str:
    """A token that counts for an hour, and no longer than its session."""
    token: str = create_access_token(str(user_id), fresh=fresh, additional_claims={SESSION_CLAIM: session_id})
    return token


# --- The record -----------------------------------------------------------------------------------------------------


def _note_success(db_session: Session, user_id: int, method: str, kind: SessionKind) -> None:
    """Count the sign-in where Flask-AppBuilder shows it, and put it on record."""
    signed_in_at = now().astimezone(UTC).replace(tzinfo=None)  # Flask-AppBuilder's instants have no zone
    db_session.execute(
        update(User)
        .where(User.id == user_id)
        .values(login_count=User.login_count + 1, last_login=signed_in_at, fail_login_count=0)
    )
    account = _account(db_session, user_id)
    what = {"method": method, "kind": kind}
    record_account_event(db_session, "signed_in", account, address=sessions.address(), after=what)


def _note_failure(name: str, known: Credentials | None, key: str, why: str) -> None:
    log.info("sign-in refused from %s: %s", sessions.address(), why)
    account = Account(known.user_id, known.username, known.name) if known else Account(None, name)
    with identity_transaction() as db_session:
        address = sessions.address()
        record_account_event(db_session, "sign_in_failed", account, address=address, after={"why": why})
        until = throttle.blocked_until(db_session, ACCOUNT, key)
        if why == "wrong" and until is not None:
            locked = {"until": until.isoformat()}
            record_account_event(db_session, "account_locked", account, address=address, after=locked)


def _account(db_session: Session, user_id: int) -> Account:
    found = find_credentials_by_id(db_session, user_id)
    return Account(found.user_id, found.username, found.name)
