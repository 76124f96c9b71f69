"""How the overview says a number."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dashboards.pages.overview.layout import figure_text
from portal.domain.forms import Aggregation, AggregationKind, DataType
from portal.domain.periods import Period, PeriodKind
from portal.domain.rollup import Total
from portal.queries.rollups.rows import row_of
from tests.unit.dashboards.contexts import COUNT, QINGYUAN


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        ((), "2 个单位为“是”（66.7%）"),
        (Period(2023).parts(PeriodKind.HALF), "2 个单位为“是”"),  # the answers are those of both halves
    ],
)
def test_a_share_of_yes_is_of_the_units_of_one_period(periods: tuple[Period, ...], words: str) -> None:
    indicator = replace(COUNT, type=DataType.YES_NO, aggregation=Aggregation(AggregationKind.COUNT_YES))
    reported = 3 * max(len(periods), 1)
    total = Total(reported=reported, amount=Decimal(2))
    row = row_of(QINGYUAN, indicator, total, reported, "reported", demo=False)
    assert figure_text(indicator, row._replace(periods=periods)) == words
