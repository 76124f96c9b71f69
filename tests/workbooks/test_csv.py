"""Text tables go the same road as workbooks; what cannot be told for certain is not read."""

import csv
import io
from contextlib import suppress
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.identity import Expected
from importers.pipeline import Outcome
from importers.reader_csv import SHEET, read_csv
from importers.workbook import ReadCell
from portal.domain.forms import Severity
from portal.domain.spreadsheet_text import not_a_formula
from portal.domain.values import NOT_APPLICABLE, Value
from portal.errors import WorkbookUnreadable
from tests.workbooks.making import ANSWERS, codes, examine_trial, only, table, trial_template

CHOSEN = Expected(form="SY", unit="441802", period="2023", version=3)
LONG = [["指标代码", "本年数", "备注"], ["SY0101", "40", ""], ["SY0103", "9.03", "含\n两笔"], ["SY0106", "不适用", ""]]
READ = {"SY0101": Value.of(40), "SY0103": Value.of(Decimal("9.03"), note="含\n两笔"), "SY0106": NOT_APPLICABLE}


def written(rows: list[list[str]], delimiter: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue()


def sheet_as_csv(code: str) -> str:
    """One sheet of the filled template as a spreadsheet program saves it: every row as wide as the widest."""
    sheet = table(openpyxl.load_workbook(io.BytesIO(trial_template(ANSWERS))), code)
    rows = sheet.iter_rows(values_only=True)
    return written([["" if content is None else not_a_formula(str(content)) for content in row] for row in rows])


def cells(content: bytes | str) -> dict[str, str]:
    stored = content.encode() if isinstance(content, str) else content
    return {each.address: each.text for each in read_csv(stored) if isinstance(each, ReadCell)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_list_of_codes_and_values_in_every_usual_writing(encoding: str, delimiter: str) -> None:
    examination = examine_trial(written(LONG, delimiter).encode(encoding), "填报.csv", expected=CHOSEN)
    assert examination.outcome is Outcome.CHECKED, examination.message
    assert examination.values == READ
    assert only(examination, "identity_by_choice").severity is Severity.INFO
    assert (examination.places["SY0103"].sheet, examination.places["SY0103"].address) == (SHEET, "B3")


def test_a_sheet_of_the_template_saved_as_csv_knows_whose_it_is() -> None:
    examination = examine_trial(sheet_as_csv("SY01").encode("gb18030"), "SY01.CSV")
    assert examination.identity is not None
    assert (examination.identity.unit, examination.identity.version) == ("441802", 3)
    approximate = {"SY0103"}  # a number alone does not say that it is only about right
    assert {code: value for code, value in examination.values.items() if code not in approximate} == {
        code: value for code, value in ANSWERS.items() if code.startswith("SY01") and code not in approximate
    }
    assert only(examination, "sheet_missing").expected == "SY02"


def test_codes_and_values_may_be_headed_in_english_and_stand_in_any_order() -> None:
    examination = examine_trial(b"value,code\n40,SY0101\n", "a.csv", expected=CHOSEN)
    assert examination.values == {"SY0101": Value.of(40)}


def test_columns_that_cannot_be_told_are_named() -> None:
    examination = examine_trial("指标代码,数据\nSY0101,40\n".encode(), "a.csv", expected=CHOSEN)
    finding = only(examination, "head_missing")
    assert (finding.found, finding.expected) == ("指标代码、数据", "本年数")
    assert not examination.values
    two = examine_trial("指标代码,值,数值\nSY0101,40,41\n".encode(), "a.csv", expected=CHOSEN)
    assert "repeated_column" in codes(two)
    assert not two.values


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("指标代码,本年数\nSY0101,40\n".encode("gb18030") + b"\xff\xfe\x81", "csv_encoding"),
        ("指标代码,本年数\nSY0101,4\ufffd\n".encode(), "csv_encoding"),
        ("指标代码,本年数\nSY0101,4\n".encode("utf-16")[:-1], "csv_encoding"),
        ("指标代码 本年数\nSY0101 40\n".encode(), "csv_columns"),
        ("指标代码,本年数;备注\nSY0101,40;有\n".encode(), "csv_columns"),
        ("指标代码,本年数\nSY0101,1,234\n".encode(), "csv_ragged"),
        ('指标代码,本年数\nSY0101,"40\nSY0102,3\n'.encode(), "csv_columns"),
        ('sep=,\n指标代码,本年数\nSY0101,"40\nSY0102,3\n'.encode(), "csv_quotes"),
    ],
)
def test_what_is_in_doubt_is_not_read_at_all(content: bytes, reason: str) -> None:
    examination = examine_trial(content, "a.csv", expected=CHOSEN)
    assert (examination.outcome, examination.code) == (Outcome.UNREADABLE, reason)
    assert examination.message.zh
    assert examination.advice.zh


def test_a_decimal_comma_needs_no_quotes_where_semicolons_divide() -> None:
    examination = examine_trial("指标代码;本年数\nSY0101;1,234\n".encode(), "a.csv", expected=CHOSEN)
    assert examination.values == {"SY0101": Value.of(1234)}


def test_a_text_that_is_not_named_so_is_no_csv() -> None:
    content = written(LONG).encode("gb18030")
    assert examine_trial(content, "a.xlsx", expected=CHOSEN).code == "text_or_csv"
    assert examine_trial(content, expected=CHOSEN).code == "text_or_csv"


def test_a_workbook_named_csv_is_read_as_what_it_is() -> None:
    assert examine_trial(trial_template(ANSWERS), "a.csv").values == ANSWERS


def test_texts_stay_texts_and_numbers_exact() -> None:
    found = cells("a,b\n007,'=1+1\n12345678901234567890,'90后\n")
    assert found == {"A1": "a", "B1": "b", "A2": "007", "B2": "=1+1", "A3": "12345678901234567890", "B3": "'90后"}


def test_what_is_larger_than_any_report_is_refused() -> None:
    for content, reason in (
        ("a,b\n" * 200_001, "too_many_rows"),
        ("," * 2000 + "b\n" + "," * 2000 + "b\n", "too_many_columns"),
        ("a,b\n" + "x" * 40_000 + ",b\n", "csv_columns"),
        ("sep=,\na,b\n" + "x" * 40_000 + ",b\n", "text_too_long"),
    ):
        with pytest.raises(WorkbookUnreadable) as refusal:
            list(read_csv(content.encode()))
        assert refusal.value.reason == reason


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_the_bytes_are_they_are_read_or_refused(content: bytes) -> None:
    with suppress(WorkbookUnreadable):
        list(read_csv(content))
