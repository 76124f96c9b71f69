"""Terms of a rule, rules that follow from the form, what stands around a submission, and what was ordered."""

from datetime import date
from decimal import Decimal

import pytest

from portal.domain.calculation import calculated
from portal.domain.comparisons import magnitude_slip, outlier, unchanged
from portal.domain.findings import Finding
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion, Severity
from portal.domain.implied_rules import rules_of
from portal.domain.lists import ListAnswer, numbered
from portal.domain.periods import Period
from portal.domain.quantities import Context
from portal.domain.rules import CheckResult, breaks, check, get_rule
from portal.domain.surroundings import RuleChange, Spread, Surroundings, Waiver
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, Values
from portal.errors import NotFound

FORM = """
code: T
number: 1
name: 试验
period: year
levels: [province, city, district]
sheets:
- code: T01
  name: 表一
  indicators:
  - {code: ALL, name: 检查数, unit: 件, type: count, roll_up: sum, core: false, parts: exhaustive}
  - {code: P1, name: 其中甲, unit: 件, type: count, roll_up: sum, part_of: ALL, core: false}
  - {code: P2, name: 其中乙, unit: 宗, type: count, roll_up: sum, part_of: ALL, core: false, max: 90}
  - {code: SPENT, name: 支出, unit: 万元, type: amount, roll_up: sum, decimals: 2, core: false, parts: some,
     explain_change: 30, outlier: 5}
  - {code: S1, name: 其中公用, unit: 万元, type: amount, roll_up: sum, decimals: 2, part_of: SPENT, core: false}
  - {code: S2, name: 其中其他, unit: 万元, type: amount, roll_up: sum, decimals: 2, part_of: SPENT, core: false}
  - {code: STOCK, name: 年末数, unit: 个, type: count, roll_up: sum, stock: true, core: false, children: at_least,
     balance: {plus: [IN], minus: [OUT]}}
  - {code: IN, name: 新增, unit: 家, type: count, roll_up: sum, core: false}
  - {code: OUT, name: 注销, unit: 家, type: count, roll_up: sum, core: false}
  - {code: NEED, name: 必填数, unit: 件, type: count, roll_up: sum}
  - {code: NET, name: 净增, unit: 个, type: count, roll_up: sum, source: calculated, formula: IN-OUT}
  - {code: TWICE, name: 两倍净增, unit: 个, type: count, roll_up: sum, source: calculated, formula: NET*2}
- code: T02
  name: {zh: 问题清单, en: Problems}
  list:
    code: problems
    core: false
    columns: [{code: title, name: 问题, type: text}]
rules:
- {id: ZERO, severity: blocking, indicator: ALL, expression: ALL>=P1+NEED*1, right_blank: as_zero}
- {id: LAX, severity: consent, indicator: ALL, expression: ALL==P2, right_blank: skip_all, tolerance: 5,
   source: 试验办法第三条}
- {id: CITY, severity: info, indicator: IN, expression: IN>=1, levels: [city]}
- {id: DATED, severity: info, indicator: OUT, expression: OUT>=1, from: '2022-01-01', to: '2023-12-31'}
- {id: OTHER, severity: explain, indicator: IN, expression: IN==CW.X+LY(CW.X)}
- {id: ROWS, severity: explain, indicator: NEED, expression: NEED==rows(problems)}
- {id: BELOW, severity: explain, indicator: NEED, expression: NEED==CHILDREN(NEED)}
"""


@pytest.fixture(scope="module")
def form() -> FormVersion:
    return read_form(FORM)


def figures(**answers: object) -> dict[str, Value]:
    return {c: a if isinstance(a, Value) else Value.of(Decimal(str(a))) for c, a in answers.items()}


def told(result: CheckResult, rule: str) -> Finding | None:
    return next((finding for finding in result.findings if finding.rule == rule), None)


def why_not(result: CheckResult, rule: str) -> str:
    return dict(result.not_evaluated)[rule].en


class TestImplied:
    def test_parts_add_up_to_the_whole(self, form: FormVersion) -> None:
        finding = told(check(form, Level.CITY, figures(ALL=28, P1=1, P2=29), None), "ALL-parts")
        assert finding is not None
        assert (finding.severity, finding.difference) == (Severity.BLOCKING, "-2")
        assert "应等于 其中各项之和 30（1+29），相差 -2" in finding.message.zh

    @pytest.mark.parametrize(("whole", "broken"), [("3.00", False), ("2.99", False), ("2.98", True), ("9", False)])
    def test_some_parts_are_no_more_than_the_whole_but_for_rounding(
        self, form: FormVersion, whole: str, broken: bool
    ) -> None:
        """Half of the last digit for each of two parts: 0.01 万元."""
        result = check(form, Level.CITY, figures(SPENT=whole, S1="1.004", S2="1.996"), None)
        assert (told(result, "SPENT-parts") is not None) is broken

    def test_a_stock_is_last_years_with_what_moved(self, form: FormVersion) -> None:
        finding = told(check(form, Level.CITY, figures(STOCK=10, IN=3, OUT=1), figures(STOCK=9)), "STOCK-balance")
        assert finding is not None
        assert (finding.severity, finding.expected, finding.last_year) == (Severity.CONSENT, "11", "9")

    def test_an_own_figure_is_held_against_those_below_once_they_are_all_there(self, form: FormVersion) -> None:
        values = figures(STOCK=10)
        assert "not all units below are accepted" in why_not(check(form, Level.CITY, values, None), "STOCK-children")
        result = check(form, Level.CITY, values, None, around=Surroundings(below=figures(STOCK=12)))
        finding = told(result, "STOCK-children")
        assert finding is not None
        assert finding.message.zh == "年末数 填报 10，应不小于 下级“年末数”合计 12，相差 -2"
        assert not check(form, Level.CITY, values, None, around=Surroundings(below=figures(STOCK=10))).findings[1:]

    def test_they_can_be_found_by_their_id(self, form: FormVersion) -> None:
        assert get_rule(form, "STOCK-balance").expression == "STOCK==LY(STOCK)+IN-OUT"
        assert {rule.id for rule in rules_of(form)} - {rule.id for rule in form.rules} == {
            "ALL-parts", "SPENT-parts", "STOCK-balance", "STOCK-children",
        }  # fmt: skip
        with pytest.raises(NotFound):
            get_rule(form, "GONE")


class TestTerms:
    def test_a_blank_counts_as_zero_where_the_rule_says_so(self, form: FormVersion) -> None:
        finding = told(check(form, Level.CITY, figures(ALL=2, NEED=3), None), "ZERO")
        assert finding is not None
        assert (finding.found, finding.expected) == ("2", "≥3")

    def test_a_cell_that_must_be_filled_does_not_fail_sums_as_well(self, form: FormVersion) -> None:
        result = check(form, Level.CITY, figures(ALL=2, P1=3), None)
        assert [finding.code for finding in result.findings] == ["required"]
        assert why_not(result, "ZERO") == "no figure: 必填数"

    @pytest.mark.parametrize(("second", "broken"), [(35, False), (36, True), (MISSING, False), (25, False), (24, True)])
    def test_a_tolerance_is_allowed_and_said(self, form: FormVersion, second: object, broken: bool) -> None:
        finding = told(check(form, Level.CITY, figures(ALL=30, P2=second, NEED=1), None), "LAX")
        assert (finding is not None) is broken
        if finding is not None:
            assert finding.message.zh.endswith("（允许 5）")

    def test_levels(self, form: FormVersion) -> None:
        assert told(check(form, Level.CITY, figures(IN=0), None), "CITY")
        result = check(form, Level.DISTRICT, figures(IN=0), None)
        assert told(result, "CITY") is None
        assert "CITY" not in dict(result.not_evaluated)

    @pytest.mark.parametrize(("year", "broken"), [(2021, False), (2022, True), (2023, True), (2024, False)])
    def test_dates_of_effect(self, form: FormVersion, year: int, broken: bool) -> None:
        result = check(form, Level.CITY, figures(OUT=0), None, around=Surroundings(Period(year)))
        assert (told(result, "DATED") is not None) is broken


class TestAround:
    def test_another_form(self, form: FormVersion) -> None:
        assert why_not(check(form, Level.CITY, figures(IN=3), None), "OTHER") == (
            'no accepted figure of another form: X of form CW, "X of form CW" of last year'
        )
        other = Context(figures(X=1), figures(X=1))
        finding = told(check(form, Level.CITY, figures(IN=3), None, around=Surroundings(others={"CW": other})), "OTHER")
        assert finding is not None
        assert finding.operands == {"IN": "3", "CW.X": "1", "LY(CW.X)": "1"}

    def test_a_list(self, form: FormVersion) -> None:
        assert why_not(check(form, Level.CITY, figures(NEED=3), None), "ROWS").startswith("the list is not filled in")
        four = ListAnswer(form.lists["problems"][1], numbered({"title": Value.of(str(n))} for n in range(4)))
        around = Surroundings(lists={"problems": four})
        finding = told(check(form, Level.CITY, figures(NEED=3), None, around=around), "ROWS")
        assert finding is not None
        assert finding.message.zh == "必填数 填报 3，应等于 清单“问题清单”的行数 4，相差 -1"

    def test_what_is_not_applicable_below_is_no_zero(self, form: FormVersion) -> None:
        around = Surroundings(below={"NEED": NOT_APPLICABLE})
        assert "BELOW" in dict(check(form, Level.CITY, figures(NEED=3), None, around=around).not_evaluated)

    def test_a_rule_switched_off_says_so(self, form: FormVersion) -> None:
        around = Surroundings(changes={"ALL-parts": RuleChange(None, "口径有误")})
        result = check(form, Level.CITY, figures(ALL=28, P1=1, P2=29), None, around=around)
        assert told(result, "ALL-parts") is None
        assert why_not(result, "ALL-parts") == "switched off this period: 口径有误"

    def test_a_rule_made_lighter_is(self, form: FormVersion) -> None:
        around = Surroundings(changes={"ALL-parts": RuleChange(Severity.INFO, "试行")})
        finding = told(check(form, Level.CITY, figures(ALL=28, P1=1, P2=29), None, around=around), "ALL-parts")
        assert finding is not None
        assert finding.severity is Severity.INFO

    def test_a_waiver_says_by_whom_and_until_when(self, form: FormVersion) -> None:
        around = Surroundings(waivers={"ALL-parts": Waiver("新设单位", "省厅 李四", date(2024, 6, 30))})
        result = check(form, Level.CITY, figures(ALL=28, P1=1, P2=29), None, around=around)
        assert told(result, "ALL-parts") is None
        assert dict(result.not_evaluated)["ALL-parts"].zh == "已豁免至 2024-06-30（省厅 李四批准）：新设单位"

    def test_what_a_change_touches_is_told_as_if_there_were_none(self, form: FormVersion) -> None:
        rule, values = get_rule(form, "ALL-parts"), figures(ALL=28, P1=1, P2=29)
        table = {code: values.get(code, MISSING) for code in form.by_code}
        off = Surroundings(changes={rule.id: RuleChange(None, "口径有误")})
        waived = Surroundings(waivers={rule.id: Waiver("新设", "李四", date(2024, 6, 30))})
        assert breaks(form, Level.CITY, rule, Context(table), off)
        assert not breaks(form, Level.CITY, rule, Context(table), waived)


class TestFormulas:
    def test_one_rests_on_another(self, form: FormVersion) -> None:
        table = calculated(form, figures(IN=5, OUT=2))
        assert (table["NET"], table["TWICE"]) == (Value.of(3), Value.of(6))
        assert calculated(form, figures(IN=5))["TWICE"] == MISSING
        assert calculated(form, figures(IN=NOT_APPLICABLE, OUT=NOT_APPLICABLE))["NET"] == NOT_APPLICABLE


AROUND_FORM = read_form(FORM)
SPENT, STOCK = AROUND_FORM.indicator("SPENT"), AROUND_FORM.indicator("STOCK")


class TestComparisons:
    @pytest.mark.parametrize(
        ("now", "before", "words"),
        [
            ("90271.78", "9.02", "约为其 10⁴ 倍"),
            ("9.02", "90271.78", "约为其 10⁴ 分之一"),
            ("100", "10", "约为其 10 倍"),
            ("1.05", "10", "约为其 10 分之一"),
            ("-100", "-10", "约为其 10 倍"),
            ("80", "10", ""),
            ("100", "0", ""),
            ("0", "100", ""),
        ],
    )
    def test_a_slip_in_magnitude(self, now: str, before: str, words: str) -> None:
        finding = magnitude_slip(SPENT, Value.of(Decimal(now)), Value.of(Decimal(before)), None)
        assert (words in finding.message.zh) if finding else not words

    def test_a_small_count_may_well_be_ten_times_as_many(self) -> None:
        assert magnitude_slip(STOCK, Value.of(10), Value.of(1), None) is None
        assert magnitude_slip(STOCK, Value.of(100), Value.of(10), None) is not None

    def test_without_a_figure_of_last_year_the_peers_tell_the_unit_of_measure(self) -> None:
        peers = Spread(7, Decimal(9), Decimal(1))
        finding = magnitude_slip(SPENT, Value.of(90000), MISSING, peers)
        assert finding is not None
        assert finding.advice.zh.startswith("疑似计量单位填错（本指标以万元计）")
        assert magnitude_slip(SPENT, Value.of(90), MISSING, peers) is None
        assert magnitude_slip(SPENT, Value.of(90000), MISSING, None) is None

    def test_it_is_asked_instead_of_the_change(self, form: FormVersion) -> None:
        codes = [f.code for f in check(form, Level.CITY, figures(SPENT=90000, NEED=1), figures(SPENT=9)).findings]
        assert codes == ["magnitude_slip"]
        codes = [f.code for f in check(form, Level.CITY, figures(SPENT=90, NEED=1), figures(SPENT=50)).findings]
        assert codes == ["yoy_change"]

    @pytest.mark.parametrize(("now", "asked"), [(15, False), (16, True), (5, False), (4, True)])
    def test_far_from_the_peers(self, now: int, asked: bool) -> None:
        finding = outlier(SPENT, Value.of(now), Spread(5, Decimal(10), Decimal(1)))
        assert (finding is not None) is asked

    def test_too_few_peers_or_none_that_differ_tell_nothing(self, form: FormVersion) -> None:
        for spread in (Spread(4, Decimal(10), Decimal(1)), Spread(9, Decimal(10), Decimal(0))):
            result = check(
                form, Level.CITY, figures(SPENT=99, NEED=1), None, around=Surroundings(peers={"SPENT": spread})
            )
            assert result.findings == ()
        around = Surroundings(peers={"SPENT": Spread(9, Decimal(10), Decimal(2))})
        (finding,) = check(form, Level.CITY, figures(SPENT=99, NEED=1), None, around=around).findings
        assert finding.message.zh == "支出 为 99万元，同级 9 个单位的中位数为 10万元，偏离 44.5 倍中位差"
        assert outlier(STOCK, Value.of(99), Spread(9, Decimal(10), Decimal(1))) is None  # the form does not ask

    def test_above_the_maximum(self, form: FormVersion) -> None:
        (finding,) = (f for f in check(form, Level.CITY, figures(P2=91, NEED=1), None).findings if not f.rule)
        assert (finding.code, finding.severity, finding.expected) == ("above_maximum", Severity.BLOCKING, "≤90")

    def test_all_as_last_year(self) -> None:
        same: Values = figures(ALL=3, P1=1, P2=2, IN=4, OUT=5)
        finding = unchanged(AROUND_FORM, same, {**same, "NEED": Value.of(7)})
        assert finding is not None
        assert (finding.code, finding.indicator) == ("same_as_last_year", "ALL")
        assert unchanged(AROUND_FORM, {**same, "NEED": Value.of(1)}, same) is None
        assert unchanged(AROUND_FORM, {**same, "OUT": Value.of(6)}, same) is None
        assert unchanged(AROUND_FORM, figures(ALL=3), same) is None

    def test_it_is_asked_only_where_the_form_says_so(self, form: FormVersion) -> None:
        same = figures(ALL=3, P1=1, P2=2, IN=4, OUT=5, NEED=1)
        asking = read_form(FORM.replace("sheets:", "explain_unchanged: true\nsheets:"))
        assert "same_as_last_year" not in {f.code for f in check(form, Level.CITY, same, same).findings}
        assert "same_as_last_year" in {f.code for f in check(asking, Level.CITY, same, same).findings}


class TestCauses:
    def test_rules_broken_by_a_wrong_figure_go_back_to_it(self, form: FormVersion) -> None:
        result = check(form, Level.CITY, figures(ALL=3, P1=1, P2=97, NEED=1), None)
        causes = {finding.rule: finding.cause for finding in result.findings}
        assert causes == {"ALL-parts": "P2", "LAX": "P2", "": ""}
        assert {finding.clears for finding in result.findings} == {3}

    def test_rules_that_share_a_figure_are_put_together(self, form: FormVersion) -> None:
        values = figures(ALL=3, P1=40, P2=60, NEED=1, IN=3, OUT=1, STOCK=7)
        result = check(form, Level.CITY, values, figures(STOCK=1))
        causes = {finding.rule: finding.cause for finding in result.findings}
        assert causes == {"ALL-parts": "ALL", "LAX": "ALL", "ZERO": "ALL", "STOCK-balance": ""}
        assert [finding.clears for finding in result.findings] == [3, 3, 3, 1]
