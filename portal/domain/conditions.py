"""Parts of an expression that hold or do not hold.

None means that it cannot be told. A comparison is None when any figure in it is missing, and when its left side, or
every figure of it, is not applicable: then it is not about this unit.
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import repeat
from typing import Any

from portal.domain.form_rules import Blank
from portal.domain.quantities import Context, Node, Quantity, Reference
from portal.domain.values import ValueStatus

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True)
class Terms:
    """How strictly a comparison is taken.

    Attributes:
        tolerance: by how much the two sides may differ from what is asked and still satisfy it.
        left: what figures that are not there mean on the left side.
        right: what they mean on the right side; in a chain, on all sides but the first.
    """

    tolerance: Fraction = Fraction(0)
    left: Blank = Blank.SKIP_ANY
    right: Blank = Blank.SKIP_ANY

    def satisfied(self, left: Fraction, sign: str, right: Fraction) -> bool:
        """Whether the two numbers stand to each other as they should."""
        if not self.tolerance:
            return COMPARE[sign](left, right)
        if sign in {"==", "!="}:
            return (abs(left - right) <= self.tolerance) == (sign == "==")
        return COMPARE[sign](left, right + self.tolerance if "<" in sign else right - self.tolerance)


STRICT = Terms()


@dataclass(frozen=True)
class Condition(Node, ABC):
    """A part that holds or does not."""

    @abstractmethod
    def holds(self, context: Context) -> bool | None:
        """Whether it holds."""

    def on_terms(self, terms: Terms) -> "Condition":  # noqa: ARG002 - of a condition without comparisons
        """The same with its comparisons taken on these terms; premises are not touched."""
        return self


@dataclass(frozen=True)
class Pair:
    """Two neighbours in a comparison."""

    left: Quantity
    sign: str
    right: Quantity
    terms: Terms
    left_blank: Blank

    def amounts(self, context: Context) -> tuple[Fraction, Fraction] | None:
        """What the two come to; None if either cannot be told."""
        left = self.left.amount_with(context, self.left_blank)
        right = self.right.amount_with(context, self.terms.right)
        return None if left is None or right is None else (left, right)

    def holds(self, context: Context) -> bool | None:
        """Whether the two stand to each other as they should."""
        amounts = self.amounts(context)
        return None if amounts is None else self.terms.satisfied(amounts[0], self.sign, amounts[1])


@dataclass(frozen=True)
class Comparison(Condition):
    """Quantities compared, each with the next: `200 <= X <= 20000`."""

    operands: tuple[Quantity, ...]
    signs: tuple[str, ...]
    terms: Terms = STRICT

    def on_terms(self, terms: Terms) -> "Comparison":
        """Taken on these terms."""
        return replace(self, terms=terms)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Each operand with the next."""
        blanks = (self.terms.left, *repeat(self.terms.right, len(self.signs) - 1))
        sides = zip(self.operands, self.signs, self.operands[1:], blanks, strict=False)
        return tuple(Pair(left, sign, right, self.terms, blank) for left, sign, right, blank in sides)

    @cached_property
    def _judging(self) -> tuple[Quantity, ...]:
        """Those of which one must be applicable: the left side, or every one that is no constant."""
        first = self.operands[0]
        return (first,) if first.references else tuple(each for each in self.operands if each.references)

    def holds(self, context: Context) -> bool | None:
        """Whether every pair does; None if a figure is missing or it is not about this unit."""
        if self._judging and not any(operand.applies(context) for operand in self._judging):
            return None
        results = [pair.holds(context) for pair in self.pairs]
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

    def on_terms(self, terms: Terms) -> "Denial":
        """The condition denied, on these terms."""
        return replace(self, condition=self.condition.on_terms(terms))

    def holds(self, context: Context) -> bool | None:
        """Whether the condition does not."""
        result = self.condition.holds(context)
        return None if result is None else not result


@dataclass(frozen=True)
class Conjunction(Condition):
    """`and`: fails as soon as one condition is known to fail."""

    conditions: tuple[Condition, ...]

    def on_terms(self, terms: Terms) -> "Conjunction":
        """Every condition on these terms."""
        return replace(self, conditions=tuple(condition.on_terms(terms) for condition in self.conditions))

    def holds(self, context: Context) -> bool | None:
        """Whether all do."""
        results = [condition.holds(context) for condition in self.conditions]
        return False if False in results else (None if None in results else True)


@dataclass(frozen=True)
class Disjunction(Condition):
    """`or`: holds as soon as one condition is known to hold."""

    conditions: tuple[Condition, ...]

    def on_terms(self, terms: Terms) -> "Disjunction":
        """Every condition on these terms."""
        return replace(self, conditions=tuple(condition.on_terms(terms) for condition in self.conditions))

    def holds(self, context: Context) -> bool | None:
        """Whether any does."""
        results = [condition.holds(context) for condition in self.conditions]
        return True if True in results else (None if None in results else False)


@dataclass(frozen=True)
class Implication(Condition):
    """`if premise then conclusion`: holds where the premise does not."""

    premise: Condition
    conclusion: Condition

    def on_terms(self, terms: Terms) -> "Implication":
        """What follows on these terms."""
        return replace(self, conclusion=self.conclusion.on_terms(terms))

    def holds(self, context: Context) -> bool | None:
        """Whether the premise fails or the conclusion holds."""
        return self._spelled_out.holds(context)

    @cached_property
    def _spelled_out(self) -> Disjunction:
        return Disjunction((Denial(self.premise), self.conclusion))


@dataclass(frozen=True)
class Alternative(Condition):
    """`if premise then conclusion else otherwise`."""

    premise: Condition
    conclusion: Condition
    otherwise: Condition

    def on_terms(self, terms: Terms) -> "Alternative":
        """What follows on these terms, either way."""
        return replace(self, conclusion=self.conclusion.on_terms(terms), otherwise=self.otherwise.on_terms(terms))

    def holds(self, context: Context) -> bool | None:
        """Whether the one that the premise chooses holds."""
        premise = self.premise.holds(context)
        return None if premise is None else (self.conclusion if premise else self.otherwise).holds(context)


@dataclass(frozen=True)
class Choice(Quantity):
    """`if premise then consequent else otherwise`, of quantities."""

    premise: Condition
    consequent: Quantity
    otherwise: Quantity

    def amount(self, context: Context) -> Fraction | None:
        """The one that the premise chooses."""
        premise = self.premise.holds(context)
        return None if premise is None else (self.consequent if premise else self.otherwise).amount(context)
