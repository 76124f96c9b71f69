"""Levels of units in a form file."""

from dataclasses import dataclass
from enum import StrEnum

from portal.domain.careful_yaml import Plain, PlainPath
from portal.domain.record_kinds import AnyOf, Mistakes
from portal.domain.units import Level, NamedLevel, meant


@dataclass(frozen=True)
class Levels(AnyOf):
    """The levels that a form means; those that it names are written."""

    words: type[StrEnum] = NamedLevel

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> frozenset[Level]:
        """A list of words."""
        return meant(map(NamedLevel, super().read(content, path, mistakes)))
