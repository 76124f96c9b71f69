"""Every way of writing a figure that people use, and none that could mean two things."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.parse import Parsed, parse_cell, parse_text
from importers.workbook import CellKind, ReadCell
from portal.domain.forms import Aggregation, AggregationKind, DataType, Indicator, Severity, Text
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, exact_text


def indicator(data_type: DataType = DataType.COUNT, unit: str = "宗", **more: object) -> Indicator:
    return Indicator(
        code="SY0101",
        name=Text("检查", "Inspections"),
        unit=unit,
        type=data_type,
        aggregation=Aggregation(AggregationKind.SUM),
        filled_by=frozenset(Level),
        **more,
    )


COUNT = indicator()
MONEY = indicator(DataType.AMOUNT, "万元")
PERCENT = indicator(DataType.RATE, "%")
STANDARD = indicator(DataType.MEAN, "元/人·月")


def cell(kind: CellKind, raw: str, value: object = None, number_format: str = "General", **more: bool) -> ReadCell:
    return ReadCell("表", 7, 5, kind, raw, value, number_format, **more)


def number_cell(digits: str, number_format: str = "General", **more: bool) -> ReadCell:
    return cell(CellKind.NUMBER, digits, Decimal(digits), number_format, **more)


def number_of(parsed: Parsed) -> Decimal | None:
    return parsed.value.number if parsed.value else None


def finding_codes(parsed: Parsed) -> list[str]:
    return [finding.code for finding in parsed.findings]


class TestNumbersAsPeopleWriteThem:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("28", "28"),
            (" 28　", "28"),
            ("\xa028", "28"),
            ("１２３", "123"),
            ("1,234", "1234"),
            ("1，234，567", "1234567"),
            ("1 234", "1234"),
            ("３．７", "3.7"),
            (".5", "0.5"),
            ("-3", "-3"),
            ("－3", "-3"),
            ("−3", "-3"),
            ("+3", "3"),
            ("1.2E3", "1200"),
            ("0.0", "0"),
            ("-0", "0"),
            ("0551", "551"),
            ("28宗", "28"),
            ("28 宗", "28"),
        ],
    )
    def test_plain(self, text: str, number: str) -> None:
        parsed = parse_text(COUNT, text)
        assert parsed == Parsed(Value.of(Decimal(number)))
        assert exact_text(parsed.value.number) == number

    @pytest.mark.parametrize("text", ["约3.7", "大约3.7", "近 3.7", "≈3.7", "3.7左右", "3.7上下", "3.7余", "3.7多"])
    def test_approximate(self, text: str) -> None:
        assert parse_text(MONEY, text).value == Value.of(Decimal("3.7"), approximate=True)

    def test_more_than_a_unit(self) -> None:
        assert parse_text(COUNT, "150余宗").value == Value.of(150, approximate=True)

    @pytest.mark.parametrize(
        ("of", "text", "number"),
        [
            (COUNT, "1.2万", "12000"),
            (COUNT, "1.2万宗", "12000"),
            (COUNT, "3亿", "300000000"),
            (COUNT, "2千宗", "2000"),
            (MONEY, "3.7万", "3.7"),
            (MONEY, "37000元", "3.7"),
            (MONEY, "¥37000元", "3.7"),
            (MONEY, "1.5亿", "15000"),
            (MONEY, "1.5亿元", "15000"),
            (MONEY, "90271.78元", "9.027178"),
            (STANDARD, "0.09万元/人·月", "900"),
        ],
    )
    def test_what_is_converted_is_said(self, of: Indicator, text: str, number: str) -> None:
        parsed = parse_text(of, text)
        assert number_of(parsed) == Decimal(number)
        assert [(f.code, f.severity, f.expected) for f in parsed.findings] == [("converted", Severity.INFO, number)]

    def test_the_own_unit_needs_no_remark(self) -> None:
        assert parse_text(MONEY, "3.7万元") == Parsed(Value.of(Decimal("3.7")))
        assert parse_text(indicator(unit="个", unit_synonyms=("家", "间")), "659家") == Parsed(Value.of(659))
        assert parse_text(PERCENT, "99.95%") == Parsed(Value.of(Decimal("99.95")))

    def test_a_counting_word_before_the_unit_is_none(self) -> None:
        parsed = parse_text(indicator(DataType.MEAN, "工作日"), "7.5个工作日")
        assert (number_of(parsed), parsed.findings) == (Decimal("7.5"), ())

    @pytest.mark.parametrize("digits", ["2.77555756156289E-17", "-1E-300", "1E-40"])
    def test_what_a_formula_leaves_of_equal_figures_is_no_figure(self, digits: str) -> None:
        parsed = parse_cell(MONEY, number_cell(digits))
        assert (parsed.value, finding_codes(parsed)) == (None, ["almost_zero"])

    def test_a_currency_sign_does_not_tell_yuan_from_ten_thousand(self) -> None:
        assert finding_codes(parse_text(MONEY, "¥37,000")) == ["unit_mismatch"]
        assert number_of(parse_text(MONEY, "￥3.7万元")) == Decimal("3.7")
        assert number_of(parse_text(indicator(DataType.AMOUNT, "元"), "¥37,000")) == 37_000

    @pytest.mark.parametrize("found", [number_cell("0.956"), cell(CellKind.TEXT, "0.956", "0.956")])
    def test_a_share_for_a_percentage_is_taken_and_said(self, found: ReadCell) -> None:
        parsed = parse_cell(PERCENT, found)
        assert (number_of(parsed), finding_codes(parsed)) == (Decimal("0.956"), ["below_one_percent"])
        assert "95.6" in parsed.findings[0].advice.zh

    @pytest.mark.parametrize("text", ["0.5%", "0", "1", "95.6"])
    def test_what_is_meant_as_a_percentage_needs_no_remark(self, text: str) -> None:
        assert parse_text(PERCENT, text).findings == ()

    def test_two_units_of_measure_for_one_figure_are_said(self) -> None:
        parsed = parse_text(MONEY, "9万元", stated_unit="元")
        assert (number_of(parsed), finding_codes(parsed)) == (9, ["converted"])

    @pytest.mark.parametrize("text", ["28元", "50%", "3.7万人", "5份", "2023年"])
    def test_another_unit_is_refused(self, text: str) -> None:
        parsed = parse_text(COUNT, text)
        assert parsed.value is None
        assert finding_codes(parsed) == ["unit_mismatch"]

    @pytest.mark.parametrize("text", ["12,3", "27+1+2", "3/5", "1.2.3", "三十", "约", "见附件", "1,2345", "12 3", "=5"])
    def test_what_is_no_number_is_refused(self, text: str) -> None:
        parsed = parse_text(COUNT, text)
        assert parsed.value is None
        assert finding_codes(parsed) == ["not_a_number"]
        assert parsed.findings[0].severity is Severity.BLOCKING


class TestNothingZeroAndNotApplicable:
    @pytest.mark.parametrize("text", ["不适用", " 不适用 ", "不涉及", "N/A", "n/a"])
    def test_not_applicable(self, text: str) -> None:
        assert parse_text(COUNT, text) == Parsed(NOT_APPLICABLE)

    @pytest.mark.parametrize("text", ["", " ", "　"])
    def test_blank_is_missing(self, text: str) -> None:
        assert parse_text(COUNT, text) == Parsed(MISSING)

    @pytest.mark.parametrize("text", ["—", "-", "－", "/", "／", "无", "……"])
    def test_a_mark_that_may_mean_anything_is_missing_and_asked_about(self, text: str) -> None:
        parsed = parse_text(COUNT, text)
        assert (parsed.value, parsed.placeholder) == (MISSING, True)
        assert finding_codes(parsed) == ["placeholder"]

    def test_zero_is_a_figure(self) -> None:
        assert parse_text(COUNT, "0") == Parsed(Value.of(0))

    def test_none_is_an_answer_in_words(self) -> None:
        assert parse_text(indicator(DataType.TEXT, "文字"), "无") == Parsed(Value.of("无"))


class TestCells:
    def test_no_cell_is_no_answer(self) -> None:
        assert parse_cell(COUNT, None) == Parsed(MISSING)

    @pytest.mark.parametrize(
        "error", ["#REF!", "#DIV/0!", "#N/A", "#NAME?", "#VALUE!", "#NUM!", "#NULL!", "#SPILL!", "NaN"]
    )
    def test_error_values_are_named(self, error: str) -> None:
        parsed = parse_cell(COUNT, cell(CellKind.ERROR, error))
        assert (finding_codes(parsed), parsed.findings[0].found) == (["error_value"], error)

    @pytest.mark.parametrize("text", ["#REF!", "#DIV/0!", "＃ＲＥＦ！", "#n/a"])
    def test_error_values_written_down_as_text_are_named_too(self, text: str) -> None:
        assert finding_codes(parse_text(COUNT, text)) == ["error_value"]

    def test_a_formula_nobody_computed(self) -> None:
        parsed = parse_cell(COUNT, cell(CellKind.FORMULA_WITHOUT_VALUE, "", has_formula=True))
        assert finding_codes(parsed) == ["no_cached_value"]
        assert "WPS" in parsed.findings[0].advice.zh

    def test_a_date_where_a_number_belongs(self) -> None:
        parsed = parse_cell(COUNT, cell(CellKind.DATE, "44990", "2023-03-05"))
        assert (finding_codes(parsed), parsed.findings[0].found) == (["date_for_number"], "2023-03-05")

    def test_a_truth_value_is_no_number(self) -> None:
        assert finding_codes(parse_cell(COUNT, cell(CellKind.BOOLEAN, "1", value=True))) == ["not_a_number"]

    def test_an_identifier_stored_as_a_number(self) -> None:
        parsed = parse_cell(COUNT, number_cell("340124199001011000"))
        assert finding_codes(parsed) == ["too_many_digits"]

    def test_a_percentage_is_what_it_shows(self) -> None:
        assert number_of(parse_cell(PERCENT, number_cell("0.9995", "0.00%"))) == Decimal("99.95")
        assert finding_codes(parse_cell(COUNT, number_cell("0.5", "0%"))) == ["unit_mismatch"]

    @pytest.mark.parametrize("number_format", ['#,##0.00,,"百万"', '0!.0,"万元"'])
    def test_a_scaled_display_leaves_the_magnitude_open(self, number_format: str) -> None:
        assert finding_codes(parse_cell(MONEY, number_cell("12345678.9", number_format))) == ["scaled_format"]
        assert parse_cell(COUNT, number_cell("5000", number_format)).value == Value.of(5000)

    def test_figures_from_elsewhere_are_taken_and_said(self) -> None:
        parsed = parse_cell(COUNT, number_cell("5", has_formula=True, external=True))
        assert (number_of(parsed), finding_codes(parsed)) == (Decimal(5), ["external_formula"])

    def test_a_changed_unit_column_counts(self) -> None:
        parsed = parse_cell(MONEY, number_cell("90271.78"), stated_unit="元")
        assert (number_of(parsed), finding_codes(parsed)) == (Decimal("9.027178"), ["converted"])
        assert finding_codes(parse_cell(MONEY, number_cell("5"), stated_unit="人")) == ["unit_mismatch"]
        assert parse_cell(MONEY, number_cell("5"), stated_unit="万元") == Parsed(Value.of(5))

    def test_words_that_say_their_unit_outweigh_the_unit_column(self) -> None:
        assert number_of(parse_text(MONEY, "3.7万元", stated_unit="元")) == Decimal("3.7")


class TestChoicesAndDates:
    YES_NO = indicator(DataType.YES_NO, "是/否")
    RATING = indicator(DataType.RATING, "等次", choices=("优秀", "良好"))
    DAY = indicator(DataType.DATE, "日期")

    @pytest.mark.parametrize(
        ("text", "answer"), [("是", "是"), ("否", "否"), ("√", "是"), ("×", "否"), ("Yes", "是"), ("0", "否")]
    )
    def test_yes_and_no(self, text: str, answer: str) -> None:
        parsed = parse_text(self.YES_NO, text)
        assert parsed.value == Value.of(answer)
        assert finding_codes(parsed) == ([] if text == answer else ["read_as"])

    def test_a_truth_value_is_yes_or_no(self) -> None:
        assert parse_cell(self.YES_NO, cell(CellKind.BOOLEAN, "1", value=True)).value == Value.of("是")

    @pytest.mark.parametrize("of", [YES_NO, RATING])
    def test_other_words_are_refused(self, of: Indicator) -> None:
        parsed = parse_text(of, "也许")
        assert (parsed.value, finding_codes(parsed)) == (None, ["not_a_choice"])

    def test_a_choice_may_be_spread_out(self) -> None:
        parsed = parse_text(self.RATING, "优　秀")
        assert (parsed.value, finding_codes(parsed)) == (Value.of("优秀"), ["read_as"])

    def test_a_rating(self) -> None:
        assert parse_text(self.RATING, " 优秀 ") == Parsed(Value.of("优秀"))

    @pytest.mark.parametrize(
        "text",
        [
            "2024-03-05",
            "2024/3/5",
            "2024.3.5",
            "2024年3月5日",
            "2024 年 3 月 5 日",
            "2024年3月5号",
            "20240305",
            "２０２４－３－５",
            "2024-03-05 00:00:00",
            "2024/3/5 0:00",
            "二〇二四年三月五日",
            "二零二四年三月五日",
        ],
    )
    def test_days(self, text: str) -> None:
        assert parse_text(self.DAY, text) == Parsed(Value.of("2024-03-05"))

    def test_date_cells(self) -> None:
        assert parse_cell(self.DAY, cell(CellKind.DATE, "45356.5", "2024-03-05T12:00:00")).value == Value.of(
            "2024-03-05"
        )
        assert finding_codes(parse_cell(self.DAY, number_cell("45356"))) == ["read_as"]
        assert parse_cell(self.DAY, number_cell("45356")).value == Value.of("2024-03-05")

    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("二〇二三年十二月三十一日", "2023-12-31"),
            ("二〇二三年十月廿五日", "2023-10-25"),
            ("二○二三年一月二十日", "2023-01-20"),
            ("一九四九年十月一日", "1949-10-01"),
        ],
    )
    def test_days_in_chinese_digits(self, text: str, day: str) -> None:
        assert parse_text(self.DAY, text) == Parsed(Value.of(day))

    @pytest.mark.parametrize(
        "text",
        [
            "2024-13-45",
            "去年",
            "3月5日",
            "2024年3月",
            "2024-03-05 12:30",
            "二〇二四年十十月五日",
            "二〇二四年十三月五日",
        ],
    )
    def test_what_is_no_day(self, text: str) -> None:
        assert finding_codes(parse_text(self.DAY, text)) == ["not_a_date"]
        assert finding_codes(parse_cell(self.DAY, cell(CellKind.DATE, "1e15"))) == ["not_a_date"]


FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
WRITINGS = st.sampled_from(
    [
        lambda text: text,
        lambda text: f" {text}　",
        lambda text: text.translate(FULL_WIDTH),
        lambda text: f"{text}万元",
        lambda text: f"{text} 万元",
        lambda text: f"¥{text}万元" if not text.startswith("-") else text,
    ]
)


@given(
    number=st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False),
    grouped=st.booleans(),
    writing=WRITINGS,
)
def test_a_number_written_any_way_reads_as_itself(number: Decimal, grouped: bool, writing) -> None:
    text = format(number, ",f") if grouped else format(number, "f")
    assert number_of(parse_text(MONEY, writing(text))) == number


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_value_or_a_blocking_finding(text: str) -> None:
    for of in (COUNT, MONEY, PERCENT, TestChoicesAndDates.YES_NO, TestChoicesAndDates.DAY):
        parsed = parse_text(of, text)
        assert (parsed.value is None) == any(f.severity is Severity.BLOCKING for f in parsed.findings)
