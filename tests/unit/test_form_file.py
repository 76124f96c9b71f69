"""Form files: all mistakes at once, each with its line; what is written reads back equal."""

import dataclasses
import json
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.form_file import form_digest, form_from_dict, form_to_dict, read_form, write_form
from portal.domain.forms import (
    Aggregation,
    AggregationKind,
    Balance,
    Below,
    Blank,
    DataType,
    Direction,
    Example,
    FormVersion,
    Indicator,
    Rule,
    Scope,
    Severity,
    Sheet,
    Source,
    Text,
)
from portal.domain.lists import ColumnType, ListColumn, ListTable
from portal.domain.periods import PeriodKind
from portal.domain.units import Level, NamedLevel, meant
from portal.errors import FormInvalid

LIST = """\
- code: T09
  name: 问题清单
  list:
    code: problems
    columns: [{code: title, name: 问题, type: text}, {code: cases, name: 件数, type: count, unit: 件}]
"""

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
    assert form.levels == {Level.PROVINCE, Level.UNDIVIDED_CITY, Level.DISTRICT}
    first, second, ratio, grade = form
    assert first.filled_by == form.levels
    assert first.plausible_maximum == Decimal("0.5")
    assert first.name == Text("甲")
    assert (first.source, first.core, first.stock, first.scope) == (Source.COLLECTED, True, False, Scope.OWN)
    assert second.filled_by == {Level.UNDIVIDED_CITY, Level.DISTRICT}
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
answers = st.sampled_from(["na", "missing", "优秀"]) | st.decimals(-(10**6), 10**6, places=3)


def some_of(levels: Iterable[Level]) -> st.SearchStrategy[frozenset[Level]]:
    """What a form may mean by some of the levels that it can name."""
    named = sorted(NamedLevel(each) for each in levels if each in list(NamedLevel))
    return st.frozensets(st.sampled_from(named), min_size=1).map(meant)


@st.composite
def list_tables(draw: st.DrawFn, levels: frozenset[Level]) -> ListTable:
    codes = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=2, max_size=5, unique=True))
    columns = []
    for code in codes[1:]:
        column = ListColumn(
            code,
            draw(texts),
            draw(st.sampled_from(ColumnType)),
            required=draw(st.booleans()),
            key=draw(st.booleans()),
            definition=draw(texts),
        )
        if column.type in {ColumnType.COUNT, ColumnType.AMOUNT}:
            least, most = sorted([draw(st.decimals(-99, 99, places=2)), draw(st.decimals(-99, 99, places=2))])
            column = dataclasses.replace(
                column, unit="件", unit_synonyms=("宗",), decimals=draw(st.integers(0, 9)), minimum=least, maximum=most
            )
        if column.type is ColumnType.CHOICE:
            column = dataclasses.replace(column, choices=tuple(draw(st.lists(st.text(), min_size=1, unique=True))))
        columns.append(column)
    filled_by = draw(some_of(levels))
    least, most = sorted([draw(st.integers(0, 1000)), draw(st.integers(1, 1000))])
    return ListTable(codes[0], tuple(columns), filled_by, least, max(most, 1), draw(st.booleans()))


@st.composite
def forms(draw: st.DrawFn) -> FormVersion:
    """Forms that make sense, with whatever texts and figures."""
    codes = draw(st.lists(st.from_regex(r"[A-Z][A-Z0-9_]{2,8}", fullmatch=True), min_size=1, max_size=6, unique=True))
    levels = draw(some_of([Level.PROVINCE, Level.CITY, Level.DISTRICT]))
    indicators = []
    for position, code in enumerate(codes):
        least, most = draw(exact), draw(exact)
        indicator = Indicator(
            code=code,
            name=draw(texts),
            unit=draw(st.sampled_from(["件", "宗"])),
            type=draw(st.sampled_from([DataType.COUNT, DataType.AMOUNT, DataType.RATE])),
            aggregation=Aggregation(AggregationKind.SUM, of=codes[0], show_mean=draw(st.booleans())),
            filled_by=draw(some_of(levels)),
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
            balance=Balance(plus=(code,)) if draw(st.booleans()) else None,
            against_children=draw(st.none() | st.sampled_from(Below)),
            outlier=draw(exact),
        )
        if draw(st.booleans()):
            carried = f"LY({codes[-1]})"
            indicator = dataclasses.replace(indicator, source=Source.CARRIED, carried_from=carried)
        indicators.append(indicator)
    first, last = sorted([draw(st.dates()), draw(st.dates())])
    rule = Rule(
        "R1",
        draw(st.sampled_from(Severity)),
        f"{codes[0]}>=0",
        codes[-1],
        draw(texts),
        draw(texts),
        tolerance=draw(st.decimals(0, 9, places=3)),
        left_blank=draw(st.sampled_from(Blank)),
        right_blank=draw(st.sampled_from(Blank)),
        source=draw(texts),
        levels=draw(st.sampled_from([frozenset(), levels])),
        valid_from=draw(st.sampled_from([None, first])),
        valid_to=draw(st.sampled_from([None, last])),
        passes=(Example(((codes[0], Decimal(50)), (f"LY({codes[-1]})", draw(answers)))),),
        fails=(Example(((codes[0], Decimal(-99)),)),),
    )
    sheet = Sheet(draw(st.text()), draw(texts), tuple(indicators))
    kind = draw(st.sampled_from(PeriodKind))
    form = FormVersion("F", 1, draw(texts), kind, levels, (sheet,), (rule,), draw(texts), draw(texts))
    listing = Sheet("LISTED", draw(texts), table=draw(list_tables(levels)))
    sheets = (sheet, listing) if draw(st.booleans()) else (sheet,)
    return dataclasses.replace(form, explain_unchanged=draw(st.booleans()), sheets=sheets)


@settings(deadline=None, max_examples=40)
@given(forms())
def test_what_is_written_reads_back_equal(form: FormVersion) -> None:
    assert read_form(write_form(form)) == form
    assert form_from_dict(json.loads(json.dumps(form_to_dict(form)))) == form
    assert form_digest(read_form(write_form(form))) == form_digest(form)


@pytest.mark.parametrize(
    ("named", "levels"),
    [
        ("[province]", {Level.PROVINCE}),
        ("[city]", {Level.CITY, Level.UNDIVIDED_CITY}),
        ("[district]", {Level.UNDIVIDED_CITY, Level.DISTRICT}),
        ("[city, district]", {Level.CITY, Level.UNDIVIDED_CITY, Level.DISTRICT}),
        ("[town]", {Level.TOWN}),
    ],
)
def test_who_is_asked_as_cities_or_as_districts_are_is_meant_but_never_written(named: str, levels: set[Level]) -> None:
    listed = LIST.replace("code: problems", f"code: problems\n    filled_by: {named}")
    form = read_form(
        FORM.replace("[province, district]", "[province, city, district, town]")
        .replace("filled_by: [district]", f"filled_by: {named}")
        .replace("expression: A>=B", f"expression: A>=B, levels: {named}")
        .replace("sheets:\n", f"sheets:\n{listed}")
    )
    assert form.indicator("B").filled_by == form.sheets[0].table.filled_by == form.rules[0].levels == levels
    written = write_form(form)
    assert "undivided" not in written
    assert written.count(f"filled_by: {named}") == 2
    assert f"levels: {named}" in written


def test_a_digest_stays_what_it_was() -> None:
    digest = "2fb592451d7805201d08b4b512b8e60300bb99f7d1f72bd47bae436227bb0413"
    assert form_digest(read_form(FORM)) == digest


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
        ("  - code: B", "  - code: CHILDREN", 16, "capital letters"),
        ("plausible_max: 0.5", "plausible_max: 0.5\n    min: 2\n    max: 1", 16, "min is greater than max"),
        ("unit: 件\n", "unit: 件\n    parts: all\n", 13, '"all" must be one of exhaustive'),
        ("choices: [优秀, 合格]", "choices: [优秀, 合格]\n    parts: exhaustive", 34, "no indicator is part_of it"),
        ("unit: 件\n", "unit: 件\n    balance: {}\n", 13, "needs plus or minus"),
        ("unit: 件\n", "unit: 件\n    balance: {plus: [Z]}\n", 13, 'no indicator "Z"'),
        ("unit: 件\n", "unit: 件\n    balance: {plus: [D]}\n", 13, '"D" is not a number'),
        ("unit: 件\n", "unit: 件\n    formula: A+1\n", 10, "calculated goes with"),
        ("unit: '%'\n", "unit: '%'\n    formula: A\n", 26, "ratio_of_sums takes no formula"),
        ("expression: A>=B", "expression: A>=sum(B:Z)", 36, 'no indicator "Z"'),
        ("expression: A>=B", "expression: A>=sum(B:A)", 36, "character 8 of the expression: B and A must stand"),
        ("expression: A>=B", "expression: A>=sum(A:D)", 36, '"D" is not a number'),
        ("expression: A>=B", "expression: A>=sum(A:C)", 36, "character 8 of the expression: is in %"),
        (
            "expression: A>=B",
            "expression: A+C>0",
            36,
            "character 3 of the expression: is in %, which does not go with 件",
        ),
        ("expression: A>=B", "expression: A==rows(problems)", 36, 'character 4 of the expression: no list "problems"'),
        ("expression: A>=B", "expression: A==T.B", 36, "leave out the form's code"),
        ("expression: A>=B", "expression: CHILDREN(A)>1", 36, "figure of this period"),
        ("expression: A>=B", "expression: A>=B, levels: [city]", 36, "some of the levels"),
        ("expression: A>=B", "expression: A>=B, tolerance: -1", 36, "not be less than 0"),
        ("expression: A>=B", "expression: A>=B, from: 2023", 36, "must be a date"),
        ("expression: A>=B", "expression: A>=B, from: '2023-01-01', to: '2022-12-31'", 36, "is before from"),
        ("expression: A>=B", "expression: A>=B, left_blank: never", 36, '"never" must be one of'),
        ("expression: A>=B", "expression: A>=B, passes: [{A: 1, B: 2}]", 36, "should be one that passes: fails"),
        ("expression: A>=B", "expression: A>=B, fails: [{A: 2, B: 2}]", 36, "should be one that fails: passes"),
        ("expression: A>=B", "expression: A>=B, fails: [{A: 2}]", 36, "should be one that fails: cannot be told"),
        ("expression: A>=B", "expression: A>=B, passes: [{A: 2, B+1: 1}]", 36, '"B+1" names no figure'),
        ("expression: A>=B", "expression: A>=B, passes: [{A: 2, Q: 1}]", 36, '"Q" names no figure'),
        ("expression: A>=B", "expression: A>=B, passes: [3]", 36, "must be a mapping such as"),
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
        ("filled_by: [district]", "filled_by: [undivided_city]", 21, '"undivided_city" must be one of'),
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
        ("code: T\n", "code: '*'\n", 1, "form code"),
        ("code: T\n", "code: A,B\n", 1, "form code"),
        (FORM[FORM.index("sheets:\n") :], "sheets: []\n", 6, "at least one sheet"),
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
    content["rules"][0]["expression"] = "A>="  # type: ignore[index, call-overload]  # a file as it is read
    with pytest.raises(FormInvalid, match=r"rules\.0\.expression: .*character 4"):
        form_from_dict(content)


CALCULATED = """\
  - {code: E, name: 戊, unit: 宗, type: count, source: calculated, roll_up: sum, formula: FORMULA_E}
  - {code: F, name: 己, unit: 件, type: count, source: calculated, roll_up: HOW, formula: FORMULA_F}
rules:
"""


def calculating(one: str = "A+B", other: str = "E*2", how: str = "sum") -> str:
    text = CALCULATED.replace("FORMULA_E", one).replace("FORMULA_F", other).replace("HOW", how)
    return FORM.replace("rules:\n", text)


@pytest.mark.parametrize(
    "text",
    [
        calculating(),
        calculating("LY(A)+PREV(B)"),
        calculating("if A>0 then A else B"),
        calculating(other="CW.X+CHILDREN(A)", how="none"),
    ],
)
def test_figures_are_worked_out_by_any_formula(text: str) -> None:
    assert read_form(text).indicator("E").formula


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (calculating(one="F+1"), 35, "a circle: E → F → E"),
        (calculating(one="F+1"), 36, "a circle: F → E → F"),
        (calculating(one="E+1"), 35, "a circle: E → E"),
        (calculating(one="A>B"), 35, "a quantity"),
        (calculating(one="CHILDREN(A)"), 35, "must not look at units below"),
        (calculating(one="CW.X"), 35, "must not look at units below or at other forms"),
        (calculating(one="C*1"), 35, "ratios are not added up"),
        (calculating(one="A/B"), 35, "comes to 件/件, not 宗"),
    ],
)
def test_a_formula_that_makes_no_sense_has_its_line(text: str, line: int, problem: str) -> None:
    found = problems(text)
    assert any(f"(line {line})" in each and problem in each for each in found), found


def test_an_example_may_name_any_figure_that_a_rule_looks_at() -> None:
    rule = (
        "expression: A==LY(B)+PREV(A)+CHILDREN(B)+CW.X+LY(CW.X)+rows(problems)"
        "+sum(problems.cases),"
        " passes: [{A: 8, LY(B): 1, PREV(A): 1, CHILDREN(B): 1, CW.X: 1, LY(CW.X): 1, rows(problems): 1,"
        " sum(problems.cases): 2}],"
        " fails: [{A: na, LY(B): 1, PREV(A): 1, CHILDREN(B): 1, CW.X: 1, LY(CW.X): 1, rows(problems): 1,"
        " sum(problems.cases): 2}]"
    )
    text = FORM.replace("sheets:\n", f"sheets:\n{LIST}").replace("expression: A>=B", rule)
    found = problems(text)
    assert len(found) == 1
    assert "should be one that fails: cannot be told" in found[0]  # what is not applicable here breaks no rule
    assert read_form(text.replace("A: na", "A: 7"))
