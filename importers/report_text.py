"""The text that goes with the figures, as a sheet with a cell for each section.

It is read back only with all its sections in place, by their codes: half a text is no text.
"""

from collections.abc import Iterator

from importers.measures import tidy
from importers.workbook import ReadCell, ReadSheet, ReadWorkbook
from portal.domain.forms import FormVersion, Text
from portal.domain.prose import LONGEST_SECTION, plain_prose

TEXT_SHEET = Text("文字报告", "Report text")
CODE, WORDS = Text("章节代码", "Section"), Text("正文", "Text")
"""The heads by which the sheet is known."""


def is_report_text(sheet: ReadSheet) -> bool:
    """Whether a sheet has the head of the text."""
    return _head(sheet) is not None


def read_report_text(workbook: ReadWorkbook, form: FormVersion) -> tuple[dict[str, str], list[Text]]:
    """What a workbook says under each section, blank ones left out; and why a text that is there was not read."""
    sheets = [sheet for sheet in workbook.sheets if form.outline and is_report_text(sheet)]
    if len(sheets) != 1:
        return {}, [_not_read(sheet, Text("有不止一张", "there are several")) for sheet in sheets]
    (sheet,) = sheets
    rows = list(_rows(sheet))
    if sorted(code for code, _words in rows) != sorted(section.code for section in form.outline):
        return {}, [_not_read(sheet, Text("章节有增删或重复", "sections were added, removed or repeated"))]
    texts = {code: plain_prose(words) for code, words in rows}
    if long := [code for code, words in texts.items() if len(words) > LONGEST_SECTION]:
        listed = "、".join(long)
        over = Text(f"{listed} 超过 {LONGEST_SECTION} 字", f"{listed}: more than {LONGEST_SECTION} characters")
        return {}, [_not_read(sheet, over)]
    return {code: words for code, words in texts.items() if words}, []


def _head(sheet: ReadSheet) -> tuple[int, int, int] | None:
    """The row of the head, and the columns of codes and words."""
    for number, cells in sheet.rows():
        words = {tidy(cell.text): cell.column for cell in cells}
        for language in ("zh", "en"):
            wanted = [tidy(each.in_language(language)) for each in (CODE, WORDS)]
            if words.keys() >= set(wanted):
                return number, words[wanted[0]], words[wanted[1]]
    return None


def _rows(sheet: ReadSheet) -> Iterator[tuple[str, str]]:
    """Code and words of each row below the head that has either."""
    head, code_at, words_at = _head(sheet) or (0, 0, 0)
    for number, cells in sheet.rows():
        at: dict[int, ReadCell] = {cell.column: cell for cell in cells}
        code, words = (at[column].text if column in at else "" for column in (code_at, words_at))
        if number > head and (code.strip() or words.strip()):
            yield tidy(code).upper(), words


def _not_read(sheet: ReadSheet, why: Text) -> Text:
    return Text(
        f"工作表“{sheet.name}”的文字报告没有读取：{why.zh}；请在页面上填写，或重新下载模板",
        f'The report text on sheet "{sheet.name}" was not read: {why.en}',
    )
