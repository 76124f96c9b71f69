"""Text tables: CSV as UTF-8, UTF-16 with a mark or GB 18030, with commas, semicolons or tabs, quoted or not."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from importers import limits
from importers.cell_values import LONGEST_TEXT, clean_text
from importers.tables import is_head
from importers.workbook import CellKind, ReadCell, Record, SheetEnd, SheetHeader, WorkbookHeader
from portal.domain.values import exact_text
from portal.errors import WorkbookUnreadable

SHEET = "CSV"
"""The only sheet of such a file; it has no name of its own."""

_DELIMITERS = ",;\t"
_LOOKED_AT = 200  # rows, to tell the delimiter
_SAID = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)  # the first line of files made for Excel
_NUMBER = re.compile(r"-?\d{1,28}(?:\.\d{1,28})?", re.ASCII)
_ESCAPED = re.compile(r"'(?=[=+\-@\t\r])")  # by `portal.domain.spreadsheet_text.not_a_formula`
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LOST_CHARACTER = "\ufffd"


def read_csv(content: bytes) -> Iterator[Record]:
    """The header, then the cells and the end of the only sheet.

    Raises:
        WorkbookUnreadable: `csv_encoding`, `csv_columns` or `csv_quotes`, or it is larger than any report.
    """
    text = _decoded(content)
    said = _SAID.match(text)
    lines = text[said.end() :] if said else text
    delimiter = said[1] if said else _delimiter_of(lines)
    yield WorkbookHeader((SheetHeader(SHEET),))
    cells, head = 0, limits.MAX_COLUMNS
    for number, row in enumerate(_rows(lines, delimiter), start=2 if said else 1):
        found = [_cell(number, column, content) for column, content in enumerate(row, start=1) if content.strip()]
        cells += len(found)
        if number > limits.MAX_ROWS or cells > limits.MAX_CELLS:
            raise WorkbookUnreadable("too_many_rows", str(number))
        if found and found[-1].column > head:  # 1,234 without quotes would be read as 1
            raise WorkbookUnreadable("too_many_columns" if head == limits.MAX_COLUMNS else "csv_ragged", str(number))
        if is_head(found):
            head = found[-1].column
        yield from found
    yield SheetEnd(SHEET)


def _decoded(content: bytes) -> str:
    """The text; an encoding is taken only if every byte of the file is one of it."""
    for encoding in ("utf-16",) if content.startswith(_UTF_16) else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _LOST_CHARACTER in text or "\0" in text:
            break
        return text
    raise WorkbookUnreadable("csv_encoding")


def _delimiter_of(text: str) -> str:
    """The delimiter by which most rows fall into equally many columns.

    Raises:
        WorkbookUnreadable: none makes columns, or two do equally well.
    """
    fits = {delimiter: _fit(text, delimiter) for delimiter in _DELIMITERS}
    best = max(fits.values())
    fitting = [delimiter for delimiter, fit in fits.items() if fit == best]
    if best == (0, 0) or len(fitting) > 1:
        raise WorkbookUnreadable("csv_columns")
    return fitting[0]


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """How many rows have several columns, and how many of these have as many as most."""
    try:
        widths = [len(row) for row in islice(_rows(text, delimiter), _LOOKED_AT) if len(row) > 1]
    except WorkbookUnreadable:  # the quotes of the file are not at the edges of such cells
        return 0, 0
    return len(widths), max(Counter(widths).values(), default=0)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_TEXT)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from rows
    except csv.Error as cause:
        reason = "text_too_long" if "field larger" in str(cause) else "csv_quotes"
        raise WorkbookUnreadable(reason, str(rows.line_num)) from cause


def _cell(row: int, column: int, stored: str) -> ReadCell:
    """A cell; a number only where nothing is lost by it, since a text may be meant: 007."""
    text = clean_text(_ESCAPED.sub("", stored, count=1))
    if _NUMBER.fullmatch(text) and exact_text(Decimal(text)) == text:
        return ReadCell(SHEET, row, column, CellKind.NUMBER, text, Decimal(text))
    return ReadCell(SHEET, row, column, CellKind.TEXT, text, text)
