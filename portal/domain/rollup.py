"""Adding figures up over units: what one unit contributes, how contributions join, and what the total says.

A contribution carries an `amount` and a `weight` whose meaning depends on the aggregation, so that stored roll-ups
can be joined without knowing the form:

================  ============================  ===========  ====================================
aggregation       amount                        weight       figure of the total
================  ============================  ===========  ====================================
sum               the number (or that of        –            Σ amount
                  the indicator named by `of`)
ratio of sums     numerator                     denominator  Σ amount / Σ weight × multiplier
weighted mean     number × weight               weight       Σ amount / Σ weight
mean per unit     the number                    1            Σ amount / Σ weight
minimum, maximum  –                             –            smallest or largest number of one unit
count of yes      1 or 0                        –            Σ amount
distribution      –                             –            how many gave which answer
range, none       –                             –            none; a range has minimum and maximum
================  ============================  ===========  ====================================

A unit that has not answered is left out, never taken for 0, and the number is marked as partial; a form may say that
there is none before all have (`Incomplete`). A ratio leaves out the units of which one side is missing, and does not
apply to those to which one side does not; a sum of another indicator leaves out those without that one. A weighted mean
leaves out those without a weight: they are not among the units that reported, and their own figure counts for its
minimum and maximum all the same. A figure that does not apply is left out and not waited for. There is no `latest` over
units, which would be that of whoever was accepted last; over periods there is (`over_time`).

Eliminations and supervisors' adjustments (`portal.domain.rollup_entries`) are contributions too, but no unit's: they
are kept apart from what units reported, change no count, and only sums have them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from portal.domain.expressions import Context, decimal_of
from portal.domain.form_expressions import looks_elsewhere, worked_out_from
from portal.domain.forms import AggregationKind, FormVersion, Indicator, Source
from portal.domain.units import Level
from portal.domain.values import EXACT, MISSING, YES, Value, Values, ValueStatus

_WITH_RANGE = frozenset({AggregationKind.WEIGHTED_MEAN, AggregationKind.MEAN, AggregationKind.RANGE})


@dataclass(frozen=True)
class Contribution:
    """What one unit's answer to one indicator adds.

    Attributes:
        status: `reported` if the answer is in the total.
        number: the unit's own figure; it may have one also where its weight is missing or does not apply.
    """

    indicator: str
    status: ValueStatus
    number: Decimal | None = None
    category: str = ""
    amount: Decimal | None = None
    weight: Decimal | None = None

    @property
    def adds(self) -> bool:
        """Whether there is anything to keep."""
        return self.status is not ValueStatus.MISSING or self.number is not None

    @property
    def ranged(self) -> Decimal | None:
        """The figure, for the smallest and the largest of many; None if it is added up, where these mean nothing."""
        return self.number if self.amount is None or self.weight is not None else None


def contributions(
    form: FormVersion, level: Level, values: Values, wanted: Collection[str] | None = None
) -> list[Contribution]:
    """What a unit of that level adds to every roll-up, or those `wanted`, in form order; a missing answer adds nothing.

    Nor does what is worked out from other forms or from units below: it would change with them, after it was accepted.
    """
    asked = (each for each in _own(form, level) if wanted is None or each.code in wanted)
    found = (_contribution(form, indicator, values) for indicator in asked)
    return [each for each in found if each.adds]


def contributions_beside_copies(form: FormVersion, level: Level, values: Values) -> list[Contribution]:
    """The same without those that are `copied`."""
    copies = copied(form, level)
    found = (_contribution(form, indicator, values) for indicator in _own(form, level) if indicator.code not in copies)
    return [each for each in found if each.adds]


def copied(form: FormVersion, level: Level) -> frozenset[str]:
    """The indicators to which a unit of that level adds the very number it typed, whatever else it answered.

    Such a contribution has the number as its amount and nothing else: it can be made without knowing the form.
    """

    def is_copied(indicator: Indicator) -> bool:
        way = indicator.aggregation
        return indicator.source is Source.COLLECTED and way.kind is AggregationKind.SUM and not way.of

    return form.kept((copied, level), lambda: frozenset(each.code for each in _own(form, level) if is_copied(each)))


def behind_the_rest(form: FormVersion, level: Level) -> frozenset[str]:
    """The indicators that what is not `copied` comes from, itself included; empty if everything is copied."""
    return form.kept((behind_the_rest, level), lambda: _behind_the_rest(form, level))


def _behind_the_rest(form: FormVersion, level: Level) -> frozenset[str]:
    rest = [each for each in form if each.code not in copied(form, level)]
    if not any(level in each.filled_by for each in rest):
        return frozenset()
    named = {code for each in rest for code in (each.code, each.aggregation.of, each.aggregation.weight)}
    return frozenset(named | {code for each in rest for source in worked_out_from(form, each) for code in source.codes})


def _own(form: FormVersion, level: Level) -> Iterable[Indicator]:
    return (each for each in form if level in each.filled_by and not looks_elsewhere(form, each))


def _contribution(form: FormVersion, indicator: Indicator, values: Values) -> Contribution:
    code, way = indicator.code, indicator.aggregation
    if way.kind is AggregationKind.RATIO_OF_SUMS:
        return _ratio(form, indicator, values)
    value = values.get(code, MISSING)
    if not value.reported:
        return Contribution(code, value.status)
    match way.kind:
        case AggregationKind.SUM:
            added = values.get(way.of, MISSING) if way.of else value
            if not added.reported:
                return Contribution(code, added.status)
            return Contribution(code, value.status, value.number, amount=added.number)
        case AggregationKind.WEIGHTED_MEAN:
            return _weighted(code, value, values.get(way.weight, MISSING))
        case AggregationKind.MEAN:
            return _weighted(code, value, Value.of(1))
        case AggregationKind.COUNT_YES:
            yes = Decimal(value.text == YES)
            return Contribution(code, value.status, yes, amount=yes)
        case AggregationKind.DISTRIBUTION:
            return Contribution(code, value.status, category=value.text or "")
        case _:
            return Contribution(code, value.status, value.number)


def _weighted(code: str, value: Value, weight: Value) -> Contribution:
    if value.number is None or weight.number is None:
        return Contribution(code, weight.status, value.number)
    return Contribution(
        code, value.status, value.number, amount=EXACT.multiply(value.number, weight.number), weight=weight.number
    )


def _ratio(form: FormVersion, indicator: Indicator, values: Values) -> Contribution:
    """A ratio contributes only if both of its sides can be told: else the parts would not be of the same units.

    It does not apply where one of its sides does not.
    """
    numerator, denominator = worked_out_from(form, indicator)
    sides = ([values.get(code, MISSING).status for code in side.codes] for side in (numerator, denominator))
    if any(set(side) == {ValueStatus.NOT_APPLICABLE} for side in sides):
        return Contribution(indicator.code, ValueStatus.NOT_APPLICABLE)
    above, below = numerator.evaluate(Context(values)), denominator.evaluate(Context(values))
    if not isinstance(above, Decimal) or not isinstance(below, Decimal):
        return Contribution(indicator.code, ValueStatus.MISSING)
    return Contribution(indicator.code, ValueStatus.REPORTED, amount=above, weight=below)


NO_COUNTS: Mapping[str, int] = MappingProxyType({})


class Total(NamedTuple):
    """Contributions of any number of units to one indicator, joined. `Total()` is that of none.

    Attributes:
        eliminated: what was entered as counted twice, negative; None: nothing was.
        adjusted: what supervisors entered otherwise; None: nothing.
    """

    reported: int = 0
    not_applicable: int = 0
    amount: Decimal | None = None
    weight: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    counts: Mapping[str, int] = NO_COUNTS
    eliminated: Decimal | None = None
    adjusted: Decimal | None = None

    @classmethod
    def of(cls, one: Contribution) -> "Total":
        """The total of a single unit."""
        return cls(
            reported=int(one.status is ValueStatus.REPORTED),
            not_applicable=int(one.status is ValueStatus.NOT_APPLICABLE),
            amount=one.amount,
            weight=one.weight,
            minimum=one.ranged,
            maximum=one.ranged,
            counts={one.category: 1} if one.category else {},
        )

    def __add__(self, other: "Total") -> "Total":  # type: ignore[override]  # tuples are not put together here
        return Total(
            self.reported + other.reported,
            self.not_applicable + other.not_applicable,
            _sum(self.amount, other.amount),
            _sum(self.weight, other.weight),
            _either(min, self.minimum, other.minimum),
            _either(max, self.maximum, other.maximum),
            dict(Counter(self.counts) + Counter(other.counts)) if self.counts or other.counts else NO_COUNTS,
            _sum(self.eliminated, other.eliminated),
            _sum(self.adjusted, other.adjusted),
        )

    @property
    def entered(self) -> Decimal | None:
        """Eliminations and adjustments together; None: there are none."""
        return _sum(self.eliminated, self.adjusted)

    def figure(self, indicator: Indicator) -> Decimal | None:
        """The rolled-up number in the indicator's unit of measure (for yes/no: how many said yes); None if it has none.

        Exact for sums; a quotient has 28 significant digits.
        """
        way = indicator.aggregation
        match way.kind:
            case AggregationKind.SUM if self.eliminated is None and self.adjusted is None:
                return self.amount
            case AggregationKind.SUM:
                return _sum(self.amount, self.entered)
            case AggregationKind.COUNT_YES:
                return self.amount
            case AggregationKind.RATIO_OF_SUMS | AggregationKind.WEIGHTED_MEAN | AggregationKind.MEAN:
                if self.amount is None or not self.weight:
                    return None
                return decimal_of(Fraction(self.amount) * Fraction(way.multiplier) / Fraction(self.weight))
            case AggregationKind.MINIMUM:
                return self.minimum
            case AggregationKind.MAXIMUM:
                return self.maximum
            case _:
                return None

    def has_range(self, indicator: Indicator) -> bool:
        """Whether smallest and largest figure mean something for the indicator."""
        return indicator.aggregation.kind in _WITH_RANGE

    def without_numbers(self) -> "Total":
        """How many units answered, and nothing of what they answered."""
        return Total(self.reported, self.not_applicable)

    def mean(self, indicator: Indicator) -> Decimal | None:
        """The mean of what units reported, where the form asks for it; for yes/no the share of yes (0 to 1)."""
        way = indicator.aggregation
        if (way.show_mean or way.kind is AggregationKind.COUNT_YES) and self.amount is not None and self.reported:
            return decimal_of(Fraction(self.amount) / self.reported)
        return None


def total(parts: Iterable[Contribution]) -> Total:
    """Join the contributions of many units to one indicator."""
    return sum((Total.of(part) for part in parts), Total())


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return _either(EXACT.add, one, other)


def _either(join: Callable[[Decimal, Decimal], Decimal], one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Both joined, or the one that there is."""
    if one is None or other is None:
        return other if one is None else one
    return join(one, other)
