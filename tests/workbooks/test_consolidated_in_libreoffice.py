"""A consolidated workbook filled in a real LibreOffice, saved in each format: every unit's answers come back exactly."""

from decimal import Decimal
from pathlib import Path

import pytest

from importers.consolidated import UnitLine, write_consolidated
from importers.consolidated_reading import Consolidated, read_consolidated
from importers.consolidated_units import RowReader
from importers.identity import Expected, UnitName
from importers.template_job import Job as TemplateJob
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from tests.libreoffice import NEEDED, Job, can_edit, edit
from tests.workbooks.making import PERIOD, trial_form

pytestmark = pytest.mark.skipif(not can_edit(), reason=NEEDED)

ABOVE = UnitName("441800", "清远市民政局", Level.CITY)
BELOW = [
    UnitName(code, name, Level.DISTRICT) for code, name in (("441802", "清城区民政局"), ("441803", "清新区民政局"))
]
ENDINGS = [".xlsx", ".xls", ".ods"]
TYPED = {
    "SY01 数量": {"D9": "40", "E9": "12", "F9": "约9.027178", "G9": "7.5", "H9": "不适用", "D10": "0", "I10": "659"},
    "SY02 其他": {"D9": "是", "E9": "良好", "F10": "以案释法", "G10": "2024-03-05"},
}
FIRST = {
    "SY0101": Value.of(40),
    "SY0102": Value.of(12),
    "SY0103": Value.of(Decimal("9.027178"), approximate=True),
    "SY0104": Value.of(Decimal("7.5")),
    "SY0106": NOT_APPLICABLE,
    "SY0201": Value.of("是"),
    "SY0202": Value.of("良好"),
}
SECOND = {
    "SY0101": Value.of(0),
    "SY0107": Value.of(659),
    "SY0203": Value.of("以案释法"),
    "SY0204": Value.of("2024-03-05"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("consolidated")
    source = folder / "source.xlsx"
    with source.open("wb") as file:
        lines = (UnitLine(unit, "可填", open=True) for unit in BELOW)
        write_consolidated(file, TemplateJob(trial_form(), ABOVE, PERIOD), lines, len(BELOW))
    edits = tuple(("type_in", sheet, cells) for sheet, cells in TYPED.items())
    jobs = {ending: Job(source, folder / f"filled{ending}", edits) for ending in ENDINGS}
    edit(jobs.values(), folder)
    return {ending: job.target for ending, job in jobs.items()}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_typed_is_read_unit_by_unit(ending: str, files: dict[str, Path]) -> None:
    form = trial_form()
    expected = Expected(form.code, ABOVE.code, str(PERIOD), form.number)
    found = read_consolidated(files[ending].read_bytes(), form, expected)
    assert isinstance(found, Consolidated)
    reader = RowReader(form)
    answers = {code: reader.answers(unit, Level.DISTRICT) for code, unit in found.units.items()}
    assert {code: each.values for code, each in answers.items()} == {"441802": FIRST, "441803": SECOND}
    assert all(each.understood for each in answers.values())
