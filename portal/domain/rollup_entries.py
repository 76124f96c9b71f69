"""Entries that a supervisor adds to a roll-up (冲抵、调整): signed amounts with a reason, beside what units reported.

An elimination takes out what several units counted, such as a petition that a bureau forwarded to one below it. Where
that may happen the form says (`Indicator.eliminate`), and which indicator of the units below tells how much. Anything
else is an adjustment. No entry changes a unit's own figure: the roll-up of a unit is what it and all below it reported
plus the entries at it and at all below it. An entry is never edited; it may be withdrawn, and that is an entry too.

Only sums have entries. A ratio leaves out the units of which one side is missing, so that nobody can tell how much of
an entry on its numerator or denominator belongs to it; means, extremes, counts of answers and catalogues are not made
of amounts. They stay those of what was reported.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.domain.forms import AggregationKind, DataType, Indicator
from portal.domain.rollup import Total
from portal.domain.values import EXACT, MAXIMUM_DIGITS
from portal.errors import InvalidInput


class EntryKind(StrEnum):
    """Why the sum is to be another one."""

    ELIMINATION = "elimination"  # 冲抵
    ADJUSTMENT = "adjustment"  # 调整


@dataclass(frozen=True)
class Entry:
    """What is added to the roll-up of a unit, and with it to those of all above it."""

    kind: EntryKind
    amount: Decimal

    @property
    def total(self) -> Total:
        """Its contribution."""
        eliminates = self.kind is EntryKind.ELIMINATION
        return Total(eliminated=self.amount) if eliminates else Total(adjusted=self.amount)


def kinds_for(indicator: Indicator, *, inner: bool) -> tuple[EntryKind, ...]:
    """The kinds that may be entered for an indicator; `inner`: the unit has units below, between which things flow."""
    if indicator.aggregation.kind is not AggregationKind.SUM:
        return ()
    return tuple(EntryKind) if indicator.eliminate and inner else (EntryKind.ADJUSTMENT,)


def check_entry(indicator: Indicator, entry: Entry, *, inner: bool) -> None:
    """Stop unless it is sound.

    Raises:
        InvalidInput: the indicator is not a sum, or has no eliminations at such a unit; or the amount is nothing, has
            too many digits, or does not fit what the indicator counts.
    """
    allowed = kinds_for(indicator, inner=inner)
    if not allowed:
        raise InvalidInput("indicator", "not_a_sum", indicator.code)
    if entry.kind not in allowed:
        raise InvalidInput("kind", "no_elimination", indicator.code)
    digits, exponent = entry.amount.as_tuple().digits, entry.amount.as_tuple().exponent
    if not isinstance(exponent, int) or max(len(digits) + exponent, -exponent) > MAXIMUM_DIGITS:
        raise InvalidInput("amount", "not_a_number")
    if not entry.amount:
        raise InvalidInput("amount", "nothing", entry.amount)
    if entry.kind is EntryKind.ELIMINATION and entry.amount > 0:
        raise InvalidInput("amount", "not_negative", entry.amount)
    if indicator.type is DataType.COUNT and entry.amount != entry.amount.to_integral_value():
        raise InvalidInput("amount", "not_whole", entry.amount)


def check_total(indicator: Indicator, total: Total) -> None:
    """Stop unless the roll-up that an entry leads to is possible.

    Raises:
        InvalidInput: it is less than the form admits.
    """
    figure = total.figure(indicator)
    if figure is not None and indicator.minimum is not None and figure < indicator.minimum:
        raise InvalidInput("amount", "below_minimum", figure)


def suggested(counted: Total, own: Total) -> Decimal | None:
    """The elimination that is still due; None: none is.

    Args:
        counted: what was passed on to units below, of the indicator that the form names, and is counted twice.
        own: the roll-up that the entry is for, with what was eliminated before, here and below.
    """
    due = EXACT.add(counted.amount or Decimal(0), own.eliminated or Decimal(0))
    return EXACT.minus(due) if due > 0 else None
