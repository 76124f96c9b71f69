"""Cross tables (交叉表): sheets laid out as rows × columns, each cell an indicator with a code of its own.

A cell's code is its sheet's, its row's and its column's code in a row: `XG3`, `01`, `02` make `XG30102`. What a cell
is, its row says before its column, and its column before the table. In the texts of a row `{24}` stands for the cell
of row 24 in the same column; in the texts of a column `{07}` for the cell of column 07 in the same row.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from portal.domain.form_rules import Example, Rule
from portal.domain.indicators import Aggregation, AggregationKind, DataType, Indicator, Source
from portal.domain.texts import Text

Traits = tuple[tuple[str, Any], ...]
"""Some attributes of an indicator and their values."""

NEEDED = ("unit", "type", "aggregation")
"""What every cell must be told by its row, its column or the table."""

_IN_BRACES = re.compile(r"\{(\w+)\}")
_BLANK: Traits = (("unit", ""), ("type", DataType.COUNT), ("aggregation", Aggregation(AggregationKind.NONE)))


class Axis(StrEnum):
    """Along what something is repeated."""

    COLUMN = "column"
    ROW = "row"


@dataclass(frozen=True)
class Line:
    """A row or column; or a heading over some, which has no code and no cells.

    Attributes:
        lines: what stands under a heading.
        sum: codes of the rows whose cells are added up in this one's, or of the columns.
        blocked: codes of the columns, or rows, with which it has no cell.
        cells: what its cells are.
    """

    name: Text
    code: str = ""
    lines: tuple["Line", ...] = ()
    sum: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    cells: Traits = ()


@dataclass(frozen=True)
class LineRule(Rule):
    """A rule that holds in every column, or row, that has the cells it names; totals follow from the others."""

    each: Axis = Axis.COLUMN


@dataclass(frozen=True)
class Leaf:
    """A row or column with cells.

    Attributes:
        headings: over it, outermost first.
        path: of it among the lines of its axis, as the form file nests them.
    """

    line: Line
    headings: tuple[Line, ...] = ()
    path: tuple[str | int, ...] = ()

    @property
    def code(self) -> str:
        """Its part of its cells' codes."""
        return self.line.code

    @property
    def name(self) -> Text:
        """Its name, after that of the nearest heading."""
        words = [line.name for line in (*self.headings[-1:], self.line)]
        english = " · ".join(each.en or each.zh for each in words) if any(each.en for each in words) else ""
        return Text("·".join(each.zh for each in words), english)


@dataclass(frozen=True)
class CrossTable:
    """Rows × columns.

    Attributes:
        cells: what all cells are, unless a row or column says otherwise.
        rules: those that are repeated along the table.
    """

    columns: tuple[Line, ...]
    rows: tuple[Line, ...]
    cells: Traits = ()
    rules: tuple[LineRule, ...] = ()

    @cached_property
    def row_leaves(self) -> tuple[Leaf, ...]:
        """The rows that have cells, in order."""
        return tuple(leaves(self.rows))

    @cached_property
    def column_leaves(self) -> tuple[Leaf, ...]:
        """The columns that have cells, in order."""
        return tuple(leaves(self.columns))

    @cached_property
    def crossings(self) -> tuple[tuple[Leaf, Leaf], ...]:
        """Row and column of every cell, row by row."""
        return tuple(
            (row, column)
            for row in self.row_leaves
            for column in self.column_leaves
            if column.code not in row.line.blocked and row.code not in column.line.blocked
        )


def leaves(
    lines: tuple[Line, ...], headings: tuple[Line, ...] = (), path: tuple[str | int, ...] = ()
) -> Iterator[Leaf]:
    """The lines that have cells, with what stands over them."""
    for position, line in enumerate(lines):
        if line.lines:
            yield from leaves(line.lines, (*headings, line), (*path, position, "lines"))
        else:
            yield Leaf(line, headings, (*path, position))


def cell_code(sheet: str, row: str, column: str) -> str:
    """The code of a cell."""
    return f"{sheet}{row}{column}"


def cells_of(sheet: str, cross: CrossTable) -> tuple[Indicator, ...]:
    """The cells of a cross table as indicators; what nobody says of a cell is left blank."""
    crossing = {(row.code, column.code) for row, column in cross.crossings}
    return tuple(_cell(sheet, cross, row, column, crossing) for row, column in cross.crossings)


def _cell(sheet: str, cross: CrossTable, row: Leaf, column: Leaf, crossing: set[tuple[str, str]]) -> Indicator:
    def in_column(code: str) -> str:
        return cell_code(sheet, code, column.code)

    def in_row(code: str) -> str:
        return cell_code(sheet, row.code, code)

    traits = dict(_BLANK + cross.cells + _filled(column.line.cells, in_row) + _filled(row.line.cells, in_column))
    known_rows, known_columns = ({leaf.code for leaf in axis} for axis in (cross.row_leaves, cross.column_leaves))
    parts = [in_column(code) for code in row.line.sum if code not in known_rows or (code, column.code) in crossing] or [
        in_row(code) for code in column.line.sum if code not in known_columns or (row.code, code) in crossing
    ]
    if parts:
        traits |= {"source": Source.CALCULATED, "formula": "+".join(parts), "carried_from": ""}
    return Indicator(code=cell_code(sheet, row.code, column.code), name=_name(row.name, column.name), **traits)


def _name(row: Text, column: Text) -> Text:
    return Text(f"{row.zh}（{column.zh}）", f"{row.en} ({column.in_language('en')})" if row.en else "")


def _filled(traits: Traits, cell: Callable[[str], str]) -> Traits:
    """The traits with every code in braces replaced by that of its cell."""
    return tuple((name, _filled_in(value, cell)) for name, value in traits)


def _filled_in(value: Any, cell: Callable[[str], str]) -> Any:
    if type(value) is str:
        return _IN_BRACES.sub(lambda match: cell(match[1]), value)
    if isinstance(value, Aggregation):
        texts = {name: getattr(value, name) for name in ("of", "numerator", "denominator", "weight")}
        return dataclasses.replace(value, **{name: _filled_in(text, cell) for name, text in texts.items()})
    return value


def rules_along(sheet: str, cross: CrossTable) -> tuple[tuple[int, Rule], ...]:
    """The rules of every column and row, each with the position of what it was repeated from."""
    return tuple(
        (position, rule) for position, each in enumerate(cross.rules) for rule in _repeated(sheet, cross, each)
    )


def _repeated(sheet: str, cross: CrossTable, each: LineRule) -> Iterator[Rule]:
    crossing = {(row.code, column.code) for row, column in cross.crossings}
    by_column = each.each is Axis.COLUMN
    others = {leaf.code for leaf in (cross.row_leaves if by_column else cross.column_leaves)}
    named = {code for text in (each.expression, each.indicator) for code in _IN_BRACES.findall(text)} & others
    for leaf in cross.column_leaves if by_column else cross.row_leaves:
        pairs = {(code, leaf.code) if by_column else (leaf.code, code) for code in named}
        if leaf.line.sum or not pairs <= crossing:
            continue

        def cell(code: str, along: str = leaf.code) -> str:
            return cell_code(sheet, code, along) if by_column else cell_code(sheet, along, code)

        yield _rule(each, leaf.code, cell)


def _rule(each: LineRule, line: str, cell: Callable[[str], str]) -> Rule:
    said = {field.name: getattr(each, field.name) for field in dataclasses.fields(Rule)}
    said |= {name: _filled_in(said[name], cell) for name in ("expression", "indicator")}
    said |= {name: tuple(_example(example, cell) for example in said[name]) for name in ("passes", "fails")}
    return Rule(**said | {"id": f"{each.id}-{line}"})


def _example(example: Example, cell: Callable[[str], str]) -> Example:
    return Example(tuple((_filled_in(name, cell), answer) for name, answer in example.figures))
