"""What figures come of that is not in the same answer, and how it is kept."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.bases import (
    Seen,
    basis_from_json,
    basis_to_json,
    behind,
    completed_on,
    looked_at,
    resting_elsewhere,
)
from portal.domain.calculation import completed
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value
from tests.world import FORM

COUNT = {"unit": "次", "type": "count", "roll_up": "sum"}
LINES = {
    "T108": "T101 - LY(T101)",
    "T109": "T108 * 2 + PREV(T102)",
    "T110": "T103 * 2",
}


def form() -> FormVersion:
    content = yaml.safe_load(FORM)
    content["sheets"][0]["indicators"] += [
        {"code": code, "name": code, "source": "calculated", "formula": formula, **COUNT}
        for code, formula in LINES.items()
    ]
    return read_form(yaml.safe_dump(content, allow_unicode=True))


FORM_READ = form()
FIGURES = st.one_of(st.just(MISSING), st.just(NOT_APPLICABLE), st.decimals(-1000, 1000, places=2).map(Value.of))


def test_what_is_looked_at_is_known_through_other_indicators() -> None:
    assert {str(each) for each in looked_at(FORM_READ)} == {"LY(T101)", "PREV(T102)"}
    assert {str(each) for each in behind(FORM_READ, "T109")} == {"LY(T101)", "PREV(T102)"}
    assert {str(each) for each in behind(FORM_READ, "T108")} == {"LY(T101)"}
    assert resting_elsewhere(FORM_READ) == {"T108", "T109"}


@given(own=st.fixed_dictionaries(dict.fromkeys(("T101", "T102", "T103"), FIGURES)), year=FIGURES, period=FIGURES)
def test_kept_and_read_again_it_makes_the_same_figures(own: dict[str, Value], year: Value, period: Value) -> None:
    values = {"LY(T101)": year, "PREV(T102)": period}
    basis = {each: Seen(values[str(each)], 3) for each in looked_at(FORM_READ)}
    again = basis_from_json(FORM_READ, basis_to_json(basis))
    assert again == basis
    below = {each: Seen(values[str(each)], below={11: 1, 12: 3}) for each in looked_at(FORM_READ)}
    assert basis_from_json(FORM_READ, basis_to_json(below)) == below
    expected = completed(FORM_READ, Level.DISTRICT, own, {"T101": year}, {"T102": period}, Surroundings())
    assert completed_on(again, FORM_READ, Level.DISTRICT, own, {}) == expected
