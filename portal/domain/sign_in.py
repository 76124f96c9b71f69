"""What signing in is: kinds of sessions, and how many failures are borne."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portal.errors import PortalError


class SessionKind(StrEnum):
    """Who holds a session."""

    BROWSER = "browser"
    TOKEN = "token"  # noqa: S105 - a program with a bearer token
    PENDING = "pending"  # a browser whose person still owes the second factor: signed in nowhere


@dataclass(frozen=True)
class Limit:
    """How many failures of one kind are borne.

    Attributes:
        kind: what is counted, such as accounts.
        failures: from this one on, further attempts are refused unseen.
        blocked_for: how long after the last failure they are.
        remembered_for: after so long, counted from the first failure, counting starts afresh.
    """

    kind: str
    failures: int
    blocked_for: timedelta
    remembered_for: timedelta


ACCOUNT = Limit("account", failures=5, blocked_for=timedelta(minutes=15), remembered_for=timedelta(days=1))
ADDRESS = Limit("address", failures=50, blocked_for=timedelta(minutes=15), remembered_for=timedelta(minutes=15))
CODES = Limit("second_factor", failures=5, blocked_for=timedelta(minutes=15), remembered_for=timedelta(days=1))
KEYS = Limit("api_key", failures=50, blocked_for=timedelta(minutes=15), remembered_for=timedelta(minutes=15))
LIMITS = (ACCOUNT, ADDRESS, CODES, KEYS)


class SignInRefused(PortalError):
    """No: the name, the password, the account's state or too many failures. Which of them is not told."""

    code = "invalid_credentials"


class TooManyFailures(PortalError):
    """So many attempts failed from this address that further ones are not looked at; says nothing about accounts."""

    code = "too_many_failures"
