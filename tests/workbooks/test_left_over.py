"""What users put in and beside a table that is no answer: nothing of it is silently dropped."""

from openpyxl import Workbook
from openpyxl.comments import Comment

from importers.annotated import annotated
from tests.workbooks.making import ANSWERS, codes, edited, examine_trial, only, table, trial_template, typed


def test_figures_of_an_inserted_subtotal_are_named() -> None:
    def insert(book: Workbook) -> None:
        sheet = table(book, "SY01")
        sheet.insert_rows(10)
        sheet["A10"], sheet["E10"] = "小计", 52

    examination = examine_trial(edited(trial_template(ANSWERS), insert))
    finding = only(examination, "value_without_code")
    assert (finding.cell.address, finding.found) == ("E10", "52")
    assert examination.values == ANSWERS


def test_columns_beside_the_table_are_named() -> None:
    def add(book: Workbook) -> None:
        sheet = table(book, "SY01")
        sheet["G6"], sheet["G8"], sheet["H9"] = "核对数", 99, "已核"

    examination = examine_trial(edited(trial_template(ANSWERS), add))
    (said,) = examination.not_checked
    assert said.zh == "工作表“SY01 数量”的 G、H 列不是报表的列，其中 2 格没有读取"
    assert examination.values == ANSWERS


def test_merged_cells_to_fill_in_are_named() -> None:
    def merge(book: Workbook) -> None:
        table(book, "SY01").merge_cells("E8:E9")

    examination = examine_trial(edited(trial_template(ANSWERS), merge))
    finding = only(examination, "merged_cells")
    assert (finding.cell.address, finding.found) == ("E9", "E8:E9")
    assert "required" in codes(examination)


def test_a_figure_merged_into_the_column_of_last_year_is_named() -> None:
    def merge(book: Workbook) -> None:
        table(book, "SY01").merge_cells("D8:E8")

    assert only(examine_trial(edited(trial_template(ANSWERS), merge)), "merged_cells").cell.address == "E8"


def test_cells_merged_with_the_note_lose_nothing() -> None:
    def merge(book: Workbook) -> None:
        table(book, "SY01").merge_cells("E8:F8")

    assert codes(examine_trial(edited(trial_template(ANSWERS), merge))) == []


def test_comments_on_answers_and_notes_are_named() -> None:
    def add(book: Workbook) -> None:
        sheet = table(book, "SY01")
        sheet["E8"].comment, sheet["F9"].comment = Comment("含街道\n及社区", "张三"), Comment("已核", "")

    examination = examine_trial(edited(trial_template(ANSWERS), add))
    assert [(each.code, each.cell.address, each.found) for each in examination.findings] == [
        ("comment_not_read", "E8", "含街道 及社区"),
        ("comment_not_read", "F9", "已核"),
    ]


def test_the_portals_own_comments_are_none_of_the_users() -> None:
    first = examine_trial(edited(trial_template(ANSWERS), typed({"SY0101": "三十"})))
    assert codes(examine_trial(annotated(first))) == codes(first)
