"""Eliminations and adjustments of roll-ups (冲抵、调整): what they come to, and who entered them why.

They are added when a roll-up is read, beside the stored ones. So a reading is exact whenever an entry is made, no
acceptance waits for one, and an entry follows its unit through any tree as the unit's figures do: by the tree of the
period it counts for the unit and all above it; by today's for whatever the unit became, and where that was split, for
what stands above all the parts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Numeric, and_, bindparam, column, func, select, true
from sqlalchemy.orm import Session, aliased

from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.rollup import Total
from portal.domain.rollup_entries import Entry, EntryKind, suggested
from portal.errors import NotFound
from portal.models import Period as PeriodRow
from portal.models import RollUpEntry, Unit
from portal.queries.ancestors import Targets
from portal.queries.effective_forms import collected_forms
from portal.queries.parameters import joined, texts
from portal.queries.rollups.parts import Totals, observed_totals, targets_in
from portal.queries.units import UnitRow, get_unit, list_units, published_tree

_SERIES = ("root_id", "period_code", "unit_id", "indicator")
_Withdrawal = aliased(RollUpEntry)
_WITHDRAWN = and_(
    *(getattr(_Withdrawal, name) == getattr(RollUpEntry, name) for name in _SERIES),
    _Withdrawal.withdraws == RollUpEntry.number,
)


@dataclass(frozen=True)
class EntryAmount:
    """An entry that counts, as everybody knows it who sees the roll-up."""

    unit_id: int
    indicator: str
    entry: Entry


@dataclass(frozen=True)
class Withdrawal:
    """Who withdrew an entry, and why."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class EntryRow:
    """An entry; with a `withdrawal` it does not count any more."""

    unit: UnitRow
    indicator: str
    form: str
    number: int
    entry: Entry
    reason: str
    by: str
    at: datetime
    withdrawal: Withdrawal | None


@dataclass(frozen=True)
class Standing:
    """What somebody who is about to enter something sees.

    Attributes:
        seen: number of the last entry or withdrawal at the unit; 0: there is none.
        suggestion: the elimination that is still due by the figures that are in the roll-up: what was passed on by
            a unit whose own figure is not accepted, or that is exempt, is in it once. None: none is due.
    """

    seen: int
    suggestion: Decimal | None


def entry_amounts(
    session: Session, root_id: int, period: Period, indicators: Collection[str] | None = None
) -> list[EntryAmount]:
    """Every entry of a period that the actor's roll-ups may have in them."""
    return entries_then(session, root_id, [period], indicators)[period]


def entries_then(
    session: Session, root_id: int, periods: Sequence[Period], indicators: Collection[str] | None = None
) -> dict[Period, list[EntryAmount]]:
    """The same for each of several periods, in one statement."""
    asked = {"root": root_id, "periods": joined(map(str, periods))}
    found: dict[str, list[EntryAmount]] = {str(period): [] for period in periods}
    for code, unit_id, indicator, kind, amount in session.execute(_AMOUNTS, asked):
        if indicators is None or indicator in indicators:
            found[code].append(EntryAmount(unit_id, indicator, Entry(EntryKind(kind), amount)))
    return {period: found[str(period)] for period in periods}


def entries_told(periods: Iterable[Period], told: Iterable[Sequence[str]]) -> dict[Period, list[EntryAmount]]:
    """The same as they were read with the roll-ups that they count in."""
    found: dict[str, list[EntryAmount]] = {str(period): [] for period in periods}
    for code, unit_id, indicator, kind, amount, *_nothing in told:
        found[code].append(EntryAmount(int(unit_id), indicator, Entry(EntryKind(kind), Decimal(amount))))
    return {period: found[str(period)] for period in periods}


_periods = func.unnest(texts("periods")).table_valued("code", name="asked").render_derived()
_amounts = (
    func.rollup_entry_amounts(bindparam("root"), _periods.c.code)
    .table_valued("unit_id", "indicator", "kind", column("amount", Numeric()))
    .lateral()
)
_AMOUNTS = select(_periods.c.code, _amounts).select_from(_periods.join(_amounts, true()))


def add_entries(totals: Totals, entries: Iterable[EntryAmount], targets: Targets) -> None:
    """Add each entry to the totals of the units that `targets` names for its unit."""
    for each in entries:
        for target in targets(each.unit_id):
            key = (target, each.indicator)
            totals[key] = totals.get(key, Total()) + each.entry.total


def list_entries(
    session: Session, actor: Actor, *, unit: str, period: Period, indicator: str | None = None
) -> list[EntryRow]:
    """The entries at a unit and all below it, by the period's tree and in its order; then by indicator and number.

    Those of units that have left the actor's scope since are in the numbers, and are not listed.

    Raises:
        NotFound: the period's tree has no such unit, or nobody of it was asked for such an indicator.
        NotPermitted: the unit is not within the actor's reach, or the actor sees numbers only, not their origins.
    """
    top = get_unit(session, unit, period=period)
    require(actor, Permission.SEE_ORIGINS, Subject(top.path))
    if indicator and not any(indicator in form.by_code for form in collected_forms(session, top, period)):
        raise NotFound("indicator", indicator)
    return entries_at(session, list_units(session, under=unit, period=period), period, indicator)


def entries_at(
    session: Session, units: Sequence[UnitRow], period: Period, indicator: str | None = None
) -> list[EntryRow]:
    """The entries at these units that are within sight, in the units' order; then by indicator and number."""
    order = {unit.id: place for place, unit in enumerate(units)}
    query = (
        select(RollUpEntry, _Withdrawal)
        .outerjoin(_Withdrawal, _WITHDRAWN)
        .where(
            RollUpEntry.root_id.in_({unit.root_id for unit in units}),
            RollUpEntry.period_code == str(period),
            RollUpEntry.withdraws.is_(None),
        )
        .order_by(RollUpEntry.indicator, RollUpEntry.number)
    )
    if indicator:
        query = query.where(RollUpEntry.indicator == indicator)
    found = [(row, gone) for row, gone in session.execute(query) if row.unit_id in order]
    found.sort(key=lambda pair: order[pair[0].unit_id])
    return [_row(units[order[row.unit_id]], row, gone) for row, gone in found]


def counting_at(session: Session, root_id: int, units: Collection[str], since: date = date.min) -> list[str]:
    """Where entries count at these units for periods that end on a day or later: unit, period and indicator."""
    query = (
        select(Unit.code, RollUpEntry.period_code, RollUpEntry.indicator)
        .join(Unit, Unit.id == RollUpEntry.unit_id)
        .join(PeriodRow, PeriodRow.code == RollUpEntry.period_code)
        .outerjoin(_Withdrawal, _WITHDRAWN)
        .where(
            RollUpEntry.root_id == root_id,
            RollUpEntry.withdraws.is_(None),
            _Withdrawal.number.is_(None),
            Unit.code.in_(units),
            PeriodRow.ends_on >= since,
        )
        .distinct()
    )
    return sorted("-".join(row) for row in session.execute(query))


def last_number(session: Session, unit: UnitRow, period: Period, indicator: Indicator) -> int:
    """Of the last entry or withdrawal at a unit; 0: there is none."""
    query = select(func.max(RollUpEntry.number)).where(
        RollUpEntry.root_id == unit.root_id,
        RollUpEntry.period_code == str(period),
        RollUpEntry.unit_id == unit.id,
        RollUpEntry.indicator == indicator.code,
    )
    return session.scalar(query) or 0


def standing(session: Session, unit: UnitRow, period: Period, indicator: Indicator) -> Standing:
    """What stands at a unit before something is entered there; by the period's tree."""
    last = last_number(session, unit, period, indicator)
    if not indicator.eliminate:
        return Standing(last, None)
    tree = published_tree(session, period)
    here: Totals = {}
    inside = targets_in(tree, [unit])
    add_entries(here, entry_amounts(session, unit.root_id, period, [indicator.code]), inside)
    counted = _counted_twice(session, tree.under(unit.code), period, indicator)
    return Standing(last, suggested(counted, here.get((unit.id, indicator.code), Total())))


def _counted_twice(session: Session, units: Sequence[UnitRow], period: Period, indicator: Indicator) -> Total:
    """What units below the first one report as passed on, where their own figure and their superior's are accepted."""
    ids, passed_on = {unit.code: unit.id for unit in units}, indicator.eliminate
    within = set(ids.values())
    own = observed_totals(
        session,
        units[0].root_id,
        period,
        [indicator.code, passed_on],
        lambda unit_id: (unit_id,) if unit_id in within else (),
    )
    counts = {unit_id for (unit_id, code), total in own.items() if code == indicator.code and total.amount is not None}
    received = [
        own.get((unit.id, passed_on), Total())
        for unit in units[1:]
        if unit.id in counts and ids[unit.parent_code] in counts
    ]
    return sum(received, Total())


def _row(unit: UnitRow, row: RollUpEntry, gone: RollUpEntry | None) -> EntryRow:
    return EntryRow(
        unit,
        row.indicator,
        row.form_code,
        row.number,
        Entry(EntryKind(row.kind), row.amount),
        row.reason,
        row.entered_by,
        row.entered_at,
        Withdrawal(gone.reason, gone.entered_by, gone.entered_at) if gone else None,
    )
