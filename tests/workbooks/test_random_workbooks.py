"""Whatever is done to a workbook, no value is ever attributed to another indicator than the one it was written for.

Every figure written is the only one of its kind, so that it tells which indicator it was written for.
"""

import csv
import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers import pipeline
from importers.foreign import Confirmed
from importers.foreign_layout import FigureKey, Layout, read_layout
from importers.identity import Context, Expected, Identity, check_mark, visible_line
from importers.pipeline import Examination, examine
from importers.reader_csv import read_csv
from importers.workbook import (
    CellKind,
    Merged,
    ReadCell,
    ReadSheet,
    ReadWorkbook,
    SheetHeader,
    Visibility,
    WorkbookHeader,
)
from portal.domain.forms import Indicator
from portal.domain.periods import Period
from tests.workbooks.making import PERIOD, UNIT, trial_form

IDENTITY = Identity("SY", 3, UNIT.code, str(PERIOD))
CHOSEN = Expected("SY", UNIT.code, str(PERIOD), 3)
TYPED = [each for each in trial_form().typed_at(UNIT.level) if each.type.is_number]
TRUTH = {each.code: Decimal(1000 + number) for number, each in enumerate(TYPED)}
HEADS = ["指标代码", "指标名称", "计量单位", "上年数", "本年数", "备注"]
OTHER_HEADS = ["今年", "2023年", "合计", "", "本年数", "上年数", "指标代码", "编号", "数值", "指标名称"]
settings.register_profile("workbooks", deadline=None, suppress_health_check=[HealthCheck.too_slow])

Grid = list[list[object]]


def sheet_of(title: str, rows: Grid, merged: tuple[Merged, ...] = ()) -> ReadSheet:
    sheet = ReadSheet(title, Visibility.VISIBLE, merged=merged)
    for number, row in enumerate(rows, start=1):
        for column, content in enumerate(row, start=1):
            if isinstance(content, Decimal):
                cell = ReadCell(title, number, column, CellKind.NUMBER, str(content), content)
            elif content:
                cell = ReadCell(title, number, column, CellKind.TEXT, str(content), str(content))
            else:
                continue
            sheet.cells[number, column] = cell
    return sheet


def workbook_of(*sheets: ReadSheet) -> ReadWorkbook:
    return ReadWorkbook(WorkbookHeader(tuple(SheetHeader(sheet.name) for sheet in sheets)), sheets)


def examined(workbook: ReadWorkbook, confirmed: Confirmed | None = None) -> Examination:
    """The examination of a workbook that is there already, without the child that would read it."""
    with patch.object(pipeline, "read_workbook", lambda *_: workbook):
        return examine(
            b"",
            find_form=lambda *_: trial_form(),
            find_context=lambda _: Context(UNIT),
            expected=CHOSEN,
            find_confirmed=lambda *_: confirmed,
        )


def wrongly_attributed(values: Mapping[str, object]) -> Iterator[str]:
    """Indicators whose value was written for another one."""
    for code, value in values.items():
        number = getattr(value, "number", None)
        if number is not None and number != TRUTH.get(code):
            yield code


@dataclass
class Edit:
    """What a user does to the table of a template, by chance."""

    chance: random.Random

    def __call__(self, rows: Grid) -> Grid:
        head, body = rows[0], rows[1:]
        for _ in range(self.chance.randint(0, 6)):
            self.chance.choice([self._shuffle, self._repeat, self._insert, self._delete, self._column, self._sort])(
                body
            )
            if self.chance.random() < 0.3:
                head[self.chance.randrange(len(head))] = self.chance.choice(OTHER_HEADS)
            if self.chance.random() < 0.3:
                one, other = self.chance.randrange(len(head)), self.chance.randrange(len(head))
                for row in (head, *body):
                    row[one], row[other] = row[other], row[one]
            if self.chance.random() < 0.2:
                place = self.chance.randrange(len(head) + 1)
                for row in (head, *body):
                    row.insert(place, "" if row is head else Decimal(self.chance.randint(1, 999)))
        self._tell_the_truth(head, body)
        if self.chance.random() < 0.1:
            return body
        again = [list(head)] if self.chance.random() < 0.2 else []
        cut = self.chance.randrange(len(body) + 1)
        return [head, *body[:cut], *again, *body[cut:]]

    def _tell_the_truth(self, head: list[object], body: Grid) -> None:
        """Heads may be changed, but none may say of other figures that they are this year's."""
        this_year = [place for place in range(len(head)) if any(row[place] in TRUTH.values() for row in body)]
        for place, word in enumerate(head):
            if (
                word in {"本年数", "数值"}
                and place not in this_year
                and not any(head[n] == "本年数" for n in this_year)
            ):
                head[place] = "合计"

    def _shuffle(self, body: Grid) -> None:
        self.chance.shuffle(body)

    def _repeat(self, body: Grid) -> None:
        if body:
            body.insert(self.chance.randrange(len(body) + 1), list(self.chance.choice(body)))

    def _insert(self, body: Grid) -> None:
        width = len(body[0]) if body else len(HEADS)
        row = [self.chance.choice(["", "小计", Decimal(self.chance.randint(1, 999))]) for _ in range(width)]
        body.insert(self.chance.randrange(len(body) + 1), row)

    def _delete(self, body: Grid) -> None:
        if body:
            del body[self.chance.randrange(len(body))]

    def _column(self, body: Grid) -> None:
        if body and (column := self.chance.randrange(len(body[0]))) != 0:
            for row in body:
                if isinstance(row[column], str):
                    row[column] = ""

    def _sort(self, body: Grid) -> None:
        body.sort(key=lambda row: str(row[min(1, len(row) - 1)]))


def template_rows(indicators: list[Indicator]) -> Grid:
    rows: Grid = [list(HEADS)]
    for each in indicators:
        rows.append([each.code, each.name.zh, each.unit, Decimal(7), TRUTH[each.code], ""])
    return rows


@settings(settings.get_profile("workbooks"), max_examples=200)
@given(st.integers(0, 2**32), st.booleans())
def test_edited_templates(seed: int, stamped: bool) -> None:
    chance = random.Random(seed)
    line = visible_line(IDENTITY, "SY01", check_mark(trial_form(), IDENTITY)).zh
    sheets = []
    for number in range(chance.randint(1, 3)):
        rows = Edit(chance)(template_rows(TYPED))
        sheets.append(sheet_of(f"表{number}", [[line], *rows] if stamped else rows))
    examination = examined(workbook_of(*sheets))
    assert not set(wrongly_attributed(examination.values))


@settings(settings.get_profile("workbooks"), max_examples=100)
@given(st.integers(0, 2**32), st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
def test_edited_text_tables(seed: int, delimiter: str, encoding: str) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(Edit(random.Random(seed))(template_rows(TYPED)))
    try:
        records = list(read_csv(stream.getvalue().encode(encoding)))
    except pipeline.WorkbookUnreadable:
        return
    sheet = ReadSheet("CSV", Visibility.VISIBLE)
    sheet.cells = {(each.row, each.column): each for each in records if isinstance(each, ReadCell)}
    assert not set(wrongly_attributed(examined(workbook_of(sheet)).values))


@dataclass(frozen=True)
class Foreign:
    """A layout of somebody's own: an order of rows, and of columns, with noise."""

    order: tuple[int, ...]
    columns: tuple[str, ...]
    sections: tuple[int, ...]
    empty_rows: int
    merged: bool

    def rows(self, truth: Mapping[str, Decimal]) -> tuple[Grid, tuple[Merged, ...]]:
        rows: Grid = [[] for _ in range(self.empty_rows)]
        rows.append(["某局2023年统计表"])
        head = len(rows) + 1
        merged: list[Merged] = []
        rows.append(["项目", *self.columns])
        if self.merged:
            rows.append([])
            merged += [Merged(head, column, head + 1, column) for column in range(1, len(self.columns) + 2)]
        for position, number in enumerate(self.order):
            if position in self.sections:
                rows.append([f"{'一二三四五六七八九'[self.sections.index(position)]}、第{position}部分"])
            each = TYPED[number]
            noise = iter(range(1, 900))
            cells = [truth[each.code] if column == "本年数" else Decimal(next(noise)) for column in self.columns]
            rows.append([each.name.zh, *cells])
        rows.append(["填表人：张三", "2024年1月5日"])
        return rows, tuple(merged)


def places(layout: Layout, truth: Mapping[str, Decimal]) -> dict[str, FigureKey]:
    """The figure that answers each indicator, found by what stands there."""
    return {
        code: figure.key
        for code, number in truth.items()
        for figure in layout.figures
        if figure.cell is not None and figure.cell.value == number
    }


COLUMNS = st.permutations(["上年数", "本年数", "增减", "2022年"]).map(tuple)
FOREIGN = st.builds(
    Foreign,
    st.permutations(range(len(TYPED))).map(tuple),
    COLUMNS,
    st.sets(st.integers(0, len(TYPED) - 1), max_size=3).map(lambda found: tuple(sorted(found))),
    st.integers(0, 3),
    st.booleans(),
)


@settings(settings.get_profile("workbooks"), max_examples=100)
@given(FOREIGN, FOREIGN, st.integers(0, 2**32))
def test_layouts_of_ones_own(first: Foreign, then: Foreign, seed: int) -> None:
    rows, merged = first.rows(TRUTH)
    workbook = workbook_of(sheet_of("年报", rows, merged))
    layout = read_layout(workbook, Period(2023))
    confirmed = Confirmed(layout.fingerprint, 3, places(layout, TRUTH), "李四", datetime(2024, 1, 8, tzinfo=UTC))
    assert not examined(workbook).values, "nothing is read that nobody confirmed"
    read = examined(workbook, confirmed).values
    assert read.keys() == TRUTH.keys()
    assert not set(wrongly_attributed(read))

    # What was confirmed meets another layout, or the same after somebody's edits: read rightly, or not at all.
    other, areas = then.rows(TRUTH)
    chance = random.Random(seed)
    for _ in range(chance.randint(0, 3)):
        row = chance.choice(other)
        if row and isinstance(row[0], str):
            row[0] = chance.choice([f" {row[0]}", f"{row[0]}数", "合计", "检查次数", row[0]])
    answers = examined(workbook_of(sheet_of("年报", other, areas)), confirmed).values
    assert not set(wrongly_attributed(answers))
