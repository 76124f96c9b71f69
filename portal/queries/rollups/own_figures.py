"""Units' own accepted figures, side by side: what league tables and maps compare."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.units import Level, stands_among
from portal.domain.values import ValueStatus
from portal.models import Submission
from portal.queries.parameters import NEXT, integers, joined, numbers
from portal.queries.units import UnitRow, published_tree


class OwnFigure(NamedTuple):
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
    units = [unit for unit in tree.under(under) if stands_among(unit.level, level)]
    observed = _observed(session, top, units, period, indicator)
    demo = _made_up(session, top.root_id, period, {form for form, *_rest in observed.values()})
    figures = []
    for unit in units:
        if unit.id in observed:
            _form, status, number, sides = observed[unit.id]
            value = sides.figure(indicator) if sides else number
            answered = ValueStatus.REPORTED if number is not None else ValueStatus(status)  # also without a weight
            figures.append(OwnFigure(unit, value, answered, unit.id in demo))
        else:
            unanswered = ValueStatus.MISSING if unit.level in indicator.filled_by else ValueStatus.NOT_APPLICABLE
            figures.append(OwnFigure(unit, None, unanswered, demo=False))
    return figures


def _observed(
    session: Session, top: UnitRow, units: Sequence[UnitRow], period: Period, indicator: Indicator
) -> dict[int, tuple[str, str, Decimal | None, Total | None]]:
    """By unit its form, its status, and its number or (of a ratio) the two sides of it."""
    asked = {"root": top.root_id, "period": str(period), "indicator": indicator.code}
    told = session.execute(_OBSERVED, asked | {"units": joined(str(unit.id) for unit in units)}).one_or_none()
    if told is None:
        return {}
    ids, forms, statuses = (column.split(NEXT) for column in told[:3])
    return {
        int(unit_id): (form, status, number, Total(amount=amount, weight=weight) if number is None else None)
        for unit_id, form, status, number, amount, weight in zip(
            ids, forms, statuses, *map(numbers, told[3:]), strict=False
        )
    }


_OBSERVED = select(
    func.own_observations(
        bindparam("root"), bindparam("period"), bindparam("indicator"), integers("units")
    ).table_valued("units", "forms", "statuses", "numbers", "amounts", "weights")
)


def _made_up(session: Session, root_id: int, period: Period, forms: AbstractSet[str]) -> AbstractSet[int]:
    """Units whose answers are made up. Not joined: what row-level security hides misleads the planner about joins."""
    query = select(Submission.unit_id).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.form_code.in_(forms),
        Submission.demo,
    )
    return set(session.scalars(query))
