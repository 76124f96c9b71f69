"""A form as a workbook that a statistician can edit: a sheet for each kind of thing, a row for each thing."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.form_columns import (
    ALL,
    AXIS,
    COLUMN_AXIS,
    DEPTH,
    HEAD,
    INDICATORS,
    LINES,
    LIST_COLUMNS,
    MAPPING,
    OUTLINE,
    ROW_AXIS,
    RULES,
    SHEETS,
    TABLE,
    FormColumn,
    FormSheet,
    cell_text,
)
from importers.template import workbook_bytes
from importers.template_styles import put_text
from portal.domain.careful_yaml import Plain
from portal.domain.form_file import form_to_dict
from portal.domain.forms import FormVersion, Text
from portal.domain.record_kinds import AnyOf, Choice, Flag

HEADER_ROWS = 2
"""A line in words, and under it the keys by which the columns are read."""

_LAST_ROW = 5000
"""As far down as lists to choose from are offered."""

_NOTES = {
    HEAD: Text("报表本身。", "The form itself."),
    SHEETS: Text(
        "各张表；交叉表的 cells 写各格共有的属性，明细表的 list.code 写清单代码。",
        "The sheets; cells: what all cells of a cross table are; list.code: the code of a list.",
    ),
    INDICATORS: Text(
        "一行一个指标，table 写表号；交叉表的格不列在这里。",
        "An indicator a row; cells of cross tables are not listed here.",
    ),
    LINES: Text(
        "交叉表的行和列，axis 写 row 或 column；下面有更深（depth）的行，就是标题。",
        "Rows and columns of cross tables; one with deeper ones below it is a heading.",
    ),
    LIST_COLUMNS: Text("明细表的列，一行一列，table 写表号。", "The columns of lists, one a row."),
    RULES: Text(
        "审核关系；table 不空的沿交叉表逐列或逐行重复。",
        "The rules; with a table they repeat along its columns or rows.",
    ),
    OUTLINE: Text("文字报告的提纲。", "The outline of the report in words."),
    MAPPING: Text("与上一版的对应关系。", "What became of the indicators of the version before."),
}
_WIDTHS = {"name.zh": 36, "name.en": 30, "definition.zh": 40, "definition.en": 40, "expression": 44, "roll_up": 28}

Row = dict[str, Plain]


def form_workbook(form: FormVersion) -> bytes:
    """The form as an .xlsx file, which `read_form_workbook` reads back."""
    content: Any = form_to_dict(form)
    book = Workbook()
    rows = {
        HEAD: [content],
        SHEETS: [
            each | {"cells": each["cross"].get("cells")} if "cross" in each else each for each in content["sheets"]
        ],
        INDICATORS: list(_of_tables(content, "indicators")),
        LINES: list(_lines(content)),
        LIST_COLUMNS: [
            {TABLE: each["code"], **column}
            for each in content["sheets"]
            for column in each.get("list", {}).get("columns", [])
        ],
        RULES: [*content.get("rules", []), *_of_tables(content, "rules")],
        OUTLINE: content.get("outline", []),
        MAPPING: content.get("mapping", []),
    }
    for sheet in ALL:
        _write(book.worksheets[0] if sheet is HEAD else book.create_sheet(), sheet, rows[sheet])
    return workbook_bytes(book)


def _of_tables(content: Any, key: str) -> Iterator[Row]:
    """What stands under a key of the sheets, or of their cross tables, with the sheet's code."""
    for sheet in content["sheets"]:
        for each in sheet.get(key, sheet.get("cross", {}).get(key, [])):
            yield {TABLE: sheet["code"], **each}


def _lines(content: Any) -> Iterator[Row]:
    for sheet in content["sheets"]:
        for axis, key in ((COLUMN_AXIS, "columns"), (ROW_AXIS, "rows")):
            for line, depth in _down(sheet.get("cross", {}).get(key, []), 0):
                yield {TABLE: sheet["code"], AXIS: axis, DEPTH: depth, **line}


def _down(lines: Any, depth: int) -> Iterator[tuple[Any, int]]:
    for line in lines:
        yield line, depth
        yield from _down(line.get("lines", []), depth + 1)


def _write(worksheet: Worksheet, sheet: FormSheet, rows: list[Row]) -> None:
    worksheet.title = sheet.title
    note = _NOTES[sheet]
    put_text(worksheet["A1"], f"{note.zh} {note.en}", style.SMALL)
    for number, column in enumerate(sheet.columns, start=1):
        letter = get_column_letter(number)
        head = worksheet[f"{letter}{HEADER_ROWS}"]
        put_text(head, column.key, style.HEADER)
        worksheet.column_dimensions[letter].width = _WIDTHS.get(column.key, max(10, len(column.key) + 3))
        words = _words(column)
        if words:
            head.comment = Comment("、".join(words), "汇总", height=30 + 12 * len(words), width=220)
        if words and not isinstance(column.kind, AnyOf):
            _offer(worksheet, letter, words)
        for row, record in enumerate(rows, start=HEADER_ROWS + 1):
            content = _at(record, column)
            if content is not None:
                put_text(worksheet[f"{letter}{row}"], cell_text(column.kind, content), style.NOTE)
    worksheet.freeze_panes = f"A{HEADER_ROWS + 1}"


def _at(record: Row, column: FormColumn) -> Plain:
    """What a record has in a column; a text that is only Chinese stands there without its language."""
    content: Plain = record
    for step in column.path:
        if not isinstance(content, dict):
            return content if step == "zh" else None
        content = content.get(step)
    return content


def _words(column: FormColumn) -> list[str]:
    """The words that a column takes, if it takes only some."""
    if column.key == AXIS:
        return [COLUMN_AXIS, ROW_AXIS]
    if isinstance(column.kind, Flag):
        return ["true", "false"]
    words: type[StrEnum] | None = column.kind.words if isinstance(column.kind, Choice | AnyOf) else None
    return [str(word) for word in words or ()]


def _offer(worksheet: Worksheet, letter: str, words: list[str]) -> None:
    listed = DataValidation("list", formula1=f'"{",".join(words)}"', allow_blank=True, showErrorMessage=True)
    listed.add(f"{letter}{HEADER_ROWS + 1}:{letter}{_LAST_ROW}")
    worksheet.add_data_validation(listed)
