"""Contributions and totals: adding up is exact, and the order does not matter."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.form_file import read_form
from portal.domain.rollup import Contribution, Total, contributions, total
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value, ValueStatus
from tests.world import FORM, good_answers

FORM_VERSION = read_form(FORM)

numbers = st.decimals(min_value=0, max_value=10**15, places=6)
parts = st.builds(
    lambda status, number, category: (
        Contribution("X", status, number, category, number, number)
        if status is ValueStatus.REPORTED
        else Contribution("X", status)
    ),
    st.sampled_from([ValueStatus.REPORTED, ValueStatus.NOT_APPLICABLE]),
    numbers,
    st.sampled_from(["", "优秀", "良好"]),
)


@given(st.lists(parts), st.randoms())
def test_any_order_and_any_grouping_gives_the_same(several: list[Contribution], random) -> None:
    shuffled = several.copy()
    random.shuffle(shuffled)
    cuts = sorted(random.sample(range(len(several) + 1), min(3, len(several) + 1)))
    groups = [shuffled[low:high] for low, high in pairwise([0, *cuts, len(shuffled)])]
    assert sum((total(group) for group in groups), Total()) == total(several)


@given(st.lists(numbers, min_size=1))
def test_a_sum_is_exact(amounts: list[Decimal]) -> None:
    several = [Contribution("T101", ValueStatus.REPORTED, amount, amount=amount) for amount in amounts]
    figure = total(several).figure(FORM_VERSION.indicator("T101"))
    assert Fraction(figure) == sum(map(Fraction, amounts))


@given(st.lists(st.tuples(numbers, st.integers(1, 10**6)), min_size=1))
def test_a_weighted_mean_lies_between_its_ends(pairs: list[tuple[Decimal, int]]) -> None:
    indicator = FORM_VERSION.indicator("T202")
    several = []
    for rate, people in pairs:
        answers = {"T201": Value.of(people), "T202": Value.of(rate)}
        several += [each for each in contributions(FORM_VERSION, Level.DISTRICT, answers) if each.indicator == "T202"]
    joined = total(several)
    tolerance = Decimal("1e-9")
    assert joined.minimum - tolerance <= joined.figure(indicator) <= joined.maximum + tolerance


def test_what_a_level_does_not_fill_adds_nothing() -> None:
    codes = {each.indicator for each in contributions(FORM_VERSION, Level.CITY, good_answers())}
    assert "T201" not in codes
    assert "T101" in codes


def test_a_ratio_with_one_side_missing_adds_nothing() -> None:
    found = contributions(FORM_VERSION, Level.DISTRICT, {"T101": Value.of(10)})
    assert [each.indicator for each in found] == ["T101"]


def test_not_applicable_is_counted_apart() -> None:
    found = contributions(FORM_VERSION, Level.DISTRICT, {"T101": NOT_APPLICABLE, "T102": NOT_APPLICABLE})
    joined = {each.indicator: Total.of(each) for each in found}
    assert (joined["T104"].reported, joined["T104"].not_applicable) == (0, 1)
    assert joined["T101"].figure(FORM_VERSION.indicator("T101")) is None


def test_nobody_reported_is_not_zero() -> None:
    assert Total().figure(FORM_VERSION.indicator("T101")) is None


def test_without_what_is_added_in_its_place_an_answer_adds_nothing() -> None:
    """Else the unit would pass for one whose amount is in the sum."""
    form = read_form(
        FORM.replace(
            "code: T103, name: 其中乙, unit: 次, type: count, roll_up: sum",
            "code: T103, name: 其中乙, unit: 次, type: count, roll_up: {how: sum, of: T101}",
        )
    )
    for answer, counts in ((Value.of(3), (1, 0)), (NOT_APPLICABLE, (0, 1)), (None, (0, 0))):
        values = {"T103": Value.of(5)} | ({"T101": answer} if answer else {})
        one = total(each for each in contributions(form, Level.DISTRICT, values) if each.indicator == "T103")
        assert (one.reported, one.not_applicable) == counts
        assert one.figure(form.indicator("T103")) == (3 if counts == (1, 0) else None)
