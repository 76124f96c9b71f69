"""The rule language: exact arithmetic, what missing and not applicable mean, and where a mistake is."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.conditions import Terms
from portal.domain.expressions import Context, ExpressionInvalid, decimal_of, parse
from portal.domain.forms import Blank
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


# An evaluator of its own: each strategy draws a text together with a function that says what it comes to.
# Figures are looked up by the text that names them; None is a figure that is not there.

Told = Fraction | bool | None
Drawn = tuple[str, Callable[[dict[str, Fraction | None]], Told]]
FIGURES = ("A", "B", "LY(A)", "PREV(B)", "CHILDREN(A)", "CW.X", "LY(CW.X)", "rows(problems)", "sum(problems.spent)")


def known(function: Callable[..., Told], *parts: Drawn) -> Callable[[dict[str, Fraction | None]], Told]:
    """The function of what the parts come to; None if any cannot be told."""

    def result(table: dict[str, Fraction | None]) -> Told:
        values = [part[1](table) for part in parts]
        return None if None in values else function(*values)

    return result


def either(premise: Drawn, one: Drawn, other: Drawn) -> Callable[[dict[str, Fraction | None]], Told]:
    def result(table: dict[str, Fraction | None]) -> Told:
        chosen = premise[1](table)
        return None if chosen is None else (one if chosen else other)[1](table)

    return result


def three_valued(sign: str, left: Drawn, right: Drawn) -> Callable[[dict[str, Fraction | None]], Told]:
    """`and`, `or` and `if` (as `or`) in Kleene's logic."""
    settled = sign == "or"

    def result(table: dict[str, Fraction | None]) -> Told:
        both = (left[1](table), right[1](table))
        return settled if settled in both else None if None in both else not settled

    return result


def half_up(number: Fraction) -> Fraction:
    return Fraction(int(abs(number) + Fraction(1, 2)) * (-1 if number < 0 else 1))


OPERATORS: dict[str, Callable[[Fraction, Fraction], Told]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else None,
}
SIGNS: dict[str, Callable[[Fraction, Fraction], Told]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


@st.composite
def drawn_quantity(draw: st.DrawFn, depth: int = 3) -> Drawn:
    kind = draw(
        st.sampled_from(["figure", "number", *(["operator", "function", "round", "sum", "choice"] if depth else [])])
    )
    if kind == "figure":
        name = draw(st.sampled_from(FIGURES))
        return name, lambda table: table[name]
    if kind == "number":
        text = draw(literals)
        return text, lambda _table: Fraction(text)
    one, other = draw(drawn_quantity(depth - 1)), draw(drawn_quantity(depth - 1))
    match kind:
        case "operator":
            sign = draw(st.sampled_from(sorted(OPERATORS)))
            return f"({one[0]}{sign}{other[0]})", known(OPERATORS[sign], one, other)
        case "function":
            name, function = draw(st.sampled_from([("min", min), ("max", max)]))
            return f"{name}({one[0]}, {other[0]})", known(function, one, other)
        case "round":
            return f"round(-({one[0]}))", known(lambda number: half_up(-number), one)
        case "sum":
            return f"sum({one[0]},{other[0]})", known(lambda a, b: a + b, one, other)
    premise = draw(drawn_condition(depth - 1))
    return f"(if {premise[0]} then {one[0]} else {other[0]})", either(premise, one, other)


@st.composite
def drawn_condition(draw: st.DrawFn, depth: int = 3) -> Drawn:
    kind = draw(st.sampled_from(["compared", "missing", *(["not", "and", "or", "if", "choice"] if depth else [])]))
    if kind == "missing":
        name = draw(st.sampled_from(FIGURES))
        return f"missing({name})", lambda table: table[name] is None
    if kind == "compared":
        sign = draw(st.sampled_from(sorted(SIGNS)))
        left, right = draw(drawn_quantity(max(depth - 1, 0))), draw(drawn_quantity(max(depth - 1, 0)))
        return f"({left[0]} {sign} {right[0]})", known(SIGNS[sign], left, right)
    one, other = draw(drawn_condition(depth - 1)), draw(drawn_condition(depth - 1))
    refused = f"(not {one[0]})", known(lambda held: not held, one)
    match kind:
        case "not":
            return refused
        case "and" | "or":
            return f"({one[0]} {kind} {other[0]})", three_valued(kind, one, other)
        case "if":
            return f"(if {one[0]} then {other[0]})", three_valued("or", refused, other)
    premise = draw(drawn_condition(depth - 1))
    return f"(if {premise[0]} then {one[0]} else {other[0]})", either(premise, one, other)


words = st.sampled_from(
    ["A", "CW.X", "B_2", "0", "3.5", "(", ")", ",", ":", "+", "-", "*", "/", "==", "!=", "<=", "<", "and", "or", "not",
     "if", "then", "else", "LY", "PREV", "CHILDREN", "rows", "sum", "min", "round", "missing", "na", "problems",
     "problems.spent"]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(words, max_size=25).map(" ".join))
def test_words_of_the_language_in_any_order_are_read_or_refused_with_a_place(text: str) -> None:
    invalid = refusal(text)
    assert invalid is None or 1 <= invalid.position <= len(text) + 1
    if invalid is None:
        parse(text).evaluate(Context({}))


@settings(deadline=None, max_examples=150)
@given(drawn_quantity() | drawn_condition(), st.data())
def test_a_good_expression_with_one_character_more_or_less_has_a_place(drawn: Drawn, data: st.DataObject) -> None:
    text = drawn[0]
    place = data.draw(st.integers(0, len(text)))
    other = data.draw(st.sampled_from(["", "(", ")", "+", "A", ".", ":", "1", " ", "（"]))
    for changed in (text[:place] + other + text[place:], text[:place] + text[place + 1 :]):
        invalid = refusal(changed)
        assert invalid is None or 1 <= invalid.position <= len(changed) + 1


tables = st.fixed_dictionaries({name: st.none() | st.integers(-9, 99).map(Fraction) for name in FIGURES})


def context_of(table: dict[str, Fraction | None]) -> Context:
    def values(**names: str) -> dict[str, Value]:
        found = {code: table[name] for code, name in names.items()}
        return {code: Value.of(decimal_of(number)) for code, number in found.items() if number is not None}

    return Context(
        values(A="A", B="B"),
        values(A="LY(A)"),
        values(B="PREV(B)"),
        {"CW": Context(values(X="CW.X"), values(X="LY(CW.X)"))},
        values(A="CHILDREN(A)"),
        values(**{"problems": "rows(problems)", "problems.spent": "sum(problems.spent)"}),
    )


@settings(deadline=None, max_examples=200)
@given(drawn=drawn_quantity() | drawn_condition(), table=tables)
def test_every_expression_comes_to_what_an_independent_evaluator_says(
    drawn: Drawn, table: dict[str, Fraction | None]
) -> None:
    text, evaluated = drawn
    expression = parse(text)
    context = context_of(table)
    result = expression.evaluate(context) if expression.is_condition else expression.amount(context)
    assert result == evaluated(table)


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


CODES = ("A", "B", "C", "D")


def test_a_range_is_every_figure_from_one_to_the_other() -> None:
    expression = parse("sum(A:C)==D").within(CODES)
    assert expression.codes == CODES
    assert expression.evaluate(Context(reported(A=1, B=2, C=4, D=7))) is True
    assert parse("sum(B:B, D)").within(CODES).amount(Context(reported(B=2, D=7))) == 9
    assert parse("sum(A:C)").evaluate(Context(reported(A=1, B=2, C=4))) is None  # before a form has spelled it out


@pytest.mark.parametrize(("tolerance", "holds"), [("0", False), ("0.9", False), ("1", True), ("2", True)])
@pytest.mark.parametrize("text", ["A==B", "A<=B", "not A!=B", "if C>0 then A==B", "C>0 and A<=B", "B>=A"])
def test_a_tolerance_forgives_as_much(text: str, tolerance: str, holds: bool) -> None:
    expression = parse(text).on_terms(Terms(Fraction(tolerance)))
    assert expression.evaluate(Context(reported(A=11, B=10, C=1))) is holds


def test_a_premise_is_taken_strictly() -> None:
    expression = parse("if A==B then C==0").on_terms(Terms(Fraction(5)))
    assert expression.evaluate(Context(reported(A=11, B=10, C=9))) is True


@pytest.mark.parametrize(
    ("blank", "none", "some"),
    [(Blank.SKIP_ANY, None, None), (Blank.SKIP_ALL, None, False), (Blank.AS_ZERO, False, False)],
)
def test_what_blanks_mean_is_said_for_each_side(blank: Blank, none: bool | None, some: bool | None) -> None:
    right, left = Terms(right=blank), Terms(left=blank)
    assert parse("A==B+C").on_terms(right).evaluate(Context(reported(A=3))) is none
    assert parse("A==B+C").on_terms(right).evaluate(Context(reported(A=3, B=1))) is some
    assert parse("A==B+C").on_terms(right).evaluate(Context(reported(B=1, C=1))) is None
    assert parse("B+C==A").on_terms(left).evaluate(Context(reported(A=3))) is none
    assert parse("B+C==A").on_terms(left).evaluate(Context(reported(A=3, C=2))) is some
    assert parse("B+C==LY(A)").on_terms(Terms(right=Blank.AS_ZERO)).evaluate(Context(reported(B=0, C=0))) is True


def test_a_text_is_no_blank() -> None:
    assert (
        parse("A==B").on_terms(Terms(right=Blank.AS_ZERO)).evaluate(Context({**reported(A=0), "B": Value.of("无")}))
        is None
    )


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("if A>0 then B", 13, "a condition"),
        ("1+(if A>0 then B)", 17, '"else"'),
        ("(if A>0 then B else C>1)", 21, "a quantity"),
        ("if A>0 then B>1 else C", 22, "a condition"),
        ("CHILDREN(CW.A)", 10, "an indicator code"),
        ("rows(A)", 6, "the code of a list"),
        ("A+rows", 7, '"("'),
        ("min(A:B,C)", 5, "a quantity"),
        ("CHILDREN", 1, "an indicator code"),
        ("CW.LY(A)", 6, "an operator"),
    ],
)
def test_mistakes_with_what_is_elsewhere(text: str, position: int, expected: str) -> None:
    with pytest.raises(ExpressionInvalid) as caught:
        parse(text)
    assert (caught.value.position, expected in caught.value.expected.en) == (position, True), caught.value


def test_a_figure_is_written_as_it_was_read() -> None:
    for name in FIGURES:
        (reference,) = parse(name).references
        assert str(reference) == name
