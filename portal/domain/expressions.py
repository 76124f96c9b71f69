"""The rule language: `FZ0410 == FZ0411 + FZ0412`, `if FZ0103 == 0 then FZ0104 == 0`, `200 <= A / B <= 20000`.

Arithmetic (+ - * /), comparisons (== != < <= > >=, chained), `and` `or` `not`, `if … then … [else …]`, parentheses,
decimal constants, `abs` `min` `max` `round`, `missing(X)` and `na(X)`, and figures:

======================  ==========================================================================================
`FZ0501`                of this form and period, on whatever sheet
`LY(X)`, `PREV(X)`      the accepted figure of the same period a year ago, of the period before
`CW.CW0101`             the accepted figure of another form of the same unit; also within LY and PREV
`CHILDREN(X)`           the sum over all units below; not there before all of them are accepted
`sum(X:Z)`              all figures from one indicator to another, in form order
`rows(problems)`        how many rows a list has
`sum(problems.spent)`   the sum of a list's column; blank cells add nothing
======================  ==========================================================================================

An expression is parsed once into a tree and never handed to Python's `eval`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from decimal import Context as DecimalContext
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from portal.domain.conditions import Condition, Terms
from portal.domain.expression_parser import ExpressionInvalid, read_tree
from portal.domain.quantities import Arithmetic, Context, Node, Quantity, Range, Reference, When
from portal.domain.values import Values

__all__ = ["Context", "Expression", "ExpressionInvalid", "decimal_of", "parse"]

QUOTIENT_DIGITS = 28
"""Significant digits of a result whose decimals never end."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression."""

    text: str
    root: Quantity | Condition

    def __str__(self) -> str:
        return self.text

    @property
    def is_condition(self) -> bool:
        """Whether it holds or does not, rather than being a number."""
        return isinstance(self.root, Condition)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every figure it looks at, once each, in the order written."""
        return tuple(dict.fromkeys(self.root.references))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Indicators of this period it looks at, in the order written."""
        return self._codes(When.NOW)

    @property
    def last_year_codes(self) -> tuple[str, ...]:
        """Indicators of last year it looks at, in the order written."""
        return self._codes(When.LAST_YEAR)

    @property
    def previous_codes(self) -> tuple[str, ...]:
        """Indicators of the period before it looks at, in the order written."""
        return self._codes(When.PREVIOUS)

    def amount(self, context: Context) -> Fraction | None:
        """The number that a quantity comes to, unrounded; None if it cannot be told (a condition has none)."""
        return None if isinstance(self.root, Condition) else self.root.amount(context)

    def number(self, values: Values) -> Decimal | None:
        """The number that a quantity comes to over the figures of this period alone; None if it cannot be told."""
        amount = self.amount(Context(values))
        return None if amount is None else decimal_of(amount)

    def evaluate(self, context: Context) -> Decimal | bool | None:
        """The number, or whether the condition holds; None if the figures do not allow to tell."""
        if isinstance(self.root, Condition):
            return self.root.holds(context)
        amount = self.amount(context)
        return None if amount is None else decimal_of(amount)

    @cached_property
    def ranges(self) -> tuple[Range, ...]:
        """The `sum(X:Z)` in it that no form has spelled out yet."""
        return tuple(_ranges(self.root))

    def within(self, codes: tuple[str, ...]) -> "Expression":
        """The same with its ranges spelled out as sums, `codes` being the form's indicators in order."""
        if not self.ranges:
            return self
        return Expression(self.text, _rebuilt(self.root, lambda node: _spelled_out(node, codes)))

    def renamed(self, names: Mapping[str, str]) -> "Expression":
        """The same over figures of this form that are called otherwise, by what they are called here."""
        return Expression(self.text, _rebuilt(self.root, lambda node: _renamed(node, names)))

    def on_terms(self, terms: Terms) -> "Expression":
        """The same with its comparisons taken on these terms; a quantity stays as it is."""
        return Expression(self.text, self.root.on_terms(terms)) if isinstance(self.root, Condition) else self

    def _codes(self, when: When) -> tuple[str, ...]:
        return tuple(each.code for each in self.references if each.when is when and not each.form)


def _ranges(node: Node) -> list[Range]:
    return [node] if isinstance(node, Range) else [found for part in node.parts() for found in _ranges(part)]


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    if not isinstance(node, Reference) or node.form or node.code not in names:
        return node
    return replace(node, code=names[node.code])


def _spelled_out(node: Node, codes: tuple[str, ...]) -> Node:
    if not isinstance(node, Range) or node.first not in codes or node.last not in codes:
        return node
    between = codes[codes.index(node.first) : codes.index(node.last) + 1]
    terms = tuple(Reference(code, position=node.position) for code in between)
    if len(terms) > 1:
        return Arithmetic(terms, ("+",) * (len(terms) - 1), position=node.position)
    return terms[0] if terms else node


def _rebuilt(node: Any, change: Callable[[Node], Node]) -> Any:
    """The node with every part changed, from the inside out."""
    changed: dict[str, Any] = {}
    for each in fields(node):
        content = getattr(node, each.name)
        if isinstance(content, Node):
            changed[each.name] = _rebuilt(content, change)
        elif isinstance(content, tuple) and any(isinstance(member, Node) for member in content):
            changed[each.name] = tuple(_rebuilt(member, change) for member in content)
    return change(replace(node, **changed) if changed else node)


def decimal_of(number: Fraction) -> Decimal:
    """The number as a decimal: exact if its decimals end, else to 28 significant digits."""
    twos, rest = _exponent(number.denominator, 2)
    fives, rest = _exponent(rest, 5)
    if rest != 1:
        division = DecimalContext(prec=QUOTIENT_DIGITS, rounding=ROUND_HALF_UP)
        return division.divide(Decimal(number.numerator), Decimal(number.denominator))
    places = max(twos, fives)
    digits = Decimal(abs(number.numerator) * 10**places // number.denominator).as_tuple().digits
    return Decimal((int(number < 0), digits, -places))


def _exponent(number: int, prime: int) -> tuple[int, int]:
    """How often the prime divides the number, and what is left."""
    count = 0
    while number % prime == 0:
        number //= prime
        count += 1
    return count, number


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an expression; reading the same text again costs nothing.

    Raises:
        ExpressionInvalid: it is not one; or it is longer or deeper than any sensible rule.
    """
    return Expression(text, read_tree(text))
