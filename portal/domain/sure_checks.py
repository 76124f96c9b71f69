"""What can be seen at a glance: a figure or a rule of which nothing needs to be said.

Nearly all figures are numbers within their bounds, and nearly all rules are sums and comparisons of such numbers that
hold. Telling that takes a tenth of the time that it takes to tell what is wrong; what is not seen here is looked at in
full by `rules.check`: an answer of False means nothing.
"""

import decimal
import operator
from collections.abc import Callable
from decimal import Decimal

from portal.domain.conditions import COMPARE, Comparison, Condition, Conjunction, Implication
from portal.domain.expressions import decimal_of
from portal.domain.form_expressions import condition_of
from portal.domain.forms import DataType, FormVersion, Indicator, Rule
from portal.domain.quantities import Arithmetic, Negative, Number, Quantity, Reference
from portal.domain.units import Level
from portal.domain.values import Value, Values

_EXACT = decimal.Context(prec=400, traps=[decimal.Inexact, decimal.InvalidOperation])
"""Sums and products of figures are exact in it, or refused."""

_ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_Amount = Callable[[Values], Decimal]
_Verdict = Callable[[Values], bool]


class _Unseen(Exception):
    """A figure is not a number, or an expression is more than sums, products and comparisons."""


def is_surely_fit(indicator: Indicator, level: Level, value: Value) -> bool:
    """Whether a figure by itself is a possible and a plausible one."""
    number = value.number
    if number is None or not indicator.typed or level not in indicator.filled_by or not indicator.type.is_number:
        return False
    if not number.is_finite() or (indicator.type is DataType.COUNT and number != number.to_integral_value()):
        return False
    least, limits = indicator.minimum, (indicator.maximum, indicator.plausible_maximum)
    return (least is None or number >= least) and all(limit is None or number <= limit for limit in limits)


def surely_holds(form: FormVersion, rule: Rule, values: Values) -> bool:
    """Whether a rule is seen to hold: all its figures are numbers of this form and period, and satisfy it."""
    key = (surely_holds, rule.expression, rule.tolerance)
    if key not in form.once:
        form.once[key] = _compiled(form, rule)
    verdict: _Verdict | None = form.once[key]
    if verdict is None:
        return False
    with decimal.localcontext(_EXACT):
        try:
            return verdict(values)
        except (_Unseen, decimal.DecimalException):
            return False


def _compiled(form: FormVersion, rule: Rule) -> _Verdict | None:
    root = condition_of(form, rule).root
    try:
        return _condition(root) if isinstance(root, Condition) else None
    except _Unseen:
        return None


def _condition(node: Condition) -> _Verdict:
    match node:
        case Comparison():
            return _comparison(node)
        case Conjunction():
            parts = [_condition(each) for each in node.conditions]
            return lambda values: all(part(values) for part in parts)
        case Implication():
            premise, conclusion = _condition(node.premise), _condition(node.conclusion)
            return lambda values: not premise(values) or conclusion(values)
        case _:
            raise _Unseen


def _comparison(node: Comparison) -> _Verdict:
    operands = [_amount(each) for each in node.operands]
    tolerance = decimal_of(node.terms.tolerance)
    compares = [_tolerant(sign, tolerance) if tolerance else COMPARE[sign] for sign in node.signs]

    def holds(values: Values) -> bool:
        # Every figure is looked at, also where the first pair decides: with one missing nothing is told.
        amounts = [operand(values) for operand in operands]
        return all(map(_holds, compares, amounts, amounts[1:]))

    return holds


def _tolerant(sign: str, tolerance: Decimal) -> Callable[[Decimal, Decimal], bool]:
    """The comparison as `Terms.satisfied` takes it."""
    if sign in {"==", "!="}:
        return lambda left, right: (abs(left - right) <= tolerance) == (sign == "==")
    compare, leeway = COMPARE[sign], tolerance if "<" in sign else -tolerance
    return lambda left, right: compare(left, right + leeway)


def _holds(compare: Callable[[Decimal, Decimal], bool], left: Decimal, right: Decimal) -> bool:
    return compare(left, right)


def _amount(node: Quantity) -> _Amount:
    match node:
        case Number(value=constant):
            return lambda _values: constant
        case Reference() if node.own:
            return _figure(node.code)
        case Negative():
            inner = _amount(node.quantity)
            return lambda values: -inner(values)
        case Arithmetic() if "/" not in node.operators:
            return _arithmetic(node)
        case _:
            raise _Unseen


def _figure(code: str) -> _Amount:
    def figure(values: Values) -> Decimal:
        value = values.get(code)
        if value is None or value.number is None or not value.number.is_finite():
            raise _Unseen
        return value.number

    return figure


def _arithmetic(node: Arithmetic) -> _Amount:
    first, *others = [_amount(each) for each in node.operands]
    steps = [(_ARITHMETIC[sign], operand) for sign, operand in zip(node.operators, others, strict=True)]

    def amount(values: Values) -> Decimal:
        result = first(values)
        for step, operand in steps:
            result = step(result, operand(values))
        return result

    return amount
