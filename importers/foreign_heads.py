"""Where the tables of a sheet begin that is no template, and what its columns are: told by words and merged cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import product

from importers.measures import tidy
from importers.workbook import CellKind, Merged, ReadCell, ReadSheet


class Role(StrEnum):
    """What a column holds."""

    LABEL = "label"
    UNIT = "unit"
    ASIDE = "aside"  # numbers of rows, codes, notes
    FIGURE = "figure"


_ROLES = {
    Role.LABEL: {"项目", "指标", "指标名称", "项目名称", "名称", "内容", "类别", "事项", "item", "indicator"},
    Role.UNIT: {"计量单位", "单位", "unit"},
    Role.ASIDE: {"序号", "行次", "编号", "项次", "代码", "指标代码", "备注", "说明", "no.", "code", "note", "remarks"},
}
_FIGURE_WORDS = re.compile(
    r"合计|小计|总计|数量|金额|人数|件数|户数|本年.*|上年.*|本期.*|上期.*|年初.*|年末.*|期末.*|累计.*|增减.*|同比.*"
    r"|比上年.*|20\d\d年?.*|其中"
)
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words}
_SIGNATURE = re.compile(
    r"(单位负责人|统计负责人|负责人|填表人|填报人|审核人|复核人|制表|联系电话|报出日期|填报日期|说明|备注|注)[:：]"
)
_LETTERS = re.compile(r"[甲乙丙丁戊己庚辛a-zA-Z]|\d{1,2}|[-—]")
_MOST_HEAD_ROWS = 5
_HEAD_WORDS_NEEDED = 2
_MERGED_PARTS = 100_000  # cells of a sheet that are parts of merged ones; further ranges are left out


class Paper:
    """A sheet as people see it: what stands in a merged cell stands in every part of it."""

    def __init__(self, sheet: ReadSheet) -> None:
        self.sheet = sheet
        self.rows = dict(sheet.rows())
        self.columns = sorted({column for _row, column in sheet.cells})
        self.last_row = max(self.rows, default=0)
        self.merged: dict[tuple[int, int], Merged] = {}
        for area in sheet.merged:
            rows = range(area.first_row, min(area.last_row, self.last_row) + 1)
            columns = range(area.first_column, area.last_column + 1)
            if len(self.merged) + len(rows) * len(columns) <= _MERGED_PARTS:
                self.merged |= dict.fromkeys(product(rows, columns), area)

    def cell(self, row: int, column: int) -> ReadCell | None:
        """What stands at a place, also if it is a part of a merged cell."""
        area = self.merged.get((row, column))
        return self.sheet.cells.get((area.first_row, area.first_column) if area else (row, column))

    def text(self, row: int, column: int) -> str:
        """The words at a place; empty if there is a number, or nothing."""
        cell = self.cell(row, column)
        return cell.text if cell is not None and cell.kind is CellKind.TEXT else ""

    def is_covered(self, row: int, column: int) -> bool:
        """Whether a place is a part of a merged cell, and not its first."""
        area = self.merged.get((row, column))
        return area is not None and (area.first_row, area.first_column) != (row, column)

    def has_numbers(self, row: int) -> bool:
        """Whether any number stands in a row."""
        return any(cell.kind is not CellKind.TEXT for cell in self.rows.get(row, ()))


@dataclass
class Block:
    """A table: the rows of its head, and those of its body."""

    head: range
    body: range = field(default_factory=lambda: range(0))

    @cached_property
    def rows(self) -> list[int]:
        """The rows of the head."""
        return list(self.head)


def blocks(paper: Paper) -> Iterator[Block]:
    """The tables of a sheet, top down."""
    heads: list[range] = []
    for row in paper.rows:
        if not (heads and row < heads[-1].stop) and _is_head(paper, row):
            heads.append(_whole_head(paper, row, heads[-1].stop if heads else 1))
    for position, head in enumerate(heads):
        end = heads[position + 1].start if position + 1 < len(heads) else paper.last_row + 1
        start = head.stop
        while start < end and _is_row_of_letters(paper, start):
            start += 1
        signed = (row for row in range(start, end) if _is_signature(paper, row))
        yield Block(head, range(start, next(signed, end)))


def heads_of(paper: Paper, block: Block, column: int) -> tuple[str, ...]:
    """What stands over a column, from the outermost head to its own."""
    words = [tidy(paper.text(row, column)).replace(" ", "") for row in block.head]
    return tuple(word for position, word in enumerate(words) if word and word not in words[:position])


def role_of(heads: tuple[str, ...]) -> Role:
    """What a column holds, by its own head."""
    return _ROLE_OF.get(heads[-1].lower(), Role.FIGURE) if heads else Role.FIGURE


def _is_head(paper: Paper, row: int) -> bool:
    """Whether a row has several words of a head in it, and no figures."""
    if paper.has_numbers(row) and not _only_years(paper, row):
        return False
    words = [tidy(cell.text).replace(" ", "").lower() for cell in paper.rows[row]]
    known = [word for word in words if word in _ROLE_OF or _FIGURE_WORDS.fullmatch(word)]
    return len(known) >= _HEAD_WORDS_NEEDED


def _only_years(paper: Paper, row: int) -> bool:
    numbers = [cell.raw for cell in paper.rows[row] if cell.kind is not CellKind.TEXT]
    return all(re.fullmatch(r"20\d\d", raw) for raw in numbers)


def _whole_head(paper: Paper, row: int, earliest: int) -> range:
    """The rows of the head that a row belongs to: those it is joined with by merged cells, and those below its edge."""
    first = last = row
    while first > earliest and row - first < _MOST_HEAD_ROWS and _is_upper_head(paper, first - 1):
        first -= 1
    edge = min(cell.column for cell in paper.rows[row])
    bottoms = [paper.merged[row, column].last_row for column in paper.columns if (row, column) in paper.merged]
    last = max([last, *(bottom for bottom in bottoms if bottom - row < _MOST_HEAD_ROWS)])
    while last - row < _MOST_HEAD_ROWS and _is_lower_head(paper, last + 1, edge):
        last += 1
    return range(first, last + 1)


def _is_upper_head(paper: Paper, row: int) -> bool:
    """Whether a row groups columns below it: it has no figures, and cells merged over some of the columns, not all."""
    if row not in paper.rows or paper.has_numbers(row):
        return False
    wide = [paper.merged[row, cell.column] for cell in paper.rows[row] if (row, cell.column) in paper.merged]
    whole = len(paper.columns)
    return len(paper.rows[row]) > 1 and any(1 < area.last_column - area.first_column + 1 < whole for area in wide)


def _is_lower_head(paper: Paper, row: int, edge: int) -> bool:
    """Whether a row divides columns above it further: it has words, and nothing where the labels stand."""
    if row not in paper.rows or paper.has_numbers(row):
        return False
    return (row, edge) not in paper.sheet.cells and len(paper.rows[row]) > 1


def _is_row_of_letters(paper: Paper, row: int) -> bool:
    """Whether a row only counts the columns: 甲 乙 1 2."""
    cells = paper.rows.get(row)
    return (
        cells is not None
        and len(cells) > 1
        and all(_LETTERS.fullmatch(cell.text.strip()) for cell in cells)
        and any(cell.kind is CellKind.TEXT for cell in cells)
    )


def _is_signature(paper: Paper, row: int) -> bool:
    first = paper.rows.get(row, [])[:1]
    return bool(first and _SIGNATURE.match(first[0].text.strip().replace(" ", "").replace("\u3000", "")))
