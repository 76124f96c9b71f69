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

from importers.template_styles import HEADER, LABEL, TITLE, Look, lines_of, put_text, row_height

Content = str | int | Decimal | None
"""What a cell of the list holds: a text, which is never a formula, a number, or nothing."""

NUMBER = replace(LABEL, horizontal="right")
_LABEL_WIDTH, _CONTENT_WIDTH = 22, 80
_PADDING = 3  # characters of a column that its text cannot fill
_PAGE_WIDTH = 200  # characters that can be read side by side on a page


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
    _set_page(first)
    cast("Worksheet", first).row_dimensions[1].height = row_height(2)
    first.append([_cell(first, title, replace(TITLE, horizontal="left"))])
    sheet = book.create_sheet(list_name)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}1"
    sheet.print_title_rows = "1:1"
    sheet.print_title_cols = "A:B"
    _set_page(sheet, pages_wide=-(-sum(width for _name, width in columns) // _PAGE_WIDTH))
    for number, (_name, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_cell(sheet, name, HEADER) for name, _width in columns])
    widths = [width for _name, width in columns]
    for number, row in enumerate(rows, start=2):
        _set_height(sheet, number, row, widths)
        sheet.append([_cell(sheet, content, LABEL) for content in row])
    for number, (label, content) in enumerate(cover(), start=2):
        _set_height(first, number, [label, content], [_LABEL_WIDTH, _CONTENT_WIDTH])
        first.append([_cell(first, label, HEADER), _cell(first, content, LABEL)])
    book.save(file)


def _set_page(written: WriteOnlyWorksheet, *, pages_wide: int = 1) -> None:
    """Print on A4 as wide as that many pages, with page numbers."""
    sheet = cast("Worksheet", written)  # a sheet that is only written has a page too; the stubs lack it
    sheet.page_setup.paperSize, sheet.page_setup.orientation = "9", "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages_wide, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    footer = HeaderFooterItem()
    footer.center.text = "&P / &N"
    sheet.HeaderFooter = HeaderFooter(oddFooter=footer)


def _set_height(written: WriteOnlyWorksheet, number: int, row: Sequence[Content], widths: Sequence[int]) -> None:
    """Make a row high enough for its texts; not every program does so when it opens a file."""
    texts = ((content, width) for content, width in zip(row, widths, strict=True) if isinstance(content, str))
    lines = max(
        (lines_of(text, width - _PADDING) for text, width in texts if 2 * len(text) > width - _PADDING), default=1
    )
    if lines > 1:
        cast("Worksheet", written).row_dimensions[number].height = row_height(lines)


def _cell(sheet: WriteOnlyWorksheet, content: Content, look: Look) -> Cell:
    cell = WriteOnlyCell(sheet)
    if isinstance(content, str):
        put_text(cell, content, look)
    else:
        put_text(cell, "", NUMBER if look is LABEL else look)
        cell.value = content
    return cell
