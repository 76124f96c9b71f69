"""List tables in a workbook: found by the row that names list and columns by their codes, never by position."""

import re
from dataclasses import dataclass, field

from importers.measures import tidy
from importers.workbook import ReadCell, ReadSheet, ReadWorkbook

_CODE_ROW = re.compile(r"(?:清单代码|listcode)[::]?([a-z][a-z0-9_]*)")


@dataclass
class Listing:
    """A row of codes, and everything below it up to the next one or the sheet's end.

    Attributes:
        code: of the list.
        columns: what the columns are called, by column number.
        rows: with content in any of these columns, by row number: their cells by column code.
    """

    sheet: ReadSheet
    code: str
    code_row: int
    columns: dict[int, str]
    rows: list[tuple[int, dict[str, ReadCell]]] = field(default_factory=list)


def find_listings(workbook: ReadWorkbook) -> list[Listing]:
    """Every list table of the workbook, sheet by sheet, top down."""
    return [listing for sheet in workbook.sheets for listing in listings_on(sheet)]


def listings_on(sheet: ReadSheet) -> list[Listing]:
    """The list tables of a sheet, top down."""
    found: list[Listing] = []
    for number, cells in sheet.rows():
        named = next((match for cell in cells if (match := _CODE_ROW.fullmatch(_word(cell)))), None)
        if named:
            columns = {cell.column: _word(cell) for cell in cells if not _CODE_ROW.fullmatch(_word(cell))}
            found.append(Listing(sheet, named[1], number, columns))
        elif found:
            listing = found[-1]
            filled = [cell for cell in cells if cell.column in listing.columns and cell.raw.strip()]
            if filled:
                listing.rows.append((number, {listing.columns[cell.column]: cell for cell in filled}))
    return found


def _word(cell: ReadCell) -> str:
    return tidy(cell.text).replace(" ", "").lower()
