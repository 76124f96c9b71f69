"""The yearly report itself, through a workbook: the one contradiction of a published report is found at its cell."""

from pathlib import Path

import pytest

import portal
from importers.identity import Context, UnitName
from importers.pipeline import Examination, Outcome, examine
from importers.template import template
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion, Severity
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import Value

# 清城区 2023: "检查28宗", with parts 1 + 27 + 2; the fourth part is implied.
PUBLISHED = {"FZ0410": 28, "FZ0411": 1, "FZ0412": 27, "FZ0413": 2, "FZ0414": 0}


@pytest.fixture(scope="module")
def form() -> FormVersion:
    return read_form((Path(portal.__file__).parent / "reference/forms/FZ.yaml").read_text(encoding="utf-8"))


def sent_by(form: FormVersion, unit: UnitName, answers: dict[str, Value]) -> Examination:
    content = template(form, unit, Period(2023), current=answers)
    return examine(content, find_form=lambda *_: form, find_context=lambda _: Context(unit))


def test_the_published_contradiction(form: FormVersion) -> None:
    unit = UnitName("441802", "清城区民政局", Level.DISTRICT)
    examination = sent_by(form, unit, {code: Value.of(number) for code, number in PUBLISHED.items()})
    broken = [finding for finding in examination.findings if finding.code == "rule_broken"]
    assert [(f.indicator, f.found, f.expected, f.difference, f.severity) for f in broken] == [
        ("FZ0410", "28", "30", "-2", Severity.BLOCKING)
    ]
    assert broken[0].cell == examination.places["FZ0410"]


@pytest.mark.parametrize("level", [Level.PROVINCE, Level.CITY, Level.DISTRICT])
def test_every_level_gets_its_own_rows_and_all_of_them_come_back(form: FormVersion, level: Level) -> None:
    unit = UnitName("44", "试验单位", level)
    answers = {i.code: Value.of(7) for i in form.typed_at(level) if i.type.is_number}
    examination = sent_by(form, unit, answers)
    assert examination.outcome is Outcome.CHECKED
    assert {code: value for code, value in examination.values.items() if value.answered} == answers
    assert {f.code for f in examination.findings} <= {"required", "rule_broken", "implausibly_large", "below_minimum"}
