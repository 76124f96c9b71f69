"""The ways in which a figure comes about: a number by level, a share of others, an expression, a choice."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Protocol

from portal.demo.chance import chance, luck
from portal.domain.expressions import Context, decimal_of, parse
from portal.domain.forms import Indicator
from portal.domain.units import Level

FIRST_YEAR = 2019
_ROOM_BELOW_PLAUSIBLE = 0.9
_SMALL = 10
"""Counts about this large vary twice as much as large ones, in proportion: otherwise they never would."""


@dataclass(frozen=True)
class DemoUnit:
    """A unit that figures are made up for.

    Attributes:
        size: 1 for a unit of middling size among those of its level.
    """

    code: str
    parent_code: str
    level: Level
    size: float


@dataclass(frozen=True)
class Scene:
    """Where a figure is drawn: whose it is, which, when, and beside which others.

    Attributes:
        context: figures drawn already for this year, and all of last year's.
        pull: how far a figure may move from last year's towards where it is drawn to; 1 is all the way.
        local: the number that goes before the typical one here, if there is one.
    """

    unit: DemoUnit
    indicator: Indicator
    year: int
    context: Context
    pull: float
    local: float | None = None

    @property
    def last(self) -> Decimal | None:
        """Last year's figure."""
        value = (self.context.last_year or {}).get(self.indicator.code)
        return None if value is None else value.number

    @property
    def last_digit(self) -> Decimal:
        """One unit of the last digit shown."""
        return Decimal(1).scaleb(-self.indicator.decimals)

    def nature(self, *, shared: bool = False) -> "Nature":
        """What is the same every year; with `shared` for all units of one superior."""
        return _nature(self._owner(shared=shared), self.indicator.code)

    def whim(self, *, shared: bool = False) -> float:
        """Chance of this year, from -1 to 1."""
        return 2 * luck(self._owner(shared=shared), self.indicator.code, self.year) - 1

    def _owner(self, *, shared: bool) -> str:
        return self.unit.parent_code if shared else self.unit.code


@dataclass(frozen=True)
class Nature:
    """What a unit is like with regard to one indicator.

    Attributes:
        luck: from 0 to 1.
        lean: how far it is from others of its kind, in standard deviations.
    """

    luck: float
    lean: float


@lru_cache(maxsize=50_000)
def _nature(owner: str, code: str) -> Nature:
    draw = chance(owner, code)
    return Nature(draw.random(), draw.gauss())


class Way(Protocol):
    """How the figure of one indicator comes about."""

    def answer(self, scene: Scene) -> Decimal | str | None:
        """The figure, or the choice; None if what it rests on is not there."""


@dataclass(frozen=True)
class Typical:
    """A number by level; `profile.yaml` says what the parameters mean."""

    typical: Mapping[Level, float]
    size: float = 0
    spread: float = 0.25
    varies: float = 0.06
    growth: float = 0
    none: float = 0
    step: Decimal | None = None
    shared: bool = False

    def answer(self, scene: Scene) -> Decimal:
        """The number for the unit's level and size, with its trend and the year's whim."""
        nature = scene.nature(shared=self.shared)
        middling = self.typical[scene.unit.level] if scene.local is None else scene.local
        if not middling or nature.luck < self.none:
            return settled(scene, 0, step=self.step)
        own = middling * scene.unit.size**self.size * math.exp(nature.lean * self.spread)
        trend = own * (1 + self.growth) ** (scene.year - FIRST_YEAR)
        leeway = self.varies * (trend + _SMALL * float(self.step or scene.last_digit))
        wanted = trend + leeway * scene.whim(shared=self.shared)
        return settled(scene, wanted, step=self.step, pulled=not self.shared)


@dataclass(frozen=True)
class Share:
    """A share of other figures, never outside its bounds."""

    share_of: str
    share: tuple[float, float]
    varies: float = 0.06
    growth: float = 0
    step: Decimal | None = None
    shared: bool = False
    first: Way | None = None

    def answer(self, scene: Scene) -> Decimal | str | None:
        """The share of what the expression comes to."""
        amount = parse(self.share_of).amount(scene.context)
        if amount is None:
            return None if self.first is None else self.first.answer(scene)
        low, high = self.share
        own = low + (high - low) * scene.nature(shared=self.shared).luck
        trend = own * (1 + self.growth) ** (scene.year - FIRST_YEAR)
        share = trend + self.varies * (high - low) * scene.whim(shared=self.shared)
        whole = float(amount)
        return settled(
            scene, share * whole, least=low * whole, most=high * whole, step=self.step, pulled=not self.shared
        )


@dataclass(frozen=True)
class Equal:
    """What other figures come to."""

    equals: str
    first: Way | None = None

    def answer(self, scene: Scene) -> Decimal | str | None:
        """The value of the expression."""
        amount = parse(self.equals).amount(scene.context)
        if amount is not None:
            return decimal_of(amount)
        return None if self.first is None else self.first.answer(scene)


@dataclass(frozen=True)
class Choice:
    """One of several answers, with their odds."""

    choose: Mapping[str, float]

    def answer(self, scene: Scene) -> str:
        """The year's choice."""
        place = (scene.whim() + 1) / 2 * sum(self.choose.values())
        for answer, odds in self.choose.items():
            place -= odds
            if place <= 0:
                return answer
        return next(iter(self.choose))


def settled(
    scene: Scene,
    wanted: float,
    *,
    least: float = 0,
    most: float = math.inf,
    step: Decimal | None = None,
    pulled: bool = True,
) -> Decimal:
    """A drawn number as a figure: within its bounds, a multiple of its step and, if `pulled`, nearer to last year's.

    A unit that had none goes on having none, and one that had some never loses all of it, because a figure that comes
    out of nothing is questioned.
    """
    indicator, last = scene.indicator, scene.last
    if last == 0:
        return Decimal(0)
    if last is not None and pulled:
        wanted = float(last) + (wanted - float(last)) * scene.pull
    if scene.unit.level is Level.DISTRICT and indicator.plausible_maximum is not None:
        most = min(most, float(indicator.plausible_maximum) * _ROOM_BELOW_PLAUSIBLE)
    unit = step or scene.last_digit
    number = _multiple(wanted, unit, ROUND_HALF_UP)
    if number < least:
        number = _multiple(least, unit, ROUND_CEILING)
    if number > most:
        number = _multiple(most, unit, ROUND_FLOOR)
    return unit if last and not number and most >= unit else number


def _multiple(number: float, unit: Decimal, rounding: str) -> Decimal:
    return (Decimal(repr(number)) / unit).quantize(Decimal(1), rounding) * unit
