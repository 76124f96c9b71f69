"""List tables through workbooks: rows are read by the codes of their columns, or they are not read."""

import io
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from importers.annotated import annotated
from importers.identity import Context, UnitName
from importers.pipeline import Examination, examine
from importers.template import template
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion, Severity
from portal.domain.lists import ListAnswer, Lists, numbered
from portal.domain.periods import Period
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value, Values
from tests.workbooks.making import edited
from tests.workbooks.test_libreoffice import SOFFICE, resaved

UNIT = UnitName("441802", "清城区民政局", Level.DISTRICT)
CODES, FIRST = 7, 8
"""Rows of a list's sheet: its codes, its first row."""


@cache
def form() -> FormVersion:
    return read_form(resources.files("portal.reference.forms").joinpath("ZG.yaml").read_text("utf-8"))


def row(**changes: Value) -> dict[str, Value]:
    said = {"title": "执法力量不足", "category": "执法力量", "measure": "=增加\n编制", "closed": "否"}
    return {code: Value.of(each) for code, each in said.items()} | changes


ROWS = [
    row(cases=Value.of(3), due_on=Value.of("2024-03-01")),
    row(title=Value.of("普法形式单一"), cases=NOT_APPLICABLE, category=Value.of("普法方式")),
]
FIGURES = {"ZG101": Value.of(2), "ZG102": Value.of(0), "ZG103": Value.of(0)}


def listing(rows: list[Values], code: str = "problems", *, none: bool = False) -> Lists:
    return {code: ListAnswer(form().lists[code][1], numbered(rows), none=none)}


def book(rows: list[Values] | None = None) -> bytes:
    lists = {**listing(ROWS if rows is None else rows), **listing([], "plans", none=True)}
    return template(form(), UNIT, Period(2023), current=FIGURES, lists=lists)


def examined(content: bytes, *changes: Callable[[Workbook], None], around: Surroundings | None = None) -> Examination:
    context = Context(UNIT, around=around or Surroundings())
    return examine(
        edited(content, *changes) if changes else content,
        find_form=lambda _code, number: form() if number == 1 else None,
        find_context=lambda _identity: context,
    )


def problems(book: Workbook) -> Worksheet:
    return book["ZG2 问题清单"]


def put(address: str, content: object) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        problems(book)[address] = content

    return change


def swap(one: Cell, other: Cell) -> None:
    """Exchange what two cells hold; a text stays a text, whatever it begins with."""
    kinds = (other.data_type, one.data_type)
    one.value, other.value = other.value, one.value
    one.data_type, other.data_type = kinds


def blocking(examination: Examination) -> list[tuple[str, str, str]]:
    return [
        (each.code, each.cell.address if each.cell else "", str(each.listed or each.indicator))
        for each in examination.findings
        if each.severity is Severity.BLOCKING
    ]


def test_what_was_written_is_read_back() -> None:
    examination = examined(book())
    assert [dict(item.cells) for item in examination.lists["problems"].items] == ROWS
    assert examination.lists["plans"].none
    assert blocking(examination) == []
    assert not any("没有读取" in text.zh for text in examination.not_checked)


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("extension", ["xlsx", "ods"])
def test_saved_by_libreoffice_it_says_the_same(tmp_path: Path, extension: str) -> None:
    examination = examined(resaved(book(), tmp_path, extension))
    assert [dict(item.cells) for item in examination.lists["problems"].items] == ROWS
    assert blocking(examination) == []


def test_the_sheet_offers_choices_open_rows_and_codes() -> None:
    sheet = problems(openpyxl.load_workbook(io.BytesIO(book())))
    assert [cell.value for cell in sheet[CODES]][:4] == ["清单代码：problems", "title", "category", "cases"]
    offered = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert offered == {
        "C8:C27": '"执法力量,普法方式,法治意识,制度,基层治理,信息化,其他,不适用"', "H8:H27": '"是,否,不适用"',
    }  # fmt: skip
    assert not sheet["B27"].protection.locked
    assert sheet["A8"].protection.locked
    assert sheet["E8"].value == "=增加\n编制"
    assert sheet["E8"].data_type == "s"


def test_columns_may_be_moved_and_rows_left_blank() -> None:
    def moved(book: Workbook) -> None:
        sheet = problems(book)
        for number in range(6, 30):
            swap(sheet.cell(number, 2), sheet.cell(number, 5))
        for position in range(1, 9):
            sheet.cell(20, position).value = None
            swap(sheet.cell(20, position), sheet.cell(FIRST, position))

    examination = examined(book(), moved)
    assert [dict(item.cells) for item in examination.lists["problems"].items] == [ROWS[1], ROWS[0]]
    assert blocking(examination) == []


def test_mistakes_are_told_by_cell_row_and_column() -> None:
    examination = examined(
        book(),
        put("C8", "天气"),
        put("D8", "三件"),
        put("G9", "2024-02-30"),
        put("B10", "执法力量不足"),
        put("D10", -1),
    )
    assert blocking(examination) == [
        ("rule_broken", "E8", "ZG101"),
        ("not_a_choice", "C8", "problems.1.category"),
        ("not_a_number", "D8", "problems.1.cases"),
        ("not_a_date", "G9", "problems.2.due_on"),
        ("required", "C10", "problems.3.category"),
        ("below_minimum", "D10", "problems.3.cases"),
        ("required", "E10", "problems.3.measure"),
        ("required", "H10", "problems.3.closed"),
        ("repeated_row", "B10", "problems.3.title"),
    ]
    assert examination.unread == {
        "problems.1.category": "天气", "problems.1.cases": "三件", "problems.2.due_on": "2024-02-30",
    }  # fmt: skip
    told = next(each for each in examination.findings if each.code == "not_a_choice")
    assert told.message.zh.startswith("第 1 行 类别")


def test_the_marked_copy_can_be_corrected_and_read_again() -> None:
    marked = annotated(examined(book(), put("C8", "天气"), put("D9", "多")))
    sheet = problems(openpyxl.load_workbook(io.BytesIO(marked)))
    assert sheet["C8"].value == "天气"
    assert "【必须改正" in (sheet["C8"].comment.text if sheet["C8"].comment else "")
    again = examined(marked, put("C8", "执法力量"), put("D9", "不适用"))
    assert [dict(item.cells) for item in again.lists["problems"].items] == ROWS
    assert blocking(again) == []


def test_nothing_to_list_is_written_out() -> None:
    def said(word: str | None) -> ListAnswer:
        blank = put("B8", word)
        return examined(template(form(), UNIT, Period(2023), current=FIGURES), blank).lists["problems"]

    assert said("无").none
    assert said("本期没有").none
    assert not said(None).answered
    assert not said("无执法证").none


def test_a_list_that_is_gone_is_missing_and_the_draft_keeps_its_own() -> None:
    def gone(book: Workbook) -> None:
        del book["ZG2 问题清单"]

    examination = examined(book(), gone, around=Surroundings(lists=listing(ROWS)))
    assert "problems" not in examination.lists
    assert [each[0] for each in blocking(examination)] == ["sheet_missing"]


def test_two_sheets_with_rows_of_one_list_are_not_guessed_about() -> None:
    def doubled(book: Workbook) -> None:
        copied = book.copy_worksheet(problems(book))
        copied.title = "又一份"

    examination = examined(book(), doubled)
    assert "problems" not in examination.lists
    assert "repeated_list" in [each[0] for each in blocking(examination)]


def test_a_column_without_its_code_is_missed() -> None:
    examination = examined(book(), put("E7", None))
    assert ("list_column_missing", "A7", "problems") in blocking(examination)


values = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20),
        "category": st.sampled_from(["执法力量", "制度", "其他"]),
        "cases": st.integers(0, 10**9),
        "due_on": st.dates(),
        "closed": st.sampled_from(["是", "否"]),
    },
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(values, max_size=6))
def test_any_list_comes_back(rows: list[dict[str, object]]) -> None:
    """Written as people would type it; what reads as a placeholder or as not applicable is left aside."""
    words = {"无", "没有", "空", "暂无", "na"}
    typed = [{code: each for code, each in row.items() if str(each).lower() not in words} for row in rows]
    said = [
        {code: Value.of(each) if isinstance(each, int) else Value.of(str(each)) for code, each in row.items()}
        for row in typed
    ]
    examination = examined(template(form(), UNIT, Period(2023), lists=listing(said)))
    assert [dict(item.cells) for item in examination.lists["problems"].items] == [row for row in said if row]
