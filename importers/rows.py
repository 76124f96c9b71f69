"""A workbook read row by row: what a long file needs, where a record for every cell would cost too much.

A row passes from the child as one line. In it a plain number is its digits; any other cell is a list of its parts.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from importers.cell_values import is_percent_format, is_scaled_format
from importers.workbook import CellKind, ReadCell, Record, SheetEnd, WorkbookHeader

ROW = "row"
Item = str | list[Any]


class ReadRow(NamedTuple):
    """The cells of a row that hold something: their columns from 1, and what stands in each."""

    sheet: str
    row: int
    columns: list[int]
    items: list[Item]

    def cells(self) -> Iterator[ReadCell]:
        """The cells one by one."""
        for column, item in zip(self.columns, self.items, strict=True):
            yield cell_of(self.sheet, self.row, column, item)


def in_rows(records: Iterable[Record]) -> Iterator[WorkbookHeader | ReadRow | SheetEnd]:
    """The same records, the cells of a row together; a row that comes in several parts stays in several."""
    row: ReadRow | None = None
    for record in records:
        if row is not None and not (isinstance(record, ReadCell) and record[:2] == row[:2]):
            yield row
            row = None
        if not isinstance(record, ReadCell):
            yield record
            continue
        if row is None:
            row = ReadRow(record.sheet, record.row, [], [])
        row.columns.append(record.column)
        row.items.append(item_of(record))
    if row is not None:
        yield row


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
