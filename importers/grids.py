"""Cross tables in a workbook: found by the words that stand by their rows' and columns' codes, never by position."""

from dataclasses import dataclass, field
from functools import cached_property

from importers.measures import tidy
from importers.workbook import ReadCell, ReadSheet

_ROW_CODE = {"行代码", "rowcode"}
_COLUMN_CODE = {"栏代码", "columncode"}
_ITEM = {"项目", "item"}


@dataclass(frozen=True)
class GridRow:
    """A row below the column codes: `code` tidied and in capitals, the cells by column number."""

    number: int
    code: str
    name: str
    cells: dict[int, ReadCell]


@dataclass
class Grid:
    """A row that says where the row codes stand, and everything below it up to the next table."""

    sheet: ReadSheet
    header_row: int
    lines: list[tuple[int, list[ReadCell]]] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Whether its rows and its columns can be told."""
        return len(self._row_code_columns) == 1 and self._code_line is not None

    @cached_property
    def codes(self) -> dict[int, str]:
        """The columns' codes, by column number."""
        if self._code_line is None:
            return {}
        words = {cell.column: tidy(cell.text).replace(" ", "").upper() for cell in self._code_line[1]}
        return {column: code for column, code in words.items() if code and code.lower() not in _COLUMN_CODE}

    @cached_property
    def heads(self) -> dict[int, str]:
        """What stands nearest above each column's code."""
        above = [cells for number, cells in self.lines if self._code_line and number < self._code_line[0]]
        return {cell.column: tidy(cell.text) for cells in above for cell in cells if cell.text.strip()}

    @cached_property
    def rows(self) -> tuple[GridRow, ...]:
        """The rows below the column codes, or below the header if there are none."""
        after = self._code_line[0] if self._code_line else self.header_row
        return tuple(self._row(number, cells) for number, cells in self.lines if number > after)

    @cached_property
    def notes(self) -> dict[str, ReadCell]:
        """What stands by a code where the rows' names do; below the table that is a note to the cell of that code."""
        items = _columns_of(self.lines[0][1], _ITEM)
        return {row.code: row.cells[column] for row in self.rows for column in items if column in row.cells}

    def _row(self, number: int, cells: list[ReadCell]) -> GridRow:
        at = {cell.column: cell for cell in cells}
        code, name = (
            next((tidy(at[column].text) for column in columns if column in at), "")
            for columns in (self._row_code_columns, _columns_of(self.lines[0][1], _ITEM))
        )
        return GridRow(number, code.replace(" ", "").upper(), name, at)

    @cached_property
    def _row_code_columns(self) -> list[int]:
        return _columns_of(self.lines[0][1], _ROW_CODE)

    @cached_property
    def _code_line(self) -> tuple[int, list[ReadCell]] | None:
        return next((line for line in self.lines if _columns_of(line[1], _COLUMN_CODE)), None)


def starts_grid(cells: list[ReadCell]) -> bool:
    """Whether a row is the first of a cross table's head."""
    return bool(_columns_of(cells, _ROW_CODE))


def _columns_of(cells: list[ReadCell], words: set[str]) -> list[int]:
    return [cell.column for cell in cells if tidy(cell.text).replace(" ", "").lower() in words]
