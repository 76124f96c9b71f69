"""What stands in or beside a table and is no answer: it is said, never silently dropped."""

import re
from collections.abc import Collection, Container, Iterable, Iterator

from importers import table_findings as wrong
from importers.tables import CODE, Column, Entry, Row, Table, holds_figure
from importers.workbook import Merged, ReadSheet, column_letters
from portal.domain.findings import Cell, Finding
from portal.domain.forms import Text

_LETTERS = {"甲", "A"}
"""What the row of column letters under a head begins with; the figures in it are numbers of columns."""

_OWN = re.compile(r"【[^】]{1,30}】")
"""What the lines of a comment of `importers.annotated` begin with."""


def stray_row(table: Table, row: Row) -> Finding | None:
    """A row of another form's code, or with a figure but no code of any, such as an inserted subtotal."""
    answer = row.cells.get(Column.THIS_YEAR)
    place = Cell(table.sheet.name, f"{column_letters(table.columns[Column.THIS_YEAR])}{row.number}")
    if CODE.fullmatch(row.code):
        return wrong.unknown_code(place, row.code, answer.text if answer else "")
    if answer is not None and holds_figure(answer) and row.code not in _LETTERS:
        return wrong.value_without_code(place, answer.text)
    return None


def beside(table: Table, codes: Container[str]) -> Iterator[Text]:
    """What stands in rows of these codes, but in columns that the table does not have."""
    rows = {row.number for row in table.rows if row.code in codes}
    known = set(table.columns.values())
    strays = sorted(column for row, column in table.sheet.cells if row in rows and column not in known)
    if strays:
        yield wrong.columns_not_read(table.sheet.name, dict.fromkeys(map(column_letters, strays)), len(strays))


def comments(sheets: Iterable[ReadSheet], entries: Collection[Entry]) -> Iterator[Finding]:
    """Comments on cells to fill in and on their notes; those of an annotated workbook are the portal's own."""
    answers = {(entry.place.sheet, entry.place.address) for entry in entries}
    notes = {(note.sheet, note.address) for entry in entries if (note := entry.cells.get(Column.NOTE))}
    for sheet in sheets:
        for comment in sheet.comments:
            if (sheet.name, comment.address) in answers | notes and not _OWN.match(comment.text):
                yield wrong.comment_not_read(Cell(sheet.name, comment.address), comment.text)


def merged_answers(table: Table, codes: Container[str]) -> Iterator[Finding]:
    """Cells to fill in that were merged with others, so that what is written there stands in the first one only."""
    answers = {(row.number, table.columns[Column.THIS_YEAR]) for row in table.rows if row.code in codes}
    for merged in table.sheet.merged:
        first = merged.first_row, merged.first_column
        swallowed = sorted(answer for answer in answers if answer != first and _is_within(merged, *answer))
        if swallowed:
            row, column = swallowed[0]
            yield wrong.merged_cells(Cell(table.sheet.name, f"{column_letters(column)}{row}"), _range(merged))


def _is_within(merged: Merged, row: int, column: int) -> bool:
    in_rows = merged.first_row <= row <= merged.last_row
    return in_rows and merged.first_column <= column <= merged.last_column


def _range(merged: Merged) -> str:
    first = f"{column_letters(merged.first_column)}{merged.first_row}"
    return f"{first}:{column_letters(merged.last_column)}{merged.last_row}"
