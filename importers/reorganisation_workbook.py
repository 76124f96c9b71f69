"""Reads the file of a reorganisation, CSV or workbook: the sheet whose first row names the columns."""

from collections import Counter, defaultdict
from decimal import Decimal

from importers.days import day_of_serial, read_day
from importers.measures import tidy
from importers.sandbox import read_workbook
from importers.workbook import CellKind, ReadCell, ReadSheet
from portal.domain.reorganisation_file import COLUMN_WORDS, COLUMNS, ReorganisationFile, cut_short, reorganisation_of
from portal.domain.texts import Text
from portal.domain.unit_file import at_line
from portal.errors import UnitsInvalid

_WITHOUT_CONTENT = frozenset({CellKind.ERROR, CellKind.FORMULA_WITHOUT_VALUE})
_MOST_SHOWN = 12
"""Headings told of a file that has other columns."""


def read_reorganisation_file(content: bytes, filename: str) -> ReorganisationFile:
    """What the file says.

    Raises:
        WorkbookUnreadable: it is no workbook that can be read.
        UnitsInvalid: with every mistake, each with its line.
    """
    sheets = read_workbook(content, filename).sheets
    headed = [(sheet, *_headings(sheet)) for sheet in sheets]
    for sheet, line, names in headed:
        if set(COLUMNS) <= set(names.values()):
            return reorganisation_of(_records(sheet, line, names))
    raise UnitsInvalid([_wrong_columns(max((names for _sheet, _line, names in headed), key=len, default={}))])


def _headings(sheet: ReadSheet) -> tuple[int, dict[int, str]]:
    """The first row with content, and what stands in it by column, in English where it is known."""
    line = min((row for row, _column in sheet.cells), default=1)
    texts = {column: tidy(cell.text) for (row, column), cell in sheet.cells.items() if row == line}
    return line, {column: COLUMN_WORDS.get(text, text) for column, text in texts.items()}


def _wrong_columns(names: dict[int, str]) -> tuple[str, str]:
    missing = {word: name for word, name in COLUMN_WORDS.items() if name not in names.values()}
    found = [name[:20] for name in list(names.values())[:_MOST_SHOWN]]
    return (
        f"缺少列：{'、'.join(missing)}。找到的列：{'、'.join(found) or '没有'}",
        f"columns missing: {', '.join(missing.values())}; columns found: {', '.join(found) or 'none'}",
    )


def _records(sheet: ReadSheet, head: int, names: dict[int, str]) -> dict[int, dict[str, str | None]]:
    """A record for each row below the headings.

    Raises:
        UnitsInvalid: a column stands there twice, or a cell has no content that could be read.
    """
    counts = Counter(names.values())
    twice = [word for word, name in COLUMN_WORDS.items() if counts[name] > 1]
    problems = [at_line(head, Text(f"列“{word}”出现两次", f"column “{word}” stands there twice")) for word in twice]
    rows: dict[int, dict[str, str | None]] = defaultdict(dict)
    for (row, column), cell in sorted(sheet.cells.items()):
        name = names.get(column)
        if row <= head or name not in COLUMNS:
            continue
        if cell.kind in _WITHOUT_CONTENT:
            zh, en = "是错误值，或公式没有算出的值", "is an error, or a formula without a value"
            problems.append(at_line(row, Text(f"{cell.address} {zh}", f"{cell.address} {en}")))
        rows[row][name] = _day_text(cell) if name == "effective_on" else _text(cell)
    if problems:
        raise UnitsInvalid(cut_short(problems))
    return rows


def _text(cell: ReadCell) -> str:
    """What stands in a cell; codes that a spreadsheet took for numbers without its `.0`."""
    if isinstance(cell.value, Decimal) and cell.value == cell.value.to_integral_value():
        return str(int(cell.value))
    return cell.text


def _day_text(cell: ReadCell) -> str:
    """A day as `2024-01-31`, however it is written; what is none stays as it is."""
    text = tidy(_text(cell))
    serial = day_of_serial(cell.value) if isinstance(cell.value, Decimal) else None
    day = serial or read_day(text)
    return text if day is None else day.isoformat()
