"""One sheet of the form as a statutory table: legal marks top right, one flat header row, codes visible and locked."""

from dataclasses import replace

from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.notes import note_text
from importers.template_cells import comment, numeric, put_value, write_answer
from importers.template_frame import Frame, protect, set_page, start_at, write_foot, write_head
from importers.template_job import (
    CODE,
    FIRST_ROW,
    HEADER_ROW,
    LAST_YEAR,
    NAME,
    NOTE,
    THIS_YEAR,
    UNIT,
    Job,
)
from importers.template_styles import lines_of, put_text, row_height
from portal.domain.forms import Indicator, Sheet, Source, Text
from portal.domain.periods import PeriodKind

_WIDTHS = {CODE: 12.5, NAME: 38.0, UNIT: 10.5, LAST_YEAR: 13.5, THIS_YEAR: 15.0, NOTE: 23.0}
_FRAME = Frame(NOTE, THIS_YEAR, (UNIT, LAST_YEAR), ((CODE, NAME), (UNIT, LAST_YEAR), (THIS_YEAR, NOTE)))


def write_table(worksheet: Worksheet, job: Job, sheet: Sheet) -> None:
    """Fill an empty worksheet with the list of one of the form's sheets."""
    worksheet.title = job.title_of(sheet)
    write_head(worksheet, job, sheet, _FRAME)
    _write_header_row(worksheet, job)
    for indicator in sheet.listed:
        _write_row(worksheet, job, indicator)
    write_foot(worksheet, job, FIRST_ROW + len(sheet.listed), _FRAME)
    for column, width in _WIDTHS.items():
        worksheet.column_dimensions[column].width = width
    worksheet.freeze_panes = f"{UNIT}{FIRST_ROW}"
    start_at(worksheet, next((job.places[each.code].answer for each in sheet.listed if job.fills(each)), "A1"))
    protect(worksheet)
    set_page(worksheet, job)
    worksheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW + 1}"


def _write_header_row(worksheet: Worksheet, job: Job) -> None:
    yearly = job.period.kind is PeriodKind.YEAR
    words = {
        CODE: (Text("指标代码", "Code"), "甲"),
        NAME: (Text("指标名称", "Indicator"), "乙"),
        UNIT: (Text("计量单位", "Unit of measure"), "丙"),
        LAST_YEAR: (Text("上年数", "Last year") if yearly else Text("上年同期", "Last year"), "1"),
        THIS_YEAR: (Text("本年数", "This year") if yearly else Text("本期数", "This period"), "2"),
        NOTE: (Text("备注", "Note"), "丁"),
    }
    for column, (word, letter) in words.items():
        put_text(worksheet[f"{column}{HEADER_ROW}"], job.say(word), style.HEADER)
        put_text(worksheet[f"{column}{HEADER_ROW + 1}"], letter, style.LETTER)
    worksheet.row_dimensions[HEADER_ROW].height = 28


def _write_row(worksheet: Worksheet, job: Job, indicator: Indicator) -> None:
    row = job.places[indicator.code].row
    name = worksheet[f"{NAME}{row}"]
    put_text(worksheet[f"{CODE}{row}"], indicator.code, style.CODE)
    indent = 1 + _depth(job, indicator) * 2
    put_text(name, job.say(indicator.name), replace(style.LABEL, indent=indent))
    definition = job.say(indicator.definition)
    if definition:
        name.comment = comment(definition)
    put_text(worksheet[f"{UNIT}{row}"], indicator.unit, style.CENTRED)
    last_year = job.last_year.get(indicator.code)
    put_value(worksheet[f"{LAST_YEAR}{row}"], last_year, job, numeric(style.LOCKED, indicator, last_year))
    write_answer(worksheet, job, indicator)
    _write_note(worksheet, job, indicator, row)
    lines = max(
        lines_of(job.say(indicator.name), _WIDTHS[NAME] - indent),
        lines_of(worksheet[f"{NOTE}{row}"].value, _WIDTHS[NOTE] - 2),
    )
    worksheet.row_dimensions[row].height = row_height(lines)


def _write_note(worksheet: Worksheet, job: Job, indicator: Indicator, row: int) -> None:
    """The note beside this year's figure; where it cannot be typed, why."""
    cell = worksheet[f"{NOTE}{row}"]
    if job.fills(indicator):
        put_text(cell, job.notes.get(indicator.code) or note_text(job.value(indicator)), style.NOTE)
    else:
        put_text(cell, _why_locked(job, indicator), replace(style.LOCKED, horizontal="left", wrap=True, size=9))


def _why_locked(job: Job, indicator: Indicator) -> str:
    match indicator.source:
        case Source.CALCULATED:
            return job.say(Text("系统计算", "Calculated"))
        case Source.CARRIED:
            return job.say(Text("系统带出", "Carried in"))
    return job.say(Text("本级不填", "Not for this level"))


def _depth(job: Job, indicator: Indicator) -> int:
    """How many wholes a part lies in."""
    depth = 0
    while indicator.parent in job.form.by_code:
        indicator, depth = job.form.by_code[indicator.parent], depth + 1
    return depth
