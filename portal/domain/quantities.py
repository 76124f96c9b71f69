"""Parts of an expression that are numbers, and the figures they look at.

Figures are exact fractions here, so that neither a long sum nor a division is rounded before it is compared.
None always means "cannot be evaluated"; nothing is guessed:

* a figure that is missing, or has no number, makes every quantity it stands in None;
* a figure that is not applicable counts as 0, but takes no part in `min` and `max`;
* a figure of another period, form or level that is missing or not applicable makes the quantity None.
"""

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from portal.domain.form_rules import Blank
from portal.domain.values import MISSING, Value, Values, ValueStatus


class When(StrEnum):
    """When a figure is of, or where else it is taken from."""

    NOW = "NOW"
    LAST_YEAR = "LY"
    PREVIOUS = "PREV"
    BELOW = "CHILDREN"
    LISTED = "rows"
    TOTALLED = "sum"


@dataclass(frozen=True)
class Context:
    """The figures an expression looks at.

    Attributes:
        values: of this period.
        last_year: accepted ones of the same period a year ago; None if there are none.
        previous: accepted ones of the period right before; None if there are none.
        others: the same of the unit's other forms, accepted ones only, by form code.
        below: sums over all units below, accepted and complete ones only.
        listed: how many rows each list has, and under `list.column` the sums of its columns.
        blank_is_zero: whether a figure that is not there counts as 0 instead.
    """

    values: Values
    last_year: Values | None = None
    previous: Values | None = None
    others: Mapping[str, "Context"] = field(default_factory=dict)
    below: Values = field(default_factory=dict)
    listed: Values = field(default_factory=dict)
    blank_is_zero: bool = False

    def value(self, reference: "Reference") -> Value:
        """The value referred to; missing if there is none."""
        if reference.form:
            other = self.others.get(reference.form)
            return other.value(replace(reference, form="")) if other else MISSING
        match reference.when:
            case When.NOW:
                values: Values | None = self.values
            case When.LAST_YEAR:
                values = self.last_year
            case When.PREVIOUS:
                values = self.previous
            case When.BELOW:
                values = self.below
            case When.LISTED | When.TOTALLED:
                values = self.listed
        return (values or {}).get(reference.code, MISSING)


@dataclass(frozen=True)
class Node:
    """A part of an expression; `position` is the character it begins at, counted from 1."""

    position: int = field(default=0, compare=False, kw_only=True)

    def parts(self) -> Iterator["Node"]:
        """The parts it is made of, from left to right: what its fields hold, singly or in tuples."""
        for each in fields(self):
            content = getattr(self, each.name)
            members = content if isinstance(content, tuple) else (content,)
            yield from (member for member in members if isinstance(member, Node))

    @cached_property
    def references(self) -> tuple["Reference", ...]:
        """Every figure it looks at, from left to right, repetitions included."""
        return tuple(reference for part in self.parts() for reference in part.references)


@dataclass(frozen=True)
class Quantity(Node, ABC):
    """A part that is a number."""

    @abstractmethod
    def amount(self, context: Context) -> Fraction | None:
        """The number."""

    def applies(self, context: Context) -> bool:
        """Whether it is a constant, or any figure it looks at is applicable."""
        for each in self.references:
            if context.value(each).status is not ValueStatus.NOT_APPLICABLE:
                return True
        return not self.references

    def amount_with(self, context: Context, blank: Blank) -> Fraction | None:
        """The number, with figures that are not there treated as a side of a comparison wants."""
        if blank is Blank.SKIP_ANY or not self.references:
            return self.amount(context)
        if blank is Blank.SKIP_ALL and all(reference.amount(context) is None for reference in self.references):
            return None
        return self.amount(replace(context, blank_is_zero=True))


@dataclass(frozen=True)
class Number(Quantity):
    """A constant."""

    value: Decimal

    def amount(self, context: Context) -> Fraction | None:  # noqa: ARG002 - the same in every context
        """The constant itself."""
        return self._exact

    @cached_property
    def _exact(self) -> Fraction:
        return Fraction(self.value)


@dataclass(frozen=True)
class Reference(Quantity):
    """An indicator's figure, of this form unless another is named; or the number of a list's rows, a column's sum."""

    code: str
    when: When = When.NOW
    form: str = ""

    def __str__(self) -> str:
        code = f"{self.form}.{self.code}" if self.form else self.code
        return code if self.when is When.NOW else f"{self.when}({code})"

    @property
    def own(self) -> bool:
        """Whether it is a figure of this form and period."""
        return self.when is When.NOW and not self.form

    @property
    def of_list(self) -> bool:
        """Whether it is told by a list of this form and period."""
        return self.when in {When.LISTED, When.TOTALLED}

    @cached_property
    def references(self) -> tuple["Reference", ...]:
        """Itself."""
        return (self,)

    def amount(self, context: Context) -> Fraction | None:
        """The figure; 0 where it is not applicable in this form and period."""
        value = context.value(self)
        if value.exact is not None:
            return value.exact
        if value.status is ValueStatus.NOT_APPLICABLE and self.own:
            return Fraction(0)
        return Fraction(0) if context.blank_is_zero and not value.reported else None


@dataclass(frozen=True)
class Range(Quantity):
    """`sum(A:B)`: the figures from one indicator to another; a form spells it out as a sum (`Expression.within`)."""

    first: str
    last: str

    def amount(self, context: Context) -> Fraction | None:  # noqa: ARG002 - no context knows the form's order
        """None: which indicators lie between is for a form to say."""
        return None


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
