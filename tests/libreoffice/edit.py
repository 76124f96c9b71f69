"""Opens workbooks in LibreOffice, does to them what people do, and saves them; one LibreOffice for all of them.

Run by the system's Python, which has LibreOffice's bridge: `edit.py JOBS.json`, a list of objects with `source`,
`target`, whose ending says the format, `password` (empty for none), and `edits`, each the name of a function of this
module and its arguments. Nothing of the portal is imported.
"""

import json
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.table import TableSortField
from com.sun.star.util.NumberFormat import TEXT

FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".xls": "MS Excel 97",
    ".ods": "calc8",
    ".fods": "OpenDocument Spreadsheet Flat XML",
    ".csv": "Text - txt - csv (StarCalc)",
    ".pdf": "calc_pdf_Export",
    ".html": "HTML (StarCalc)",
}
UTF8_CSV = "44,34,76,1"


def property_value(name, value):
    prop = PropertyValue()
    prop.Name, prop.Value = name, value
    return prop


def unprotect(document):
    """Take the sheets' protection away, as everybody can; it has no password."""
    document.unprotect("")
    for sheet in document.Sheets:
        sheet.unprotect("")


def type_in(document, sheet, contents):
    """Type: what looks like a number becomes one, unless the cell is one for text."""
    for address, content in contents.items():
        cell = document.Sheets.getByName(sheet).getCellRangeByName(address)
        for_text = document.NumberFormats.getByKey(cell.NumberFormat).Type & TEXT
        (cell.setString if for_text else cell.setFormula)(content)


def paste_text(document, sheet, contents):
    """Paste as text: whatever it looks like."""
    for address, content in contents.items():
        document.Sheets.getByName(sheet).getCellRangeByName(address).setString(content)


def insert_row(document, sheet, row):
    document.Sheets.getByName(sheet).Rows.insertByIndex(row - 1, 1)


def insert_column(document, sheet, column):
    document.Sheets.getByName(sheet).Columns.insertByIndex(column - 1, 1)


def delete_row(document, sheet, row):
    document.Sheets.getByName(sheet).Rows.removeByIndex(row - 1, 1)


def delete_column(document, sheet, column):
    document.Sheets.getByName(sheet).Columns.removeByIndex(column - 1, 1)


def cut_and_paste(document, sheet, cells, to):
    where = document.Sheets.getByName(sheet)
    where.moveRange(
        where.getCellRangeByName(to).getCellByPosition(0, 0).CellAddress,
        where.getCellRangeByName(cells).RangeAddress,
    )


def copy_and_paste(document, sheet, cells, to_sheet, to):
    sheets = document.Sheets
    sheets.getByName(sheet).copyRange(
        sheets.getByName(to_sheet).getCellRangeByName(to).getCellByPosition(0, 0).CellAddress,
        sheets.getByName(sheet).getCellRangeByName(cells).RangeAddress,
    )


def sort(document, sheet, cells, by, ascending=True):
    """Sort rows by the column at a position in the range, from 0."""
    field = TableSortField()
    field.Field, field.IsAscending = by, ascending
    fields = uno.Any("[]com.sun.star.table.TableSortField", (field,))
    descriptor = (property_value("SortFields", fields), property_value("ContainsHeader", False))
    document.Sheets.getByName(sheet).getCellRangeByName(cells).sort(descriptor)


def filter_rows(document, sheet, cells, column, word):
    """Show only the rows that have a word in a column of the range, from 0."""
    where = document.Sheets.getByName(sheet).getCellRangeByName(cells)
    descriptor = where.createFilterDescriptor(True)
    field = uno.createUnoStruct("com.sun.star.sheet.TableFilterField")
    field.Field, field.IsNumeric, field.StringValue = column, False, word
    field.Operator = uno.Enum("com.sun.star.sheet.FilterOperator", "EQUAL")
    descriptor.setFilterFields((field,))
    where.filter(descriptor)


def hide_row(document, sheet, row):
    document.Sheets.getByName(sheet).Rows.getByIndex(row - 1).IsVisible = False


def hide_column(document, sheet, column):
    document.Sheets.getByName(sheet).Columns.getByIndex(column - 1).IsVisible = False


def hide_sheet(document, sheet):
    document.Sheets.getByName(sheet).IsVisible = False


def rename(document, sheet, name):
    document.Sheets.getByName(sheet).Name = name


def move_sheet(document, sheet, place):
    document.Sheets.moveByName(sheet, place)


def copy_sheet(document, sheet, name):
    document.Sheets.copyByName(sheet, name, document.Sheets.Count)


def delete_sheet(document, sheet):
    document.Sheets.removeByName(sheet)


def merge(document, sheet, cells):
    document.Sheets.getByName(sheet).getCellRangeByName(cells).merge(True)


def replace_all(document, sheet, this, that):
    """Find and replace in the whole sheet."""
    where = document.Sheets.getByName(sheet)
    descriptor = where.createReplaceDescriptor()
    descriptor.SearchString, descriptor.ReplaceString = this, that
    where.replaceAll(descriptor)


def show_as(document, sheet, cells, number_format):
    """Give cells another number format."""
    formats, locale = document.NumberFormats, uno.createUnoStruct("com.sun.star.lang.Locale")
    key = formats.queryKey(number_format, locale, False)
    where = document.Sheets.getByName(sheet).getCellRangeByName(cells)
    where.NumberFormat = formats.addNew(number_format, locale) if key < 0 else key


def opened(desktop, address):
    return desktop.loadComponentFromURL(address, "_blank", 0, (property_value("Hidden", True),))


def new_book_beside(document):
    return opened(document.CurrentController.Frame.Creator, "private:factory/scalc")


def sheets_to_new_book(document, *names):
    """Copy sheets to a workbook of their own, as the menu of their tabs does."""
    book = new_book_beside(document)
    for name in names:
        book.Sheets.importSheet(document, name, book.Sheets.Count)
    book.Sheets.removeByName(book.Sheets.getByIndex(0).Name)
    return book


def values_to_new_book(document, *names):
    """Copy sheets and paste only what their cells show into a workbook of one's own."""
    book = new_book_beside(document)
    for name in names:
        cursor = document.Sheets.getByName(name).createCursor()
        cursor.gotoEndOfUsedArea(False)
        last = cursor.RangeAddress
        area = (0, 0, last.EndColumn, last.EndRow)
        shown = document.Sheets.getByName(name).getCellRangeByPosition(*area).getDataArray()
        book.Sheets.insertNewByName(name, book.Sheets.Count)
        book.Sheets.getByName(name).getCellRangeByPosition(*area).setDataArray(shown)
    book.Sheets.removeByName(book.Sheets.getByIndex(0).Name)
    return book


class Office:
    """A LibreOffice of its own, with a profile of its own; gone at the end of the block."""

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory()
        pipe = f"huizong{uuid.uuid4().hex}"
        self.process = subprocess.Popen(
            [
                "soffice",
                f"-env:UserInstallation=file://{self.profile.name}",
                "--headless",
                "--norestore",
                "--nologo",
                f"--accept=pipe,name={pipe};urp;",
            ]
        )
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        for _attempt in range(480):
            try:
                context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            except NoConnectException:
                time.sleep(0.25)
        raise SystemExit("LibreOffice did not answer")

    def __exit__(self, *_exception):
        self.process.terminate()
        self.process.wait(30)
        self.profile.cleanup()


def do(desktop, job):
    document = opened(desktop, Path(job["source"]).resolve().as_uri())
    books = [document]
    for name, *arguments in job["edits"]:
        books.append(globals()[name](books[-1], *arguments) or books[-1])
    books[-1].calculateAll()  # which a document that nobody looks at leaves for later
    target = Path(job["target"]).resolve()
    options = [property_value("FilterName", FILTERS[target.suffix])]
    if target.suffix == ".csv":
        options.append(property_value("FilterOptions", UTF8_CSV))
    if job["password"]:
        options.append(property_value("Password", job["password"]))
    books[-1].storeToURL(target.as_uri(), tuple(options))
    for book in {id(book): book for book in books}.values():
        book.close(True)


def main(jobs):
    with Office() as desktop:
        for job in json.loads(Path(jobs).read_text(encoding="utf-8")):
            do(desktop, job)


main(*sys.argv[1:])
