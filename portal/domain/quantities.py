"""Parts of an expression that are numbers, and the figures they look at.

Figures are exact fractions here, so that neither a long sum nor a division is rounded before it is compared.
None always means "cannot be evaluated"; nothing is guessed:

* a figure that is missing, or has no number, makes every quantity it stands in None;
* a figure that is not applicable counts as 0, but takes no part in `min` and `max`;
* a figure of last year, or of the period before, that is missing or not applicable makes the quantity None.
"""

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from portal.domain.values import MISSING, Value, Values, ValueStatus


class When(StrEnum):
    """Of which period a figure is taken."""

    NOW = "NOW"
    LAST_YEAR = "LY"
    PREVIOUS = "PREV"


@dataclass(frozen=True)
class Context:
    """The figures an expression looks at.

    Attributes:
        values: of this period.
        last_year: accepted ones of the same period a year ago; None if there are none.
        previous: accepted ones of the period right before; None if there are none.
    """

    values: Values
    last_year: Values | None = None
    previous: Values | None = None

    def value(self, reference: "Reference") -> Value:
        """The value referred to; missing if there is none."""
        values = {When.NOW: self.values, When.LAST_YEAR: self.last_year, When.PREVIOUS: self.previous}[reference.when]
        return (values or {}).get(reference.code, MISSING)


class Node:
    """A part of an expression."""

    def parts(self) -> Iterator["Node"]:
        """The parts it is made of, from left to right: what its fields hold, singly or in tuples."""
        for content in vars(self).values():
            members = content if isinstance(content, tuple) else (content,)
            yield from (member for member in members if isinstance(member, Node))

    def references(self) -> Iterator["Reference"]:
        """Every figure it looks at, from left to right, repetitions included."""
        for part in self.parts():
            yield from part.references()


class Quantity(Node, ABC):
    """A part that is a number."""

    @abstractmethod
    def amount(self, context: Context) -> Fraction | None:
        """The number."""

    def applies(self, context: Context) -> bool:
        """Whether it is a constant, or any figure it looks at is applicable."""
        statuses = [context.value(reference).status for reference in self.references()]
        return not statuses or any(status is not ValueStatus.NOT_APPLICABLE for status in statuses)


@dataclass(frozen=True)
class Number(Quantity):
    """A constant."""

    value: Decimal

    def amount(self, context: Context) -> Fraction | None:  # noqa: ARG002
        """The constant itself."""
        return Fraction(self.value)


@dataclass(frozen=True)
class Reference(Quantity):
    """An indicator's figure."""

    code: str
    when: When = When.NOW

    def __str__(self) -> str:
        return self.code if self.when is When.NOW else f"{self.when}({self.code})"

    def references(self) -> Iterator["Reference"]:
        """Itself."""
        yield self

    def amount(self, context: Context) -> Fraction | None:
        """The figure; 0 where it is not applicable this period."""
        value = context.value(self)
        if value.status is ValueStatus.NOT_APPLICABLE and self.when is When.NOW:
            return Fraction(0)
        return Fraction(value.number) if value.number is not None and value.number.is_finite() else None


@dataclass(frozen=True)
class Negative(Quantity):
    """A quantity with its sign turned."""

    quantity: Quantity

    def amount(self, context: Context) -> Fraction | None:
        """The quantity, negated."""
        amount = self.quantity.amount(context)
        return None if amount is None else -amount


def _divided(dividend: Fraction, divisor: Fraction) -> Fraction | None:
    return dividend / divisor if divisor else None


ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}


@dataclass(frozen=True)
class Arithmetic(Quantity):
    """Quantities joined from left to right, either all by + and -, or all by * and /."""

    operands: tuple[Quantity, ...]
    operators: tuple[str, ...]

    @property
    def is_product(self) -> bool:
        """Whether they are joined by * and /."""
        return not {"+", "-"}.intersection(self.operators)

    def amount(self, context: Context) -> Fraction | None:
        """The result; None as well when divided by 0."""
        result = self.operands[0].amount(context)
        for sign, operand in zip(self.operators, self.operands[1:], strict=True):
            amount = operand.amount(context)
            if result is None or amount is None:
                return None
            result = ARITHMETIC[sign](result, amount)
        return result


def _rounded(number: Fraction, decimals: Fraction = Fraction(0)) -> Fraction:
    """Round half up, away from zero."""
    scale = 10 ** int(decimals)
    return Fraction(math.floor(abs(number) * scale + Fraction(1, 2)), scale) * (-1 if number < 0 else 1)


def _smallest(*numbers: Fraction) -> Fraction:
    return min(numbers)


def _largest(*numbers: Fraction) -> Fraction:
    return max(numbers)


@dataclass(frozen=True)
class Function:
    """A function over quantities.

    Attributes:
        least: how many quantities it takes at least.
        most: how many it takes at most.
        selects: whether it picks among them; those not applicable then take no part, unless all are.
    """

    apply: Callable[..., Fraction]
    least: int = 1
    most: int = 1
    selects: bool = False


FUNCTIONS = {
    "abs": Function(abs),
    "min": Function(_smallest, 2, 50, selects=True),
    "max": Function(_largest, 2, 50, selects=True),
    "round": Function(_rounded, most=2),
}


@dataclass(frozen=True)
class Call(Quantity):
    """A function applied to quantities."""

    name: str
    arguments: tuple[Quantity, ...]

    def amount(self, context: Context) -> Fraction | None:
        """The function's result."""
        function = FUNCTIONS[self.name]
        chosen = [a for a in self.arguments if a.applies(context)] if function.selects else self.arguments
        amounts = [argument.amount(context) for argument in chosen or self.arguments]
        return None if None in amounts else function.apply(*amounts)
