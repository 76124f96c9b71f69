"""Whole files changed by chance, as a spreadsheet program, another writer or a bad disk would: no figure goes astray.

`test_random_workbooks` changes what was read; here the file itself is changed, and read as the child reads it.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from xml.etree import ElementTree as ET

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from importers.pipeline import Examination, Outcome
from portal.domain.values import MISSING, Value
from tests.workbooks import test_cross_tables as crossed
from tests.workbooks.making import ANSWERS, examine_trial, in_process, saved, trial_template

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEXTS = "xl/sharedStrings.xml"
TEXTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
TEXTS_OF = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
FIRST_ROW, LAST_ROW, WIDTH = 8, 14, 6
SEEDS = st.integers(0, 2**32)
BY_CHANCE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Parts = dict[str, bytes]


@dataclass(frozen=True)
class Subject:
    """A filled template and what it answers; all answers are different."""

    content: bytes
    answers: Mapping[str, Value]
    examine: Callable[[bytes], Examination]


@cache
def subjects() -> tuple[Subject, ...]:
    return (
        Subject(trial_template(ANSWERS), ANSWERS, examine_trial),
        Subject(saved(crossed.filled()), crossed.ANSWERS, crossed.examined),
    )


def astray(subject: Subject, examination: Examination) -> dict[str, Value]:
    """What was read and never written; a note beside it may be gone."""
    said = {code: (value.status, value.number, value.text) for code, value in subject.answers.items()}
    return {
        code: value
        for code, value in examination.values.items()
        if value != MISSING and (value.status, value.number, value.text) != said[code]
    }


class Hand:
    """Edits of a sheet, each of whole rows or columns or of how a figure is written."""

    def __init__(self, chance: Random, sheet: Worksheet) -> None:
        self.chance, self.sheet = chance, sheet

    def any_edit(self) -> None:
        edits = (
            self.insert_rows, self.insert_columns, self.delete_row, self.delete_column, self.exchange_rows,
            self.exchange_columns, self.repeat_row, self.merge, self.hide, self.write_as_text, self.rename, self.copy,
        )  # fmt: skip
        self.chance.choice(edits)()

    def insert_rows(self) -> None:
        self.sheet.insert_rows(self.row(), self.chance.randint(1, 3))

    def insert_columns(self) -> None:
        self.sheet.insert_cols(self.column())

    def delete_row(self) -> None:
        self.sheet.delete_rows(self.row())

    def delete_column(self) -> None:
        self.sheet.delete_cols(self.column())

    def exchange_rows(self) -> None:
        one, other = (self.chance.randint(FIRST_ROW, LAST_ROW) for _ in range(2))
        for column in range(1, self.sheet.max_column + 1):
            exchange(self.sheet, (one, column), (other, column))

    def exchange_columns(self) -> None:
        one, other = self.column(), self.column()
        for row in range(1, self.sheet.max_row + 1):
            exchange(self.sheet, (row, one), (row, other))

    def repeat_row(self) -> None:
        row, to = self.row(), self.sheet.max_row + self.chance.randint(1, 3)
        for column in range(1, self.sheet.max_column + 1):
            put(self.sheet, (to, column), held(self.sheet, (row, column)))

    def merge(self) -> None:
        row, column = self.row(), self.column()
        unmerged(self.sheet)
        self.sheet.merge_cells(None, row, column, row + self.chance.randint(0, 1), column + self.chance.randint(0, 1))

    def hide(self) -> None:
        self.sheet.row_dimensions[self.row()].hidden = True
        self.sheet.column_dimensions["ABCDEF"[self.chance.randrange(WIDTH)]].hidden = True

    def write_as_text(self) -> None:
        for cells in self.sheet.iter_rows():
            for cell in cells:
                if cell.data_type == "n" and cell.value is not None and self.chance.random() < 0.3:
                    cell.value = self.chance.choice(["{}", " {} ", "{}\u3000"]).format(cell.value)
                    cell.data_type = "s"

    def rename(self) -> None:
        self.sheet.title = self.chance.choice(["Sheet1", "数据", "填报说明 (2)"])

    def copy(self) -> None:
        copied = self.sheet.parent.copy_worksheet(self.sheet)
        self.sheet = self.chance.choice([self.sheet, copied])

    def row(self) -> int:
        return self.chance.randint(1, LAST_ROW + 3)

    def column(self) -> int:
        return self.chance.randint(1, WIDTH)


def unmerged(sheet: Worksheet) -> None:
    for merged in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(merged))


def held(sheet: Worksheet, place: tuple[int, int]) -> tuple[object, str]:
    return sheet.cell(*place).value, sheet.cell(*place).data_type


def put(sheet: Worksheet, place: tuple[int, int], content: tuple[object, str]) -> None:
    sheet.cell(*place).value, sheet.cell(*place).data_type = content


def exchange(sheet: Worksheet, one: tuple[int, int], other: tuple[int, int]) -> None:
    kept = held(sheet, one)
    put(sheet, one, held(sheet, other))
    put(sheet, other, kept)


def tables(book: Workbook) -> list[Worksheet]:
    return [sheet for sheet in book if sheet.title.startswith(("SY", "JC"))]


@BY_CHANCE
@given(SEEDS, st.integers(0, 1), st.integers(1, 6))
def test_edited_by_hand(seed: int, which: int, times: int) -> None:
    chance, subject = Random(seed), subjects()[which]
    book = openpyxl.load_workbook(io.BytesIO(subject.content))
    hand = Hand(chance, chance.choice(tables(book)))
    unmerged(hand.sheet)
    for _ in range(times):
        hand.any_edit()
    with in_process():
        assert not astray(subject, subject.examine(saved(book)))


def parts_of(content: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def sheets_in(parts: Parts) -> list[str]:
    return [name for name in parts if name.startswith("xl/worksheets/sheet")]


class Writer:
    """Another program's way of writing the same sheets."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.texts: list[str] = []

    def rewrite(self, parts: Parts) -> Parts:
        written = parts | {name: self._sheet(parts[name]) for name in sheets_in(parts)}
        for part, closing, entry in (
            ("[Content_Types].xml", b"</Types>", f'<Override PartName="/{TEXTS}" ContentType="{TEXTS_TYPE}"/>'),
            (
                "xl/_rels/workbook.xml.rels",
                b"</Relationships>",
                f'<Relationship Id="texts" Type="{TEXTS_OF}" Target="/{TEXTS}"/>',
            ),
        ):
            written[part] = written[part].replace(closing, entry.encode() + closing)
        root = ET.Element(f"{MAIN}sst")
        for text in self.texts:
            ET.SubElement(ET.SubElement(root, f"{MAIN}si"), f"{MAIN}t").text = text
        order = [*written, TEXTS]
        self.chance.shuffle(order)
        return {name: written.get(name, ET.tostring(root)) for name in order}

    def _sheet(self, part: bytes) -> bytes:
        sheet = ET.fromstring(part)
        ways = [self.other_texts, self.other_digits, self.without_size, self.blank_cells, self.turned_attributes]
        for way in self.chance.sample(ways, self.chance.randint(1, len(ways))):
            way(sheet)
        # As ElementTree writes it: each name with a prefix, the names' home declared at the root.
        written = ET.tostring(sheet, encoding="unicode").replace("ns0", self.chance.choice(["ns0", "x", "main"]))
        encoding = self.chance.choice(["utf-8", "utf-16"])
        return f'<?xml version="1.0" encoding="{encoding}"?>{written}'.encode(encoding)

    def other_texts(self, sheet: ET.Element) -> None:
        """Texts kept apart from the sheet, or as if a formula had made them, or in runs of letters that look alike."""
        for cell in sheet.iter(f"{MAIN}c"):
            inline = cell.find(f"{MAIN}is")
            if inline is None or self.chance.random() < 0.3:
                continue
            text = "".join(inline.itertext())
            cell.remove(inline)
            if self.chance.random() < 0.5:
                cell.set("t", "s")
                ET.SubElement(cell, f"{MAIN}v").text = str(len(self.texts))
                self.texts.append(text)
            elif self.chance.random() < 0.5:
                cell.set("t", "str")
                ET.SubElement(cell, f"{MAIN}v").text = text
            else:
                runs = ET.SubElement(cell, f"{MAIN}is")
                cut = self.chance.randint(0, len(text))
                for run in (text[:cut], text[cut:]):
                    ET.SubElement(ET.SubElement(runs, f"{MAIN}r"), f"{MAIN}t").text = run

    def other_digits(self, sheet: ET.Element) -> None:
        for cell in sheet.iter(f"{MAIN}c"):
            value = cell.find(f"{MAIN}v")
            if cell.get("t", "n") == "n" and value is not None and value.text:
                value.text = self.chance.choice(["{!r}", "{:.17g}", "{:.16e}"]).format(float(value.text))

    def without_size(self, sheet: ET.Element) -> None:
        for size in sheet.findall(f"{MAIN}dimension"):
            if self.chance.random() < 0.5:
                sheet.remove(size)
            else:
                size.set("ref", "A1")

    def blank_cells(self, sheet: ET.Element) -> None:
        for row in sheet.iter(f"{MAIN}row"):
            row.set("spans", "1:6")
            ET.SubElement(row, f"{MAIN}c", {"r": f"Z{row.get('r')}"})

    def turned_attributes(self, sheet: ET.Element) -> None:
        for element in sheet.iter():
            turned = dict(reversed(element.attrib.items()))
            element.attrib.clear()
            element.attrib.update(turned)


@BY_CHANCE
@given(SEEDS, st.integers(0, 1))
def test_written_by_another_program(seed: int, which: int) -> None:
    chance, subject = Random(seed), subjects()[which]
    parts = parts_of(subject.content)
    with in_process():
        examination = subject.examine(packed(Writer(chance).rewrite(parts)))
    assert examination.values == subject.answers


def lose(chance: Random, part: bytes) -> bytes:
    """A part without some of its elements."""
    root = ET.fromstring(part)
    for _ in range(chance.randint(1, 8)):
        parents = [element for element in root.iter() if len(element)]
        if parents:
            parent = chance.choice(parents)
            parent.remove(chance.choice(list(parent)))
    return ET.tostring(root)


@BY_CHANCE
@given(SEEDS, st.integers(0, 1), st.sampled_from(["element", "part", "bytes"]))
def test_damaged(seed: int, which: int, how: str) -> None:
    chance, subject = Random(seed), subjects()[which]
    parts = parts_of(subject.content)
    name = chance.choice(sheets_in(parts) if how == "element" else list(parts))
    if how == "element":
        parts[name] = lose(chance, parts[name])
    elif how == "part":
        del parts[name]
    else:
        cut = chance.randrange(len(parts[name]))
        parts[name] = parts[name][:cut] + parts[name][cut + chance.randint(1, 200) :]
    with in_process():
        examination = subject.examine(packed(parts))
    assert examination.outcome in Outcome
    assert how == "bytes" or not astray(subject, examination)
