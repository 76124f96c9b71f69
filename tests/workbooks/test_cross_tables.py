"""Cross tables through workbooks: a figure is read by the codes of its row and its column, or it is not read."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

import portal
from importers.annotated import annotated
from importers.identity import Context, UnitName
from importers.pipeline import Examination, Outcome, examine
from importers.template import template
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion, Severity
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, Values
from tests.workbooks.making import codes, only, saved

UNIT = UnitName("441802", "清城区民政局", Level.DISTRICT)
HEAD, FIRST, LAST = 6, 9, 13
"""Rows of the trial table: its head, its first row, its last; row 11 is a heading."""


@cache
def crossed_form() -> FormVersion:
    return read_form("""
code: JC
number: 1
name: 交叉表试验
period: year
levels: [province, city, district]
sheets:
- code: JC1
  name: 申请
  cross:
    cells: {unit: 件, type: count, roll_up: sum, min: 0}
    columns:
    - {code: '01', name: 自然人}
    - name: 法人
      lines:
      - {code: '02', name: 企业}
      - {code: '03', name: 其他, blocked: ['04']}
    - {code: '04', name: 总计, sum: ['01', '02', '03']}
    rows:
    - {code: '01', name: 新收, cells: {definition: 本年收到的。}}
    - {code: '02', name: 上年结转}
    - name: 办理
      lines:
      - {code: '03', name: 公开}
      - {code: '04', name: 不公开}
    rules:
    - {id: JC1-B1, severity: blocking, indicator: '{01}', expression: '{01}+{02}>={03}'}
""")


ANSWERS: Values = {
    code: Value.of(number) for number, code in enumerate(sorted(crossed_form().codes), start=11) if code[-2:] != "04"
} | {"JC10201": NOT_APPLICABLE, "JC10301": Value.of(5)}


def filled(answers: Values = ANSWERS) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(template(crossed_form(), UNIT, Period(2023), current=answers)))


def examined(content: bytes) -> Examination:
    return examine(content, find_form=lambda *_: crossed_form(), find_context=lambda _: Context(UNIT))


def looked_at(book: Workbook) -> Examination:
    return examined(saved(book))


def sheet_of(book: Workbook) -> Worksheet:
    return book["JC1 申请"]


def after(change: Callable[[Worksheet], object]) -> Examination:
    book = filled()
    change(sheet_of(book))
    return looked_at(book)


def unmerged(sheet: Worksheet) -> None:
    for merged in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(merged))


def contents(sheet: Worksheet) -> list[list[object]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def rewrite(sheet: Worksheet, rows: list[list[object]]) -> None:
    """The sheet with other contents, as after any editing in a spreadsheet program."""
    unmerged(sheet)
    sheet.delete_rows(1, sheet.max_row)
    for row in rows:
        sheet.append(row)


def test_what_is_put_in_comes_out() -> None:
    examination = looked_at(filled())
    assert examination.outcome is Outcome.CHECKED
    assert examination.values == ANSWERS
    assert examination.places["JC10302"].address == "D12"
    assert not examination.needs_correction


class TestNotes:
    NOTED = ANSWERS | {
        "JC10102": Value.of(12, note="含 3 件转来"),
        "JC10201": Value(ANSWERS["JC10201"].status, note="=1+1"),
    }

    def test_they_stand_below_the_table_by_the_code_of_their_cell(self) -> None:
        book = filled(self.NOTED)
        rows = [[cell.value for cell in row[:2]] for row in sheet_of(book).iter_rows(min_row=LAST + 1)]
        assert rows[0] == [None, "备注（每行一条，左边写行代码和栏代码，如 JC10101）"]
        assert rows[1:3] == [["JC10102", "含 3 件转来"], ["JC10201", "=1+1"]]
        assert not sheet_of(book)[f"B{LAST + 4}"].protection.locked
        assert looked_at(book).values == self.NOTED

    def test_a_note_is_added_changed_and_sorted(self) -> None:
        book = filled(self.NOTED)
        sheet = sheet_of(book)
        sheet[f"A{LAST + 3}"], sheet[f"B{LAST + 3}"] = " jc1 0101", "新"
        values = looked_at(book).values
        assert values["JC10101"].note == "新"
        assert values["JC10102"].note == "含 3 件转来"
        assert values["JC10201"].note == ""

    def test_a_note_to_no_cell_is_said(self) -> None:
        book = filled()
        sheet_of(book)[f"A{LAST + 2}"], sheet_of(book)[f"B{LAST + 2}"] = "JC19901", "写错了"
        (finding,) = [each for each in looked_at(book).findings if each.code == "unknown_code"]
        assert (finding.found, finding.cell.address if finding.cell else "") == ("写错了", f"B{LAST + 2}")


def test_the_table_as_it_stands_in_the_template() -> None:
    sheet = sheet_of(filled())
    assert [cell.value for cell in sheet[HEAD]] == ["行代码", "项目", "自然人", "法人", None, "总计"]
    assert [cell.value for cell in sheet[HEAD + 1]] == [None, None, None, "企业", "其他", None]
    assert [cell.value for cell in sheet[HEAD + 2]] == ["栏代码", None, "01", "02", "03", "04"]
    assert [cell.value for cell in sheet["B"][FIRST - 1 : LAST]] == ["新收", "上年结转", "办理", "公开", "不公开"]
    assert sheet["F9"].value == '=IF(COUNT(C9,D9,E9)<3,"—",C9+D9+E9)'
    assert sheet["F13"].value == '=IF(COUNT(C13,D13)<2,"—",C13+D13)'  # without the cell there is not
    assert [sheet[place].protection.locked for place in ("C9", "F9", "E13", "C11")] == [False, True, True, True]
    assert {"D6:E6", "A6:A7", "F6:F7"} <= {str(each) for each in sheet.merged_cells.ranges}
    assert sheet["B9"].comment.text == "本年收到的。"


def test_a_broken_identity_is_marked_at_its_cell() -> None:
    examination = looked_at(filled(dict(ANSWERS) | {"JC10302": Value.of(99)}))
    finding = only(examination, "rule_broken")
    assert (finding.rule, finding.indicator, finding.cell.address) == ("JC1-B1-02", "JC10102", "D9")
    marked = openpyxl.load_workbook(io.BytesIO(annotated(examination)))
    assert "应不小于" in sheet_of(marked)["D9"].comment.text
    assert looked_at(marked).values == examination.values


def insert(sheet: Worksheet) -> None:
    sheet.insert_cols(4)
    sheet.insert_rows(10)


def swap_columns(sheet: Worksheet) -> None:
    rewrite(sheet, [[row[0], row[1], row[3], row[2], *row[4:]] for row in contents(sheet)])


def sort_rows(sheet: Worksheet) -> None:
    rows = contents(sheet)
    rewrite(sheet, rows[: FIRST - 1] + rows[FIRST - 1 : LAST][::-1] + rows[LAST:])


def drop_names(sheet: Worksheet) -> None:
    sheet.delete_cols(2)


@pytest.mark.parametrize("change", [insert, swap_columns, sort_rows, drop_names])
def test_harmless_edits_change_nothing(change: Callable[[Worksheet], None]) -> None:
    assert after(change).values == ANSWERS


def test_names_moved_without_their_codes_are_not_believed() -> None:
    def swap_names(sheet: Worksheet) -> None:
        sheet["B9"], sheet["B10"] = sheet["B10"].value, sheet["B9"].value

    def swap_heads(sheet: Worksheet) -> None:
        sheet["D7"], sheet["E7"] = sheet["E7"].value, sheet["D7"].value

    by_row, by_column = after(swap_names), after(swap_heads)
    assert {code[3:5] for code in by_row.values} == {"03", "04"}
    assert {code[5:] for code in by_column.values} == {"01"}
    assert set(codes(by_column)) >= {"name_of_another"}


def test_what_is_gone_is_said_once_a_row_or_a_column() -> None:
    without_row = after(lambda sheet: sheet.delete_rows(FIRST))
    assert only(without_row, "line_missing").expected == "01"
    assert without_row.values == {code: value for code, value in ANSWERS.items() if code[3:5] != "01"}
    without_column = after(lambda sheet: sheet.delete_cols(4))
    assert only(without_column, "line_missing").expected == "02"
    assert without_column.values == {code: value for code, value in ANSWERS.items() if code[5:] != "02"}
    assert "required" not in codes(without_column)


def test_one_cell_that_nobody_can_tell_is_said_alone() -> None:
    def double(sheet: Worksheet) -> None:
        sheet["G8"], sheet["G9"] = "02", 77

    examination = after(double)
    assert only(examination, "duplicate_code").indicator == "JC10102"
    assert "JC10102" not in examination.values


@pytest.mark.parametrize("place", ["A8", "C6"])
def test_without_its_codes_nothing_of_the_table_is_guessed(place: str) -> None:
    def change(sheet: Worksheet) -> None:
        unmerged(sheet)
        sheet[place] = None if place == "A8" else "行代码"

    examination = after(change)
    assert only(examination, "grid_codes_missing").severity is Severity.BLOCKING
    assert examination.values == {}
    assert "sheet_missing" not in codes(examination)


def test_numbers_where_the_form_has_no_cell_are_said() -> None:
    def scribble(sheet: Worksheet) -> None:
        for place in ("E13", "C11", "H9", "C20"):
            sheet[place] = 5
        sheet["C21"], sheet["C22"] = "12件", "见附件1"

    found = [finding for finding in after(scribble).findings if finding.code == "value_outside"]
    assert sorted(finding.cell.address for finding in found) == ["C11", "C20", "C21", "E13", "H9"]


def test_hidden_rows_and_columns_are_read_and_said() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[FIRST].hidden = True
        sheet.column_dimensions["D"].hidden = True

    examination = after(hide)
    assert {"hidden_rows", "hidden_column"} <= set(codes(examination))
    assert examination.values == ANSWERS


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.randoms(use_true_random=False),
    rows_gone=st.sets(st.integers(0, LAST), max_size=2),
    columns_gone=st.sets(st.integers(0, 5), max_size=2),
    misplaced=st.sets(st.tuples(st.integers(0, LAST), st.integers(0, 5)), max_size=3),
)
def test_no_edit_brings_a_figure_to_another_cell(
    order: Random, rows_gone: set[int], columns_gone: set[int], misplaced: set[tuple[int, int]]
) -> None:
    book = filled()
    sheet = sheet_of(book)
    rows = contents(sheet)
    for row, column in misplaced:
        if not isinstance(rows[row][column], int):  # whatever is not a figure: codes, names, heads
            rows[row][column] = None
    rows = [[cell for at, cell in enumerate(row) if at not in columns_gone] for row in rows]
    across = list(range(len(rows[0])))
    order.shuffle(across)
    body = [row for at, row in enumerate(rows[FIRST - 1 : LAST]) if at not in rows_gone]
    order.shuffle(body)
    rewrite(sheet, [[row[at] for at in across] for row in [*rows[: FIRST - 1], *body, *rows[LAST:]]])
    for code, value in looked_at(book).values.items():
        assert value in (ANSWERS[code], MISSING)


class TestTheYearlyReportOnDisclosure:
    def test_every_cell_comes_back(self) -> None:
        form = read_form((Path(portal.__file__).parent / "reference/forms/XG.yaml").read_text(encoding="utf-8"))
        answers = {each.code: Value.of(at) for at, each in enumerate(form.typed_at(UNIT.level))}
        content = template(form, UNIT, Period(2023), current=answers)
        examination = examine(content, find_form=lambda *_: form, find_context=lambda _: Context(UNIT))
        assert len(answers) == 6 + 4 + 24 * 6 + 3 * 4
        assert examination.values == answers
        assert {finding.code for finding in examination.findings} == {"rule_broken"}
