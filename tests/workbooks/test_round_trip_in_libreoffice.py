"""A blank template, filled in a real LibreOffice and saved in each format: read, exported and read again, it is the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path

import pytest

from importers.identity import Context, UnitName
from importers.pipeline import Examination, Outcome, examine
from importers.template import template
from importers.template_job import Job as TemplateJob
from portal.domain.findings import ListPlace
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion, Indicator, Severity
from portal.domain.indicators import DataType
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from tests.libreoffice import NEEDED, Job, can_edit, edit

pytestmark = pytest.mark.skipif(not can_edit(), reason=NEEDED)

UNIT, PERIOD = UnitName("441802", "清城区民政局", Level.DISTRICT), Period(2023)
FORMS = ["FZ", "XG", "ZG"]
"""Rows of figures; cross tables; lists."""
ENDINGS = [".xlsx", ".xls", ".ods"]
LISTED = {
    "problems": [
        {
            "title": "执法力量不足",
            "category": "执法力量",
            "cases": "3",
            "measure": "增加编制",
            "due_on": "2024-03-01",
            "closed": "否",
        },
        {"title": "00123", "category": "制度", "cases": "不适用", "measure": "1/2", "closed": "是"},
    ],
    "plans": [{"title": "补充执法人员", "problem": "执法力量不足", "due_on": "2024-12-31"}],
}


@cache
def form_of(code: str) -> FormVersion:
    return read_form((resources.files("portal.reference.forms") / f"{code}.yaml").read_text("utf-8"))


def typed(indicator: Indicator, number: int) -> tuple[str, Value]:
    """What is typed for an indicator, another number for each, and what it means."""
    if number % 17 == 3:
        return "不适用", NOT_APPLICABLE
    match indicator.type:
        case DataType.YES_NO:
            return "是", Value.of("是")
        case DataType.RATING:
            return indicator.choices[-1], Value.of(indicator.choices[-1])
        case DataType.AMOUNT if number % 2:
            return f"约{number}.25", Value.of(Decimal(f"{number}.25"), approximate=True)
        case DataType.AMOUNT | DataType.MEAN:
            return f"{number}.5", Value.of(Decimal(f"{number}.5"))
    return str(number), Value.of(number)


@dataclass(frozen=True)
class Filled:
    """What is typed into a form's template, by sheet and address; and what it means, by code."""

    cells: dict[str, dict[str, str]]
    values: dict[str, Value]


@cache
def filled(code: str) -> Filled:
    form = form_of(code)
    answers = {each.code: typed(each, number) for number, each in enumerate(form.typed_at(UNIT.level), start=1)}
    words = {code: word for code, (word, _value) in answers.items()} | dict(listed(form))
    places = TemplateJob(form, UNIT, PERIOD).places
    standing = sorted((places[code].sheet, places[code].answer, word) for code, word in words.items())
    cells = {
        sheet: {address: word for _sheet, address, word in found}
        for sheet, found in groupby(standing, lambda at: at[0])
    }
    return Filled(cells, {code: value for code, (_word, value) in answers.items()})


def listed(form: FormVersion) -> Iterator[tuple[str, str]]:
    for code in form.lists:
        for number, row in enumerate(LISTED[code], start=1):
            for column, word in row.items():
                yield str(ListPlace(code, number, column, number)), word


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("filled")
    jobs = {}
    for code in FORMS:
        source = folder / f"{code}.xlsx"
        source.write_bytes(template(form_of(code), UNIT, PERIOD))
        edits = tuple(("type_in", sheet, cells) for sheet, cells in filled(code).cells.items())
        jobs |= {(code, ending): Job(source, folder / f"{code}-filled{ending}", edits) for ending in ENDINGS}
    edit(jobs.values(), folder)
    return {name: job.target for name, job in jobs.items()}


def uploaded(form: FormVersion, content: bytes) -> Examination:
    return examine(content, find_form=lambda *_: form, find_context=lambda _: Context(UNIT))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("code", FORMS)
def test_what_was_typed_is_read_and_exported_and_read_again(
    code: str, ending: str, files: dict[tuple[str, str], Path]
) -> None:
    form = form_of(code)
    read = uploaded(form, files[code, ending].read_bytes())
    assert read.outcome is Outcome.CHECKED
    assert read.values == filled(code).values
    assert {code: [words(item.cells) for item in answer.items] for code, answer in read.lists.items()} == {
        code: LISTED[code] for code in form.lists
    }
    assert read.unread == {}

    exported = template(form, UNIT, PERIOD, current=read.values, lists=read.lists)
    again = uploaded(form, exported)
    assert (again.values, again.lists, again.unread) == (read.values, read.lists, {})
    assert faults(again) == faults(read)


def faults(examination: Examination) -> list[tuple[str, str]]:
    """What is wrong with the answers, not how they were written."""
    return [(each.code, each.spot) for each in examination.findings if each.severity is not Severity.INFO]


def words(cells: object) -> dict[str, str]:
    """A row of a list as it was typed."""
    assert isinstance(cells, dict)
    return {
        column: "不适用" if value == NOT_APPLICABLE else str(value.text if value.number is None else value.number)
        for column, value in cells.items()
    }
