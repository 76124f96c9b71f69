"""The text that goes with the figures: out with the template, back by the codes of its sections, or not at all."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import openpyxl
import pytest
from openpyxl import Workbook

from importers.annotated import annotated
from importers.identity import Context
from importers.pipeline import Examination, examine
from importers.template import template
from portal.domain.forms import FormVersion, Section, Text
from portal.domain.prose import LONGEST_SECTION
from tests.workbooks.making import ANSWERS, LAST_YEAR, PERIOD, UNIT, edited, trial_form

TITLE = "文字报告"
WORDS = {"A1": "=今年工作\n\n  一、学法\n二、执法", "B2": "问题： 不足\u3000三处"}


@cache
def form() -> FormVersion:
    sections = (
        Section("A1", Text("工作情况", "Work done"), Text("写主要做法", "What was done"), required=True),
        Section("B2", Text("存在问题", "Problems")),
    )
    return replace(trial_form(), outline=sections)


def examined(content: bytes) -> Examination:
    return examine(content, find_form=lambda *_: form(), find_context=lambda _: Context(UNIT, LAST_YEAR))


def written(texts: dict[str, str] | None = None, language="zh") -> bytes:
    return template(form(), UNIT, PERIOD, last_year=LAST_YEAR, current=ANSWERS, texts=texts, language=language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_comes_back_and_with_the_marked_copy_too(language) -> None:
    examination = examined(written(WORDS, language))
    assert examination.texts == WORDS
    assert examination.not_checked == ()
    assert examined(annotated(examination)).texts == WORDS


def test_a_form_without_sections_has_no_such_sheet() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(trial_form(), UNIT, PERIOD)))
    assert TITLE not in book.sheetnames


def test_only_the_words_are_open_and_never_a_formula() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written(WORDS)))[TITLE]
    assert {cell.coordinate for row in sheet for cell in row if not cell.protection.locked} == {"D7", "D8"}
    assert (sheet["D7"].data_type, sheet["B7"].value) == ("s", "工作情况（必写）")


def test_a_blank_section_says_nothing() -> None:
    assert examined(written({"B2": "x"})).texts == {"B2": "x"}


def moved(book: Workbook) -> None:
    sheet = book[TITLE]
    sheet.protection.sheet = False
    sheet.insert_rows(1, 3)
    sheet.insert_cols(2)
    sheet.title = "报告"


def test_a_sheet_that_was_moved_about_is_still_known() -> None:
    assert examined(edited(written(WORDS), moved)).texts == WORDS


@pytest.mark.parametrize(
    "change",
    [
        lambda book: book[TITLE].delete_rows(8),
        lambda book: book[TITLE].__setitem__("A8", "A1"),
        lambda book: book[TITLE].__setitem__("D9", "再补一段"),
        lambda book: book[TITLE].__setitem__("D8", "长" * (LONGEST_SECTION + 1)),
        lambda book: book.copy_worksheet(book[TITLE]),
    ],
)
def test_a_text_that_cannot_be_told_whole_is_not_read_and_it_is_said(change: Callable[[Workbook], object]) -> None:
    examination = examined(edited(written(WORDS), change))
    assert examination.texts == {}
    assert any("文字报告没有读取" in each.zh for each in examination.not_checked)
    assert examination.values == ANSWERS


def test_without_the_sheet_nothing_is_said() -> None:
    examination = examined(edited(written(WORDS), lambda book: book.remove(book[TITLE])))
    assert (examination.texts, examination.not_checked) == ({}, ())
