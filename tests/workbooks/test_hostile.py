"""Files built to break a reader, and files that are only a little odd."""

import io
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from importers import limits, sandbox
from importers.gate import FileKind, admit
from importers.reader import read
from importers.reasons import REASONS, reason_advice, reason_text
from importers.sandbox import read_workbook, stream
from importers.workbook import CellKind, ReadCell
from portal.errors import WorkbookUnreadable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def rels(*relations: tuple[str, str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="{name}" Type="{DOCUMENT}/{kind}" Target="{target}"/>' for name, kind, target in relations
    )
    return f'<Relationships xmlns="{PACKAGE}">{listed}</Relationships>'


def xlsx(rows: str, *, more: Iterable[tuple[str, str | bytes]] = (), sheets: str = "") -> bytes:
    """A workbook of one sheet with the given row elements."""
    sheets = sheets or '<sheet name="表" sheetId="1" r:id="r1"/>'
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": rels(("a", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": rels(("r1", "worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        **dict(more),
    }
    stream_ = io.BytesIO()
    with zipfile.ZipFile(stream_, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream_.getvalue()


def cells(content: bytes) -> list[ReadCell]:
    return [record for record in read(content, admit(content)) if isinstance(record, ReadCell)]


def reason(content: bytes) -> str:
    with pytest.raises(WorkbookUnreadable) as refusal:
        list(read(content, admit(content)))
    return refusal.value.reason


def test_rows_out_of_order_are_all_read() -> None:
    found = cells(xlsx('<row r="3"><c r="A3"><v>3</v></c></row><row r="1"><c r="B1"><v>1</v></c></row>'))
    assert [cell.address for cell in found] == ["A3", "B1"]


def test_cells_without_addresses_follow_each_other() -> None:
    found = cells(xlsx("<row><c><v>1</v></c><c/><c><v>2</v></c></row><row><c><v>3</v></c></row>"))
    assert [cell.address for cell in found] == ["A1", "C1", "A2"]


def test_a_cell_that_comes_twice_is_refused() -> None:
    twice = '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>'
    assert reason(xlsx(twice)) == "duplicate_cell"
    apart = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>'
    assert reason(xlsx(apart)) == "duplicate_cell"


def test_an_empty_result_marked_as_text_is_text_and_an_unmarked_one_was_never_computed() -> None:
    marked = cells(xlsx('<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><f>1+1</f><v/></c></row>'))
    assert [cell.kind for cell in marked] == [CellKind.TEXT, CellKind.FORMULA_WITHOUT_VALUE]


def test_reading_aids_are_no_text() -> None:
    inline = '<is><r><t>汉</t></r><r><t>字</t></r><rPh sb="0" eb="1"><t>han</t></rPh></is>'
    assert [cell.value for cell in cells(xlsx(f'<row r="1"><c r="A1" t="inlineStr">{inline}</c></row>'))] == ["汉字"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"长" * 40_000}</t></is></c></row>', "text_too_long"),
        (f'<row r="{limits.MAX_ROWS + 1}"><c r="A{limits.MAX_ROWS + 1}"><v>1</v></c></row>', "too_many_rows"),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "too_many_columns"),
        ('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', "bad_string_index"),
        ("<row><c", "bad_xml"),
    ],
)
def test_more_than_a_report_holds(rows: str, expected: str) -> None:
    assert reason(xlsx(rows)) == expected


def test_too_many_sheets() -> None:
    sheets = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="r1"/>' for n in range(limits.MAX_SHEETS + 1))
    assert reason(xlsx("", sheets=sheets)) == "too_many_sheets"


def test_an_encoding_the_parser_does_not_know() -> None:
    sheet = '<?xml version="1.0" encoding="GB18030"?><worksheet/>'.encode("gb18030")
    assert reason(xlsx("", more=[("xl/worksheets/sheet1.xml", sheet)])) == "bad_xml"


def test_an_object_a_sheet_shows_is_only_noted() -> None:
    shown = [
        ("xl/worksheets/_rels/sheet1.xml.rels", rels(("o", "oleObject", "../embeddings/oleObject1.bin"))),
        ("xl/embeddings/oleObject1.bin", b"x"),
    ]
    content = xlsx('<row r="1"><c r="A1"><v>1</v></c></row>', more=shown)
    assert read_workbook(content).header.notices == ("embedded_object",)
    assert reason(xlsx("", more=shown[1:])) == "embedded_object"


def test_macros_are_refused_or_passed_over_as_the_installation_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    content = xlsx('<row r="1"><c r="A1"><v>1</v></c></row>', more=[("xl/vbaProject.bin", b"x")])
    with pytest.raises(WorkbookUnreadable) as refusal:
        read_workbook(content)
    assert refusal.value.reason == "macro"
    monkeypatch.setenv("HUIZONG_DROP_MACROS", "1")
    workbook = read_workbook(content)
    assert workbook.header.notices == ("macro",)
    assert len(workbook.sheets[0].cells) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "is_pdf"),
        (b"MZ\x90", "is_exe"),
        (b"\x89PNG\r\n", "is_picture"),
        (b"7z\xbc\xaf\x27\x1c", "is_archive"),
        (b"PK\x05\x06" + b"\0" * 18, "not_ooxml"),
        (b"PK\x03\x04 and nothing more", "corrupt_zip"),
        ("指标,数\n".encode("gb18030"), "text_or_csv"),
        ("指标,数\n".encode("utf-16"), "text_or_csv"),
        (b"<html><table>", "html_table"),
        (b'<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><meta:a/>', "flat_odf"),
        (b"\x00\x01\x02", "unknown_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "corrupt_ole"),
        (b"x" * (limits.MAX_FILE_BYTES + 1), "too_big"),
        (xlsx("", more=[("xl/vbaProject.bin", b"x")]), "macro"),
        (xlsx("", more=[("xl/workbook.bin", b"x")]), "xlsb"),
        (xlsx("", more=[("word/document.xml", b"x")]), "is_docx"),
        (xlsx("", more=[("../evil", b"x")]), "bad_part_name"),
        (xlsx("", more=[("XL/Workbook.xml", b"x")]), "duplicate_part"),
        (xlsx("", more=[(f"x/{n}", b"") for n in range(limits.MAX_PARTS)]), "too_many_parts"),
    ],
)
def test_the_gate_names_what_it_refuses(content: bytes, expected: str) -> None:
    with pytest.raises(WorkbookUnreadable) as refusal:
        admit(content)
    assert refusal.value.reason == expected


CONNECTED = [
    ('<dbPr connection="Provider=SQLOLEDB;Data Source=10.0.0.1" command="select 1"/>', "data_connection"),
    ('<webPr url="http://example.org"/>', "data_connection"),
    ('<textPr sourceFile="D:\\1.txt"/>', "data_connection"),
    ('<dbPr connection="Provider=Microsoft.Mashup.OleDb.1;Data Source=$Workbook$;Location=Q"/>', ""),
    ('<dbPr connection="Data Model Connection" command="Model"/><olapPr/>', ""),
]


@pytest.mark.parametrize(("leads_to", "expected"), CONNECTED)
def test_connections_that_lead_out_of_the_workbook_are_refused(leads_to: str, expected: str) -> None:
    connections = f'<connections xmlns="{MAIN}"><connection id="1" name="库">{leads_to}</connection></connections>'
    relations = rels(("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "connections", "connections.xml"))
    content = xlsx(
        "<row><c><v>1</v></c></row>",
        more=[("xl/_rels/workbook.xml.rels", relations), ("xl/connections.xml", connections)],
    )
    if expected:
        assert reason(content) == expected
    else:
        assert len(cells(content)) == 1


def test_zip_entries_that_share_their_bytes() -> None:
    content = bytearray(xlsx("", more=[("x/1", b"a" * 5000), ("x/2", b"b" * 5000)]))
    first = content.rfind(b"PK\x01\x02", 0, content.rfind(b"x/1"))
    second = content.rfind(b"PK\x01\x02", 0, content.rfind(b"x/2"))
    content[second + 42 : second + 46] = (int.from_bytes(content[first + 42 : first + 46], "little") + 1).to_bytes(
        4, "little"
    )
    with pytest.raises(WorkbookUnreadable) as refusal:
        admit(bytes(content))
    assert refusal.value.reason == "overlapping_parts"


@pytest.mark.parametrize("long", [False, True], ids=["zip", "zip64"])
def test_a_directory_that_says_it_is_short_is_not_believed(long: bool) -> None:
    """400,000 entries would take the web process seconds and hundreds of megabytes."""
    entries = b"".join(
        struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, 0, *[0] * 7, 4, *[0] * 6) + b"%04x" % (number % 65_536)
        for number in range(400_000)
    )
    size = 0xFFFFFFFF if long else len(entries)
    ends = [
        struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(entries), 30),
        struct.pack("<4sLQL", b"PK\x06\x07", 0, 30 + len(entries), 1),
    ]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 0xFFFFFFFF if long else 30, 0)
    content = b"PK\x03\x04" + bytes(26) + entries + (b"".join(ends) if long else b"") + end
    with pytest.raises(WorkbookUnreadable) as refusal:
        admit(content)
    assert refusal.value.reason == "too_many_parts"


class TestTheChild:
    def test_a_slow_one_is_stopped(self) -> None:
        content = xlsx("".join(f"<row><c><v>{n}</v></c></row>" for n in range(150_000)))
        with pytest.raises(WorkbookUnreadable) as refusal:
            list(stream(content, wall_seconds=0.2))
        assert refusal.value.reason == "too_slow"

    def test_a_defect_of_ours_does_not_reach_the_portal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox, "admit", lambda *_, **__: FileKind.XLSX)
        with pytest.raises(WorkbookUnreadable) as refusal:
            list(stream(b"no zip at all"))
        assert refusal.value.reason == "corrupt_zip"

    def test_one_that_dies_is_a_refusal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
        with pytest.raises(WorkbookUnreadable) as refusal:
            read_workbook(xlsx(""))
        assert refusal.value.reason == "crashed"

    def test_it_has_no_secrets(self) -> None:
        child = sandbox._Child(FileKind.XLSX, "cells", 5)
        try:
            environment = Path(f"/proc/{child._process.pid}/environ").read_bytes()
        except OSError:
            pytest.skip("no /proc here")
        finally:
            with child:
                pass
        assert {name.split(b"=")[0] for name in environment.split(b"\0") if name} <= {b"PYTHONPATH", b"PYTHONUTF8"}

    def test_more_cells_than_a_report_are_streamed_but_not_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MAX_KEPT_CELLS", 3)
        content = xlsx("<row><c><v>1</v></c><c><v>1</v></c><c><v>1</v></c><c><v>1</v></c></row>")
        assert sum(isinstance(record, ReadCell) for record in stream(content)) == 4
        with pytest.raises(WorkbookUnreadable):
            read_workbook(content)


def test_every_reason_has_words_in_both_languages() -> None:
    for reason_ in REASONS:
        for text in (reason_text(reason_, "表1"), reason_advice(reason_)):
            assert text.zh
            assert text.en
