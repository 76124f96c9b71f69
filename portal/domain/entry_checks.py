"""Checks of one figure: whether there is an answer, whether it is of the right kind, whether it is plausible."""

from datetime import date
from decimal import Decimal

from portal.domain.findings import Finding
from portal.domain.forms import DataType, Indicator, Severity, Text
from portal.domain.units import Level
from portal.domain.values import NO, YES, Value, ValueStatus, exact_text
from portal.domain.wording import JUST_CONFIRMED, label, minus, shown

SMALL_COUNT = 10
"""Counts below this on both sides are not compared with last year."""


def admissible(indicator: Indicator, level: Level, value: Value) -> Finding | None:
    """What forbids a unit of that level entering the value, if anything does.

    Missing may always be entered, and not applicable wherever something is typed.
    """
    name = label(indicator)
    if not indicator.typed and value.answered:
        message = Text(f"{name.zh} 由系统计算或带出，不用填报", f"{name.en}: worked out by the portal, not filled in")
        advice = Text("请改填它所依据的指标", "Change the figures it is worked out from")
        return _unfit(indicator, "not_typed", message, value, advice)
    if value.reported and level not in indicator.filled_by:
        message = Text(f"{name.zh} 不由本级单位填报", f"{name.en}: not filled in by units of this level")
        advice = Text("请清空，或标注“不适用”（不要填 0）", "Leave it blank or not applicable (do not enter 0)")
        return _unfit(indicator, "not_for_level", message, value, advice)
    return unfit(indicator, value)


def unfit(indicator: Indicator, value: Value) -> Finding | None:
    """What makes the value impossible as an answer to the indicator, if anything does."""
    if not value.reported:
        return None
    if indicator.type.is_number:
        return _unfit_number(indicator, value)
    if indicator.type in {DataType.YES_NO, DataType.RATING}:
        return _unfit_choice(indicator, value)
    if indicator.type is DataType.DATE:
        return _unfit_date(indicator, value)
    return None


def required(indicator: Indicator, value: Value) -> Finding | None:
    """A core indicator needs an answer: a figure, 0, or not applicable."""
    if value.status is not ValueStatus.MISSING or not indicator.core:
        return None
    name = label(indicator)
    return Finding(
        code="required",
        severity=Severity.BLOCKING,
        message=Text(f"{name.zh} 未填报", f"{name.en}: not filled in"),
        indicator=indicator.code,
        advice=Text(
            "请填报；有此项职责但没有发生的填 0，没有此项职责的标注“不适用”",
            "Fill it in: 0 if nothing happened, not applicable if this is not among the unit's duties",
        ),
    )


def implausibly_large(indicator: Indicator, level: Level, value: Value) -> Finding | None:
    """A figure larger than one district is expected to have."""
    limit = indicator.plausible_maximum
    if level is not Level.DISTRICT or value.number is None or limit is None or value.number <= limit:
        return None
    name, unit = label(indicator), indicator.unit
    return Finding(
        code="implausibly_large",
        severity=Severity.EXPLAIN,
        message=Text(
            f"{name.zh} 填报 {shown(value.number)}{unit}，一般不超过 {shown(limit)}{unit}",
            f"{name.en}: reported {shown(value.number)}, rarely above {shown(limit)} ({unit})",
        ),
        indicator=indicator.code,
        found=exact_text(value.number),
        expected=f"≤{exact_text(limit)}",
        difference=minus(value.number, limit),
        advice=Text(
            f"疑似计量单位填错（本指标以{unit}计），请核对；无误的请说明，{JUST_CONFIRMED.zh}",
            f"Perhaps the wrong unit of measure (it is {unit} here); if it is right, explain. {JUST_CONFIRMED.en}",
        ),
    )


def yoy_change(indicator: Indicator, value: Value, last_year: Value) -> Finding | None:
    """A change on last year as large as the form wants explained.

    Not asked when there is no figure of last year, or when both counts are small; always asked when last year was 0 and
    this year is not.
    """
    limit, now, before = indicator.change_explain_percent, value.number, last_year.number
    if limit is None or now is None or before is None or now == before:
        return None
    small = indicator.type is DataType.COUNT and max(abs(now), abs(before)) < SMALL_COUNT
    if before and (small or abs(now - before) * 100 < limit * abs(before)):
        return None
    return Finding(
        code="yoy_change",
        severity=Severity.EXPLAIN,
        message=_change(indicator, now, before),
        indicator=indicator.code,
        found=exact_text(now),
        advice=Text(
            f"请核对；无误的请说明增减原因，{JUST_CONFIRMED.zh}",
            f"Check the figure; if it is right, say what changed. {JUST_CONFIRMED.en}",
        ),
        operands={indicator.code: exact_text(now), f"LY({indicator.code})": exact_text(before)},
    )


def _change(indicator: Indicator, now: Decimal, before: Decimal) -> Text:
    name = label(indicator)
    zh, en = f"{name.zh} 本年 {shown(now)}，上年 {shown(before)}", f"{name.en}: {shown(now)}, last year {shown(before)}"
    if not before:
        return Text(f"{zh}，从无到有", f"{en}; there was none")
    percent = shown(abs(now - before) * 100 / abs(before))
    up = now > before
    return Text(f"{zh}，{'增加' if up else '减少'} {percent}%", f"{en}; {'up' if up else 'down'} {percent}%")


def _unfit_number(indicator: Indicator, value: Value) -> Finding | None:
    number, name, found = value.number, label(indicator), _written(value)
    if number is None or not number.is_finite():
        message = Text(f"{name.zh} 填报“{found}”，不是数", f'{name.en}: "{found}" is not a number')
        advice = Text("请填数字，不带单位和文字", "Enter digits only, without unit or words")
        return _unfit(indicator, "not_a_number", message, value, advice)
    if indicator.type is DataType.COUNT and number != number.to_integral_value():
        message = Text(f"{name.zh} 填报 {shown(number)}，应为整数", f"{name.en}: {shown(number)} is not a whole number")
        return _unfit(indicator, "not_whole", message, value, Text("请填整数", "Enter a whole number"))
    if indicator.minimum is not None and number < indicator.minimum:
        least = indicator.minimum
        message = Text(
            f"{name.zh} 填报 {shown(number)}，不得小于 {shown(least)}",
            f"{name.en}: reported {shown(number)}, must not be less than {shown(least)}",
        )
        advice = Text(
            f"请核对数值和计量单位（{indicator.unit}）后改正",
            f"Check the figure and its unit of measure ({indicator.unit})",
        )
        expected, difference = f"≥{exact_text(least)}", minus(number, least)
        return _unfit(indicator, "below_minimum", message, value, advice, expected=expected, difference=difference)
    return None


def _unfit_choice(indicator: Indicator, value: Value) -> Finding | None:
    choices = indicator.choices if indicator.type is DataType.RATING else (YES, NO)
    if value.text in choices:
        return None
    name, listed, found = label(indicator), "、".join(choices), _written(value)
    message = Text(f"{name.zh} 填报“{found}”，不在可选项中", f'{name.en}: "{found}" is not one of the choices')
    advice = Text(f"请从 {listed} 中选一项", f"Choose one of {listed}")
    return _unfit(indicator, "not_a_choice", message, value, advice, expected=listed)


def _unfit_date(indicator: Indicator, value: Value) -> Finding | None:
    found, name = _written(value), label(indicator)
    try:
        date.fromisoformat(found)
    except ValueError:
        message = Text(f"{name.zh} 填报“{found}”，不是日期", f'{name.en}: "{found}" is not a date')
        advice = Text("请按 2023-12-31 的样式填写", "Write it like 2023-12-31")
        return _unfit(indicator, "not_a_date", message, value, advice)
    return None


def _unfit(
    indicator: Indicator,
    code: str,
    message: Text,
    value: Value,
    advice: Text,
    *,
    expected: str = "",
    difference: str = "",
) -> Finding:
    return Finding(
        code=code,
        severity=Severity.BLOCKING,
        message=message,
        indicator=indicator.code,
        found=_written(value),
        expected=expected,
        difference=difference,
        advice=advice,
    )


def _written(value: Value) -> str:
    return exact_text(value.number) if value.number is not None else value.text or ""
