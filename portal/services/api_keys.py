"""Make and revoke API keys, and recognise one.

Every function takes a session that sees accounts: `db.identity_transaction`, or an actor's with `db.open_accounts`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.domain import api_keys
from portal.domain.actors import Actor, Key, KeyScope
from portal.domain.policy import Permission, Subject, require
from portal.errors import InvalidInput, NotFound
from portal.models import ApiKey, Unit
from portal.queries.people import Identity, identify
from portal.services.sign_in_events import Account, record_account_event

LONGEST_NAME = 60
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Holder:
    """In whose name a key asks, and for which unit."""

    identity: Identity
    unit_code: str
    key: Key


def make(session: Session, actor: Actor, account: Account, name: str, scope: KeyScope, expires_on: date) -> str:
    """A key of the actor, whose account it is, for their unit; what is returned cannot be had again.

    Raises:
        NotPermitted: it is not a person who asks.
        InvalidInput: there is no name, or it would last too long or not at all.
    """
    require(actor, Permission.HOLD_KEYS, Subject(actor.place.path))
    name = name.strip()
    if not name:
        raise InvalidInput("name", "nameless")
    if len(name) > LONGEST_NAME:
        raise InvalidInput("name", "too_long")
    if not clock.today() <= expires_on <= clock.today() + api_keys.LONGEST_LIFE:
        raise InvalidInput("expires_on", "not_within_a_year", expires_on)
    key = api_keys.new_key()
    made = {"scope": str(scope), "expires_on": expires_on, "beginning": api_keys.beginning(key)}
    session.add(
        ApiKey(
            user_id=actor.user_id,
            unit_id=actor.place.id,
            name=name,
            digest=api_keys.digest(key),
            created_at=clock.now(),
            **made,
        )
    )
    after = {"name": name, "unit": actor.place.code, **made}
    record_account_event(session, "key_made", account, address=actor.address, after=after)
    return key


def recognise(session: Session, key: str) -> Holder | None:
    """The holder of a key that is good today, and whose account is; notes its use."""
    good = (ApiKey.digest == api_keys.digest(key), ApiKey.revoked_at.is_(None), ApiKey.expires_on >= clock.today())
    query = select(ApiKey, Unit.code, User).join(Unit, Unit.id == ApiKey.unit_id).join(User, User.id == ApiKey.user_id)
    found = session.execute(query.where(*good, User.active)).first()
    if found is None:
        return None
    row, unit_code, user = found
    if row.last_used_at is None or clock.now() - row.last_used_at >= _USE_NOTED_EVERY:
        row.last_used_at = clock.now()
    return Holder(identify(session, user), unit_code, Key(row.beginning, KeyScope(row.scope)))


def revoke(session: Session, account: Account, key_id: int, *, address: str) -> None:
    """End one of a person's own keys at once; a second time changes nothing.

    Raises:
        NotFound: it is not a key of theirs.
    """
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None or row.user_id != account.user_id:
        raise NotFound("api_key", key_id)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        before = {"name": row.name, "beginning": row.beginning}
        record_account_event(session, "keys_revoked", account, address=address, before=before)


def revoke_all(session: Session, user_id: int) -> int:
    """End every key of a person at once; gives how many there were. The caller records who did it."""
    standing = update(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    return len(session.execute(standing.values(revoked_at=clock.now()).returning(ApiKey.id)).all())
