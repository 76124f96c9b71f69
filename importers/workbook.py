"""A workbook as it was read: cells with their exact content and place, and what the file says about itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

MAX_ROW = 1_048_576
MAX_COLUMN = 16_384
LONGEST_COMMENT = 200
_LONGEST_STORED = 2_000
# What Excel puts before a comment of a conversation, for older readers.
_THREADED = re.compile(r"\A\[[^\]\n]*\]\s.*?(?:Comment|注释|批注)\s*[:：]\s*", re.DOTALL)
_ADDRESS = re.compile(r"([A-Za-z]{1,3})([0-9]{1,10})", re.ASCII)


class CellKind(StrEnum):
    """What a cell holds. A cell without content is not read at all."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    ERROR = "error"  # an error value such as #REF!, or a number cell whose content is no finite number
    DATE = "date"  # a date, a time or a duration
    FORMULA_WITHOUT_VALUE = "formula_without_value"  # the writer never computed it


class Visibility(StrEnum):
    """Whether a sheet is shown."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    VERY_HIDDEN = "veryHidden"


class ReadCell(NamedTuple):
    """One cell as the importer reads it; a tuple, since a long file makes millions.

    Attributes:
        sheet: the sheet's name.
        row: from 1.
        column: from 1.
        raw: the content as stored: digits of a number, serial of a date, whole text, name of an error.
        value: a number exact to the 15 digits a spreadsheet keeps; a text without control characters; a bool; the date
            as ISO text; None where there is none.
        number_format: the format code, as far as the file names it; a percent sign or a scaling comma matters.
        has_formula: whether the cell computes its content.
        external: whether its formula reads another file or program.
    """

    sheet: str
    row: int
    column: int
    kind: CellKind
    raw: str
    value: Decimal | str | bool | None
    number_format: str = ""
    has_formula: bool = False
    external: bool = False

    @property
    def address(self) -> str:
        """The place as users write it: `D7`."""
        return f"{column_letters(self.column)}{self.row}"

    @property
    def text(self) -> str:
        """The content as a label: the text of a text cell, else what is stored."""
        return self.value if isinstance(self.value, str) else self.raw

    def as_json(self) -> dict[str, Any]:
        """The line `huizong cells` prints; numbers are texts, so that nothing is rounded on the way."""
        value = format(self.value, "f") if isinstance(self.value, Decimal) else self.value
        return {
            "sheet": self.sheet,
            "cell": self.address,
            "kind": self.kind.value,
            "raw": self.raw,
            "value": value,
            "format": self.number_format,
            "formula": self.has_formula,
        }


@dataclass(frozen=True)
class SheetHeader:
    """A sheet's name and whether it is shown."""

    name: str
    visibility: Visibility = Visibility.VISIBLE


@dataclass(frozen=True)
class WorkbookHeader:
    """What a file says about itself before its cells.

    Attributes:
        constants: defined names that stand for a text, not for a place.
        properties: custom document properties.
        notices: stable words on what is in the file but is not read: `embedded_object`, `macro`, `chart_sheet`,
            `external_link`.
    """

    sheets: tuple[SheetHeader, ...]
    constants: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


class Merged(NamedTuple):
    """Cells shown as one, whose content stands in the first: rows and columns from 1, the last ones included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Comment(NamedTuple):
    """What somebody attached to a cell."""

    row: int
    column: int
    text: str

    @property
    def address(self) -> str:
        """The cell as users write it: `D7`."""
        return f"{column_letters(self.column)}{self.row}"


def comment_text(stored: str) -> str:
    """The words of a comment, as many as are shown."""
    return " ".join(_THREADED.sub("", stored[:_LONGEST_STORED]).split())[:LONGEST_COMMENT]


@dataclass(frozen=True)
class SheetEnd:
    """Sent after a sheet's last cell: rows and columns that are not shown, from 1, merged cells, comments on cells."""

    sheet: str
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Merged, ...] = ()
    comments: tuple[Comment, ...] = ()


@dataclass
class ReadSheet:
    """A sheet whole; `cells` by (row, column)."""

    name: str
    visibility: Visibility
    cells: dict[tuple[int, int], ReadCell] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Merged, ...] = ()
    comments: tuple[Comment, ...] = ()

    def rows(self) -> list[tuple[int, list[ReadCell]]]:
        """Rows that have content, top down, each with its cells from left to right."""
        found: dict[int, list[ReadCell]] = {}
        for key in sorted(self.cells):
            found.setdefault(key[0], []).append(self.cells[key])
        return list(found.items())


@dataclass(frozen=True)
class ReadWorkbook:
    """A workbook whole."""

    header: WorkbookHeader
    sheets: tuple[ReadSheet, ...]


Record = WorkbookHeader | ReadCell | SheetEnd
"""What a reader yields: the header, then each sheet's cells followed by its end."""


def column_letters(column: int) -> str:
    """`A` for 1, `XFD` for 16384."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def parse_address(address: str) -> tuple[int, int] | None:
    """Row and column of `D7`, both from 1; None when it is no place on a sheet."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    column = _column_number(match[1])
    return (int(match[2]), column) if column <= MAX_COLUMN else None


@cache
def _column_number(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column


def iso_text(moment: date | datetime) -> str:
    """A date as `2024-03-05`, with the time of day only when there is one."""
    if isinstance(moment, datetime):
        return moment.date().isoformat() if moment.time() == moment.time().min else moment.isoformat("T", "seconds")
    return moment.isoformat()
