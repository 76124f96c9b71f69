"""Stored digits to exact numbers, serials to days, texts without tricks."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.cell_values import (
    clean_text,
    escaped,
    exact_number,
    is_date_format,
    is_percent_format,
    is_scaled_format,
    number_or_date,
    reads_elsewhere,
    unescaped,
)
from importers.workbook import CellKind, column_letters, parse_address
from portal.domain.values import exact_text


@pytest.mark.parametrize(
    ("stored", "number"),
    [
        ("0.30000000000000004", "0.3"),
        ("0.9995000000000001", "0.9995"),
        ("1.1000000000000001", "1.1"),
        ("9.027178", "9.027178"),
        ("5", "5"),
        ("1E3", "1000"),
        ("-1e-999", "0"),
        ("9007199254740991", "9007199254740991"),
        ("3.401241990010113E+17", "340124199001011000"),
        (" 7 ", "7"),
    ],
)
def test_numbers_are_what_the_spreadsheet_shows(stored: str, number: str) -> None:
    assert exact_text(exact_number(stored)) == number


@pytest.mark.parametrize("stored", ["", "NaN", "INF", "1e999", "12,3", "abc", "9" * 500, "1_000", "１２"])
def test_what_is_no_finite_number(stored: str) -> None:
    assert exact_number(stored) is None


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=6, allow_nan=False))
def test_a_figure_survives_the_trip_through_a_binary_double(number: Decimal) -> None:
    assert exact_number(f"{float(number):.17g}") == number


@pytest.mark.parametrize(
    ("stored", "number_format", "epoch_1904", "day"),
    [
        ("45356", "yyyy-mm-dd", False, "2024-03-05"),
        ("43894", "yyyy-mm-dd", True, "2024-03-05"),
        ("45356.57326388889", "yyyy-mm-dd hh:mm:ss", False, "2024-03-05T13:45:30"),
        ("0.5", "hh:mm", False, "12:00:00"),
        ("0.5", "hh:mm", True, "12:00:00"),
        ("1.5", "[h]:mm", False, "36:00:00"),
        ("1", "yyyy-mm-dd", False, "1900-01-01"),
        ("59", "yyyy-mm-dd", False, "1900-02-28"),
        ("61", "yyyy-mm-dd", False, "1900-03-01"),
        ("60", "yyyy-mm-dd", False, None),
        ("-1", "yyyy-mm-dd", False, None),
        ("2958466", "yyyy-mm-dd", False, None),
        ("2958465", "yyyy-mm-dd", False, "9999-12-31"),
    ],
)
def test_days_by_their_format(stored: str, number_format: str, epoch_1904: bool, day: str | None) -> None:
    assert number_or_date(stored, number_format, epoch_1904=epoch_1904) == (CellKind.DATE, day)


@pytest.mark.parametrize("code", ["yyyy-mm-dd", '[$-804]yyyy"年"m"月"d"日";@', "[h]:mm", "mm:ss", "h:mm AM/PM"])
def test_date_formats(code: str) -> None:
    assert is_date_format(code)


@pytest.mark.parametrize(
    "code",
    ["General", "@", "0", '0"人/d"', "[Red]0", r"0\m", '#,##0.00,,"百万"', "0.00E+00", '0!.0,"万元"', "0_d", '"', "["],
)
def test_other_formats(code: str) -> None:
    assert not is_date_format(code)


def test_formats_that_change_the_magnitude() -> None:
    assert is_scaled_format('#,##0.00,,"百万"')
    assert is_scaled_format('0!.0,"万元"')
    assert not is_scaled_format("#,##0.00")
    assert is_percent_format("0.00%")
    assert not is_percent_format('0"%"')


def test_texts_lose_what_cannot_be_seen() -> None:
    assert clean_text("甲\x00\x07乙\u202e_x0041_") == "甲乙_x0041_"


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("甲_x0000__x0007_乙", "甲乙"),
        ("一_x000D_\n二_x005F_x0041_", "一\r\n二_x0041_"),
        ("_x005F_x005F_x005F_x0041_", "_x005F_x0041_"),
        ("_x0041", "_x0041"),
        ("__x0041__x0042_", "_AB"),
    ],
)
def test_escapes_of_stored_texts_are_taken_away_once(stored: str, meant: str) -> None:
    assert unescaped(stored) == meant


_NEAR_ESCAPES = st.lists(
    st.sampled_from(
        ["_", "x", "_x", "_x0041_", "_x005F_", "_x000D_", "_x00", "41_", "\n", "\r", "\x1f", "\ud800", "甲"]
    )
).map("".join)


@given(_NEAR_ESCAPES)
def test_a_text_comes_back_from_a_workbook_as_it_was_typed(text: str) -> None:
    assert unescaped(escaped(text)) == clean_text(text)


@pytest.mark.parametrize("formula", ["[1]Sheet1!A1", "'[汇总.xlsx]表1'!A1", "cmd|'/c calc'!A0"])
def test_formulas_that_read_elsewhere(formula: str) -> None:
    assert reads_elsewhere(formula)
    assert not reads_elsewhere("SUM(A1:A3)+表!B2")


@given(st.integers(1, 16_384), st.integers(1, 1_048_576))
def test_addresses_go_both_ways(column: int, row: int) -> None:
    assert parse_address(f"{column_letters(column)}{row}") == (row, column)


@pytest.mark.parametrize("address", ["", "7", "A", "ZZZZZZZ1", "A-1", "A1B", "XFE1"])
def test_what_is_no_address(address: str) -> None:
    assert parse_address(address) is None
