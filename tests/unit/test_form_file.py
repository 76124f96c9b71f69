"""Form files: all mistakes at once, each with its line; what is written reads back equal."""

import dataclasses
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.form_file import form_digest, form_from_dict, form_to_dict, read_form, write_form
from portal.domain.forms import (
    Aggregation,
    AggregationKind,
    DataType,
    Direction,
    FormVersion,
    Indicator,
    Rule,
    Scope,
    Severity,
    Sheet,
    Source,
    Text,
)
from portal.domain.periods import PeriodKind
from portal.domain.units import Level
from portal.errors import FormInvalid

FORM = """\
code: T
number: 3
name: {zh: 试验报表, en: Trial}
period: quarter
levels: [province, district]
sheets:
- code: T01
  name: 表一
  indicators:
  - code: A
    name: 甲
    unit: 件
    type: count
    roll_up: sum
    plausible_max: 0.5
  - code: B
    name: {zh: 乙, en: Second}
    unit: 件
    type: count
    roll_up: {how: sum, of: A, show_mean: true}
    filled_by: [district]
    part_of: A
  - code: C
    name: 丙
    unit: '%'
    type: ratio
    source: calculated
    roll_up: {how: ratio_of_sums, numerator: B, denominator: A+B, multiplier: 100}
  - code: D
    name: 丁
    unit: 等次
    type: rating
    choices: [优秀, 合格]
    roll_up: distribution
rules:
- {id: A-B1, severity: blocking, indicator: A, expression: A>=B}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(FormInvalid) as caught:
        read_form(text)
    return caught.value.problems


def test_what_a_file_says() -> None:
    form = read_form(FORM)
    assert (form.code, form.number, form.period_kind) == ("T", 3, PeriodKind.QUARTER)
    assert form.levels == {Level.PROVINCE, Level.DISTRICT}
    first, second, ratio, grade = form
    assert first.filled_by == form.levels
    assert first.plausible_maximum == Decimal("0.5")
    assert first.name == Text("甲")
    assert (first.source, first.core, first.stock, first.scope) == (Source.COLLECTED, True, False, Scope.OWN)
    assert second.filled_by == {Level.DISTRICT}
    assert second.aggregation == Aggregation(AggregationKind.SUM, of="A", show_mean=True)
    assert (second.parent, second.name.en) == ("A", "Second")
    assert ratio.aggregation.multiplier == 100
    assert grade.choices == ("优秀", "合格")
    assert form.rules == (Rule("A-B1", Severity.BLOCKING, "A>=B", "A"),)


def test_a_written_file_is_the_file_a_person_would_write() -> None:
    written = write_form(read_form(FORM))
    assert "  - code: B\n    name: {zh: 乙, en: Second}\n" in written
    assert "  - {code: A, name: 甲, unit: 件, type: count, roll_up: sum, plausible_max: '0.5'}\n" in written
    assert "- {id: A-B1, severity: blocking, indicator: A, expression: A>=B}\n" in written
    assert "filled_by: [province, district]" not in written


texts = st.builds(Text, st.text(min_size=1, max_size=12), st.text(max_size=12))
exact = st.none() | st.decimals(min_value=0, max_value=10**9, places=6)
some_levels = st.frozensets(st.sampled_from([Level.PROVINCE, Level.CITY, Level.DISTRICT]), min_size=1)


@st.composite
def forms(draw: st.DrawFn) -> FormVersion:
    """Forms that make sense, with whatever texts and figures."""
    codes = draw(st.lists(st.from_regex(r"[A-Z][A-Z0-9_]{2,8}", fullmatch=True), min_size=1, max_size=6, unique=True))
    levels = draw(some_levels)
    indicators = []
    for position, code in enumerate(codes):
        least, most = draw(exact), draw(exact)
        indicator = Indicator(
            code=code,
            name=draw(texts),
            unit=draw(st.text(max_size=5)),
            type=draw(st.sampled_from([DataType.COUNT, DataType.AMOUNT, DataType.RATE])),
            aggregation=Aggregation(AggregationKind.SUM, of=codes[0], show_mean=draw(st.booleans())),
            filled_by=draw(st.frozensets(st.sampled_from(sorted(levels)), min_size=1)),
            scope=draw(st.sampled_from(Scope)),
            stock=draw(st.booleans()),
            core=draw(st.booleans()),
            decimals=draw(st.integers(0, 9)),
            minimum=least if most is None or (least is not None and least <= most) else None,
            plausible_maximum=most,
            change_explain_percent=draw(exact),
            definition=draw(texts),
            parent=codes[0] if position else "",
            direction=draw(st.sampled_from(Direction)),
            unit_synonyms=tuple(draw(st.lists(st.text(), max_size=3))),
        )
        if draw(st.booleans()):
            carried = f"LY({codes[-1]})"
            indicator = dataclasses.replace(indicator, source=Source.CARRIED, carried_from=carried)
        indicators.append(indicator)
    rule = Rule("R1", draw(st.sampled_from(Severity)), f"{codes[0]}>=0", codes[-1], draw(texts), draw(texts))
    sheet = Sheet(draw(st.text()), draw(texts), tuple(indicators))
    kind = draw(st.sampled_from(PeriodKind))
    return FormVersion("F", 1, draw(texts), kind, levels, (sheet,), (rule,), draw(texts), draw(texts))


@settings(deadline=None, max_examples=40)
@given(forms())
def test_what_is_written_reads_back_equal(form: FormVersion) -> None:
    assert read_form(write_form(form)) == form
    assert form_from_dict(json.loads(json.dumps(form_to_dict(form)))) == form
    assert form_digest(read_form(write_form(form))) == form_digest(form)


def test_the_digest_is_of_everything_the_form_says() -> None:
    form = read_form(FORM)
    assert len(form_digest(form)) == 64
    assert form_digest(form) == form_digest(read_form("# 注释\n" + FORM))
    changed = (FORM.replace("甲", "假"), FORM.replace("A>=B", "A>B"), FORM.replace("0.5", "0.6"))
    assert len({form_digest(read_form(text)) for text in (FORM, *changed)}) == 4


def test_all_mistakes_at_once_in_the_order_of_the_file() -> None:
    text = (
        FORM.replace("type: count\n    roll_up: sum", "type: counts\n    rollup: sum")
        .replace("numerator: B", "numerator: B+")
        .replace("expression: A>=B", "expression: A>=Q")
        .replace("number: 3", "number: three")
    )
    found = problems(text)
    assert [problem.split(")")[0] for problem in found] == [
        "第 2 行 (line 2",
        "第 10 行 (line 10",
        "第 13 行 (line 13",
        "第 14 行 (line 14",
        "第 28 行 (line 28",
        "第 36 行 (line 36",
    ]
    assert '"roll_up" is missing' in found[1]
    assert '"counts" must be one of count' in found[2]
    assert 'unknown key "rollup"' in found[3]
    assert "character 3 of the expression: expected a number" in found[4]
    assert 'no indicator "Q"' in found[5]


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("  - code: B", "  - code: A", 16, '"A" comes twice'),
        ("  - code: B", "  - code: b1", 16, "capital letters"),
        ("  - code: B", "  - code: LY", 16, "capital letters"),
        ("- code: T01\n", "- code: T01:\n", 7, "not YAML"),
        ("name: 甲", "name: 12", 11, "must be a text"),
        ("name: 甲", "name: [甲]", 11, "must be a text"),
        ("name: 甲", "name: {zh: 甲, fr: un}", 11, 'unknown key "fr"'),
        ("unit: 件\n", "unit: 件\n    stock: yes\n", 13, "must be true or false"),
        ("unit: 件\n", "unit: 件\n    decimals: -1\n", 13, "must be a whole number"),
        ("unit: 件\n", "unit: 件\n    decimals: true\n", 13, "must be a whole number"),
        ("plausible_max: 0.5", "plausible_max: viel", 15, "must be a number"),
        ("plausible_max: 0.5", "plausible_max: true", 15, "must be a number"),
        ("plausible_max: 0.5", "plausible_max: 0.5\n    min: 2", 16, "min is greater than plausible_max"),
        ("choices: [优秀, 合格]", "choices: 优秀", 33, "must be a list"),
        ("choices: [优秀, 合格]", "choices: [优秀, 优秀]", 33, "a choice comes twice"),
        ("    choices: [优秀, 合格]\n", "", 29, "choices go with type: rating"),
        ("filled_by: [district]", "filled_by: [city]", 21, "some of the levels"),
        ("filled_by: [district]", "filled_by: []", 21, "at least one"),
        ("filled_by: [district]", "filled_by: [village]", 21, '"village" must be one of'),
        ("levels: [province, district]", "levels: []", 5, "at least one"),
        ("part_of: A", "part_of: D", 22, "above"),
        ("part_of: A", "part_of: Z", 22, "above"),
        ("of: A, show", "of: Z, show", 20, 'no indicator "Z"'),
        ("of: A, show", "weight: A, show", 20, "sum takes no weight"),
        ("{how: sum, of: A, show_mean: true}", "{how: weighted_mean}", 20, "no indicator"),
        ("{how: sum, of: A, show_mean: true}", "count_yes", 20, "count cannot roll up as count_yes"),
        ("roll_up: distribution", "roll_up: sum", 34, "rating cannot roll up as sum"),
        ("source: calculated", "core: true", 23, "calculated goes with"),
        ("    type: count\n    roll_up: sum", "    type: ratio\n    roll_up: sum", 10, "a ratio is never typed"),
        ("roll_up: sum\n", "roll_up: sum\n    source: carried\n", 10, "carried_from goes with"),
        ("roll_up: sum\n", "roll_up: sum\n    carried_from: LY(B)\n", 15, "carried_from goes with"),
        ("roll_up: sum\n", "roll_up: sum\n    source: carried\n    carried_from: B\n", 16, "LY(…) and PREV(…) only"),
        ("roll_up: sum\n", "roll_up: sum\n    source: carried\n    carried_from: LY(B)>1\n", 16, "a quantity"),
        ("denominator: A+B", "denominator: C", 28, "itself calculated"),
        ("denominator: A+B", "denominator: LY(A)", 28, "this period only"),
        ("denominator: A+B", "denominator: D", 28, '"D" is not a number'),
        ("expression: A>=B", "expression: A+B", 36, "must be a condition"),
        ("expression: A>=B", "expression: LY(A)>1", 36, "figure of this period"),
        ("expression: A>=B", "expression: D==1", 36, '"D" is not a number'),
        ("expression: A>=B", "expression: A=B", 36, "character 2"),
        ("indicator: A,", "indicator: Z,", 36, 'no indicator "Z"'),
        ("rules:\n", "rules:\n- {id: A-B1, severity: info, indicator: A, expression: missing(D)}\n", 37, "comes twice"),
        ("rules:\n", "rules:\n- A>=B\n", 36, "must be a mapping"),
        ("sheets:\n", "sheets: &all\n", 6, "anchors"),
        (FORM, "[]", 1, "must be a mapping"),
        (FORM, "", 1, "must be a mapping"),
    ],
)
def test_one_mistake_has_its_line(old: str, new: str, line: int, problem: str) -> None:
    assert old in FORM
    found = problems(FORM.replace(old, new, 1))
    assert any(f"(line {line})" in each and problem in each for each in found), found


def test_what_follows_from_an_unreadable_part_is_not_said_as_well() -> None:
    assert len(problems(FORM.replace("type: rating", "type: Rating"))) == 1


def test_stored_content_that_does_not_fit_is_refused_with_its_place() -> None:
    content = form_to_dict(read_form(FORM))
    content["rules"][0]["expression"] = "A>="  # type: ignore[index, call-overload]
    with pytest.raises(FormInvalid, match=r"rules\.0\.expression: .*character 4"):
        form_from_dict(content)
