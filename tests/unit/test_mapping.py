"""From one version of a form to the next: what is carried, what breaks, and what the file must say."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.expressions import decimal_of
from portal.domain.form_file import read_form, write_form
from portal.domain.forms import Change, ChangeKind, FormVersion
from portal.domain.mapping import Term, broken, carried_over, changes_of, terms, value_across
from portal.domain.values import MISSING, NOT_APPLICABLE, Value
from portal.errors import FormInvalid, InvalidInput

COUNTS = "  - {{code: {}, name: 数, unit: 件, type: count, roll_up: sum}}\n"


def written(number: int, codes: str, mapping: str = "") -> str:
    indicators = "".join(COUNTS.format(code) for code in codes)
    text = f"code: V\nnumber: {number}\nname: 版本\nperiod: year\nlevels: [city]\nsheets:\n- code: V1\n  name: 表\n"
    return f"{text}  indicators:\n{indicators}{mapping and 'mapping:' + mapping}"


def form(number: int, codes: str, mapping: str = "", before: FormVersion | None = None) -> FormVersion:
    return read_form(written(number, codes, mapping), lambda _: before)


FIRST = form(1, "ABCDEF")
MAPPING = """
- {how: renamed, old: [B], new: [K]}
- {how: merged, old: [C, D], new: [M]}
- {how: split, old: [E], new: [P, Q]}
- {how: new, new: [N]}
- {how: dropped, old: [F]}
"""
SECOND = form(2, "AKMPQN", MAPPING, FIRST)
THIRD = form(3, "AXZ", "\n- {how: merged, old: [K, M], new: [X]}\n- {how: renamed, old: [P], new: [Z]}\n"
             "- {how: dropped, old: [Q, N]}\n", SECOND)  # fmt: skip


def codes(way: list[FormVersion], code: str) -> tuple[str, ...]:
    return tuple(each.code for each in terms(way, code))


def test_where_each_indicator_comes_from() -> None:
    found = {code: codes([SECOND, FIRST], code) for code in SECOND.codes}
    assert found == {"A": ("A",), "K": ("B",), "M": ("C", "D"), "P": (), "Q": (), "N": ()}
    assert codes([THIRD, SECOND, FIRST], "X") == ("B", "C", "D")
    assert codes([THIRD, SECOND, FIRST], "Z") == ()
    assert codes([THIRD], "A") == ("A",)
    assert codes([THIRD], "B") == ()
    assert broken([THIRD, SECOND, FIRST]) == {"Z"}


def test_what_became_of_each_indicator() -> None:
    found = {code: codes([FIRST, SECOND], code) for code in FIRST.codes}
    assert found == {"A": ("A",), "B": ("K",), "C": (), "D": (), "E": ("P", "Q"), "F": ()}
    assert codes([FIRST, SECOND, THIRD], "E") == ()  # Q is dropped
    assert value_across([FIRST, SECOND], "E", {"P": Value.of(2), "Q": Value.of(3)}) == Value.of(5)


def test_figures_are_carried_where_that_is_exact() -> None:
    values = {code: Value.of(at) for at, code in enumerate("ABCDEF", start=1)}
    assert carried_over([SECOND, FIRST], values) == {"A": Value.of(1), "K": Value.of(2), "M": Value.of(7)}
    assert carried_over([THIRD, SECOND, FIRST], values) == {"A": Value.of(1), "X": Value.of(9)}
    assert carried_over([SECOND], values) == values


@pytest.mark.parametrize(
    ("one", "other", "total"),
    [
        (Value.of(3), MISSING, MISSING),
        (Value.of(3), NOT_APPLICABLE, Value.of(3)),
        (NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE),
        (Value.of(3, approximate=True), Value.of(4), Value.of(7, approximate=True)),
        (Value.of(10**29 + 1), Value.of(Decimal("0.01")), Value.of(Decimal(f"{10**29 + 1}.01"))),
    ],
)
def test_a_sum_of_what_is_not_all_there_is_none(one: Value, other: Value, total: Value) -> None:
    assert carried_over([SECOND, FIRST], {"C": one, "D": other})["M"] == total


@pytest.mark.parametrize("code", ["M", "C"])
def test_what_does_not_add_up_is_not_carried(code: str) -> None:
    """Neither into a sum that is none, nor out of a part that is not added up."""
    old = f"{{code: {code}, name: 数, unit: 件, type: count, roll_up: sum}}"
    first, second = (read_form(write_form(each).replace(old, old.replace("sum", "none"))) for each in (FIRST, SECOND))
    assert codes([second, first], "M") == ()


@pytest.mark.parametrize(
    ("unit", "then", "factor"),
    [
        ("万元", "元", Fraction(1, 10_000)),
        ("元", "亿元", 100_000_000),
        ("个", "家", 1),
        ("元/人·年", "元/人·月", 12),
        ("%", "‰", Fraction(1, 10)),
        ("件", "人", None),
        ("元", "人", None),
    ],
)
def test_another_unit_of_measure_is_converted_or_breaks_the_series(
    unit: str, then: str, factor: Fraction | None
) -> None:
    first, second = (
        read_form(written(number, "AB", "").replace("unit: 件", f"unit: '{each}'"))
        for number, each in ((1, then), (2, unit))
    )
    expected = () if factor is None else (Term("A", Fraction(factor)),)
    assert terms([second, first], "A") == expected
    value = Value.of(Decimal("12.5"), note="注", approximate=True)
    carried = value_across([second, first], "A", {"A": value})
    assert carried == (None if factor is None else replace(value, number=decimal_of(Fraction("12.5") * factor)))


def test_a_number_that_becomes_a_text_breaks_the_series() -> None:
    text = write_form(form(2, "ABCDEF", before=FIRST)).replace(
        "{code: A, name: 数, unit: 件, type: count, roll_up: sum}",
        "{code: A, name: 数, unit: 件, type: text, roll_up: none}",
    )
    assert codes([read_form(text), FIRST], "A") == ()


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[FormVersion], dict[str, dict[str, Decimal]]]:
    """Versions, oldest first, and what every indicator of each comes to, kept by an independent model.

    The model follows single facts: each belongs to one indicator of every version, or to none. Of an indicator that
    is new, or that something new went into, the first version tells nothing (None).
    """
    facts = {f"A{number}": Decimal(draw(st.integers(-9, 9))) for number in range(draw(st.integers(2, 6)))}
    holders: dict[str, set[str] | None] = {code: {code} for code in facts}
    versions = [form_of(1, list(holders), [])]
    tables = [_totals(facts, holders)]
    names = (f"B{number}" for number in range(100))
    for number in range(2, 2 + draw(st.integers(1, 3))):
        changes, after = [], {}
        left = list(holders)
        while left:
            code = left.pop(0)
            how = draw(st.sampled_from(["same", "renamed", "merged", "dropped"]))
            if how == "merged" and not left:
                how = "same"
            if how == "same":
                after[code] = holders[code]
            elif how == "renamed":
                new = next(names)
                changes.append(Change(ChangeKind.RENAMED, (code,), (new,)))
                after[new] = holders[code]
            elif how == "merged":
                other, new = left.pop(0), next(names)
                changes.append(Change(ChangeKind.MERGED, (code, other), (new,)))
                one, two = holders[code], holders[other]
                after[new] = None if one is None or two is None else one | two
            else:
                changes.append(Change(ChangeKind.DROPPED, (code,)))
        new = next(names)
        changes.append(Change(ChangeKind.NEW, new=(new,)))
        after[new] = None
        holders = after
        versions.append(form_of(number, list(holders), changes))
        tables.append(_totals(facts, holders))
    return versions, dict(zip(map(str, range(1, len(versions) + 1)), tables, strict=True))


def _totals(facts: dict[str, Decimal], holders: dict[str, set[str] | None]) -> dict[str, Decimal]:
    return {code: sum((facts[each] for each in held), Decimal(0)) for code, held in holders.items() if held is not None}


def form_of(number: int, listed: list[str], changes: list[Change]) -> FormVersion:
    indicators = tuple(replace(FIRST.indicator("A"), code=code) for code in listed)
    sheets = (replace(FIRST.sheets[0], listed=indicators),)
    return replace(FIRST, number=number, sheets=sheets, mapping=tuple(changes))


@given(histories())
def test_figures_of_the_first_version_reach_every_later_one(
    history: tuple[list[FormVersion], dict[str, dict[str, Decimal]]],
) -> None:
    versions, tables = history
    first = {code: Value.of(number) for code, number in tables["1"].items()}
    for at in range(1, len(versions)):
        carried = carried_over(versions[at::-1], first)
        assert {code: value.number for code, value in carried.items()} == tables[str(at + 1)]


@given(histories())
def test_what_was_only_renamed_comes_back_the_same(
    history: tuple[list[FormVersion], dict[str, dict[str, Decimal]]],
) -> None:
    versions, _tables = history
    for code in versions[0].codes:
        there = terms(versions, code)
        for each in there:
            back = terms(versions[::-1], each.code)
            assert [term.code for term in back] == [code]


@given(st.lists(st.sampled_from("ABCDEF"), unique=True))
def test_a_version_that_changes_nothing_carries_everything(codes: list[str]) -> None:
    values = {code: Value.of(1) for code in codes}
    assert carried_over([form(2, "ABCDEF", before=FIRST), FIRST], values) == values


@pytest.mark.parametrize(
    ("successors", "changes"),
    [
        ({}, ["new K M", "dropped B C"]),
        ({"B": ["K"]}, ["renamed B > K", "new M", "dropped C"]),
        ({"B": ["K"], "C": ["K"]}, ["merged B C > K", "new M"]),
        ({"B": ["K", "M"]}, ["split B > K M", "dropped C"]),
        ({"B": ["A"]}, ["merged A B > A", "new K M", "dropped C"]),
    ],
)
def test_changes_are_told_by_what_took_whose_place(successors: dict[str, list[str]], changes: list[str]) -> None:
    found = changes_of(successors, ["K", "M"], ["B", "C"])

    def said(change: Change) -> str:
        return " ".join([change.how, *change.old, *([">"] if change.old and change.new else []), *change.new])

    assert [said(each) for each in found] == changes


@pytest.mark.parametrize("successors", [{"B": ["K", "M"], "C": ["K"]}, {"B": ["K", "M"], "C": ["K", "M"]}])
def test_several_into_several_tells_nobody_what_became_of_which(successors: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidInput, match="tangled"):
        changes_of(successors, ["K", "M"], ["B", "C"])


@pytest.mark.parametrize(
    ("change", "line", "problem"),
    [
        (lambda text: text.replace("old: [B]", "old: [B, Z]"), 17, "wrong number"),
        (lambda text: text.replace("old: [F]", "old: [Z]"), 21, 'no indicator "Z"'),
        (lambda text: text.replace("old: [F]", "old: [A]"), 21, '"A" is still there'),
        (lambda text: text.replace("new: [K]", "new: [L]"), 17, 'no indicator "L"'),
        (lambda text: text.replace("new: [N]", "new: [N, K]"), 20, '"K" comes twice'),
        (lambda text: text.replace("- {how: dropped, old: [F]}\n", ""), 16, '"F" of version 1 is gone'),
        (lambda text: text.replace("- {how: new, new: [N]}\n", ""), 16, '"N" is not in version 1'),
    ],
)
def test_a_mapping_that_leaves_something_out_has_its_line(
    change: Callable[[str], str], line: int, problem: str
) -> None:
    text = change(written(2, "AKMPQN", MAPPING))
    with pytest.raises(FormInvalid) as caught:
        read_form(text, lambda _: FIRST)
    assert any(f"(line {line})" in each and problem in each for each in caught.value.problems), caught.value.problems


def test_a_form_with_a_mapping_reads_back_equal() -> None:
    assert read_form(write_form(SECOND), lambda _: FIRST) == SECOND
