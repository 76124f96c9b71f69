"""From a cell, or from what a person typed, to a value: nothing is guessed, and what was interpreted is said."""

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from importers import cell_findings as wrong
from importers.cell_values import is_percent_format, is_scaled_format
from importers.days import day_of_serial, read_day
from importers.measures import conversion, counts_in_multiples, read_amount, tidy
from importers.workbook import CellKind, ReadCell
from portal.domain.entry_checks import unfit
from portal.domain.findings import Finding
from portal.domain.forms import DataType, Indicator
from portal.domain.values import MISSING, NO, NOT_APPLICABLE, YES, Value, exact_text

_NOT_APPLICABLE_WORDS = {"不适用", "不涉及", "n/a", "na", "n.a.", "not applicable"}
# NFKC makes … three dots and the full-width dash a hyphen.
_PLACEHOLDERS = {
    "-",
    "--",
    "–",
    "—",
    "——",
    "―",
    "−",
    "/",
    "//",
    "\\",
    "...",
    "......",
    "*",
    "无",
    "暂无",
    "空",
    "未统计",
}
_YES_WORDS = {"是", "对", "已", "已完成", "完成", "有", "y", "yes", "true", "√", "✓", "✔", "1"}
_NO_WORDS = {"否", "不是", "未", "未完成", "没有", "n", "no", "false", "×", "✗", "✘", "x", "0"}
_QUANTITY = re.compile(
    r"(?P<about>大约|将近|约|近|≈|~|about\s+|ca\.?\s*)?\s*(?P<sign>[+\-−–])?\s*(?P<yuan>[¥￥])?\s*"
    r"(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.\d+)?|\.\d+)(?P<exponent>[eE][+-]?\d{1,2})?"
    r"(?P<behind>.*)",
    re.IGNORECASE | re.ASCII,
)
_DIGITS_KEPT = Decimal(10) ** 15
_LEAST_PLACES = 15  # 0.3-0.1-0.2 leaves 2.8E-17 in a cell
_MOST_DIGITS = 28  # what arithmetic on decimals keeps
_MORE_DIGITS = re.compile(r"\s*[\d,.;:+\-*/=]", re.ASCII)  # what follows a number is no unit: 12,3 or 27+1
_MAGNITUDES = {"百", "千", "万", "十万", "百万", "千万", "亿", "万亿"}


@dataclass(frozen=True)
class Parsed:
    """What a cell says.

    Attributes:
        value: None when it could not be understood; a blocking finding then says why.
        placeholder: whether it holds a mark, such as a dash, that may mean anything; the value is then missing.
    """

    value: Value | None
    findings: tuple[Finding, ...] = ()
    placeholder: bool = False


def parse_cell(indicator: Indicator, cell: ReadCell | None, *, stated_unit: str = "") -> Parsed:
    """Read a cell as an answer to the indicator; no cell is no answer.

    Args:
        indicator: says what kind of answer is wanted, and in which unit of measure.
        cell: what stands there.
        stated_unit: what stands in the row's unit column, if it was changed there.
    """
    if cell is None:
        return Parsed(MISSING)
    match cell.kind:
        case CellKind.ERROR:
            return _unread(wrong.error_value(indicator, cell.raw))
        case CellKind.FORMULA_WITHOUT_VALUE:
            return _unread(wrong.no_cached_value(indicator))
    parsed = _parse_content(indicator, cell, stated_unit or indicator.unit)
    if cell.external and parsed.value is not None:
        return replace(parsed, findings=(*parsed.findings, wrong.external_formula(indicator, cell.raw)))
    return parsed


def parse_text(indicator: Indicator, text: str, *, stated_unit: str = "") -> Parsed:
    """Read typed text as an answer to the indicator: `1,234`, `约3.7`, `28宗`, `3.7万`, `不适用`, `是`."""
    tidied = tidy(text)
    if not tidied:
        return Parsed(MISSING)
    if tidied.lower() in _NOT_APPLICABLE_WORDS:
        return Parsed(NOT_APPLICABLE)
    if indicator.type is DataType.TEXT:
        return Parsed(Value.of(text.strip()))
    if tidied.upper() in wrong.ERROR_CAUSES:
        return _unread(wrong.error_value(indicator, tidied.upper()))
    if tidied in _PLACEHOLDERS:
        return Parsed(MISSING, (wrong.placeholder(indicator, text.strip()),), placeholder=True)
    if indicator.type.is_number and _has_footnote(text):
        return _unread(wrong.not_a_number(indicator, text.strip()))
    if indicator.type.is_number:
        return _parse_quantity(indicator, tidied, stated_unit or indicator.unit)
    if indicator.type is DataType.DATE:
        return _parse_day(indicator, tidied)
    return _parse_choice(indicator, tidied)


def _has_footnote(text: str) -> bool:
    """Whether a raised or circled digit stands at the figure, 12¹ or 12①: tidied, it would become part of it."""
    return any(
        before.isnumeric() and after.isnumeric() and "No" in {unicodedata.category(before), unicodedata.category(after)}
        for before, after in pairwise(text)
    )


def _parse_content(indicator: Indicator, cell: ReadCell, unit: str) -> Parsed:
    """Read a cell that holds something: text, a number, a date or a truth value."""
    if indicator.type.is_number and isinstance(cell.value, Decimal):
        return _parse_number(indicator, cell, cell.value, unit)
    if cell.kind is CellKind.DATE:
        return _parse_date_cell(indicator, cell)
    day = day_of_serial(cell.value) if isinstance(cell.value, Decimal) else None
    if indicator.type is DataType.DATE and day:
        return Parsed(Value.of(day.isoformat()), (wrong.read_as(indicator, cell.raw, day.isoformat()),))
    if indicator.type.is_number and cell.kind is CellKind.BOOLEAN:
        return _unread(wrong.not_a_number(indicator, "TRUE" if cell.value else "FALSE"))
    text = exact_text(cell.value) if isinstance(cell.value, Decimal) else str(cell.value)
    return parse_text(indicator, text, stated_unit=unit)


def _parse_number(indicator: Indicator, cell: ReadCell, number: Decimal, unit: str) -> Parsed:
    if is_scaled_format(cell.number_format) and counts_in_multiples(indicator):
        return _unread(wrong.scaled_format(indicator, cell.raw, cell.number_format))
    if is_percent_format(cell.number_format):
        shown = f"{exact_text(number * 100)}%"
        return _parse_quantity(indicator, shown, unit)
    return _in_own_unit(indicator, number, unit, found=exact_text(number))


def _parse_date_cell(indicator: Indicator, cell: ReadCell) -> Parsed:
    shown = str(cell.value or cell.raw)
    if indicator.type is DataType.DATE:
        return _parse_day(indicator, shown.partition("T")[0])
    if indicator.type is DataType.TEXT:
        return Parsed(Value.of(shown))
    return _unread(wrong.date_for_number(indicator, shown))


def _parse_quantity(indicator: Indicator, text: str, unit: str) -> Parsed:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return _unread(wrong.not_a_number(indicator, text))
    digits = match["digits"].replace(",", "").replace(" ", "")
    number = Decimal(digits + (match["exponent"] or "")) * (-1 if match["sign"] and match["sign"] != "+" else 1)
    if _MORE_DIGITS.match(match["behind"]):
        return _unread(wrong.not_a_number(indicator, text))
    amount = read_amount(indicator, match["behind"])
    if amount is None:
        return _unread(wrong.unit_mismatch(indicator, text))
    if match["yuan"] and not amount.stated and counts_in_multiples(indicator):  # ¥37,000: is that 元 or 万元?
        return _unread(wrong.unit_mismatch(indicator, text))
    approximate = bool(match["about"]) or amount.approximate
    if not amount.stated:
        return _in_own_unit(indicator, number, unit, found=text, approximate=approximate)
    parsed = _in_own_unit(indicator, number * amount.factor, indicator.unit, found=text, approximate=approximate)
    as_is = amount.factor == 1 and amount.stated not in _MAGNITUDES and conversion(indicator, unit) == 1
    if parsed.value is None or as_is:
        return parsed
    return replace(parsed, findings=(wrong.converted(indicator, text, exact_text(number * amount.factor)),))


def _in_own_unit(indicator: Indicator, number: Decimal, unit: str, *, found: str, approximate: bool = False) -> Parsed:
    """A number given in `unit`, as a value in the indicator's unit of measure."""
    factor = conversion(indicator, unit)
    if factor is None:
        return _unread(wrong.unit_mismatch(indicator, f"{found}{unit}"))
    if abs(number) >= _DIGITS_KEPT or len(number.as_tuple().digits) > _MOST_DIGITS:
        return _unread(wrong.too_many_digits(indicator, exact_text(number)))
    if number and (number * factor).adjusted() < -_LEAST_PLACES:
        return _unread(wrong.almost_zero(indicator, found))
    value = Value.of(_plain(number * factor), approximate=approximate)
    if factor == 1:
        as_share = indicator.unit == "%" and 0 < abs(number) < 1 and "%" not in found
        return Parsed(value, (wrong.below_one_percent(indicator, number),) if as_share else ())
    return Parsed(value, (wrong.converted(indicator, f"{found}{unit}", exact_text(number * factor)),))


def _parse_day(indicator: Indicator, text: str) -> Parsed:
    day = read_day(text)
    return _unread(wrong.not_a_date(indicator, text)) if day is None else Parsed(Value.of(day.isoformat()))


def _parse_choice(indicator: Indicator, text: str) -> Parsed:
    """是 or 否, or one of a rating's words."""
    answer = text if text in indicator.choices else text.replace(" ", "")  # 优 秀, to make it as wide as 不合格
    if indicator.type is DataType.YES_NO:
        answer = YES if text.lower() in _YES_WORDS else NO if text.lower() in _NO_WORDS else text
    value = Value.of(answer)
    mistake = unfit(indicator, value)
    if mistake is not None:
        return _unread(mistake)
    return Parsed(value, () if answer == text else (wrong.read_as(indicator, text, answer),))


def _unread(finding: Finding) -> Parsed:
    return Parsed(None, (finding,))


def _plain(number: Decimal) -> Decimal:
    """The number without exponent, trailing zeros or a sign on zero, so that equal figures are written alike."""
    return Decimal(exact_text(number)) if number else Decimal(0)
