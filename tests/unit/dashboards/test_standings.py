"""Ranks among reporters only."""

from decimal import Decimal

from dashboards.pages.ranking.siblings import _row
from dashboards.standings import UnitFigure, rank, sort_standings
from portal.domain.forms import Direction
from portal.domain.numbers import Scale
from portal.domain.units import Level
from portal.domain.values import ValueStatus
from portal.queries.siblings import SiblingFigure


def figure(
    code: str, value: int | None, *, reported: int = 1, expected: int = 1, last_year: int | None = None
) -> UnitFigure:
    return UnitFigure(
        code=code,
        name=code,
        level=Level.DISTRICT,
        parent_code="c",
        parent_name="c",
        value=None if value is None else Decimal(value),
        status=ValueStatus.MISSING if value is None else ValueStatus.REPORTED,
        last_year=None if last_year is None else Decimal(last_year),
        reported=reported,
        expected=expected,
    )


def ranks(*figures: UnitFigure, direction: Direction = Direction.HIGHER) -> list[tuple[str, int]]:
    return [(each.figure.code, each.rank) for each in rank(figures, direction).ranked]


def test_equal_values_share_a_rank_and_skip_the_next() -> None:
    assert ranks(figure("a", 5), figure("b", 9), figure("c", 5), figure("d", 1)) == [
        ("b", 1),
        ("a", 2),
        ("c", 2),
        ("d", 4),
    ]
    assert [each.tied for each in rank([figure("a", 5), figure("b", 5), figure("c", 1)], Direction.HIGHER).ranked] == [
        True,
        True,
        False,
    ]


def test_lower_is_better_where_the_indicator_says_so() -> None:
    assert ranks(figure("a", 5), figure("b", 0), direction=Direction.LOWER) == [("b", 1), ("a", 2)]


def test_a_change_and_a_middle_are_exact_however_many_digits_there_are() -> None:
    large = 10**30
    assert figure("a", large + 1, last_year=1 - large).change == 2 * large
    assert rank([figure("a", large + 1), figure("b", large + 3)], Direction.HIGHER).median() == large + 2


def test_the_missing_and_the_partial_are_kept_but_not_ranked() -> None:
    league = rank(
        [figure("a", None, reported=0), figure("b", 7, reported=3, expected=4), figure("c", 0)], Direction.HIGHER
    )
    assert [each.figure.code for each in league.ranked] == ["c"]
    assert [each.code for each in league.unranked] == ["a", "b"]
    assert league.count == 3
    assert league.find("a") is None


def test_zero_is_a_value() -> None:
    assert ranks(figure("a", 0), figure("b", -1)) == [("a", 1), ("b", 2)]


def test_the_median() -> None:
    assert rank([figure("a", 1), figure("b", 2), figure("c", 4), figure("d", 8)], Direction.HIGHER).median() == 3
    assert rank([figure("a", None)], Direction.HIGHER).median() is None


def test_a_change_needs_both_years_complete() -> None:
    assert figure("a", 5, last_year=3).change == 2
    assert figure("a", 5).change is None
    assert figure("a", 5, last_year=3, reported=1, expected=2).change is None


def test_units_without_last_year_come_last_either_way() -> None:
    league = rank([figure("a", 5, last_year=3), figure("b", 4), figure("c", 3, last_year=9)], Direction.HIGHER)
    assert [each.figure.code for each in sort_standings(league.ranked, "change")] == ["c", "a", "b"]
    assert [each.figure.code for each in sort_standings(league.ranked, "-change")] == ["a", "c", "b"]
    assert [each.figure.code for each in sort_standings(league.ranked, "nonsense")] == ["a", "b", "c"]


def test_the_distance_to_the_median_of_siblings_has_all_digits() -> None:
    own = SiblingFigure("", "", "", Decimal(10**30 + 1), "", own=True, demo=False)
    row = _row(1, own, Scale(Decimal(1), "次", 0), Decimal(1), Decimal(0))
    assert row.children[-1].children == f"+{10**30 + 1:,}"
