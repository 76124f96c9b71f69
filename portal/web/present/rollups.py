"""Roll-ups on screen."""

from decimal import Decimal

from portal.domain.forms import AggregationKind, DataType, Indicator
from portal.domain.numbers import Scale, decimals_in, signed
from portal.queries.rollups.rows import RollUpRow
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
    return Scale(Decimal(1), "", indicator.decimals).show_range(row.minimum, row.maximum, "～")


def rollup_amount(number: Decimal | None, indicator: Indicator) -> str:
    """An amount in full, with its sign; a dash for none."""
    if number is None:
        return MISSING_SIGN
    return signed(number, max(decimals_of(indicator), decimals_in(number)))


def rollup_apart(row: RollUpRow, indicator: Indicator) -> str:
    """What was reported, eliminated and adjusted, where the number is not what was reported; else empty.

    With as many decimals as the entries have; a mean over several periods may have no end.
    """
    total = row.total
    if total.entered is None:
        return ""
    entered = [each for each in (total.eliminated, total.adjusted) if each is not None]
    decimals = decimals_of(indicator)
    if len(row.periods) <= 1:
        decimals = max(decimals, *map(decimals_in, entered))
    reported = MISSING_SIGN if total.amount is None else grouped(total.amount, decimals)
    parts = [_("上报合计 %(figure)s", figure=reported)]
    if total.eliminated is not None:
        parts.append(_("冲抵 %(figure)s", figure=signed(total.eliminated, decimals)))
    if total.adjusted is not None:
        parts.append(_("调整 %(figure)s", figure=signed(total.adjusted, decimals)))
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
