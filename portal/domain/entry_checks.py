"""Checks of one figure by itself: whether there is an answer, whether it is of the right kind and within bounds."""

from collections.abc import Container
from datetime import date
from decimal import Decimal

from portal.domain.findings import Finding
from portal.domain.forms import DataType, FormVersion, Indicator, Severity, Text
from portal.domain.units import Level
from portal.domain.values import NO, YES, Value, ValueStatus, exact_text
from portal.domain.wording import label, minus, shown


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


def _unfit_number(indicator: Indicator, value: Value) -> Finding | None:
    number = value.number
    if number is None or not number.is_finite():
        name, found = label(indicator), _written(value)
        message = Text(f"{name.zh} 填报“{found}”，不是数", f'{name.en}: "{found}" is not a number')
        advice = Text("请填数字，不带单位和文字", "Enter digits only, without unit or words")
        return _unfit(indicator, "not_a_number", message, value, advice)
    if indicator.type is DataType.COUNT and number != number.to_integral_value():
        name = label(indicator)
        message = Text(f"{name.zh} 填报 {shown(number)}，应为整数", f"{name.en}: {shown(number)} is not a whole number")
        return _unfit(indicator, "not_whole", message, value, Text("请填整数", "Enter a whole number"))
    return _out_of_bounds(indicator, number, value)


def _out_of_bounds(indicator: Indicator, number: Decimal, value: Value) -> Finding | None:
    least, most = indicator.minimum, indicator.maximum
    if least is not None and number < least:
        words = Text(f"不得小于 {shown(least)}", f"must not be less than {shown(least)}")
        return _beyond(indicator, "below_minimum", value, words, f"≥{exact_text(least)}", minus(number, least))
    if most is not None and number > most:
        words = Text(f"不得大于 {shown(most)}", f"must not be more than {shown(most)}")
        return _beyond(indicator, "above_maximum", value, words, f"≤{exact_text(most)}", minus(number, most))
    return None


def _beyond(indicator: Indicator, code: str, value: Value, words: Text, expected: str, difference: str) -> Finding:
    name, found = label(indicator), _written(value)
    message = Text(f"{name.zh} 填报 {found}，{words.zh}", f"{name.en}: reported {found}, {words.en}")
    advice = Text(
        f"请核对数值和计量单位（{indicator.unit}）后改正",
        f"Check the figure and its unit of measure ({indicator.unit})",
    )
    return _unfit(indicator, code, message, value, advice, expected=expected, difference=difference)


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


def unwritten(form: FormVersion, written: Container[str]) -> Finding | None:
    """The required sections of the text that are empty, if there are any; `written` names those that are not."""
    missing = [section.name for section in form.outline if section.required and section.code not in written]
    if not missing:
        return None
    zh, en = "、".join(name.zh for name in missing), ", ".join(name.in_language("en") for name in missing)
    return Finding(
        "text_unwritten",
        Severity.BLOCKING,
        Text(f"文字报告必须写的还没有写：{zh}", f"Required sections of the text are empty: {en}"),
        advice=Text("请写好再上报。", "Write them before handing in."),
    )
