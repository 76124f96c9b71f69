"""Figures as they are shown and typed."""

from decimal import Decimal

import pytest

from portal.domain.form_file import read_form
from portal.domain.values import MISSING, NOT_APPLICABLE, Value
from portal.web import figures
from tests.world import FORM

INDICATORS = read_form(FORM).by_code


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("T101", MISSING, "—"),
        ("T101", None, "—"),
        ("T101", NOT_APPLICABLE, "⊘"),
        ("T101", Value.of(0), "0"),
        ("T101", Value.of(1234567), "1,234,567"),
        ("T101", Value.of(12, approximate=True), "≈12"),
        ("T203", Value.of(Decimal("1.005")), "1.01"),  # half up, not to even
        ("T203", Value.of(Decimal("0.001")), "<0.01"),  # what is not zero is not shown as 0
        ("T106", Value.of("良好"), "良好"),
    ],
)
def test_a_value_for_reading(code: str, value: Value | None, text: str) -> None:
    assert figures.shown(value, INDICATORS[code]) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MISSING, ""),
        (NOT_APPLICABLE, ""),
        (Value.of(Decimal("9.027178")), "9.027178"),
        (Value.of(1234567), "1234567"),
        (Value.of(Decimal("3.70"), approximate=True), "约3.7"),
        (Value.of("是"), "是"),
    ],
)
def test_a_value_in_its_box_is_exact(value: Value, text: str) -> None:
    assert figures.typed(value) == text


@pytest.mark.parametrize(
    ("code", "now", "before", "text"),
    [
        ("T101", Value.of(15), Value.of(12), "+25.0%"),
        ("T101", Value.of(0), Value.of(12), "-100.0%"),
        ("T101", Value.of(12), Value.of(12), "0%"),
        ("T101", Value.of(5), Value.of(0), ""),  # from nothing: no percentage
        ("T101", Value.of(5), MISSING, ""),
        ("T101", NOT_APPLICABLE, Value.of(5), ""),
        ("T104", Value.of(Decimal("95.6")), Value.of(Decimal("95.1")), "+0.5 百分点"),
        ("T202", Value.of(Decimal("780.6")), Value.of(Decimal("650.5")), "+20.0%"),  # a standard is no share
    ],
)
def test_change_on_last_year(code: str, now: Value, before: Value, text: str) -> None:
    assert figures.change(now, before, INDICATORS[code]) == text
