"""The text that goes with the figures as a sheet to write it in (`importers.report_text` reads it back)."""

from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.identity import visible_line
from importers.report_text import CODE, TEXT_SHEET, WORDS
from importers.template_frame import DEMO_WORDS, protect, set_page, start_at
from importers.template_job import HEADER_ROW, Job
from importers.template_styles import lines_of, put_text, row_height
from portal.domain.forms import Section, Text

_COLUMNS = {
    "A": (CODE, 10.0),
    "B": (Text("章节", "Title"), 22.0),
    "C": (Text("写作要求", "What to write"), 32.0),
    "D": (WORDS, 90.0),
}
_LEAST_LINES, _MOST_LINES = 5, 24
_INPUT = style.Look(fill="FFFBE6", boxed=True, wrap=True, vertical="top", indent=1, unlocked=True, number_format="@")


def write_report_text(worksheet: Worksheet, job: Job) -> None:
    """Fill an empty worksheet with the sections, and what is written under them so far."""
    worksheet.title = job.say(TEXT_SHEET)
    put_text(worksheet["A1"], job.say(TEXT_SHEET), style.TITLE)
    worksheet.merge_cells(f"A1:{list(_COLUMNS)[-1]}1")
    worksheet.row_dimensions[1].height = 40
    if job.demo:
        put_text(worksheet["A2"], job.say(DEMO_WORDS), style.DEMO)
    put_text(worksheet["A4"], f"{job.unit.name}　{job.period}", style.PLAIN)
    put_text(worksheet["A5"], job.say(visible_line(job.identity, job.form.code, job.mark)), style.SMALL)
    for column, (head, width) in _COLUMNS.items():
        worksheet.column_dimensions[column].width = width
        put_text(worksheet[f"{column}{HEADER_ROW}"], job.say(head), style.HEADER)
    for row, section in enumerate(job.form.outline, start=HEADER_ROW + 1):
        _write_section(worksheet, job, row, section)
    worksheet.freeze_panes = f"D{HEADER_ROW + 1}"
    worksheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    start_at(worksheet, f"D{HEADER_ROW + 1}")
    protect(worksheet)
    set_page(worksheet, job, landscape=True)


def _write_section(worksheet: Worksheet, job: Job, row: int, section: Section) -> None:
    words = job.texts.get(section.code, "")
    mark = job.say(Text("（必写）", " (required)")) if section.required else ""
    put_text(worksheet[f"A{row}"], section.code, style.CODE)
    put_text(worksheet[f"B{row}"], job.say(section.name) + mark, style.LABEL)
    put_text(worksheet[f"C{row}"], job.say(section.guide), style.LABEL)
    put_text(worksheet[f"D{row}"], words, _INPUT)
    lines = sum(lines_of(line, _COLUMNS["D"][1] - 2) for line in words.split("\n"))
    worksheet.row_dimensions[row].height = row_height(max(_LEAST_LINES, min(lines, _MOST_LINES)))
