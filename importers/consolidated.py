"""The consolidated workbook: one row for each unit, one column for each indicator that units type.

Every sheet of the form is a sheet here; a cross table is laid out flat, one column for each of its cells. A sheet that
would be wider than is read comes in several. Cells are found again by the code of their row and of their column.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import IO, cast

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.consolidated_head import CODES_ROW, FIRST_COLUMN, GROUP_ROW, HEADS, WORDS, shown_group
from importers.identity import GUIDE_SHEET, META_SHEET, UnitName, hidden_pairs, visible_line
from importers.template import mark_properties
from importers.template_cells import numeric, put_value
from importers.template_formulas import validation
from importers.template_frame import DEMO_WORDS, legal_marks, protect, set_page
from importers.template_job import Job
from importers.template_styles import dress, lines_of, put_text, row_height
from portal.domain.forms import Indicator, Sheet, Text
from portal.domain.periods import period_text
from portal.domain.values import NOT_APPLICABLE, Values

WIDEST = 1_000
"""Indicators on one sheet; more go on to another."""

FIRST_ROW = CODES_ROW + 1
_WIDTHS = (14.0, 26.0, 14.0)
_COLUMN_WIDTH = 13.0
_ON_A_PAGE = 12
"""Indicators that are printed side by side; more go on to further pages, each with the units' names."""
_GUIDE = (
    Text(
        "一行一个单位，一列一个指标。按“单位代码”和“指标代码”识别，可以排序、筛选、增删行列，不要改动代码。",
        "A row for each unit, a column for each indicator. Both are told by their codes: leave those alone.",
    ),
    Text(
        "黄色格可填；灰色格不填：不由该级单位填报，或该单位已上报、验收、免报。",
        "Yellow cells are to be filled in; grey ones are not for that unit, or it has handed in or is exempt.",
    ),
    Text(
        "空格表示不写入，不会清空已有的数；没有发生填 0；没有此项职责填“不适用”；约数写“约3.7”。",
        "A blank cell writes and clears nothing; 0 if nothing happened; N/A if not a duty; 约3.7 if approximate.",
    ),
    Text(
        "一个单位的数要么全部写入草稿，要么都不写入：有一格读不懂，该单位整行不写入。",
        "The figures of a unit are entered into its draft all or not at all.",
    ),
    Text("备注不在本表中填写。", "Notes are not taken here."),
)


@dataclass(frozen=True)
class UnitLine:
    """A unit's row.

    Attributes:
        standing: where its submission stands, in words.
        open: whether anything may be entered.
        values: what is known of its figures.
    """

    unit: UnitName
    standing: str
    open: bool
    values: Values = field(default_factory=dict)


def write_consolidated(file: IO[bytes], job: Job, lines: Iterable[UnitLine], count: int) -> None:
    """Write a consolidated workbook; one unit at a time is in memory.

    Args:
        file: where to.
        job: whose form, period and language, and the unit above all of those listed.
        lines: the units, in their order.
        count: how many.
    """
    book = Workbook(write_only=True)
    _write_guide(book.create_sheet(job.say(GUIDE_SHEET)), job)
    tables = [_Table(book, job, *parts, count) for parts in sheets_of(job)]
    for line in lines:
        for table in tables:
            table.append(line)
    hidden = book.create_sheet(META_SHEET)
    for pair in hidden_pairs(job.identity, job.mark).items():
        hidden.append([_text(hidden, text, replace(style.PLAIN, number_format="@")) for text in pair])
    hidden.sheet_state = "veryHidden"
    mark_properties(book, job)
    book.save(file)


def sheets_of(job: Job) -> Iterator[tuple[str, Sheet, Sequence[Indicator]]]:
    """Title, sheet of the form and indicators of every sheet; only what some unit types has a column."""
    for sheet in job.form.sheets:
        typed = [indicator for indicator in sheet.indicators if indicator.typed]
        for first in range(0, len(typed), WIDEST):
            title = job.title_of(sheet)
            yield (f"{title[:27]} ({first // WIDEST + 1})" if first else title), sheet, typed[first : first + WIDEST]


class _Table:
    """A sheet that is being written."""

    def __init__(
        self, book: Workbook, job: Job, title: str, sheet: Sheet, indicators: Sequence[Indicator], count: int
    ) -> None:
        self._job, self._indicators = job, indicators
        self._sheet: WriteOnlyWorksheet = book.create_sheet(title)
        self._looks: dict[tuple[str, bool], SheetCell] = {}
        for number in range(1, FIRST_COLUMN + len(indicators)):
            width = _WIDTHS[number - 1] if number < FIRST_COLUMN else _COLUMN_WIDTH
            self._sheet.column_dimensions[get_column_letter(number)].width = width
        self._sheet.freeze_panes = f"{get_column_letter(FIRST_COLUMN)}{FIRST_ROW}"
        self._page = cast("Worksheet", self._sheet)  # a sheet that is only written has a page too; the stubs lack it
        set_page(self._page, job, landscape=True, pages_wide=-(-len(indicators) // _ON_A_PAGE))
        self._sheet.print_title_rows = f"{GROUP_ROW}:{CODES_ROW}"
        self._sheet.print_title_cols = f"A:{get_column_letter(FIRST_COLUMN - 1)}"
        protect(self._sheet)
        self._sheet.protection.autoFilter = False
        for number, indicator in enumerate(indicators, start=FIRST_COLUMN):
            letter = get_column_letter(number)
            rule = validation(job, indicator, f"{letter}{FIRST_ROW}")
            if rule is not None:
                rule.add(f"{letter}{FIRST_ROW}:{letter}{FIRST_ROW + max(count, 1) - 1}")
                self._sheet.data_validations.append(rule)
        self._head(sheet)

    def _head(self, sheet: Sheet) -> None:
        job = self._job
        issued = "　　".join(job.say(mark) for mark in legal_marks(job, sheet))
        about = Text(f"汇总单位：{job.unit.name}　{period_text(job.period).zh}", f"{job.unit.name} {job.period}")
        self._line(job.say(sheet.name), style.TITLE)
        demo = f"{job.say(DEMO_WORDS)}　　" if job.demo else ""
        self._line(f"{demo}{issued}", style.DEMO if job.demo else style.LEGAL)
        self._line(job.say(about), style.PLAIN)
        self._line(job.say(visible_line(job.identity, sheet.code, job.mark)), style.SMALL)
        groups = [job.say(shown_group(job.form, sheet, indicator)) for indicator in self._indicators]
        self._merge_groups(groups)
        names = [job.say(indicator.name) for indicator in self._indicators]
        lines = max(lines_of(name, _COLUMN_WIDTH - 1) for name in names)
        self._page.row_dimensions[GROUP_ROW].height = row_height(max(self._group_lines(groups)))
        self._page.row_dimensions[GROUP_ROW + 1].height = row_height(lines)
        for heads, words in zip(
            HEADS,
            (
                groups,
                names,
                [indicator.unit for indicator in self._indicators],
            ),
            strict=True,
        ):
            look = style.HEADER
            self._append([(job.say(word), look) for word in heads] + [(word, look) for word in words])
        codes = [(indicator.code, style.LETTER) for indicator in self._indicators]
        self._append([(job.say(word), style.HEADER) for word in WORDS] + codes)

    def _line(self, text: str, look: style.Look) -> None:
        self._append([(text, replace(look, horizontal="left", shrink=False))])

    def _merge_groups(self, groups: Sequence[str]) -> None:
        first = 0
        for number in range(1, len(groups) + 1):
            if number == len(groups) or groups[number] != groups[first]:
                if groups[first] and number - first > 1:
                    ends = (get_column_letter(FIRST_COLUMN + at) for at in (first, number - 1))
                    merged = ":".join(f"{letter}{GROUP_ROW}" for letter in ends)
                    self._sheet.merged_cells.add(merged)  # type: ignore[attr-defined]  # the stubs do not know it
                first = number

    @staticmethod
    def _group_lines(groups: Sequence[str]) -> Iterator[int]:
        """How many lines each group's name takes over the columns that it spans."""
        for group, columns in groupby(groups):
            yield lines_of(group, _COLUMN_WIDTH * len(list(columns)) - 1)

    def append(self, line: UnitLine) -> None:
        """Write a unit's row."""
        cells = [
            _text(self._sheet, line.unit.code, style.CODE),
            _text(self._sheet, line.unit.name, style.LABEL),
            _text(self._sheet, line.standing, style.CENTRED),
        ]
        for indicator in self._indicators:
            asked = line.unit.level in indicator.filled_by
            value = line.values.get(indicator.code)
            cell = self._blank(indicator, open_=line.open and asked)
            if value is not None or not asked:
                look = numeric(style.INPUT if line.open and asked else style.LOCKED, indicator, value)
                put_value(cell, value if asked else NOT_APPLICABLE, self._job, look)
            cells.append(cell)
        self._sheet.append(cells)

    def _blank(self, indicator: Indicator, *, open_: bool) -> SheetCell:
        """An empty cell in the look of an indicator's; the looks are made once, since that costs the most."""
        key = (indicator.code, open_)
        if key not in self._looks:
            self._looks[key] = WriteOnlyCell(self._sheet)
            dress(self._looks[key], numeric(style.INPUT if open_ else style.LOCKED, indicator))
        cell = WriteOnlyCell(self._sheet)
        cell._style = self._looks[key]._style  # type: ignore[attr-defined]  # noqa: SLF001 (the one way not to make it anew)
        return cell

    def _append(self, texts: Sequence[tuple[str, style.Look]]) -> None:
        self._sheet.append([_text(self._sheet, text, look) for text, look in texts])


def _write_guide(sheet: WriteOnlyWorksheet, job: Job) -> None:
    sheet.column_dimensions["A"].width = 110  # type: ignore[attr-defined]  # the stubs do not know it
    page = cast("Worksheet", sheet)  # as above
    set_page(page, job, landscape=True)
    page.row_dimensions[1].height = row_height(2)
    title = f"{job.say(job.form.name)} {job.say(period_text(job.period))}"
    sheet.append([_text(sheet, title, replace(style.TITLE, horizontal="left"))])
    for number, text in enumerate(_GUIDE, start=1):
        sheet.append([_text(sheet, f"{number}. {job.say(text)}", style.WRAPPED)])


def _text(sheet: WriteOnlyWorksheet, text: str, look: style.Look) -> SheetCell:
    cell = WriteOnlyCell(sheet)
    put_text(cell, text, look)
    return cell
