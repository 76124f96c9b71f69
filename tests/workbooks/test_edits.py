"""Users insert, sort, rename, copy and delete; no figure may ever land at the wrong indicator."""

import io
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.cell import Cell

from importers.identity import CONSTANT_NAME, META_SHEET, Context, Expected, UnitName
from importers.pipeline import Outcome, examine
from importers.template import template
from portal.domain.forms import Severity
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import Value
from tests.workbooks.making import (
    ANSWERS,
    UNIT,
    codes,
    edited,
    examine_trial,
    only,
    row_of,
    saved,
    table,
    trial_form,
    trial_template,
    typed,
)

CHOSEN = Expected(form="SY", unit="441802", period="2023", version=3)


def put(cell: Cell, content: object, data_type: str) -> None:
    """Move content as a spreadsheet program does: text stays text whatever it begins with."""
    cell.value = content
    cell.data_type = data_type


def insert_row(book: Workbook) -> None:
    table(book, "SY01").insert_rows(10)


def insert_column(book: Workbook) -> None:
    table(book, "SY01").insert_cols(4)


def delete_other_columns(book: Workbook) -> None:
    table(book, "SY01").delete_cols(4)  # last year's figures


def sort_by_name(book: Workbook) -> None:
    sheet = table(book, "SY01")
    rows = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(8, 14, max_col=6)]
    for number, row in enumerate(sorted(rows, key=lambda row: row[1][0]), start=8):
        for column, content in enumerate(row, start=1):
            put(sheet.cell(number, column), *content)


def rename_and_move(book: Workbook) -> None:
    table(book, "SY01").title = "我的表"
    book.move_sheet(book["我的表"], offset=2)


def swap_columns(book: Workbook) -> None:
    sheet = table(book, "SY01")
    for row in range(6, 15):
        this_year, note = sheet.cell(row, 5), sheet.cell(row, 6)
        kept = this_year.value, this_year.data_type
        put(this_year, note.value, note.data_type)
        put(note, *kept)


def add_own_sheet(book: Workbook) -> None:
    book.create_sheet("草稿")["A1"] = "随手记"


@pytest.mark.parametrize(
    "change",
    [insert_row, insert_column, delete_other_columns, sort_by_name, rename_and_move, swap_columns, add_own_sheet],
)
def test_harmless_edits_change_nothing(change: Callable[[Workbook], None]) -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), change))
    assert examination.outcome is Outcome.CHECKED
    assert examination.values == ANSWERS
    assert not examination.needs_correction


def test_places_follow_the_edit() -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), insert_row))
    assert examination.places["SY0103"].address == "E11"


def test_a_sheet_of_ones_own_is_named_as_not_read() -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), add_own_sheet))
    assert any("草稿" in text.zh for text in examination.not_checked)


def copied_to_a_new_book(content: bytes, *titles: str) -> bytes:
    """Only visible cells of some sheets, in a book that has nothing else of the template."""
    source, book = openpyxl.load_workbook(io.BytesIO(content)), Workbook()
    for title in titles:
        copy = book.create_sheet(title)
        for row in table(source, title).iter_rows():
            for cell in row:
                if cell.value is not None:
                    put(copy[cell.coordinate], cell.value, cell.data_type)
    book.remove(book.worksheets[0])
    return saved(book)


def test_sheets_copied_to_a_new_book_are_recognised_by_their_lines() -> None:
    examination = examine_trial(copied_to_a_new_book(trial_template(ANSWERS), "SY01", "SY02"))
    assert examination.values == ANSWERS


def test_a_missing_sheet_is_one_finding_and_its_figures_are_left_alone() -> None:
    examination = examine_trial(copied_to_a_new_book(trial_template(ANSWERS), "SY01"))
    assert only(examination, "sheet_missing").expected == "SY02"
    assert not {"SY0201", "SY0202"} & examination.values.keys()
    assert "required" not in codes(examination)


def test_a_deleted_row_is_said_once() -> None:
    def delete(book: Workbook) -> None:
        sheet = table(book, "SY01")
        sheet.delete_rows(row_of(sheet, "SY0103"))

    examination = examine_trial(edited(trial_template(ANSWERS), delete))
    assert only(examination, "row_missing").indicator == "SY0103"
    assert "SY0103" not in examination.values
    assert "required" not in codes(examination)
    assert examination.values["SY0107"] == ANSWERS["SY0107"]


def test_without_the_code_column_nothing_of_the_sheet_is_guessed() -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), lambda book: table(book, "SY01").delete_cols(1)))
    finding = only(examination, "code_column_missing")
    assert finding.severity is Severity.BLOCKING
    assert "SY01" in finding.message.zh
    assert {code[:4] for code in examination.values} == {"SY02"}
    assert "sheet_missing" not in codes(examination)


def heads(**words: str) -> Callable[[Workbook], None]:
    """Write other words over columns of the first table."""

    def change(book: Workbook) -> None:
        for column, word in words.items():
            table(book, "SY01")[f"{column}6"] = word

    return change


@pytest.mark.parametrize(
    ("change", "found", "missing"),
    [
        (heads(E="2023年"), "指标代码、指标名称、计量单位、上年数、2023年、备注", "本年数"),
        (heads(B="名", C="计量", D="去年", E="今年", F="其他"), "指标代码、名、计量、去年、今年、其他", "本年数"),
        (heads(A="编号", E="今年"), "编号、指标名称、计量单位、上年数、今年、备注", "指标代码、本年数"),
        (lambda book: table(book, "SY01").delete_cols(5), "指标代码、指标名称、计量单位、上年数、备注", "本年数"),
        (lambda book: table(book, "SY01").delete_rows(6), "SY0101、检查次数", "指标代码、本年数"),
    ],
)
def test_a_changed_head_is_named_with_what_it_should_say(
    change: Callable[[Workbook], None], found: str, missing: str
) -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), change))
    finding = only(examination, "head_missing")
    assert (finding.severity, finding.expected) == (Severity.BLOCKING, missing)
    assert finding.found.startswith(found)
    assert {code[:4] for code in examination.values} == {"SY02"}
    assert not {"sheet_missing", "row_missing", "required"} & set(codes(examination))


def test_a_second_table_under_another_head_is_not_read_by_the_columns_of_the_first() -> None:
    def append_the_other_way_round(book: Workbook) -> None:
        sheet = table(book, "SY01")
        rows = [["指标代码", "指标名称", "今年", "上年数"], ["SY0201", "是否述法", "是", "否"]]
        for number, row in enumerate(rows, start=30):
            for column, content in enumerate(row, start=1):
                sheet.cell(number, column).value = content
        book.remove(table(book, "SY02"))

    examination = examine_trial(edited(trial_template(ANSWERS), append_the_other_way_round))
    assert "SY0201" not in examination.values
    assert only(examination, "head_missing").cell.address == "A30"


def test_a_glossary_of_codes_is_no_lost_table() -> None:
    def add_glossary(book: Workbook) -> None:
        sheet = book.create_sheet("代码说明")
        for row in (["指标代码", "指标名称", "解释"], ["SY0101", "检查次数", "全部检查"]):
            sheet.append(row)

    examination = examine_trial(edited(trial_template(ANSWERS), add_glossary))
    assert examination.values == ANSWERS
    assert not examination.needs_correction


def test_two_columns_of_this_year_are_not_chosen_between() -> None:
    def repeat(book: Workbook) -> None:
        table(book, "SY01")["G6"] = "本年数"

    examination = examine_trial(edited(trial_template(ANSWERS), repeat))
    assert only(examination, "repeated_column").severity is Severity.BLOCKING
    assert {code[:4] for code in examination.values} == {"SY02"}


def test_a_copied_sheet_is_read_once_if_it_says_the_same() -> None:
    examination = examine_trial(
        edited(trial_template(ANSWERS), lambda book: book.copy_worksheet(table(book, "SY01")) and None)
    )
    assert examination.values == ANSWERS
    assert only(examination, "repeated_rows").severity is Severity.INFO


def test_the_same_indicator_with_two_answers_is_refused() -> None:
    def copy_and_change(book: Workbook) -> None:
        copy = book.copy_worksheet(table(book, "SY01"))
        copy[f"E{row_of(copy, 'SY0101')}"] = 41

    examination = examine_trial(edited(trial_template(ANSWERS), copy_and_change))
    finding = only(examination, "duplicate_code")
    assert (finding.indicator, finding.found) == ("SY0101", "40；41")
    assert "SY0101" not in examination.values
    assert "required" not in codes(examination)


def test_what_the_portal_works_out_is_no_second_answer() -> None:
    def copy_and_change(book: Workbook) -> None:
        sheet = table(book, "SY01")
        sheet[f"E{row_of(sheet, 'SY0105')}"] = 30
        copy = book.copy_worksheet(sheet)
        copy[f"E{row_of(copy, 'SY0101')}"], copy[f"E{row_of(copy, 'SY0105')}"] = 41, 29.27

    examination = examine_trial(edited(trial_template(ANSWERS), copy_and_change))
    assert only(examination, "duplicate_code").indicator == "SY0101"


def test_names_sorted_without_their_codes_are_not_believed() -> None:
    def sort_all_but_codes(book: Workbook) -> None:
        sheet = table(book, "SY01")
        for column in range(2, 7):
            first, second = sheet.cell(row_of(sheet, "SY0103"), column), sheet.cell(row_of(sheet, "SY0107"), column)
            kept = first.value, first.data_type
            put(first, second.value, second.data_type)
            put(second, *kept)

    examination = examine_trial(edited(trial_template(ANSWERS), sort_all_but_codes))
    found = [finding for finding in examination.findings if finding.code == "name_of_another"]
    assert [(finding.indicator, finding.found, finding.severity) for finding in found] == [
        ("SY0103", "登记机构数", Severity.BLOCKING),
        ("SY0107", "罚没金额", Severity.BLOCKING),
    ]
    assert examination.values == {code: value for code, value in ANSWERS.items() if code not in {"SY0103", "SY0107"}}


def test_a_name_put_in_other_words_changes_nothing() -> None:
    examination = examine_trial(
        edited(trial_template(ANSWERS), typed({"SY0103": "罚没款", "SY0107": None}, column="B"))
    )
    assert examination.values == ANSWERS
    assert not examination.needs_correction


def test_codes_of_no_form_and_numbers_without_code_are_said() -> None:
    def change(book: Workbook) -> None:
        sheet = table(book, "SY01")
        for column, content in (("A", "XX99"), ("E", 5)):
            sheet[f"{column}30"] = content
        sheet["E31"], sheet["E32"], sheet["E33"], sheet["E34"] = 77, "约9.5", "1,234件", "见附件1"

    examination = examine_trial(edited(trial_template(ANSWERS), change))
    assert only(examination, "unknown_code").cell.address == "E30"
    strays = [finding.found for finding in examination.findings if finding.code == "value_without_code"]
    assert strays == ["77", "约9.5", "1,234件"]
    assert examination.values == ANSWERS


def test_what_is_hidden_is_read_and_said() -> None:
    def hide(book: Workbook) -> None:
        sheet = table(book, "SY01")
        sheet.row_dimensions[8].hidden = True
        sheet.column_dimensions["E"].hidden = True
        table(book, "SY02").sheet_state = "hidden"

    examination = examine_trial(edited(trial_template(ANSWERS), hide))
    assert examination.values == ANSWERS
    assert {"hidden_rows", "hidden_column", "hidden_sheet"} == set(codes(examination))


def test_figures_that_are_the_portals_may_not_be_changed() -> None:
    examination = examine_trial(
        edited(trial_template(ANSWERS), typed({"SY0101": 99}, column="D"), typed({"SY0105": 50, "SY0206": 7}))
    )
    assert only(examination, "last_year_changed").expected == "38"
    overwritten = {f.indicator: f.expected for f in examination.findings if f.code == "calculated_overwritten"}
    assert overwritten == {"SY0105": "30", "SY0206": "38"}
    assert not examination.needs_correction


class TestWhoseAnswersTheyAre:
    def test_another_year(self) -> None:
        examination = examine_trial(trial_template(), expected=Expected(period="2024"))
        assert (examination.outcome, examination.code) == (Outcome.NOT_RECOGNISED, "wrong_period")
        assert examination.message.zh == "这是 2023 年模板，需要 2024 年模板"

    def test_another_level_of_another_year(self) -> None:
        city = UnitName("441800", "清远市民政局", Level.CITY)
        units = {unit.code: Context(unit) for unit in (city, UNIT)}
        form, expected = trial_form(), Expected("SY", "441802", "2023", 3)
        content = template(form, city, Period(2022))
        examination = examine(
            content,
            find_form=lambda *_: form,
            find_context=lambda identity: units[identity.unit],
            expected=expected,
        )
        zh = "这是 2022 年市级（清远市民政局 441800）模板，需要 2023 年区县（清城区民政局 441802）模板"
        assert (examination.code, examination.message.zh) == ("wrong_unit", zh)

    @pytest.mark.parametrize(
        ("expected", "code"),
        [
            (Expected(unit="441803"), "wrong_unit"),
            (Expected(form="FZ"), "wrong_form"),
            (Expected(version=4), "wrong_version"),
        ],
    )
    def test_another_unit_form_or_version(self, expected: Expected, code: str) -> None:
        assert examine_trial(trial_template(), expected=expected).code == code

    def test_what_was_chosen_and_what_is_stamped_agree(self) -> None:
        assert examine_trial(trial_template(ANSWERS), expected=CHOSEN).values == ANSWERS

    def test_a_line_typed_over_contradicts_the_rest(self) -> None:
        def change(book: Workbook) -> None:
            sheet = table(book, "SY01")
            sheet["A5"] = sheet["A5"].value.replace("441802", "441803")

        examination = examine_trial(edited(trial_template(ANSWERS), change))
        assert examination.code == "identity_conflict"
        assert "441803" in examination.message.zh

    def test_one_stamp_alone_is_not_enough(self) -> None:
        def leave_one(book: Workbook) -> None:
            for title in ("SY01", "SY02"):
                table(book, title)["A5"] = None
            del book[META_SHEET]
            del book.defined_names[CONSTANT_NAME]
            properties = book.custom_doc_props
            for name in list(properties.names):
                if name in {"huizong_mark", "huizong_version", "huizong_form"}:
                    del properties[name]

        content = edited(trial_template(ANSWERS), leave_one)
        assert examine_trial(content).code == "identity_missing"
        assert examine_trial(content, expected=CHOSEN).values == ANSWERS

    def test_without_any_stamp_the_choice_counts_and_is_said(self) -> None:
        book = Workbook()
        sheet = book.active
        sheet.append(["指标代码", "本年数"])
        for row in (["SY0101", 5], ["SY0102", 3]):
            sheet.append(row)
        content = saved(book)
        assert examine_trial(content).code == "identity_missing"
        examination = examine_trial(content, expected=CHOSEN)
        assert only(examination, "identity_by_choice").severity is Severity.INFO
        assert examination.values["SY0101"] == Value.of(5)

    def test_any_other_workbook_is_no_template(self) -> None:
        book = Workbook()
        book.active["A1"] = "你好"
        assert examine_trial(saved(book), expected=CHOSEN).code == "not_a_template"

    def test_an_unknown_unit_and_a_version_nobody_published(self) -> None:
        content = trial_template(ANSWERS)
        nobody = examine(content, find_form=lambda *_: trial_form(), find_context=lambda _: None)
        assert nobody.code == "unknown_unit"
        idle = examine(content, find_form=lambda *_: trial_form(), find_context=lambda _: UNIT)
        assert (idle.code, idle.message.zh) == ("not_reporting", "清城区民政局（441802）在 2023 不填报 试验报表")
        unpublished = examine(content, find_form=lambda *_: None, find_context=lambda _: Context(UNIT))
        assert unpublished.code == "unknown_form"
