"""Old workbooks (.xls, and .et of WPS, which carries the same stream), read by xlrd."""

import os
import re
from collections.abc import Iterator
from itertools import chain, islice, repeat

import xlrd
from xlrd.biffh import XLRDError
from xlrd.book import Book
from xlrd.sheet import Cell

from importers import limits
from importers.biff_formulas import Places, formulas_in
from importers.cell_values import clean_text, number_or_date
from importers.gate import MACRO_STREAM
from importers.reader_styles import BUILT_IN
from importers.workbook import (
    CellKind,
    Comment,
    Merged,
    ReadCell,
    Record,
    SheetEnd,
    SheetHeader,
    Visibility,
    WorkbookHeader,
    comment_text,
)
from portal.errors import WorkbookUnreadable

_VISIBILITY = {0: Visibility.VISIBLE, 1: Visibility.HIDDEN, 2: Visibility.VERY_HIDDEN}
_MACROS = re.compile(re.escape(MACRO_STREAM.encode("utf-16-le")), re.IGNORECASE)
_BLANK = {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}


def read_xls(content: bytes) -> Iterator[Record]:
    """The header, then every sheet's cells and end; formulas show as the values they had when last saved.

    Raises:
        WorkbookUnreadable: `encrypted`, or `corrupt_ole` for every way in which xlrd breaks on a damaged file.
    """
    book, formulas = _open(content)
    sheets = book.sheets()
    titles = [clean_text(sheet.name) for sheet in sheets]
    if len({title.casefold() for title in titles}) < len(titles):
        raise WorkbookUnreadable("duplicate_sheet_name")
    yield WorkbookHeader(
        sheets=tuple(
            SheetHeader(title, _VISIBILITY.get(sheet.visibility, Visibility.HIDDEN))
            for title, sheet in zip(titles, sheets, strict=True)
        ),
        constants=_text_constants(book),
        notices=("macro",) if _MACROS.search(content) else (),
    )
    cells = 0
    places = chain(formulas, repeat(Places()))
    for title, sheet, computed in zip(titles, sheets, places, strict=False):
        for row in range(sheet.nrows):
            for column, cell in enumerate(sheet.row(row)):
                if cell.ctype in _BLANK:
                    continue
                cells += 1
                if cells > limits.MAX_CELLS:
                    raise WorkbookUnreadable("too_many_cells", title)
                read = _read_cell(book, title, row, column, cell)
                yield read._replace(has_formula=True) if (row, column) in computed else read
        yield SheetEnd(
            title,
            frozenset(row + 1 for row, shown in sheet.rowinfo_map.items() if shown.hidden),
            frozenset(column + 1 for column, shown in sheet.colinfo_map.items() if shown.hidden),
            tuple(
                Merged(top + 1, left + 1, bottom, right)
                for top, bottom, left, right in sheet.merged_cells[: limits.MAX_MERGED]
            ),
            tuple(
                Comment(row + 1, column + 1, comment_text(clean_text(note.text)))
                for (row, column), note in islice(sheet.cell_note_map.items(), limits.MAX_COMMENTS)
            ),
        )


def _open(content: bytes) -> tuple[Book, list[Places]]:
    """The workbook, and where its worksheets have formulas."""
    with open(os.devnull, "w", encoding="utf-8") as log:  # noqa: PTH123 (os.devnull is a text)
        try:
            book = xlrd.open_workbook(file_contents=content, formatting_info=True, ragged_rows=True, logfile=log)
            return book, formulas_in(content)
        except XLRDError as cause:
            raise WorkbookUnreadable("encrypted" if "encrypted" in str(cause) else "corrupt_ole") from cause
        except MemoryError:
            raise
        except Exception as cause:  # struct.error, CompDocError, UnicodeDecodeError, AssertionError, IndexError …
            raise WorkbookUnreadable("corrupt_ole") from cause


def _text_constants(book: Book) -> dict[str, str]:
    results = {name.name: name.result for name in book.name_obj_list if name.result is not None}
    return {name: clean_text(result.value) for name, result in results.items() if isinstance(result.value, str)}


def _read_cell(book: Book, sheet: str, row: int, column: int, cell: Cell) -> ReadCell:
    number_format = _format_code(book, cell.xf_index)
    kind: CellKind
    raw = str(cell.value)
    value = None
    match cell.ctype:
        case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
            raw = raw.removesuffix(".0")
            kind, value = number_or_date(raw, number_format, epoch_1904=bool(book.datemode))
        case xlrd.XL_CELL_BOOLEAN:
            return ReadCell(sheet, row + 1, column + 1, CellKind.BOOLEAN, raw, bool(cell.value), number_format)
        case xlrd.XL_CELL_ERROR:
            kind, raw = CellKind.ERROR, xlrd.error_text_from_code.get(int(cell.value), raw)
        case _:
            kind, value = CellKind.TEXT, clean_text(raw)
    return ReadCell(sheet, row + 1, column + 1, kind, raw, value, number_format)


def _format_code(book: Book, style: int | None) -> str:
    if style is None or style >= len(book.xf_list):
        return "General"
    key = book.xf_list[style].format_key
    known = book.format_map.get(key)
    return BUILT_IN.get(key) or (known.format_str if known else "General")
