"""Roll-ups (汇总数): an indicator added up for a unit, with the coverage that belongs to every such number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion, Indicator
from portal.domain.lifecycle import State
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.units import Level, stands_among
from portal.errors import InvalidInput, NotFound
from portal.models import Collection as CollectionRow
from portal.models import Submission
from portal.queries.contributing import contributing
from portal.queries.effective_forms import InTree, collected_forms, forms_then
from portal.queries.expected import Expected, expected_restated, expected_then
from portal.queries.restated import Restated, restate_each
from portal.queries.rollup_entries import EntryAmount, add_entries, entries_then, entries_told
from portal.queries.rollup_parts import Totals, observed_then, parts_of, targets_in, totals_then
from portal.queries.rollup_reading import read_reported
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

    Gives a row per unit and indicator, units in tree order, indicators in form order. Cities without districts are
    among the cities and among the districts.

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
    """The same for several periods, each in its tree: as many statements as for one.

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
    entries: Sequence[EntryAmount]


def _read(session: Session, asked: Sequence[_Asked], tree: str, *, pending: bool) -> dict[Period, list[RollUpRow]]:
    if not asked:
        return {}
    root_id = asked[0].root_id
    readings = _as_reported(session, asked) if tree == REPORTED_TREE else _as_of_today(session, asked)
    touched = _add_pending(session, root_id, readings) if pending else {}
    found: dict[Period, list[RollUpRow]] = {}
    for each in asked:
        reading = readings[each.period]
        add_entries(reading.totals, reading.entries, reading.restated.counted)
        found[each.period] = _rows(each, reading, tree, touched.get(each.period, ()))
    return found


def _rows(asked: _Asked, reading: _Reading, tree: str, unaccepted: Collection[tuple[int, str]]) -> list[RollUpRow]:
    """A row per unit and indicator, made column by column: there are thousands."""
    wanted, restated, expected = asked.wanted, reading.restated, reading.expected
    keys = [(unit.id, indicator.code) for unit in asked.units for indicator in wanted]
    units = [unit for unit in asked.units for _each in wanted]
    indicators = [indicator for _each in asked.units for indicator in wanted]
    torn: Iterable[tuple[str, ...]] = repeat(())
    if restated.torn:
        entered = {(entry.unit_id, entry.indicator) for entry in reading.entries}
        torn = (restated.torn_by(*each, entered) for each in zip(units, indicators, strict=True))
    return list(
        map(
            row_of,
            units,
            indicators,
            map(reading.totals.get, keys, repeat(NOTHING)),
            expected.of(asked.units, wanted),
            repeat(tree),
            torn,
            (key in unaccepted for key in keys) if unaccepted else repeat(False),
            (unit.id in expected.demo for unit in units) if expected.demo else repeat(False),
        )
    )


def _as_reported(session: Session, asked: Sequence[_Asked]) -> dict[Period, _Reading]:
    root_id, codes = asked[0].root_id, asked[0].codes
    forms = {each.period: each.forms for each in asked}
    parts = {each.period: parts_of(each.published, each.units) for each in asked}
    stored = {unit_id for part in parts.values() for unit_id in part.stored}
    units = {unit.id for each in asked for unit in each.units}
    told = read_reported(session, root_id, parts, stored, units, codes)
    totals = totals_then(session, root_id, parts, codes, told.stored)
    expected = expected_then(parts, forms, told.expected)
    entries = entries_told(parts, told.entries)
    return {
        each.period: _Reading(
            Restated(targets_in(each.published, each.units), {}, ()),
            totals[each.period],
            expected[each.period],
            entries[each.period],
        )
        for each in asked
    }


def _as_of_today(session: Session, asked: Sequence[_Asked]) -> dict[Period, _Reading]:
    root_id, codes = asked[0].root_id, asked[0].codes
    forms = {each.period: each.forms for each in asked}
    restated = restate_each(session, forms, asked[0].units)
    targets = {period: each.counted for period, each in restated.items()}
    standing = {unit_id for each in restated.values() for unit_id in each.standing}
    totals = observed_then(session, root_id, targets, codes, standing)
    expected = expected_restated(session, root_id, targets, forms)
    entries = entries_then(session, root_id, list(forms), codes)
    return {
        period: _Reading(each, totals[period], expected[period], entries[period]) for period, each in restated.items()
    }


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
        return [each for each in published.under(unit) if stands_among(each.level, Level(name))]
    raise InvalidInput("by", "unknown", by)


def _chosen(forms: Sequence[FormVersion], codes: Collection[str] | None) -> list[Indicator]:
    wanted = None if codes is None else set(codes)
    known = {code: one for form in forms for code, one in form.by_code.items() if wanted is None or code in wanted}
    if wanted is not None and len(known) < len(wanted):
        raise NotFound("indicator", ",".join(code for code in codes or () if code not in known))
    return list(known.values())


def _add_pending(
    session: Session, root_id: int, readings: Mapping[Period, _Reading]
) -> dict[Period, set[tuple[int, str]]]:
    """Add what is submitted but not accepted; gives the totals touched. Unreadable figures stay out by policy."""
    touched: dict[Period, set[tuple[int, str]]] = {period: set() for period in readings}
    by_code = {str(period): (period, each.restated.counted, each.totals) for period, each in readings.items()}
    query = select(Submission).where(
        Submission.root_id == root_id, Submission.period_code.in_(by_code), Submission.state == State.SUBMITTED
    )
    waiting = [row for row in session.scalars(query) if by_code[row.period_code][1](row.unit_id)]
    for row, found in contributing(session, waiting):
        period, targets, totals = by_code[row.period_code]
        for one in found:
            for target in targets(row.unit_id):
                key = (target, one.indicator)
                totals[key] = totals.get(key, Total()) + Total.of(one)
                touched[period].add(key)
    return touched
