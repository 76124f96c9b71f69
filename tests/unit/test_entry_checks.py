"""Checks of a single figure."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.domain.comparisons import implausibly_large, yoy_change
from portal.domain.entry_checks import admissible, required, unfit
from portal.domain.forms import Aggregation, AggregationKind, DataType, Indicator, Severity, Source, Text
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, ValueStatus

COUNT = Indicator(
    code="X",
    name=Text("结案数", "Cases closed"),
    unit="件",
    type=DataType.COUNT,
    aggregation=Aggregation(AggregationKind.SUM),
    filled_by=frozenset({Level.DISTRICT}),
    minimum=Decimal(0),
    plausible_maximum=Decimal(100),
    change_explain_percent=Decimal(30),
)
AMOUNT = replace(COUNT, type=DataType.AMOUNT, unit="万元")
YES_NO = replace(COUNT, type=DataType.YES_NO, minimum=None)
RATING = replace(YES_NO, type=DataType.RATING, choices=("优秀", "良好"))
DATE = replace(YES_NO, type=DataType.DATE)
TEXT = replace(YES_NO, type=DataType.TEXT)


@pytest.mark.parametrize(
    ("indicator", "answer", "code", "found", "expected", "message"),
    [
        (COUNT, Decimal("1.5"), "not_whole", "1.5", "", "结案数 填报 1.5，应为整数"),
        (COUNT, Decimal(-3), "below_minimum", "-3", "≥0", "结案数 填报 -3，不得小于 0"),
        (COUNT, "很多", "not_a_number", "很多", "", "结案数 填报“很多”，不是数"),
        (AMOUNT, Decimal("NaN"), "not_a_number", "NaN", "", "结案数 填报“NaN”，不是数"),
        (YES_NO, "有", "not_a_choice", "有", "是、否", "结案数 填报“有”，不在可选项中"),
        (YES_NO, Decimal(1), "not_a_choice", "1", "是、否", "结案数 填报“1”，不在可选项中"),
        (RATING, "一般", "not_a_choice", "一般", "优秀、良好", "结案数 填报“一般”，不在可选项中"),
        (DATE, "去年底", "not_a_date", "去年底", "", "结案数 填报“去年底”，不是日期"),
    ],
)
def test_what_is_impossible_blocks(
    indicator: Indicator, answer: Decimal | str, code: str, found: str, expected: str, message: str
) -> None:
    finding = unfit(indicator, Value.of(answer))
    assert finding is not None
    assert (finding.code, finding.severity, finding.indicator) == (code, Severity.BLOCKING, "X")
    assert (finding.found, finding.expected, finding.message.zh) == (found, expected, message)
    assert finding.message.en
    assert finding.advice.zh
    assert finding.advice.en
    assert admissible(indicator, Level.DISTRICT, Value.of(answer)) == finding


@pytest.mark.parametrize(
    ("indicator", "answer"),
    [
        (COUNT, Decimal("28.00")),
        (COUNT, Decimal(0)),
        (replace(COUNT, minimum=None), Decimal(-1)),
        (AMOUNT, Decimal("9.027178")),
        (YES_NO, "是"),
        (YES_NO, "否"),
        (RATING, "良好"),
        (DATE, "2023-12-31"),
        (TEXT, "随便"),
    ],
)
def test_what_is_possible_passes(indicator: Indicator, answer: Decimal | str) -> None:
    assert admissible(indicator, Level.DISTRICT, Value.of(answer)) is None


@pytest.mark.parametrize("nothing", [MISSING, NOT_APPLICABLE])
def test_no_figure_may_always_be_entered(nothing: Value) -> None:
    for indicator in (COUNT, YES_NO, RATING, DATE):
        assert admissible(indicator, Level.DISTRICT, nothing) is None
        assert admissible(indicator, Level.CITY, nothing) is None


def test_a_figure_at_a_level_that_fills_none_is_refused_on_entry() -> None:
    finding = admissible(COUNT, Level.CITY, Value.of(0))
    assert finding is not None
    assert (finding.code, finding.severity, finding.found) == ("not_for_level", Severity.BLOCKING, "0")
    assert "不要填 0" in finding.advice.zh
    assert unfit(COUNT, Value.of(0)) is None


@pytest.mark.parametrize("source", [Source.CALCULATED, Source.CARRIED])
def test_what_the_portal_works_out_is_not_entered(source: Source) -> None:
    indicator = replace(COUNT, source=source)
    for answer in (Value.of(3), NOT_APPLICABLE):
        finding = admissible(indicator, Level.DISTRICT, answer)
        assert finding is not None
        assert (finding.code, finding.severity) == ("not_typed", Severity.BLOCKING)
    assert admissible(indicator, Level.DISTRICT, MISSING) is None


def test_a_core_indicator_needs_an_answer() -> None:
    finding = required(COUNT, MISSING)
    assert finding is not None
    assert (finding.code, finding.severity, finding.message.zh) == ("required", Severity.BLOCKING, "结案数 未填报")
    assert required(COUNT, NOT_APPLICABLE) is None
    assert required(COUNT, Value.of(0)) is None
    assert required(replace(COUNT, core=False), MISSING) is None


def test_the_plausible_maximum_is_that_of_a_district() -> None:
    finding = implausibly_large(AMOUNT, Level.DISTRICT, Value.of(Decimal("90271.78")))
    assert finding is not None
    assert (finding.code, finding.severity) == ("implausibly_large", Severity.EXPLAIN)
    assert finding.message.zh == "结案数 填报 90271.78万元，一般不超过 100万元"
    assert finding.advice.zh.startswith("疑似计量单位填错（本指标以万元计）")
    assert (finding.expected, finding.difference) == ("≤100", "90171.78")
    assert implausibly_large(AMOUNT, Level.CITY, Value.of(90271)) is None
    assert implausibly_large(AMOUNT, Level.DISTRICT, Value.of(100)) is None
    assert implausibly_large(replace(AMOUNT, plausible_maximum=None), Level.DISTRICT, Value.of(900)) is None
    assert implausibly_large(RATING, Level.DISTRICT, Value.of("优秀")) is None


@pytest.mark.parametrize(
    ("now", "before", "message"),
    [
        (31, 13, "结案数 本年 31，上年 13，增加 138.46%"),
        (13, 10, "结案数 本年 13，上年 10，增加 30%"),
        (0, 20, "结案数 本年 0，上年 20，减少 100%"),
        (3, 0, "结案数 本年 3，上年 0，从无到有"),
        (12, 9, "结案数 本年 12，上年 9，增加 33.33%"),
        (12, 10, None),
        (9, 5, None),
        (0, 0, None),
        (20, 20, None),
    ],
)
def test_change_on_last_year(now: int, before: int, message: str | None) -> None:
    finding = yoy_change(COUNT, Value.of(now), Value.of(before))
    assert (finding and finding.message.zh) == message
    if finding:
        assert (finding.code, finding.severity, finding.found) == ("yoy_change", Severity.EXPLAIN, str(now))
        assert finding.operands == {"X": str(now), "LY(X)": str(before)}
        assert "核实无误" in finding.advice.zh


def test_small_amounts_are_compared_all_the_same() -> None:
    assert yoy_change(AMOUNT, Value.of(Decimal("3.7")), Value.of(2))


@pytest.mark.parametrize("nothing", [MISSING, NOT_APPLICABLE, Value(ValueStatus.REPORTED, text="是")])
def test_without_both_figures_no_change_is_asked_about(nothing: Value) -> None:
    assert yoy_change(COUNT, Value.of(50), nothing) is None
    assert yoy_change(COUNT, nothing, Value.of(50)) is None
    assert yoy_change(replace(COUNT, change_explain_percent=None), Value.of(50), Value.of(1)) is None
