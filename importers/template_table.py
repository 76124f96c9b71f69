"""One sheet of the form as a statutory table: legal marks top right, one flat header row, codes visible and locked."""

from dataclasses import replace

from openpyxl.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.worksheet.header_footer import HeaderFooter, HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.identity import visible_line
from importers.notes import note_text
from importers.template_formulas import NOT_APPLICABLE, display_formula, validation
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
    period_text,
)
from importers.template_styles import Look, dress, lines_of, put_text, row_height
from portal.domain.forms import Indicator, Sheet, Source, Text
from portal.domain.periods import PeriodKind
from portal.domain.values import Value, ValueStatus, exact_text

DEMO_WORDS = Text("演示数据 · 非真实统计数字", "Demonstration data · not real figures")
_WIDTHS = {CODE: 12.5, NAME: 38.0, UNIT: 10.5, LAST_YEAR: 13.5, THIS_YEAR: 15.0, NOTE: 23.0}
_LONGEST_COMMENT = 300
_SIGNATURES = (
    (
        (CODE, Text("单位负责人：", "Head:")),
        (UNIT, Text("审核人：", "Checked by:")),
        (THIS_YEAR, Text("填表人：", "Filled in by:")),
    ),
    ((CODE, Text("联系电话：", "Telephone:")), (UNIT, Text("报出日期：", "Date:"))),
)
_RIGHT_OF = {CODE: NAME, UNIT: LAST_YEAR, THIS_YEAR: NOTE}
_REMARK = Text(
    "说明：黄色格由本单位填写，灰色格由系统带出、计算或不由本级填报；0、不适用、空白含义不同，见“填报说明”。",
    "Fill in the yellow cells; grey ones are carried in, calculated, or not for this level. 0, N/A and blank differ.",
)


def write_table(worksheet: Worksheet, job: Job, sheet: Sheet) -> None:
    """Fill an empty worksheet with the table of one of the form's sheets."""
    worksheet.title = job.title_of(sheet)
    _write_head(worksheet, job, sheet)
    _write_header_row(worksheet, job)
    for indicator in sheet.indicators:
        _write_row(worksheet, job, indicator)
    _write_foot(worksheet, job, FIRST_ROW + len(sheet.indicators))
    for column, width in _WIDTHS.items():
        worksheet.column_dimensions[column].width = width
    worksheet.freeze_panes = f"{UNIT}{FIRST_ROW}"
    _protect(worksheet)
    set_page(worksheet, job)
    worksheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW + 1}"


def _write_head(worksheet: Worksheet, job: Job, sheet: Sheet) -> None:
    put_text(worksheet["A1"], job.say(sheet.name), style.TITLE)
    worksheet.merge_cells(f"A1:{NOTE}1")
    worksheet.row_dimensions[1].height = 40
    if job.demo:
        put_text(worksheet["A2"], job.say(DEMO_WORDS), style.DEMO)
    legal = (
        Text(f"表　　号：{sheet.code}", f"Table: {sheet.code}"),
        Text(f"制定机关：{job.form.issuer.zh}", f"Issued by: {job.say(job.form.issuer)}"),
        Text(f"批准文号：{job.form.approval.zh}", f"Approval: {job.say(job.form.approval)}"),
    )
    for row, mark in enumerate(legal, start=2):
        put_text(worksheet[f"{THIS_YEAR}{row}"], job.say(mark), style.LEGAL)
        worksheet.merge_cells(f"{THIS_YEAR}{row}:{NOTE}{row}")
    put_text(
        worksheet["A4"], job.say(Text(f"填报单位：{job.unit.name}", f"Reporting unit: {job.unit.name}")), style.PLAIN
    )
    put_text(worksheet[f"{UNIT}4"], job.say(period_text(job.period)), replace(style.PLAIN, horizontal="center"))
    worksheet.merge_cells(f"{UNIT}4:{LAST_YEAR}4")
    put_text(worksheet["A5"], job.say(visible_line(job.identity, sheet.code, job.mark)), style.SMALL)


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
        name.comment = _comment(definition)
    put_text(worksheet[f"{UNIT}{row}"], indicator.unit, style.CENTRED)
    last_year = job.last_year.get(indicator.code)
    _put_value(worksheet[f"{LAST_YEAR}{row}"], last_year, job, _numeric(style.LOCKED, indicator, last_year))
    _write_answer(worksheet, job, indicator, row)
    lines = max(
        lines_of(job.say(indicator.name), _WIDTHS[NAME] - indent),
        lines_of(worksheet[f"{NOTE}{row}"].value, _WIDTHS[NOTE]),
    )
    worksheet.row_dimensions[row].height = row_height(lines)


def _write_answer(worksheet: Worksheet, job: Job, indicator: Indicator, row: int) -> None:
    """This year's cell and its note: open where the unit types, grey where it does not."""
    cell, note = worksheet[f"{THIS_YEAR}{row}"], worksheet[f"{NOTE}{row}"]
    value = job.current.get(indicator.code, job.values[indicator.code])
    if job.fills(indicator):
        look = _numeric(style.INPUT, indicator, value)
        if indicator.code in job.written:
            put_text(cell, job.written[indicator.code], look)
        else:
            _put_value(cell, value, job, look)
        rule = validation(job, indicator)
        if rule is not None:
            rule.add(cell.coordinate)
            worksheet.add_data_validation(rule)
        put_text(note, job.notes.get(indicator.code) or note_text(value), style.NOTE)
        return
    locked = _numeric(style.LOCKED, indicator, None if indicator.source is Source.CALCULATED else value)
    formula = display_formula(job, indicator)
    if formula:
        dress(cell, locked)
        cell.value = formula
    else:
        _put_value(cell, value, job, locked)
    put_text(note, _why_locked(job, indicator), replace(style.LOCKED, horizontal="left", wrap=True, size=9))


def _why_locked(job: Job, indicator: Indicator) -> str:
    match indicator.source:
        case Source.CALCULATED:
            return job.say(Text("系统计算", "Calculated"))
        case Source.CARRIED:
            return job.say(Text("系统带出", "Carried in"))
    return job.say(Text("本级不填", "Not for this level"))


def _put_value(cell: SheetCell, value: Value | None, job: Job, look: Look) -> None:
    if value is None or value.status is ValueStatus.MISSING:
        dress(cell, look)
    elif value.status is ValueStatus.NOT_APPLICABLE:
        put_text(cell, NOT_APPLICABLE[job.language], replace(look, horizontal="center"))
    elif value.number is None:
        put_text(cell, value.text or "", replace(look, horizontal="center"))
    elif value.approximate:
        put_text(cell, f"约{exact_text(value.number)}", look)
    else:
        dress(cell, look)
        cell.value = value.number


def _numeric(look: Look, indicator: Indicator, value: Value | None = None) -> Look:
    """The look with the indicator's decimals, or all that a value has, so that no figure is shown other than it is."""
    if not indicator.type.is_number:
        return replace(look, horizontal="center")
    decimals = indicator.decimals
    if value is not None and value.number is not None:
        decimals = max(decimals, len(exact_text(value.number).partition(".")[2]))
    return replace(look, number_format=f"#,##0.{'0' * decimals}" if decimals else "#,##0")


def _depth(job: Job, indicator: Indicator) -> int:
    """How many wholes a part lies in."""
    depth = 0
    while indicator.parent in job.form.by_code:
        indicator, depth = job.form.by_code[indicator.parent], depth + 1
    return depth


def _write_foot(worksheet: Worksheet, job: Job, row: int) -> None:
    worksheet.row_dimensions[row].height = 8
    for number, line in enumerate(_SIGNATURES, start=row + 1):
        worksheet.row_dimensions[number].height = 22
        for column, words in line:
            put_text(worksheet[f"{column}{number}"], job.say(words), style.SIGN)
            put_text(worksheet[f"{_RIGHT_OF[column]}{number}"], "", style.SIGN_HERE)
    put_text(worksheet[f"{CODE}{row + 1 + len(_SIGNATURES)}"], job.say(_REMARK), style.SMALL)


def _comment(text: str) -> Comment:
    short = text if len(text) <= _LONGEST_COMMENT else text[: _LONGEST_COMMENT - 1] + "…"
    return Comment(short, "汇总", height=30 + 18 * lines_of(short, 42), width=320)


def _protect(worksheet: Worksheet) -> None:
    """Lock all but the open cells, without a password: a reminder, not a barrier; sizes may be changed."""
    worksheet.protection.sheet = True
    worksheet.protection.formatColumns = False
    worksheet.protection.formatRows = False


def set_page(worksheet: Worksheet, job: Job, *, landscape: bool = False) -> None:
    """A4, fitted to the width, with page numbers, and with a warning on demonstration data."""
    worksheet.page_setup.paperSize = "9"
    worksheet.page_setup.orientation = "landscape" if landscape else "portrait"
    worksheet.page_setup.fitToWidth = 1
    worksheet.page_setup.fitToHeight = 0
    worksheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    worksheet.page_margins.left = worksheet.page_margins.right = 0.5
    worksheet.page_margins.top = worksheet.page_margins.bottom = 0.8
    worksheet.page_margins.header = worksheet.page_margins.footer = 0.35
    worksheet.print_options.horizontalCentered = True
    header, footer = HeaderFooterItem(), HeaderFooterItem()
    footer.center.text = job.say(Text("第 &P 页，共 &N 页", "Page &P of &N"))
    if job.demo:
        header.right.text = job.say(DEMO_WORDS)
        header.right.color = "C00000"
    worksheet.HeaderFooter = HeaderFooter(oddHeader=header, oddFooter=footer)
