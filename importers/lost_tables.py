"""Tables that cannot be read, and why: which head is missing, and which sheet of the form that loses."""

from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from importers import table_findings as wrong
from importers.grids import Grid
from importers.identity import SHEETS_WITHOUT_ANSWERS
from importers.measures import tidy
from importers.tables import HEADS, Column, Table
from importers.workbook import ReadSheet, ReadWorkbook, column_letters
from portal.domain.findings import Cell, Finding
from portal.domain.forms import FormVersion, Indicator, Sheet
from portal.domain.periods import PeriodKind

_HEAD_WITHIN = 2  # rows above the first code: the head, and the numbers of its columns


def unreadable(tables: Iterable[Table], form: FormVersion, found: AbstractSet[str]) -> Iterator[Finding]:
    """What keeps a table from being read; it hides the codes of the form's sheet that the table was meant to be.

    Args:
        tables: of the workbook.
        form: whose indicators are looked for.
        found: codes whose rows were found; a table without figures that repeats them is a glossary, and loses nothing.
    """
    for table in tables:
        codes = {row.code for row in table.rows} & form.by_code.keys()
        if table.readable or (codes and codes <= found):
            continue
        sheet = _sheet_by_names(table, form)
        lost = frozenset(indicator.code for indicator in sheet.indicators) if sheet else frozenset()
        if not table.has_codes:
            yield replace(wrong.code_column_missing(table, sheet), hides=lost)
        elif Column.THIS_YEAR in table.columns:
            yield replace(wrong.repeated_column(table, sheet), hides=lost)
        elif codes:
            missing = _head_missing(table.sheet, table.header_row, form, {Column.THIS_YEAR})
            yield replace(missing, hides=lost | codes)


def headless(
    workbook: ReadWorkbook, tables: Iterable[Table | Grid], form: FormVersion, found: AbstractSet[str]
) -> Iterator[Finding]:
    """Sheets in which codes of the form stand below no head at all, and so are hidden."""
    with_tables = {table.sheet.name for table in tables} | SHEETS_WITHOUT_ANSWERS
    for sheet in workbook.sheets:
        if sheet.name in with_tables:
            continue
        placed = {(row, column): tidy(cell.text).upper() for (row, column), cell in sheet.cells.items()}
        codes = {place: code for place, code in placed.items() if code in form.by_code and code not in found}
        if codes:
            [(column, _count)] = Counter(column for _row, column in codes).most_common(1)
            first = min(row for row, at in codes if at == column)
            missing = _head_missing(sheet, _likely_head(sheet, first), form, {Column.CODE, Column.THIS_YEAR})
            yield replace(missing, hides=frozenset(codes.values()))


def _head_missing(sheet: ReadSheet, row: int, form: FormVersion, wanted: set[Column]) -> Finding:
    cells = [sheet.cells[place] for place in sorted(sheet.cells) if place[0] == row]
    heads = [tidy(cell.text) for cell in cells if cell.text.strip()]
    yearly = form.period_kind is PeriodKind.YEAR
    words = [HEADS[column] if yearly or column is Column.CODE else "本期数" for column in Column if column in wanted]
    missing = [word for word in words if word not in heads]
    place = Cell(sheet.name, f"{column_letters(cells[0].column) if cells else 'A'}{row}")
    return wrong.head_missing(place, row, heads, missing)


def _likely_head(sheet: ReadSheet, first: int) -> int:
    """The row close above the first code that has most words in it; the first code's own if none has several."""
    above = range(max(1, first - _HEAD_WITHIN), first)
    words = Counter(row for (row, _column), cell in sheet.cells.items() if row in above and len(cell.text.strip()) > 1)
    return max((row for row in above if words[row] > 1), key=lambda row: words[row], default=first)


def _sheet_by_names(table: Table, form: FormVersion) -> Sheet | None:
    """The form's sheet whose indicators a table names; only to say which one is lost, never to take figures from it."""
    names = {tidy(row.cells[Column.NAME].text) for row in table.rows if Column.NAME in row.cells}
    best = max(form.sheets, key=lambda sheet: _names_met(sheet, names))
    return best if _names_met(best, names) else None


def _names_met(sheet: Sheet, names: set[str]) -> int:
    return sum(is_named(indicator, names) for indicator in sheet.indicators)


def is_named(indicator: Indicator, names: AbstractSet[str]) -> bool:
    """Whether one of the tidied names is the indicator's, in either language."""
    return not names.isdisjoint({tidy(indicator.name.zh), tidy(indicator.name.en)})
