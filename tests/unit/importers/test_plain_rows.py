"""Rows taken apart at once are just the rows that the XML parser hears; what is out of the ordinary is left to it."""

import io
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importers import reader
from importers.gate import FileKind
from importers.ordinary_rows import OrdinaryRow, ordinary_sheet
from importers.plain_rows import PlainReader
from importers.reader import read, read_rows
from importers.reader_sheet import SheetContext
from importers.reader_styles import Styles
from importers.rows import ReadRow, in_rows
from portal.errors import WorkbookUnreadable

HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
FOOT = '</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells></worksheet>'

RELATIONS = "xl/_rels/workbook.xml.rels"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHARED = f'<Relationship Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml" Id="shared"/>'

ROUGH_CELLS = st.one_of(
    st.sampled_from(
        [
            '<c r="{at}"/>',
            '<c r="{at}" s="1" />',
            '<c r="{at}" s="9"><v>12</v></c>',
            '<c r="{at}" s="2"><v>45000</v></c>',
            '<c r="{at}" t="n"><v>0.1000</v></c>',
            '<c r="{at}"><v>-0</v></c>',
            '<c r="{at}"><v>1E+3</v></c>',
            '<c r="{at}"><v>30000000000000001</v></c>',
            '<c r="{at}"><v>0.30000000000000004</v></c>',
            '<c r="{at}"><v> 7 </v></c>',
            '<c r="{at}"><v>x</v></c>',
            '<c r="{at}"><v></v></c>',
            '<c r="{at}" t="s"><v>0</v></c>',
            '<c r="{at}" t="s"><v>1</v></c>',
            '<c r="{at}" t="s"><v>7</v></c>',
            '<c r="{at}" t="b"><v>1</v></c>',
            '<c r="{at}" t="e"><v>#REF!</v></c>',
            '<c r="{at}"><f>A1+1</f><v>3</v></c>',
            '<c r="{at}" t="inlineStr"><is><t>约 12</t></is></c>',
            '<c r="{at}" t="inlineStr"><is><t xml:space="preserve"> a_x0041_ </t></is></c>',
            '<c r="{at}" t="inlineStr"><is><t>a &amp; b</t></is></c>',
            '<c r="{at}" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>',
            '<c r="{at}"><!-- no --><v>5</v></c>',
            '<c r="{at}"><v><![CDATA[6]]></v></c>',
            '<c r="ZZZZ1"><v>6</v></c>',
            '<c r="A1"><v>8</v></c>',
            '<c t="n"><v>9</v></c>',
        ]
    ),
    st.integers(-(10**16), 10**16).map(lambda number: f'<c r="{{at}}"><v>{number}</v></c>'),
    st.decimals(-(10**9), 10**9, places=4).map(lambda number: f'<c r="{{at}}" s="3"><v>{number}</v></c>'),
)
ROWS = st.lists(st.tuples(st.integers(1, 9), st.lists(ROUGH_CELLS, max_size=5)), max_size=4)

PATTERNS = st.lists(
    st.sampled_from(
        [
            '<c r="{at}" s="1"><v>{content}</v></c>',
            '<c r="{at}" t="n"><v>{content}</v></c>',
            '<c r="{at}" s="2"><v>{content}</v></c>',
            '<c r="{at}" s="3"><v>{content}</v></c>',
            '<c r="{at}" t="s"><v>{content}</v></c>',
            '<c r="{at}" t="inlineStr"><is><t>{content}</t></is></c>',
            '<c r="{at}" s="1" />',
            '<c r="B{number}" t="n"><v>{content}</v></c>',
        ]
    ),
    max_size=4,
)
CONTENTS = st.sampled_from(
    [
        "0",
        "1",
        "7",
        "-3",
        "12.50",
        "0.10",
        "-0",
        "-0.5",
        "0.0000001",
        "1E3",
        "00012",
        "1.",
        ".5",
        "999999999999999",
        "9999999999999999",
        "123456789.123456",
        "1234567890.1",
        "x",
        "约3.7",
        "a&amp;b",
        "<v>1</v>",
        "1</v><v>2",
        "1</t><t>2",
        "_x0041_",
        "1<v/>",
        "5,6",
        "",
        " 5 ",
        "a b",
    ]
)
SHAPED = st.tuples(PATTERNS, st.lists(st.lists(CONTENTS, min_size=4, max_size=4), max_size=5))


def workbook(sheet: str) -> bytes:
    """A workbook with this sheet, a date, a percent and a plain format, and two shared texts."""
    book = openpyxl.Workbook()
    for row, number_format in enumerate(["General", "yyyy-mm-dd", "0.0%"], start=1):
        cell = book.worksheets[0].cell(row, 1, 1)
        cell.number_format = number_format
    stream, out = io.BytesIO(), io.BytesIO()
    book.save(stream)
    shared = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>甲</t></si><si><t>a\x09b</t></si></sst>'
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w") as new:
        relations = old.read(RELATIONS).decode().replace("</Relationships>", f"{SHARED}</Relationships>")
        replaced = {"xl/worksheets/sheet1.xml": sheet, RELATIONS: relations}
        for name in old.namelist():
            new.writestr(name, replaced.get(name) or old.read(name))
        new.writestr("xl/sharedStrings.xml", shared)
    return out.getvalue()


def listed(records: Iterator[object]) -> list[object]:
    found: list[object] = []
    try:
        found.extend(records)
    except WorkbookUnreadable as refusal:
        return [refusal.reason]
    return found


@given(ROWS)
def test_both_roads_lead_to_the_same(rows: list[tuple[int, list[str]]]) -> None:
    xml = "".join(
        f'<row r="{number}">'
        + "".join(cell.format(at=f"{'ABCDE'[place]}{number}") for place, cell in enumerate(cells))
        + "</row>"
        for number, cells in rows
    )
    content = workbook(HEAD + xml + FOOT)
    assert listed(read_rows(content, FileKind.XLSX)) == listed(in_rows(read(content, FileKind.XLSX)))


@given(SHAPED)
@example((['<c r="B{number}" t="n"><v>{content}</v></c>', '<c r="{at}" t="s"><v>{content}</v></c>'], [["0", "7"]]))
def test_rows_of_one_shape_are_read_as_the_parser_hears_them(shaped: tuple[list[str], list[list[str]]]) -> None:
    pattern, rows = shaped
    xml = "".join(
        f'<row r="{number}">'
        + "".join(
            cell.format(at=f"{'ABCDE'[place]}{number}", number=number, content=contents[place])
            for place, cell in enumerate(pattern)
        )
        + "</row>"
        for number, contents in enumerate(rows, start=9)
    )
    content = workbook(HEAD + xml + FOOT)
    assert listed(read_rows(content, FileKind.XLSX)) == listed(in_rows(read(content, FileKind.XLSX)))


def test_rows_of_one_shape_are_not_looked_at_cell_by_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        f'<row r="{row}"><c r="A{row}" t="s"><v>{row % 2}</v></c><c r="B{row}" s="1"/><c r="C{row}"><v>{row}.5</v></c></row>'
        for row in range(8, 12)
    ]
    content = workbook(HEAD + "".join(rows) + FOOT)
    looked_at: list[int] = []
    look = PlainReader._cell_by_cell

    def noted(reader: PlainReader, row: OrdinaryRow) -> ReadRow | None:
        looked_at.append(row.number)
        return look(reader, row)

    monkeypatch.setattr(PlainReader, "_cell_by_cell", noted)
    read = [record for record in read_rows(content, FileKind.XLSX) if isinstance(record, ReadRow)]
    assert [(row.row, row.columns, row.digits, row.others[0][1][1]) for row in read] == [
        (8, "3", "8.5", "甲"),
        (9, "3", "9.5", "a\tb"),
        (10, "3", "10.5", "甲"),
        (11, "3", "11.5", "a\tb"),
    ]
    assert looked_at == [8]


@pytest.mark.parametrize(
    "odd",
    [
        HEAD.replace("<worksheet", "<!DOCTYPE worksheet><worksheet") + FOOT,
        HEAD + '<row r="1" hidden="1"><c r="A1"><v>1</v></c></row>' + FOOT,
        HEAD + '<row r="2"/><row r="1"/>' + FOOT,
        HEAD + '<row r="1"><c r="A1"><f>1</f><v>1</v></c></row>' + FOOT,
        HEAD + "<!--<sheetData>-->" + FOOT,
        HEAD + '<row r="1"><c r="A1"><v>1\r</v></c></row>' + FOOT,
        HEAD + '<row r="1"><c r="A1"><v>1</v></c></row>',
        '<?xml version="1.0" encoding="utf-16"?>' + HEAD + FOOT,
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_parser(odd: str) -> None:
    assert ordinary_sheet(odd.encode(), SheetContext("表", [], Styles(), epoch_1904=False)) is None


def test_what_programs_write_is_ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "in_rows", lambda _cells: pytest.fail("heard cell by cell"))
    cells = '<c r="A1" s="1" t="inlineStr"><is><t>单位代码</t></is></c><c r="B1" s="0" t="n"><v>12</v></c><c r="C1" s="2" />'
    content = workbook(HEAD + f'<row r="1" spans="1:3">{cells}</row>' + FOOT)
    rows = [record for record in read_rows(content, FileKind.XLSX) if isinstance(record, ReadRow)]
    assert [(row.row, row.columns, row.digits, row.others[0][0]) for row in rows] == [(1, "2", "12", 1)]
