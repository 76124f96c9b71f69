"""The annotated workbook: the template again, with the submitter's figures, every mistake marked where it stands.

It is generated from the form, never edited from the upload, so nothing foreign comes back; and it is a template, so
that it can be corrected and uploaded as it is. What could not be read is put back as it was written, as text.
"""

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.cell_values import escaped
from importers.examination_text import SEVERITY_WORDS, summary
from importers.identity import FINDINGS_SHEET, Context, Identity
from importers.pipeline import Examination
from importers.template import build, workbook_bytes
from importers.template_frame import set_page
from importers.template_job import Job
from importers.template_styles import lines_of, put_link, put_text, row_height
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Language, Severity, Text
from portal.domain.periods import Period
from portal.domain.wording import abridged
from portal.errors import InvalidInput

_FILLS = {
    Severity.BLOCKING: "FFB3B3",
    Severity.CONSENT: "FFD08A",
    Severity.EXPLAIN: "FFE699",
    Severity.INFO: "CFE4F7",
}
_TABS = {Severity.BLOCKING: "C00000", Severity.CONSENT: "E08000", Severity.EXPLAIN: "BF9000"}
_HEADS: dict[str, tuple[Text, float]] = {
    "A": (Text("序号", "No."), 6),
    "B": (Text("类别", "Class"), 13),
    "C": (Text("位置（点击前往）", "Place (click)"), 15),
    "D": (Text("问题", "Problem"), 52),
    "E": (Text("填报", "Found"), 14),
    "F": (Text("应为", "Expected"), 14),
    "G": (Text("相差", "Difference"), 11),
    "H": (Text("怎么办", "What to do"), 46),
    "I": (Text("改好可消除", "Clears"), 11),
    "J": (Text("原文件中的位置", "In your file"), 24),
}
_LONGEST_COMMENT = 1_000
_HEAD_ROW = 4


def annotated(examination: Examination, *, language: Language = "zh", demo: bool = False) -> bytes:
    """The marked workbook of an upload that was checked, as an .xlsx file.

    Raises:
        InvalidInput: the upload was not recognised or not readable, so that there is nothing to mark.
    """
    if examination.form is None or examination.identity is None or examination.context is None:
        raise InvalidInput("upload", "not_checked", examination.code)
    job = _job(examination, examination.form, examination.identity, examination.context, language, demo)
    book = build(job)
    _mark_cells(book, job, examination.findings)
    _write_findings(book.create_sheet(job.say(FINDINGS_SHEET), 0), job, examination)
    book.active = 0
    return workbook_bytes(book)


def _job(
    examination: Examination,
    form: FormVersion,
    identity: Identity,
    context: Context,
    language: Language,
    demo: bool,
) -> Job:
    return Job(
        form,
        context.unit,
        Period.parse(identity.period),
        language=language,
        last_year=context.last_year or {},
        previous=context.previous,
        current=examination.values,
        lists=examination.lists,
        texts=examination.texts,
        written=examination.unread,
        notes=examination.notes,
        demo=demo,
    )


def _mark_cells(book: Workbook, job: Job, findings: tuple[Finding, ...]) -> None:
    by_spot: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.spot in job.places:
            by_spot.setdefault(finding.spot, []).append(finding)
    for code, found in by_spot.items():
        place, heaviest = job.places[code], min((f.severity for f in found), key=lambda s: s.rank)
        cell = book[place.sheet][place.answer]
        cell.fill = PatternFill("solid", start_color=_FILLS[heaviest])
        text = "\n".join(_comment_line(job, finding) for finding in found)[:_LONGEST_COMMENT]
        cell.comment = Comment(escaped(text), "汇总", height=40 + 18 * lines_of(text, 44), width=340)
    for sheet in {job.places[code].sheet for code in by_spot}:
        codes = [code for code in by_spot if job.places[code].sheet == sheet]
        heaviest = min((f.severity for code in codes for f in by_spot[code]), key=lambda s: s.rank)
        if heaviest in _TABS:
            book[sheet].sheet_properties.tabColor = _TABS[heaviest]


def _comment_line(job: Job, finding: Finding) -> str:
    advice = job.say(finding.advice)
    return f"【{job.say(SEVERITY_WORDS[finding.severity])}】{job.say(finding.message)}{'。' + advice if advice else ''}"


def _write_findings(worksheet: Worksheet, job: Job, examination: Examination) -> None:
    put_text(worksheet["A1"], job.say(FINDINGS_SHEET), style.TITLE)
    worksheet.merge_cells(f"A1:{list(_HEADS)[-1]}1")
    worksheet.row_dimensions[1].height = 36
    put_text(worksheet["A2"], f"{job.unit.name}（{job.unit.code}） {job.period} {job.say(job.form.name)}", style.PLAIN)
    put_text(worksheet["A3"], summary(examination, job.language), style.SECTION)
    worksheet.row_dimensions[2].height = worksheet.row_dimensions[3].height = row_height(1)
    for column, (head, width) in _HEADS.items():
        worksheet.column_dimensions[column].width = width
        put_text(worksheet[f"{column}{_HEAD_ROW}"], job.say(head), style.HEADER)
    worksheet.row_dimensions[_HEAD_ROW].height = row_height(1)
    row = _HEAD_ROW
    for number, finding in enumerate(examination.findings, start=1):
        row += 1
        _write_finding(worksheet, job, row, number, finding)
    _write_not_checked(worksheet, job, row + 2, examination.not_checked)
    worksheet.freeze_panes = f"A{_HEAD_ROW + 1}"
    worksheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    set_page(worksheet, job, landscape=True)


def _write_finding(worksheet: Worksheet, job: Job, row: int, number: int, finding: Finding) -> None:
    message, advice = job.say(finding.message), job.say(finding.advice)
    texts = {
        "A": str(number),
        "B": job.say(SEVERITY_WORDS[finding.severity]),
        "D": message,
        "E": abridged(finding.found),
        "F": abridged(finding.expected),
        "G": abridged(finding.difference),
        "H": advice,
        "I": job.say(Text(f"{finding.clears} 处", str(finding.clears))),
        "J": f"{finding.cell.sheet}!{finding.cell.address}" if finding.cell else "",
    }
    for column, text in texts.items():
        put_text(worksheet[f"{column}{row}"], text, style.LABEL if column in "DHJ" else style.CENTRED)
    worksheet[f"B{row}"].fill = PatternFill("solid", start_color=_FILLS[finding.severity])
    place = job.places.get(finding.spot)
    if place:
        put_link(worksheet[f"C{row}"], finding.spot, place.sheet, place.answer)
    else:
        put_text(worksheet[f"C{row}"], finding.spot, style.CENTRED)
    lines = max(lines_of(text, _HEADS[column][1] - 2) for column, text in texts.items())
    worksheet.row_dimensions[row].height = row_height(lines)


def _write_not_checked(worksheet: Worksheet, job: Job, row: int, not_checked: tuple[Text, ...]) -> None:
    if not not_checked:
        return
    put_text(worksheet[f"A{row}"], job.say(Text("没有核对的内容", "Not checked")), style.SECTION)
    last, width = list(_HEADS)[-1], sum(width for _head, width in _HEADS.values())
    for number, text in enumerate(not_checked, start=row + 1):
        put_text(worksheet[f"A{number}"], job.say(text), style.WRAPPED)
        worksheet.merge_cells(f"A{number}:{last}{number}")
        worksheet.row_dimensions[number].height = row_height(lines_of(job.say(text), width))
