"""Which units are compared on which figure: what the ranking and the map have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboards.context import Context
from dashboards.filters import Whose
from dashboards.standings import League, UnitFigure, rank
from portal.domain.forms import AggregationKind, Indicator, Scope
from portal.domain.numbers import Scale, scaled_unit
from portal.domain.units import Level
from portal.queries.units import UnitRow
from portal.web.language import language


@dataclass(frozen=True)
class Comparison:
    """Figures of comparable units.

    Attributes:
        figures: one a unit, in tree order.
        league: the same, ranked.
        scale: on which all of them are shown.
        levels: levels the person may choose from.
        choices: which figures (own, total) may be chosen at that level.
        indicators: those that can be compared: numbers only.
        inner: codes of units that have others below them.
        marked: code of the unit that stands out.
        broken: last year's form asked nothing comparable.
    """

    level: Level
    whose: Whose
    figures: tuple[UnitFigure, ...]
    league: League
    scale: Scale
    levels: tuple[Level, ...]
    choices: tuple[Whose, ...]
    indicators: tuple[Indicator, ...]
    inner: frozenset[str]
    marked: str
    broken: bool = False

    @property
    def restatable(self) -> bool:
        """Figures not yet accepted can be counted, and units grouped by today's tree."""
        return self.whose is Whose.TOTAL or not self.inner

    @property
    def demo(self) -> bool:
        """Some of the figures are made up for demonstration."""
        return any(figure.demo for figure in self.figures)


def field_of(context: Context) -> UnitRow:
    """The unit whose units are compared: the one looked at, or for one with nothing below it, the one above."""
    above = context.ancestors[-2:-1]
    if context.unit.has_children or not above or above[0].code not in context.reachable:
        return context.unit
    return above[0]


def marked_code(context: Context, figures: Iterable[UnitFigure]) -> str:
    """The unit that stands out among those compared: the one looked at, else the person's own."""
    codes = {figure.code for figure in figures}
    return context.unit.code if context.unit.code in codes else context.actor.place.code


def levels_below(context: Context) -> tuple[Level, ...]:
    """The levels of the units that can be compared, highest first; of a unit alone, its own."""
    field = field_of(context)
    below = {unit.level for unit in context.units if unit.path.startswith(f"{field.path}.")} or {field.level}
    if Level.UNDIVIDED_CITY in below:  # they stand among cities, and among districts where there are any
        below = below - {Level.UNDIVIDED_CITY} | {Level.CITY}
    return tuple(level for level in Level if level in below)


def chosen_level(context: Context, levels: Sequence[Level]) -> Level:
    """The level asked for, if there are units of it; else districts, which are many and whose figures are whole."""
    asked = context.filters.level
    if asked is not None and asked in levels:
        return asked
    return Level.DISTRICT if Level.DISTRICT in levels else levels[0]


def choices_of(indicator: Indicator, units: Sequence[UnitRow], *, made: bool = False) -> tuple[Whose, ...]:
    """Which figures of these units can be compared, the usual one first.

    A unit with others below it is usually compared on the total; what only districts fill, or what the unit does not
    fill at its level, on nothing else; what does not roll up only on its own. What is `made` from shorter periods
    units have no own answers to.
    """
    if not any(unit.has_children for unit in units):
        return (Whose.OWN,)
    adds_up = indicator.aggregation.kind not in {
        AggregationKind.NONE,
        AggregationKind.RANGE,
        AggregationKind.DISTRIBUTION,
    }
    fills = not made and indicator.scope is Scope.OWN and any(unit.level in indicator.filled_by for unit in units)
    return tuple(whose for whose, there in ((Whose.TOTAL, adds_up), (Whose.OWN, fills)) if there) or (Whose.OWN,)


def comparison(
    context: Context, level: Level, whose: Whose, units: Sequence[UnitRow], figures: Sequence[UnitFigure]
) -> Comparison:
    """Rank the figures and choose their scale."""
    indicator = context.indicator
    numbers: list[Decimal | None] = [number for figure in figures for number in (figure.value, figure.last_year)]
    return Comparison(
        level=level,
        whose=whose,
        figures=tuple(figures),
        league=rank(figures, indicator.direction),
        scale=scaled_unit(numbers, indicator.unit, indicator.decimals, language()),
        levels=levels_below(context),
        choices=choices_of(indicator, units, made=context.made),
        indicators=tuple(each for each in context.indicators if each.type.is_number),
        inner=frozenset(unit.code for unit in units if unit.has_children),
        marked=marked_code(context, figures),
    )
