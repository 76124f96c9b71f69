"""The sheets around the tables: how to fill in, and what each indicator means."""

import re
from dataclasses import replace

from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.identity import DEFINITIONS_SHEET, GUIDE_SHEET, RELATIONS_SHEET
from importers.template_frame import DEMO_WORDS, set_page
from importers.template_job import Job
from importers.template_styles import lines_of, put_link, put_text, row_height
from portal.domain.forms import Rule, Severity, Sheet, Text
from portal.domain.implied_rules import written_rules
from portal.domain.periods import period_text

_HOW = (
    Text(
        "只填黄色格：“本年数”和“备注”两列。灰色格由系统带出、计算，或者不由本级填报，不用填。",
        "Fill in the yellow cells only: the columns This year and Note. Leave the grey ones.",
    ),
    Text(
        "0、不适用、空白是三回事：有此项职责而本期没有发生，填“0”；没有此项职责，填“不适用”；暂时还没有数，留空（必填指标留空不能上报）。",
        "0: a duty, but nothing happened. N/A: not among the duties. Blank: not known yet, cannot be submitted.",
    ),
    Text(
        "按“计量单位”一列的单位填数，不带单位和文字。约数在数字前写“约”，例如“约3.7”。",
        "Enter figures in the unit of measure given, without words. Put 约 before an approximate figure: 约3.7.",
    ),
    Text(
        "比率、占比不用填，系统用分子、分母计算；上一级的汇总也由系统完成。",
        "Ratios are never typed: the portal works them out, and rolls them up.",
    ),
    Text(
        "存量指标如果不是期末数，在备注开头写明日期，例如“截至2023-11-30；……”。",
        "If a stock figure is not of the period's last day, begin its note with the day: 截至2023-11-30；…",
    ),
    Text(
        "不要删除或改动“指标代码”列和表头的标识行，也不要把别的单位、别的年份的工作表复制进来。插入行列、排序、改工作表名都可以。",
        "Keep the codes and the identity line; add no sheets of other units or years. Sorting and inserting are fine.",
    ),
    Text(
        "填好后保存为 .xlsx，在系统中上传。所有问题一次列出，并可下载逐格标注的工作簿，在上面改好后再传。",
        "Save as .xlsx and upload. Every mistake is listed and marked in a copy that can be corrected and uploaded.",
    ),
)
_HOW_LISTS = Text(
    "清单一行填一项，整行空着的不算；不够可以插入行。本期没有要列的，在第一格写“无”。不要删除表头下的一行代码。",
    "Lists: a row for each thing; blank rows do not count. If there is nothing to list, write 无 in the first cell.",
)
_GUIDE_COLUMNS = {"A": 14, "B": 46, "C": 16, "D": 16}
_GUIDE_WIDTH = sum(_GUIDE_COLUMNS.values())
_DEFINITION_COLUMNS: dict[str, float] = {"A": 12.5, "B": 36, "C": 12, "D": 62}
_RELATION_COLUMNS: dict[str, float] = {"A": 12.5, "B": 14, "C": 80}
_FIRST_LISTED = 3
_SEVERITIES = {
    Severity.BLOCKING: Text("强制", "must hold"),
    Severity.CONSENT: Text("准强制", "consent needed"),
    Severity.EXPLAIN: Text("核实", "explain"),
    Severity.INFO: Text("提示", "for information"),
}
_SIGNS = (("==", "＝"), ("!=", "≠"), ("<=", "≤"), (">=", "≥"), ("*", "×"), ("/", "÷"))
_WORDS = (("if ", "若 "), (" then ", "，则 "), (" and ", " 且 "), (" or ", " 或 "), ("not ", "非 "))


def write_guide(worksheet: Worksheet, job: Job) -> None:
    """The first sheet: whose report this is, how to fill it in, and a list of the tables."""
    worksheet.title = job.say(GUIDE_SHEET)
    for column, width in _GUIDE_COLUMNS.items():
        worksheet.column_dimensions[column].width = width
    put_text(worksheet["A1"], job.say(job.form.name), style.TITLE)
    worksheet.merge_cells("A1:D1")
    worksheet.row_dimensions[1].height = 36
    row = _write_facts(worksheet, job, 3)
    row = _write_how(worksheet, job, row + 1)
    _write_list(worksheet, job, row + 1)
    worksheet.protection.sheet = True
    set_page(worksheet, job)


def _write_facts(worksheet: Worksheet, job: Job, row: int) -> int:
    facts = [
        (Text("填报单位", "Unit"), f"{job.unit.name}（{job.unit.code}）"),
        (Text("报告期", "Period"), job.say(period_text(job.period))),
        (Text("制定机关", "Issued by"), job.say(job.form.issuer)),
        (Text("批准文号", "Approval"), job.say(job.form.approval)),
        (Text("有效期至", "Valid until"), job.say(job.form.validity)),
        (Text("模板版本", "Version"), f"{job.form.code}-{job.form.number}"),
    ]
    if job.demo:
        put_text(worksheet[f"A{row - 1}"], job.say(DEMO_WORDS), style.DEMO)
    for word, fact in ((word, fact) for word, fact in facts if fact):
        put_text(worksheet[f"A{row}"], job.say(word), replace(style.HEADER, horizontal="left", indent=1))
        put_text(worksheet[f"B{row}"], fact, style.LABEL)
        worksheet.row_dimensions[row].height = row_height(1)
        row += 1
    return row


def _write_how(worksheet: Worksheet, job: Job, row: int) -> int:
    put_text(worksheet[f"A{row}"], job.say(GUIDE_SHEET), style.SECTION)
    how = (*_HOW, _HOW_LISTS) if job.form.lists else _HOW
    for number, words in enumerate(how, start=1):
        row += 1
        text = f"{number}．{job.say(words)}"
        put_text(worksheet[f"A{row}"], text, style.WRAPPED)
        worksheet.merge_cells(f"A{row}:D{row}")
        worksheet.row_dimensions[row].height = row_height(lines_of(text, _GUIDE_WIDTH))
    return row + 1


def _write_list(worksheet: Worksheet, job: Job, row: int) -> None:
    heads = (
        Text("表号", "Table"),
        Text("表名", "Name"),
        Text("指标数", "Indicators"),
        Text("本单位填报", "To fill in"),
    )
    worksheet.row_dimensions[row].height = row_height(1)
    for column, head in zip("ABCD", heads, strict=True):
        put_text(worksheet[f"{column}{row}"], job.say(head), style.HEADER)
    for sheet in job.form.sheets:
        row += 1
        worksheet.row_dimensions[row].height = row_height(1)
        put_text(worksheet[f"A{row}"], sheet.code, style.CODE)
        put_link(worksheet[f"B{row}"], job.say(sheet.name), job.title_of(sheet), "A1")
        for column, text in (("C", _size(job, sheet)), ("D", _to_fill(job, sheet))):
            put_text(worksheet[f"{column}{row}"], text, style.CENTRED)


def _size(job: Job, sheet: Sheet) -> str:
    if sheet.table is None:
        return str(len(sheet.indicators))
    columns = len(sheet.table.columns)
    return job.say(Text(f"清单，{columns} 列", f"list, {columns} columns"))


def _to_fill(job: Job, sheet: Sheet) -> str:
    if sheet.table is None:
        return str(sum(map(job.fills, sheet.indicators)))
    asked = job.unit.level in sheet.table.filled_by
    return job.say(Text("逐行填", "row by row") if asked else Text("不填", "not asked"))


def write_definitions(worksheet: Worksheet, job: Job) -> None:
    """What each indicator means; cells of a cross table, which their row and column explain, only if more is said."""
    heads = (
        Text("指标代码", "Code"),
        Text("指标名称", "Indicator"),
        Text("计量单位", "Unit"),
        Text("指标解释", "Definition"),
    )
    _start_list(worksheet, job, DEFINITIONS_SHEET, _DEFINITION_COLUMNS, heads)
    explained = [
        indicator
        for sheet in job.form.sheets
        for indicator in sheet.indicators
        if sheet.cross is None or job.say(indicator.definition)
    ]
    for row, indicator in enumerate(explained, start=_FIRST_LISTED):
        name, definition = job.say(indicator.name), job.say(indicator.definition)
        put_text(worksheet[f"A{row}"], indicator.code, style.CODE)
        put_text(worksheet[f"B{row}"], name, style.LABEL)
        put_text(worksheet[f"C{row}"], indicator.unit, style.CENTRED)
        put_text(worksheet[f"D{row}"], definition, style.LABEL)
        lines = max(lines_of(name, _DEFINITION_COLUMNS["B"]), lines_of(definition, _DEFINITION_COLUMNS["D"]))
        worksheet.row_dimensions[row].height = row_height(lines)


def write_relations(worksheet: Worksheet, job: Job) -> None:
    """Which relations between the figures are checked."""
    heads = (Text("指标代码", "Code"), Text("类别", "Class"), Text("审核关系", "Relation"))
    _start_list(worksheet, job, RELATIONS_SHEET, _RELATION_COLUMNS, heads)
    for row, rule in enumerate(written_rules(job.form), start=_FIRST_LISTED):
        text = _relation(rule, job)
        put_text(worksheet[f"A{row}"], rule.indicator, style.CODE)
        put_text(worksheet[f"B{row}"], job.say(_SEVERITIES[rule.severity]), style.CENTRED)
        put_text(worksheet[f"C{row}"], text, style.LABEL)
        worksheet.row_dimensions[row].height = row_height(lines_of(text, _RELATION_COLUMNS["C"]))


def _start_list(
    worksheet: Worksheet, job: Job, title: Text, columns: dict[str, float], heads: tuple[Text, ...]
) -> None:
    """Title, column heads and page of a sheet that only lists."""
    worksheet.title = job.say(title)
    put_text(worksheet["A1"], job.say(title), style.TITLE)
    worksheet.merge_cells(f"A1:{list(columns)[-1]}1")
    worksheet.row_dimensions[1].height = 36
    worksheet.row_dimensions[_FIRST_LISTED - 1].height = row_height(1)
    for (column, width), head in zip(columns.items(), heads, strict=True):
        worksheet.column_dimensions[column].width = width
        put_text(worksheet[f"{column}{_FIRST_LISTED - 1}"], job.say(head), style.HEADER)
    worksheet.freeze_panes = f"A{_FIRST_LISTED}"
    worksheet.print_title_rows = f"{_FIRST_LISTED - 1}:{_FIRST_LISTED - 1}"
    worksheet.protection.sheet = True
    set_page(worksheet, job)


def _relation(rule: Rule, job: Job) -> str:
    """The relation as forms print it: `FZ0410＝FZ0411+FZ0412`, 上年 for last year's figure."""
    text = re.sub(r"LY\((\w+)\)", r"上年\1" if job.language == "zh" else r"last year's \1", rule.expression)
    for sign, printed in _SIGNS + (_WORDS if job.language == "zh" else ()):
        text = text.replace(sign, printed)
    words = job.say(rule.words)
    return f"{words}（{text}）" if words else text
