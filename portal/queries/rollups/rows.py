"""A roll-up as it is shown: a number, and what it rests on."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from portal.domain.coverage import Coverage
from portal.domain.forms import AggregationKind, Incomplete, Indicator, Scope
from portal.domain.periods import Period
from portal.domain.rollup import Total
from portal.domain.units import Level
from portal.domain.values import exact_text
from portal.queries.units import UnitRow


class RollUpRow(NamedTuple):
    """One number, and what it rests on.

    Attributes:
        value: in the indicator's unit of measure, with what was eliminated and adjusted (`total` has it apart); None
            where nothing was reported or the indicator is not added up.
        asked: units that ought to answer, and are not exempt.
        tree: `reported` as of the period, `current` restated to today's.
        pending: submitted but not yet accepted figures are in it.
        demo: made-up figures are in it.
        total: what the numbers come from.
        torn: codes of units that were split since, a part of which would belong here, nobody knows how large. Then
            there is no number.
        gap: it is partial, however many reported.
        periods: of a number made from shorter periods, those that are in it; `reported` and `expected` count their
            answers.
        missing: the shorter periods that ought to be in it, and have no figure.
        counted: the shorter periods whose answers `reported` and `expected` count.
        coverage: what became of every answer, where somebody asked (`portal.queries.rollups.coverage`).
    """

    unit: UnitRow
    what: Indicator
    value: Decimal | None
    asked: int
    tree: str
    pending: bool
    demo: bool
    total: Total
    torn: tuple[str, ...] = ()
    gap: bool = False
    periods: tuple[Period, ...] = ()
    missing: tuple[Period, ...] = ()
    counted: tuple[Period, ...] = ()
    coverage: Coverage | None = None

    @property
    def unit_code(self) -> str:
        """Of the unit."""
        return self.unit.code

    @property
    def unit_name(self) -> str:
        """Of the unit, in Chinese."""
        return self.unit.name

    @property
    def unit_name_en(self) -> str:
        """Of the unit, in English; may be empty."""
        return self.unit.name_en

    @property
    def level(self) -> Level:
        """Of the unit."""
        return self.unit.level

    @property
    def indicator(self) -> str:
        """The indicator's code."""
        return self.what.code

    @property
    def text(self) -> str:
        """The value in full; for a distribution `优秀:3;良好:5`; empty where there is none."""
        if self.what.aggregation.kind is AggregationKind.DISTRIBUTION:
            order = [*self.what.choices, *sorted(set(self.counts) - set(self.what.choices))]
            return ";".join(f"{choice}:{self.counts[choice]}" for choice in order if choice in self.counts)
        return "" if self.value is None else exact_text(self.value)

    @property
    def mean(self) -> Decimal | None:
        """Per reporting unit, where the form asks for it; for yes/no the share of yes. Several periods have none."""
        return None if len(self.periods) > 1 else self.total.mean(self.what)

    @property
    def minimum(self) -> Decimal | None:
        """Smallest figure of one unit, where that means something."""
        return self.total.minimum if self.total.has_range(self.what) else None

    @property
    def maximum(self) -> Decimal | None:
        """Largest figure of one unit, where that means something."""
        return self.total.maximum if self.total.has_range(self.what) else None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many gave which answer of a rating."""
        return self.total.counts

    @property
    def expected(self) -> int:
        """Units whose figure ought to be in it: neither exempt nor declared not applicable."""
        return self.asked - self.total.not_applicable

    @property
    def partial(self) -> bool:
        """Fewer reported than expected."""
        return self.gap or self.total.reported < self.asked - self.total.not_applicable

    @property
    def reported(self) -> int:
        """Units whose figure is in it."""
        return self.total.reported

    @property
    def not_applicable(self) -> int:
        """Units that declared that it does not apply to them."""
        return self.total.not_applicable

    @property
    def scope(self) -> str:
        """`own`: one unit's own figure; `territorial`: districts only; `whole`: the unit's own and all below it."""
        if self.what.scope is Scope.TERRITORIAL:
            return Scope.TERRITORIAL
        return "whole" if self.unit.has_children else Scope.OWN

    @property
    def original(self) -> Decimal | None:
        """The sum of what units reported, where something was eliminated from it or adjusted; `value` is with that."""
        return None if self.total.entered is None else self.total.amount


def row_of(
    unit: UnitRow,
    indicator: Indicator,
    total: Total,
    asked: int,
    tree: str,
    *,
    demo: bool,
    pending: bool = False,
    torn: tuple[str, ...] = (),
    gap: bool = False,
) -> RollUpRow:
    """The row of a total; what is not asked for here is as in `RollUpRow`."""
    total = told(total, indicator, asked, torn, gap)
    return RollUpRow(unit, indicator, total.figure(indicator), asked, tree, pending, demo, total, torn, gap)


def may_be_withheld(indicator: Indicator) -> bool:
    """Whether numbers of the indicator are told only once all have reported."""
    return indicator.aggregation.incomplete is Incomplete.WITHHELD


def told(total: Total, indicator: Indicator, asked: int, torn: tuple[str, ...], gap: bool = False) -> Total:
    """What is told of a total: no numbers of one that is torn, or that is withheld until it is complete."""
    partial = gap or total.reported + total.not_applicable < asked
    return total.without_numbers() if torn or (partial and may_be_withheld(indicator)) else total
