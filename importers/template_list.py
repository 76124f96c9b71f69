"""One sheet of the form as a list: heads, a row of codes to read it by, and open rows with what may be chosen."""

from dataclasses import replace

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.template_cells import comment, numeric, put_value
from importers.template_formulas import validation
from importers.template_frame import Frame, protect, set_page, start_at, write_head
from importers.template_job import CODE, FIRST_ROW, HEADER_ROW, Job
from importers.template_styles import Look, lines_of, put_text, row_height
from portal.domain.findings import ListPlace
from portal.domain.forms import Sheet, Text
from portal.domain.lists import ColumnType, ListColumn, ListItem, ListTable
from portal.domain.values import MISSING

NOTHING = Text("无", "none")
_LIST_CODE = Text("清单代码", "List code")
_NARROWEST_FRAME = 6
_NUMBER_WIDTH = 16.0
_PORTRAIT_WIDTH = 110.0
_WIDTHS = {ColumnType.TEXT: 30.0}
_WIDTH = 14.0


def write_list(worksheet: Worksheet, job: Job, sheet: Sheet, table: ListTable) -> None:
    """Fill an empty worksheet with one of the form's lists."""
    worksheet.title = job.title_of(sheet)
    last = max(_NARROWEST_FRAME, len(table.columns) + 1)
    before_legal = get_column_letter(last - 2)
    write_head(
        worksheet,
        job,
        sheet,
        Frame(get_column_letter(last), get_column_letter(last - 1), (before_legal, before_legal), ()),
    )
    _write_heads(worksheet, job, table)
    _write_rows(worksheet, job, table)
    worksheet.freeze_panes = f"B{FIRST_ROW}"
    start_at(worksheet, f"B{FIRST_ROW}")
    protect(worksheet)
    worksheet.protection.insertRows = worksheet.protection.deleteRows = False  # allowed, in the words of the format
    width = sum(each.width for each in worksheet.column_dimensions.values())
    set_page(worksheet, job, landscape=width > _PORTRAIT_WIDTH)
    worksheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW + 1}"


def _write_heads(worksheet: Worksheet, job: Job, table: ListTable) -> None:
    """The heads of the columns, and under them the codes by which the list is read."""
    put_text(worksheet[f"{CODE}{HEADER_ROW}"], job.say(Text("序号", "No.")), style.HEADER)
    put_text(worksheet[f"{CODE}{HEADER_ROW + 1}"], f"{job.say(_LIST_CODE)}：{table.code}", style.LETTER)
    worksheet.column_dimensions[CODE].width = max(_NUMBER_WIDTH, len(table.code) + 12)
    for number, column in enumerate(table.columns, start=2):
        letter = get_column_letter(number)
        unit = f"（{column.unit}）" if column.unit else ""
        head = worksheet[f"{letter}{HEADER_ROW}"]
        put_text(head, f"{job.say(column.name)}{unit}{' *' if column.required else ''}", style.HEADER)
        if job.say(column.definition):
            head.comment = comment(job.say(column.definition))
        put_text(worksheet[f"{letter}{HEADER_ROW + 1}"], column.code, style.LETTER)
        worksheet.column_dimensions[letter].width = _WIDTHS.get(column.type, _WIDTH)
    worksheet.row_dimensions[HEADER_ROW].height = 28


def _write_rows(worksheet: Worksheet, job: Job, table: ListTable) -> None:
    items, rows = job.items(table), job.open_rows(table)
    for number in range(1, rows + 1):
        put_text(worksheet[f"{CODE}{FIRST_ROW + number - 1}"], str(number), style.CENTRED)
        _write_row(worksheet, job, table, number, items[number - 1] if number <= len(items) else None)
    answer = job.lists.get(table.code)
    if answer is not None and answer.none:
        put_text(worksheet[f"B{FIRST_ROW}"], job.say(NOTHING), style.NOTE)
    if job.unit.level not in table.filled_by:
        return
    for number, column in enumerate(table.columns, start=2):
        letter = get_column_letter(number)
        rule = validation(job, column.indicator, f"{letter}{FIRST_ROW}")
        if rule is not None:
            rule.add(f"{letter}{FIRST_ROW}:{letter}{FIRST_ROW + rows - 1}")
            worksheet.add_data_validation(rule)


def _write_row(worksheet: Worksheet, job: Job, table: ListTable, number: int, item: ListItem | None) -> None:
    lines = 1
    for position, column in enumerate(table.columns, start=2):
        letter = get_column_letter(position)
        cell = worksheet[f"{letter}{FIRST_ROW + number - 1}"]
        value = item.cells.get(column.code, MISSING) if item else MISSING
        look = _look(job, table, column)
        written = job.written.get(str(ListPlace(table.code, number, column.code, number)))
        if written is not None:
            put_text(cell, written, look)
        elif value.text is not None and column.type is ColumnType.TEXT:
            put_text(cell, value.text, look)
            lines = max(lines, lines_of(value.text, worksheet.column_dimensions[letter].width - 2))
        else:
            put_value(cell, value, job, numeric(look, column.indicator, value))
    worksheet.row_dimensions[FIRST_ROW + number - 1].height = row_height(lines)


def _look(job: Job, table: ListTable, column: ListColumn) -> Look:
    if job.unit.level not in table.filled_by:
        return style.LOCKED
    return style.NOTE if column.type is ColumnType.TEXT else replace(style.INPUT, wrap=True)
