"""Checks of a whole submission: what is found, what it says, what is not said twice, what could not be looked at."""

from decimal import Decimal

import pytest

from portal.domain.findings import Finding
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion, Severity
from portal.domain.rules import CheckResult, calculated, check, completed
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, Values

FORM = """
code: T
number: 1
name: 试验报表
period: year
levels: [province, city, district]
sheets:
- code: T01
  name: 表一
  indicators:
  - {code: ALL, name: {zh: 检查次数, en: Inspections}, unit: 次, type: count, roll_up: sum, min: 0, core: false,
     plausible_max: 500, explain_change: 30}
  - {code: P1, name: {zh: 其中:对社团, en: 'of which: associations'}, unit: 次, type: count, roll_up: sum, part_of: ALL,
     core: false}
  - {code: P2, name: {zh: 其中:对其他, en: 'of which: others'}, unit: 次, type: count, roll_up: sum, part_of: ALL,
     core: false}
  - {code: DUE, name: {zh: 应考人数, en: Due}, unit: 人, type: count, roll_up: sum, core: false}
  - {code: DONE, name: {zh: 合格人数, en: Passed}, unit: 人, type: count, roll_up: sum, core: false}
  - {code: RATE, name: {zh: 合格率, en: Pass rate}, unit: '%', type: ratio, source: calculated, decimals: 2,
     roll_up: {how: ratio_of_sums, numerator: DONE, denominator: DUE, multiplier: 100}}
  - {code: SPENT, name: {zh: 支出, en: Spending}, unit: 万元, type: amount, roll_up: sum, min: 0, core: false,
     explain_change: 20}
  - {code: PERSONS, name: {zh: 人次, en: Persons}, unit: 人次, type: count, roll_up: sum, core: false}
- code: T02
  name: 表二
  indicators:
  - {code: OPEN, name: {zh: 上年问题数, en: Open problems}, unit: 个, type: count, roll_up: sum, source: carried,
     carried_from: LY(LEFT)}
  - {code: LEFT, name: {zh: 本年问题数, en: Problems}, unit: 个, type: count, roll_up: sum}
  - {code: LAW, name: {zh: 立法件数, en: Laws drafted}, unit: 件, type: count, roll_up: sum, filled_by: [province, city]}
  - {code: GRADE, name: {zh: 等次, en: Grade}, unit: 等次, type: rating, roll_up: distribution, choices: [优秀, 合格]}
rules:
- {id: ALL-B1, severity: blocking, indicator: ALL, expression: ALL==P1+P2}
- {id: DONE-B1, severity: blocking, indicator: RATE, expression: DONE<=DUE}
- {id: RATE-E1, severity: explain, indicator: RATE, expression: RATE==100}
- {id: SPENT-E1, severity: explain, indicator: SPENT, expression: if PERSONS>0 then 2<=SPENT/PERSONS<=4}
- {id: LEFT-C1, severity: consent, indicator: LEFT, expression: LEFT!=LY(LEFT)-1}
- {id: LEFT-B1, severity: blocking, indicator: LEFT, expression: LEFT>=1}
- {id: LAW-E1, severity: explain, indicator: LAW, expression: LAW<=5 and P1<100}
- {id: ANY-E1, severity: explain, indicator: P2, expression: P2==7 or P1==7, words: {zh: 七项之一, en: One of seven},
   advice: {zh: 请改, en: Change it}}
"""


@pytest.fixture(scope="module")
def form() -> FormVersion:
    return read_form(FORM)


def figures(**answers: object) -> dict[str, Value]:
    return {
        code: answer if isinstance(answer, Value) else Value.of(_answer(answer)) for code, answer in answers.items()
    }


def _answer(answer: object) -> Decimal | str:
    return answer if isinstance(answer, str) and not answer[0].isdigit() else Decimal(str(answer))


def only(result: CheckResult, rule: str) -> Finding:
    (finding,) = (finding for finding in result.findings if finding.rule == rule)
    return finding


def broken(form: FormVersion, values: Values, last_year: Values | None = None) -> set[str]:
    return {finding.rule for finding in check(form, Level.CITY, values, last_year).findings if finding.rule}


def test_a_total_that_differs_from_its_parts_is_told_with_every_figure(form: FormVersion) -> None:
    finding = only(check(form, Level.DISTRICT, figures(ALL=28, P1=1, P2=29), None), "ALL-B1")
    assert finding.message.zh == "检查次数 填报 28，应等于 其中各项之和 30（1+29），相差 -2"
    assert finding.message.en == "Inspections: reported 28, must equal the sum of its parts 30 (1+29); difference -2"
    assert (finding.code, finding.severity, finding.indicator) == ("rule_broken", Severity.BLOCKING, "ALL")
    assert (finding.found, finding.expected, finding.difference) == ("28", "30", "-2")
    assert finding.operands == {"ALL": "28", "P1": "1", "P2": "29"}
    assert finding.advice.zh == "请核对并改正所列各数"


def test_a_breach_at_a_ratio_is_shown_at_the_first_figure_typed(form: FormVersion) -> None:
    result = check(form, Level.DISTRICT, figures(DUE=44, DONE=50), None)
    assert only(result, "DONE-B1").indicator == "DONE"
    assert only(result, "DONE-B1").message.zh == "合格人数 填报 50，应不大于 应考人数 44，相差 6"
    ratio = only(check(form, Level.DISTRICT, figures(DUE=3, DONE=2), None), "RATE-E1")
    assert ratio.indicator == "DONE"
    assert ratio.message.zh == "合格率 为 66.67，应等于 100，相差 -33.33"
    assert ratio.found == "66.66666666666666666666666667"


def test_in_a_chain_the_figure_comes_first_and_the_premise_is_named(form: FormVersion) -> None:
    finding = only(check(form, Level.DISTRICT, figures(SPENT="1.5", PERSONS=3), None), "SPENT-E1")
    assert finding.message.zh == "因 人次 为 3，支出÷人次 为 0.5（1.5÷3），应不小于 2，相差 -1.5"
    assert (
        finding.message.en
        == "Given Persons = 3, Spending ÷ Persons: 0.5 (1.5÷3), must not be less than 2; difference -1.5"
    )
    assert (finding.found, finding.expected, finding.difference) == ("0.5", "≥2", "-1.5")
    assert "SPENT-E1" not in broken(form, figures(SPENT=9, PERSONS=3))
    assert "SPENT-E1" in broken(form, figures(SPENT=13, PERSONS=3))
    assert "SPENT-E1" not in broken(form, figures(SPENT=13, PERSONS=0))


def test_inequality_has_no_difference(form: FormVersion) -> None:
    finding = only(check(form, Level.CITY, figures(LEFT=4), figures(LEFT=5)), "LEFT-C1")
    assert finding.message.zh == "本年问题数 填报 4，不应等于 上年“本年问题数”-1 4（5-1）"
    assert (finding.expected, finding.difference) == ("≠4", "")
    assert "同意" in finding.advice.zh


def test_within_and_the_failing_part_is_told(form: FormVersion) -> None:
    finding = only(check(form, Level.CITY, figures(LAW=6, P1=0), None), "LAW-E1")
    assert finding.message.zh == "立法件数 填报 6，应不大于 5，相差 1"


def test_what_is_no_single_comparison_is_told_as_written_after_the_authors_words(form: FormVersion) -> None:
    finding = only(check(form, Level.CITY, figures(P1=1, P2=2), None), "ANY-E1")
    assert finding.message.zh == "七项之一：不满足 P2==7 or P1==7（检查次数（对其他） 为 2、检查次数（对社团） 为 1）"
    assert finding.message.en.startswith("One of seven: P2==7 or P1==7 is not met (Inspections (others) = 2")
    assert finding.advice.zh == "请改"
    assert (finding.found, finding.expected) == ("", "")


def test_a_figure_that_does_not_apply_is_said_to_count_as_0(form: FormVersion) -> None:
    finding = only(check(form, Level.CITY, figures(DONE=3, DUE=NOT_APPLICABLE), None), "DONE-B1")
    assert finding.message.zh == "合格人数 填报 3，应不大于 应考人数 0（不适用，按 0 计），相差 3"
    assert finding.operands == {"DONE": "3"}


def test_a_missing_figure_is_said_once_and_breaks_nothing(form: FormVersion) -> None:
    result = check(form, Level.DISTRICT, figures(ALL=28, P1=1), None)
    assert [(f.code, f.indicator) for f in result.findings] == [("required", "LEFT"), ("required", "GRADE")]
    reasons = dict(result.not_evaluated)
    assert reasons["ALL-B1"].zh == "缺数：检查次数（对其他）"
    assert reasons["LEFT-C1"].zh == "缺数：本年问题数"


def test_what_could_not_be_evaluated_is_said_with_the_reason(form: FormVersion) -> None:
    values = figures(ALL=NOT_APPLICABLE, P1=1, P2=7, DUE=0, DONE=0, LEFT=3, SPENT=1, PERSONS=2)
    reasons = {rule: reason.en for rule, reason in check(form, Level.DISTRICT, values, None).not_evaluated}
    assert reasons["ALL-B1"] == "not applicable: Inspections"
    assert reasons["LEFT-C1"] == 'no figure of an earlier period: "Problems" of last year'
    assert reasons["RATE-E1"] == "no figure: Pass rate"
    assert "SPENT-E1" not in reasons


def test_division_by_zero_is_no_breach() -> None:
    form = read_form(FORM.replace("if PERSONS>0 then 2<=", "2<="))
    reasons = dict(check(form, Level.DISTRICT, figures(SPENT=1, PERSONS=0), None).not_evaluated)
    assert reasons["SPENT-E1"].zh == "除数为 0"


def test_rules_of_other_levels_are_left_out_silently() -> None:
    form = read_form(FORM.replace("LAW<=5 and P1<100", "LAW<=5"))
    result = check(form, Level.DISTRICT, figures(LEFT=3), None)
    assert "LAW-E1" not in dict(result.not_evaluated)
    assert not any(finding.indicator == "LAW" for finding in result.findings)
    assert "LAW-E1" in dict(check(form, Level.CITY, figures(LEFT=3), None).not_evaluated)


def test_a_figure_standing_where_the_level_fills_none_is_checked_all_the_same(form: FormVersion) -> None:
    assert only(check(form, Level.DISTRICT, figures(LAW=6, P1=0), None), "LAW-E1").difference == "1"


def test_zero_and_not_applicable_are_answers(form: FormVersion) -> None:
    result = check(form, Level.CITY, figures(LEFT=NOT_APPLICABLE, LAW=0, GRADE=NOT_APPLICABLE), None)
    assert not any(finding.code == "required" for finding in result.findings)


def test_findings_come_in_form_order_heaviest_first(form: FormVersion) -> None:
    values = figures(ALL=900, P1=1, P2="2.5", DUE=1, DONE=5, LEFT=0, GRADE="良好", LAW=6)
    result = check(form, Level.DISTRICT, values, figures(ALL=10, LEFT=9))
    assert [(f.indicator, f.code, f.severity.rank) for f in result.findings] == [
        ("ALL", "rule_broken", 0),
        ("ALL", "implausibly_large", 2),
        ("ALL", "yoy_change", 2),
        ("P2", "not_whole", 0),
        ("P2", "rule_broken", 2),
        ("DONE", "rule_broken", 0),
        ("DONE", "rule_broken", 2),
        ("LEFT", "rule_broken", 0),
        ("LAW", "rule_broken", 2),
        ("GRADE", "not_a_choice", 0),
    ]


class TestEchoes:
    FORM = FORM.replace(
        "rules:\n",
        """rules:
- {id: ALL-C1, severity: consent, indicator: ALL, expression: ALL>P1+P2}
- {id: ALL-E1, severity: explain, indicator: ALL, expression: ALL>=1}
- {id: SPENT-E2, severity: explain, indicator: SPENT, expression: SPENT>=LY(SPENT)}
""",
    )

    def findings(self, values: Values, last_year: Values | None = None) -> list[tuple[str, str]]:
        result = check(read_form(self.FORM), Level.DISTRICT, values, last_year)
        return [(f.code, f.rule) for f in result.findings if f.code != "required"]

    def test_a_lighter_rule_about_the_same_figures_is_not_broken_as_well(self) -> None:
        assert self.findings(figures(ALL=1, P1=2, P2=7)) == [("rule_broken", "ALL-B1")]
        assert self.findings(figures(ALL=9, P1=2, P2=7)) == [("rule_broken", "ALL-C1")]

    def test_below_the_minimum_goes_before_a_lighter_rule(self) -> None:
        assert self.findings(figures(ALL=-1)) == [("below_minimum", "")]

    def test_other_mistakes_of_the_same_figure_stay(self) -> None:
        assert self.findings(figures(ALL="0.5")) == [("not_whole", ""), ("rule_broken", "ALL-E1")]

    def test_a_rule_goes_before_the_question_about_the_change(self) -> None:
        assert self.findings(figures(SPENT=1), figures(SPENT=50)) == [("rule_broken", "SPENT-E2")]
        assert self.findings(figures(SPENT=90), figures(SPENT=50)) == [("yoy_change", "")]


class TestCalculated:
    def test_a_ratio_is_exact_to_28_digits(self, form: FormVersion) -> None:
        assert calculated(form, figures(DONE=1925, DUE=2035))["RATE"] == Value.of(
            Decimal("94.59459459459459459459459459")
        )
        assert calculated(form, figures(DONE=1, DUE=8))["RATE"] == Value.of(Decimal("12.5"))

    @pytest.mark.parametrize(
        ("done", "due", "expected"),
        [
            (Value.of(3), Value.of(0), MISSING),
            (Value.of(3), MISSING, MISSING),
            (MISSING, NOT_APPLICABLE, NOT_APPLICABLE),
            (NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE),
            (NOT_APPLICABLE, Value.of(4), NOT_APPLICABLE),
            (Value.of(3), NOT_APPLICABLE, NOT_APPLICABLE),
            (Value.of(0), Value.of(4), Value.of(0)),
        ],
    )
    def test_without_figures(self, form: FormVersion, done: Value, due: Value, expected: Value) -> None:
        assert calculated(form, {"DONE": done, "DUE": due})["RATE"] == expected

    @pytest.mark.parametrize(
        ("last_year", "expected"),
        [
            (None, MISSING),
            ({}, MISSING),
            ({"LEFT": NOT_APPLICABLE}, NOT_APPLICABLE),
            ({"LEFT": Value.of(4, note="五项合并")}, Value.of(4)),
        ],
    )
    def test_what_is_carried_in(self, form: FormVersion, last_year: Values | None, expected: Value) -> None:
        assert calculated(form, {}, last_year)["OPEN"] == expected

    def test_only_what_nobody_types(self, form: FormVersion) -> None:
        assert set(calculated(form, figures(LEFT=1))) == {"OPEN", "RATE"}


class TestCompleted:
    def test_every_indicator_in_form_order(self, form: FormVersion) -> None:
        table = completed(form, Level.DISTRICT, figures(DUE=4, DONE=1), figures(LEFT=2))
        assert list(table) == list(form.by_code)
        assert table["RATE"] == Value.of(25)
        assert table["OPEN"] == Value.of(2)
        assert table["LAW"] == NOT_APPLICABLE
        assert table["LEFT"] == MISSING

    def test_a_figure_at_the_wrong_level_stays(self, form: FormVersion) -> None:
        assert completed(form, Level.DISTRICT, figures(LAW=1), None)["LAW"] == Value.of(1)

    def test_a_carried_figure_that_stands_is_kept_and_a_ratio_is_not(self, form: FormVersion) -> None:
        table = completed(form, Level.CITY, figures(OPEN=9, RATE=50, DUE=4, DONE=4), figures(LEFT=2))
        assert table["OPEN"] == Value.of(9)
        assert table["RATE"] == Value.of(100)
