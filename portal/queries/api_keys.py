"""A person's API keys, as far as they can be shown."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.actors import KeyScope
from portal.models import ApiKey
from portal.queries.units import place_rows


@dataclass(frozen=True)
class KeyRow:
    """A key.

    Attributes:
        beginning: of the key itself, all that is left of it.
        good: neither revoked nor past its day.
    """

    id: int
    name: str
    unit_name: str
    scope: KeyScope
    beginning: str
    created_at: datetime
    expires_on: date
    last_used_at: datetime | None
    revoked_at: datetime | None
    good: bool


def list_keys(session: Session, user_id: int) -> list[KeyRow]:
    """All keys a person ever made, newest first. The session must see accounts."""
    rows = list(session.scalars(select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.id.desc())))
    names = {place.id: place.name for place in place_rows(session, {row.unit_id for row in rows})}
    return [
        KeyRow(
            row.id,
            row.name,
            names.get(row.unit_id, ""),
            KeyScope(row.scope),
            row.beginning,
            row.created_at,
            row.expires_on,
            row.last_used_at,
            row.revoked_at,
            good=row.revoked_at is None and row.expires_on >= clock.today(),
        )
        for row in rows
    ]
