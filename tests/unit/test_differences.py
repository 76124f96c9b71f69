"""What a difference between own report and sum below says."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.domain.forms import Aggregation, AggregationKind, DataType, Indicator, Scope, Text
from portal.domain.units import Level
from portal.domain.values import EXACT
from portal.queries.rollups.differences import DifferenceRow, Verdict


def row(own: int | None, children: int | None, reported: int, expected: int, scope: Scope = Scope.OWN) -> DifferenceRow:
    indicator = Indicator(
        code="T1",
        name=Text("数"),
        unit="件",
        type=DataType.COUNT,
        aggregation=Aggregation(AggregationKind.SUM),
        filled_by=frozenset(Level),
        scope=scope,
    )
    mine, theirs = (None if number is None else Decimal(number) for number in (own, children))
    gap = mine - theirs if mine is not None and theirs is not None else None
    return DifferenceRow(indicator, mine, theirs, gap, None, None, None, reported, expected, ())


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (row(5, 20, 2, 2), Verdict.ADDS_UP),
        (row(20, 20, 2, 2), Verdict.SAME_AS_CHILDREN),
        (row(0, 0, 2, 2), Verdict.ADDS_UP),
        (row(None, 20, 2, 2), Verdict.OWN_MISSING),
        (row(20, 20, 1, 2), Verdict.INCOMPLETE),
        (row(None, None, 0, 2), Verdict.INCOMPLETE),
        (row(None, 20, 1, 2, Scope.TERRITORIAL), Verdict.TERRITORIAL),
        (row(3, 20, 2, 2, Scope.TERRITORIAL), Verdict.OWN_NOT_ALLOWED),
    ],
)
def test_verdicts(found: DifferenceRow, verdict: Verdict) -> None:
    assert found.verdict is verdict


@pytest.mark.parametrize(("own", "children", "percent"), [(30, 20, 50), (5, -20, 125), (5, 0, None), (None, 20, None)])
def test_the_rate_is_of_the_sum_below(own: int | None, children: int, percent: int | None) -> None:
    assert row(own, children, 2, 2).percent == percent


def test_the_rate_has_all_digits() -> None:
    long = Decimal(12345678901234567890123456789012)
    assert replace(row(2, 1, 2, 2), difference=long).percent == long.scaleb(2, EXACT)
