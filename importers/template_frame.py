"""What stands around a table: its title, legal marks top right and identity line above, signatures below; the page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from openpyxl.worksheet.header_footer import HeaderFooter, HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.identity import visible_line
from importers.template_job import Job
from importers.template_styles import put_text
from portal.domain.forms import Sheet, Text
from portal.domain.periods import period_text

DEMO_WORDS = Text("演示数据 · 非真实统计数字", "Demonstration data · not real figures")
_SIGNATURES = (
    (Text("单位负责人：", "Head:"), Text("审核人：", "Checked by:"), Text("填表人：", "Filled in by:")),
    (Text("联系电话：", "Telephone:"), Text("报出日期：", "Date:")),
)
_REMARK = Text(
    "说明：黄色格由本单位填写，灰色格由系统带出、计算或不由本级填报；0、不适用、空白含义不同，见“填报说明”。",
    "Fill in the yellow cells; grey ones are carried in, calculated, or not for this level. 0, N/A and blank differ.",
)


@dataclass(frozen=True)
class Frame:
    """Where, by column letter, the things around a table stand.

    Attributes:
        last: the table's last column.
        legal: first column of the legal marks, which reach to the last.
        period: first and last column of the period.
        signed: of each signature the column of its word, and the column to sign in.
    """

    last: str
    legal: str
    period: tuple[str, str]
    signed: tuple[tuple[str, str], ...]


def write_head(worksheet: Worksheet, job: Job, sheet: Sheet, frame: Frame) -> None:
    """Rows 1 to 5."""
    put_text(worksheet["A1"], job.say(sheet.name), style.TITLE)
    worksheet.merge_cells(f"A1:{frame.last}1")
    worksheet.row_dimensions[1].height = 40
    if job.demo:
        put_text(worksheet["A2"], job.say(DEMO_WORDS), style.DEMO)
    for row, mark in enumerate(legal_marks(job, sheet), start=2):
        put_text(worksheet[f"{frame.legal}{row}"], job.say(mark), style.LEGAL)
        worksheet.merge_cells(f"{frame.legal}{row}:{frame.last}{row}")
    put_text(
        worksheet["A4"], job.say(Text(f"填报单位：{job.unit.name}", f"Reporting unit: {job.unit.name}")), style.PLAIN
    )
    first, last = frame.period
    put_text(worksheet[f"{first}4"], job.say(period_text(job.period)), replace(style.PLAIN, horizontal="center"))
    if first != last:
        worksheet.merge_cells(f"{first}4:{last}4")
    put_text(worksheet["A5"], job.say(visible_line(job.identity, sheet.code, job.mark)), style.SMALL)


def legal_marks(job: Job, sheet: Sheet) -> Iterator[Text]:
    """表号, 制定机关, 批准文号 and 有效期, as far as the form has them."""
    form = job.form
    yield Text(f"表　　号：{sheet.code}", f"Table: {sheet.code}")
    yield Text(f"制定机关：{form.issuer.zh}", f"Issued by: {job.say(form.issuer)}")
    if form.approval.zh:
        yield Text(f"批准文号：{form.approval.zh}", f"Approval: {job.say(form.approval)}")
    if form.validity.zh:
        yield Text(f"有效期至：{form.validity.zh}", f"Valid until: {job.say(form.validity)}")


def write_foot(worksheet: Worksheet, job: Job, row: int, frame: Frame) -> None:
    """Signatures and a remark, from a row on."""
    worksheet.row_dimensions[row].height = 8
    for number, line in enumerate(_SIGNATURES, start=row + 1):
        worksheet.row_dimensions[number].height = 22
        for (column, beside), words in zip(frame.signed, line, strict=False):
            put_text(worksheet[f"{column}{number}"], job.say(words), style.SIGN)
            put_text(worksheet[f"{beside}{number}"], "", style.SIGN_HERE)
    put_text(worksheet[f"A{row + 1 + len(_SIGNATURES)}"], job.say(_REMARK), style.SMALL)


def protect(worksheet: Worksheet) -> None:
    """Lock all but the open cells, without a password: a reminder, not a barrier; sizes may be changed."""
    worksheet.protection.sheet = True
    worksheet.protection.formatColumns = False
    worksheet.protection.formatRows = False


def start_at(worksheet: Worksheet, address: str) -> None:
    """Let the cursor stand in a cell when the sheet is opened."""
    for selection in worksheet.sheet_view.selection:
        if selection.pane in {None, "bottomRight", "bottomLeft"}:
            selection.activeCell = selection.sqref = address


def set_page(worksheet: Worksheet, job: Job, *, landscape: bool = False, pages_wide: int = 1) -> None:
    """A4, fitted to the width of that many pages, with page numbers, and with a warning on demonstration data."""
    worksheet.page_setup.paperSize = "9"
    worksheet.page_setup.orientation = "landscape" if landscape else "portrait"
    worksheet.page_setup.fitToWidth = pages_wide
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
