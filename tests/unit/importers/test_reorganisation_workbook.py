"""The file of a reorganisation as people write it, in every spelling and with every mistake."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.reorganisation_workbook import read_reorganisation_file
from portal.domain.reorganisation_file import COLUMN_WORDS, COLUMNS, MOST_PROBLEMS, reorganisation_of
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.units import Level
from portal.errors import FormInvalid, WorkbookUnreadable

HEAD = tuple(COLUMN_WORDS)
BASIS = "民函〔2024〕1号（试）"
DAY = date(2024, 2, 1)


def table(*rows: Sequence[object], head: Sequence[object] = HEAD, encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    return text.getvalue().encode(encoding)


def workbook(*rows: Sequence[object], head: Sequence[object] = HEAD, before: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    for name in before:
        book.active.title = name
        book.active.append([name])
        book.active = book.create_sheet()
    for row in (head, *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def line(**cells: object) -> list[object]:
    """A merger on the usual day, with some of it otherwise."""
    usual = {"变动": "合并", "单位代码": "640105", "原单位": "640106", "生效日期": "2024-02-01", "依据": BASIS}
    return [(usual | cells).get(word, "") for word in COLUMN_WORDS]


def mistakes(content: bytes, name: str = "r.csv") -> str:
    with pytest.raises(FormInvalid) as refused:
        read_reorganisation_file(content, name)
    return "\n".join(refused.value.problems)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("head", [HEAD, COLUMNS])
def test_a_table_in_any_encoding_and_under_either_headings(encoding: str, head: Sequence[str]) -> None:
    said = read_reorganisation_file(table(line(), head=head, encoding=encoding), "r.csv")
    assert (said.changes, said.effective_on, said.basis) == (
        (Change(ChangeKind.MERGE, "640105", ("640106",)),), DAY, BASIS,
    )  # fmt: skip


@pytest.mark.parametrize(
    "day",
    [
        "2024-02-01",
        "2024-2-1",
        "2024/2/1",
        "2024.2.1",
        "2024年2月1日",
        "20240201",
        "２０２４－０２－０１",
        "二〇二四年二月一日",
    ],
)
def test_a_day_in_any_spelling(day: str) -> None:
    assert read_reorganisation_file(table(line(生效日期=day)), "r.csv").effective_on == DAY


@pytest.mark.parametrize("day", [DAY, datetime(2024, 2, 1), 45323, "2024/2/1"])  # noqa: DTZ001 - as Excel has it
def test_a_workbook_whose_program_took_codes_for_numbers_and_days_for_moments(day: object) -> None:
    row = line(单位代码=640105, 原单位=640106.0, 生效日期=day)
    said = read_reorganisation_file(workbook(row, before=["封面"]), "r.xlsx")
    assert (said.changes[0].code, said.changes[0].sources, said.effective_on) == ("640105", ("640106",), DAY)


def test_several_units_and_levels_in_words() -> None:
    new = line(
        变动="新设", 单位代码="640192", 原单位="", 上级="640100", 层级="区县级", 名称="新区", 生效日期="", 依据=""
    )
    said = read_reorganisation_file(table(line(原单位="640106、640104，640121 640122；640106"), new), "r.csv")
    assert said.changes[0].sources == ("640106", "640104", "640121", "640122")
    assert (said.changes[1].kind, said.changes[1].level) == (ChangeKind.NEW, Level.DISTRICT)


def test_every_mistake_is_named_with_its_line() -> None:
    told = mistakes(
        table(
            line(变动="并购", 生效日期="2024-13-45"),
            [],
            line(单位代码="六四"),
            line(层级="乡"),
            line(名称="名" * 300),
            line(依据="另一份文件"),
            line(变动="merger"),
        )
    )
    for words in (
        "第 2 行：变动“并购”不认得，请写：更名、改变隶属",
        "第 2 行：生效日期“2024-13-45”不是日期",
        "第 4 行：单位代码只能是字母、数字和下划线",
        "第 5 行：层级“乡”不认得，请写：省级、地市级、不设区的市、区县级、乡镇级",
        "第 6 行：名称最多 200 个字",
        "第 7 行：依据与第 2 行不同",
        "第 8 行：变动“merger”不认得",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (table(["x", "1"], head=["单位", "金额"]), "缺少列：变动、单位代码、原单位、上级、层级、名称、英文名称、生效日期、依据。找到的列：单位、金额"),
        (table(line(), head=HEAD[:-1]), "缺少列：依据"),
        (table([*line(), "640107"], head=[*HEAD, "单位代码"]), "列“单位代码”出现两次"),
        (table(), "文件里没有变动"),
        (table([], line(变动="", 单位代码="", 原单位="", 生效日期="", 依据="")), "文件里没有变动"),
        (table(line(生效日期="")), "缺少生效日期"),
        (table(line(依据="")), "缺少依据"),
        (table(line(单位代码="")), "缺少单位代码"),
        (table(*[line()] * 1001), "文件里有 1001 个变动，最多 1000 个"),
        (table(*[line(单位代码="?")] * 200), f"另有 {200 - MOST_PROBLEMS} 处"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_as_one_is_said_in_full(content: bytes, told: str) -> None:
    assert told in mistakes(content)


def test_a_formula_that_nobody_worked_out_is_no_content() -> None:
    assert "B2 是错误值，或公式没有算出的值" in mistakes(workbook(line(单位代码="=A9")), "r.xlsx")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + b"0" * 300, b"PK\x03\x04" + b"0" * 2000])
def test_what_is_no_table_is_refused_before_it_is_read(content: bytes) -> None:
    with pytest.raises(WorkbookUnreadable):
        read_reorganisation_file(content, "r.xlsx")


@given(st.dictionaries(st.integers(2, 9), st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=40))))
def test_whatever_stands_in_it_is_read_or_refused_in_words(records: dict[int, dict[str, str]]) -> None:
    problems: list[str] = []
    try:
        reorganisation_of(records)
    except FormInvalid as refused:
        problems = refused.problems
    assert [each for each in problems if "ChangeKind" in each or "isoformat" in each] == []
