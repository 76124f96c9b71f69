"""Periods: read, written, and following one another without gaps."""

from calendar import isleap
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.periods import Period, PeriodKind
from portal.errors import InvalidInput

PARTS = {PeriodKind.YEAR: 1, PeriodKind.HALF: 2, PeriodKind.QUARTER: 4, PeriodKind.MONTH: 12}


@st.composite
def periods(draw) -> Period:
    kind = draw(st.sampled_from(list(PeriodKind)))
    year = draw(st.integers(1950, 2150))
    return Period(year, kind, draw(st.integers(1, PARTS.get(kind, 365 + isleap(year)))))


@given(periods())
def test_a_code_reads_back(period: Period) -> None:
    assert Period.parse(str(period)) == period


@given(periods())
def test_periods_follow_without_gap_or_overlap(period: Period) -> None:
    assert period.next.starts_on == period.ends_on + timedelta(days=1)
    assert period.next.previous == period
    assert period.last_year.year == period.year - 1


@pytest.mark.parametrize(
    "code",
    [
        "",
        "2023M02D29",
        "2023M2D01",
        "2023D01",
        "2023M11D",
        "23",
        "2023Q5",
        "2023H3",
        "2023M13",
        "2023M0",
        "２０２３",
        "2023q1",
        " 2023",
        "2023-1",
    ],
)
def test_anything_else_is_no_period(code: str) -> None:
    with pytest.raises(InvalidInput):
        Period.parse(code)


def test_a_day_is_called_by_its_date() -> None:
    day = Period.parse("2024M02D29")
    assert (day.starts_on, day.ends_on) == (date(2024, 2, 29), date(2024, 2, 29))
    assert str(day.last_year) == "2023M02D28"
    assert str(Period.parse("2024M11D05").last_year) == "2023M11D05"
    assert (str(day.previous), str(day.next)) == ("2024M02D28", "2024M03D01")
    assert str(Period.parse("2023M12D31").next) == "2024M01D01"
