"""Figures and quantities in words."""

from decimal import Decimal
from fractions import Fraction

import pytest

from portal.domain.expressions import Context, parse
from portal.domain.form_file import read_form
from portal.domain.quantities import Quantity, Reference, When
from portal.domain.values import Value
from portal.domain.wording import abridged, figure, label, minus, named, shown, spelled

FORM = read_form("""
code: T
number: 1
name: 试验
period: month
levels: [district]
sheets:
- code: T01
  name: 表一
  indicators:
  - {code: A, name: {zh: 信访件数, en: Petitions}, unit: 件, type: count, roll_up: sum}
  - {code: B, name: {zh: 其中：自接, en: 'of which: direct'}, unit: 件, type: count, roll_up: sum, part_of: A}
  - {code: C, name: 办结件数, unit: 件, type: count, roll_up: sum, part_of: A}
""")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("90271.78"), "90271.78"),
        (Decimal("9.027178"), "9.027178"),
        (Decimal("28.00"), "28"),
        (Decimal("1E+3"), "1000"),
        (Fraction(2, 3), "0.67"),
        (Fraction(-1, 200_000_000), "-0.000000005"),
    ],
)
def test_a_number_in_a_sentence_is_exact_if_short(number: Decimal | Fraction, text: str) -> None:
    assert shown(number) == text


def test_differences_are_exact_however_long() -> None:
    assert minus(Decimal("1E+30"), Decimal("0.1")) == "999999999999999999999999999999.9"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("A+B-C", "A+B-C"),
        ("A-(B-C)", "A-(B-C)"),
        ("(A+B)*C", "(A+B)×C"),
        ("A*B+C", "A×B+C"),
        ("A/(B*C)", "A÷(B×C)"),
        ("-A+B", "-A+B"),
        ("A*(-B)", "A×(-B)"),
        ("-(A+B)", "-(A+B)"),
        ("max(A, B+1)/2.50", "max(A, B+1)÷2.5"),
        ("A-LY(A)+PREV(B)", "A-LY(A)+PREV(B)"),
    ],
)
def test_a_quantity_is_written_out_with_the_brackets_it_needs(text: str, written: str) -> None:
    root = parse(text).root
    assert isinstance(root, Quantity)
    assert spelled(root, str) == written


def test_a_part_is_named_with_its_whole() -> None:
    assert label(FORM.indicator("B")).zh == "自接"
    assert label(FORM.indicator("B"), FORM).zh == "信访件数（自接）"
    assert label(FORM.indicator("B"), FORM).en == "Petitions (direct)"
    assert label(FORM.indicator("C"), FORM).zh == "办结件数"
    assert label(FORM.indicator("C"), FORM).en == "办结件数"


def test_figures_of_other_periods_are_named_so() -> None:
    assert named(FORM, Reference("A", When.LAST_YEAR)).zh == "上年“信访件数”"
    assert named(FORM, Reference("A", When.PREVIOUS)).en == '"Petitions" of the period before'


def test_a_figure_that_is_not_there_is_a_dash() -> None:
    assert figure(Reference("A"), Context({})) == "—"
    assert figure(Reference("A"), Context({"A": Value.of(3)})) == "3"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("136.8770764119601328903654485", "≈136.88"),
        ("≤0.000000012345", "≤0.000000012345"),
        ("≤-2.12345678", "≤-2.12"),
        ("3.25", "3.25"),
        ("三十.12345678", "三十.12345678"),
        ("", ""),
    ],
)
def test_a_table_shows_no_more_decimals_than_are_read(text: str, cut: str) -> None:
    assert abridged(text) == cut
