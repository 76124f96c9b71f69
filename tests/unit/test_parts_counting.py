"""Of which rows a reading by another tree is made: stored roll-ups wherever everything below a unit goes one way."""

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.trees import tree_on
from portal.domain.units import Level, Placement
from portal.queries.rollups.parts import parts_counting
from portal.queries.units import PublishedTree, UnitRow

SOME_DAY = date(2023, 12, 31)
TODAY = [100, 200]
"""Ids of units of today that are asked about."""


def tree_of(superiors: list[int]) -> PublishedTree:
    """Unit 0 is the top one; unit n stands below the one that `superiors[n - 1]` says, who comes before it."""
    placed = [Placement("0", "", "", "", Level.PROVINCE, date.min)]
    placed += [
        Placement(str(number), str(superior % number), "", "", Level.CITY, date.min)
        for number, superior in enumerate(superiors, start=1)
    ]
    nodes = tree_on(placed, SOME_DAY)
    first = nodes[0].lft
    units = [
        UnitRow(int(each.code), each.code, "", "", each.level, each.parent_code, "", 0, each.depth, each.rgt > each.lft)
        for each in nodes
    ]
    ends = [each.rgt - first + 1 for each in nodes]
    return PublishedTree(1, units, ends, {unit.code: place for place, unit in enumerate(units)})


trees = st.lists(st.integers(0, 50), max_size=25).map(tree_of)
ways = st.sampled_from([frozenset(), frozenset({100}), frozenset({200}), frozenset(TODAY)])


@given(tree=trees, data=st.data())
def test_every_figure_counts_where_it_should_and_once(tree: PublishedTree, data: st.DataObject) -> None:
    counted = {unit.id: data.draw(ways) for unit in tree.units}
    parts = parts_counting(tree, counted.__getitem__)
    found = {each: Counter[int]() for each in TODAY}
    for unit_id, targets in parts.stored.items():
        for target in targets:
            found[target].update(each.id for each in tree.under(str(unit_id)))
    for unit_id, targets in parts.observed.items():
        for target in targets:
            found[target][unit_id] += 1
    assert found == {each: Counter(unit for unit, way in counted.items() if each in way) for each in TODAY}


@given(tree=trees)
def test_of_a_tree_that_stayed_as_it_was_nothing_below_the_cities_is_read(tree: PublishedTree) -> None:
    parts = parts_counting(tree, lambda _unit_id: [100])
    cities = {unit.id for unit in tree.units if unit.depth == 1}
    assert parts.stored.keys() | parts.observed.keys() == cities | {0}
    assert all(tree.get(str(unit_id)).has_children and unit_id for unit_id in parts.stored)
