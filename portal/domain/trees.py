"""From placements to the tree of a day: built, numbered in preorder, and checked."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from portal.domain.units import Level, Node, Placement

_DEPTH_LIMIT = 20


def change_days(placements: Iterable[Placement]) -> list[date]:
    """The days on which the tree differs from the day before, in order."""
    days = set()
    for placement in placements:
        days.add(placement.valid_from)
        if placement.valid_to is not None:
            days.add(placement.valid_to)
    return sorted(days)


def valid_on(placement: Placement, day: date) -> bool:
    """Whether a placement holds on a day."""
    return placement.valid_from <= day and (placement.valid_to is None or day < placement.valid_to)


def tree_on(placements: Iterable[Placement], day: date) -> list[Node]:
    """The tree as of a day, in preorder; siblings by code."""
    living = {each.code: each for each in placements if valid_on(each, day)}
    children: dict[str, list[str]] = defaultdict(list)
    for code in sorted(living):
        children[living[code].parent_code].append(code)
    nodes: list[Node] = []
    for root in children[""]:
        _number(root, 0, living, children, nodes)
    return nodes


def tops_on(placements: Iterable[Placement], day: date) -> dict[str, str]:
    """By code, the top unit of each unit of a day."""
    tops: dict[str, str] = {}
    for node in tree_on(placements, day):
        tops[node.code] = tops.get(node.parent_code, node.code)
    return tops


def problems_of_tree(placements: Iterable[Placement], day: date) -> list[str]:
    """Units that hang nowhere on a day: their parent does not exist then, or they are their own ancestor."""
    everyone = list(placements)
    living = {each.code for each in everyone if valid_on(each, day)}
    placed = {node.code for node in tree_on(everyone, day)}
    return sorted(living - placed)


def divided_cities(placements: Iterable[Placement], day: date) -> dict[str, list[str]]:
    """Cities without districts that have some on a day, with these: what is asked of districts would count twice."""
    nodes = tree_on(placements, day)
    undivided = {node.code for node in nodes if node.level is Level.UNDIVIDED_CITY}
    found: dict[str, list[str]] = defaultdict(list)
    for node in nodes:
        if node.level is Level.DISTRICT and node.parent_code in undivided:
            found[node.parent_code].append(node.code)
    return dict(found)


def paths_on(placements: Iterable[Placement], day: date) -> dict[str, str]:
    """By code, the codes from the top unit down to each unit, joined by dots.

    A unit that is gone stands where its last superior stands now, because its rows stay readable there; one that is
    still to come, where it will stand first.
    """
    everyone = list(placements)
    above: dict[str, str] = {}
    for each in sorted(everyone, key=lambda placement: placement.valid_from):
        if each.valid_from <= day or each.code not in above:
            above[each.code] = each.parent_code
    paths: dict[str, str] = {"": ""}

    def path(code: str) -> str:
        if code not in paths:
            paths[code] = f"{path(above[code])}.{code}".removeprefix(".")
        return paths[code]

    return {code: path(code) for code in above}


def _number(
    code: str, depth: int, living: dict[str, Placement], children: dict[str, list[str]], nodes: list[Node]
) -> None:
    if depth > _DEPTH_LIMIT:
        return
    at = len(nodes)
    place = living[code]
    lft = at + 1
    nodes.append(Node(code, place.parent_code, place.name, place.name_en, place.level, lft, lft, depth))
    for child in children[code]:
        _number(child, depth + 1, living, children, nodes)
    if children[code]:
        nodes[at] = replace(nodes[at], rgt=len(nodes))
