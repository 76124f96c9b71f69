"""Build again all that roll-ups are read from: what accepted values add, its sums, how many answers are expected."""

from itertools import groupby
from operator import attrgetter

from sqlalchemy import delete, exists, select, text, union
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED
from portal.domain.policy import Actor
from portal.models import Collection, Observation, RollUp, Submission
from portal.queries.submissions import same_submission
from portal.services import events
from portal.services.expecting import count_expected
from portal.services.observing import observe_again
from portal.services.trees import hold_trees


def rebuild(session: Session, actor: Actor) -> int:
    """Recompute the roll-ups of all periods of the actor's tree from accepted values; gives the number of periods."""
    root_id = actor.place.root_id
    hold_trees(session)
    periods = session.scalars(
        select(Collection.period_code).where(Collection.root_id == root_id).distinct().order_by(Collection.period_code)
    ).all()
    for period in periods:
        _observe(session, root_id, period)
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


def _observe(session: Session, root_id: int, period: str) -> None:
    accepted = Submission.state.in_(COUNTED)
    session.execute(
        delete(Observation).where(
            Observation.root_id == root_id,
            Observation.period_code == period,
            ~exists().where(*same_submission(Observation, Submission), accepted),
        )
    )
    rows = session.scalars(
        select(Submission)
        .where(Submission.root_id == root_id, Submission.period_code == period, accepted)
        .order_by(Submission.form_code, Submission.unit_id)
        .with_for_update()
    )
    for _form, several in groupby(rows.all(), attrgetter("form_code")):
        observe_again(session, list(several))
