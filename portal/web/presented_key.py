"""The API key that a program presents in place of a token: `Authorization: Bearer hzk_…`."""

from flask import g, request

from portal.db import identity_transaction
from portal.domain.actors import KeyScope
from portal.domain.api_keys import beginning, is_key
from portal.domain.sign_in import KEYS, TooManyFailures
from portal.errors import NotPermitted, PortalError
from portal.services import api_keys, sign_in_throttle
from portal.services.api_keys import Holder
from portal.services.sign_in_events import Account, record_account_event
from portal.web import sessions
from portal.web.second_factor import require_enrolment

_WHERE = "/api/v1/"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyRefused(PortalError):
    """The API key is unknown, revoked or past its day, or its holder's account is switched off."""

    code = "invalid_key"


def holder() -> Holder | None:
    """In whose name the request's key asks; None if it carries none, or where keys count for nothing.

    Raises:
        KeyRefused: the key is no good.
        TooManyFailures: the same, once too often from this address.
        EnrolmentRequired: its holder must set up a second factor first.
        NotPermitted: it is for reading only, and the request would write.
    """
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if not (sessions.bearer() and is_key(token) and request.path.startswith(_WHERE)):
        return None
    if "key_holder" not in g:
        g.key_holder = _recognised(token)
    found: Holder = g.key_holder
    return found


def _recognised(token: str) -> Holder:
    with identity_transaction() as session:
        found = api_keys.recognise(session, token)
    if found is None:
        _refuse(token)
        raise KeyRefused
    require_enrolment(found.identity.user.id)
    if found.key.scope is KeyScope.READ and request.method not in _READING:
        raise NotPermitted("write_with_this_key")
    return found


def _refuse(token: str) -> None:
    with identity_transaction() as session:
        counted = sign_in_throttle.reserve(session, KEYS, sessions.network())
        if counted:
            presented = Account(None, beginning(token))
            record_account_event(session, "key_refused", presented, address=sessions.address())
    if not counted:
        raise TooManyFailures
