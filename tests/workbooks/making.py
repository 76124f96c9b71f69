"""A small form with every kind of indicator, and workbooks made and edited for it."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import cache
from unittest.mock import patch

import openpyxl
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from importers.gate import admit
from importers.identity import Context, Expected, Identity, UnitName
from importers.pipeline import Examination, examine
from importers.reader import read
from importers.template import template
from importers.workbook import Record
from portal.domain.findings import Finding
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.surroundings import ALONE, Surroundings
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value, Values

UNIT = UnitName("441802", "清城区民政局", Level.DISTRICT)
PERIOD = Period(2023)


@cache
def trial_form() -> FormVersion:
    return read_form("""
code: SY
number: 3
name: {zh: 试验报表, en: Trial report}
period: year
levels: [province, city, district]
issuer: {zh: 试验机关, en: Trial office}
approval: {zh: 试验〔2023〕1号, en: Trial 1/2023}
explain_unchanged: true
sheets:
- code: SY01
  name: {zh: 数量, en: Quantities}
  indicators:
  - {code: SY0101, name: {zh: 检查次数, en: Inspections}, unit: 次, unit_synonyms: [回], type: count, roll_up: sum,
     min: 0, plausible_max: 5000, explain_change: 30, definition: {zh: 全部检查。, en: All inspections.}}
  - {code: SY0102, name: {zh: '其中:对养老机构', en: 'of which: homes'}, unit: 次, type: count, roll_up: sum,
     min: 0, part_of: SY0101}
  - {code: SY0103, name: {zh: 罚没金额, en: Fines}, unit: 万元, type: amount, roll_up: sum, min: 0, decimals: 2}
  - {code: SY0104, name: {zh: 平均时限, en: Mean time}, unit: 工作日, type: mean,
     roll_up: {how: weighted_mean, weight: SY0101}, decimals: 1, outlier: 5}
  - {code: SY0105, name: {zh: 检查占比, en: Share of homes}, unit: '%', type: ratio, source: calculated,
     roll_up: {how: ratio_of_sums, numerator: SY0102, denominator: SY0101, multiplier: 100}, decimals: 2}
  - {code: SY0106, name: {zh: 满意率, en: Satisfaction}, unit: '%', type: rate, roll_up: none, decimals: 2, core: false,
     max: 100}
  - {code: SY0107, name: {zh: 登记机构数, en: Registered bodies}, unit: 个, unit_synonyms: [家, 间], type: count,
     roll_up: sum, min: 0, stock: true}
- code: SY02
  name: {zh: 其他, en: Other}
  indicators:
  - {code: SY0201, name: {zh: 是否述法, en: Statement given}, unit: 是/否, type: yes-no, roll_up: count_yes}
  - {code: SY0202, name: {zh: 评议等次, en: Rating}, unit: 等次, type: rating, choices: [优秀, 良好, 合格],
     roll_up: distribution}
  - {code: SY0203, name: {zh: 主要做法, en: Practice}, unit: 文字, type: text, roll_up: none, core: false}
  - {code: SY0204, name: {zh: 公开日期, en: Published on}, unit: 日期, type: date, roll_up: none, core: false}
  - {code: SY0205, name: {zh: 立法件数, en: Laws drafted}, unit: 件, type: count, filled_by: [city, province],
     roll_up: sum, min: 0}
  - {code: SY0206, name: {zh: 上年检查次数, en: Inspections last year}, unit: 次, type: count, source: carried,
     carried_from: LY(SY0101), roll_up: sum}
rules:
- {id: SY0102-B1, severity: blocking, indicator: SY0102, expression: SY0102<=SY0101}
- {id: SY0101-E1, severity: explain, indicator: SY0101, expression: 'not missing(SY0101)'}
- {id: SY0107-C1, severity: consent, indicator: SY0107, expression: SY0107>=SY0102}
""")


ANSWERS: dict[str, Value] = {
    "SY0101": Value.of(40),
    "SY0102": Value.of(12, note="=含一次联合检查"),
    "SY0103": Value.of(Decimal("9.027178"), approximate=True),
    "SY0104": Value.of(Decimal("7.5")),
    "SY0106": NOT_APPLICABLE,
    "SY0107": Value.of(659),
    "SY0201": Value.of("是"),
    "SY0202": Value.of("良好"),
    "SY0203": Value.of("=以案释法\n第二行"),
    "SY0204": Value.of("2024-03-05"),
}
LAST_YEAR: dict[str, Value] = {"SY0101": Value.of(38), "SY0103": Value.of(Decimal("3.7"), approximate=True)}


def trial_template(current: Values | None = None, **changes: object) -> bytes:
    arguments = {"last_year": LAST_YEAR, "current": current, **changes}
    return template(trial_form(), UNIT, PERIOD, **arguments)


def examine_trial(
    content: bytes,
    filename: str = "",
    *,
    expected: Expected | None = None,
    unit: UnitName = UNIT,
    last_year: Values | None = None,
    around: Surroundings = ALONE,
) -> Examination:
    form = trial_form()

    def find_form(code: str, number: int) -> FormVersion | None:
        return form if (code, number) == (form.code, form.number) else None

    def find_context(identity: Identity) -> Context | None:
        before = LAST_YEAR if last_year is None else last_year
        return Context(unit, before, around=around) if identity.unit == unit.code else None

    return examine(content, filename, find_form=find_form, find_context=find_context, expected=expected)


def in_process() -> AbstractContextManager[object]:
    """Workbooks are read in this process, instead of in a child for each of a hundred."""

    def stream(content: bytes, filename: str = "") -> Iterator[Record]:
        return read(content, admit(content, filename))

    return patch("importers.sandbox.stream", stream)


def edited(content: bytes, *changes: Callable[[Workbook], None]) -> bytes:
    """The workbook after what a user did to it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for change in changes:
        change(book)
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def table(book: Workbook, code: str) -> Worksheet:
    """The sheet whose title begins with the code."""
    return next(sheet for sheet in book if sheet.title.startswith(code))


def row_of(sheet: Worksheet, code: str, column: int = 1) -> int:
    return next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, column).value == code)


def typed(contents: Mapping[str, object], column: str = "E") -> Callable[[Workbook], None]:
    """Type contents into a column, by code."""

    def change(book: Workbook) -> None:
        for code, content in contents.items():
            sheet = table(book, code[:4])
            sheet[f"{column}{row_of(sheet, code)}"] = content

    return change


def formatted(code: str, content: object, number_format: str) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        sheet = table(book, code[:4])
        cell = sheet[f"E{row_of(sheet, code)}"]
        cell.value, cell.number_format = content, number_format

    return change


def only(examination: Examination, code: str) -> Finding:
    """The one finding of that code."""
    found = [finding for finding in examination.findings if finding.code == code]
    assert len(found) == 1, [finding.code for finding in examination.findings]
    return found[0]


def codes(examination: Examination) -> list[str]:
    return [finding.code for finding in examination.findings]
