"""A cross table as it is filled in or read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.domain.cross_layout import Head, StubLine, common_unit, head_rows, stub_lines
from portal.domain.cross_tables import CrossTable
from portal.domain.findings import Finding
from portal.domain.forms import Sheet, Text
from portal.queries.submissions import SubmissionView
from portal.web.present.lists import ListView, list_view
from portal.web.present.sheet import Row, sheet_rows


@dataclass(frozen=True)
class CrossLine:
    """A row of the table.

    Attributes:
        cells: one for each column, None where the form has no cell; None for a heading over the rows that follow.
    """

    name: Text
    definition: Text
    code: str
    depth: int
    cells: tuple[Row | None, ...] | None


@dataclass(frozen=True)
class CrossView:
    """The table.

    Attributes:
        heads: the rows of its head.
        width: how many columns have cells.
        unit: the unit of measure of all cells; empty if they have several.
    """

    heads: list[list[Head]]
    width: int
    lines: list[CrossLine]
    unit: str


def cross_view(sheet: Sheet, rows: Sequence[Row]) -> CrossView | None:
    """The rows of a sheet laid out as its cross table; None if it is a list."""
    if sheet.cross is None:
        return None
    crossings = [(row.code, column.code) for row, column in sheet.cross.crossings]
    cells = dict(zip(crossings, rows, strict=True))
    lines = [_line(sheet.code, sheet.cross, line, cells) for line in stub_lines(sheet.cross)]
    return CrossView(head_rows(sheet.cross), len(sheet.cross.column_leaves), lines, common_unit(sheet))


def _line(sheet: str, cross: CrossTable, line: StubLine, cells: dict[tuple[str, str], Row]) -> CrossLine:
    definition = dict(line.line.cells).get("definition", Text(""))
    if line.leaf is None:
        return CrossLine(line.line.name, definition, "", line.depth, None)
    row = line.leaf.code
    found = tuple(cells.get((row, column.code)) for column in cross.column_leaves)
    return CrossLine(line.line.name, definition, f"{sheet}{row}", line.depth, found)


class ReadSheet(NamedTuple):
    """A sheet with its rows, to read.

    Attributes:
        cross: its layout, if it is a cross table.
        listing: what is listed, if it is a list; then there are no rows of indicators.
    """

    sheet: Sheet
    rows: list[Row]
    cross: CrossView | None
    listing: ListView | None


def all_sheets(view: SubmissionView, findings: Sequence[Finding] = ()) -> list[ReadSheet]:
    """Every sheet, to read."""
    pairs = [(sheet, sheet_rows(view, sheet, findings)) for sheet in view.form.sheets]
    return [ReadSheet(sheet, rows, cross_view(sheet, rows), list_view(view, sheet, findings)) for sheet, rows in pairs]
