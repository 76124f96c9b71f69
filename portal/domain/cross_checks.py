"""Whether a cross table makes sense, and where in the form file a mistake of one of its cells was made."""

import re
from collections.abc import Iterator, Sequence

from portal.domain.careful_yaml import PlainPath
from portal.domain.cross_tables import NEEDED, CrossTable, Leaf, Line
from portal.domain.form_records import INDICATOR
from portal.domain.forms import FormVersion, Sheet
from portal.domain.record_kinds import Mistakes

_LINE_CODE = re.compile(r"[A-Z0-9_]{1,16}", re.ASCII)
_ATTRIBUTE = {each.key: each.name for each in INDICATOR.table}


def check_layout(sheet: Sheet, path: PlainPath, mistakes: Mistakes) -> None:
    """A sheet is made in one way; a cross table's rows and columns are named, and every cell is told enough."""
    if [bool(sheet.listed), sheet.cross is not None, sheet.table is not None].count(True) != 1:
        zh = "一张表须有 indicators、cross、list 三者之一"
        mistakes.add(path, zh, "a sheet has one of indicators, cross and list")
    if sheet.cross is None:
        return
    cross, path = sheet.cross, (*path, "cross")
    for axis, others in (("columns", cross.row_leaves), ("rows", cross.column_leaves)):
        lines: tuple[Line, ...] = getattr(cross, axis)
        if not lines:
            mistakes.add((*path, axis), "至少要有一个", "there must be at least one")
        seen: set[str] = set()
        for line, place in _all_lines(lines, (*path, axis)):
            _check_line(line, place, {leaf.code for leaf in others}, mistakes)
            if line.code and line.code in seen:
                mistakes.add((*place, "code"), f"“{line.code}”重复", f'"{line.code}" comes twice')
            seen.add(line.code)
    for name in NEEDED:
        told = [_tellers(cross, row, column, name) for row, column in cross.crossings]
        if not all(told):
            key = next(key for key, attribute in _ATTRIBUTE.items() if attribute == name)
            mistakes.add((*path, "cells"), f"有单元格缺少 “{key}”", f'"{key}" is missing for some cell')


def _all_lines(lines: Sequence[Line], path: PlainPath) -> Iterator[tuple[Line, PlainPath]]:
    for position, line in enumerate(lines):
        yield line, (*path, position)
        yield from _all_lines(line.lines, (*path, position, "lines"))


def _check_line(line: Line, path: PlainPath, others: set[str], mistakes: Mistakes) -> None:
    if line.lines and (line.code or line.sum or line.blocked or line.cells):
        zh = "有 lines 的是标题，不能有 code、sum、blocked、cells"
        mistakes.add(path, zh, "what has lines is a heading and takes no code, sum, blocked or cells")
    elif not line.lines and not _LINE_CODE.fullmatch(line.code):
        zh = f"行列代码“{line.code}”须由大写字母、数字、下划线组成"
        mistakes.add((*path, "code"), zh, f'line code "{line.code}" must be capital letters, digits and underscores')
    for position, code in enumerate(line.blocked):
        if code not in others:
            mistakes.add((*path, "blocked", position), f"没有“{code}”", f'there is no "{code}"')


def place_in_file(form: FormVersion, path: PlainPath) -> PlainPath:
    """Where in the form file something about an indicator was said: for a cell, at the table, the column or the row.

    Args:
        form: as read.
        path: of the indicator among its sheet's indicators, and of the key within it.
    """
    match path:
        case ("sheets", int(number), "indicators", int(position), *rest):
            cross = form.sheets[number].cross
            if cross is not None:
                row, column = cross.crossings[position]
                return (*path[:2], "cross", *_said_at(cross, row, column, tuple(rest)))
    return path


def _said_at(cross: CrossTable, row: Leaf, column: Leaf, rest: PlainPath) -> PlainPath:
    row_path, column_path = ("rows", *row.path), ("columns", *column.path)
    if not rest or rest[0] == "code":
        return row_path
    if rest[0] in {"source", "formula", "carried_from"} and (row.line.sum or column.line.sum):
        return (*(row_path if row.line.sum else column_path), "sum")
    tellers = _tellers(cross, row, column, _ATTRIBUTE.get(str(rest[0]), ""))
    where = {"row": row_path, "column": column_path, "table": ()}[tellers[0] if tellers else "row"]
    return (*where, "cells", *rest) if tellers else row_path


def _tellers(cross: CrossTable, row: Leaf, column: Leaf, name: str) -> list[str]:
    """Who says an attribute of a cell: the row before the column, the column before the table."""
    said = {"row": row.line.cells, "column": column.line.cells, "table": cross.cells}
    return [teller for teller, traits in said.items() if name in dict(traits)]
