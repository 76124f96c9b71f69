"""Reads the figures that the ranking and the map compare: units' own, or the totals of what is below them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TypeVar

from sqlalchemy.orm import Session

from dashboards.compared import Comparison, choices_of, chosen_level, comparison, field_of, levels_below
from dashboards.context import Context
from dashboards.filters import Among, Basis, TreeChoice, Whose
from dashboards.parts import unit_name
from dashboards.standings import UnitFigure
from portal.domain.forms import Indicator
from portal.domain.mapping import Term
from portal.domain.periods import Period
from portal.domain.units import Level, stands_among
from portal.domain.values import EXACT, ValueStatus
from portal.errors import NotFound
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.over_time import indicators_then, periods_behind, roll_up_made
from portal.queries.rollups.own_figures import OwnFigure, own_figures
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.same_units import Side, of_other_units
from portal.queries.rollups.series import breaks_between
from portal.queries.units import UnitRow

Row = TypeVar("Row", RollUpRow, OwnFigure)
Then = tuple[tuple[Indicator, Term], ...]


def load(session: Session, context: Context) -> Comparison:
    """Read the figures of the units compared, of the level and kind asked for; the session is in the actor's scope."""
    level = chosen_level(context, levels_below(context))
    units = _units(context, level)
    choices = choices_of(context.indicator, units, made=context.made)
    asked = context.filters.whose
    whose = asked if asked in choices else choices[0]
    as_reported = context.filters.tree is TreeChoice.REPORTED and context.filters.basis is Basis.APPROVED
    # With nothing below a unit its total is its own figure; only accepted ones are kept as they were reported.
    own = whose is Whose.OWN and not context.made and (as_reported or any(unit.has_children for unit in units))
    then = indicators_then(session, context.unit, context.indicator.code, context.period, context.earlier)
    figures = _unbroken(session, context, (_own if own else _totals)(session, context, level, units, then or ()))
    compared = comparison(context, level, whose or choices[0], units, figures)
    return replace(compared, broken=then == ())


def _unbroken(session: Session, context: Context, figures: list[UnitFigure]) -> list[UnitFigure]:
    """Without earlier figures that are not of the same units; restated to today's tree they are."""
    if context.filters.tree is not TreeChoice.REPORTED:
        return figures
    behind = periods_behind(session, context.unit, (context.earlier, context.period), context.indicator.code)
    marks = breaks_between(session, [figure.code for figure in figures], behind)
    return [
        replace(figure, last_year=None, breaks=tuple(mark.words for mark in marks[figure.code]))
        if figure.code in marks
        else figure
        for figure in figures
    ]


def _units(context: Context, level: Level) -> list[UnitRow]:
    """The units of a level that are compared, in tree order."""
    field = field_of(context)
    return [
        unit
        for unit in context.units
        if unit.path == field.path or unit.path.startswith(f"{field.path}.")
        if stands_among(unit.level, level)
    ]


def _totals(session: Session, context: Context, level: Level, units: Sequence[UnitRow], then: Then) -> list[UnitFigure]:
    """The units' roll-ups beside those of the earlier period."""
    now = _covered(session, context, _rows(session, context, context.period, level, context.indicator))
    period = context.earlier
    before = _summed([(_rows(session, context, period, level, each), term) for each, term in then])
    names = _names(context)
    figures = [_total(unit, names, now.get(unit.code), before.get(unit.code)) for unit in units]
    if context.filters.among is Among.ALL or not any(figure.last_year is not None for figure in figures):
        return figures
    sides = (
        _side(context, [each.code for each, _term in then], before.values(), period),
        _side(context, [context.indicator.code], now.values(), context.period),
    )
    others = of_other_units(session, units, *sides, context.tree_period)
    return [replace(each, last_year=None, others=True) if each.code in others else each for each in figures]


def _side(context: Context, indicators: Sequence[str], rows: Iterable[RollUpRow], period: Period) -> Side:
    """What the totals of a period are made of; those that are partial are compared with nothing."""
    known = list(rows)
    made = {part for row in [each for each in known if not each.partial] or known for part in row.periods}
    form = context.form if context.filters.basis is Basis.PENDING else None
    return Side(indicators, sorted(made) or [period], form)


def _names(context: Context) -> dict[str, str]:
    """Names of all units in sight, by code."""
    return {unit.code: unit_name(unit.name, unit.name_en) for unit in (*context.ancestors, *context.units)}


def _summed(parts: Sequence[tuple[Mapping[str, Row], Term]]) -> dict[str, Row]:
    """The rows of what an indicator was, added up by unit in its present unit; no value where one of them has none."""
    if not parts:
        return {}
    found = {}
    for code in set.intersection(*(set(rows) for rows, _term in parts)):
        several = len(parts) > 1
        values = [
            None if several and getattr(rows[code], "partial", False) else rows[code].value for rows, _term in parts
        ]
        numbers = [term.of_number(value) for value, (_, term) in zip(values, parts, strict=True) if value is not None]
        total = reduce(EXACT.add, numbers) if len(numbers) == len(values) else None
        found[code] = parts[0][0][code]._replace(value=total)
    return found


def _rows(
    session: Session, context: Context, period: Period, level: Level, indicator: Indicator
) -> dict[str, RollUpRow]:
    """By unit code; nothing for a period in which the indicator was not collected."""
    if period not in context.periods:
        return {}
    try:
        rows = roll_up_made(
            session,
            context.actor,
            unit=field_of(context).code,
            period=period,
            indicators=[indicator.code],
            by=f"level:{level}",
            tree=context.filters.tree,
            pending=context.filters.basis is Basis.PENDING,
        )
    except NotFound:
        return {}
    return {row.unit_code: row for row in rows}


def _covered(session: Session, context: Context, rows: dict[str, RollUpRow]) -> dict[str, RollUpRow]:
    """The same with their coverage."""
    pending = context.filters.basis is Basis.PENDING
    found = covered(session, context.actor, field_of(context), context.period, list(rows.values()), pending=pending)
    return {row.unit_code: row for row in found}


def _total(unit: UnitRow, names: Mapping[str, str], row: RollUpRow | None, before: RollUpRow | None) -> UnitFigure:
    return UnitFigure(
        code=unit.code,
        name=names[unit.code],
        level=unit.level,
        parent_code=unit.parent_code,
        parent_name=names.get(unit.parent_code, ""),
        value=row.value if row else None,
        status=_status(row),
        last_year=before.value if before and not before.partial else None,
        reported=row.reported if row else 0,
        expected=row.expected if row else 0,
        demo=bool(row and row.demo),
        missing=len(row.missing) if row else 0,
        row=row,
    )


def _status(row: RollUpRow | None) -> ValueStatus:
    if row is None:
        return ValueStatus.MISSING
    if row.value is not None:
        return ValueStatus.REPORTED
    return ValueStatus.MISSING if row.expected else ValueStatus.NOT_APPLICABLE


def _own(session: Session, context: Context, level: Level, units: Sequence[UnitRow], then: Then) -> list[UnitFigure]:
    """The units' own accepted figures beside those of the earlier period."""
    period = context.earlier
    now = _own_rows(session, context, context.period, level, context.indicator)
    before = _summed([(_own_rows(session, context, period, level, each), term) for each, term in then])
    names = _names(context)
    return [_own_figure(unit, names, now.get(unit.code), before.get(unit.code)) for unit in units]


def _own_rows(
    session: Session, context: Context, period: Period, level: Level, indicator: Indicator
) -> dict[str, OwnFigure]:
    """By unit code; nothing for a period in whose tree the unit looked at does not stand."""
    under = field_of(context).code
    try:
        rows = own_figures(session, context.actor, under=under, level=level, period=period, indicator=indicator)
    except NotFound:
        return {}
    return {row.unit.code: row for row in rows}


def _own_figure(unit: UnitRow, names: Mapping[str, str], row: OwnFigure | None, before: OwnFigure | None) -> UnitFigure:
    status = row.status if row else ValueStatus.MISSING
    return UnitFigure(
        code=unit.code,
        name=names[unit.code],
        level=unit.level,
        parent_code=unit.parent_code,
        parent_name=names.get(unit.parent_code, ""),
        value=row.value if row else None,
        status=status,
        last_year=before.value if before else None,
        reported=int(status is ValueStatus.REPORTED),
        expected=int(status is not ValueStatus.NOT_APPLICABLE),
        demo=bool(row and row.demo),
    )
