"""Roll-ups (汇总数): an indicator added up for a unit, with the coverage that belongs to every such number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion, Indicator
from portal.domain.lifecycle import State
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.units import Level
from portal.errors import InvalidInput, NotFound
from portal.models import Collection as CollectionRow
from portal.models import Submission
from portal.queries.ancestors import Targets
from portal.queries.contributing import contributing
from portal.queries.effective_forms import InTree, collected_forms, forms_then
from portal.queries.expected import Expected, expected_restated, expected_then
from portal.queries.restated import Restated, restate
from portal.queries.rollup_entries import add_entries, entries_then
from portal.queries.rollup_parts import Totals, observed_totals, parts_of, targets_in, totals_then
from portal.queries.rollup_rows import RollUpRow, row_of
from portal.queries.units import PublishedTree, UnitRow, published_tree, published_trees

REPORTED_TREE = "reported"
CURRENT_TREE = "current"
NOTHING = Total()


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
    published = published_tree(session, tree_day(period, tree))
    forms = collected_forms(session, published.get(unit), period)
    asked = _ask(actor, published, unit, period, forms, indicators, by)
    return _read(session, [asked], tree, pending=pending)[period]


def roll_ups(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    periods: Collection[Period],
    indicators: Sequence[str] | None = None,
    by: str = "self",
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> dict[Period, list[RollUpRow]]:
    """The same for several periods, each in its tree: accepted figures as reported in as many statements as for one.

    Periods in whose tree the unit does not stand, or that were not asked for such an indicator, are left out.

    Raises:
        NotFound: so are all of them.
        NotPermitted: as `roll_up`.
        InvalidInput: as `roll_up`.
    """
    asked: dict[Period, _Asked] = {}
    refusal = NotFound("unit", unit)
    if tree == REPORTED_TREE:
        trees = published_trees(session, periods)
    else:
        trees = dict.fromkeys(periods, published_tree(session, tree_day(next(iter(periods)), tree))) if periods else {}
    standing = {period: trees[period] for period in periods if period in trees and unit in trees[period].places}
    if standing:
        forms = forms_then(session, next(iter(standing.values())).get(unit), standing)
        for period, published in standing.items():
            try:
                asked[period] = _ask(actor, published, unit, period, forms[period], indicators, by)
            except NotFound as error:
                refusal = error
    if not asked and periods:
        raise refusal
    return _read(session, list(asked.values()), tree, pending=pending)


@dataclass(frozen=True)
class _Asked:
    """A question about one period.

    Attributes:
        published: the tree in which the units stand.
        wanted: the indicators asked for, in form order; `codes` of them, None for all.
    """

    period: Period
    published: PublishedTree
    root_id: int
    units: Sequence[UnitRow]
    forms: Sequence[FormVersion]
    wanted: Sequence[Indicator]
    codes: Sequence[str] | None


def _ask(
    actor: Actor,
    published: PublishedTree,
    unit: str,
    period: Period,
    forms: Sequence[FormVersion],
    indicators: Sequence[str] | None,
    by: str,
) -> _Asked:
    top = published.get(unit)
    require(actor, Permission.SEE_ROLLUP, Subject(top.path))
    wanted = _chosen(forms, indicators)
    codes = None if indicators is None else [indicator.code for indicator in wanted]
    return _Asked(period, published, top.root_id, units_by(published, unit, by), forms, wanted, codes)


@dataclass(frozen=True)
class _Reading:
    """What rows are made of."""

    restated: Restated
    totals: Totals
    expected: Expected


def _read(session: Session, asked: Sequence[_Asked], tree: str, *, pending: bool) -> dict[Period, list[RollUpRow]]:
    if not asked:
        return {}
    root_id, codes = asked[0].root_id, asked[0].codes
    if tree == REPORTED_TREE:
        readings = _as_reported(session, asked)
    else:
        readings = {each.period: _as_of_today(session, each) for each in asked}
    entries = entries_then(session, root_id, list(readings), codes)
    found: dict[Period, list[RollUpRow]] = {}
    for each in asked:
        reading, period = readings[each.period], each.period
        targets, totals = reading.restated.counted, reading.totals
        add_entries(totals, entries[period], targets)
        entered = {(entry.unit_id, entry.indicator) for entry in entries[period]}
        unaccepted = _add_pending(session, root_id, period, targets, totals) if pending else set()
        rows = found[period] = []
        for unit, answers in zip(each.units, reading.expected.of(each.units, each.wanted), strict=True):
            demo = unit.id in reading.expected.demo
            torn = unit.id in reading.restated.torn
            for indicator, expected in zip(each.wanted, answers, strict=True):
                key = (unit.id, indicator.code)
                row = row_of(
                    unit,
                    indicator,
                    totals.get(key, NOTHING),
                    expected,
                    tree=tree,
                    torn=reading.restated.torn_by(unit, indicator, entered) if torn else (),
                    pending=key in unaccepted,
                    demo=demo,
                )
                rows.append(row)
    return found


def _as_reported(session: Session, asked: Sequence[_Asked]) -> dict[Period, _Reading]:
    root_id, codes = asked[0].root_id, asked[0].codes
    parts = {each.period: parts_of(each.published, each.units) for each in asked}
    totals = totals_then(session, root_id, parts, codes)
    units = {each.period: each.units for each in asked}
    expected = expected_then(session, root_id, units, {each.period: each.forms for each in asked})
    return {
        each.period: _Reading(
            Restated(targets_in(each.published, each.units), {}), totals[each.period], expected[each.period]
        )
        for each in asked
    }


def _as_of_today(session: Session, asked: _Asked) -> _Reading:
    restated = restate(session, asked.period, asked.units)
    totals = observed_totals(session, asked.root_id, asked.period, asked.codes, restated.counted)
    expected = expected_restated(session, asked.root_id, asked.period, asked.forms, restated.counted)
    return _Reading(restated, totals, expected)


def list_indicators(session: Session, unit: InTree, period: Period) -> list[Indicator]:
    """The indicators collected for a period from a unit and what is below it, in form order."""
    return _chosen(collected_forms(session, unit, period), None)


def list_periods(session: Session) -> list[str]:
    """Codes of the periods that something was collected for within the actor's sight: years first, newest first."""
    periods = map(Period.parse, session.scalars(select(CollectionRow.period_code).distinct()))
    kinds = list(PeriodKind)
    return [str(each) for each in sorted(periods, key=lambda each: (kinds.index(each.kind), -each.ends_on.toordinal()))]


def tree_day(period: Period, tree: str) -> Period | None:
    """Of which period a reading takes the tree; None: today's.

    Raises:
        InvalidInput: `tree` is no such thing.
    """
    if tree not in {REPORTED_TREE, CURRENT_TREE}:
        raise InvalidInput("tree", "unknown", tree)
    return period if tree == REPORTED_TREE else None


def units_by(published: PublishedTree, unit: str, by: str) -> list[UnitRow]:
    """The units that roll-ups are asked of, in a tree; `by` as in `roll_up`.

    Raises:
        InvalidInput: `by` is no such thing.
    """
    if by == "self":
        return [published.get(unit)]
    if by == "children":
        return published.children(unit)
    kind, _, name = by.partition(":")
    if kind == "level" and name in set(Level):
        return [each for each in published.under(unit) if each.level == name]
    raise InvalidInput("by", "unknown", by)


def _chosen(forms: Sequence[FormVersion], codes: Collection[str] | None) -> list[Indicator]:
    known = {indicator.code: indicator for form in forms for indicator in form}
    if codes is None:
        return list(known.values())
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise NotFound("indicator", ",".join(unknown))
    return [indicator for code, indicator in known.items() if code in set(codes)]


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
