"""Build every stored roll-up of a tree again from its observations."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.models import Observation
from portal.services import events


def rebuild(session: Session, actor: Actor) -> int:
    """Recompute the roll-ups of all periods of the actor's tree; gives the number of periods."""
    root_id = actor.place.root_id
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
    events.record(
        session,
        actor,
        "rollups_rebuilt",
        actor.place.code,
        unit_code=actor.place.code,
        root_id=root_id,
        after={"periods": len(periods)},
    )
    return len(periods)
