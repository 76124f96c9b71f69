"""Reads a form out of a workbook; every mistake is said, each with its sheet and cell."""

from collections.abc import Iterator
from typing import Any

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
    FormSheet,
    parse_cell_text,
)
from importers.form_workbook import HEADER_ROWS
from importers.sandbox import read_workbook
from importers.workbook import ReadCell, ReadSheet, ReadWorkbook, column_letters
from portal.domain.careful_yaml import PlainPath
from portal.domain.form_file import FindBefore, examine_content
from portal.domain.forms import FormVersion, Text
from portal.errors import FormInvalid

Record = dict[str, Any]

INDICATOR_LIST = "indicators"
_OTHER_WAYS = ("cross", "list")
"""What a sheet may be made of besides indicators, as form files call it."""


def read_form_workbook(content: bytes, find_before: FindBefore | None = None) -> FormVersion:
    """Read a form's workbook; for `find_before` see `read_form`.

    Raises:
        WorkbookUnreadable: it is no workbook that can be read.
        FormInvalid: with every mistake, each with its cell.
    """
    reading = _Reading(read_workbook(content))
    form, mistakes = examine_content(reading.form(), find_before)
    found = [*reading.problems, *((reading.place(path), problem) for path, problem in mistakes.found)]
    if found:
        raise FormInvalid([f"{place}: {problem.zh} / {problem.en}" for place, problem in found])
    return form


class _Reading:
    """The records of a workbook put together as a form file has them.

    Attributes:
        problems: what could not be read, by place.
    """

    def __init__(self, workbook: ReadWorkbook) -> None:
        self.problems: list[tuple[str, Text]] = []
        self._rows: dict[PlainPath, tuple[FormSheet, int]] = {}
        self._columns: dict[tuple[str, str], int] = {}
        sheets = {sheet.name: sheet for sheet in workbook.sheets}
        self._records = {sheet: list(self._read(sheet, sheets.get(sheet.title))) for sheet in ALL}

    def form(self) -> Record:
        """The content of the form file."""
        head = next((record for _, record in self._records[HEAD]), {})
        for row, _ in self._records[HEAD][1:]:
            self._refuse(HEAD, row, "报表只能有一行", "only one row is wanted")
        form: Record = {**head, "sheets": [], "rules": []}
        self._rows[()] = (HEAD, HEADER_ROWS + 1)
        tables: dict[str, Record] = {}
        for position, (row, record) in enumerate(self._records[SHEETS]):
            self._rows["sheets", position] = (SHEETS, row)
            cells = record.pop("cells", None)
            table = record | ({"cross": {"cells": cells} if cells else {}} if self._is_cross(record) else {})
            form["sheets"].append(table)
            tables.setdefault(str(record.get("code")), {"path": ("sheets", position), "content": table})
        self._take_listed(tables)
        self._take_lines(tables)
        self._take_rules(form, tables)
        for sheet, key in ((OUTLINE, "outline"), (MAPPING, "mapping")):
            for position, (row, record) in enumerate(self._records[sheet]):
                self._rows[key, position] = (sheet, row)
                form.setdefault(key, []).append(record)
        return form

    def place(self, path: PlainPath) -> str:
        """The cell that a place in the form file came from, or the row."""
        end = next(end for end in range(len(path), -1, -1) if path[:end] in self._rows)
        sheet, row = self._rows[path[:end]]
        rest = [str(step) for step in path[end:]]
        keys = [".".join(rest[:2]), *rest[:1], *(f"{step}.zh" for step in rest[:1]), *rest[1:2]]
        column = next((self._columns[sheet.title, key] for key in keys if (sheet.title, key) in self._columns), 1)
        return _place(sheet, row, column)

    def _read(self, sheet: FormSheet, read: ReadSheet | None) -> Iterator[tuple[int, Record]]:
        """The rows of a sheet as records; the row of keys says which column is which."""
        keys: dict[int, str] = {}
        for number, cells in read.rows() if read else ():
            if number == HEADER_ROWS:
                keys = self._keys(sheet, cells)
            elif number > HEADER_ROWS:
                record = self._record(sheet, {keys[each.column]: each for each in cells if each.column in keys})
                if record:
                    yield number, record

    def _keys(self, sheet: FormSheet, cells: list[ReadCell]) -> dict[int, str]:
        keys = {cell.column: cell.text.strip() for cell in cells if cell.text.strip()}
        for column, key in keys.items():
            if key not in sheet.by_key or (sheet.title, key) in self._columns:
                self._say(sheet, HEADER_ROWS, column, f"不认识或重复的列“{key}”", f'unknown or repeated column "{key}"')
            self._columns.setdefault((sheet.title, key), column)
        return {column: key for column, key in keys.items() if key in sheet.by_key}

    def _record(self, sheet: FormSheet, cells: dict[str, ReadCell]) -> Record:
        record: Record = {}
        for key, cell in cells.items():
            text = str(cell.value).lower() if isinstance(cell.value, bool) else cell.text
            if not text.strip():
                continue
            column = sheet.by_key[key]
            try:
                content = parse_cell_text(column.kind, text)
            except ValueError as failure:
                self._say(sheet, cell.row, cell.column, f"不能读取：{failure}", f"cannot be read: {failure}")
                continue
            inside = record
            for step in column.path[:-1]:
                inside = inside.setdefault(step, {})
            inside[column.path[-1]] = content
        return record

    def _is_cross(self, sheet: Record) -> bool:
        return "cells" in sheet or any(each.get(TABLE) == sheet.get("code") for _, each in self._records[LINES])

    def _of_table(
        self, sheet: FormSheet, row: int, record: Record, tables: dict[str, Record], made: str
    ) -> Record | None:
        """The table that a row is of; it must be there, and be made in this way."""
        code = record.pop(TABLE, None)
        table = tables.get(str(code))
        if table is None or next((way for way in _OTHER_WAYS if way in table["content"]), INDICATOR_LIST) != made:
            self._refuse(sheet, row, f"没有这样的表“{code}”", f'there is no such table "{code}"')
            return None
        return table

    def _take_listed(self, tables: dict[str, Record]) -> None:
        """Indicators, and columns of lists."""
        for sheet, made, inside in ((INDICATORS, INDICATOR_LIST, ()), (LIST_COLUMNS, "list", ("list",))):
            for row, record in self._records[sheet]:
                table = self._of_table(sheet, row, record, tables, made)
                if table:
                    holder, key = (table["content"]["list"], "columns") if inside else (table["content"], made)
                    listed = holder.setdefault(key, [])
                    self._rows[*table["path"], *inside, key, len(listed)] = (sheet, row)
                    listed.append(record)

    def _take_lines(self, tables: dict[str, Record]) -> None:
        """Rows and columns; each stands under the nearest one before it that is less deep."""
        open_lines: dict[tuple[str, str], list[tuple[PlainPath, Any]]] = {}
        for row, record in self._records[LINES]:
            axis, depth, code = record.pop(AXIS, None), record.pop(DEPTH, 0), str(record.get(TABLE))
            table = self._of_table(LINES, row, record, tables, "cross")
            if not table:
                continue
            if axis not in {ROW_AXIS, COLUMN_AXIS}:
                self._refuse(LINES, row, "axis 应为 row 或 column", "axis must be row or column")
                continue
            key = f"{axis}s"
            lists = open_lines.setdefault(
                (code, key), [((*table["path"], "cross", key), table["content"]["cross"].setdefault(key, []))]
            )
            if not isinstance(depth, int) or depth >= len(lists):
                self._refuse(
                    LINES, row, "depth 比上一行深了不止一级", "depth is more than one deeper than the row above"
                )
                continue
            del lists[depth + 1 :]
            path, siblings = lists[depth]
            path = (*path, len(siblings))
            self._rows[path] = (LINES, row)
            siblings.append(record)
            lists.append(((*path, "lines"), _Later(record)))

    def _take_rules(self, form: Record, tables: dict[str, Record]) -> None:
        for row, record in self._records[RULES]:
            if TABLE not in record:
                self._rows["rules", len(form["rules"])] = (RULES, row)
                form["rules"].append(record)
                continue
            table = self._of_table(RULES, row, record, tables, "cross")
            if table:
                rules = table["content"]["cross"].setdefault("rules", [])
                self._rows[*table["path"], "cross", "rules", len(rules)] = (RULES, row)
                rules.append(record)

    def _refuse(self, sheet: FormSheet, row: int, zh: str, en: str) -> None:
        self._say(sheet, row, 1, zh, en)

    def _say(self, sheet: FormSheet, row: int, column: int, zh: str, en: str) -> None:
        self.problems.append((_place(sheet, row, column), Text(zh, en)))


class _Later:
    """The list of lines under a line, which is there only once there is one."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __len__(self) -> int:
        return len(self._record.get("lines", ()))

    def append(self, line: Record) -> None:
        """Put a line under it."""
        self._record.setdefault("lines", []).append(line)


def _place(sheet: FormSheet, row: int, column: int) -> str:
    return f"{sheet.title}!{column_letters(column)}{row}"
