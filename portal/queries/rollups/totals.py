"""Roll-ups (汇总数): an indicator added up for a unit, with the coverage that belongs to every such number."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle, repeat
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import AggregationKind, FormVersion, Indicator
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.units import Level, stands_among
from portal.errors import InvalidInput, NotFound
from portal.models import Collection as CollectionRow
from portal.queries.effective_forms import InTree, collected_forms, forms_then, forms_told, line_of
from portal.queries.parameters import made
from portal.queries.rollups.entries import EntryAmount, add_entries, entries_then, entries_told
from portal.queries.rollups.expected import Expected, expected_restated, expected_then
from portal.queries.rollups.parts import Totals, parts_of, targets_in, totals_counting, totals_then
from portal.queries.rollups.pending import add_pending
from portal.queries.rollups.reading import Told, Wanted, read_reported
from portal.queries.rollups.restated import Restated, restate_each
from portal.queries.rollups.rows import RollUpRow, may_be_withheld, told
from portal.queries.units import PublishedTree, UnitRow, published_tree, trees_seen, trees_told

REPORTED_TREE = "reported"
CURRENT_TREE = "current"
NOTHING = Total()

MOST_ROWS = 400_000
"""Rows read at a time, units by indicators by periods: they take two gigabytes to tell."""


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
        InvalidInput: `by` or `tree` is no such thing, or more than `MOST_ROWS` are asked for.
    """
    found = roll_ups(
        session, actor, unit=unit, periods=[period], indicators=indicators, by=by, tree=tree, pending=pending
    )
    return found[period]


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
    if not periods:
        return {}
    read: Told | None = None
    if all(tree_day(period, tree) for period in periods):
        standing, read = _read_reported(session, unit, periods, indicators, by)
    else:
        standing = _standing(dict.fromkeys(periods, published_tree(session)), unit, by)
    asked = _ask(session, actor, unit, standing, indicators, read)
    rows = sum(len(each.standing.units) * len(each.wanted) for each in asked.values())
    if rows > MOST_ROWS:
        raise InvalidInput("by", "too_many_figures", f"{rows} > {MOST_ROWS}")
    readings = _as_reported(session, asked, read) if read else _as_of_today(session, asked)
    touched: dict[Period, set[tuple[int, str]]] = {}
    if pending:
        counted = {period: (each.restated.counted, each.totals) for period, each in readings.items()}
        touched = add_pending(session, next(iter(standing.values())).top.root_id, counted, indicators)
    found: dict[Period, list[RollUpRow]] = {}
    for period, each in asked.items():
        reading = readings[period]
        add_entries(reading.totals, reading.entries, reading.restated.counted)
        found[period] = _rows(each, reading, tree, touched.get(period, ()))
    return found


class _Standing(NamedTuple):
    """A tree, the unit in it whose roll-ups are asked for, and the units that have a row each."""

    tree: PublishedTree
    top: UnitRow
    units: Sequence[UnitRow]


class _Asked(NamedTuple):
    """A question about one period.

    Attributes:
        standing: where.
        forms: as they were sent down.
        wanted: the indicators asked for, in form order.
        codes: of them; None for all.
    """

    standing: _Standing
    forms: Sequence[FormVersion]
    wanted: Sequence[Indicator]
    codes: Sequence[str] | None


@dataclass(frozen=True)
class _Reading:
    """What rows are made of."""

    restated: Restated
    totals: Totals
    expected: Expected
    entries: Sequence[EntryAmount]


def _standing(trees: Mapping[Period, PublishedTree], unit: str, by: str) -> dict[Period, _Standing]:
    """Of the periods in whose tree the unit stands."""
    return {
        period: _Standing(tree, tree.get(unit), units_by(tree, unit, by))
        for period, tree in trees.items()
        if unit in tree.places
    }


def _read_reported(
    session: Session, unit: str, periods: Collection[Period], indicators: Collection[str] | None, by: str
) -> tuple[dict[Period, _Standing], Told]:
    """Where the unit stands in the periods' own trees, and what was read, all in one statement.

    It goes by the trees that this process saw last, and tells which they are now: if others, it is repeated.
    """
    trees = trees_seen(periods)
    while True:
        standing = _standing(trees, unit, by)
        read = read_reported(session, periods, _wanted(standing.values()), indicators)
        found = trees_told(session, read.trees)
        if found == trees:
            return standing, read
        trees = {period: found[period] for period in periods if period in found}


def _wanted(standing: Collection[_Standing]) -> Wanted:
    if not standing:
        return Wanted()
    top = next(iter(standing)).top
    stored = {unit_id for each in standing for unit_id in parts_of(each.tree, each.units).stored}
    return Wanted(top.root_id, line_of(top.path), stored, {unit.id for each in standing for unit in each.units})


def _ask(
    session: Session,
    actor: Actor,
    unit: str,
    standing: Mapping[Period, _Standing],
    indicators: Sequence[str] | None,
    read: Told | None,
) -> dict[Period, _Asked]:
    """What is asked of each period; those are left out that lack what is asked for.

    Raises:
        NotFound: so are all.
        NotPermitted: the unit is not within the actor's reach.
    """
    asked: dict[Period, _Asked] = {}
    refusal = NotFound("unit", unit)
    if not standing:
        raise refusal
    top = next(iter(standing.values())).top
    require(actor, Permission.SEE_ROLLUP, Subject(top.path))
    forms = forms_told(session, top.path, standing, read.forms) if read else forms_then(session, top, standing)
    for period, each in standing.items():
        try:
            wanted = _chosen(forms[period], indicators)
        except NotFound as error:
            refusal = error
        else:
            codes = None if indicators is None else [indicator.code for indicator in wanted]
            asked[period] = _Asked(each, forms[period], wanted, codes)
    if not asked:
        raise refusal
    return asked


def _rows(asked: _Asked, reading: _Reading, tree: str, unaccepted: Collection[tuple[int, str]]) -> list[RollUpRow]:
    """A row per unit and indicator, made column by column: there are thousands."""
    wanted, restated, expected = asked.wanted, reading.restated, reading.expected
    codes = [indicator.code for indicator in wanted]
    keys = [(unit.id, code) for unit in asked.standing.units for code in codes]
    units = [unit for unit in asked.standing.units for _each in wanted]
    indicators = [*wanted] * len(asked.standing.units)
    answers = list(expected.of(asked.standing.units, wanted))
    totals = list(map(reading.totals.get, keys, repeat(NOTHING)))
    torn: Sequence[tuple[str, ...]] = [()] * len(keys)
    if restated.torn:
        entered = {(entry.unit_id, entry.indicator) for entry in reading.entries}
        torn = [restated.torn_by(*each, entered) for each in zip(units, indicators, strict=True)]
    if restated.torn or any(map(may_be_withheld, wanted)):
        totals = list(map(told, totals, indicators, answers, torn))
    return list(
        made(
            RollUpRow,
            units,
            indicators,
            _figures(totals, wanted, entered=bool(reading.entries)),
            answers,
            repeat(tree),
            (key in unaccepted for key in keys) if unaccepted else repeat(False),
            (unit.id in expected.demo for unit in units) if expected.demo else repeat(False),
            totals,
            torn,
            repeat(False),
            *repeat(repeat(()), 3),
            repeat(None),
        )
    )


def _figures(totals: Iterable[Total], wanted: Sequence[Indicator], *, entered: bool) -> Iterator[Decimal | None]:
    """The figure of each total, unit after unit; that of a sum into which nothing was entered is at hand."""
    at_hand = [each.aggregation.kind is AggregationKind.SUM and not entered for each in wanted]
    for total, indicator, known in zip(totals, cycle(wanted), cycle(at_hand), strict=False):
        yield total.amount if known else total.figure(indicator)


def _as_reported(session: Session, asked: Mapping[Period, _Asked], read: Told) -> dict[Period, _Reading]:
    first = next(iter(asked.values()))
    parts = {period: parts_of(each.standing.tree, each.standing.units) for period, each in asked.items()}
    totals = totals_then(session, first.standing.top.root_id, parts, first.codes, read.stored)
    expected = expected_then(parts, {period: each.forms for period, each in asked.items()}, read.expected)
    entries = entries_told(parts, read.entries)
    return {
        period: _Reading(
            Restated(targets_in(each.standing.tree, each.standing.units), {}, each.standing.tree),
            totals[period],
            expected[period],
            entries[period],
        )
        for period, each in asked.items()
    }


def _as_of_today(session: Session, asked: Mapping[Period, _Asked]) -> dict[Period, _Reading]:
    first = next(iter(asked.values()))
    root_id, forms = first.standing.top.root_id, {period: each.forms for period, each in asked.items()}
    restated = restate_each(session, forms, first.standing.units)
    targets = {period: each.counted for period, each in restated.items()}
    counting = {period: (each.tree, each.counted) for period, each in restated.items()}
    totals = totals_counting(session, root_id, counting, first.codes)
    expected = expected_restated(session, root_id, targets, forms)
    entries = entries_then(session, root_id, list(forms), first.codes)
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
