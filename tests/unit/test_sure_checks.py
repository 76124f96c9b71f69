"""What is seen at a glance to be sound is found sound when it is looked at in full."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain import rules
from portal.domain.form_file import read_form
from portal.domain.rules import check, finds_no_more, finds_nothing
from portal.domain.sure_checks import Seen
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from tests.world import PERIOD

FORM = read_form(
    """
code: Q
number: 1
name: 试
period: year
levels: [city, district]
sheets:
  - code: Q1
    name: 表
    indicators:
      - {code: Q1, name: 甲, unit: 件, type: count, roll_up: sum, min: 0, parts: exhaustive}
      - {code: Q2, name: 乙, unit: 件, type: count, roll_up: sum, part_of: Q1}
      - {code: Q3, name: 丙, unit: 件, type: count, roll_up: sum, part_of: Q1, core: false}
      - {code: Q4, name: 丁, unit: 件, type: amount, roll_up: sum, max: 50, decimals: 2, core: false}
      - {code: Q5, name: 戊, unit: 件, type: count, roll_up: sum, filled_by: [city], core: false}
      - {code: Q6, name: 己, unit: 件, type: count, roll_up: sum, source: calculated, formula: Q1 - Q3 + Q5}
      - {code: Q7, name: 庚, unit: 项, type: yes-no, roll_up: count_yes, core: false}
      - {code: Q8, name: 辛, unit: 件, type: count, roll_up: sum, core: false}
rules:
  - {id: A, severity: blocking, indicator: Q1, expression: 0 <= Q2 <= Q1 <= 100}
  - {id: B, severity: explain, indicator: Q2, expression: if Q1 > 2 then Q2 > 0}
  - {id: C, severity: explain, indicator: Q4, expression: Q4 * 2 - -Q1 >= Q2 + 0.5}
  - {id: D, severity: explain, indicator: Q3, expression: Q1 == 0 or Q3 / Q1 <= 0.5}
  - {id: F, severity: explain, indicator: Q1, expression: if 0 < Q2 < Q3 then Q1 > 100}
  - {id: G, severity: info, indicator: Q1, expression: Q1 == Q2 + 1 and Q2 < Q3 and Q3 >= Q4, tolerance: 1.5}
  - {id: H, severity: info, indicator: Q1, expression: Q1 != Q3, tolerance: 1}
  - {id: E, severity: info, indicator: Q3, expression: Q1 != 7 and Q2 != 7}
  - {id: I, severity: info, indicator: Q3, expression: Q3 != 5 or Q4 == 2 or LY(Q1) > 3}
  - {id: J, severity: info, indicator: Q4, expression: Q3 <= Q4 + 1, left_blank: as_zero, right_blank: as_zero}
  - {id: K, severity: info, indicator: Q1, expression: Q5 <= Q1}
  - {id: L, severity: info, indicator: Q1, expression: Q1 >= Q5 + Q6 - 4}
  - {id: N, severity: info, indicator: Q8, expression: Q8 <= Q1 and Q1 > 2}
  - {id: M, severity: info, indicator: Q1, expression: if LY(Q1) > 1 then Q1 > 1}
"""
)
FIGURES = st.one_of(
    st.integers(-1, 9).map(Value.of),
    st.sampled_from(["0.1", "0.30", "1E+3", "-0", "99999999999999999999999999999.1", "50", "50.01"]).map(
        lambda digits: Value.of(Decimal(digits))
    ),
    st.just(NOT_APPLICABLE),
    st.sampled_from("是否").map(Value.of),
)
ANSWERS = st.dictionaries(st.sampled_from(FORM.codes), FIGURES)
LOOKS_BACK = {"I", "M"}
PLAIN = replace(FORM, rules=tuple(rule for rule in FORM.rules if rule.id not in LOOKS_BACK))
BESIDE = {"Q1": Value.of(6), "Q2": Value.of(4), "Q3": Value.of(2), "Q4": Value.of(1), "Q8": Value.of(5)}
SOUND = {"Q1": Value.of(5), "Q2": Value.of(3), "Q3": Value.of(2), "Q4": Value.of(1), "Q8": Value.of(4)}


@given(ANSWERS, st.sampled_from([Level.CITY, Level.DISTRICT]), ANSWERS)
def test_a_glance_never_changes_what_is_found(
    values: dict[str, Value], level: Level, last_year: dict[str, Value]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "at_a_glance", lambda *_: Seen(frozenset(), frozenset()))
        in_full = check(FORM, level, values, last_year or None)
    assert check(FORM, level, values, last_year or None) == in_full


@given(st.lists(ANSWERS | st.just(SOUND), max_size=5), st.sampled_from([Level.CITY, Level.DISTRICT]))
def test_nothing_is_found_in_units_that_are_sound_at_a_glance(units: list[dict[str, Value]], level: Level) -> None:
    for values, sound in zip(units, finds_nothing(FORM, level, units, PERIOD), strict=True):
        assert not (sound and check(FORM, level, values, None).findings)


NO_ANSWERS: dict[str, Value] = {}
EARLIER = st.one_of(st.just(NO_ANSWERS), st.just(BESIDE), ANSWERS)


@given(st.lists(ANSWERS | st.just(SOUND), max_size=3), EARLIER, EARLIER, st.booleans())
def test_nor_beside_earlier_figures_that_are_seen_to_be_near(
    units: list[dict[str, Value]], last_year: dict[str, Value], previous: dict[str, Value], unchanged: bool
) -> None:
    form = replace(PLAIN, explain_unchanged=unchanged)
    for values, sound in zip(units, finds_nothing(form, Level.DISTRICT, units, PERIOD), strict=True):
        if sound and finds_no_more(form, values, last_year, previous):
            assert not check(form, Level.DISTRICT, values, last_year or None, previous or None).findings


def test_earlier_figures_are_looked_at_in_full_where_the_form_does_or_they_are_far() -> None:
    assert finds_no_more(FORM, SOUND, {}, {})
    assert not finds_no_more(FORM, SOUND, BESIDE, {})
    assert finds_no_more(PLAIN, SOUND, BESIDE, {})
    assert not finds_no_more(PLAIN, SOUND, BESIDE | {"Q8": Value.of(40_000)}, {})
    assert not finds_no_more(replace(PLAIN, explain_unchanged=True), SOUND, SOUND, {})


def test_sound_figures_are_seen_at_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        rules, "compared", lambda indicator, *_: () if indicator.code > "Q4" else pytest.fail("in full")
    )
    assert check(FORM, Level.DISTRICT, SOUND, None).findings == ()


def test_units_are_seen_to_be_sound_whose_cells_are_blank_where_they_may_be() -> None:
    blank = {code: value for code, value in SOUND.items() if code != "Q8"}
    wrong = SOUND | {"Q1": Value.of(6)}
    assert finds_nothing(FORM, Level.DISTRICT, [SOUND, blank, wrong, {}], PERIOD) == [True, True, False, False]
