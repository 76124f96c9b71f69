"""One sheet of the form as a cross table: heads above and beside it, and codes of rows and columns to read it by."""

from dataclasses import replace

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.notes import note_text
from importers.template_cells import comment, write_answer
from importers.template_frame import Frame, protect, set_page, start_at, write_foot, write_head
from importers.template_job import CODE, FIRST_CELL, HEADER_ROW, NAME, Job, code_row, numbered_lines
from importers.template_styles import dress, lines_of, put_text, row_height
from portal.domain.cross_layout import StubLine, common_unit, head_rows
from portal.domain.cross_tables import CrossTable
from portal.domain.forms import Sheet, Text

ROW_CODE = Text("行代码", "Row code")
COLUMN_CODE = Text("栏代码", "Column code")
_ITEM = Text("项目", "Item")
_CODE_WIDTH, _NAME_WIDTH = 9.0, 44.0
_CELLS_WIDTH, _NARROWEST, _WIDEST = 90.0, 11.0, 22.0
_PORTRAIT_COLUMNS = 4
_MORE_NOTES = 3
_BLOCKED = replace(style.LOCKED, fill="C8C8C8")


def write_cross_table(worksheet: Worksheet, job: Job, sheet: Sheet, cross: CrossTable) -> None:
    """Fill an empty worksheet with one of the form's cross tables."""
    worksheet.title = job.title_of(sheet)
    columns = len(cross.column_leaves)
    last = FIRST_CELL + columns - 1
    frame = _frame(last)
    write_head(worksheet, job, sheet, frame)
    _write_unit(worksheet, job, sheet, frame)
    _write_heads(worksheet, job, cross)
    for number, line in numbered_lines(cross):
        _write_stub(worksheet, job, sheet, number, line, last)
    for indicator in sheet.indicators:
        write_answer(worksheet, job, indicator)
    write_foot(worksheet, job, _write_notes(worksheet, job, sheet, last), frame)
    width = min(_WIDEST, max(_NARROWEST, _CELLS_WIDTH / columns))
    for number in range(FIRST_CELL, last + 1):
        worksheet.column_dimensions[get_column_letter(number)].width = width
    worksheet.column_dimensions[CODE].width = _CODE_WIDTH
    worksheet.column_dimensions[NAME].width = _NAME_WIDTH
    first_row = code_row(cross) + 1
    worksheet.freeze_panes = f"{get_column_letter(FIRST_CELL)}{first_row}"
    start_at(worksheet, next((job.places[each.code].answer for each in sheet.indicators if job.fills(each)), "A1"))
    protect(worksheet)
    set_page(worksheet, job, landscape=columns > _PORTRAIT_COLUMNS)
    worksheet.print_title_rows = f"{HEADER_ROW}:{first_row - 1}"


def _write_notes(worksheet: Worksheet, job: Job, sheet: Sheet, last: int) -> int:
    """The notes below the table, each by the code of its cell, and room for more; gives the row after them."""
    codes = [each.code for each in sheet.indicators if job.fills(each)]
    if not codes:
        return worksheet.max_row + 1
    told = [(code, job.notes.get(code) or note_text(job.value(job.form.indicator(code)))) for code in codes]
    lines = [(code, note) for code, note in told if note] + [("", "")] * _MORE_NOTES
    words = Text(
        f"备注（每行一条，左边写行代码和栏代码，如 {codes[0]}）",
        f"Notes (one a line; on the left the codes of row and column, such as {codes[0]})",
    )
    head = worksheet.max_row + 1
    put_text(worksheet[f"{NAME}{head}"], job.say(words), style.SMALL)
    for row, (code, note) in enumerate(lines, start=head + 1):
        put_text(worksheet[f"{CODE}{row}"], code, replace(style.NOTE, horizontal="center"))
        for number in range(FIRST_CELL, last + 1):
            dress(worksheet[f"{get_column_letter(number)}{row}"], style.NOTE)
        put_text(worksheet[f"{NAME}{row}"], note, style.NOTE)
        worksheet.merge_cells(f"{NAME}{row}:{get_column_letter(last)}{row}")
    return head + len(lines) + 1


def _frame(last: int) -> Frame:
    """Around a table that ends at that column."""
    middle = max(FIRST_CELL, (FIRST_CELL + last) // 2)
    legal = max(FIRST_CELL, last - 2)
    signed = ((CODE, NAME), *((get_column_letter(at), get_column_letter(at + 1)) for at in (FIRST_CELL, middle + 1)))
    before_legal = get_column_letter(legal - 1)
    return Frame(get_column_letter(last), get_column_letter(legal), (before_legal, before_legal), signed)


def _write_unit(worksheet: Worksheet, job: Job, sheet: Sheet, frame: Frame) -> None:
    """The unit of measure of the whole table; where cells differ in it, the definitions say which has which."""
    unit = common_unit(sheet)
    if unit:
        words = job.say(Text(f"计量单位：{unit}", f"Unit of measure: {unit}"))
        put_text(worksheet[f"{frame.legal}5"], words, style.LEGAL)
        worksheet.merge_cells(f"{frame.legal}5:{frame.last}5")


def _write_heads(worksheet: Worksheet, job: Job, cross: CrossTable) -> None:
    """The heads of the columns, and under them their codes."""
    codes = code_row(cross)
    for column, word in ((CODE, ROW_CODE), (NAME, _ITEM)):
        _write_head(worksheet, f"{column}{HEADER_ROW}", f"{column}{codes - 1}", job.say(word))
    for row, heads in enumerate(head_rows(cross), start=HEADER_ROW):
        for head in heads:
            first, last = (get_column_letter(FIRST_CELL + head.first + step) for step in (0, head.across - 1))
            _write_head(worksheet, f"{first}{row}", f"{last}{row + head.down - 1}", job.say(head.name))
        worksheet.row_dimensions[row].height = 32
    put_text(worksheet[f"{CODE}{codes}"], job.say(COLUMN_CODE), style.LETTER)
    put_text(worksheet[f"{NAME}{codes}"], "", style.LETTER)
    for number, leaf in enumerate(cross.column_leaves, start=FIRST_CELL):
        put_text(worksheet[f"{get_column_letter(number)}{codes}"], leaf.code, style.LETTER)


def _write_head(worksheet: Worksheet, first: str, last: str, words: str) -> None:
    for row in worksheet[f"{first}:{last}"]:
        for cell in row:
            dress(cell, style.HEADER)
    put_text(worksheet[first], words, style.HEADER)
    if first != last:
        worksheet.merge_cells(f"{first}:{last}")


def _write_stub(worksheet: Worksheet, job: Job, sheet: Sheet, row: int, line: StubLine, last: int) -> None:
    """A row's code and name, and its cells as they look where there are none."""
    look = replace(style.LABEL, indent=1 + 2 * line.depth, bold=line.leaf is None)
    code, name = worksheet[f"{CODE}{row}"], worksheet[f"{NAME}{row}"]
    put_text(code, f"{sheet.code}{line.leaf.code}" if line.leaf else "", style.CODE)
    put_text(name, job.say(line.line.name), look)
    definition = dict(line.line.cells).get("definition")
    if definition:
        name.comment = comment(job.say(definition))
    for number in range(FIRST_CELL, last + 1):
        dress(worksheet[f"{get_column_letter(number)}{row}"], _BLOCKED)
    worksheet.row_dimensions[row].height = row_height(lines_of(job.say(line.line.name), _NAME_WIDTH - look.indent))
