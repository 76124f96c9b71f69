"""Somebody else's published roll-ups, computed by our own roll-up code: equal to the last published digit."""

import csv
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from portal.domain.forms import Aggregation, AggregationKind, DataType, Indicator, Text
from portal.domain.rollup import Contribution, Total, total
from portal.domain.units import Level
from portal.domain.values import ValueStatus, rounded

PUBLISHED = Path(__file__).parents[3] / "shared" / "conformance" / "rollup"

pytestmark = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the conformance data are not beside the project")


def indicator(kind: AggregationKind) -> Indicator:
    return Indicator("X", Text("x"), "", DataType.RATIO, Aggregation(kind), frozenset(Level))


RATIO, SUM = indicator(AggregationKind.RATIO_OF_SUMS), indicator(AggregationKind.SUM)


def ratio_part(row: dict) -> Contribution:
    """A row's numerator and denominator; the published multiplier and divisor go with them."""
    above = Decimal(str(row["numerator"])) * Decimal(str(row["multiplier"]))
    below = Decimal(str(row["denominator"])) * Decimal(str(row["divisor"]))
    return Contribution("X", ValueStatus.REPORTED, amount=above, weight=below)


def published(text: object) -> Decimal:
    return Decimal(str(text))


def shown_like(figure: Decimal, text: object) -> Decimal:
    """The figure with as many decimals as are published."""
    return rounded(figure, max(-published(text).as_tuple().exponent, 0))


def test_every_ratio() -> None:
    with (PUBLISHED / "indicator_rows.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = [
        row for row in rows
        if rounded(Total.of(ratio_part(row)).figure(RATIO), 2) != rounded(published(row["expected_value"]), 2)
    ]  # fmt: skip
    assert len(rows) > 1000
    assert wrong == []


def relations() -> list[dict]:
    if not PUBLISHED.is_dir():
        return []
    return json.loads((PUBLISHED / "rollup_relations.json").read_text(encoding="utf-8"))["relations"]


@pytest.mark.parametrize("relation", relations(), ids=lambda relation: relation["kind"])
def test_every_parent_is_what_its_children_make(relation: dict) -> None:
    parent, children = relation["parent"], relation["children"]
    if all("numerator" in child for child in children):
        joined = total(ratio_part(child) for child in children).figure(RATIO)
    else:
        parts = [Contribution("X", ValueStatus.REPORTED, amount=published(child["value"])) for child in children]
        joined = total(parts).figure(SUM)
    assert Fraction(shown_like(joined, parent["value"])) == Fraction(published(parent["value"]))
