"""Every kind of aggregation against a plain model that looks at all the answers at once; and what forms may say."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.calculation import completed
from portal.domain.expressions import decimal_of
from portal.domain.form_file import read_form, write_form
from portal.domain.forms import AggregationKind, Incomplete, Indicator
from portal.domain.rollup import (
    Contribution,
    Total,
    behind_the_rest,
    contributions,
    contributions_beside_copies,
    copied,
)
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, ValueStatus
from portal.errors import FormInvalid

TEXT = """
code: K
number: 1
name: 各种汇总
period: month
levels: [district]
sheets:
- code: K1
  name: 一
  indicators:
  - {code: N, name: 数, unit: 件, type: amount, roll_up: sum}
  - {code: W, name: 权, unit: 件, type: amount, roll_up: sum}
  - {code: R, name: 比, unit: '%', type: ratio, source: calculated, roll_up: {how: ratio_of_sums, numerator: N, denominator: W, multiplier: 100}}
  - {code: WM, name: 加权, unit: 元, type: rate, roll_up: {how: weighted_mean, weight: W}}
  - {code: ME, name: 平均, unit: 元, type: rate, roll_up: mean_per_unit}
  - {code: LO, name: 最小, unit: 天, type: amount, roll_up: {how: minimum, incomplete: withheld}}
  - {code: HI, name: 最大, unit: 天, type: amount, roll_up: maximum}
  - {code: RA, name: 范围, unit: 项, type: amount, roll_up: range}
  - {code: YE, name: 是否, unit: 是/否, type: yes-no, roll_up: count_yes}
  - {code: DI, name: 等次, unit: 等次, type: rating, choices: [优, 良], roll_up: distribution}
  - {code: NO, name: 不汇总, unit: 件, type: amount, roll_up: none}
"""
FORM = read_form(TEXT)
NUMBERS = ("N", "W", "WM", "ME", "LO", "HI", "RA", "NO")

Answers = dict[str, Value]


def answer_of(indicator: Indicator) -> st.SearchStrategy[Value]:
    numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=4).map(Value.of)
    weights = st.integers(1, 10**6).map(Value.of)
    words = {"YE": ["是", "否"], "DI": ["优", "良"]}.get(indicator.code)
    some = st.sampled_from(words).map(Value.of) if words else weights if indicator.code == "W" else numbers
    return some | st.sampled_from([MISSING, NOT_APPLICABLE])


units = st.lists(st.fixed_dictionaries({each.code: answer_of(each) for each in FORM if each.typed}), max_size=6)


def totals(answers: Answers) -> dict[str, Total]:
    return {each.indicator: Total.of(each) for each in contributions(FORM, Level.DISTRICT, answers)}


def added(several: list[Answers]) -> dict[str, Total]:
    parts = [totals(answers) for answers in several]
    return {code: sum((part.get(code, Total()) for part in parts), Total()) for code in FORM.codes}


def known(several: list[Answers], *codes: str) -> list[tuple[Fraction, ...]]:
    """The numbers of the units that have all of them."""
    rows = [[answers[code].number for code in codes] for answers in several]
    return [tuple(Fraction(number) for number in row) for row in rows if None not in row]


def quotient(pairs: list[tuple[Fraction, ...]], times: int = 1) -> Fraction | None:
    below = sum(b for _, b in pairs)
    return times * sum(a for a, _ in pairs) / below if below else None


def expected(several: list[Answers]) -> dict[str, Fraction | None]:
    """What each indicator comes to, by its definition."""
    own = {code: [number for (number,) in known(several, code)] for code in NUMBERS}
    yes = [answers["YE"].text == "是" for answers in several if answers["YE"].status is ValueStatus.REPORTED]
    return {
        "N": sum(own["N"]) if own["N"] else None,
        "W": sum(own["W"]) if own["W"] else None,
        "R": quotient(known(several, "N", "W"), 100),
        "WM": quotient([(rate * weight, weight) for rate, weight in known(several, "WM", "W")]),
        "ME": sum(own["ME"]) / len(own["ME"]) if own["ME"] else None,
        "LO": min(own["LO"], default=None),
        "HI": max(own["HI"], default=None),
        "RA": None,
        "YE": Fraction(sum(yes)) if yes else None,
        "DI": None,
        "NO": None,
    }


@settings(deadline=None, max_examples=60)
@given(units)
def test_what_is_copied_and_the_rest_are_the_whole(several: list[Answers]) -> None:
    """The database copies what is typed of some indicators; the rest is worked out of what is behind it."""
    codes, behind = copied(FORM, Level.DISTRICT), behind_the_rest(FORM, Level.DISTRICT)
    assert codes == {"N", "W"}
    assert behind >= set(FORM.codes) - codes
    for answers in several:
        values = completed(FORM, Level.DISTRICT, answers, None)
        typed = {code: answers[code] for code in codes if answers[code].answered}
        copies = [Contribution(code, each.status, each.number, amount=each.number) for code, each in typed.items()]
        some = {code: answers[code] for code in behind & answers.keys()}
        rest = contributions_beside_copies(FORM, Level.DISTRICT, completed(FORM, Level.DISTRICT, some, None))
        whole = contributions(FORM, Level.DISTRICT, values)
        assert {each.indicator: each for each in (*copies, *rest)} == {each.indicator: each for each in whole}
        for code in codes:  # nothing but the answer itself is read where nothing else is wanted
            alone = contributions(FORM, Level.DISTRICT, {code: answers[code]}, {code})
            assert alone == [each for each in whole if each.indicator == code]
    assert copied(FORM, Level.CITY) == behind_the_rest(FORM, Level.CITY) == frozenset()


@settings(deadline=None, max_examples=60)
@given(units)
def test_every_kind_is_what_the_answers_come_to(several: list[Answers]) -> None:
    found = added(several)
    for code, value in expected(several).items():
        figure = found[code].figure(FORM.indicator(code))
        assert figure == (None if value is None else decimal_of(value)), code
    grades = Counter(answers["DI"].text for answers in several if answers["DI"].text)
    assert found["DI"].counts == grades
    for code in NUMBERS:
        own = [number for (number,) in known(several, code)]
        ends = [] if FORM.indicator(code).aggregation.kind is AggregationKind.SUM else own
        assert (found[code].minimum, found[code].maximum) == (min(ends, default=None), max(ends, default=None))
        counted = own if code != "WM" else known(several, "WM", "W")  # a mean's coverage is of what is in the mean
        assert found[code].reported == len(counted)
        weightless = [each for each in several if code == "WM" and each["WM"].reported and each["W"] is NOT_APPLICABLE]
        assert found[code].not_applicable == len(weightless) + sum(each[code] is NOT_APPLICABLE for each in several)
    assert [each.code for each in FORM if found[each.code].has_range(each)] == ["WM", "ME", "RA"]


@settings(deadline=None, max_examples=40)
@given(units, st.randoms())
def test_any_order_and_any_grouping_joins_to_the_same(several: list[Answers], random) -> None:
    shuffled = several.copy()
    random.shuffle(shuffled)
    cuts = sorted(random.sample(range(len(several) + 1), min(3, len(several) + 1)))
    groups = [added(shuffled[low:high]) for low, high in pairwise([0, *cuts, len(shuffled)])]
    joined = {code: sum((group[code] for group in groups), Total()) for code in FORM.codes}
    assert joined == added(several)


def test_the_form_has_every_kind_and_reads_back_equal() -> None:
    assert {each.aggregation.kind for each in FORM} == set(AggregationKind)
    assert FORM.indicator("LO").aggregation.incomplete is Incomplete.WITHHELD
    assert read_form(write_form(FORM)) == FORM


@pytest.mark.parametrize(
    ("there", "instead", "words"),
    [
        ("roll_up: mean_per_unit", "roll_up: {how: mean_per_unit, weight: W}", "mean_per_unit takes no weight"),
        ("type: yes-no, roll_up: count_yes", "type: yes-no, roll_up: maximum", "yes-no cannot roll up as maximum"),
        ("roll_up: none", "roll_up: {how: none, incomplete: withheld}", "none takes no incomplete"),
        ("roll_up: range", "roll_up: range, over_time: sum", "a flow that rolls up as range does not go over time as"),
        ("type: amount, roll_up: sum}", "type: amount, roll_up: sum, stock: true, over_time: sum}", "a stock that"),
        ("multiplier: 100}", "multiplier: 100}, over_time: average", "rolls up as ratio_of_sums does not go over time"),
    ],
)
def test_what_makes_no_sense_is_refused(there: str, instead: str, words: str) -> None:
    assert there in TEXT
    with pytest.raises(FormInvalid) as caught:
        read_form(TEXT.replace(there, instead, 1))
    assert words in str(caught.value.problems)


def test_the_mean_of_one_decimal_is_exact() -> None:
    found = added(
        [
            {code: Value.of(Decimal(number)) for code in NUMBERS} | {"YE": MISSING, "DI": MISSING}
            for number in ("0.1", "0.2")
        ]
    )
    assert found["ME"].figure(FORM.indicator("ME")) == Decimal("0.15")
