"""Rows of a worksheet, taken apart by one regular expression where they are written as every program writes them.

A long sheet holds hundreds of thousands of cells like `<c r="D9" s="4"><v>12</v></c>`. Hearing each of them from an XML
parser costs ten times as much as looking at them here. Expat still reads the whole part, so that it is sound and has no
DTD; a sheet with anything out of the ordinary is left to `importers.reader_sheet`.
"""

import re
from dataclasses import dataclass
from functools import cache
from xml.parsers import expat

from importers import limits
from importers.cell_values import LONGEST_TEXT, clean_text, is_date_format, number_or_date
from importers.reader_sheet import SheetContext
from importers.rows import Item, ReadRow, is_plain, item_of
from importers.workbook import MAX_ROW, CellKind, ReadCell, parse_address
from portal.errors import WorkbookUnreadable

LONGEST_PART = 64 * 1024**2
"""A part that is held in memory whole; a longer one is heard as a stream."""

_BEGINS, _ENDS = b"<sheetData>", b"</sheetData>"
_ROW = re.compile(rb'<row r="([1-9][0-9]{0,6})"((?: [A-Za-z][\w:]*="[^"<&]*")*)(?: ?/>|>(.*?)</row>)', re.DOTALL)
_CELL = (
    r'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,5})")?'
    r'(?:(?: t="(n|s)")?(?: ?/>|></c>|><v>([^<&]+)</v></c>)'
    r'| t="inlineStr"><is><t(?: xml:space="preserve")?>([^<&]+)</t></is></c>)'
)
_CELLS = re.compile(_CELL)
_ONLY_CELLS = re.compile(rf"(?:{_CELL})*".encode())
_SAME_DIGITS = re.compile(r"0|-?[1-9][0-9]{0,14}", re.ASCII)
_Row = tuple[int, int, int]
"""Number of a row, and where in the part its cells begin and end."""


@dataclass(frozen=True)
class OrdinarySheet:
    """A worksheet part, and where its rows are; `frame` is the part without them."""

    part: bytes
    rows: list[_Row]
    frame: bytes


def ordinary_sheet(part: bytes) -> OrdinarySheet | None:
    """Take a worksheet apart; None if anything about its rows is out of the ordinary."""
    if b"\r" in part or not _is_plain_xml(part):
        return None
    first = part.find(_BEGINS) + len(_BEGINS)
    last = part.find(_ENDS)
    if last < first or part.count(_BEGINS) != 1 or part.count(_ENDS) != 1:
        return None
    rows: list[_Row] = []
    position, before = first, 0
    for match in _ROW.finditer(part, first, last):
        number = int(match[1])
        cells = match.span(3) if match[3] is not None else (0, 0)
        in_order = match.start() == position and number > before
        if not in_order or b"hidden" in match[2] or _ONLY_CELLS.fullmatch(part, *cells) is None:
            return None
        rows.append((number, *cells))
        position, before = match.end(), number
    return OrdinarySheet(part, rows, part[:first] + part[last:]) if position == last else None


def _is_plain_xml(part: bytes) -> bool:
    """Whether a part is sound XML in UTF-8 without comments, instructions, CDATA and DTD: a tag is what it looks like.

    What is not sound is not plain either: the parser that hears it then says what is wrong.
    """
    odd: list[object] = []
    parser = expat.ParserCreate()
    parser.CommentHandler = odd.append
    parser.ProcessingInstructionHandler = lambda *words: odd.append(words)
    parser.StartDoctypeDeclHandler = lambda *words: odd.append(words)
    parser.StartCdataSectionHandler = lambda: odd.append("CDATA")
    parser.XmlDeclHandler = lambda _version, encoding, _alone: odd.extend(
        () if encoding is None or encoding.lower() == "utf-8" else (encoding,)
    )
    try:
        parser.Parse(part, True)
    except expat.ExpatError:
        return False
    return not odd


class PlainReader:
    """Reads the cells of ordinary rows; refuses what `SheetListener` refuses."""

    def __init__(self, part: bytes, context: SheetContext, seen_elsewhere: int) -> None:
        self.elements = seen_elsewhere
        self._part = part
        self._context = context
        self._formats: dict[str, tuple[str, bool]] = {}

    def row(self, row: _Row) -> ReadRow | None:
        """The cells that hold something; None if none does.

        Raises:
            WorkbookUnreadable: more or larger than any report, or a cell that stands elsewhere than it says, or twice.
        """
        number, begin, end = row
        sheet = self._context.sheet
        if number > MAX_ROW:
            raise WorkbookUnreadable("bad_row", f"{sheet} {number}")
        at: dict[int, Item] = {}
        digits = str(number)
        cells = _CELLS.findall(str(self._part[begin:end], "utf-8"))
        self.elements += len(cells)
        if self.elements > limits.MAX_CELLS:
            raise WorkbookUnreadable("too_many_cells")
        for letters, of_row, style, kind, stored, inline in cells:
            column = _column(letters)
            if of_row != digits or column is None:
                raise WorkbookUnreadable("bad_cell_ref", f"{sheet}!{letters}{of_row}")
            item = self._item(style, kind, stored, inline, f"{sheet}!{letters}{of_row}") if stored or inline else None
            if item is None:
                continue
            if number > limits.MAX_ROWS:
                raise WorkbookUnreadable("too_many_rows", f"{sheet} {number}")
            if column > limits.MAX_COLUMNS:
                raise WorkbookUnreadable("too_many_columns", f"{sheet} {letters}")
            if column in at:
                raise WorkbookUnreadable("duplicate_cell", f"{sheet}!{letters}{of_row}")
            at[column] = item
        return ReadRow(sheet, number, list(at), list(at.values())) if at else None

    def _item(self, style: str, kind: str, stored: str, inline: str, place: str) -> Item | None:
        number_format, plain = self._format(style)
        if inline or kind == "s":
            text = inline or self._shared(stored, place)
            if len(text) > LONGEST_TEXT:
                raise WorkbookUnreadable("text_too_long", place)
            return [CellKind.TEXT.value, text, clean_text(text), False, number_format, False, False]
        if plain and _SAME_DIGITS.fullmatch(stored):
            return stored
        if not stored.strip():
            return None
        found, value = number_or_date(stored, number_format, epoch_1904=self._context.epoch_1904)
        return item_of(ReadCell("", 0, 0, found, stored, value, number_format))

    def _format(self, style: str) -> tuple[str, bool]:
        if style not in self._formats:
            code = self._context.styles.format_of(style or None)
            self._formats[style] = (code, is_plain("", code) and not is_date_format(code))
        return self._formats[style]

    def _shared(self, stored: str, place: str) -> str:
        index = stored.strip()
        if not index.isdecimal() or len(index) > len(str(limits.MAX_SHARED_TEXTS)):
            raise WorkbookUnreadable("bad_string_index", place)
        if int(index) >= len(self._context.texts):
            raise WorkbookUnreadable("bad_string_index", place)
        return self._context.texts[int(index)]


@cache
def _column(letters: str) -> int | None:
    place = parse_address(f"{letters}1")
    return place[1] if place else None
