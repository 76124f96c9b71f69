"""What units answer in a consolidated workbook: whatever stands there, it can be stored or is said to be wrong."""

import io
import json
import math
from collections.abc import Iterator
from unittest.mock import patch

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from importers.consolidated import UnitLine, write_consolidated
from importers.consolidated_reading import Consolidated, read_consolidated
from importers.consolidated_units import RowReader, UnitAnswers
from importers.gate import admit
from importers.identity import Expected, UnitName
from importers.reader import read_rows
from importers.rows import ReadRow, row_line
from importers.template_job import Job
from importers.workbook import SheetEnd, WorkbookHeader
from portal.domain.forms import Text
from portal.domain.units import Level
from portal.domain.values import Value, value_from_json, value_to_json
from tests.workbooks.making import PERIOD, saved, trial_form

ABOVE = UnitName("441800", "清远市民政局", Level.CITY)
BELOW = [
    UnitName(code, name, Level.DISTRICT) for code, name in (("441802", "清城区民政局"), ("441803", "清新区民政局"))
]
COUNT, AMOUNT, RATING, TEXT = ("SY01 数量", "D9"), ("SY01 数量", "F9"), ("SY02 其他", "E9"), ("SY02 其他", "F9")


def workbook(demo: bool = False) -> Workbook:
    file = io.BytesIO()
    lines = (UnitLine(unit, "可填", open=True) for unit in BELOW)
    write_consolidated(file, Job(trial_form(), ABOVE, PERIOD, demo=demo), lines, len(BELOW))
    return openpyxl.load_workbook(file)


def rows_of(content: bytes) -> Iterator[tuple[WorkbookHeader | ReadRow | SheetEnd, bytes]]:
    for each in read_rows(content, admit(content)):
        yield each, row_line(each).encode() if isinstance(each, ReadRow) else b""


def found_in(book: Workbook) -> Consolidated:
    """As it is read, in this process."""
    form = trial_form()
    with patch("importers.consolidated_reading.stream_rows", rows_of):
        found = read_consolidated(saved(book), form, Expected(form.code, ABOVE.code, str(PERIOD), form.number))
    assert isinstance(found, Consolidated)
    return found


def answers_in(book: Workbook) -> dict[str, UnitAnswers]:
    reader = RowReader(trial_form())
    return {code: reader.answers(unit, Level.DISTRICT) for code, unit in found_in(book).units.items()}


@pytest.mark.parametrize("place", [COUNT, AMOUNT, RATING, TEXT], ids=["count", "amount", "rating", "text"])
@pytest.mark.parametrize(
    "content",
    [
        "_x0000_12",
        "1_x001F_2_x001E_",
        "_xD83D_12",
        "9" * 40,
        "0." + "0" * 45 + "1",
        "1e-30",
        "1E99",
        "甲" * 32_767,
        1e-300,
        1.7e308,
        -1e15,
        2.0**60,
        math.pi,
    ],
    ids=lambda content: str(content)[:12],
)
def test_what_is_read_can_be_stored(place: tuple[str, str], content: str | float) -> None:
    book = workbook()
    sheet, cell = place
    book[sheet][cell] = content
    book["SY01 数量"]["D10"] = 7
    answers = answers_in(book)
    assert answers["441803"].values == {"SY0101": Value.of(7)}
    mistaken = answers["441802"]
    assert mistaken.values.keys() == set() if not mistaken.understood else len(mistaken.values) == 1
    kept = json.dumps([value_to_json(value) for value in mistaken.values.values()], ensure_ascii=False)
    kept.encode()
    assert not [character for character in kept if character < " "]
    assert [value_from_json(each) for each in json.loads(kept)] == list(mistaken.values.values())


def test_comments_are_named_one_sentence_for_a_sheet() -> None:
    book = workbook()
    book["SY01 数量"]["D9"].comment = Comment("含街道", "张三")
    book["SY01 数量"]["E10"].comment = Comment("已核", "李四")
    assert found_in(book).remarks == [
        Text(
            "工作表“SY01 数量”的 2 个批注没有读取，需要的请写到各单位的备注里：D9“含街道”；E10“已核”",
            'Comments of sheet "SY01 数量" were not read (2); enter them in the notes of the units: D9“含街道”；E10“已核”',
        )
    ]


def test_every_sheet_bears_its_legal_marks() -> None:
    for demo in (False, True):
        said = str(workbook(demo)["SY01 数量"]["A2"].value)
        assert all(words in said for words in ("SY01", "试验机关", "试验〔2023〕1号"))
        assert ("演示数据" in said) is demo
