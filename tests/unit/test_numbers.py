"""Numbers as people read them."""

from decimal import Decimal

import pytest

from portal.domain.numbers import chinese_number, decimals_in, percent, scaled_unit, signed


@pytest.mark.parametrize(
    ("largest", "unit", "heading", "shown"),
    [
        ("9999", "人", "人", "9,999"),
        ("10000", "人", "万人", "1.00"),
        ("99999999", "人", "万人", "10,000.00"),
        ("100000000", "元", "亿元", "1.00"),
        ("9999.99", "万元", "万元", "9,999.99"),
        ("12345.678", "万元", "亿元", "1.23"),
        ("100000000", "万元", "万亿元", "1.00"),
        ("12345", "", "万", "1.23"),
        ("12345", "元/人·月", "万元/人·月", "1.23"),
    ],
)
def test_the_unit_of_a_column_follows_its_largest_number(largest: str, unit: str, heading: str, shown: str) -> None:
    scale = scaled_unit([Decimal(1), None, Decimal(largest)], unit, 2 if "." in largest else 0)
    assert (scale.unit, scale.show(Decimal(largest))) == (heading, shown)


def test_a_negative_number_counts_by_its_size() -> None:
    assert scaled_unit([Decimal(-20000), Decimal(3)], "元", 0).unit == "万元"


def test_shares_are_never_scaled() -> None:
    assert scaled_unit([Decimal(123456)], "%", 1).show_with_unit(Decimal("123456.25")) == "123,456.3%"


def test_english_does_not_count_in_ten_thousands() -> None:
    assert chinese_number(Decimal(123456), "人", language="en") == "123,456 人"


def test_half_is_rounded_up() -> None:
    assert scaled_unit([Decimal("0.125")], "", 2).show(Decimal("0.125")) == "0.13"
    assert percent(1, 16) == "6.3%"
    assert signed(Decimal("-0.25"), 1) == "-0.3"


def test_only_zero_is_shown_as_zero() -> None:
    scale = scaled_unit([Decimal(300_000_000)], "元", 0)
    assert [scale.show(Decimal(number)) for number in (0, 5000, -5000, 500_000)] == ["0", "<0.01", ">-0.01", "0.01"]


def test_only_no_difference_is_shown_as_zero() -> None:
    assert [signed(Decimal(number), 1) for number in ("0", "-0.0", "0.04", "-0.04")] == ["0", "0", "<+0.1", ">-0.1"]


def test_the_numbers_of_a_range_have_decimals_alike() -> None:
    scale, zero = scaled_unit([Decimal(2)], "%", 2), Decimal(0)
    assert scale.show_range(Decimal("-1.5"), zero, "～") == "-1.50～0.00"
    assert scale.show_range(zero, zero, "～") == "0～0"
    assert scale.show_range_with_unit(zero, Decimal(2), "–") == "0.00–2.00%"
    assert scale.show_range_with_unit(zero, zero, "–") == "0%"


def test_how_many_decimals_show_a_number_in_full() -> None:
    assert [decimals_in(Decimal(number)) for number in ("1E+3", "12", "1.50", "-0.004")] == [0, 0, 1, 3]


def test_nothing_at_all_has_a_scale_too() -> None:
    assert scaled_unit([None], "宗", 0).show_with_unit(Decimal(0)) == "0 宗"


def test_a_single_number_with_its_unit() -> None:
    assert chinese_number(Decimal(123456789), "元") == "1.23 亿元"
    assert chinese_number(Decimal(9999), "人") == "9,999 人"


def test_a_percentage_is_rounded_once() -> None:
    assert percent(Decimal("0.0499999999999999999999999999999999"), 100) == "0.0%"


def test_a_percentage_of_nothing_is_a_dash() -> None:
    assert percent(0, 0) == "—"


def test_a_difference_carries_its_sign() -> None:
    assert [signed(Decimal(number), 0) for number in (1234, 0, -3)] == ["+1,234", "0", "-3"]


def test_as_many_digits_as_a_figure_may_have_are_shown_exactly() -> None:
    figure = Decimal("123456789012345678901234567890.125")
    assert scaled_unit([figure], "元", 2, "en").show(figure) == "123,456,789,012,345,678,901,234,567,890.13"
    assert scaled_unit([figure], "元", 2).show(figure) == "1,234,567,890,123,456,789,012.35"
    assert signed(Decimal(f"-{figure}"), 2) == "-123,456,789,012,345,678,901,234,567,890.13"
