"""What a unit adds to a form: written and read back, held to its own name space, and never touching the core."""

import json
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files

import jsonschema
import pytest

from portal.domain.addition_file import (
    examine_addition_draft,
    examine_addition_file,
    new_addition,
    read_addition,
    write_addition,
)
from portal.domain.additions import extended, fits
from portal.domain.careful_yaml import load
from portal.domain.form_file import examine_file, read_form
from portal.domain.form_schema import addition_schema
from portal.domain.forms import FormVersion, Indicator, Severity, Text
from portal.domain.mapping import broken, carried_over
from portal.domain.rules import check
from portal.domain.units import Level
from portal.domain.values import Value
from tests.world import FORM, good_answers

CORE = read_form(FORM)

ADDITION = """
form: T
version: 1
unit: c11
number: 1
name: {zh: 甲市补充, en: Added by city A}
sheets:
  - code: T1
    indicators:
      - {code: UC11_T_01, name: 夜间检查次数, unit: 次, type: count, roll_up: sum, min: 0}
  - code: UC11_T_S1
    name: {zh: 甲市补充表, en: Sheet of city A}
    indicators:
      - {code: UC11_T_02, name: 志愿者人数, unit: 人, type: count, roll_up: sum, min: 0}
      - {code: UC11_T_03, name: 夜间检查占比, unit: '%', type: ratio, source: calculated, decimals: 1,
         roll_up: {how: ratio_of_sums, numerator: UC11_T_01, denominator: T101, multiplier: '100'}}
outline:
  - {code: UC11_T_W1, name: 甲市特色工作}
rules:
  - {id: UC11_T_01-E1, severity: explain, indicator: UC11_T_01, expression: UC11_T_01 <= T101}
"""


def find_core(code: str, number: int) -> FormVersion | None:
    """The only form there is."""
    return CORE if (code, number) == ("T", 1) else None


def mistakes(text: str) -> list[tuple[int, str]]:
    """Line and English words of every mistake."""
    return [(each.line, each.words.in_language("en")) for each in examine_addition_file(text, find_core)[1]]


def test_an_addition_reads_back_equal() -> None:
    addition = read_addition(ADDITION, find_core)
    assert read_addition(write_addition(addition), find_core) == addition


def test_the_extended_form_is_the_core_and_then_what_is_added() -> None:
    form = extended(CORE, [read_addition(ADDITION, find_core)])
    assert [sheet.code for sheet in form.sheets] == [*(sheet.code for sheet in CORE.sheets), "UC11_T_S1"]
    assert form.sheets[0].listed[:-1] == CORE.sheets[0].listed
    assert form.sheets[1] == CORE.sheets[1]
    assert form.rules[: len(CORE.rules)] == CORE.rules
    assert [each.code for each in form if each.added_by] == ["UC11_T_01", "UC11_T_02", "UC11_T_03"]
    assert not any(each.core for each in form if each.added_by)
    assert form.indicator("UC11_T_01").filled_by == CORE.levels
    assert [section.code for section in form.outline] == [*(section.code for section in CORE.outline), "UC11_T_W1"]
    assert form.additions == (("c11", 1),)


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("code: UC11_T_01,", "code: T101,", 10, "must begin with UC11_T_"),  # another meaning for the core's
        ("code: UC11_T_01,", "code: UC12_T_01,", 10, "must begin with UC11_T_"),  # the neighbour's name space
        ("code: UC11_T_01,", "code: UC11_X_01,", 10, "must begin with UC11_T_"),  # another form's
        ("code: UC11_T_01,", "code: UC11_T_A_1,", 10, "must begin with UC11_T_"),
        ("code: UC11_T_02,", "code: UC11_T_01,", 14, '"UC11_T_01" comes twice'),
        ("  - code: T1\n", "  - code: T1\n    name: 改名\n", 8, "must begin with UC11_T_"),  # renaming a sheet
        ("  - code: T1\n", "  - code: T9\n", 8, 'no sheet "T9"'),
        ("id: UC11_T_01-E1", "id: T101-B1", 20, "must begin with UC11_T_"),  # replacing a rule
        ("severity: explain", "severity: blocking", 20, "explain or info"),
        ("severity: explain", "severity: consent", 20, "explain or info"),
        ("indicator: UC11_T_01", "indicator: T101", 20, "no indicator of this addition"),
        ("<= T101", "<= T999", 20, 'no indicator "T999"'),
        ("<= T101", "<= T106", 20, "not a number"),
        ("roll_up: sum, min: 0}\n  - code: U", "roll_up: sum, part_of: T101}\n  - code: U", 10, "say in a rule"),
        ("roll_up: sum, min: 0}\n  - code: U", "roll_up: sum, core: true}\n  - code: U", 10, "never required"),
        ("unit: c11", "unit: c_11", 4, "letters and digits"),
        ("version: 1", "version: 7", 3, "no form T in version 7"),
        ("rules:", "mapping: [{how: dropped, old: [T101]}]\nrules:", 19, 'unknown key "mapping"'),
        ("name: 甲市特色工作", "name: 甲市特色工作, required: true", 18, 'unknown key "required"'),
        ("rules:", "levels: [city]\nrules:", 19, 'unknown key "levels"'),
    ],
)
def test_mistakes_are_told_by_line(old: str, new: str, line: int, problem: str) -> None:
    assert old in ADDITION
    found = mistakes(ADDITION.replace(old, new, 1))
    assert any(at == line and problem in words for at, words in found), found


def test_no_form_may_use_the_name_space_of_additions() -> None:
    form, found = examine_file(FORM.replace("T203", "U441800_T_01"))
    assert form is None
    assert any("additions of units" in each.words.in_language("en") for each in found)


def test_an_addition_goes_with_a_later_version_as_long_as_it_fits() -> None:
    addition = read_addition(ADDITION, find_core)
    assert fits(replace(CORE, number=2), addition)
    without_the_sheet = replace(CORE, number=2, sheets=CORE.sheets[1:], rules=())
    assert not fits(without_the_sheet, addition)


def test_what_is_added_only_asks() -> None:
    text = ADDITION.replace("UC11_T_02, name: 志愿者人数", "UC11_T_02, parts: exhaustive, name: 志愿者人数").replace(
        "outline:",
        "      - {code: UC11_T_04, name: 其中, unit: 人, type: count, roll_up: sum, part_of: UC11_T_02}\noutline:",
    )
    form = extended(CORE, [read_addition(text, find_core)])
    answers = good_answers() | {
        "UC11_T_01": Value.of(-1),
        "UC11_T_02": Value.of(5),
        "UC11_T_04": Value.of(9),
    }
    found = check(form, Level.DISTRICT, answers, None).findings
    assert {finding.indicator for finding in found} == {"UC11_T_01", "UC11_T_02"}
    assert {finding.severity for finding in found} == {Severity.EXPLAIN}


def test_what_is_added_is_never_required() -> None:
    form = extended(CORE, [read_addition(ADDITION, find_core)])
    assert not check(form, Level.DISTRICT, good_answers(), None).findings


def test_the_core_is_checked_as_it_is_without_the_addition() -> None:
    form = extended(CORE, [read_addition(ADDITION, find_core)])
    wrong = good_answers() | {"T101": Value.of(99), "T107": Value.of(0)}
    own = {"UC11_T_01": Value.of(-3), "UC11_T_02": Value.of(Decimal(4))}
    core = {finding.key: finding.severity for finding in check(CORE, Level.DISTRICT, wrong, None).findings}
    both = {finding.key: finding.severity for finding in check(form, Level.DISTRICT, wrong | own, None).findings}
    assert core
    assert core.items() <= both.items()


def test_an_added_figure_does_not_hide_that_all_others_are_last_years() -> None:
    core = replace(CORE, explain_unchanged=True)
    core = replace(core, sheets=(*core.sheets, replace(core.sheets[0], code="T3", listed=tuple(_filler()))))
    form = extended(core, [read_addition(ADDITION, find_core)])
    answers = good_answers() | {f"T3{n:02}": Value.of(n) for n in range(1, 31)}
    now = answers | {"UC11_T_02": Value.of(1)}
    found = check(form, Level.DISTRICT, now, answers | {"UC11_T_02": Value.of(2)}).findings
    assert "same_as_last_year" in {finding.code for finding in found}


def _filler() -> list[Indicator]:
    return [replace(CORE.indicator("T107"), code=f"T3{n:02}") for n in range(1, 31)]


def test_an_added_indicator_keeps_its_series_through_versions_of_the_core() -> None:
    addition = read_addition(ADDITION, find_core)
    later = extended(replace(CORE, number=3), [addition])
    between, before = replace(CORE, number=2), extended(CORE, [addition])
    values = {"T101": Value.of(1), "UC11_T_02": Value.of(2)}
    assert carried_over([later], values) == values
    assert carried_over([later, between, before], values)["UC11_T_02"] == Value.of(2)
    assert "UC11_T_02" in broken([later, between, CORE])


def test_a_new_addition_is_sound() -> None:
    text = new_addition(CORE, "c11", Text("甲市", "City A"))
    addition, mistakes = examine_addition_draft("T+c11", text, find_core)
    assert mistakes == []
    assert addition
    assert [each.code for each in addition.indicators] == ["UC11_T_01"]


@pytest.mark.parametrize("code", ["T+c12", "X+c11"])
def test_a_draft_says_only_what_its_own_unit_adds(code: str) -> None:
    addition, mistakes = examine_addition_draft(code, ADDITION, find_core)
    assert addition is None
    assert [each.line for each in mistakes] == [4]


def test_the_published_schema_is_made_from_what_reads_the_files() -> None:
    """To renew it: `huizong forms schema --addition portal/reference/forms/addition.schema.json`."""
    published = json.loads(files("portal.reference.forms").joinpath("addition.schema.json").read_text("utf-8"))
    assert addition_schema() == published
    check = jsonschema.Draft202012Validator(published)
    for text in (ADDITION, files("portal.demo").joinpath("addition.yaml").read_text("utf-8")):
        assert list(check.iter_errors(load(text).content)) == []
    assert list(check.iter_errors(load(ADDITION.replace("outline:", "mapping:", 1)).content))
