"""How cells of a generated workbook look, and the one way text is put into them."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from openpyxl.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.hyperlink import Hyperlink

from importers.cell_values import LONGEST_TEXT, escaped

_LINE_POINTS = 16.0
_ROW_PADDING = 7.0
_HIGHEST_ROW = 409.0
_SONG, _HEI = "宋体", "黑体"
_THIN = Side(style="thin", color="808080")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


@dataclass(frozen=True)
class Look:
    """Font, fill, border, alignment and lock of a cell."""

    size: float = 10.5
    bold: bool = False
    color: str = "000000"
    family: str = _SONG
    fill: str = ""
    boxed: bool = False
    horizontal: str = "left"
    vertical: str = "center"
    indent: int = 0
    wrap: bool = False
    shrink: bool = False
    unlocked: bool = False
    number_format: str = "General"
    underline: bool = False


TITLE = Look(size=18, bold=True, family=_HEI, horizontal="center")
SECTION = Look(size=12, bold=True, family=_HEI)
PLAIN = Look()
WRAPPED = Look(wrap=True, vertical="top")
LEGAL = Look(size=10, shrink=True)
SMALL = Look(size=8, color="7F7F7F")
DEMO = Look(size=12, bold=True, color="C00000", family=_HEI)
HEADER = Look(bold=True, fill="D9E2EC", boxed=True, horizontal="center", wrap=True)
LETTER = Look(size=9, fill="F2F5F8", boxed=True, horizontal="center", number_format="@")
LABEL = Look(boxed=True, wrap=True, indent=1)
CODE = Look(size=10, boxed=True, horizontal="center", number_format="@")
CENTRED = Look(boxed=True, horizontal="center", wrap=True)
INPUT = Look(fill="FFFBE6", boxed=True, horizontal="right", indent=1, unlocked=True)
NOTE = Look(fill="FFFBE6", boxed=True, indent=1, wrap=True, unlocked=True, number_format="@")
LOCKED = Look(color="595959", fill="EDEDED", boxed=True, horizontal="right", indent=1)
LINK = Look(color="0563C1", underline=True, boxed=True, indent=1)
SIGN = Look(size=10)
SIGN_HERE = Look(size=10, unlocked=True, number_format="@")


def dress(cell: SheetCell, look: Look) -> None:
    """Give a cell its look."""
    cell.font, cell.fill, cell.border, cell.alignment, cell.protection = _parts(look)
    cell.number_format = look.number_format


@cache
def _parts(look: Look) -> tuple[Font, PatternFill, Border, Alignment, Protection]:
    """What openpyxl takes a look apart into; building these objects costs more than all the rest."""
    underline: Literal["single"] | None = "single" if look.underline else None
    return (
        Font(name=look.family, size=look.size, bold=look.bold, color=look.color, underline=underline),
        PatternFill("solid", start_color=look.fill) if look.fill else PatternFill(),
        _BOX if look.boxed else Border(),
        Alignment(
            horizontal=look.horizontal,
            vertical=look.vertical,
            indent=look.indent,
            wrap_text=look.wrap,
            shrink_to_fit=look.shrink,
        ),
        Protection(locked=not look.unlocked),
    )


def put_text(cell: SheetCell, text: str, look: Look) -> None:
    """Write text as text: whatever it begins with, no program will take it for a formula."""
    dress(cell, look)
    cell.value = escaped(text)[:LONGEST_TEXT] or None
    if cell.value is not None:
        cell.data_type = "s"
        cell.quotePrefix = text[:1] in tuple("=+-@")


def put_link(cell: SheetCell, text: str, sheet_title: str, address: str, look: Look = LINK) -> None:
    """Write text that leads to another place of the workbook."""
    put_text(cell, text, look)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{sheet_title}'!{address}")


def lines_of(text: object, width: float) -> int:
    """How many lines a cell's text takes in a column of that many half-width characters."""
    length = sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in str(text or ""))
    return max(1, -(-int(length) // max(1, int(width))))


def row_height(lines: int) -> float:
    """Height in points of a row with that many lines of text, as far as spreadsheets have such rows."""
    return min(_LINE_POINTS * lines + _ROW_PADDING, _HIGHEST_ROW)
