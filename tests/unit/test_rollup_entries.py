"""What may be added to a roll-up, and what it does to the number."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.form_file import read_form
from portal.domain.forms import OverTime
from portal.domain.over_time import over_time
from portal.domain.rollup import Contribution, Total
from portal.domain.rollup_entries import Entry, EntryKind, check_entry, check_total, kinds_for, suggested
from portal.domain.values import ValueStatus
from portal.errors import FormInvalid, InvalidInput
from tests.world import FORM

ELIMINATION, ADJUSTMENT = EntryKind
FORM_T = read_form(FORM)
T102, T103, T203 = map(FORM_T.indicator, ("T102", "T103", "T203"))

amounts = st.integers(-(10**26), 10**26).map(lambda digits: Decimal(digits).scaleb(-6))
entries = st.tuples(st.sampled_from(EntryKind), amounts.filter(bool)).map(
    lambda drawn: Entry(drawn[0], -abs(drawn[1]) if drawn[0] is ELIMINATION else drawn[1])
)
parts = st.lists(amounts | entries, max_size=8)


def reported(amount: Decimal) -> Total:
    return Total.of(Contribution("T203", ValueStatus.REPORTED, amount, amount=amount))


@given(drawn=parts, cut=st.integers(0, 8))
def test_a_total_is_what_was_reported_and_entered_however_it_is_joined(drawn: list[Decimal | Entry], cut: int) -> None:
    several = [each.total if isinstance(each, Entry) else reported(each) for each in drawn]
    whole = sum(several[:cut], Total()) + sum(several[cut:], Total())
    assert whole == sum(reversed(several), Total())
    figure = whole.figure(T203)
    exact = [Fraction(each.amount if isinstance(each, Entry) else each) for each in drawn]
    assert (None if figure is None else Fraction(figure)) == (sum(exact, Fraction()) if drawn else None)
    own = [each for each in drawn if isinstance(each, Decimal)]
    assert whole.reported == len(own)
    assert (whole.minimum, whole.maximum) == (None, None)  # of what is added up nobody is shown them
    for kind, told in ((ELIMINATION, whole.eliminated), (ADJUSTMENT, whole.adjusted)):
        mine = [Fraction(each.amount) for each in drawn if isinstance(each, Entry) and each.kind is kind]
        assert (None if told is None else Fraction(told)) == (sum(mine, Fraction()) if mine else None)


@given(months=st.lists(st.tuples(amounts, st.lists(entries, max_size=3)), min_size=1, max_size=5))
def test_entries_go_over_time_with_what_was_reported(months: list[tuple[Decimal, list[Entry]]]) -> None:
    totals = [sum((each.total for each in entered), reported(one)) for one, entered in months]
    figures = [Fraction(each.figure(T203)) for each in totals]
    exact = {OverTime.SUM: sum(figures), OverTime.LAST: figures[-1], OverTime.LOWEST: min(figures)}
    for way, expected in exact.items():
        assert Fraction(over_time(T203, way, totals).figure(T203)) == expected


def test_a_mean_over_time_is_of_figures_with_their_entries() -> None:
    mean = over_time(
        T203, OverTime.MEAN, [reported(Decimal(10)), reported(Decimal(20)) + Entry(ELIMINATION, Decimal(-4)).total]
    )
    assert (mean.figure(T203), mean.amount, mean.eliminated, mean.adjusted) == (13, 15, -2, None)


def test_nothing_reported_is_not_nought_and_an_entry_shows_even_then() -> None:
    assert Total().figure(T203) is None
    assert Total().entered is None
    alone = Entry(ADJUSTMENT, Decimal("1.5")).total
    assert (alone.figure(T203), alone.reported, alone.amount) == (Decimal("1.5"), 0, None)
    assert alone.without_numbers() == Total()


def test_entries_change_no_ratio_mean_or_count() -> None:
    entered = Total(reported=2, amount=Decimal(1), weight=Decimal(4)) + Entry(ADJUSTMENT, Decimal(9)).total
    assert entered.figure(FORM_T.indicator("T104")) == 25
    assert entered.figure(FORM_T.indicator("T105")) == 1


def test_what_may_be_entered_where() -> None:
    assert kinds_for(T102, inner=True) == (ELIMINATION, ADJUSTMENT)
    assert kinds_for(T102, inner=False) == (ADJUSTMENT,)
    assert kinds_for(T103, inner=True) == (ADJUSTMENT,)
    for code in ("T104", "T105", "T106", "T107", "T202"):
        assert kinds_for(FORM_T.indicator(code), inner=True) == ()


@pytest.mark.parametrize(
    ("code", "entry", "field", "problem"),
    [
        ("T104", Entry(ADJUSTMENT, Decimal(1)), "indicator", "not_a_sum"),
        ("T107", Entry(ADJUSTMENT, Decimal(1)), "indicator", "not_a_sum"),
        ("T103", Entry(ELIMINATION, Decimal(-1)), "kind", "no_elimination"),
        ("T102", Entry(ELIMINATION, Decimal(1)), "amount", "not_negative"),
        ("T102", Entry(ADJUSTMENT, Decimal(0)), "amount", "nothing"),
        ("T102", Entry(ADJUSTMENT, Decimal("0.5")), "amount", "not_whole"),
        ("T203", Entry(ADJUSTMENT, Decimal("NaN")), "amount", "not_a_number"),
        ("T203", Entry(ADJUSTMENT, Decimal("-Infinity")), "amount", "not_a_number"),
        ("T203", Entry(ADJUSTMENT, Decimal("1E+40")), "amount", "not_a_number"),
        ("T203", Entry(ADJUSTMENT, Decimal("1E-40")), "amount", "not_a_number"),
    ],
)
def test_what_is_refused(code: str, entry: Entry, field: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_entry(FORM_T.indicator(code), entry, inner=True)
    assert (refused.value.field, refused.value.problem) == (field, problem)


def test_a_total_does_not_fall_below_what_the_form_admits() -> None:
    three = Total.of(Contribution("T102", ValueStatus.REPORTED, Decimal(3), amount=Decimal(3)))
    check_total(T102, three + Entry(ELIMINATION, Decimal(-3)).total)
    with pytest.raises(InvalidInput, match="below_minimum"):
        check_total(T102, three + Entry(ELIMINATION, Decimal(-4)).total)


def test_what_is_still_to_be_eliminated() -> None:
    passed_on = Total(reported=2, amount=Decimal(7))
    assert suggested(passed_on, Total(amount=Decimal(9))) == -7
    assert suggested(passed_on, Total(amount=Decimal(9), eliminated=Decimal(-5))) == -2
    assert suggested(passed_on, Total(amount=Decimal(9), eliminated=Decimal(-7))) is None
    assert suggested(Total(), Total()) is None
    assert suggested(Total(amount=Decimal(10**29 + 7)), Total()) == -(10**29 + 7)


@pytest.mark.parametrize("told", ["T107", "T104", "T999"])
def test_the_form_says_what_is_eliminated_by_a_sum(told: str) -> None:
    with pytest.raises(FormInvalid, match="only sums have eliminations"):
        read_form(FORM.replace("eliminate: T102", f"eliminate: {told}"))
    with pytest.raises(FormInvalid, match="only sums have eliminations"):
        read_form(FORM.replace("code: T107, name: 事项数,", "code: T107, name: 事项数, eliminate: T102,"))
