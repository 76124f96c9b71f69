"""A workbook read row by row: what a long file needs, where a record for every cell would cost too much.

A row passes from the child as one line. In it the plain numbers are two texts, their columns and their digits; any
other cell is a list of its parts.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from importers.cell_values import is_percent_format, is_scaled_format
from importers.workbook import CellKind, ReadCell, Record, SheetEnd, WorkbookHeader

ROW = "row"
Item = str | list[Any]
"""What stands in a cell: the digits of a plain number, or kind, raw content, value and so on."""


class ReadRow(NamedTuple):
    """The cells of a row that hold something.

    Attributes:
        row: from 1.
        columns: of the plain numbers, from 1: `4,5,6`.
        digits: the plain numbers in the same order: `12,-3,0.5`.
        others: column and item of every other cell.
    """

    sheet: str
    row: int
    columns: str
    digits: str
    others: list[tuple[int, list[Any]]]

    def items(self) -> Iterator[tuple[int, Item]]:
        """Column and item of every cell, the plain numbers first."""
        if self.columns:
            yield from zip(columns_of(self.columns), self.digits.split(","), strict=True)
        yield from self.others

    def item_at(self, column: int) -> Item | None:
        """What stands in a column."""
        for other, item in self.others:
            if other == column:
                return item
        columns = columns_of(self.columns)
        return self.digits.split(",")[columns.index(column)] if column in columns else None

    def cells(self) -> Iterator[ReadCell]:
        """The cells one by one."""
        for column, item in self.items():
            yield cell_of(self.sheet, self.row, column, item)


@lru_cache(maxsize=1024)
def columns_of(columns: str) -> tuple[int, ...]:
    """The columns of plain numbers; nearly all rows of a sheet have the same."""
    return tuple(map(int, columns.split(","))) if columns else ()


def row_of(sheet: str, number: int, items: Iterable[tuple[int, Item]]) -> ReadRow:
    """A row with these cells."""
    plain: list[tuple[int, str]] = []
    others: list[tuple[int, list[Any]]] = []
    for column, item in items:
        if isinstance(item, str):
            plain.append((column, item))
        else:
            others.append((column, item))
    columns, digits = (",".join(str(each[part]) for each in plain) for part in (0, 1))
    return ReadRow(sheet, number, columns, digits, others)


def in_rows(records: Iterable[Record]) -> Iterator[WorkbookHeader | ReadRow | SheetEnd]:
    """The same records, the cells of a row together; a row that comes in several parts stays in several."""
    cells: list[ReadCell] = []
    for record in records:
        if cells and not (isinstance(record, ReadCell) and record[:2] == cells[0][:2]):
            yield _together(cells)
            cells = []
        if isinstance(record, ReadCell):
            cells.append(record)
        else:
            yield record
    if cells:
        yield _together(cells)


def _together(cells: list[ReadCell]) -> ReadRow:
    return row_of(cells[0].sheet, cells[0].row, ((cell.column, item_of(cell)) for cell in cells))


def item_of(cell: ReadCell) -> Item:
    """A cell as it stands in a row."""
    is_number = isinstance(cell.value, Decimal)
    value = str(cell.value) if is_number else cell.value
    if is_number and cell.kind is CellKind.NUMBER and not cell.external and is_plain(value, cell.number_format):
        return str(value)
    return [cell.kind.value, cell.raw, value, is_number, cell.number_format, cell.has_formula, cell.external]


def is_plain(digits: object, number_format: str) -> bool:
    """Whether a number is what it looks like: no exponent, and no format that shows another one."""
    return "E" not in str(digits) and not (is_percent_format(number_format) or is_scaled_format(number_format))


def cell_of(sheet: str, row: int, column: int, item: Item) -> ReadCell:
    """The cell that an item of a row stands for."""
    if isinstance(item, str):
        return ReadCell(sheet, row, column, CellKind.NUMBER, item, Decimal(item))
    kind, raw, value, is_number, number_format, has_formula, external = item
    meaning = Decimal(value) if is_number else value
    return ReadCell(sheet, row, column, CellKind(kind), raw, meaning, number_format, has_formula, external)


def row_line(row: ReadRow) -> str:
    """A row as one line, without the line break."""
    return json.dumps([ROW, *row], ensure_ascii=False, separators=(",", ":"))


def read_line(line: bytes) -> ReadRow:
    """The row of such a line."""
    return ReadRow(*json.loads(line)[1:])
