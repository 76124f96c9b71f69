"""Every placement and succession ever recorded: what a units file holds."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.domain.units import Level, Placement, Succession, SuccessionKind
from portal.models import Placement as PlacementRow
from portal.models import Succession as SuccessionRow
from portal.models import Unit


def list_placements(session: Session) -> list[Placement]:
    """By unit code, then by day."""
    parent = aliased(Unit)
    query = (
        select(
            Unit.code,
            func.coalesce(parent.code, ""),
            PlacementRow.name,
            PlacementRow.name_en,
            PlacementRow.level,
            PlacementRow.valid,
        )
        .join(Unit, Unit.id == PlacementRow.unit_id)
        .outerjoin(parent, parent.id == PlacementRow.parent_id)
        .order_by(Unit.code, PlacementRow.valid)
    )
    return [
        Placement(code, parent_code, name, name_en, Level(level), valid.lower or date.min, valid.upper)
        for code, parent_code, name, name_en, level, valid in session.execute(query)
    ]


def list_successions(session: Session) -> list[Succession]:
    """By day, then by code."""
    old, new = aliased(Unit), aliased(Unit)
    query = (
        select(old.code, new.code, SuccessionRow.effective_on, SuccessionRow.kind)
        .join(old, old.id == SuccessionRow.old_id)
        .join(new, new.id == SuccessionRow.new_id)
        .order_by(SuccessionRow.effective_on, old.code, new.code)
    )
    return [
        Succession(old_code, new_code, day, SuccessionKind(kind))
        for old_code, new_code, day, kind in session.execute(query)
    ]
