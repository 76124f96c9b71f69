"""Roll-ups on screen."""

from portal.domain.forms import AggregationKind, DataType, Indicator
from portal.queries.rollups import RollUpRow
from portal.web.figures import grouped
from portal.web.language import language

_RATIO_DECIMALS = 2


def rollup_figure(row: RollUpRow, indicator: Indicator) -> str:
    """The number, rounded for reading; a distribution in words; empty where there is nothing."""
    if row.value is None:
        return row.text.replace(";", "；").replace(":", " ")
    return grouped(row.value, _decimals(indicator))


def rollup_range(row: RollUpRow, indicator: Indicator) -> str:
    """Smallest and largest figure of one unit."""
    if row.minimum is None or row.maximum is None:
        return ""
    return f"{grouped(row.minimum, indicator.decimals)}～{grouped(row.maximum, indicator.decimals)}"


def rollup_unit(row: RollUpRow) -> str:
    """The unit's name in the language of this request."""
    return row.unit_name_en if language() == "en" and row.unit_name_en else row.unit_name


def _decimals(indicator: Indicator) -> int:
    if indicator.aggregation.kind is AggregationKind.COUNT_YES:
        return 0
    is_ratio = indicator.type in {DataType.RATIO, DataType.RATE, DataType.MEAN}
    return max(indicator.decimals, _RATIO_DECIMALS) if is_ratio else indicator.decimals
