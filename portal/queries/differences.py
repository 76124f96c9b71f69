"""Reconciliation (差额): a unit's own figure, what the units below it come to, and what was entered between the two."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import add

from sqlalchemy.orm import Session

from portal.domain.coverage import Coverage
from portal.domain.forms import AggregationKind, Incomplete, Indicator
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.rollup import Total
from portal.queries.coverage import covered
from portal.queries.rollup_entries import entry_amounts
from portal.queries.rollup_parts import own_totals
from portal.queries.rollup_rows import RollUpRow
from portal.queries.rollups import list_indicators, roll_up
from portal.queries.units import get_unit

_ADDED_UP = frozenset({AggregationKind.SUM, AggregationKind.COUNT_YES})


@dataclass(frozen=True)
class DifferenceRow:
    """A unit's own figure beside the sum of the units below it.

    For an indicator of scope `own` the two are different things that add up; the difference tells only where the
    unit's own figure was meant to include those below.

    Attributes:
        children: what the units directly below come to, with what was entered there and further below.
        eliminated: at the unit itself; None: nothing.
        adjusted: at the unit itself; None: nothing.
        whole: the unit's roll-up: `own` + `children` + `eliminated` + `adjusted`.
        reported: units below whose figure is in `children`.
        expected: units below whose figure ought to be in it.
        parts: the roll-ups that `children` is the sum of, in tree order.
        coverage: of `children`; None: there is nothing below.
    """

    indicator: Indicator
    own: Decimal | None
    children: Decimal | None
    difference: Decimal | None
    eliminated: Decimal | None
    adjusted: Decimal | None
    whole: Decimal | None
    reported: int
    expected: int
    parts: Sequence[RollUpRow]
    coverage: Coverage | None = None


def differences(
    session: Session, actor: Actor, *, unit: str, period: Period, indicators: Sequence[str] | None = None
) -> list[DifferenceRow]:
    """A unit's own accepted figures beside those below it, for the indicators that are added up, in form order.

    Raises:
        NotFound: the period's tree has no such unit, or no form of the period has such an indicator.
        NotPermitted: the unit is not within the actor's reach.
    """
    rows: dict[str, list[RollUpRow]] = defaultdict(list)
    top = get_unit(session, unit, period=period)
    found = roll_up(session, actor, unit=unit, period=period, indicators=indicators, by="children")
    for row in covered(session, actor, top, period, found):
        rows[row.indicator].append(row)
    own = own_totals(session, top, period)
    here: dict[str, Total] = defaultdict(Total)
    for each in entry_amounts(session, top.root_id, period, indicators):
        if each.unit_id == top.id:
            here[each.indicator] += each.entry.total
    return [
        _row(indicator, own.get((top.id, indicator.code), Total()), here[indicator.code], rows[indicator.code])
        for indicator in list_indicators(session, top, period)
        if indicator.aggregation.kind in _ADDED_UP and (indicators is None or indicator.code in indicators)
    ]


def _row(indicator: Indicator, own: Total, here: Total, parts: Sequence[RollUpRow]) -> DifferenceRow:
    below = sum((part.total for part in parts), Total())
    expected = sum(part.expected for part in parts)
    if below.reported < expected and indicator.aggregation.incomplete is Incomplete.WITHHELD:
        below = below.without_numbers()
    mine, theirs = own.figure(indicator), below.figure(indicator)
    return DifferenceRow(
        indicator,
        mine,
        theirs,
        mine - theirs if mine is not None and theirs is not None else None,
        here.eliminated,
        here.adjusted,
        (own + below + here).figure(indicator),
        below.reported,
        expected,
        parts,
        reduce(add, [part.coverage for part in parts if part.coverage]) if parts else None,
    )
