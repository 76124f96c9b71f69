"""Puts figures, indicators and quantities into a clerk's words, in both languages."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from functools import partial

from portal.domain.conditions import Choice
from portal.domain.expressions import decimal_of
from portal.domain.forms import FormVersion, Indicator, Text
from portal.domain.quantities import Arithmetic, Call, Context, Negative, Number, Quantity, Reference, When
from portal.domain.values import exact_text, rounded

JUST_CONFIRMED = Text("只写“核实无误”不算说明", '"Verified" alone is not an explanation')
"""Added to every request for an explanation."""

_SHOWN_DECIMALS = 6
_LONG_FIGURE = re.compile(r"([≠≤≥<>]?)(-?[0-9]+\.[0-9]{7,})")
_OF_WHICH = ("其中：", "其中:", "of which: ", "of which:")
_SIGNS = {"+": "+", "-": "-", "*": "×", "/": "÷"}


def shown(number: Decimal | Fraction) -> str:
    """The number as a sentence gives it: with two decimals if it is long, unless nothing would be left of it."""
    exact = decimal_of(Fraction(number))
    long = Fraction(number) * 10**_SHOWN_DECIMALS % 1 != 0
    return exact_text((long and rounded(exact, 2)) or exact)


def abridged(text: str) -> str:
    """What a table shows of a figure: one with more decimals than anybody reads is cut short; all else stays."""
    long = _LONG_FIGURE.fullmatch(text)
    return f"{long[1] or '≈'}{shown(Decimal(long[2]))}" if long else text


def minus(number: Decimal | Fraction, other: Decimal | Fraction) -> str:
    """The exact difference, as a text."""
    return exact_text(decimal_of(Fraction(number) - Fraction(other)))


def label(indicator: Indicator, form: FormVersion | None = None) -> Text:
    """An indicator's name without "of which"; within a form, such a part is named together with its whole."""
    name = Text(_bare(indicator.name.zh), _bare(indicator.name.in_language("en")))
    if form is None or name.zh == indicator.name.zh or indicator.parent not in form.by_code:
        return name
    whole = label(form.by_code[indicator.parent], form)
    return Text(f"{whole.zh}（{name.zh}）", f"{whole.en} ({name.en})")


def _bare(name: str) -> str:
    if not name.startswith(_OF_WHICH):
        return name
    for prefix in _OF_WHICH:
        name = name.removeprefix(prefix)
    return name


def named(form: FormVersion, reference: Reference) -> Text:
    """A figure by its indicator's name and, if it is of another period, form or level, by that as well."""
    if reference.of_list:
        return _of_list(form, reference)
    name = _foreign(reference) if reference.form else label(form.indicator(reference.code), form)
    match reference.when:
        case When.LAST_YEAR:
            return Text(f"上年“{name.zh}”", f'"{name.en}" of last year')
        case When.PREVIOUS:
            return Text(f"上期“{name.zh}”", f'"{name.en}" of the period before')
        case When.BELOW:
            return Text(f"下级“{name.zh}”合计", f'"{name.en}" of all units below')
        case _:
            return name


def _of_list(form: FormVersion, reference: Reference) -> Text:
    table, _, column = reference.code.partition(".")
    sheet, columns = form.lists[table]
    zh, en = sheet.name.zh, sheet.name.in_language("en")
    if reference.when is When.LISTED:
        return Text(f"清单“{zh}”的行数", f'rows of the list "{en}"')
    name = columns.by_code[column].name
    return Text(f"清单“{zh}”的“{name.zh}”合计", f'sum of "{name.in_language("en")}" in the list "{en}"')


def _foreign(reference: Reference) -> Text:
    """An indicator of a form that is not at hand: by its codes."""
    return Text(f"{reference.form} 报表的 {reference.code}", f"{reference.code} of form {reference.form}")


def listed(form: FormVersion, references: Iterable[Reference]) -> Text:
    """Figures by name, in a row."""
    names = [form.kept((named, each), partial(named, form, each)) for each in references]
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))


def figure(reference: Reference, context: Context) -> str:
    """The figure referred to, or a dash if there is none."""
    amount = reference.amount(context)
    return "—" if amount is None else shown(amount)


def given(form: FormVersion, references: Iterable[Reference], context: Context) -> Text:
    """Figures with their names: `A 为 1、B 为 2`, `A = 1, B = 2`."""
    pairs = [(named(form, reference), figure(reference, context)) for reference in references]
    zh = "、".join(f"{name.zh} 为 {number}" for name, number in pairs)
    return Text(zh, ", ".join(f"{name.en} = {number}" for name, number in pairs))


def spelled(quantity: Quantity, word: Callable[[Reference], str], space: str = "") -> str:
    """A quantity written out with × and ÷, each figure in the given word, `space` around the signs.

    Of what a condition chooses between, both are given: `(A | B)`.
    """
    match quantity:
        case Reference():
            return word(quantity)
        case Number():
            return exact_text(quantity.value)
        case Negative():
            inner = spelled(quantity.quantity, word, space)
            return f"-({inner})" if isinstance(quantity.quantity, Arithmetic) else f"-{inner}"
        case Choice():
            return f"({spelled(quantity.consequent, word, space)} | {spelled(quantity.otherwise, word, space)})"
        case Call():
            return f"{quantity.name}({', '.join(spelled(argument, word, space) for argument in quantity.arguments)})"
        case Arithmetic():
            return _spelled_out(quantity, word, space)
    raise TypeError(quantity)


def _spelled_out(arithmetic: Arithmetic, word: Callable[[Reference], str], space: str) -> str:
    text = ""
    for sign, operand in zip(("", *arithmetic.operators), arithmetic.operands, strict=True):
        inner = spelled(operand, word, space)
        text += f"{space}{_SIGNS[sign]}{space}" if sign else ""
        text += f"({inner})" if _needs_brackets(operand, sign, arithmetic) else inner
    return text


def _needs_brackets(operand: Quantity, sign: str, within: Arithmetic) -> bool:
    """Whether an operand would be misread bare: a sign after a sign, a sum anywhere, a product within a product."""
    if isinstance(operand, Arithmetic):
        return within.is_product or not operand.is_product
    return isinstance(operand, Negative) and bool(sign)
