"""From placements to trees: numbered in preorder, changed on the right days."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.trees import change_days, problems_of_tree, tree_on
from portal.domain.units import Level, Placement

START, CHANGE = date(2000, 1, 1), date(2012, 12, 17)


def placement(code: str, parent: str, valid_from: date = START, valid_to: date | None = None) -> Placement:
    return Placement(code, parent, code, code, Level.DISTRICT, valid_from, valid_to)


@st.composite
def forests(draw) -> list[Placement]:
    size = draw(st.integers(1, 30))
    parents = [draw(st.integers(-1, number - 1)) for number in range(size)]
    return [placement(f"u{number}", f"u{parent}" if parent >= 0 else "") for number, parent in enumerate(parents)]


@given(forests())
def test_preorder_numbers_enclose_exactly_the_descendants(placements: list[Placement]) -> None:
    nodes = {node.code: node for node in tree_on(placements, START)}
    assert len(nodes) == len(placements)
    for node in nodes.values():
        above, parent = set(), node.parent_code
        while parent:
            above.add(parent)
            parent = nodes[parent].parent_code
        enclosing = {other.code for other in nodes.values() if other.lft <= node.lft <= other.rgt}
        assert enclosing == above | {node.code}
        assert node.depth == len(above)


def test_a_rename_changes_the_tree_on_its_day() -> None:
    placements = [
        placement("441800", ""),
        placement("441827", "441800", START, CHANGE),
        placement("441803", "441800", CHANGE),
    ]
    assert change_days(placements) == [START, CHANGE]
    assert [node.code for node in tree_on(placements, date(2012, 12, 16))] == ["441800", "441827"]
    assert [node.code for node in tree_on(placements, CHANGE)] == ["441800", "441803"]


def test_a_unit_under_nobody_and_a_circle_are_found() -> None:
    placements = [placement("a", ""), placement("b", "gone"), placement("c", "d"), placement("d", "c")]
    assert problems_of_tree(placements, START) == ["b", "c", "d"]
