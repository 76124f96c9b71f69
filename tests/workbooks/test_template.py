"""What a template offers to whom, and how it is locked, stamped and printed."""

import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from openpyxl import Workbook

from importers.identity import CONSTANT_NAME, META_SHEET, UnitName
from importers.template import template
from portal.domain.forms import Text
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from tests.workbooks.making import ANSWERS, PERIOD, UNIT, table, trial_form, trial_template


@pytest.fixture(scope="module")
def book() -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(trial_template(ANSWERS)))


def texts(sheet) -> list[str]:
    return [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def test_the_sheets(book: Workbook) -> None:
    assert book.sheetnames == ["填报说明", "SY01 数量", "SY02 其他", "指标解释", "审核关系", META_SHEET]
    assert book[META_SHEET].sheet_state == "veryHidden"


def test_the_legal_marks_stand_top_right(book: Workbook) -> None:
    sheet = table(book, "SY01")
    assert [sheet[f"E{row}"].value for row in (2, 3, 4)] == [
        "表　　号：SY01",
        "制定机关：试验机关",
        "批准文号：试验〔2023〕1号",
    ]
    assert [cell.value for cell in sheet[6]] == ["指标代码", "指标名称", "计量单位", "上年数", "本年数", "备注"]
    assert [cell.value for cell in sheet[7]] == ["甲", "乙", "丙", "1", "2", "丁"]
    assert {"单位负责人：", "审核人：", "填表人：", "联系电话：", "报出日期："} <= set(texts(sheet))


def test_the_validity_stands_below_them_where_the_form_has_one(book: Workbook) -> None:
    form = replace(trial_form(), validity=Text("2026年12月"))
    dated = openpyxl.load_workbook(io.BytesIO(template(form, UNIT, PERIOD)))
    assert (table(dated, "SY01")["E5"].value, table(book, "SY01")["E5"].value) == ("有效期至：2026年12月", None)
    assert "2026年12月" in texts(dated["填报说明"])


def test_only_answers_and_notes_are_open(book: Workbook) -> None:
    sheet = table(book, "SY01")
    assert sheet.protection.sheet
    unlocked = {cell.coordinate for row in sheet["A8:F14"] for cell in row if not cell.protection.locked}
    assert unlocked == {f"{column}{row}" for column in "EF" for row in (8, 9, 10, 11, 13, 14)}  # 12 is calculated


def test_a_ratio_is_shown_by_a_guarded_formula(book: Workbook) -> None:
    assert table(book, "SY01")["E12"].value == '=IF(COUNT(E9,E8)<2,"—",IF((E8)=0,"—",(E9)/(E8)*100))'


def test_what_the_level_does_not_fill_is_not_applicable_and_locked(book: Workbook) -> None:
    cell = table(book, "SY02")["E12"]
    assert (cell.value, cell.protection.locked) == ("不适用", True)
    city = template(trial_form(), UnitName("441800", "清远市民政局", Level.CITY), PERIOD)
    assert table(openpyxl.load_workbook(io.BytesIO(city)), "SY02")["E12"].protection.locked is False


def test_what_is_carried_in_is_shown_and_locked(book: Workbook) -> None:
    cell = table(book, "SY02")["E13"]
    assert (cell.value, cell.protection.locked) == (38, True)


def test_what_may_be_typed(book: Workbook) -> None:
    rules = {str(rule.sqref): rule for sheet in book for rule in sheet.data_validations.dataValidation}
    sheets = {sheet.title: sheet.data_validations.dataValidation for sheet in book}
    assert len(sheets["SY01 数量"]) == 6
    assert rules["E8"].formula1 is not None
    count = next(rule for rule in sheets["SY01 数量"] if str(rule.sqref) == "E8")
    assert (
        count.formula1 == 'IF(ISTEXT(E8),OR(E8="不适用",E8="N/A",LEFT(E8,1)="约"),AND(ISNUMBER(E8),E8>=0,E8=INT(E8)))'
    )
    lists = {str(rule.sqref): rule.formula1 for rule in sheets["SY02 其他"]}
    assert lists == {"E8": '"是,否,不适用"', "E9": '"优秀,良好,合格,不适用"'}


@pytest.mark.parametrize(("number", "shown"), [("9", "#,##0.00"), ("9.5", "#,##0.00"), ("9.027178", "#,##0.000000")])
def test_every_figure_is_shown_in_full(number: str, shown: str) -> None:
    current = {"SY0103": Value.of(Decimal(number))}
    cell = table(openpyxl.load_workbook(io.BytesIO(trial_template(current))), "SY01")["E10"]
    assert (str(cell.value), cell.number_format) == (number, shown)


def test_the_stamp_stands_in_four_places(book: Workbook) -> None:
    line = table(book, "SY01")["A5"].value
    mark = line.rpartition("：")[2]
    assert line.startswith("单位代码：441802　报告期：2023　表号：SY01　模板版本：SY-3　校验码：")
    assert book.defined_names[CONSTANT_NAME].attr_text == f'"SY|3|441802|2023|{mark}"'
    assert book.custom_doc_props["huizong_unit"].value == "441802"
    assert [cell.value for cell in book[META_SHEET]["B"]] == ["SY", "3", "441802", "2023", mark]


def test_it_prints_on_a4_with_its_head_repeated(book: Workbook) -> None:
    sheet = table(book, "SY01")
    assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (9, 1, 0)
    assert sheet.print_title_rows == "$6:$7"
    assert sheet.freeze_panes == "C8"


def test_demonstration_data_says_so_on_every_table() -> None:
    demo = openpyxl.load_workbook(io.BytesIO(trial_template(demo=True)))
    real = openpyxl.load_workbook(io.BytesIO(trial_template()))
    for sheet in demo.worksheets[:3]:
        assert any("演示数据" in text for text in texts(sheet))
        assert "演示数据" in sheet.oddHeader.right.text
    assert not any("演示数据" in text for sheet in real for text in texts(sheet))


def test_other_periods_have_other_words() -> None:
    quarter = template(trial_form(), UNIT, Period.parse("2023Q4"), current={"SY0101": NOT_APPLICABLE})
    sheet = table(openpyxl.load_workbook(io.BytesIO(quarter)), "SY01")
    assert (sheet["C4"].value, sheet["D6"].value, sheet["E6"].value) == ("2023年第4季度", "上年同期", "本期数")


def test_definitions_and_relations_are_printed(book: Workbook) -> None:
    assert "全部检查。" in texts(book["指标解释"])
    assert "SY0102≤SY0101" in texts(book["审核关系"])
    assert table(book, "SY01")["B8"].comment.text == "全部检查。"
