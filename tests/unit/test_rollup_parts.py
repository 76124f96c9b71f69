"""Stored roll-ups come a period at a time, as one text for each column."""

from decimal import Decimal

from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.domain.rollup import Total
from portal.queries.parameters import joined
from portal.queries.rollups.parts import Parts, Totals, totals_then

YEAR = Period(2023)
ROW = (
    "2023",
    joined(["1", "1", "2", "2"]),
    joined(["A", "B", "A", "B"]),
    joined(["", "", "", ""]),
    joined(["3", "2", "1", "0"]),
    joined(["0", "1", "0", "4"]),
    joined(["10.50", "7", "0", ""]),
    joined(["", "", "", ""]),
    joined(["-1", "3", "0", ""]),
    joined(["9", "4", "0", ""]),
)


def read(parts: Parts, row: tuple[str, ...]) -> Totals:
    return totals_then(Session(), 1, {YEAR: parts}, None, [row])[YEAR]


def test_units_that_are_asked_about_have_their_own() -> None:
    assert read(Parts({1: [1], 2: [2]}, {}), ROW) == {
        (1, "A"): Total(3, 0, Decimal("10.50"), None, Decimal(-1), Decimal(9)),
        (1, "B"): Total(2, 1, Decimal(7), None, Decimal(3), Decimal(4)),
        (2, "A"): Total(1, 0, Decimal(0), None, Decimal(0), Decimal(0)),
        (2, "B"): Total(0, 4),
    }


def test_what_counts_for_a_unit_above_is_added_up() -> None:
    assert read(Parts({1: [9], 2: [9]}, {}), ROW) == {
        (9, "A"): Total(4, 0, Decimal("10.50"), None, Decimal(-1), Decimal(9)),
        (9, "B"): Total(2, 5, Decimal(7), None, Decimal(3), Decimal(4)),
    }


def test_a_distribution_has_a_row_for_each_answer() -> None:
    row = (
        "2023",
        joined(["1", "1", "1"]),
        joined(["C", "C", "C"]),
        joined(["", "优秀", "良好"]),
        joined(["5", "2", "3"]),
        joined(["1", "0", "0"]),
        *[joined(["", "", ""])] * 4,
    )
    assert read(Parts({1: [1]}, {}), row) == {(1, "C"): Total(5, 1, counts={"优秀": 2, "良好": 3})}
