"""Of which rows a roll-up is made: stored roll-ups of inner units, observations of the others."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, column, func, select, union_all
from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.domain.rollup import Contribution, Total
from portal.domain.values import ValueStatus
from portal.models import Observation, RollUp
from portal.queries.ancestors import Targets, ancestors_in
from portal.queries.units import UnitRow, list_children, tree_of

Totals = dict[tuple[int, str], Total]
"""By unit id and indicator code."""


def totals_as_of_period(
    session: Session, period: Period, units: Iterable[UnitRow], indicators: Collection[str] | None
) -> Totals:
    """The total of each unit and everything below it, in the period's own tree."""
    stored: dict[int, list[int]] = defaultdict(list)
    observed: dict[int, list[int]] = defaultdict(list)
    root_id = 0
    for unit in units:
        root_id = unit.root_id
        if not unit.has_children:
            observed[unit.id].append(unit.id)
        elif unit.depth > 0:
            stored[unit.id].append(unit.id)
        else:
            # The top unit is not stored: a row that all acceptances of a province share would make them queue.
            observed[unit.id].append(unit.id)
            for child in list_children(session, unit.code, period=period):
                (stored if child.has_children else observed)[child.id].append(unit.id)
    totals = _stored_totals(session, root_id, period, stored, indicators)
    return _joined(totals, observed_totals(session, root_id, period, indicators, observed.__getitem__, observed))


def targets_of_period(session: Session, period: Period, units: Iterable[UnitRow]) -> Targets:
    """Which of the units a unit's figures count for, in the period's own tree."""
    above = ancestors_in(session, tree_of(session, period))
    wanted = {unit.id for unit in units}
    return lambda unit_id: above.get(unit_id, frozenset()) & wanted


def own_totals(session: Session, unit: UnitRow, period: Period) -> Totals:
    """The unit's own accepted figures alone."""
    ids = {unit.id: [unit.id]}
    return observed_totals(session, unit.root_id, period, None, ids.__getitem__, ids)


def observed_totals(
    session: Session,
    root_id: int,
    period: Period,
    indicators: Collection[str] | None,
    targets: Targets,
    of_units: Iterable[int] | None = None,
) -> Totals:
    """Totals of observations, each counted for every unit that `targets` names for the observing unit.

    Of units that were in sight in the period's tree, or that gave way to units in sight, the scope may not show the
    rows themselves; a function of the database tells their figures.
    """
    moved = func.observed_in_sight(root_id, str(period)).table_valued(
        *(column(each.name, each.type) for each in Observation.__table__.columns)
    )
    own = (Observation.root_id == root_id, Observation.period_code == str(period))
    query = union_all(
        _narrowed(_figures(Observation).where(*own), Observation, of_units, indicators),
        _narrowed(_figures(moved.c), moved.c, of_units, indicators),
    )
    totals: Totals = {}
    for unit_id, indicator, status, number, category, amount, weight in session.execute(query):
        one = Total.of(Contribution(indicator, ValueStatus(status), number, category, amount, weight))
        for target in targets(unit_id):
            _add(totals, (target, indicator), one)
    return totals


def _figures(table: Any) -> Select[Any]:
    return select(
        table.unit_id,
        table.indicator,
        table.status,
        table.number,
        table.category,
        table.amount,
        table.weight,
    )


def _stored_totals(
    session: Session,
    root_id: int,
    period: Period,
    targets: dict[int, list[int]],
    indicators: Collection[str] | None,
) -> Totals:
    query = select(RollUp).where(RollUp.root_id == root_id, RollUp.period_code == str(period))
    query = _narrowed(query, RollUp, targets, indicators)
    totals: Totals = {}
    for row in session.scalars(query):
        for target in targets[row.unit_id]:
            _add(totals, (target, row.indicator), stored_total(row))
    return totals


def stored_total(row: RollUp) -> Total:
    """What a stored row says: the totals, or (with a category) how many gave that answer."""
    if row.category:
        return Total(counts={row.category: row.reported})
    return Total(row.reported, row.not_applicable, row.amount, row.weight, row.minimum, row.maximum)


def _narrowed(query: Any, table: Any, units: Iterable[int] | None, indicators: Collection[str] | None) -> Any:
    if units is not None:
        query = query.where(table.unit_id.in_(list(units)))
    if indicators is not None:
        query = query.where(table.indicator.in_(list(indicators)))
    return query


def _add(totals: Totals, key: tuple[int, str], one: Total) -> None:
    totals[key] = totals[key] + one if key in totals else one


def _joined(totals: Totals, others: Totals) -> Totals:
    for key, other in others.items():
        _add(totals, key, other)
    return totals
