"""A form as a workbook: what is written reads back equal, and mistakes are said by sheet and cell."""

import io
from collections.abc import Callable
from importlib import resources

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from openpyxl import Workbook

from importers.form_workbook import form_workbook
from importers.form_workbook_reading import read_form_workbook
from portal.domain.form_file import read_form, write_form
from portal.domain.forms import FormVersion
from portal.errors import FormInvalid
from tests.unit.test_form_file import forms
from tests.workbooks.making import edited, trial_form
from tests.workbooks.test_cross_tables import crossed_form


@pytest.mark.parametrize("name", ["FZ.yaml", "JB.yaml", "XG.yaml", "ZG.yaml"])
def test_the_delivered_forms_come_back_as_the_same_file(name: str) -> None:
    form = read_form(resources.files("portal.reference.forms").joinpath(name).read_text("utf-8"))
    assert write_form(read_form_workbook(form_workbook(form))) == write_form(form)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(forms())
def test_any_form_comes_back_equal(form: FormVersion) -> None:
    assert read_form_workbook(form_workbook(form)) == form


def problems(form: FormVersion, *changes: Callable[[Workbook], object]) -> list[str]:
    with pytest.raises(FormInvalid) as caught:
        read_form_workbook(edited(form_workbook(form), *changes))
    return caught.value.problems


def column(book: Workbook, sheet: str, key: str) -> str:
    return next(cell.column_letter for cell in book[sheet][2] if cell.value == key)


def put(sheet: str, key: str, row: int, content: object) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book[sheet][f"{column(book, sheet, key)}{row}"] = content

    return change


@pytest.mark.parametrize(
    ("sheet", "key", "row", "content", "said"),
    [
        ("报表", "number", 3, "three", "must be a whole number"),
        ("报表", "levels", 3, "province、village", '"village" must be one of'),
        ("指标", "type", 3, "counts", '"counts" must be one of'),
        ("指标", "min", 4, "least", "must be a number"),
        ("指标", "roll_up", 5, "{how: sum, of: NONE}", 'no indicator "NONE"'),
        ("指标", "roll_up", 5, "{how: sum", "cannot be read"),
        ("指标", "table", 6, "SY09", 'there is no such table "SY09"'),
        ("指标", "code", 4, "SY0101", "comes twice"),
        ("规则", "expression", 3, "SY0102<=", "character"),
        ("规则", "severity", 4, None, '"severity" is missing'),
        ("指标", "stock", 3, "maybe", "must be true or false"),
    ],
)
def test_a_mistake_has_its_cell(sheet: str, key: str, row: int, content: object, said: str) -> None:
    found = problems(trial_form(), put(sheet, key, row, content))
    book = openpyxl.load_workbook(io.BytesIO(form_workbook(trial_form())))
    places = {f"{sheet}!{column(book, sheet, key)}{row}", f"{sheet}!A{row}"}
    assert any(each.split(":")[0] in places and said in each for each in found), found


def test_all_mistakes_at_once() -> None:
    found = problems(
        trial_form(), put("报表", "number", 3, "x"), put("指标", "type", 3, "y"), put("规则", "id", 3, None)
    )
    assert {each.split("!")[0] for each in found} >= {"报表", "指标", "规则"}


@pytest.mark.parametrize(
    ("key", "row", "content", "said"),
    [("depth", 4, 3, "deeper"), ("axis", 4, "diagonal", "row or column"), ("blocked", 3, "09", 'no "09"'),
     ("code", 3, "a b", "line code")],
)  # fmt: skip
def test_mistakes_of_cross_tables_have_their_row(key: str, row: int, content: object, said: str) -> None:
    found = problems(crossed_form(), put("行列", key, row, content))
    assert any(each.startswith("行列!") and said in each for each in found), found


def test_what_a_person_changes_is_taken() -> None:
    changes = (
        put("指标", "unit_synonyms", 3, "回，趟、遍"),
        put("指标", "stock", 4, "是"),
        put("指标", "decimals", 5, 3),
        put("指标", "definition.zh", 3, '"引号"里的'),
    )
    form = read_form_workbook(edited(form_workbook(trial_form()), *changes))
    assert form.indicator("SY0101").unit_synonyms == ("回", "趟", "遍")
    assert form.indicator("SY0102").stock
    assert form.indicator("SY0103").decimals == 3


def test_a_column_that_nobody_knows_is_said() -> None:
    found = problems(trial_form(), put("指标", "unit", 2, "units"))
    assert any("units" in each and each.startswith("指标!") for each in found)


def test_lists_to_choose_from_are_offered() -> None:
    book = openpyxl.load_workbook(io.BytesIO(form_workbook(trial_form())))
    offered = {rule.formula1 for rule in book["指标"].data_validations.dataValidation}
    assert '"collected,calculated,carried"' in offered
