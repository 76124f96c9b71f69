"""Cross tables in form files: what the cells are, and mistakes at the line of the row, column or table that made them."""

import pytest

from portal.domain.form_file import form_from_dict, form_to_dict, read_form, write_form
from portal.domain.forms import Source
from portal.domain.implied_rules import rules_of
from portal.errors import FormInvalid

FORM = """\
code: K
number: 1
name: 交叉
period: year
levels: [city, district]
sheets:
- code: K1
  name: 表
  cross:
    cells: {unit: 件, type: count, roll_up: sum, min: 0}
    columns:
    - {code: '1', name: 甲}
    - {code: '2', name: 乙, cells: {unit: 万元, type: amount, decimals: 2, filled_by: [city]}}
    - {code: '3', name: 丙, blocked: [B]}
    rows:
    - {code: A, name: 子}
    - {code: B, name: 丑, cells: {stock: true, definition: 年末数}}
    - name: 合
      lines:
      - {code: T, name: 计, sum: [A, B]}
    rules:
    - {id: R, severity: blocking, indicator: '{A}', expression: '{A}>={B}', passes: [{'{A}': 2, '{B}': 1}]}
    - {id: S, severity: info, indicator: '{1}', expression: '{1}>=LY({1})', each: row}
"""


def test_what_the_cells_are() -> None:
    form = read_form(FORM)
    assert form.codes == ("K1A1", "K1A2", "K1A3", "K1B1", "K1B2", "K1T1", "K1T2", "K1T3")
    assert (form.indicator("K1A2").unit, form.indicator("K1A1").unit) == ("万元", "件")
    assert form.indicator("K1A2").filled_by < form.indicator("K1A1").filled_by == form.levels
    assert form.indicator("K1B2").stock
    assert form.indicator("K1T1").name.zh == "合·计（甲）"
    totals = {code: form.indicator(code).formula for code in ("K1T1", "K1T3")}
    assert totals == {"K1T1": "K1A1+K1B1", "K1T3": "K1A3"}
    assert form.indicator("K1T1").source is Source.CALCULATED


def test_rules_are_repeated_where_all_their_cells_are() -> None:
    found = {rule.id: rule.expression for rule in rules_of(read_form(FORM))}
    assert found == {"R-1": "K1A1>=K1B1", "R-2": "K1A2>=K1B2", "S-A": "K1A1>=LY(K1A1)", "S-B": "K1B1>=LY(K1B1)"}


def test_it_is_written_as_short_as_it_was() -> None:
    form = read_form(FORM)
    written = write_form(form)
    assert read_form(written) == form
    assert form_from_dict(form_to_dict(form)) == form
    assert "filled_by: [city, district]" not in written
    assert "K1A1" not in written


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("roll_up: sum, min", "min", 10, '"roll_up" is missing'),
        ("roll_up: sum", "roll_up: count_yes", 10, "cannot roll up as count_yes"),
        ("type: amount", "type: amounts", 13, "must be one of"),
        ("blocked: [B]", "blocked: [Z]", 14, 'there is no "Z"'),
        ("code: B,", "code: A,", 17, "comes twice"),
        ("code: B,", "code: b,", 17, "line code"),
        ("stock: true", "stocks: true", 17, 'unknown key "stocks"'),
        ("sum: [A, B]", "sum: [A, Z]", 20, 'no indicator "K1Z1"'),
        ("- name: 合", "- code: H\n      name: 合", 18, "is a heading"),
        ("'{A}>={B}'", "'{A}>={Z}'", 22, 'no indicator "K1Z1"'),
        ("'{A}': 2", "'{A}': 0", 22, "should be one that passes"),
        ("each: row", "each: cell", 23, "must be one of"),
    ],
)
def test_one_mistake_has_its_line(old: str, new: str, line: int, problem: str) -> None:
    assert old in FORM
    text = FORM.replace(old, new, 1)
    with pytest.raises(FormInvalid) as caught:
        read_form(text)
    assert any(f"(line {line})" in each and problem in each for each in caught.value.problems), caught.value.problems


def test_a_mistake_of_the_table_is_said_once() -> None:
    with pytest.raises(FormInvalid) as caught:
        read_form(FORM.replace("roll_up: sum", "roll_up: count_yes"))
    assert len([each for each in caught.value.problems if "count_yes" in each]) <= 2  # of counts, and of amounts


def test_a_sheet_is_a_list_or_a_cross_table() -> None:
    both = FORM.replace(
        "  cross:", "  indicators: [{code: X, name: 数, unit: 件, type: count, roll_up: sum}]\n  cross:"
    )
    with pytest.raises(FormInvalid, match="one of indicators, cross and list"):
        read_form(both)
    with pytest.raises(FormInvalid, match="one of indicators, cross and list"):
        read_form(FORM.partition("  cross:")[0])
