"""What is seen at a glance to be sound is found sound when it is looked at in full."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain import rules
from portal.domain.form_file import read_form
from portal.domain.rules import check
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value

FORM = read_form(
    """
code: Q
number: 1
name: 试
period: year
levels: [district]
sheets:
  - code: Q1
    name: 表
    indicators:
      - {code: Q1, name: 甲, unit: 件, type: count, roll_up: sum, min: 0, parts: exhaustive}
      - {code: Q2, name: 乙, unit: 件, type: count, roll_up: sum, part_of: Q1}
      - {code: Q3, name: 丙, unit: 件, type: count, roll_up: sum, part_of: Q1, core: false}
      - {code: Q4, name: 丁, unit: 件, type: amount, roll_up: sum, max: 50, decimals: 2, core: false}
rules:
  - {id: A, severity: blocking, indicator: Q1, expression: 0 <= Q2 <= Q1 <= 100}
  - {id: B, severity: explain, indicator: Q2, expression: if Q1 > 2 then Q2 > 0}
  - {id: C, severity: explain, indicator: Q4, expression: Q4 * 2 - -Q1 >= Q2 + 0.5}
  - {id: D, severity: explain, indicator: Q3, expression: Q1 == 0 or Q3 / Q1 <= 0.5}
  - {id: F, severity: explain, indicator: Q1, expression: if 0 < Q2 < Q3 then Q1 > 100}
  - {id: G, severity: info, indicator: Q1, expression: Q1 == Q2 + 1 and Q2 < Q3 and Q3 >= Q4, tolerance: 1.5}
  - {id: H, severity: info, indicator: Q1, expression: Q1 != Q3, tolerance: 1}
  - {id: E, severity: info, indicator: Q3, expression: Q1 != 7 and Q2 != 7}
"""
)
FIGURES = st.one_of(
    st.integers(-1, 9).map(Value.of),
    st.sampled_from(["0.1", "0.30", "1E+3", "-0", "99999999999999999999999999999.1", "50", "50.01"]).map(
        lambda digits: Value.of(Decimal(digits))
    ),
    st.just(NOT_APPLICABLE),
)


@given(st.dictionaries(st.sampled_from(FORM.codes), FIGURES))
def test_a_glance_never_changes_what_is_found(values: dict[str, Value]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "is_surely_fit", lambda *_: False)
        patch.setattr(rules, "surely_holds", lambda *_: False)
        in_full = check(FORM, Level.DISTRICT, values, None)
    assert check(FORM, Level.DISTRICT, values, None) == in_full


def test_sound_figures_are_seen_at_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "compared", lambda *_: pytest.fail("looked at in full"))
    values = {"Q1": Value.of(5), "Q2": Value.of(3), "Q3": Value.of(2), "Q4": Value.of(1)}
    assert check(FORM, Level.DISTRICT, values, None).findings == ()
