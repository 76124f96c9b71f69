"""How the head and the stub of a cross table are laid out, on a page as in a workbook."""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.domain.cross_tables import CrossTable, Leaf, Line
from portal.domain.forms import Sheet
from portal.domain.texts import Text


@dataclass(frozen=True)
class Head:
    """A cell of the table's head.

    Attributes:
        first: position of the first column with cells that it stands over.
        across: how many of them.
        down: how many rows of the head it takes.
    """

    name: Text
    first: int
    across: int
    down: int


@dataclass(frozen=True)
class StubLine:
    """A row of the table; without `leaf` it is a heading over the deeper rows that follow."""

    line: Line
    depth: int
    leaf: Leaf | None


def head_rows(cross: CrossTable) -> list[list[Head]]:
    """The rows of the table's head, top down, each from left to right."""
    height = 1 + max((len(leaf.headings) for leaf in cross.column_leaves), default=0)
    rows: list[list[Head]] = [[] for _ in range(height)]
    _put(cross.columns, 0, 0, rows)
    return rows


def _put(lines: tuple[Line, ...], depth: int, first: int, rows: list[list[Head]]) -> int:
    """Put lines into the head, from one of its rows and one of its columns on; gives the column after them."""
    for line in lines:
        after = _put(line.lines, depth + 1, first, rows) if line.lines else first + 1
        rows[depth].append(Head(line.name, first, after - first, 1 if line.lines else len(rows) - depth))
        first = after
    return first


def stub_lines(cross: CrossTable) -> list[StubLine]:
    """The rows of the table with the headings between them, top down."""
    leaves = iter(cross.row_leaves)
    return [StubLine(line, depth, None if line.lines else next(leaves)) for line, depth in _down(cross.rows, 0)]


def _down(lines: tuple[Line, ...], depth: int) -> Iterator[tuple[Line, int]]:
    for line in lines:
        yield line, depth
        yield from _down(line.lines, depth + 1)


def common_unit(sheet: Sheet) -> str:
    """The unit of measure of all of a sheet's cells; empty if they have several."""
    units = {indicator.unit for indicator in sheet.indicators}
    return units.pop() if len(units) == 1 else ""
