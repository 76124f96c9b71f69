"""Reconciliation (差额): a unit's own figure, what the units below it come to, and what was entered between the two."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from operator import add

from sqlalchemy.orm import Session

from portal.domain.coverage import Coverage
from portal.domain.forms import AggregationKind, Incomplete, Indicator, Scope
from portal.domain.numbers import percentage
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.rollup import Total
from portal.domain.values import EXACT
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.entries import entry_amounts
from portal.queries.rollups.parts import own_totals
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import list_indicators, roll_up
from portal.queries.units import get_unit

_ADDED_UP = frozenset({AggregationKind.SUM, AggregationKind.COUNT_YES})


class Verdict(StrEnum):
    """What a difference says, and what it does not say: one for every row, the heaviest that holds."""

    INCOMPLETE = "incomplete"  # 下级未报齐，暂不判定
    OWN_MISSING = "own_missing"  # 本级未报
    TERRITORIAL = "territorial"  # 本级不填，全辖数就是下级合计
    OWN_NOT_ALLOWED = "own_not_allowed"  # 属地指标，本级不应有数
    SAME_AS_CHILDREN = "same_as_children"  # 本级数等于下级合计，疑似把全辖数填成本级数
    ADDS_UP = "adds_up"  # 两数相加为全辖数

    @property
    def needs_a_look(self) -> bool:
        """Whether somebody ought to ask the unit."""
        return self in {Verdict.OWN_NOT_ALLOWED, Verdict.SAME_AS_CHILDREN}


@dataclass(frozen=True)
class DifferenceRow:
    """A unit's own figure beside the sum of the units below it.

    For an indicator of scope `own` the two are different things that add up; the difference tells only where the
    unit's own figure was meant to include those below.

    Attributes:
        children: what the units directly below come to, with what was entered there and further below.
        eliminated: at the unit itself; None: nothing.
        adjusted: at the unit itself; None: nothing.
        whole: the unit's roll-up: `own` + `children` + `eliminated` + `adjusted`, unless the form withholds it.
        reported: units below whose figure is in `children`.
        expected: units below whose figure ought to be in it.
        parts: the roll-ups that `children` is the sum of, in tree order.
        coverage: of `children`; None: there is nothing below.
        total: the roll-up with what it rests on.
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
    total: RollUpRow | None = None

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of the sum below; None where there is none, or that is 0."""
        if self.difference is None or not self.children:
            return None
        return percentage(self.difference, self.children)

    @property
    def verdict(self) -> Verdict:
        """What can be said about the row. With units missing below, nothing is: never call that an error."""
        if self.indicator.scope is Scope.TERRITORIAL:
            return Verdict.OWN_NOT_ALLOWED if self.own is not None else Verdict.TERRITORIAL
        if self.reported < self.expected:
            return Verdict.INCOMPLETE
        if self.own is None:
            return Verdict.OWN_MISSING
        if self.own and self.own == self.children:
            return Verdict.SAME_AS_CHILDREN
        return Verdict.ADDS_UP


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
    found = [
        row
        for by in ("self", "children")
        for row in roll_up(session, actor, unit=unit, period=period, indicators=indicators, by=by)
    ]
    for row in covered(session, actor, top, period, found):
        rows[row.indicator].append(row)
    own = own_totals(session, top, period)
    here: dict[str, Total] = defaultdict(Total)
    for each in entry_amounts(session, top.root_id, period, indicators):
        if each.unit_id == top.id:
            here[each.indicator] += each.entry.total
    return [
        _row(indicator, own.get((top.id, indicator.code), Total()), here[indicator.code], *rows[indicator.code])
        for indicator in list_indicators(session, top, period)
        if indicator.aggregation.kind in _ADDED_UP and (indicators is None or indicator.code in indicators)
    ]


def _row(indicator: Indicator, own: Total, here: Total, total: RollUpRow, *parts: RollUpRow) -> DifferenceRow:
    below = sum((part.total for part in parts), Total())
    expected = sum(part.expected for part in parts)
    if below.reported < expected and indicator.aggregation.incomplete is Incomplete.WITHHELD:
        below = below.without_numbers()
    mine, theirs = own.figure(indicator), below.figure(indicator)
    return DifferenceRow(
        indicator,
        mine,
        theirs,
        EXACT.subtract(mine, theirs) if mine is not None and theirs is not None else None,
        here.eliminated,
        here.adjusted,
        total.value,
        below.reported,
        expected,
        parts,
        reduce(add, [part.coverage for part in parts if part.coverage]) if parts else None,
        total,
    )
