"""The rule language: exact arithmetic, what missing and not applicable mean, and where a mistake is."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.expressions import Context, ExpressionInvalid, decimal_of, parse
from portal.domain.values import MISSING, NOT_APPLICABLE, Value

numbers = st.decimals(min_value=-1000, max_value=1000, places=2, allow_nan=False)
codes = st.sampled_from(["A", "FZ0101", "B_2"])
literals = st.decimals(min_value=0, max_value=100, places=2).map(str)
leaves = codes | literals
quantities = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map("".join),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({' '.join(t)})"),
        st.tuples(st.sampled_from(["abs", "-"]), inner).map(
            lambda t: f"{t[0]}({t[1]})" if t[0] == "abs" else f"(-({t[1]}))"
        ),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]},{t[2]})"),
    ),
    max_leaves=12,
)
comparisons = st.tuples(
    quantities,
    st.sampled_from(["==", "!=", "<=", ">=", "<", ">"]),
    quantities,
    st.sampled_from(["", "<=", ">"]),
    quantities,
).map(lambda t: t[0] + t[1] + t[2] + (t[3] + t[4] if t[3] else ""))
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda t: f"({''.join(t)})"),
        inner.map(lambda condition: f"not ({condition})"),
    ),
    max_leaves=5,
)
figures = st.fixed_dictionaries({"A": numbers, "FZ0101": numbers, "B_2": numbers})


def reported(**figures: object) -> dict[str, Value]:
    return {code: Value.of(Decimal(str(figure))) for code, figure in figures.items()}


def by_python(text: str, figures: dict[str, Decimal]) -> object:
    """What Python's own parser and fractions make of the same text."""
    names = {code: Fraction(figure) for code, figure in figures.items()}
    tokens = []
    word = ""
    for character in text + " ":
        if character.isalnum() or character in "._":
            word += character
            continue
        tokens.append(f"Fraction('{word}')" if word[:1].isdigit() else word)
        tokens.append(character)
        word = ""
    try:
        return eval("".join(tokens), {"Fraction": Fraction, "abs": abs, "min": min, "max": max}, names)
    except ZeroDivisionError:
        return None


@settings(deadline=None)
@given(text=quantities, figures=figures)
def test_arithmetic_is_that_of_fractions(text: str, figures: dict[str, Decimal]) -> None:
    amount = parse(text).amount(Context({code: Value.of(figure) for code, figure in figures.items()}))
    assert amount == by_python(text, figures)


@settings(deadline=None)
@given(text=conditions, figures=figures)
def test_conditions_are_those_of_python(text: str, figures: dict[str, Decimal]) -> None:
    result = parse(text).evaluate(Context({code: Value.of(figure) for code, figure in figures.items()}))
    if result is not None:
        expected = by_python(text, figures)
        assert expected is None or result is expected


@settings(deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="AB12 ()+-*/=<>!,.ifthenandornotLYabs", max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    invalid = refusal(text)
    if invalid:
        assert 1 <= invalid.position <= len(text) + 1
        assert invalid.expected.zh
        assert invalid.expected.en


def refusal(text: str) -> ExpressionInvalid | None:
    try:
        parse(text)
    except ExpressionInvalid as invalid:
        return invalid
    return None


@settings(deadline=None)
@given(
    st.fractions(max_denominator=10**12) | st.decimals(allow_nan=False, allow_infinity=False, places=40).map(Fraction)
)
def test_decimals_are_exact_when_they_end(number: Fraction) -> None:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    result = decimal_of(number)
    if rest == 1:
        assert Fraction(result) == number
    else:
        assert len(result.as_tuple().digits) == 28
        assert abs(Fraction(result) - number) <= abs(number) / 10**27


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1+2*3", Decimal(7)),
        ("(1+2)*3", Decimal(9)),
        ("8-3-2", Decimal(3)),
        ("24/4/2", Decimal(3)),
        ("-A+1", Decimal(-2)),
        ("0.1+0.2", Decimal("0.3")),
        ("1/3*3", Decimal(1)),
        ("1/3", Decimal("0.3333333333333333333333333333")),
        ("round(2.5)", Decimal(3)),
        ("round(-2.5)", Decimal(-3)),
        ("round(1925/2035*100, 2)", Decimal("94.59")),
        ("abs(A-5)", Decimal(2)),
        ("min(A,2,7)", Decimal(2)),
        ("max(A,2,7)", Decimal(7)),
        ("LY(A)+PREV(A)", Decimal(30)),
    ],
)
def test_quantities(text: str, expected: Decimal) -> None:
    context = Context(reported(A=3), last_year=reported(A=10), previous=reported(A=20))
    assert parse(text).evaluate(context) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A==3", True),
        ("2<=A<=3", True),
        ("2<=A<3", False),
        ("not A==3", False),
        ("A==3 and B==1 or A==4", False),
        ("A==4 or A==3 and B==0", True),
        ("if A==3 then B==1", False),
        ("if A==4 then B==1", True),
        ("missing(C)", True),
        ("missing(A)", False),
        ("na(N) and not na(A)", True),
        ("missing(LY(A))", True),
        ("missing(C) or C>0", True),
        ("if missing(C) then A>0", True),
    ],
)
def test_conditions(text: str, expected: bool) -> None:
    values = {**reported(A=3, B=0), "N": NOT_APPLICABLE, "C": MISSING}
    assert parse(text).evaluate(Context(values)) is expected


@pytest.mark.parametrize(
    "text",
    [
        "A==GONE",
        "GONE==A",
        "A+GONE==3",
        "A==T",  # a text has no number
        "A==LY(A)",
        "A==LY(N)",
        "A/Z==1",
        "A/Z",
        "A/(Z-Z)",
        "N==A",  # the left side is not applicable
        "N+N<=A",
        "N==N",
        "1<=N",
        "A==3 and GONE==1",
        "A==4 or GONE==1",
        "if GONE==1 then A==4",
        "if A==3 then GONE==1",
        "not GONE==1",
    ],
)
def test_what_cannot_be_told(text: str) -> None:
    values = {**reported(A=3, Z=0), "N": NOT_APPLICABLE, "T": Value.of("优秀")}
    assert parse(text).evaluate(Context(values, last_year={"N": NOT_APPLICABLE})) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A==B+N", True),  # counted as 0
        ("A<=N", False),
        ("A+N==3", True),
        ("min(A,N)==3", True),  # not among those to choose from
        ("A==4 and GONE==1", False),
        ("A==3 or GONE==1", True),
        ("if A==4 then GONE==1", True),
        ("if GONE==1 then A==3", True),
    ],
)
def test_what_can_be_told_all_the_same(text: str, expected: bool) -> None:
    values = {**reported(A=3, B=3), "N": NOT_APPLICABLE}
    assert parse(text).evaluate(Context(values)) is expected


def test_an_expression_names_its_codes_in_order_once_each() -> None:
    expression = parse("if B>0 then A == LY(A) + B - PREV(C) + LY(A)")
    assert expression.codes == ("B", "A")
    assert expression.last_year_codes == ("A",)
    assert expression.previous_codes == ("C",)
    assert expression.is_condition
    assert not parse("A+1").is_condition


def test_a_number_over_this_period_alone() -> None:
    assert parse("A-B").number(reported(A=5, B="1.5")) == Decimal("3.5")
    assert parse("A-LY(B)").number(reported(A=5)) is None
    assert parse("A==5").number(reported(A=5)) is None


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "a number"),
        ("A==", 4, "a number"),
        ("A=B", 2, "an operator"),
        ("A B", 3, "an operator"),
        ("A+(B", 5, '")"'),
        ("if A>0", 7, '"then"'),
        ("A+(B==2)", 4, "a quantity"),
        ("A and B>1", 1, "a condition"),
        ("A==B==(C>1)", 8, "a quantity"),
        ("1+missing(A)", 3, "a quantity"),
        ("LY(A+2)", 4, "an indicator code"),
        ("LY(LY(A))", 4, "an indicator code"),
        ("LY", 1, "an indicator code"),
        ("LY(A,B)", 6, '")"'),
        ("missing(1)", 9, "an indicator code"),
        ("foo(A)", 1, "one of the functions"),
        ("min(A)", 1, "min with 2 to 50 arguments"),
        ("round(A,B)", 9, "a whole number from 0 to 10"),
        ("round(A,11)", 9, "a whole number from 0 to 10"),
        ("A；B", 2, "an operator"),
        ("__import__('os')", 1, "a number"),
        ("(" * 30 + "A" + ")" * 30, 21, "at most 20 levels"),
        ("A" + "+A" * 1000, 2001, "at most 2000 characters"),
    ],
)
def test_a_mistake_has_a_place_and_a_cure(text: str, position: int, expected: str) -> None:
    with pytest.raises(ExpressionInvalid) as caught:
        parse(text)
    assert caught.value.position == position
    assert expected in caught.value.expected.en
    assert str(position) in str(caught.value)


def test_a_long_flat_sum_is_no_deep_one() -> None:
    assert parse("A" + "+A" * 900).evaluate(Context(reported(A=1))) == 901
