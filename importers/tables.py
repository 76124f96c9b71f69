"""Where the tables of a report stand in a workbook: found by header words and codes, never by position."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from importers.grids import Grid, starts_grid
from importers.identity import SHEETS_WITHOUT_ANSWERS
from importers.measures import tidy
from importers.workbook import CellKind, ReadCell, ReadSheet, ReadWorkbook
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
CODE = re.compile(r"[A-Z]{1,8}[0-9_][A-Z0-9_]*", re.ASCII)
"""What an indicator's code looks like."""

_FIGURE = re.compile(r"约?[+-]?\d[\d,]*(?:\.\d+)?\D{0,4}", re.ASCII)

HEADS = {Column.CODE: "指标代码", Column.THIS_YEAR: "本年数"}
"""The head a table cannot do without, as the template of a year writes it, by column."""

_VALUE_WORDS = {"值", "数值", "填报值", "value"}
"""What stands over the figures of a plain list of codes and values; beside any other figures it says nothing."""

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
        return {Column.CODE, Column.THIS_YEAR} <= self.columns.keys() and not self.repeated & {
            Column.CODE,
            Column.THIS_YEAR,
        }


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


def codes_of(workbook: ReadWorkbook, tables: Iterable[Table | Grid]) -> list[str]:
    """The codes in all code columns, repetitions included; without any such column whatever looks like a code."""
    codes = [row.code for table in tables for row in table.rows if row.code]
    texts = (tidy(cell.text).upper() for sheet in workbook.sheets for cell in sheet.cells.values())
    return codes or [text for text in texts if CODE.fullmatch(text)]


def _tables_of(sheet: ReadSheet) -> list[Table | Grid]:
    tables: list[Table | Grid] = []
    for number, cells in sheet.rows():
        named = _named_columns(cells)
        last = tables[-1] if tables else None
        if starts_grid(cells):
            tables.append(Grid(sheet, number, [(number, cells)]))
        elif _is_header(named) and (Column.THIS_YEAR in named or sheet.name not in SHEETS_WITHOUT_ANSWERS):
            repeated = frozenset(column for column, places in named.items() if len(places) > 1)
            tables.append(Table(sheet, number, {column: places[0] for column, places in named.items()}, repeated))
        elif isinstance(last, Grid):
            last.lines.append((number, cells))
        elif last is not None:
            last.rows.append(_row(last, number, cells))
    return tables


def holds_figure(cell: ReadCell) -> bool:
    """Whether a cell holds a number, be it one written as text: `约3.7`, `1,234`, `12件`."""
    return cell.kind is CellKind.NUMBER or _FIGURE.fullmatch(tidy(cell.text).replace(" ", "")) is not None


def is_head(cells: list[ReadCell]) -> bool:
    """Whether a row is the head of a list."""
    return _is_header(_named_columns(cells))


def _is_header(named: dict[Column, list[int]]) -> bool:
    """Whether the columns a row names are those of a report, be it that the one of this year's figures is missing."""
    if Column.THIS_YEAR in named:
        return bool(named.keys() & {Column.CODE, Column.NAME})
    return Column.CODE in named and len(named) > 1


def _named_columns(cells: list[ReadCell]) -> dict[Column, list[int]]:
    """The columns a row names by header words."""
    named: dict[Column, list[int]] = {}
    words = {cell.column: tidy(cell.text).replace(" ", "").lower() for cell in cells}
    for place, word in words.items():
        if column := _COLUMN_OF.get(word):
            named.setdefault(column, []).append(place)
    values = [place for place, word in words.items() if word in _VALUE_WORDS]
    others = named.keys() - {Column.CODE, Column.NAME, Column.UNIT, Column.NOTE}
    unknown = {word for word in words.values() if word} - _COLUMN_OF.keys() - _VALUE_WORDS
    if Column.CODE in named and values and not others and not unknown:
        named[Column.THIS_YEAR] = values
    return named


def _row(table: Table, number: int, cells: list[ReadCell]) -> Row:
    at = {cell.column: cell for cell in cells}
    found = {column: at[place] for column, place in table.columns.items() if place in at}
    code = found.get(Column.CODE)
    return Row(number, tidy(code.text).replace(" ", "").upper() if code else "", found)
