"""The made-up reports on disclosure satisfy the form's rules, and agree with the other report."""

from importlib import resources

import pytest

from portal.demo import disclosure
from portal.domain.form_file import read_form
from portal.domain.quantities import Context
from portal.domain.rules import check
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import Value

FORM = read_form(resources.files("portal.reference.forms").joinpath("XG.yaml").read_text("utf-8"))
ELSEWHERE = {code: Value.of(at) for at, code in enumerate(disclosure.SAME.values(), start=3)}


@pytest.mark.parametrize("level", sorted(FORM.levels))
@pytest.mark.parametrize("unit", ["440000", "441800", "441802"])
def test_nothing_is_to_be_said_against_them(unit: str, level: Level) -> None:
    made_up = disclosure.made_up(FORM, unit, level, 2023, ELSEWHERE)
    around = Surroundings(others={"FZ": Context(ELSEWHERE)})
    assert check(FORM, level, made_up.values, None, None, around).findings == ()
    assert made_up.table["XG30107"].number == sum(made_up.values[f"XG3010{at}"].number or 0 for at in range(1, 7))
    assert made_up.values["XG210201"] == Value.of(3)
