"""Units (单位), their levels and their places in the tree."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Level(StrEnum):
    """Administrative level: a field of a placement, never derived from depth in the tree."""

    PROVINCE = "province"
    CITY = "city"
    UNDIVIDED_CITY = "undivided_city"  # 不设区的市: answers what cities are asked and what districts are
    DISTRICT = "district"
    TOWN = "town"


class NamedLevel(StrEnum):
    """Levels as a form names them; whom it means by them is told by `meant`."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    TOWN = "town"


def stands_among(level: Level, asked: Level) -> bool:
    """Whether units of a level are among those of the level asked for: an undivided city is a city and a district."""
    return level is asked or (level is Level.UNDIVIDED_CITY and asked in {Level.CITY, Level.DISTRICT})


def meant(named: Iterable[NamedLevel]) -> frozenset[Level]:
    """The levels that a form means by those that it names."""
    asked = [Level(each) for each in named]
    return frozenset(level for level in Level if any(stands_among(level, each) for each in asked))


class SuccessionKind(StrEnum):
    """How a unit came out of another."""

    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"


@dataclass(frozen=True)
class Place:
    """Where a unit stands today, as much as rights and keys need.

    Attributes:
        path: codes from the top unit down to this one, joined by dots (the ltree text).
        root_id: id of the top unit, which leads every tenant key.
    """

    id: int
    code: str
    name: str
    level: Level
    path: str
    root_id: int
    name_en: str = ""

    @property
    def parent_path(self) -> str:
        """Path of the superior; empty for a top unit."""
        return self.path.rpartition(".")[0]

    @property
    def depth(self) -> int:
        """1 for a top unit."""
        return self.path.count(".") + 1

    def covers(self, path: str) -> bool:
        """Whether `path` is this unit or one below it."""
        return path == self.path or path.startswith(self.path + ".")


@dataclass(frozen=True)
class Placement:
    """A unit's parent, name and level from a day (inclusive) to a day (exclusive; None: still)."""

    code: str
    parent_code: str
    name: str
    name_en: str
    level: Level
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Succession:
    """`old` gave way to `new` on a day."""

    old_code: str
    new_code: str
    effective_on: date
    kind: SuccessionKind


@dataclass(frozen=True)
class Node:
    """A unit in one published tree, numbered in preorder.

    Attributes:
        lft: preorder number of the unit; descendants lie in lft..rgt, inclusive.
        depth: 0 at the top.
    """

    code: str
    parent_code: str
    name: str
    name_en: str
    level: Level
    lft: int
    rgt: int
    depth: int
