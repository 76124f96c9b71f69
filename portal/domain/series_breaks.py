"""Where a series of a unit's figures breaks, because what is below the unit is not what it was before."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class BreakKind(StrEnum):
    """What happened to a unit that counted before or counts from then on."""

    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    NEW = "new"
    DISSOLVE = "dissolve"


@dataclass(frozen=True)
class Spot:
    """Where a unit stands in a tree: descendants lie in `lft` to `rgt`, the unit itself included."""

    parent: int | None
    lft: int
    rgt: int


Spots = Mapping[int, Spot]
"""A tree, by unit."""


@dataclass(frozen=True)
class Break:
    """Why figures from one tree on cannot be held against those before.

    Attributes:
        unit: what happened to it.
        others: the units that it became, or the superiors that it left and came to.
    """

    kind: BreakKind
    unit: int
    others: tuple[int, ...] = ()


def list_changes(
    before: Spots, after: Spots, heirs: Callable[[int], Collection[int]], followed: Mapping[int, BreakKind]
) -> list[Break]:
    """Everything that is different in another tree; what goes along with its superior is not named.

    Args:
        before: the one tree.
        after: the other.
        heirs: the units of `after` that stand where one of `before` stood.
        followed: the units that gave way to others in between, and how.
    """
    found = [Break(kind, unit, tuple(sorted(heirs(unit)))) for unit, kind in followed.items() if unit in before]
    for unit in before.keys() & after.keys() - followed.keys():
        old, new = before[unit].parent, after[unit].parent
        if old != new:
            found.append(Break(BreakKind.MOVE, unit, tuple(each for each in (old, new) if each is not None)))
    found += [Break(BreakKind.DISSOLVE, unit) for unit in before.keys() - after.keys() - followed.keys()]
    came = after.keys() - before.keys() - {other for each in found for other in each.others}
    found += [Break(BreakKind.NEW, unit) for unit in came]
    return sorted(found, key=lambda each: (each.kind, each.unit))


def find_breaks(top: int, before: Spots, after: Spots, changes: Iterable[Break]) -> list[Break]:
    """Which of the changes separate a unit's figures by one tree from those by the other.

    None does where the same units count, under whatever names and however divided among each other.
    """

    def separates(change: Break) -> bool:
        was = _is_within(before, top, change.unit)
        match change.kind:
            case BreakKind.NEW:
                return top in before and _is_within(after, top, change.unit)
            case BreakKind.DISSOLVE:
                return was
            case BreakKind.MOVE:
                return was != _is_within(after, top, change.unit)
            case _:
                return any(was != _is_within(after, top, other) for other in change.others)

    return [change for change in changes if separates(change)]


def names_of(breaks: Iterable[Break]) -> set[int]:
    """Every unit that is to be named."""
    return {unit for each in breaks for unit in (each.unit, *each.others)}


def _is_within(tree: Spots, top: int, unit: int) -> bool:
    if top not in tree or unit not in tree:
        return False
    return tree[top].lft <= tree[unit].lft <= tree[top].rgt
