"""What the demonstration's city adds to the form: sound, and answered without a finding."""

from importlib.resources import files

from portal.demo.additions import with_answers
from portal.demo.figures import PeriodFigures
from portal.domain.addition_file import read_addition
from portal.domain.additions import extended
from portal.domain.form_file import read_form
from portal.domain.periods import Period
from portal.domain.rules import check
from portal.domain.units import Level
from portal.domain.values import Value

FORM = read_form(files("portal").joinpath("reference", "forms", "FZ.yaml").read_text(encoding="utf-8"))
ADDITION = read_addition(
    files("portal.demo").joinpath("addition.yaml").read_text(encoding="utf-8"), lambda _code, _number: FORM
)


def test_it_asks_two_things_and_every_answer_is_sound() -> None:
    form = extended(FORM, [ADDITION])
    assert len(ADDITION.indicators) == 2
    bare = PeriodFigures(Period(2023), {"FZ0103": Value.of(5)})
    for level, asked in ((Level.CITY, {"U440600_FZ_01"}), (Level.DISTRICT, {"U440600_FZ_01", "U440600_FZ_02"})):
        figures = with_answers(bare, form, "440604", level)
        assert figures.values.keys() - bare.values.keys() == asked
        found = check(form, level, figures.values, None).findings
        assert not [finding for finding in found if finding.indicator in asked]


def test_whoever_is_asked_nothing_more_answers_nothing_more() -> None:
    bare = PeriodFigures(Period(2023), {"FZ0103": Value.of(5)})
    assert with_answers(bare, FORM, "441802", Level.DISTRICT) is bare
