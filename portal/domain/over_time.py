"""From shorter periods to a longer one (时期数、时点数): kept apart from adding up over units, which comes first.

A flow adds up over months, a stock is that of the last one with an accepted answer, however few there are yet: it is of
one moment, and to carry over what others said of an earlier one would be a guess. Where a form does not say which
(`Indicator.over_time`), it follows from what the indicator is.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from portal.domain.expressions import decimal_of
from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import AggregationKind, FormVersion, Indicator, OverTime
from portal.domain.rollup import Total
from portal.domain.values import EXACT

_ALWAYS = frozenset({OverTime.LAST, OverTime.NONE})
_ENDS = _ALWAYS | {OverTime.LOWEST, OverTime.HIGHEST}
_WAYS = {
    AggregationKind.SUM: _ENDS | {OverTime.SUM, OverTime.MEAN},
    AggregationKind.RATIO_OF_SUMS: _ENDS | {OverTime.SUM},
    AggregationKind.WEIGHTED_MEAN: _ENDS | {OverTime.MEAN},
    AggregationKind.MEAN: _ENDS | {OverTime.MEAN},
    AggregationKind.MINIMUM: _ENDS,
    AggregationKind.MAXIMUM: _ENDS,
    AggregationKind.COUNT_YES: _ENDS | {OverTime.MEAN},
    AggregationKind.DISTRIBUTION: _ALWAYS,
    AggregationKind.RANGE: _ALWAYS,
    AggregationKind.NONE: frozenset({OverTime.NONE}),
}
_OF_FLOWS = {
    AggregationKind.SUM: OverTime.SUM,
    AggregationKind.RATIO_OF_SUMS: OverTime.SUM,
    AggregationKind.WEIGHTED_MEAN: OverTime.MEAN,
    AggregationKind.MEAN: OverTime.MEAN,
    AggregationKind.MINIMUM: OverTime.LOWEST,
    AggregationKind.MAXIMUM: OverTime.HIGHEST,
}


def ways_of(indicator: Indicator) -> frozenset[OverTime]:
    """The ways that make sense for an indicator: ratios have no mean, stocks no sum."""
    ways = _WAYS[indicator.aggregation.kind]
    return ways - {OverTime.SUM} if indicator.stock else ways


def way_of(form: FormVersion, indicator: Indicator) -> OverTime:
    """How the indicator goes over time.

    Unless the form says so, a flow adds up (a mean stays one, an extreme too), a stock, an answer and a catalogue are
    those of the last period. What is worked out is a flow or a stock if all that it comes from is; of a mixture, such
    as cases per resident, there is nothing to be told.
    """
    if indicator.over_time is not None:
        return indicator.over_time
    if indicator.aggregation.kind is AggregationKind.NONE:
        return OverTime.NONE
    natures = _natures(form, indicator)
    if len(natures) > 1:
        return OverTime.NONE
    return OverTime.LAST if True in natures else _OF_FLOWS.get(indicator.aggregation.kind, OverTime.LAST)


def _natures(form: FormVersion, indicator: Indicator) -> set[bool]:
    """Whether the figures that it comes from are stocks."""
    behind = [form.indicator(code) for source in worked_out_from(form, indicator) for code in source.codes]
    if indicator.stock or not behind:
        return {indicator.stock}
    return {nature for each in behind for nature in _natures(form, each)}


def over_time(
    indicator: Indicator, way: OverTime, totals: Sequence[Total], months: Sequence[int] | None = None
) -> Total:
    """The total of a longer period from those of the shorter ones in which anybody answered, in order of time.

    Its counts of answers are those of all the periods together; for `LAST` those of the last one. A quotient is that
    of the sums of its two sides: its mean over time weighs each unit of each period alike, or by its weight.

    Args:
        indicator: whose totals.
        way: how they are joined.
        totals: of the shorter periods.
        months: how long each of these is; None: all are alike.
    """
    if not totals:
        return Total()
    joined = sum(totals, Total())
    match way:
        case OverTime.SUM:
            return joined
        case OverTime.MEAN:
            return joined if joined.weight is not None else _mean(indicator, totals, months or [1] * len(totals))
        case OverTime.LAST:
            return totals[-1]
        case OverTime.NONE:
            return joined.without_numbers()
    choose = min if way is OverTime.LOWEST else max
    figures = [(figure, one) for one in totals if (figure := one.figure(indicator)) is not None]
    chosen = choose(figures, key=lambda pair: pair[0])[1] if figures else Total()
    return chosen._replace(reported=joined.reported, not_applicable=joined.not_applicable)


def _mean(indicator: Indicator, totals: Sequence[Total], months: Sequence[int]) -> Total:
    """The mean of the periods that have a figure, each by its length.

    Its parts are means too. Where those have no end they are rounded, and the first of them is what the figure, which
    is rounded once, leaves beside the others.
    """
    known = [(one, length) for one, length in zip(totals, months, strict=True) if one.figure(indicator) is not None]
    whole = sum(length for _one, length in known)

    def mean(numbers: Iterable[Decimal | None]) -> Fraction | None:
        weighed = [
            Fraction(number) * length for (_, length), number in zip(known, numbers, strict=True) if number is not None
        ]
        return Fraction(sum(weighed), whole) if weighed else None

    exact = {
        "amount": mean(one.amount for one, _ in known),
        "eliminated": mean(one.eliminated for one, _ in known),
        "adjusted": mean(one.adjusted for one, _ in known),
    }
    parts = {name: decimal_of(number) for name, number in exact.items() if number is not None}
    unending = next((name for name, number in parts.items() if Fraction(number) != exact[name]), None)
    if unending:
        figure = decimal_of(sum((number for number in exact.values() if number is not None), Fraction()))
        parts[unending] = reduce(EXACT.subtract, (parts[each] for each in parts if each != unending), figure)
    return sum(totals, Total())._replace(
        amount=parts.get("amount"), eliminated=parts.get("eliminated"), adjusted=parts.get("adjusted")
    )
