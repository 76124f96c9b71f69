"""Units' own accepted figures, side by side: what league tables and maps compare."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, Integer, any_, cast, select
from sqlalchemy.orm import Session

from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.units import Level
from portal.domain.values import ValueStatus
from portal.models import Observation, Submission
from portal.queries.units import UnitRow, published_tree


@dataclass(frozen=True)
class OwnFigure:
    """One unit's own figure.

    Attributes:
        value: in the indicator's unit of measure; None unless it is a number and accepted.
        status: missing also where nothing has been accepted yet.
        demo: the figure is made up.
    """

    unit: UnitRow
    value: Decimal | None
    status: ValueStatus
    demo: bool


def own_figures(
    session: Session, actor: Actor, *, under: str, level: Level, period: Period, indicator: Indicator
) -> list[OwnFigure]:
    """The figures of the units of a level below one (itself included), in tree order; a row also for the missing.

    Raises:
        NotFound: no such unit in the period's tree.
        NotPermitted: it is not within the actor's reach.
    """
    tree = published_tree(session, period)
    top = tree.get(under)
    require(actor, Permission.SEE_ROLLUP, Subject(top.path))
    units = [unit for unit in tree.under(under) if unit.level is level]
    rows = _observed(session, top.root_id, units, period, indicator)
    demo = _made_up(session, top.root_id, period, {row.form_code for row in rows.values()})
    return [_figure(unit, rows.get(unit.id), indicator, demo) for unit in units]


def _observed(
    session: Session, root_id: int, units: Sequence[UnitRow], period: Period, indicator: Indicator
) -> dict[int, Any]:
    query = select(
        Observation.unit_id,
        Observation.form_code,
        Observation.status,
        Observation.number,
        Observation.amount,
        Observation.weight,
    ).where(
        Observation.root_id == root_id,
        Observation.period_code == str(period),
        Observation.indicator == indicator.code,
        Observation.unit_id == any_(cast([unit.id for unit in units], ARRAY(Integer))),
    )
    return {row.unit_id: row for row in session.execute(query).all()}


def _made_up(session: Session, root_id: int, period: Period, forms: AbstractSet[str]) -> AbstractSet[int]:
    """Units whose answers are made up. Not joined: what row-level security hides misleads the planner about joins."""
    query = select(Submission.unit_id).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.form_code.in_(forms),
        Submission.demo,
    )
    return set(session.scalars(query))


def _figure(unit: UnitRow, row: Any | None, indicator: Indicator, demo: AbstractSet[int]) -> OwnFigure:
    if row is None:
        status = ValueStatus.MISSING if unit.level in indicator.filled_by else ValueStatus.NOT_APPLICABLE
        return OwnFigure(unit, None, status, demo=False)
    # A ratio is stored as its two sides; whatever else is a number is stored as it was reported.
    value = row.number if row.number is not None else Total(amount=row.amount, weight=row.weight).figure(indicator)
    return OwnFigure(unit, value, ValueStatus(row.status), demo=unit.id in demo)
