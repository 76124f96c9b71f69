"""From what the URL asks to what the person gets: unit, period, form and indicator, rights checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dashboards.filters import Against, Filters, TreeChoice
from portal.domain.additions import is_own_code
from portal.domain.forms import Indicator, Sheet
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Permission, Subject, require
from portal.errors import NotFound
from portal.queries import units
from portal.queries.made_forms import made_forms
from portal.queries.rollups.over_time import forms_shown, list_shown_periods
from portal.queries.rollups.totals import list_periods
from portal.queries.units import UnitRow

START_INDICATOR = "FZ0501"
"""Shown first where the form has it: the number of registered social organisations, which every unit knows."""


@dataclass(frozen=True)
class Context:
    """What a page is about.

    Attributes:
        filters: as asked, with unit, period and indicator filled in.
        ancestors: from the top unit down to `unit`, which is the last.
        reachable: codes of those ancestors that the person may open.
        units: the units the person may choose, in tree order.
        periods: those that something was collected for, and the longer ones made from them; newest first.
        sheets: of the forms collected for the period, or made from shorter ones, with their indicators.
        tree_period: the period whose tree groups the units; None for today's tree.
        form: code of the form that asks for the indicator.
        made: the indicator's numbers are made from those of shorter periods; units have no own answers to it.
    """

    actor: Actor
    filters: Filters
    unit: UnitRow
    ancestors: tuple[UnitRow, ...]
    reachable: frozenset[str]
    units: tuple[UnitRow, ...]
    period: Period
    periods: tuple[Period, ...]
    indicator: Indicator
    sheets: tuple[Sheet, ...]
    tree_period: Period | None
    form: str = ""
    made: bool = False

    @property
    def top(self) -> UnitRow:
        """The top unit, whose code names the boundary files."""
        return self.ancestors[0]

    @property
    def against(self) -> Against:
        """Which earlier period is compared with: between years there is no choice."""
        return Against.LAST_YEAR if self.period.kind is PeriodKind.YEAR else self.filters.against

    @property
    def earlier(self) -> Period:
        """That period."""
        return self.period.previous if self.against is Against.PREVIOUS else self.period.last_year

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator collected for the period, in form order."""
        return tuple(indicator for sheet in self.sheets for indicator in sheet.indicators)


class NothingCollected(NotFound):
    """No form was ever sent down: there is nothing to show yet."""

    code = "nothing_collected"


def resolve(session: Session, actor: Actor, asked: Filters) -> Context:
    """Fill in the defaults and check the rights.

    Raises:
        NothingCollected: nothing was ever collected from the units the person sees.
        NotFound: there is no such unit, period or indicator.
        NotPermitted: the unit is not the person's own, nor below it.
    """
    collected = list_periods(session)
    if not collected:
        raise NothingCollected("collection", actor.place.code)
    periods = tuple(map(Period.parse, list_shown_periods(session)))
    period = Period.parse(asked.period or collected[0])
    if period not in periods:
        raise NotFound("period", period)
    tree_period = period if asked.tree is TreeChoice.REPORTED else None
    choices = tuple(units.list_units(session, under=actor.place.code, period=tree_period))
    unit = _unit(actor, choices, asked.unit or actor.place.code)
    forms = forms_shown(session, unit, period)
    sheets = tuple(sheet for form in forms for sheet in form.sheets if sheet.indicators)
    indicator = _indicator([each for sheet in sheets for each in sheet.indicators], asked.indicator)
    ancestors = tuple(units.ancestors(session, unit.code, period=tree_period))
    return Context(
        actor=actor,
        filters=asked.but(unit=unit.code, period=str(period), indicator=indicator.code),
        unit=unit,
        ancestors=ancestors,
        reachable=frozenset(each.code for each in ancestors if actor.place.covers(each.path)),
        units=choices,
        period=period,
        periods=periods,
        indicator=indicator,
        sheets=sheets,
        tree_period=tree_period,
        form=next(form.code for form in forms if indicator.code in form.by_code),
        made=any(indicator.code in each.form.by_code for each in made_forms(session, unit, period)),
    )


def _unit(actor: Actor, choices: Sequence[UnitRow], asked: str) -> UnitRow:
    """The unit of that code or name among those that the person may choose."""
    named = [unit for unit in choices if asked in {unit.code, unit.name, unit.name_en}]
    begun = [unit for unit in choices if unit.name.startswith(asked)]
    unit = next(iter(named or begun), None)
    if unit is None:
        raise NotFound("unit", asked)
    require(actor, Permission.SEE_ROLLUP, Subject(unit.path))
    return unit


def _indicator(known: Sequence[Indicator], asked: str) -> Indicator:
    """The indicator of that code; without one the usual start, or the form's first.

    So it is on the way up from a unit that added an indicator to those that know nothing of it.
    """
    by_code = {each.code: each for each in known}
    if asked and asked not in by_code and not is_own_code(asked):
        raise NotFound("indicator", asked)
    return by_code.get(asked) or by_code.get(START_INDICATOR) or known[0]
