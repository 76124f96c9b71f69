"""The workbook given back: every mistake marked where it stands, and ready to be corrected and sent again."""

import io

import openpyxl
import pytest

from importers.annotated import annotated
from importers.identity import FINDINGS_SHEET
from importers.pipeline import examine
from portal.errors import InvalidInput
from tests.workbooks.making import ANSWERS, codes, edited, examine_trial, table, trial_template, typed

MISTAKES = {"SY0101": "=三十", "SY0102": "—", "SY0103": "28人", "SY0107": -1, "SY0202": "优"}


@pytest.fixture(scope="module")
def examination():
    return examine_trial(edited(trial_template(ANSWERS), typed({**MISTAKES, "SY0101": "三十"})))


@pytest.fixture(scope="module")
def content(examination) -> bytes:
    return annotated(examination)


def test_sent_again_as_it_is_it_says_the_same(examination, content: bytes) -> None:
    again = examine_trial(content)
    assert again.values == examination.values
    assert codes(again) == codes(examination)
    assert again.unread == examination.unread


def test_corrected_and_sent_again_it_is_clean(content: bytes) -> None:
    corrected = edited(content, typed({code: ANSWERS[code].number for code in ("SY0101", "SY0102", "SY0107")}))
    corrected = edited(corrected, typed({"SY0103": "约9.027178", "SY0202": "良好"}))
    examination = examine_trial(corrected)
    assert examination.values == ANSWERS
    assert examination.findings == ()


def test_wrong_cells_are_coloured_and_commented(content: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content))
    wrong, right = table(book, "SY01")["E8"], table(book, "SY01")["E11"]
    assert (wrong.value, wrong.data_type) == ("三十", "s")
    assert wrong.fill.start_color.rgb != right.fill.start_color.rgb
    assert "应填数字" in wrong.comment.text
    assert right.comment is None


def test_the_first_sheet_lists_findings_with_links(examination, content: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content))
    first = book.worksheets[0]
    assert first.title == FINDINGS_SHEET.zh
    listed = list(first.iter_rows(min_row=5, max_row=4 + len(examination.findings)))
    assert [row[3].value for row in listed] == [finding.message.zh for finding in examination.findings]
    assert listed[0][2].hyperlink.location == "'SY01 数量'!E8"
    assert listed[0][9].value == "SY01 数量!E8"


def test_nothing_written_becomes_a_formula() -> None:
    examination = examine_trial(edited(trial_template(ANSWERS), typed({"SY0203": "x"})))
    examination.unread["SY0101"] = '=HYPERLINK("http://example.org")'
    sheet = table(openpyxl.load_workbook(io.BytesIO(annotated(examination))), "SY01")
    assert sheet["E8"].data_type == "s"
    assert sheet["E8"].quotePrefix


def test_what_was_not_checked_has_nothing_to_mark() -> None:
    with pytest.raises(InvalidInput):
        annotated(examine(b"", find_form=lambda *_: None, find_context=lambda _: None))
