"""A long list as a workbook: a cover sheet that says what it is, then the rows, written one by one."""

from collections.abc import Iterable, Sequence
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from importers.template_styles import HEADER, LABEL, TITLE, Look, put_text

_LABEL_WIDTH, _CONTENT_WIDTH = 22, 80


def write_list_workbook(
    file: IO[bytes],
    *,
    title: str,
    cover_name: str,
    cover: Sequence[tuple[str, str]],
    list_name: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[str]],
) -> None:
    """Write a workbook of two sheets; every cell is text.

    Args:
        file: where to.
        title: heads the cover sheet.
        cover_name: what the cover sheet is called.
        cover: label and content of its lines.
        list_name: what the second sheet is called.
        columns: name and width (in characters) of its columns.
        rows: its rows; one at a time is in memory.
    """
    book = Workbook(write_only=True)
    first = book.create_sheet(cover_name)
    for letter, width in (("A", _LABEL_WIDTH), ("B", _CONTENT_WIDTH)):
        first.column_dimensions[letter].width = width
    first.append([_cell(first, title, TITLE)])
    for label, content in cover:
        first.append([_cell(first, label, HEADER), _cell(first, content, LABEL)])
    sheet = book.create_sheet(list_name)
    sheet.freeze_panes = "A2"
    for number, (_name, width) in enumerate(columns):
        sheet.column_dimensions[chr(ord("A") + number)].width = width
    sheet.append([_cell(sheet, name, HEADER) for name, _width in columns])
    for row in rows:
        sheet.append([_cell(sheet, content, LABEL) for content in row])
    book.save(file)


def _cell(sheet: WriteOnlyWorksheet, text: str, look: Look) -> Cell:
    cell = WriteOnlyCell(sheet)
    put_text(cell, text, look)
    return cell
