"""Build every stored roll-up of a tree again from its observations, and count again how many answers are expected."""

from sqlalchemy import select, text, union
from sqlalchemy.orm import Session

from portal.domain.policy import Actor
from portal.models import Collection, Observation, RollUp
from portal.services import events
from portal.services.expecting import count_expected
from portal.services.trees import hold_trees


def rebuild(session: Session, actor: Actor) -> int:
    """Recompute the roll-ups of all periods of the actor's tree; gives the number of periods."""
    root_id = actor.place.root_id
    hold_trees(session)
    periods = session.scalars(
        select(Collection.period_code).where(Collection.root_id == root_id).distinct().order_by(Collection.period_code)
    ).all()
    for period in periods:
        counting = union(
            *(
                select(table.unit_id).where(table.root_id == root_id, table.period_code == period)
                for table in (Observation, RollUp)  # what is stored of units that nothing counts for, goes
            )
        )
        session.execute(
            text("select drop_rollups(:root, :period), recompute_rollup(:root, :period, :units)"),
            {"root": root_id, "period": period, "units": list(session.scalars(counting))},
        )
        count_expected(session, root_id, period)
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
