"""Comparing units on one figure: who is first among those that reported, and who did not report.

A unit without a complete figure is never ranked, and never left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.domain.forms import Direction
from portal.domain.texts import Text
from portal.domain.units import Level
from portal.domain.values import EXACT, ValueStatus
from portal.queries.rollups.rows import RollUpRow


@dataclass(frozen=True)
class UnitFigure:
    """One unit's figure for one indicator in one period.

    Attributes:
        parent_name: name of the superior, to tell units of the same name apart.
        value: exact, in the indicator's unit of measure; None without a number.
        status: whether there is an answer.
        last_year: the comparable figure of a year ago, exact; None without one.
        reported: how many of the units behind the figure have reported; 1 or 0 for a unit's own figure.
        expected: how many of them should; 0 if none is expected.
        demo: the figure is made up for demonstration.
        breaks: what was reorganised in between, so that there is no comparable figure of a year ago.
        missing: of a figure made from shorter periods, how many of them have none.
        others: a year ago other units reported, so that there is no comparable figure.
        row: the roll-up that the figure is; None for a unit's own figure, or where there is none.
    """

    code: str
    name: str
    level: Level
    parent_code: str
    parent_name: str
    value: Decimal | None
    status: ValueStatus
    last_year: Decimal | None = None
    reported: int = 0
    expected: int = 1
    demo: bool = False
    breaks: tuple[Text, ...] = ()
    missing: int = 0
    others: bool = False
    row: RollUpRow | None = None

    @property
    def partial(self) -> bool:
        """There is a number, but not all that ought to be behind it: a unit's answer, or a shorter period's."""
        return self.value is not None and (self.reported < self.expected or self.missing > 0)

    @property
    def torn(self) -> bool:
        """There is no number because a unit was split since, of which a part would belong here."""
        return self.row is not None and bool(self.row.torn)

    @property
    def comparable(self) -> bool:
        """The number may be ranked and classed."""
        return self.value is not None and not self.partial

    @property
    def change(self) -> Decimal | None:
        """This year's figure minus last year's; None unless both are complete."""
        if self.value is None or self.last_year is None or self.partial:
            return None
        return EXACT.subtract(self.value, self.last_year)


@dataclass(frozen=True)
class Standing:
    """A ranked unit; units of the same value share a `rank`, and the ranks behind them are skipped."""

    rank: int
    tied: bool
    figure: UnitFigure


@dataclass(frozen=True)
class League:
    """The ranked, best first, and the others in the order they came."""

    ranked: tuple[Standing, ...]
    unranked: tuple[UnitFigure, ...]

    @property
    def count(self) -> int:
        """All units, ranked or not."""
        return len(self.ranked) + len(self.unranked)

    def find(self, code: str) -> Standing | None:
        """The standing of a unit; None if it is not ranked."""
        return next((each for each in self.ranked if each.figure.code == code), None)

    def median(self) -> Decimal | None:
        """The middle value of the ranked; None if there are none."""
        values = sorted(each.figure.value for each in self.ranked if each.figure.value is not None)
        if not values:
            return None
        middle = len(values) // 2
        if len(values) % 2:
            return values[middle]
        return EXACT.multiply(EXACT.add(values[middle - 1], values[middle]), Decimal("0.5"))


def rank(figures: Sequence[UnitFigure], direction: Direction) -> League:
    """Rank units by value: the largest first, or the smallest where lower is better."""
    known = [(figure, figure.value) for figure in figures if figure.value is not None and figure.comparable]
    known.sort(key=lambda pair: pair[1], reverse=direction is not Direction.LOWER)
    values = [value for _figure, value in known]
    standings = tuple(Standing(values.index(value) + 1, values.count(value) > 1, figure) for figure, value in known)
    return League(standings, tuple(figure for figure in figures if not figure.comparable))


def sort_standings(standings: Sequence[Standing], column: str) -> list[Standing]:
    """Order the ranked by `rank`, `value`, `last`, `change`, `unit` (as in the tree); `-` before it: downwards.

    Units without last year's figure come last either way. An unknown column leaves the ranking as it is.
    """
    name, downwards = column.removeprefix("-"), column.startswith("-")
    keys: dict[str, Callable[[Standing], Any]] = {
        "rank": lambda each: each.rank,
        "value": lambda each: each.figure.value,
        "last": lambda each: each.figure.last_year,
        "change": lambda each: each.figure.change,
        "unit": lambda each: each.figure.code,
    }
    key = keys.get(name)
    if key is None:
        return list(standings)
    known = [each for each in standings if key(each) is not None]
    unknown = [each for each in standings if key(each) is None]
    return sorted(known, key=key, reverse=downwards) + unknown
