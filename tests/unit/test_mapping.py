"""From one version of a form to the next: what is carried, what breaks, and what the file must say."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.form_file import read_form, write_form
from portal.domain.forms import FormVersion
from portal.domain.mapping import carried_over, origins, origins_through
from portal.domain.values import MISSING, NOT_APPLICABLE, Value
from portal.errors import FormInvalid

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


def test_where_each_indicator_comes_from() -> None:
    found = {code: origins(SECOND, code) for code in SECOND.codes}
    assert found == {"A": ("A",), "K": ("B",), "M": ("C", "D"), "P": (), "Q": (), "N": ()}
    assert origins_through([THIRD, SECOND], "X") == ("B", "C", "D")
    assert origins_through([THIRD, SECOND], "Z") == ()
    assert origins_through([], "A") == ("A",)


def test_figures_are_carried_where_that_is_exact() -> None:
    values = {code: Value.of(at) for at, code in enumerate("ABCDEF", start=1)}
    assert carried_over([SECOND], values) == {"A": Value.of(1), "K": Value.of(2), "M": Value.of(7)}
    assert carried_over([THIRD, SECOND], values) == {"A": Value.of(1), "X": Value.of(9)}
    assert carried_over([], values) == values


@pytest.mark.parametrize(
    ("one", "other", "total"),
    [
        (Value.of(3), MISSING, MISSING),
        (Value.of(3), NOT_APPLICABLE, Value.of(3)),
        (NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE),
        (Value.of(3, approximate=True), Value.of(4), Value.of(7, approximate=True)),
    ],
)
def test_a_sum_of_what_is_not_all_there_is_none(one: Value, other: Value, total: Value) -> None:
    assert carried_over([SECOND], {"C": one, "D": other})["M"] == total


def test_what_does_not_add_up_is_not_carried() -> None:
    text = write_form(SECOND).replace("{code: M, name: 数, unit: 件, type: count, roll_up: sum}",
                                      "{code: M, name: 数, unit: 件, type: count, roll_up: none}")  # fmt: skip
    assert origins(read_form(text), "M") == ()


@given(st.lists(st.sampled_from("ABCDEF"), unique=True))
def test_a_version_that_changes_nothing_carries_everything(codes: list[str]) -> None:
    values = {code: Value.of(1) for code in codes}
    assert carried_over([form(2, "ABCDEF", before=FIRST)], values) == values


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
