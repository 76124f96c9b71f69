"""What was confirmed about a unit's own sheets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.models import LayoutMapping


@dataclass(frozen=True)
class MappingView:
    """Which cell answers which indicator, as somebody confirmed it.

    Attributes:
        fingerprint: of the layout that it was confirmed for.
        form_number: the version of the form then.
        choices: by indicator code, as `importers.foreign.key_to_json` writes them; None where the sheet has none.
    """

    fingerprint: str
    form_number: int
    choices: Mapping[str, Any]
    confirmed_by: str
    confirmed_at: datetime


def find_mapping(session: Session, actor: Actor, form_code: str, fingerprint: str) -> MappingView | None:
    """The actor's unit's latest mapping for this very layout; without one the latest for the form, if there is any."""
    of_unit = select(LayoutMapping).where(
        LayoutMapping.root_id == actor.place.root_id,
        LayoutMapping.unit_id == actor.place.id,
        LayoutMapping.form_code == form_code,
    )
    latest = LayoutMapping.number.desc()
    exact = LayoutMapping.fingerprint == fingerprint
    row = session.scalar(of_unit.order_by(exact.desc(), latest).limit(1))
    if row is None:
        return None
    return MappingView(row.fingerprint, row.form_number, row.choices, row.confirmed_by, row.confirmed_at)
