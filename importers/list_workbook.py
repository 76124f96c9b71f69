"""A long list as a workbook: a cover sheet that says what it is, then the rows, written one by one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import IO, cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.header_footer import HeaderFooter, HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from importers.template_styles import HEADER, LABEL, TITLE, Look, put_text

Content = str | int | Decimal | None
"""What a cell of the list holds: a text, which is never a formula, a number, or nothing."""

NUMBER = replace(LABEL, horizontal="right")
_LABEL_WIDTH, _CONTENT_WIDTH = 22, 80


def write_list_workbook(
    file: IO[bytes],
    *,
    title: str,
    cover_name: str,
    cover: Callable[[], Sequence[tuple[str, str]]],
    list_name: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[Content]],
) -> None:
    """Write a workbook of two sheets.

    Args:
        file: where to.
        title: heads the cover sheet.
        cover_name: what the cover sheet is called.
        cover: gives label and content of its lines; asked when all rows are written.
        list_name: what the second sheet is called.
        columns: name and width (in characters) of its columns.
        rows: its rows; one at a time is in memory.
    """
    book = Workbook(write_only=True)
    first = book.create_sheet(cover_name)
    for letter, width in (("A", _LABEL_WIDTH), ("B", _CONTENT_WIDTH)):
        first.column_dimensions[letter].width = width
    _fit_width(first)
    first.append([_cell(first, title, TITLE)])
    sheet = book.create_sheet(list_name)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}1"
    sheet.print_title_rows = "1:1"
    _fit_width(sheet)
    for number, (_name, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_cell(sheet, name, HEADER) for name, _width in columns])
    for row in rows:
        sheet.append([_cell(sheet, content, LABEL) for content in row])
    for label, content in cover():
        first.append([_cell(first, label, HEADER), _cell(first, content, LABEL)])
    book.save(file)


def _fit_width(written: WriteOnlyWorksheet) -> None:
    """Print on A4 as wide as the page, with page numbers."""
    sheet = cast("Worksheet", written)  # a sheet that is only written has a page too; the stubs lack it
    sheet.page_setup.paperSize, sheet.page_setup.orientation = "9", "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    footer = HeaderFooterItem()
    footer.center.text = "&P / &N"
    sheet.HeaderFooter = HeaderFooter(oddFooter=footer)


def _cell(sheet: WriteOnlyWorksheet, content: Content, look: Look) -> Cell:
    cell = WriteOnlyCell(sheet)
    if isinstance(content, str):
        put_text(cell, content, look)
    else:
        put_text(cell, "", NUMBER if look is LABEL else look)
        cell.value = content
    return cell
