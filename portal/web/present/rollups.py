"""Roll-ups on screen."""

from decimal import Decimal

from portal.domain.forms import AggregationKind, DataType, Indicator
from portal.domain.numbers import signed
from portal.queries.rollup_rows import RollUpRow
from portal.web.figures import MISSING_SIGN, grouped
from portal.web.language import gettext as _
from portal.web.language import language

_RATIO_DECIMALS = 2


def rollup_figure(row: RollUpRow, indicator: Indicator) -> str:
    """The number, rounded for reading; a distribution in words; empty where there is nothing."""
    if row.value is None:
        return row.text.replace(";", "；").replace(":", " ")
    return grouped(row.value, decimals_of(indicator))


def rollup_range(row: RollUpRow, indicator: Indicator) -> str:
    """Smallest and largest figure of one unit."""
    if row.minimum is None or row.maximum is None:
        return ""
    return f"{grouped(row.minimum, indicator.decimals)}～{grouped(row.maximum, indicator.decimals)}"


def rollup_amount(number: Decimal | None, indicator: Indicator) -> str:
    """An amount with its sign; a dash for none."""
    return MISSING_SIGN if number is None else signed(number, decimals_of(indicator))


def rollup_apart(row: RollUpRow, indicator: Indicator) -> str:
    """What was reported, eliminated and adjusted, where the number is not what was reported; else empty."""
    total = row.total
    if total.entered is None:
        return ""
    reported = MISSING_SIGN if total.amount is None else grouped(total.amount, decimals_of(indicator))
    parts = [_("上报合计 %(figure)s", figure=reported)]
    if total.eliminated is not None:
        parts.append(_("冲抵 %(figure)s", figure=rollup_amount(total.eliminated, indicator)))
    if total.adjusted is not None:
        parts.append(_("调整 %(figure)s", figure=rollup_amount(total.adjusted, indicator)))
    return _("，").join(parts)


def rollup_unit(row: RollUpRow) -> str:
    """The unit's name in the language of this request."""
    return row.unit_name_en if language() == "en" and row.unit_name_en else row.unit_name


def decimals_of(indicator: Indicator) -> int:
    """Digits after the point that rolled-up numbers of the indicator are shown with."""
    if indicator.aggregation.kind is AggregationKind.COUNT_YES:
        return 0
    is_ratio = indicator.type in {DataType.RATIO, DataType.RATE, DataType.MEAN}
    return max(indicator.decimals, _RATIO_DECIMALS) if is_ratio else indicator.decimals
