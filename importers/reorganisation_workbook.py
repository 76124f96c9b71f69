"""Reads the file of a reorganisation, CSV or workbook: the first sheet, its first row naming the columns."""

from collections import defaultdict
from collections.abc import Iterator

from importers.sandbox import read_workbook
from importers.workbook import ReadSheet
from portal.domain.reorganisation_file import COLUMNS, ReorganisationFile, reorganisation_of
from portal.errors import FormInvalid

_ISO_DATE = len("2024-01-01")


def read_reorganisation_file(content: bytes, filename: str) -> ReorganisationFile:
    """What the file says.

    Raises:
        WorkbookUnreadable: it is no workbook that can be read.
        FormInvalid: with every mistake, each with its line.
    """
    sheet = read_workbook(content, filename).sheets[0]
    missing = set(COLUMNS) - set(_names(sheet).values())
    if missing:
        listed = "、".join(name for name in COLUMNS if name in missing)
        raise FormInvalid([f"第 1 行：缺少列 {listed} (line 1: missing columns)"])
    return reorganisation_of(_records(sheet))


def _names(sheet: ReadSheet) -> dict[int, str]:
    return {column: cell.text.strip() for (row, column), cell in sheet.cells.items() if row == 1}


def _records(sheet: ReadSheet) -> Iterator[dict[str, str | None]]:
    """A record for each row with content; a spreadsheet turns days into moments of their midnight."""
    names = _names(sheet)
    rows: dict[int, dict[str, str | None]] = defaultdict(dict)
    for (row, column), cell in sorted(sheet.cells.items()):
        if row > 1 and column in names:
            name = names[column]
            rows[row][name] = cell.text[:_ISO_DATE] if name == "effective_on" else cell.text
    yield from rows.values()
