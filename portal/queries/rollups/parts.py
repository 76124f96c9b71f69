"""Of which rows a roll-up is made: stored roll-ups of inner units, observations of the others."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any

from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    Text,
    any_,
    cast,
    column,
    func,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.domain.rollup import NO_COUNTS, Contribution, Total
from portal.domain.values import ValueStatus
from portal.models import Observation, RollUp
from portal.queries.ancestors import Targets
from portal.queries.parameters import NEXT, made, numbers
from portal.queries.rollups.reading import read_stored
from portal.queries.units import PublishedTree, UnitRow

Totals = dict[tuple[int, str], Total]
"""By unit id and indicator code."""


@dataclass(frozen=True)
class Parts:
    """Of which rows totals are made: by the unit of a row, the units that it counts for.

    Attributes:
        stored: of stored roll-ups.
        observed: of units' own figures.
    """

    stored: Mapping[int, Sequence[int]]
    observed: Mapping[int, Sequence[int]]


def parts_of(tree: PublishedTree, units: Iterable[UnitRow]) -> Parts:
    """Those of units with everything below them, in a period's own tree."""
    stored: dict[int, list[int]] = defaultdict(list)
    observed: dict[int, list[int]] = defaultdict(list)
    for unit in units:
        if not unit.has_children:
            observed[unit.id].append(unit.id)
        elif unit.depth > 0:
            stored[unit.id].append(unit.id)
        else:
            # The top unit is not stored: a row that all acceptances of a province share would make them queue.
            observed[unit.id].append(unit.id)
            for child in tree.children(unit.code):
                (stored if child.has_children else observed)[child.id].append(unit.id)
    return Parts(stored, observed)


def parts_counting(tree: PublishedTree, targets: Targets) -> Parts:
    """Those of units for which figures of a period's tree count otherwise than in it.

    Where everything below a unit counts for the same ones, the roll-up that was stored of it does, and nothing below it
    is read: of a nation nearly all stays where it is.
    """
    units, ends = tree.units, tree.ends
    counted = [frozenset(targets(unit.id)) for unit in units]
    together = [True] * len(units)
    for place in reversed(range(len(units))):
        below = place + 1
        while below < ends[place]:
            together[place] &= together[below] and counted[below] == counted[place]
            below = ends[below]
    stored: dict[int, list[int]] = {}
    observed: dict[int, list[int]] = {}
    place = 0
    while place < len(units):
        unit = units[place]
        whole = together[place] and unit.has_children and unit.depth > 0
        if counted[place]:
            (stored if whole else observed)[unit.id] = sorted(counted[place])
        place = ends[place] if whole else place + 1
    return Parts(stored, observed)


def totals_counting(
    session: Session,
    root_id: int,
    counting: Mapping[Period, tuple[PublishedTree, Targets]],
    indicators: Collection[str] | None,
) -> dict[Period, Totals]:
    """The totals of units for which figures of periods' trees count otherwise than in them."""
    parts = {period: parts_counting(*each) for period, each in counting.items()}
    inner = {unit_id for each in parts.values() for unit_id in each.stored}
    return totals_then(session, root_id, parts, indicators, read_stored(session, root_id, parts, inner, indicators))


def totals_then(
    session: Session,
    root_id: int,
    parts: Mapping[Period, Parts],
    indicators: Collection[str] | None,
    stored: Iterable[Sequence[str]],
) -> dict[Period, Totals]:
    """The totals made of these rows, by period; `stored` as it was read."""
    totals = _stored_totals(parts, stored)
    own = {unit_id for part in parts.values() for unit_id in part.observed}
    targets = {period: _counting(part.observed) for period, part in parts.items()}
    for period, others in (observed_then(session, root_id, targets, indicators, own) if own else {}).items():
        _join(totals[period], others)
    return totals


def _counting(observed: Mapping[int, Sequence[int]]) -> Targets:
    return lambda unit_id: observed.get(unit_id, ())


def targets_in(tree: PublishedTree, units: Iterable[UnitRow]) -> Targets:
    """Which of the units of a tree a unit's figures count for."""

    @cache
    def above() -> Mapping[int, Sequence[int]]:  # only once it is asked for, because mostly it is not
        found: dict[int, list[int]] = defaultdict(list)
        for unit in units:
            for each in tree.under(unit.code):
                found[each.id].append(unit.id)
        return dict(found)

    return lambda unit_id: above().get(unit_id, ())


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
    return observed_then(session, root_id, {period: targets}, indicators, of_units)[period]


def observed_then(
    session: Session,
    root_id: int,
    targets: Mapping[Period, Targets],
    indicators: Collection[str] | None,
    of_units: Iterable[int] | None,
) -> dict[Period, Totals]:
    """The same for several periods, each with targets of its own."""
    codes = cast([str(period) for period in targets], ARRAY(Text))
    asked = func.unnest(codes).table_valued("code").render_derived()
    columns = (column(each.name, each.type) for each in Observation.__table__.columns)
    moved = func.observed_in_sight(root_id, asked.c.code).table_valued(*columns).lateral()
    own = (Observation.root_id == root_id, Observation.period_code == any_(codes))
    query = union_all(
        _narrowed(_figures(Observation).where(*own), Observation, of_units, indicators),
        _narrowed(_figures(moved.c).select_from(asked.join(moved, true())), moved.c, of_units, indicators),
    )
    found: dict[str, tuple[Totals, Targets]] = {str(period): ({}, counting) for period, counting in targets.items()}
    for code, unit_id, indicator, status, number, category, amount, weight in session.execute(query):
        totals, counting = found[code]
        one = Total.of(Contribution(indicator, ValueStatus(status), number, category, amount, weight))
        for target in counting(unit_id):
            _add(totals, (target, indicator), one)
    return {period: found[str(period)][0] for period in targets}


def _figures(table: Any) -> Select[Any]:
    return select(
        table.period_code,
        table.unit_id,
        table.indicator,
        table.status,
        table.number,
        table.category,
        table.amount,
        table.weight,
    )


def _stored_totals(parts: Mapping[Period, Parts], stored: Iterable[Sequence[str]]) -> dict[Period, Totals]:
    found: dict[Period, Totals] = {period: {} for period in parts}
    by_code = {str(period): (found[period], part.stored) for period, part in parts.items()}
    for code, own, codes, categories, *columns in stored:
        totals, targets = by_code[code]
        units = list(_counts(own))
        keys = zip(units, codes.split(NEXT), strict=True)
        if not categories.strip(NEXT) and all(targets.get(each) == [each] for each in set(units)):
            totals.update(zip(keys, _stored(*columns), strict=True))
            continue
        for (unit_id, indicator), category, one in zip(keys, categories.split(NEXT), _stored(*columns), strict=True):
            part = Total(counts={category: one.reported}) if category else one
            for target in targets.get(unit_id, ()):
                _add(totals, (target, indicator), part)
    return found


def _stored(reported: str, not_applicable: str, *others: str) -> Iterator[Total]:
    nothing_entered = repeat(None), repeat(None)
    columns = _counts(reported), _counts(not_applicable), *map(numbers, others), repeat(NO_COUNTS), *nothing_entered
    return made(Total, *columns)


def _counts(column: str) -> Iterator[int]:
    found = column.split(NEXT)
    known = {each: int(each) for each in set(found)}  # there are few different ones
    return map(known.__getitem__, found)


def stored_total(row: RollUp) -> Total:
    """What a stored row says: the totals, or (with a category) how many gave that answer."""
    if row.category:
        return Total(counts={row.category: row.reported})
    return Total(row.reported, row.not_applicable, row.amount, row.weight, row.minimum, row.maximum)


def _narrowed(query: Any, table: Any, units: Iterable[int] | None, indicators: Collection[str] | None) -> Any:
    if units is not None:
        query = query.where(table.unit_id == any_(cast(list(units), ARRAY(Integer))))
    if indicators is not None:
        query = query.where(table.indicator == any_(cast(list(indicators), ARRAY(Text))))
    return query


def _add(totals: Totals, key: tuple[int, str], one: Total) -> None:
    totals[key] = totals[key] + one if key in totals else one


def _join(totals: Totals, others: Totals) -> None:
    for key, other in others.items():
        _add(totals, key, other)
