"""From a cross table in a workbook to one place per cell of the form, by the codes of its row and its column."""

from collections.abc import Iterator
from dataclasses import dataclass

from importers import table_findings as wrong
from importers.grids import Grid, GridRow
from importers.measures import tidy
from importers.tables import CODE, Column, Entry, holds_figure
from importers.workbook import CellKind, column_letters
from portal.domain.cross_tables import Leaf
from portal.domain.findings import Cell, Finding
from portal.domain.forms import FormVersion, Sheet


@dataclass(frozen=True)
class Crossings:
    """The cross tables of a form, as workbooks name them.

    Attributes:
        rows: sheet and row, by the row's code in the workbook.
        cells: indicator codes, by that and the column's code.
    """

    rows: dict[str, tuple[Sheet, Leaf]]
    cells: dict[tuple[str, str], str]


def crossings_of(form: FormVersion) -> Crossings:
    """Everything by which a cell of the form's cross tables can be named."""
    tables = [(sheet, sheet.cross) for sheet in form.sheets if sheet.cross is not None]
    return Crossings(
        {f"{sheet.code}{leaf.code}": (sheet, leaf) for sheet, cross in tables for leaf in cross.row_leaves},
        {
            (f"{sheet.code}{row.code}", column.code): indicator.code
            for sheet, cross in tables
            for (row, column), indicator in zip(cross.crossings, sheet.indicators, strict=True)
        },
    )


def entries_of(grid: Grid, crossings: Crossings) -> Iterator[tuple[str, Entry]]:
    """Every cell of the grid that is one of the form's, by the indicator's code; blank ones too."""
    for row in grid.rows:
        if row.code not in crossings.rows:
            continue
        sheet, leaf = crossings.rows[row.code]
        misnamed = _other_name(row.name, leaf, sheet.cross.row_leaves if sheet.cross else ())
        for column, code in grid.codes.items():
            indicator = crossings.cells.get((row.code, code))
            if indicator is not None:
                stood = {Column.THIS_YEAR: row.cells.get(column), Column.NOTE: grid.notes.get(indicator)}
                cells = {of: cell for of, cell in stood.items() if cell is not None}
                over = misnamed or _misnamed_column(grid, column, sheet)
                yield indicator, Entry(_place(grid, row, column), cells, over)


def _misnamed_column(grid: Grid, column: int, sheet: Sheet) -> str:
    leaves = sheet.cross.column_leaves if sheet.cross else ()
    own = next((leaf for leaf in leaves if leaf.code == grid.codes[column]), None)
    return _other_name(grid.heads.get(column, ""), own, leaves) if own else ""


def _other_name(found: str, own: Leaf, leaves: tuple[Leaf, ...]) -> str:
    """The name found, if it is another row's or column's and not its own: they were sorted without their codes."""
    names = {leaf.code: {tidy(leaf.line.name.zh), tidy(leaf.line.name.en)} - {""} for leaf in leaves}
    is_other = found not in names[own.code] and any(found in each for each in names.values())
    return found if is_other else ""


def strays_of(grid: Grid, crossings: Crossings) -> Iterator[Finding]:
    """Numbers in rows or columns without a code of the form, or where the form has no cell; and notes to no cell."""
    known = crossings.rows.keys() | crossings.cells.values()
    last = max((row.number for row in grid.rows if row.code in crossings.rows), default=0)
    for row in grid.rows:
        note = grid.notes.get(row.code)
        if row.number > last and note is not None and CODE.fullmatch(row.code) and row.code not in known:
            yield wrong.unknown_code(_place(grid, row, note.column), row.code, note.text)
        for column, cell in row.cells.items():
            is_cell = (row.code, grid.codes.get(column, "")) in crossings.cells
            below = column in grid.codes
            is_number = (below and holds_figure(cell)) or (row.code in crossings.rows and cell.kind is CellKind.NUMBER)
            if is_number and not is_cell:
                yield wrong.value_outside(_place(grid, row, column), cell.text)


def hidden_in(grid: Grid) -> Iterator[Finding]:
    """Rows and columns of the grid that are hidden, and were read."""
    sheet = grid.sheet
    for column in sorted(grid.codes.keys() & set(sheet.hidden_columns)):
        yield wrong.hidden_column(sheet.name, column)
    hidden = [row.number for row in grid.rows if row.number in sheet.hidden_rows and grid.codes.keys() & row.cells]
    if hidden:
        yield wrong.hidden_rows(sheet.name, hidden)


def _place(grid: Grid, row: GridRow, column: int) -> Cell:
    return Cell(grid.sheet.name, f"{column_letters(column)}{row.number}")
