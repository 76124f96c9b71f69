"""YAML is read as plain content with lines, and nothing dangerous gets through."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.careful_yaml import MAX_CHARACTERS, dump, load

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(plain)
def test_what_is_written_reads_back_equal(content: object) -> None:
    document = load(dump(content))
    assert document.problems == []
    assert document.content == content


def test_every_key_and_item_has_its_line() -> None:
    document = load("code: FZ\nsheets:\n- code: A\n  name: 甲\n- code: B\n")
    assert document.content == {"code": "FZ", "sheets": [{"code": "A", "name": "甲"}, {"code": "B"}]}
    assert document.lines[("sheets", 0, "name")] == 4
    assert document.lines[("sheets", 1)] == 5


def test_numbers_are_exact_and_nothing_else_is_guessed() -> None:
    text = "[0.10, 12, true, no, 2023-12-31, 1e3, 1_000, 12:30, ~, '3']"
    assert load(text).content == [Decimal("0.10"), 12, True, "no", "2023-12-31", "1e3", "1_000", "12:30", None, "3"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "comes twice"),
        ("a: &x [1]\nb: *x\n", 1, "anchors and aliases"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "tag"),
        ("a: 1\n? [x]\n: 2\n", 2, "must be a word"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a: 1\n--- \nb: 2\n", 2, "not YAML"),
        ("[" * 30, 1, "levels deep"),
        ("a: \x07", 1, "not YAML"),
        ("x" * (MAX_CHARACTERS + 1), 1, "more than"),
    ],
)
def test_what_is_refused(text: str, line: int, problem: str) -> None:
    document = load(text)
    assert document.problems[0][0] == line
    assert problem in document.problems[0][1].en


def test_a_bomb_of_aliases_costs_nothing() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert load(bomb).content is None
