"""The figures of sheets that are no template, each with the path of its row and the path of its column."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, pairwise

from importers.foreign_heads import Block, Paper, Role, blocks, heads_of, role_of
from importers.foreign_labels import read_label, relative, split_unit, units_for_all
from importers.identity import SHEETS_WITHOUT_ANSWERS
from importers.workbook import CellKind, ReadCell, ReadSheet, ReadWorkbook, column_letters
from portal.domain.findings import Cell
from portal.domain.periods import Period

MAX_FIGURES = 4_000
_MAX_CELLS = 40_000  # with content, in all sheets
_DEEPEST = 10  # labels above one another
Path = tuple[str, ...]


@dataclass(frozen=True)
class FigureKey:
    """What names a figure in a layout: the labels around it, not where it stands.

    Attributes:
        sheet: the sheet's title, years in relation to the period.
        row: labels of its row, from the outermost.
        column: heads of its column, from the outermost.
        nth: from 0, among figures whose labels are all the same.
    """

    sheet: str
    row: Path
    column: Path
    nth: int = 0


@dataclass(frozen=True)
class Figure:
    """A cell in which a figure may stand.

    Attributes:
        cell: what stands there; None if it is blank.
        unit: unit of measure stated for its row or column; empty if none is.
        units: those stated for the whole table, which measures different things perhaps.
    """

    key: FigureKey
    place: Cell
    cell: ReadCell | None
    unit: str = ""
    units: Path = ()


@dataclass(frozen=True)
class Layout:
    """What the sheets of a workbook offer, and by what it is known again.

    Attributes:
        tables: of each table everything that tells its figures apart, whatever the figures are.
    """

    figures: tuple[Figure, ...] = ()
    tables: tuple[object, ...] = field(default=(), compare=False)

    @cached_property
    def fingerprint(self) -> str:
        """The same for files with the same labels, heads and units in the same order."""
        return hashlib.sha256(json.dumps(self.tables, ensure_ascii=False).encode()).hexdigest()

    @cached_property
    def by_key(self) -> dict[FigureKey, Figure]:
        """The figures by their names."""
        return {figure.key: figure for figure in self.figures}

    def position_of(self, key: FigureKey) -> int | None:
        """Which figure it is that another layout named so, if its labels alone tell; the sheet may have a new title."""
        same = [n for n, each in enumerate(self.figures) if (each.key.row, each.key.column) == (key.row, key.column)]
        here = [n for n in same if self.figures[n].key.sheet == key.sheet] or same
        return here[0] if len(here) == 1 else None


@dataclass(frozen=True)
class _Band:
    """Columns of a table that share their labels; two stand side by side in balance sheets."""

    labels: tuple[int, ...]
    figures: dict[int, tuple[Path, str]]  # heads and unit of measure
    unit: int = 0


def read_layout(workbook: ReadWorkbook, period: Period) -> Layout:
    """Everything in a workbook that has a label and may be a figure; nothing if it holds more than any report does."""
    figures: list[Figure] = []
    tables: list[object] = []
    if sum(len(sheet.cells) for sheet in workbook.sheets) > _MAX_CELLS:
        return Layout()
    for sheet in workbook.sheets:
        if not sheet.cells or sheet.name in SHEETS_WITHOUT_ANSWERS:
            continue
        for found, description in _tables_of(sheet, period):
            figures += islice(found, MAX_FIGURES + 1)
            tables.append(description)
            if len(figures) > MAX_FIGURES:
                return Layout()
    return Layout(tuple(_numbered(figures)), tuple(tables))


def _numbered(figures: list[Figure]) -> Iterator[Figure]:
    """The figures; those with the same labels are counted."""
    seen: Counter[FigureKey] = Counter()
    for figure in figures:
        yield replace(figure, key=replace(figure.key, nth=seen[figure.key]))
        seen[figure.key] += 1


def _tables_of(sheet: ReadSheet, period: Period) -> Iterator[tuple[Iterator[Figure], object]]:
    paper, title = Paper(sheet), relative(sheet.name, period)
    above = 1
    for block in blocks(paper):
        lines = [cell.text for row in range(above, block.head.stop) for cell in paper.rows.get(row, ())]
        units = tuple(dict.fromkeys(unit for line in lines for unit in units_for_all(line)))
        titles = [relative(line, period) for line in lines if "年" in line]
        above = block.body.stop
        for band in _bands(paper, block, period):
            rows = list(_rows_of(paper, block, band, period))
            found = _figures_of(paper, band, rows, title, units)
            heads = list(band.figures.values())
            yield found, [title, titles, units, heads, [(path, stated) for _row, path, stated in rows]]


def _figures_of(
    paper: Paper, band: _Band, rows: list[tuple[int, Path, str]], title: str, units: Path
) -> Iterator[Figure]:
    """Where the rows of a table meet its columns."""
    for row, path, stated in rows:
        for column, (heads, unit) in band.figures.items():
            if not paper.is_covered(row, column):
                place = Cell(paper.sheet.name, f"{column_letters(column)}{row}")
                key = FigureKey(title, path, heads)
                yield Figure(key, place, paper.sheet.cells.get((row, column)), unit or stated, units)


def _bands(paper: Paper, block: Block, period: Period) -> Iterator[_Band]:
    """The parts of a table that have labels of their own, from left to right."""
    heads = {column: heads_of(paper, block, column) for column in paper.columns}
    roles = {column: role_of(heads[column]) for column in paper.columns}
    if Role.LABEL not in roles.values():
        roles |= dict.fromkeys(_columns_of_words(paper, block, heads), Role.LABEL)
    starts = [
        column
        for before, column in zip([0, *paper.columns], paper.columns, strict=False)
        if roles[column] is Role.LABEL and roles.get(before) is not Role.LABEL
    ]
    for start, end in pairwise([*starts, paper.columns[-1] + 1]):
        within = [column for column in paper.columns if start <= column < end]
        yield _Band(
            tuple(column for column in within if roles[column] is Role.LABEL),
            {
                column: _head_and_unit(heads[column], period)
                for column in within
                if roles[column] is Role.FIGURE and heads[column]
            },
            next((column for column in within if roles[column] is Role.UNIT), 0),
        )


def _columns_of_words(paper: Paper, block: Block, heads: dict[int, Path]) -> Iterator[int]:
    """The columns of labels where no head says so: words at the left edge, and again where the other heads repeat."""
    columns = [column for column in paper.columns if role_of(heads[column]) is Role.FIGURE]
    seen: list[Path] = []  # heads of figures
    for column, following in zip(columns, [*columns[1:], 0], strict=True):
        cells = [paper.cell(row, column) for row in block.body]
        words = sum(cell is not None and cell.kind is CellKind.TEXT for cell in cells)
        if words * 2 > sum(cell is not None for cell in cells) and (not seen or heads.get(following) in seen):
            yield column
        else:
            seen.append(heads[column])


def _head_and_unit(heads: Path, period: Period) -> tuple[Path, str]:
    """The heads of a column without the unit of measure in the innermost that has one."""
    split = [split_unit(relative(head, period)) for head in heads]
    unit = next((unit for _words, unit in reversed(split) if unit), "")
    return tuple(words for words, _unit in split if words), unit


def _rows_of(paper: Paper, block: Block, band: _Band, period: Period) -> Iterator[tuple[int, Path, str]]:
    """The rows of a table that have a label: number, labels from the outermost, and unit of measure."""
    stack: list[tuple[int, str]] = []
    level = 0
    for row in block.body:
        texts = [paper.text(row, column) for column in band.labels]
        parts = [text for position, text in enumerate(texts) if text.strip() and text not in texts[:position]]
        if not parts:
            continue
        label, level = read_label(parts[-1], period, level)
        while stack and stack[-1][0] >= label.rank:
            stack.pop()
        outer = [relative(part, period) for part in parts[:-1]]
        path = (*(words for _rank, words in stack), *outer, label.words)
        stack = [*stack[-_DEEPEST:], (label.rank, label.words)]
        unit = paper.text(row, band.unit).strip() if band.unit else ""
        yield row, path, unit or label.unit
