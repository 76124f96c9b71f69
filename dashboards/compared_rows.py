"""Reads the figures that the ranking and the map compare: units' own, or the totals of what is below them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from sqlalchemy.orm import Session

from dashboards.compared import Comparison, choices_of, chosen_level, comparison, field_of, levels_below
from dashboards.context import Context
from dashboards.filters import Basis, TreeChoice, Whose
from dashboards.parts import unit_name
from dashboards.standings import UnitFigure
from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import ValueStatus
from portal.errors import NotFound
from portal.queries.forms import indicators_then
from portal.queries.own_figures import OwnFigure, own_figures
from portal.queries.rollups import RollUpRow, roll_up
from portal.queries.units import UnitRow

Row = TypeVar("Row", RollUpRow, OwnFigure)


def load(session: Session, context: Context, *, with_leaves: bool = False) -> Comparison:
    """Read the figures of the units compared, of the level and kind asked for.

    Args:
        session: within the actor's scope.
        context: what the page is about.
        with_leaves: whether cities without districts count as districts, as they do on a map.
    """
    level = chosen_level(context, levels_below(context))
    units = _units(context, level, with_leaves=with_leaves)
    choices = choices_of(context.indicator, units)
    asked = context.filters.whose
    whose = asked if asked in choices else choices[0]
    as_reported = context.filters.tree is TreeChoice.REPORTED and context.filters.basis is Basis.APPROVED
    # With nothing below a unit its total is its own figure; only accepted ones are kept as they were reported.
    own = whose is Whose.OWN and (as_reported or any(unit.has_children for unit in units))
    figures = _own(session, context, units) if own else _totals(session, context, units)
    return comparison(context, level, whose or choices[0], units, figures)


def _units(context: Context, level: Level, *, with_leaves: bool) -> list[UnitRow]:
    """The units of a level that are compared, in tree order."""
    field = field_of(context)
    return [
        unit
        for unit in context.units
        if unit.path == field.path or unit.path.startswith(f"{field.path}.")
        if unit.level is level or (with_leaves and _counts_as(unit, level))
    ]


def _counts_as(unit: UnitRow, level: Level) -> bool:
    """A city without districts stands on the map among the districts of its neighbours."""
    return level is Level.DISTRICT and unit.level is Level.CITY and not unit.has_children


def _totals(session: Session, context: Context, units: Sequence[UnitRow]) -> list[UnitFigure]:
    """The units' roll-ups beside those of a year ago."""
    now = _rows(session, context, context.period, units, context.indicator)
    before = _summed(
        [_rows(session, context, context.period.last_year, units, each) for each in _then(session, context)]
    )
    names = _names(context)
    return [_total(unit, names, now.get(unit.code), before.get(unit.code)) for unit in units]


def _names(context: Context) -> dict[str, str]:
    """Names of all units in sight, by code."""
    return {unit.code: unit_name(unit.name, unit.name_en) for unit in (*context.ancestors, *context.units)}


def _then(session: Session, context: Context) -> tuple[Indicator, ...]:
    """What the indicator was a year ago, under another name or in parts perhaps; nothing where the series breaks."""
    root_id, code = context.unit.root_id, context.indicator.code
    return indicators_then(session, root_id, code, context.period, context.period.last_year)


def _summed(parts: Sequence[Mapping[str, Row]]) -> dict[str, Row]:
    """The rows of indicators that were merged since, added up by unit; no value where one of them has none."""
    if len(parts) < 2:  # noqa: PLR2004 - nothing to add up
        return dict(parts[0]) if parts else {}
    found = {}
    for code in set.intersection(*(set(rows) for rows in parts)):
        values = [None if getattr(rows[code], "partial", False) else rows[code].value for rows in parts]
        numbers = [value for value in values if value is not None]
        found[code] = replace(parts[0][code], value=sum(numbers, Decimal(0)) if len(numbers) == len(values) else None)
    return found


def _rows(
    session: Session, context: Context, period: Period, units: Sequence[UnitRow], indicator: Indicator
) -> dict[str, RollUpRow]:
    """By unit code; nothing for a period in which the indicator was not collected."""
    found: dict[str, RollUpRow] = {}
    if period not in context.periods:
        return found
    for level in {unit.level for unit in units}:
        try:
            rows = roll_up(
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
            continue
        found |= {row.unit_code: row for row in rows}
    return found


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
    )


def _status(row: RollUpRow | None) -> ValueStatus:
    if row is None:
        return ValueStatus.MISSING
    if row.value is not None:
        return ValueStatus.REPORTED
    return ValueStatus.MISSING if row.expected else ValueStatus.NOT_APPLICABLE


def _own(session: Session, context: Context, units: Sequence[UnitRow]) -> list[UnitFigure]:
    """The units' own accepted figures beside those of a year ago."""
    period = context.period.last_year
    now = _own_rows(session, context, context.period, units, context.indicator)
    before = _summed([_own_rows(session, context, period, units, each) for each in _then(session, context)])
    names = _names(context)
    return [_own_figure(unit, names, now.get(unit.code), before.get(unit.code)) for unit in units]


def _own_rows(
    session: Session, context: Context, period: Period, units: Sequence[UnitRow], indicator: Indicator
) -> dict[str, OwnFigure]:
    """By unit code; nothing for a period in whose tree the unit looked at does not stand."""
    found: dict[str, OwnFigure] = {}
    for level in {unit.level for unit in units}:
        try:
            rows = own_figures(
                session,
                context.actor,
                under=field_of(context).code,
                level=level,
                period=period,
                indicator=indicator,
            )
        except NotFound:
            continue
        found |= {row.unit.code: row for row in rows}
    return found


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
