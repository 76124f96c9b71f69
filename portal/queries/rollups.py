"""Roll-ups (汇总数): an indicator added up for a unit, with the coverage that belongs to every such number."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnClause, column, func, select
from sqlalchemy.orm import Session

from portal.domain.forms import AggregationKind, FormVersion, Incomplete, Indicator, Scope
from portal.domain.lifecycle import State
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.units import Level
from portal.domain.values import exact_text
from portal.errors import InvalidInput, NotFound
from portal.models import Collection as CollectionRow
from portal.models import Submission
from portal.queries.ancestors import Targets
from portal.queries.contributing import contributing
from portal.queries.effective_forms import InTree, collected_forms
from portal.queries.restated import Restated, restate
from portal.queries.rollup_parts import (
    Totals,
    observed_totals,
    own_totals,
    targets_of_period,
    totals_as_of_period,
)
from portal.queries.units import UnitRow, get_unit, list_children, list_units

REPORTED_TREE = "reported"
CURRENT_TREE = "current"


@dataclass(frozen=True)
class RollUpRow:
    """One number, and what it rests on.

    Attributes:
        value: in the indicator's unit of measure; None where nothing was reported or the indicator is not added up.
        text: the value in full; for a distribution `优秀:3;良好:5`; empty where there is none.
        minimum: smallest figure of one unit, where that means something.
        mean: per reporting unit, where the form asks for it; for yes/no the share of yes.
        reported: units whose figure is in it.
        expected: units whose figure ought to be in it: neither exempt nor declared not applicable.
        scope: `own` one unit's own figure, `territorial` districts only, `whole` the unit's own and all below it.
        tree: `reported` as of the period, `current` restated to today's.
        partial: fewer reported than expected.
        pending: submitted but not yet accepted figures are in it.
        demo: made-up figures are in it.
        total: what the numbers come from.
        torn: codes of units that were split since, a part of which would belong here, nobody knows how large. Then
            there is no number.
        periods: of a number made from shorter periods, those that are in it; `reported` and `expected` count their
            answers.
        missing: the shorter periods that ought to be in it, and have no figure.
    """

    unit_code: str
    unit_name: str
    unit_name_en: str
    level: Level
    indicator: str
    value: Decimal | None
    text: str
    minimum: Decimal | None
    maximum: Decimal | None
    mean: Decimal | None
    counts: Mapping[str, int]
    reported: int
    expected: int
    not_applicable: int
    scope: str
    tree: str
    partial: bool
    pending: bool
    demo: bool
    total: Total
    torn: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()
    missing: tuple[Period, ...] = ()


@dataclass(frozen=True)
class DifferenceRow:
    """A unit's own figure beside the sum of the units below it (差额).

    For an indicator of scope `own` the two are different things that add up; the difference tells only where the
    unit's own figure was meant to include those below.
    """

    indicator: Indicator
    own: Decimal | None
    children: Decimal | None
    difference: Decimal | None
    reported: int
    expected: int


def roll_up(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period,
    indicators: Sequence[str] | None = None,
    by: str = "self",
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> list[RollUpRow]:
    """Roll-ups of a unit, of its children (`children`) or of all units of a level below it (`level:district`).

    Gives a row per unit and indicator, units in tree order, indicators in form order.

    Raises:
        NotFound: the tree has no such unit, or no form of the period has such an indicator.
        NotPermitted: the unit is not within the actor's reach; a part of its sum would pass for the whole.
        InvalidInput: `by` or `tree` is no such thing.
    """
    if tree not in {REPORTED_TREE, CURRENT_TREE}:
        raise InvalidInput("tree", "unknown", tree)
    day = period if tree == REPORTED_TREE else None
    top = get_unit(session, unit, period=day)
    require(actor, Permission.SEE_ROLLUP, Subject(top.path))
    units = units_by(session, top, by, day)
    wanted = _indicators(session, top, period, indicators)
    codes = [indicator.code for indicator in wanted] if indicators is not None else None
    if tree == REPORTED_TREE:
        restated = Restated(targets_of_period(session, period, units), {})
        totals = totals_as_of_period(session, period, units, codes)
    else:
        restated = restate(session, period, units)
        totals = observed_totals(session, top.root_id, period, codes, restated.counted)
    standing = _standing(session, top, period, restated.counted)
    unaccepted = _add_pending(session, top.root_id, period, restated.counted, totals) if pending else set()
    return [
        row_of(
            each,
            indicator,
            totals.get((each.id, indicator.code), Total()),
            standing.expected_of(each, indicator),
            tree=tree,
            torn=restated.torn_by(each, indicator),
            pending=(each.id, indicator.code) in unaccepted,
            demo=each.id in standing.demo,
        )
        for each in units
        for indicator in wanted
    ]


def differences(session: Session, actor: Actor, *, unit: str, period: Period) -> list[DifferenceRow]:
    """A unit's own accepted figures beside the sums of those below it, for the indicators that are added up."""
    top = get_unit(session, unit, period=period)
    require(actor, Permission.SEE_ROLLUP, Subject(top.path))
    own = own_totals(session, top, period)
    children = list_children(session, unit, period=period)
    parts = totals_as_of_period(session, period, children, None)
    standing = _standing(session, top, period, targets_of_period(session, period, children))
    rows = []
    for indicator in _indicators(session, top, period, None):
        if indicator.aggregation.kind not in {AggregationKind.SUM, AggregationKind.COUNT_YES}:
            continue
        below = sum((parts.get((child.id, indicator.code), Total()) for child in children), Total())
        expected = sum(standing.expected_of(child, indicator) for child in children) - below.not_applicable
        mine = own.get((top.id, indicator.code), Total()).figure(indicator)
        theirs = below.figure(indicator)
        gap = mine - theirs if mine is not None and theirs is not None else None
        rows.append(DifferenceRow(indicator, mine, theirs, gap, below.reported, expected))
    return rows


def list_indicators(session: Session, unit: InTree, period: Period) -> list[Indicator]:
    """The indicators collected for a period from a unit and what is below it, in form order."""
    return _indicators(session, unit, period, None)


def list_periods(session: Session) -> list[str]:
    """Codes of the periods that something was collected for within the actor's sight: years first, newest first."""
    periods = map(Period.parse, session.scalars(select(CollectionRow.period_code).distinct()))
    kinds = list(PeriodKind)
    return [str(each) for each in sorted(periods, key=lambda each: (kinds.index(each.kind), -each.ends_on.toordinal()))]


def units_by(session: Session, top: UnitRow, by: str, day: Period | None) -> list[UnitRow]:
    """The units that roll-ups are asked of, in the tree of a period, or today's (None); `by` as in `roll_up`.

    Raises:
        InvalidInput: `by` is no such thing.
    """
    if by == "self":
        return [top]
    if by == "children":
        return list_children(session, top.code, period=day)
    kind, _, name = by.partition(":")
    if kind == "level" and name in set(Level):
        return list_units(session, under=top.code, level=Level(name), period=day)
    raise InvalidInput("by", "unknown", by)


def _indicators(session: Session, unit: InTree, period: Period, codes: Collection[str] | None) -> list[Indicator]:
    known = {indicator.code: indicator for form in collected_forms(session, unit, period) for indicator in form}
    if codes is None:
        return list(known.values())
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise NotFound("indicator", ",".join(unknown))
    return [indicator for code, indicator in known.items() if code in set(codes)]


@dataclass(frozen=True)
class _Standing:
    """What is expected in the period of the units asked about.

    Attributes:
        expected: how many answers are expected, by unit id, form and level.
        demo: ids of the units that made-up figures count for.
    """

    forms: list[FormVersion]
    expected: Mapping[tuple[int, str, str], int]
    demo: Collection[int]

    def expected_of(self, unit: UnitRow, indicator: Indicator) -> int:
        """How many units below (the unit included) ought to answer the indicator, not exempt."""
        form = next(form.code for form in self.forms if indicator.code in form.by_code)
        return sum(self.expected.get((unit.id, form, level), 0) for level in indicator.filled_by)


def _standing(session: Session, unit: InTree, period: Period, targets: Targets) -> _Standing:
    columns: list[ColumnClause[Any]] = [column(name) for name in ("unit_id", "form_code", "level", "exempt", "demo")]
    # By a function, because a partner sees no submission that is not accepted, but the coverage of every number.
    answers = select(func.expected_submissions(unit.root_id, str(period)).table_valued(*columns))
    counted = [(row, targets(row.unit_id)) for row in session.execute(answers)]
    expected = Counter(
        (target, row.form_code, row.level) for row, units in counted if not row.exempt for target in units
    )
    demo = {target for row, units in counted if row.demo for target in units}
    return _Standing(collected_forms(session, unit, period), expected, demo)


def _add_pending(
    session: Session, root_id: int, period: Period, targets: Targets, totals: Totals
) -> set[tuple[int, str]]:
    """Add what is submitted but not accepted; gives the totals touched. Unreadable figures stay out by policy."""
    touched: set[tuple[int, str]] = set()
    query = select(Submission).where(
        Submission.root_id == root_id, Submission.period_code == str(period), Submission.state == State.SUBMITTED
    )
    waiting = [row for row in session.scalars(query) if targets(row.unit_id)]
    for row, found in contributing(session, waiting):
        for one in found:
            for target in targets(row.unit_id):
                key = (target, one.indicator)
                totals[key] = totals.get(key, Total()) + Total.of(one)
                touched.add(key)
    return touched


def row_of(
    unit: UnitRow,
    indicator: Indicator,
    total: Total,
    asked: int,
    *,
    tree: str,
    torn: tuple[str, ...],
    pending: bool,
    demo: bool,
    gap: bool = False,
) -> RollUpRow:
    """The row of a total; `asked` are the answers there ought to be, with a `gap` something else is missing too."""
    expected = asked - total.not_applicable
    partial = gap or total.reported < expected
    withheld = partial and indicator.aggregation.incomplete is Incomplete.WITHHELD
    if torn or withheld:
        total = total.without_numbers()
    value = total.figure(indicator)
    with_range = total.has_range(indicator)
    return RollUpRow(
        unit_code=unit.code,
        unit_name=unit.name,
        unit_name_en=unit.name_en,
        level=unit.level,
        indicator=indicator.code,
        value=value,
        text=_text(value, total.counts, indicator),
        minimum=total.minimum if with_range else None,
        maximum=total.maximum if with_range else None,
        mean=total.mean(indicator),
        counts=total.counts,
        reported=total.reported,
        expected=expected,
        not_applicable=total.not_applicable,
        scope=_scope(unit, indicator),
        tree=tree,
        partial=partial,
        pending=pending,
        demo=demo,
        total=total,
        torn=torn,
    )


def _text(value: Decimal | None, counts: Mapping[str, int], indicator: Indicator) -> str:
    if indicator.aggregation.kind is AggregationKind.DISTRIBUTION:
        order = [*indicator.choices, *sorted(set(counts) - set(indicator.choices))]
        return ";".join(f"{choice}:{counts[choice]}" for choice in order if choice in counts)
    return "" if value is None else exact_text(value)


def _scope(unit: UnitRow, indicator: Indicator) -> str:
    if indicator.scope is Scope.TERRITORIAL:
        return Scope.TERRITORIAL
    return "whole" if unit.has_children else Scope.OWN
