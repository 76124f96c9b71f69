"""OpenDocument spreadsheets, heard by the same expat as .xlsx: errors keep their names, repeats are bounded."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from importers import limits
from importers.cell_values import LONGEST_TEXT, clean_text, exact_number, reads_elsewhere
from importers.package import Package
from importers.reader_workbook import CustomProperties
from importers.workbook import (
    MAX_ROW,
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
    iso_text,
)
from portal.errors import WorkbookUnreadable

_CONTENT = "content.xml"
_ERROR_TEXT = re.compile(r"#(REF!|DIV/0!|N/A|NAME\?|VALUE!|NUM!|NULL!)|Err:\d+", re.ASCII)
_CONSTANT = re.compile(r'(?:of:)?=?"([^"]*)"')
_DURATION = re.compile(r"P(?:\d+D)?T(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S", re.ASCII)
_Meaning = tuple[CellKind, str, Decimal | str | bool | None]


def read_ods(package: Package) -> Iterator[Record]:
    """The header, then every sheet's cells and end.

    Raises:
        WorkbookUnreadable: also `encrypted`; `too_many_cells` when cells stated once are repeated without end.
    """
    _refuse_encrypted(package)
    outline = _Outline()
    package.parse(_CONTENT, outline)
    properties = CustomProperties(element="user-defined")
    if "meta.xml" in package.names:
        package.parse("meta.xml", properties)
    yield WorkbookHeader(
        sheets=tuple(
            SheetHeader(name, Visibility.HIDDEN if style in outline.hidden_styles else Visibility.VISIBLE)
            for name, style in outline.sheets
        ),
        constants=outline.constants,
        properties=properties.found,
    )
    cells = _Cells()
    for _step in package.parse_stepwise(_CONTENT, cells):
        ready, cells.ready = cells.ready, []
        yield from ready


def _refuse_encrypted(package: Package) -> None:
    manifest = _Manifest()
    if "meta-inf/manifest.xml" in package.names:
        package.parse("meta-inf/manifest.xml", manifest)
    if manifest.encrypted:
        raise WorkbookUnreadable("encrypted")


class _Silent:
    """A listener that hears nothing; its heirs hear what they are for."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Nothing begins."""

    def end(self, name: str) -> None:
        """Nothing ends."""

    def text(self, content: str) -> None:
        """Nothing is said."""


class _Manifest(_Silent):
    encrypted = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 (the name is enough)
        self.encrypted = self.encrypted or name == "encryption-data"


class _Outline(_Silent):
    """Sheets, their styles, and named texts."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.hidden_styles: set[str] = set()
        self.constants: dict[str, str] = {}
        self._style = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "style":
            self._style = attributes.get("name", "")
        elif name == "table-properties" and attributes.get("display") == "false":
            self.hidden_styles.add(self._style)
        elif name == "table":
            title = clean_text(attributes.get("name", ""))
            if len(self.sheets) >= limits.MAX_SHEETS:
                raise WorkbookUnreadable("too_many_sheets")
            if any(title == sheet for sheet, _style in self.sheets):
                raise WorkbookUnreadable("duplicate_sheet_name", title)
            self.sheets.append((title, attributes.get("style-name", "")))
        elif name == "named-expression" and len(self.constants) < limits.MAX_NAMES:
            constant = _CONSTANT.fullmatch(attributes.get("expression", ""))
            if constant:
                self.constants[attributes.get("name", "")] = constant[1]


@dataclass
class _Cell:
    """The cell being heard; `times` it stands side by side."""

    attributes: Mapping[str, str]
    times: int
    paragraphs: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)


class _Cells(_Silent):
    """Cells with content, each repeat on its own."""

    def __init__(self) -> None:
        self.ready: list[ReadCell | SheetEnd] = []
        self._sheet = ""
        self._row = self._column = self._table_column = 0
        self._row_times = 1
        self._row_cells: list[ReadCell] = []
        self._cell: _Cell | None = None
        self._in_note = self._in_paragraph = False
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        self._merged: list[Merged] = []
        self._comments: list[Comment] = []
        self._heard: list[str] = []
        self._repeated = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "table":
                self._sheet = clean_text(attributes.get("name", ""))
                self._row = self._table_column = 0
                self._hidden_rows, self._hidden_columns, self._merged, self._comments = set(), set(), [], []
            case "table-column":
                times = _times(attributes, "number-columns-repeated")
                if attributes.get("visibility", "visible") != "visible":
                    last = min(self._table_column + times, limits.MAX_COLUMNS)
                    self._hidden_columns.update(range(self._table_column + 1, last + 1))
                self._table_column += times
            case "table-row":
                self._row_times = _times(attributes, "number-rows-repeated")
                self._column = 0
                if attributes.get("visibility", "visible") != "visible":
                    last = min(self._row + self._row_times, limits.MAX_ROWS)
                    self._hidden_rows.update(range(self._row + 1, last + 1))
            case "table-cell" | "covered-table-cell":
                self._cell = _Cell(attributes, _times(attributes, "number-columns-repeated"))
            case "annotation":
                self._in_note = True
            case "p" if self._cell is not None:
                self._in_paragraph = True
                self._heard = self._cell.comment if self._in_note else self._cell.paragraphs
                self._heard.append("")
            case "s" | "tab" | "line-break" if self._in_paragraph:
                self.text({"s": " " * _times(attributes, "c"), "tab": "\t", "line-break": "\n"}[name])

    def text(self, content: str) -> None:
        if self._in_paragraph and self._heard:
            self._heard[-1] += content
            if len(self._heard[-1]) > LONGEST_TEXT:
                raise WorkbookUnreadable("text_too_long", self._sheet)

    def end(self, name: str) -> None:
        match name:
            case "p":
                self._in_paragraph = False
            case "annotation":
                self._in_note = False
            case "table-cell" | "covered-table-cell" if self._cell is not None:
                self._end_cell(self._cell)
                self._cell = None
            case "table-row":
                self._end_row()
            case "table":
                hidden = frozenset(self._hidden_rows), frozenset(self._hidden_columns)
                self.ready.append(SheetEnd(self._sheet, *hidden, tuple(self._merged), tuple(self._comments)))

    def _end_cell(self, cell: _Cell) -> None:
        first = self._column + 1
        self._column += cell.times
        self._note_merged(cell, first)
        if cell.comment and len(self._comments) < limits.MAX_COMMENTS:
            self._comments.append(Comment(self._row + 1, first, comment_text(clean_text("\n".join(cell.comment)))))
        meaning = _meaning(cell.attributes, "\n".join(cell.paragraphs))
        if meaning is None:
            return
        self._count(cell.times)
        if self._column > limits.MAX_COLUMNS:
            raise WorkbookUnreadable("too_many_columns", self._sheet)
        formula = cell.attributes.get("formula", "")
        number_format = "0%" if cell.attributes.get("value-type") == "percentage" else "General"
        for column in range(first, self._column + 1):
            self._row_cells.append(
                ReadCell(
                    self._sheet, 0, column, *meaning, number_format, bool(formula), external=reads_elsewhere(formula)
                )
            )

    def _note_merged(self, cell: _Cell, column: int) -> None:
        down, across = (_times(cell.attributes, f"number-{way}-spanned") for way in ("rows", "columns"))
        if (down, across) != (1, 1) and len(self._merged) < limits.MAX_MERGED:
            row = self._row + 1
            self._merged.append(Merged(row, column, row + down - 1, column + across - 1))

    def _end_row(self) -> None:
        first = self._row + 1
        self._row += self._row_times
        if not self._row_cells:
            return
        self._count(len(self._row_cells) * (self._row_times - 1))
        if self._row > limits.MAX_ROWS:
            raise WorkbookUnreadable("too_many_rows", self._sheet)
        for row in range(first, self._row + 1):
            self.ready.extend(cell._replace(row=row) for cell in self._row_cells)
        self._row_cells = []

    def _count(self, repeats: int) -> None:
        self._repeated += repeats
        if self._repeated > limits.MAX_CELLS or repeats > limits.MAX_REPEATED_CELLS:
            raise WorkbookUnreadable("too_many_cells", self._sheet)


def _times(attributes: Mapping[str, str], name: str) -> int:
    stated = attributes.get(name, "1")
    return max(1, min(int(stated), MAX_ROW)) if stated.isdecimal() and len(stated) <= len(str(MAX_ROW)) else 1


def _meaning(attributes: Mapping[str, str], shown: str) -> _Meaning | None:
    """Kind, raw content and value of a cell; None when it is blank."""
    value_type = attributes.get("value-type")
    has_formula = "formula" in attributes
    if value_type == "error" or (has_formula and _ERROR_TEXT.fullmatch(shown)):
        return CellKind.ERROR, shown, None
    match value_type:
        case "float" | "percentage" | "currency":
            raw = attributes.get("value", "")
            number = exact_number(raw)
            return (CellKind.ERROR if number is None else CellKind.NUMBER), raw, number
        case "boolean":
            raw = attributes.get("boolean-value", "")
            return CellKind.BOOLEAN, raw, raw == "true"
        case "date":
            raw = attributes.get("date-value", "")
            return CellKind.DATE, raw, _iso_date(raw)
        case "time":
            raw = attributes.get("time-value", "")
            duration = _DURATION.fullmatch(raw)
            return CellKind.DATE, raw, ":".join(duration.groups()) if duration else None
    if value_type is None and not shown:
        return (CellKind.FORMULA_WITHOUT_VALUE, "", None) if has_formula else None
    raw = attributes.get("string-value", shown)
    return CellKind.TEXT, raw, clean_text(raw)


def _iso_date(stored: str) -> str | None:
    try:
        return iso_text(datetime.fromisoformat(stored))
    except ValueError:
        return None
