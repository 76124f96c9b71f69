"""Reads the cells of ordinary rows, ten times faster than an XML parser lets us hear them."""

import re
from typing import Any

from importers import limits
from importers.cell_values import LONGEST_TEXT, number_or_date, unescaped
from importers.ordinary_rows import CELLS, Formats, OrdinaryRow, Shape, column_of
from importers.reader_sheet import SheetContext
from importers.rows import Item, ReadRow, item_of, row_of
from importers.workbook import MAX_ROW, CellKind, ReadCell
from portal.errors import WorkbookUnreadable

LONGEST_PART = 64 * 1024**2
"""A part that is held in memory whole; a longer one is heard as a stream."""

_SAME_DIGITS = re.compile(r"0|-?[1-9][0-9]{0,14}", re.ASCII)


class PlainReader:
    """Reads the cells of ordinary rows; refuses what `SheetListener` refuses."""

    def __init__(self, part: bytes, context: SheetContext, seen_elsewhere: int) -> None:
        self.elements = seen_elsewhere
        self._part = part
        self._context = context
        self._formats = Formats(context)

    def row(self, row: OrdinaryRow) -> ReadRow | None:
        """The cells that hold something; None if none does.

        Raises:
            WorkbookUnreadable: more or larger than any report, or a cell that stands elsewhere than it says, or twice.
        """
        if row.number > MAX_ROW:
            raise WorkbookUnreadable("bad_row", f"{self._context.sheet} {row.number}")
        read = self._cell_by_cell(row) if row.shape is None else self._shaped(row, row.shape)
        if read is not None and row.number > limits.MAX_ROWS:
            raise WorkbookUnreadable("too_many_rows", f"{self._context.sheet} {row.number}")
        return read

    def _shaped(self, row: OrdinaryRow, shape: Shape) -> ReadRow | None:
        self._count(shape.elements)
        sheet = self._context.sheet
        others: list[tuple[int, list[Any]]] = []
        for cell, content in zip(shape.others, row.others, strict=True):
            text = str(content, "utf-8")
            parts = ("", text) if cell.inline else (text, "")
            item = self._item(cell.style, cell.kind, *parts, f"{sheet}!{cell.letters}{row.number}")
            if isinstance(item, list):
                others.append((column_of(cell.letters) or 0, item))
        return ReadRow(sheet, row.number, shape.columns, row.digits, others) if row.digits or others else None

    def _cell_by_cell(self, row: OrdinaryRow) -> ReadRow | None:
        sheet, number = self._context.sheet, str(row.number)
        at: dict[int, Item] = {}
        filled: set[int] = set()
        cells = CELLS.findall(str(self._part[row.begin : row.end], "utf-8"))
        self._count(len(cells))
        for letters, of_row, style, kind, stored, inline in cells:
            column = column_of(letters)
            if of_row != number or column is None:
                raise WorkbookUnreadable("bad_cell_ref", f"{sheet}!{letters}{of_row}")
            if not (stored or inline):
                continue
            if column > limits.MAX_COLUMNS:
                raise WorkbookUnreadable("too_many_columns", f"{sheet} {letters}")
            if column in filled:
                raise WorkbookUnreadable("duplicate_cell", f"{sheet}!{letters}{of_row}")
            filled.add(column)
            item = self._item(style, kind, stored, inline, f"{sheet}!{letters}{of_row}")
            if item is not None:
                at[column] = item
        return row_of(sheet, row.number, at.items()) if at else None

    def _count(self, cells: int) -> None:
        self.elements += cells
        if self.elements > limits.MAX_CELLS:
            raise WorkbookUnreadable("too_many_cells")

    def _item(self, style: str, kind: str, stored: str, inline: str, place: str) -> Item | None:
        number_format, plain = self._formats[style]
        if inline or kind == "s":
            text = inline or self._shared(stored, place)
            if len(text) > LONGEST_TEXT:
                raise WorkbookUnreadable("text_too_long", place)
            return [CellKind.TEXT.value, text, unescaped(text), False, number_format, False, False]
        if plain and _SAME_DIGITS.fullmatch(stored):
            return stored
        if not stored.strip():
            return None
        found, value = number_or_date(stored, number_format, epoch_1904=self._context.epoch_1904)
        return item_of(ReadCell("", 0, 0, found, stored, value, number_format))

    def _shared(self, stored: str, place: str) -> str:
        index = stored.strip()
        if not index.isdecimal() or len(index) > len(str(limits.MAX_SHARED_TEXTS)):
            raise WorkbookUnreadable("bad_string_index", place)
        if int(index) >= len(self._context.texts):
            raise WorkbookUnreadable("bad_string_index", place)
        return self._context.texts[int(index)]
