"""Build every stored roll-up of a tree again from its observations."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Observation


def rebuild(session: Session, root_id: int) -> int:
    """Recompute the roll-ups of all periods of a top unit's tree; gives the number of periods."""
    periods = session.scalars(
        select(Observation.period_code)
        .where(Observation.root_id == root_id)
        .distinct()
        .order_by(Observation.period_code)
    ).all()
    for period in periods:
        units = select(Observation.unit_id).where(Observation.root_id == root_id, Observation.period_code == period)
        session.execute(
            text("select recompute_rollup(:root, :period, :units)"),
            {"root": root_id, "period": period, "units": list(session.scalars(units.distinct()))},
        )
    return len(periods)
