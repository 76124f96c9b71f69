"""The cells of one worksheet part, heard as a stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from importers import limits
from importers.cell_values import LONGEST_TEXT, number_or_date, reads_elsewhere, unescaped
from importers.reader_styles import Styles
from importers.workbook import (
    MAX_COLUMN,
    MAX_ROW,
    CellKind,
    Comment,
    Merged,
    ReadCell,
    SheetEnd,
    column_letters,
    iso_text,
    parse_address,
)
from portal.errors import WorkbookUnreadable

_TRUE = {"1", "true"}
_Meaning = tuple[CellKind, str, Decimal | str | bool | None]


@dataclass(frozen=True)
class SheetContext:
    """What a sheet's cells refer to."""

    sheet: str
    texts: Sequence[str]
    styles: Styles
    epoch_1904: bool


class SheetListener:
    """Hears a worksheet; `take` hands over the cells heard since the last time, `finish` the rest of what is known."""

    def __init__(self, context: SheetContext, seen_elsewhere: int = 0) -> None:
        self.elements = seen_elsewhere  # over all sheets of the file, for the limit
        self._context = context
        self._ready: list[ReadCell] = []
        self._columns_seen: dict[int, int] = {}  # row → a bit for each column, so that no cell comes twice
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        self._merged: list[Merged] = []
        self._in_rows = False
        self._row = 0
        self._column = 0
        self._type = "n"
        self._style: str | None = None
        self._listening: list[str] | None = None
        self._content: list[str] = []
        self._formula: list[str] = []
        self._has_formula = self._has_content = self._in_aid = False

    def take(self) -> list[ReadCell]:
        """Cells heard since the last call, in file order."""
        ready, self._ready = self._ready, []
        return ready

    def finish(self, comments: Sequence[Comment] = ()) -> SheetEnd:
        """What is known of the sheet once it has been heard whole, with the comments of another part."""
        hidden = frozenset(self._hidden_rows), frozenset(self._hidden_columns)
        return SheetEnd(self._context.sheet, *hidden, tuple(self._merged), tuple(comments))

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A row, a cell, or a part of a cell begins."""
        if not self._in_rows:
            if name == "sheetData":
                self._in_rows = True
            elif name == "col":
                self._note_columns(attributes)
            elif name == "mergeCell" and len(self._merged) < limits.MAX_MERGED:
                self._note_merged(attributes.get("ref", ""))
        elif name == "c":
            self._start_cell(attributes)
        elif name in {"v", "t"}:
            self._has_content = True
            self._listening = None if self._in_aid else self._content
        elif name == "f":
            self._has_formula = True
            self._listening = self._formula
        elif name == "row":
            self._start_row(attributes)
        elif name == "rPh":
            self._in_aid = True

    def end(self, name: str) -> None:
        """A part of a cell, a cell or the rows are complete."""
        if name in {"v", "t", "f"}:
            self._listening = None
        elif name == "c" and self._in_rows:
            self._end_cell()
        elif name == "sheetData":
            self._in_rows = False
        elif name == "rPh":
            self._in_aid = False

    def text(self, content: str) -> None:
        """A piece of a value or formula."""
        if self._listening is not None:
            self._listening.append(content)

    def _note_columns(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("hidden") in _TRUE:
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdecimal() and last.isdecimal() and len(last) <= len(str(MAX_COLUMN)):
                self._hidden_columns.update(range(int(first), min(int(last), limits.MAX_COLUMNS) + 1))

    def _note_merged(self, reference: str) -> None:
        first, last = (parse_address(address) for address in (reference.partition(":")[::2]))
        if first is not None and last is not None:
            self._merged.append(Merged(*first, *last))

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        number = attributes.get("r")
        if number is None:
            self._row += 1
        elif number.isdecimal() and len(number) <= len(str(MAX_ROW)):
            self._row = int(number)
        else:
            self._row = 0
        if not 1 <= self._row <= MAX_ROW:
            raise WorkbookUnreadable("bad_row", f"{self._context.sheet} {number}")
        self._column = 0
        if attributes.get("hidden") in _TRUE and self._row <= limits.MAX_ROWS:
            self._hidden_rows.add(self._row)

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        if self.elements > limits.MAX_CELLS:
            raise WorkbookUnreadable("too_many_cells")
        address = attributes.get("r")
        if address is None:
            self._column += 1
        else:
            place = parse_address(address)
            if place is None or place[0] != self._row:
                raise WorkbookUnreadable("bad_cell_ref", f"{self._context.sheet}!{address[:20]}")
            self._column = place[1]
        self._type = attributes.get("t", "n")
        self._style = attributes.get("s")
        self._content, self._formula = [], []
        self._has_formula = self._has_content = False

    def _end_cell(self) -> None:
        if not (self._has_content or self._has_formula):
            return
        self._check_place()
        stored = "".join(self._content)
        if len(stored) > LONGEST_TEXT:
            raise WorkbookUnreadable(
                "text_too_long", f"{self._context.sheet}!{column_letters(self._column)}{self._row}"
            )
        number_format = self._context.styles.format_of(self._style)
        meaning = self._meaning(stored, number_format)
        if meaning is None:
            return
        kind, raw, value = meaning
        self._ready.append(
            ReadCell(
                sheet=self._context.sheet,
                row=self._row,
                column=self._column,
                kind=kind,
                raw=raw,
                value=value,
                number_format=number_format,
                has_formula=self._has_formula,
                external=self._has_formula and reads_elsewhere("".join(self._formula)),
            )
        )

    def _check_place(self) -> None:
        if self._row > limits.MAX_ROWS:
            raise WorkbookUnreadable("too_many_rows", f"{self._context.sheet} {self._row}")
        if self._column > limits.MAX_COLUMNS:
            raise WorkbookUnreadable("too_many_columns", f"{self._context.sheet} {column_letters(self._column)}")
        seen, bit = self._columns_seen.get(self._row, 0), 1 << self._column
        if seen & bit:
            raise WorkbookUnreadable(
                "duplicate_cell", f"{self._context.sheet}!{column_letters(self._column)}{self._row}"
            )
        self._columns_seen[self._row] = seen | bit

    def _meaning(self, stored: str, number_format: str) -> _Meaning | None:
        """Kind, raw content and value; None for a cell that turns out to be blank."""
        if not self._has_content:
            return CellKind.FORMULA_WITHOUT_VALUE, "", None
        match self._type:
            case "s":
                return self._shared_text(stored)
            case "str" | "inlineStr":
                return CellKind.TEXT, stored, unescaped(stored)
            case "b":
                return CellKind.BOOLEAN, stored, stored.strip() in _TRUE
            case "e":
                return CellKind.ERROR, stored, None
            case "d":
                return _iso_date(stored)
        if not stored.strip():
            # Programs that compute mark an empty result as text (t="str"); the others just leave the value empty.
            return (CellKind.FORMULA_WITHOUT_VALUE, "", None) if self._has_formula else None
        kind, value = number_or_date(stored, number_format, epoch_1904=self._context.epoch_1904)
        return kind, stored, value

    def _shared_text(self, stored: str) -> _Meaning:
        index = stored.strip()
        if not index.isdecimal() or len(index) > len(str(limits.MAX_SHARED_TEXTS)):
            raise WorkbookUnreadable("bad_string_index", f"{self._context.sheet} {index[:20]}")
        if int(index) >= len(self._context.texts):
            raise WorkbookUnreadable("bad_string_index", f"{self._context.sheet} {index}")
        text = self._context.texts[int(index)]
        return CellKind.TEXT, text, unescaped(text)


def _iso_date(stored: str) -> _Meaning:
    """A date as strict files store it; what is none, is an error."""
    try:
        return CellKind.DATE, stored, iso_text(datetime.fromisoformat(stored.strip()))
    except ValueError:
        return CellKind.ERROR, stored, None
