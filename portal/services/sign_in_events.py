"""Record what happens to accounts: signing in and failing to, passwords, second factors, keys, sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.models import PORTAL_CHAIN
from portal.queries.people import list_places
from portal.services import events
from portal.services.events import Author

_LONGEST_NAME = 64
"""Of a user name that nobody has: who mistook the box may have typed anything."""


@dataclass(frozen=True)
class Account:
    """Whose account it is; `user_id` is None, and the name empty, for a user name that nobody has."""

    user_id: int | None
    username: str
    name: str = ""


def record_account_event(
    session: Session,
    kind: str,
    account: Account,
    *,
    address: str,
    by: Actor | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an event about an account, to the chain of the person's first unit; the portal's own if there is none.

    Args:
        session: one that sees memberships, of `portal.db.identity_transaction`.
        kind: of `portal.domain.event_kinds.KINDS`.
        account: whose.
        address: where the request came from.
        by: who did it, if it was not the person.
        before: what was; never a password, a code or a key.
        after: what is now; the same.
    """
    place = next(iter(list_places(session, account.user_id)), None) if account.user_id is not None else None
    unit_code, root_id = (place.code, place.root_id) if place else ("", PORTAL_CHAIN)
    author = events.author_of(by) if by else Author(account.user_id, account.name, unit_code, address)
    subject = account.username[:_LONGEST_NAME]
    events.record_by(session, author, kind, subject, unit_code, root_id, before=before, after=after)
