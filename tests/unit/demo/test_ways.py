"""A figure keeps within its bounds and comes out the same each time."""

from decimal import Decimal
from math import inf

import pytest

from portal.demo.chance import chance
from portal.demo.ways import DemoUnit, Equal, Scene, Share, Typical, settled
from portal.domain.expressions import Context
from portal.domain.forms import FormVersion
from portal.domain.units import Level
from portal.domain.values import Value

UNIT = DemoUnit("d1", "c1", Level.DISTRICT, 1.0)


def scene(form: FormVersion, code: str, *, last: Decimal | int | None = None, pull: float = 1, **now: int) -> Scene:
    last_year = {} if last is None else {code: Value.of(last)}
    values = {name: Value.of(number) for name, number in now.items()}
    return Scene(UNIT, form.indicator(code), 2021, Context(values, last_year), pull)


@pytest.mark.parametrize(
    ("wanted", "last", "pull", "least", "most", "expected"),
    [
        (7.5, None, 1, 0, inf, 8),
        (20, 10, 0.5, 0, inf, 15),
        (20, 10, 0, 0, inf, 10),
        (5, 0, 1, 0, inf, 0),  # what there was none of does not appear
        (0.1, 3, 1, 0, inf, 1),  # what there was some of does not vanish
        (0.1, 3, 1, 0, 0, 0),
        (9, None, 1, 0, 8.7, 8),
        (1, None, 1, 2.1, inf, 3),
        (9_999, None, 1, 0, inf, 270),  # well below what is plausible of a district
    ],
)
def test_settled(form, wanted, last, pull, least, most, expected) -> None:
    place = scene(form, "FZ0301", last=last, pull=pull)
    assert settled(place, wanted, least=least, most=most) == expected


def test_an_amount_keeps_its_last_digit(form) -> None:
    assert settled(scene(form, "FZ0409"), 3.14159) == Decimal("3.14")
    assert settled(scene(form, "FZ0409"), 3.14159, step=Decimal("0.5")) == Decimal("3.0")


def test_a_share_stays_within_its_bounds_however_far_last_year_was(form) -> None:
    way = Share("FZ0105", (0.9, 1))
    assert 90 <= way.answer(scene(form, "FZ0106", last=3, pull=0.01, FZ0105=100)) <= 100


def test_first_is_the_way_of_a_year_without_a_year_before(form) -> None:
    way = Equal("LY(FZ0808)", first=Equal("FZ0808"))
    assert way.answer(scene(form, "FZ0806", FZ0808=4)) == 4
    assert Equal("LY(FZ0808)").answer(scene(form, "FZ0806", FZ0808=4)) is None


def test_shared_figures_depend_on_the_superior_alone(form) -> None:
    way = Typical(dict.fromkeys(Level, 700), shared=True)
    sister = DemoUnit("d2", "c1", Level.DISTRICT, 1.0)
    one = scene(form, "FZ0603")
    assert way.answer(one) == way.answer(Scene(sister, one.indicator, one.year, one.context, 1))


def test_chance_does_not_depend_on_the_process() -> None:
    assert chance("441802", 2023).randint(0, 10**6) == 557627
