"""Periods: read, written, and following one another without gaps."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.periods import Period, PeriodKind
from portal.errors import InvalidInput

PARTS = {PeriodKind.YEAR: 1, PeriodKind.HALF: 2, PeriodKind.QUARTER: 4, PeriodKind.MONTH: 12}


@st.composite
def periods(draw) -> Period:
    kind = draw(st.sampled_from(list(PeriodKind)))
    return Period(draw(st.integers(1950, 2150)), kind, draw(st.integers(1, PARTS[kind])))


@given(periods())
def test_a_code_reads_back(period: Period) -> None:
    assert Period.parse(str(period)) == period


@given(periods())
def test_periods_follow_without_gap_or_overlap(period: Period) -> None:
    assert period.next.starts_on == period.ends_on + timedelta(days=1)
    assert period.next.previous == period
    assert period.last_year.year == period.year - 1


@pytest.mark.parametrize(
    "code", ["", "23", "2023Q5", "2023H3", "2023M13", "2023M0", "２０２３", "2023q1", " 2023", "2023-1"]
)
def test_anything_else_is_no_period(code: str) -> None:
    with pytest.raises(InvalidInput):
        Period.parse(code)
