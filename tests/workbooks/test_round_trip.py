"""What is put into a template comes back out of it, exactly."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.cell_values import clean_text
from importers.pipeline import Outcome
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, ValueStatus
from tests.workbooks.making import ANSWERS, LAST_YEAR, edited, examine_trial, trial_form, trial_template, typed

NOTES = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=40)
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False)


def test_a_filled_template_gives_exactly_its_values() -> None:
    examination = examine_trial(trial_template(ANSWERS))
    assert examination.outcome is Outcome.CHECKED
    assert examination.values == ANSWERS
    assert examination.findings == ()
    assert not examination.needs_correction


def test_a_blank_template_is_missing_everywhere_and_says_so_at_every_cell() -> None:
    examination = examine_trial(trial_template())
    assert {value.status for value in examination.values.values()} == {ValueStatus.MISSING}
    required = [finding for finding in examination.findings if finding.code == "required"]
    core = [i.code for i in trial_form().typed_at(examination.unit.level) if i.core]
    assert [finding.indicator for finding in required] == core
    assert all(finding.cell == examination.places[finding.indicator] for finding in required)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_language_is_read(language: str) -> None:
    assert examine_trial(trial_template(ANSWERS, language=language)).values == ANSWERS


def test_figures_typed_in_a_spreadsheet_program_arrive() -> None:
    content = edited(trial_template(), typed({"SY0101": 30, "SY0103": 3.7, "SY0106": "不适用", "SY0201": "否"}))
    values = examine_trial(content).values
    assert values["SY0101"] == Value.of(30)
    assert values["SY0103"] == Value.of(Decimal("3.7"))
    assert values["SY0106"] == NOT_APPLICABLE
    assert values["SY0201"] == Value.of("否")
    assert values["SY0107"] == MISSING


def test_zero_blank_and_not_applicable_stay_three_things() -> None:
    content = edited(trial_template(), typed({"SY0101": 0, "SY0102": "不适用", "SY0107": None}))
    values = examine_trial(content).values
    assert [values[code].status for code in ("SY0101", "SY0102", "SY0107")] == [
        ValueStatus.REPORTED,
        ValueStatus.NOT_APPLICABLE,
        ValueStatus.MISSING,
    ]


def test_the_day_of_a_stock_figure_travels_in_its_note() -> None:
    value = Value(ValueStatus.REPORTED, number=Decimal(659), as_of_on=date(2023, 11, 30), note="年底未更新")
    assert examine_trial(trial_template({"SY0107": value})).values["SY0107"] == value


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amount=AMOUNTS, approximate=st.booleans(), note=NOTES)
def test_any_amount_and_any_note_survive(amount: Decimal, approximate: bool, note: str) -> None:
    value = Value.of(amount, approximate=approximate, note=note)
    read = examine_trial(trial_template({"SY0103": value})).values["SY0103"]
    assert read.number == amount
    assert read.approximate is approximate
    assert read.note == clean_text(note).strip()


def test_text_never_becomes_a_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(trial_template(ANSWERS)))
    formulas = [cell.coordinate for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert formulas == ["E12"]  # the one calculated ratio


def test_last_years_figures_are_shown() -> None:
    book = openpyxl.load_workbook(io.BytesIO(trial_template()))
    sheet = book["SY01 数量"]
    assert [sheet["D8"].value, sheet["D10"].value] == [LAST_YEAR["SY0101"].number, "约3.7"]
