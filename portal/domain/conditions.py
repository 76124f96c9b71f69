"""Parts of an expression that hold or do not hold.

None means that it cannot be told. A comparison is None when any figure in it is missing, and when its left side, or
every figure of it, is not applicable: then it is not about this unit.
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from portal.domain.quantities import Context, Node, Quantity, Reference
from portal.domain.values import ValueStatus

COMPARE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


class Condition(Node, ABC):
    """A part that holds or does not."""

    @abstractmethod
    def holds(self, context: Context) -> bool | None:
        """Whether it holds."""


@dataclass(frozen=True)
class Pair:
    """Two neighbours in a comparison."""

    left: Quantity
    sign: str
    right: Quantity

    def holds(self, context: Context) -> bool | None:
        """Whether the two stand to each other as they should."""
        left, right = self.left.amount(context), self.right.amount(context)
        return None if left is None or right is None else COMPARE[self.sign](left, right)


@dataclass(frozen=True)
class Comparison(Condition):
    """Quantities compared, each with the next: `200 <= X <= 20000`."""

    operands: tuple[Quantity, ...]
    signs: tuple[str, ...]

    def pairs(self) -> Iterator[Pair]:
        """Each operand with the next."""
        for left, sign, right in zip(self.operands, self.signs, self.operands[1:], strict=False):
            yield Pair(left, sign, right)

    def holds(self, context: Context) -> bool | None:
        """Whether every pair does; None if a figure is missing or it is not about this unit."""
        figured = [operand for operand in self.operands if any(operand.references())]
        if not self.operands[0].applies(context) or (figured and not any(o.applies(context) for o in figured)):
            return None
        results = [pair.holds(context) for pair in self.pairs()]
        return None if None in results else all(results)


@dataclass(frozen=True)
class Presence(Condition):
    """Whether a figure is missing, or not applicable; it can always be told."""

    status: ValueStatus
    reference: Reference

    def holds(self, context: Context) -> bool | None:
        """Whether the status is this one; never None."""
        return context.value(self.reference).status is self.status


PRESENCE = {"missing": ValueStatus.MISSING, "na": ValueStatus.NOT_APPLICABLE}


@dataclass(frozen=True)
class Denial(Condition):
    """`not`."""

    condition: Condition

    def holds(self, context: Context) -> bool | None:
        """Whether the condition does not."""
        result = self.condition.holds(context)
        return None if result is None else not result


@dataclass(frozen=True)
class Conjunction(Condition):
    """`and`: fails as soon as one condition is known to fail."""

    conditions: tuple[Condition, ...]

    def holds(self, context: Context) -> bool | None:
        """Whether all do."""
        results = [condition.holds(context) for condition in self.conditions]
        return False if False in results else (None if None in results else True)


@dataclass(frozen=True)
class Disjunction(Condition):
    """`or`: holds as soon as one condition is known to hold."""

    conditions: tuple[Condition, ...]

    def holds(self, context: Context) -> bool | None:
        """Whether any does."""
        results = [condition.holds(context) for condition in self.conditions]
        return True if True in results else (None if None in results else False)


@dataclass(frozen=True)
class Implication(Condition):
    """`if premise then conclusion`: holds where the premise does not."""

    premise: Condition
    conclusion: Condition

    def holds(self, context: Context) -> bool | None:
        """Whether the premise fails or the conclusion holds."""
        return Disjunction((Denial(self.premise), self.conclusion)).holds(context)
