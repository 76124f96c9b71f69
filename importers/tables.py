"""Where the tables of a report stand in a workbook: found by header words and codes, never by position."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from importers.grids import Grid, starts_grid
from importers.measures import tidy
from importers.workbook import ReadCell, ReadSheet, ReadWorkbook
from portal.domain.findings import Cell


class Column(StrEnum):
    """What a column of a report table holds."""

    CODE = "code"
    NAME = "name"
    UNIT = "unit"
    LAST_YEAR = "last_year"
    THIS_YEAR = "this_year"
    NOTE = "note"


_HEADER_WORDS = {
    Column.CODE: {"指标代码", "代码", "code", "indicatorcode"},
    Column.NAME: {"指标名称", "指标", "项目", "indicator", "indicatorname"},
    Column.UNIT: {"计量单位", "单位", "unit", "unitofmeasure"},
    Column.LAST_YEAR: {"上年数", "上年同期", "上期数", "lastyear"},
    Column.THIS_YEAR: {"本年数", "本期数", "本期实际", "thisyear", "thisperiod"},
    Column.NOTE: {"备注", "note", "remarks"},
}
_COLUMN_OF = {word: column for column, words in _HEADER_WORDS.items() for word in words}


@dataclass(frozen=True)
class Row:
    """A row under a header; `code` as it stands there, tidied and in capitals."""

    number: int
    code: str
    cells: dict[Column, ReadCell]


@dataclass
class Table:
    """A header row and what stands under it, up to the next header or the sheet's end.

    Attributes:
        repeated: columns the header names more than once, so that nobody can tell which one is meant.
    """

    sheet: ReadSheet
    header_row: int
    columns: dict[Column, int]
    repeated: frozenset[Column] = frozenset()
    rows: list[Row] = field(default_factory=list)

    @property
    def has_codes(self) -> bool:
        """Whether the table still has its code column."""
        return Column.CODE in self.columns

    @property
    def readable(self) -> bool:
        """Whether its rows can be told, and which figure in them is this year's."""
        return self.has_codes and not self.repeated & {Column.CODE, Column.THIS_YEAR}


@dataclass(frozen=True)
class Entry:
    """Where an indicator is answered: the place of this year's figure and what stands in its row.

    Attributes:
        misnamed: the name that stands by its code, if that is the name of another.
    """

    place: Cell
    cells: dict[Column, ReadCell]
    misnamed: str = ""

    @property
    def answer(self) -> ReadCell | None:
        """This year's cell; None when it is blank."""
        return self.cells.get(Column.THIS_YEAR)

    def text(self, column: Column) -> str:
        """What stands in another column, as text; empty when blank."""
        cell = self.cells.get(column)
        return cell.text.strip() if cell else ""


def find_tables(workbook: ReadWorkbook) -> list[Table | Grid]:
    """Every report table of the workbook, lists and cross tables, sheet by sheet, top down."""
    return [table for sheet in workbook.sheets for table in _tables_of(sheet)]


def codes_of(tables: Iterable[Table | Grid]) -> list[str]:
    """The codes in all code columns, in order, repetitions included."""
    return [row.code for table in tables for row in table.rows if row.code]


def _tables_of(sheet: ReadSheet) -> list[Table | Grid]:
    tables: list[Table | Grid] = []
    for number, cells in sheet.rows():
        named = _named_columns(cells)
        last = tables[-1] if tables else None
        if starts_grid(cells):
            tables.append(Grid(sheet, number, [(number, cells)]))
        elif Column.THIS_YEAR in named and named.keys() & {Column.CODE, Column.NAME}:
            repeated = frozenset(column for column, places in named.items() if len(places) > 1)
            tables.append(Table(sheet, number, {column: places[0] for column, places in named.items()}, repeated))
        elif isinstance(last, Grid):
            last.lines.append((number, cells))
        elif last is not None:
            last.rows.append(_row(last, number, cells))
    return tables


def _named_columns(cells: list[ReadCell]) -> dict[Column, list[int]]:
    """The columns a row names by header words; a header names at least this year's figures and the indicator."""
    named: dict[Column, list[int]] = {}
    for cell in cells:
        column = _COLUMN_OF.get(tidy(cell.text).replace(" ", "").lower())
        if column is not None:
            named.setdefault(column, []).append(cell.column)
    return named


def _row(table: Table, number: int, cells: list[ReadCell]) -> Row:
    at = {cell.column: cell for cell in cells}
    found = {column: at[place] for column, place in table.columns.items() if place in at}
    code = found.get(Column.CODE)
    return Row(number, tidy(code.text).replace(" ", "").upper() if code else "", found)
