"""Shorter periods make a longer one: flows add up, stocks are the last, and quotients stay quotients of sums."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.expressions import decimal_of
from portal.domain.form_file import read_form
from portal.domain.forms import OverTime
from portal.domain.over_time import over_time, way_of, ways_of
from portal.domain.periods import Period, PeriodKind
from portal.domain.rollup import Total, contributions
from portal.domain.units import Level
from portal.domain.values import Value
from tests.unit.test_rollup_kinds import FORM, TEXT

figures = st.decimals(min_value=-(10**9), max_value=10**9, places=3)
months = st.lists(st.lists(st.tuples(figures, st.integers(1, 10**6)), min_size=1, max_size=4), min_size=1, max_size=6)
"""By month and unit, a number and what weighs it."""


def total_of(code: str, units: list[tuple[Decimal, int]]) -> Total:
    """That of a month."""
    every = {each.code for each in FORM if each.type.is_number and each.typed}
    answers = [{each: Value.of(number) for each in every} | {"W": Value.of(weight)} for number, weight in units]
    parts = [each for one in answers for each in contributions(FORM, Level.DISTRICT, one) if each.indicator == code]
    return sum((Total.of(each) for each in parts), Total())


def model(code: str, way: OverTime, several: list[list[tuple[Decimal, int]]]) -> Fraction | None:
    """The same, of all answers of all months."""
    rows = [[(Fraction(number), Fraction(weight)) for number, weight in units] for units in several]

    def figure(units: list[tuple[Fraction, Fraction]]) -> Fraction:
        numbers, weights = [number for number, _ in units], [weight for _, weight in units]
        match code:
            case "N":
                return sum(numbers, Fraction())
            case "R":
                return 100 * sum(numbers) / sum(weights)
            case "WM":
                return sum(number * weight for number, weight in units) / sum(weights)
            case "ME":
                return sum(numbers) / len(numbers)
            case "LO":
                return min(numbers)
        return max(numbers)

    everything = [unit for units in rows for unit in units]
    match way:
        case OverTime.SUM:
            return figure(everything)
        case OverTime.MEAN:
            return figure(everything) / len(rows) if code == "N" else figure(everything)
        case OverTime.LAST:
            return figure(rows[-1])
        case OverTime.LOWEST:
            return min(map(figure, rows))
        case OverTime.HIGHEST:
            return max(map(figure, rows))
    return None


@pytest.mark.parametrize("code", ["N", "R", "WM", "ME", "LO", "HI"])
@settings(deadline=None, max_examples=30)
@given(months)
def test_every_way_is_what_the_answers_come_to(code: str, several: list[list[tuple[Decimal, int]]]) -> None:
    indicator = FORM.indicator(code)
    totals = [total_of(code, units) for units in several]
    for way in ways_of(indicator):
        found, value = over_time(indicator, way, totals), model(code, way, several)
        assert found.figure(indicator) == (None if value is None else decimal_of(value)), way
        answers = several[-1:] if way is OverTime.LAST else several
        assert found.reported == sum(map(len, answers))


@settings(deadline=None, max_examples=30)
@given(months, st.integers(0, 6))
def test_a_year_from_halves_is_a_year_from_months(several: list[list[tuple[Decimal, int]]], cut: int) -> None:
    for code, way in (("N", OverTime.SUM), ("R", OverTime.SUM), ("WM", OverTime.MEAN), ("HI", OverTime.HIGHEST)):
        indicator = FORM.indicator(code)
        totals = [total_of(code, units) for units in several]
        halves = [over_time(indicator, way, part) for part in (totals[:cut], totals[cut:]) if part]
        at_once = over_time(indicator, way, totals)
        assert over_time(indicator, way, halves).figure(indicator) == at_once.figure(indicator)


def test_without_a_word_it_follows_from_what_the_indicator_is() -> None:
    ways = {each.code: way_of(FORM, each) for each in FORM}
    assert ways == {
        "N": OverTime.SUM,
        "W": OverTime.SUM,
        "R": OverTime.SUM,
        "WM": OverTime.MEAN,
        "ME": OverTime.MEAN,
        "LO": OverTime.LOWEST,
        "HI": OverTime.HIGHEST,
        "RA": OverTime.LAST,
        "YE": OverTime.LAST,
        "DI": OverTime.LAST,
        "NO": OverTime.NONE,
    }
    assert all(way in ways_of(FORM.indicator(code)) for code, way in ways.items())
    assert way_of(FORM, replace(FORM.indicator("N"), over_time=OverTime.HIGHEST)) is OverTime.HIGHEST


def test_a_ratio_of_stocks_is_a_stock_and_one_of_a_flow_and_a_stock_is_neither() -> None:
    for number, weight, way in ((True, True, OverTime.LAST), (False, True, OverTime.NONE)):
        text = TEXT
        for code, stock in (("N", number), ("W", weight)):
            old = f"{{code: {code}, "
            text = text.replace(old, f"{old}stock: {str(stock).lower()}, ")
        form = read_form(text)
        assert way_of(form, form.indicator("R")) is way


def test_no_period_with_an_answer_makes_nothing() -> None:
    assert over_time(FORM.indicator("N"), OverTime.SUM, []) == Total()


def test_a_mean_with_entries_is_rounded_once() -> None:
    """Thirds of what was reported and of what was entered, each rounded, would make 755.000…033 of 755."""
    indicator = replace(FORM.indicator("N"), over_time=OverTime.MEAN)
    parts = [
        Total(reported=1, amount=Decimal(2251), eliminated=Decimal(-1)),
        Total(reported=1, amount=Decimal(4)),
        Total(reported=1, amount=Decimal(0), adjusted=Decimal(11)),
    ]
    found = over_time(indicator, OverTime.MEAN, parts)
    assert found.figure(indicator) == 755
    assert (found.eliminated, found.adjusted) == (decimal_of(Fraction(-1, 3)), decimal_of(Fraction(11, 3)))
    found = over_time(indicator, OverTime.MEAN, [parts[1], parts[1], parts[1]._replace(eliminated=Decimal(-1))])
    assert found.amount == 4
    assert found.figure(indicator) == decimal_of(Fraction(11, 3))  # with 28 digits, not the 29 of 4 less a third
    found = over_time(indicator, OverTime.MEAN, [parts[1], parts[1], parts[1]._replace(adjusted=Decimal(10))])
    assert found.amount == 4  # what has an end is as it was reported
    entered = Total(adjusted=Decimal(10))
    assert over_time(indicator, OverTime.MEAN, [entered, entered]) == entered  # nobody reported: that is not 0


entries = st.none() | figures


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(figures, entries, entries, st.sampled_from([1, 3, 6])).map(
            lambda each: (Total(1, 0, each[0], eliminated=each[1], adjusted=each[2]), each[3])
        ),
        min_size=1,
        max_size=12,
    )
)
def test_a_mean_with_entries_is_that_of_the_fractions(parts: list[tuple[Total, int]]) -> None:
    """The figure to the last digit, its parts to the 27th, and these come to that."""
    indicator, months = FORM.indicator("N"), [length for _total, length in parts]
    found = over_time(indicator, OverTime.MEAN, [total for total, _length in parts], months)

    def mean(*names: str) -> Fraction:
        every = (Fraction(getattr(total, name) or 0) * length for total, length in parts for name in names)
        return sum(every, Fraction()) / sum(months)

    assert found.figure(indicator) == decimal_of(mean("amount", "eliminated", "adjusted"))
    for name in ("amount", "eliminated", "adjusted"):
        assert abs(Fraction(getattr(found, name) or 0) - mean(name)) <= Fraction(1, 10**17)


def test_periods_are_made_of_shorter_ones() -> None:
    year = Period(2023)
    assert [str(each) for each in Period.parse("2023H2").parts(PeriodKind.QUARTER)] == ["2023Q3", "2023Q4"]
    assert len(year.parts(PeriodKind.MONTH)) == 12
    assert year.parts(PeriodKind.YEAR) == ()
    assert [str(each) for each in Period.parse("2023M08").longer()] == ["2023", "2023H2", "2023Q3"]
    assert year.longer() == ()
