"""Rules worked out over figures alone: of one unit, or of many at once in columns.

That is done for sums, products and comparisons of figures, which nearly all rules are, and it is exact. A figure that
is not there is NaN: no comparison with it holds, and none fails.
"""

import decimal
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any, NamedTuple, Protocol

from portal.domain.conditions import COMPARE, Comparison, Condition, Conjunction, Disjunction, Implication
from portal.domain.expressions import decimal_of
from portal.domain.form_expressions import condition_of, worked_out_from
from portal.domain.form_rules import Blank
from portal.domain.forms import FormVersion, Rule, Source
from portal.domain.implied_rules import rules_of
from portal.domain.quantities import Arithmetic, Negative, Number, Quantity, Reference
from portal.domain.units import Level
from portal.domain.values import MISSING, Values

EXACT = decimal.Context(prec=400, traps=[decimal.Inexact])
"""Sums and products of figures are exact in it, or refused; a comparison with NaN is false."""

_NOTHING = Decimal("NaN")
_ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_OPPOSITE = {"==": "!=", "!=": "==", "<=": ">", ">=": "<", "<": ">=", ">": "<="}

Each = Any
"""A number or a flag of one unit; or a list of them, one for each of many."""


class Figures(Protocol):
    """The numbers of one unit or of many, by indicator."""

    def figure(self, code: str) -> Each:
        """The figure; NaN where there is none."""

    def same(self, constant: Any) -> Each:
        """The same for every unit."""

    def each(self, function: Callable[..., Any], *operands: Each) -> Each:
        """What the function gives for every unit."""


class OneUnit:
    """The numbers of one unit."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def figure(self, code: str) -> Each:
        """The figure; NaN where there is none."""
        number = self._values.get(code, MISSING).number
        return _NOTHING if number is None or not number.is_finite() else number

    def same(self, constant: Any) -> Each:
        """Itself."""
        return constant

    def each(self, function: Callable[..., Any], *operands: Each) -> Each:
        """What the function gives."""
        return function(*operands)


class ManyUnits:
    """The numbers of some units, a column for each indicator."""

    def __init__(self, units: Sequence[Values]) -> None:
        self._units = units
        self._columns: dict[str, list[Decimal]] = {}

    def figure(self, code: str) -> Each:
        """The figure of every unit; NaN where there is none."""
        if code not in self._columns:
            numbers = [values.get(code, MISSING).number for values in self._units]
            self._columns[code] = [_NOTHING if each is None or not each.is_finite() else each for each in numbers]
        return self._columns[code]

    def same(self, constant: Any) -> Each:
        """A column of it."""
        return list(repeat(constant, len(self._units)))

    def each(self, function: Callable[..., Any], *operands: Each) -> Each:
        """A column of what the function gives."""
        return list(map(function, *operands))


class Verdict(NamedTuple):
    """Where a condition surely holds; and where it may fail, which is where it fails if all its terms are strict.

    Both are asked within the decimal context `EXACT`.
    """

    holds: "_Judge"
    fails: "_Judge"


_Judge = Callable[[Figures], Each]


def verdicts(form: FormVersion, level: Level) -> Sequence[tuple[Rule, Verdict | None]]:
    """How to work out each rule for units of a level that answer nothing but what they fill; None if it cannot be so.

    Figures of other periods, forms, levels and lists are taken as not there.
    """
    return form.kept(
        (verdicts, level),
        lambda: [(rule, _compiled(form, level, condition_of(form, rule).root)) for rule in rules_of(form)],
    )


class _Unseen(Exception):
    """An expression is more than sums, products and comparisons."""


def _compiled(form: FormVersion, level: Level, root: Quantity | Condition) -> Verdict | None:
    try:
        verdict = _Compiler(form, level).condition(root)
    except _Unseen:
        return None
    return Verdict(_unless_inexact(verdict.holds, otherwise=False), _unless_inexact(verdict.fails, otherwise=True))


def _unless_inexact(judge: _Judge, *, otherwise: bool) -> _Judge:
    def judged(figures: Figures) -> Each:
        try:
            return judge(figures)
        except decimal.Inexact:
            return figures.same(otherwise)

    return judged


class _Compiler:
    """Makes functions over columns of what a rule says, for units of one level."""

    def __init__(self, form: FormVersion, level: Level) -> None:
        self._form = form
        self._level = level

    def condition(self, node: Quantity | Condition) -> Verdict:
        """Where it holds, and where it fails."""
        match node:
            case Comparison():
                return self._comparison(node)
            case Conjunction():
                parts = [self.condition(each) for each in node.conditions]
                return _joined(parts, operator.and_, operator.or_)
            case Disjunction():
                parts = [self.condition(each) for each in node.conditions]
                return _joined(parts, operator.or_, operator.and_)
            case Implication():
                premise, conclusion = self.condition(node.premise), self.condition(node.conclusion)
                return _joined([Verdict(premise.fails, premise.holds), conclusion], operator.or_, operator.and_)
            case _:
                raise _Unseen

    def _comparison(self, node: Comparison) -> Verdict:
        judging = node.operands[:1] if node.operands[0].references else node.operands
        references = [reference for operand in judging for reference in operand.references]
        if references and not any(map(self._applies, references)):
            return Verdict(_nowhere, _nowhere)
        operands = [self._amount(each) for each in node.operands]
        tests = [_tests(sign, decimal_of(node.terms.tolerance)) for sign in node.signs]
        strict = node.terms.left is node.terms.right is Blank.SKIP_ANY

        if strict and len(tests) == 1:
            (left, right), (test, opposite) = operands, tests[0]
            return Verdict(
                lambda figures: figures.each(test, left(figures), right(figures)),
                lambda figures: figures.each(opposite, left(figures), right(figures)),
            )

        def pairs(figures: Figures, which: int) -> list[Each]:
            sides = [operand(figures) for operand in operands]
            return [figures.each(test[which], *each) for test, *each in zip(tests, sides, sides[1:], strict=False)]

        def holds(figures: Figures) -> Each:
            return _folded(figures, operator.and_, pairs(figures, 0))

        def fails(figures: Figures) -> Each:
            held = pairs(figures, 0)
            if not strict:
                return figures.each(operator.not_, _folded(figures, operator.and_, held))
            failed = pairs(figures, 1)
            told = [figures.each(operator.or_, *each) for each in zip(held, failed, strict=True)]
            # With one figure missing nothing is told, also where another pair decides.
            return _folded(figures, operator.and_, [_folded(figures, operator.or_, failed), *told])

        return Verdict(holds, fails)

    def _applies(self, reference: Reference) -> bool:
        """Whether a figure can be there at all; what the level does not fill is not applicable."""
        if not reference.own:
            return True
        indicator = self._form.indicator(reference.code)
        if indicator.typed:
            return self._level in indicator.filled_by
        return any(
            self._applies(each) for source in worked_out_from(self._form, indicator) for each in source.references
        )

    def _amount(self, node: Quantity) -> _Judge:
        match node:
            case Number(value=constant):
                return lambda figures: figures.same(constant)
            case Reference():
                return self._figure(node)
            case Negative():
                inner = self._amount(node.quantity)
                return lambda figures: figures.each(operator.neg, inner(figures))
            case Arithmetic() if "/" not in node.operators:
                return self._arithmetic(node)
            case _:
                raise _Unseen

    def _figure(self, reference: Reference) -> _Judge:
        if not reference.own:
            return lambda figures: figures.same(_NOTHING)
        indicator, code = self._form.indicator(reference.code), reference.code
        if indicator.source is Source.CALCULATED:
            sources = worked_out_from(self._form, indicator)
            if len(sources) != 1 or isinstance(sources[0].root, Condition):
                raise _Unseen
            return self._amount(sources[0].root)
        if not indicator.typed:
            raise _Unseen
        if self._level not in indicator.filled_by:
            return lambda figures: figures.same(Decimal(0))
        return lambda figures: figures.figure(code)

    def _arithmetic(self, node: Arithmetic) -> _Judge:
        first, *others = [self._amount(each) for each in node.operands]
        steps = [(_ARITHMETIC[sign], operand) for sign, operand in zip(node.operators, others, strict=True)]

        def amount(figures: Figures) -> Each:
            result = first(figures)
            for step, operand in steps:
                result = figures.each(step, result, operand(figures))
            return result

        return amount


def _joined(parts: list[Verdict], holding: Callable[..., bool], failing: Callable[..., bool]) -> Verdict:
    return Verdict(
        lambda figures: _folded(figures, holding, [part.holds(figures) for part in parts]),
        lambda figures: _folded(figures, failing, [part.fails(figures) for part in parts]),
    )


def _folded(figures: Figures, function: Callable[..., bool], flags: list[Each]) -> Each:
    result = flags[0]
    for other in flags[1:]:
        result = figures.each(function, result, other)
    return result


def _nowhere(figures: Figures) -> Each:
    """Of a condition that is not about units of the level."""
    return figures.same(constant=False)


def _tests(sign: str, tolerance: Decimal) -> tuple[Callable[..., bool], Callable[..., bool]]:
    """The comparison as `conditions.Terms.satisfied` takes it, and its opposite."""
    if not tolerance:
        exact = COMPARE | {"!=": _differ}
        return exact[sign], exact[_OPPOSITE[sign]]
    if sign in {"==", "!="}:
        near, far = (_at_most if each else _more_than for each in (sign == "==", sign == "!="))
        return (lambda left, right: near(left, right, tolerance)), (lambda left, right: far(left, right, tolerance))
    compare, opposite = COMPARE[sign], COMPARE[_OPPOSITE[sign]]
    leeway = tolerance if "<" in sign else -tolerance
    return (lambda left, right: compare(left, right + leeway)), (lambda left, right: opposite(left, right + leeway))


def _differ(left: Decimal, right: Decimal) -> bool:
    """Unlike `!=` false of NaN."""
    return left < right or left > right


def _at_most(left: Decimal, right: Decimal, tolerance: Decimal) -> bool:
    return abs(left - right) <= tolerance


def _more_than(left: Decimal, right: Decimal, tolerance: Decimal) -> bool:
    return abs(left - right) > tolerance
