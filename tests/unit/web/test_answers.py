"""What is typed into a row, as a value."""

from datetime import date
from decimal import Decimal

import pytest

from portal.domain.form_file import read_form
from portal.domain.forms import Text
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, ValueStatus
from portal.errors import InvalidInput
from portal.web.answers import LONGEST_NOTE, Entry, read_answer
from portal.web.present.entries import changed_only, from_form, from_json
from tests.world import FORM

INDICATORS = read_form(FORM).by_code


@pytest.mark.parametrize(
    ("code", "typed", "value"),
    [
        ("T101", "", MISSING),
        ("T101", "  ", MISSING),
        ("T101", "0", Value.of(0)),
        ("T101", "１，２３４", Value.of(1234)),
        ("T101", "28次", Value.of(28)),
        ("T101", "约30", Value.of(30, approximate=True)),
        ("T101", "不适用", NOT_APPLICABLE),
        ("T203", "12.5万元", Value.of(Decimal("12.5"))),
        ("T105", "是", Value.of("是")),
    ],
)
def test_habits_are_understood(code: str, typed: str, value: Value) -> None:
    assert read_answer(INDICATORS[code], Entry(typed)) == value


@pytest.mark.parametrize(("code", "typed"), [("T101", "十来次"), ("T101", "12%"), ("T101", "/"), ("T105", "也许")])
def test_nothing_is_guessed(code: str, typed: str) -> None:
    assert isinstance(read_answer(INDICATORS[code], Entry(typed)), Text)


def test_not_applicable_excludes_an_answer() -> None:
    assert read_answer(INDICATORS["T101"], Entry("", not_applicable=True)).status is ValueStatus.NOT_APPLICABLE
    assert isinstance(read_answer(INDICATORS["T101"], Entry("3", not_applicable=True)), Text)


def test_the_day_of_a_stock_figure_stands_in_the_note() -> None:
    value = read_answer(INDICATORS["T201"], Entry("3", note="截至2023-11-30；名册数"))
    assert (value.as_of_on, value.note) == (date(2023, 11, 30), "名册数")


def test_a_note_has_an_end() -> None:
    assert isinstance(read_answer(INDICATORS["T101"], Entry("3", note="长" * (LONGEST_NOTE + 1))), Text)


def test_a_row_without_boxes_is_left_alone() -> None:
    typed = from_form({"version-T101": "2", "answer-T101": "5", "answer-T102": "6"}, INDICATORS.values())
    assert typed.values == {"T101": Value.of(5)}
    assert typed.seen == {"T101": 2}


def test_what_stands_there_already_cannot_conflict() -> None:
    form = {"version-T101": "0", "answer-T101": "5", "version-T102": "0", "answer-T102": "6"}
    typed = changed_only(from_form(form, INDICATORS.values()), {"T101": Value.of(5)})
    assert typed.values == {"T102": Value.of(6)}
    assert typed.seen == {"T102": 0}


@pytest.mark.parametrize("version", ["", "-1", "1.5", "٣", None])
def test_a_row_version_is_a_number(version: object) -> None:
    with pytest.raises(InvalidInput):
        from_json({"cells": {"T101": {"answer": "5", "row_version": version}}}, INDICATORS)
