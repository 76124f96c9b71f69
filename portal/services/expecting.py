"""How many answers are expected of a unit and all below it: counted whenever somebody is asked, exempted or moved."""

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.domain.units import Placement
from portal.models import Period, Unit


def count_expected(session: Session, root_id: int, period: str, units: Collection[int] | None = None) -> None:
    """Count again for these units and all above them, or for all; the caller holds the trees still."""
    session.execute(
        text("select count_expected(:root, :period, :units)"),
        {"root": root_id, "period": period, "units": None if units is None else list(units)},
    )


def count_all_expected(session: Session) -> None:
    """Count again for all units and all periods."""
    roots, periods = select(Unit.root_id).distinct().order_by(Unit.root_id), select(Period.code).order_by(Period.code)
    codes = session.scalars(periods).all()
    for root_id in session.scalars(roots).all():
        for code in codes:
            count_expected(session, root_id, code)


def count_reorganised(session: Session, root_id: int, since: date, placements: Iterable[Placement]) -> None:
    """Count again where units were placed otherwise, before or after, for periods that end on a day or later."""
    codes = {code for each in placements for code in (each.code, each.parent_code)}
    units = session.scalars(select(Unit.id).where(Unit.code.in_(codes))).all()
    for period in session.scalars(select(Period.code).where(Period.ends_on >= since).order_by(Period.code)).all():
        count_expected(session, root_id, period, units)
