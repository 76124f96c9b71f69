"""The profile: how large made-up figures are, and which of them hang together, read from `profile.yaml`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from portal.demo.chance import chance
from portal.demo.ways import Choice, DemoUnit, Equal, Share, Typical, Way
from portal.domain.units import Level

_SIZE_SPREAD = {
    Level.PROVINCE: 0.2, Level.CITY: 0.35, Level.UNDIVIDED_CITY: 0.35, Level.DISTRICT: 0.45, Level.TOWN: 0.45
}  # fmt: skip
_SIZE_LIMITS = (0.35, 2.6)
_DISTRICTS_IN_ONE = 5
"""How many districts of middling size a city without any would have."""


@dataclass(frozen=True)
class Remark:
    """What is said beside a figure, in some submissions; `as_of` is month and day of the period's year."""

    code: str
    odds: float
    note: str = ""
    approximate: bool = False
    as_of: str = ""


@dataclass(frozen=True)
class Told:
    """The reason a unit gave for a finding."""

    finding: str
    indicator: str
    reason: str
    words: str
    rule: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The finding, as `Finding.key` names it."""
        return self.finding, self.rule, self.indicator


@dataclass(frozen=True)
class Story:
    """Figures of one submission that are out of the ordinary, and what was said about the findings that follow."""

    figures: Mapping[str, Way]
    explained: tuple[Told, ...] = ()


NO_STORY = Story({})


@dataclass(frozen=True)
class Profile:
    """The content of `profile.yaml`; codes of units may be cut short where a whole place is meant."""

    figures: Mapping[str, Way]
    sizes: Mapping[str, float]
    places: Mapping[str, Mapping[str, float]]
    not_applicable: tuple[tuple[frozenset[str], tuple[str, ...]], ...]
    left_blank: tuple[tuple[frozenset[str], float], ...]
    remarks: tuple[Remark, ...]
    units: Mapping[str, Mapping[str, Way]]
    stories: Mapping[tuple[str, int], Story]

    def unit(self, code: str, parent_code: str, level: Level) -> DemoUnit:
        """The unit with its size."""
        low, high = _SIZE_LIMITS
        drawn = min(max(chance(code, "size").lognormvariate(0, _SIZE_SPREAD[level]), low), high)
        return DemoUnit(code, parent_code, level, self.sizes.get(code, drawn))

    def ways(self, unit: DemoUnit, year: int) -> Iterator[tuple[str, Way]]:
        """How each figure of a submission comes about, in the order of drawing; what is left blank is left out."""
        story = self.stories.get((unit.code, year), NO_STORY)
        special = {**self.units.get(unit.code, {}), **story.figures}
        blank = self._blank(unit)
        for code, way in self.figures.items():
            if code in special:
                yield code, special[code]
            elif code not in blank:
                yield code, way

    def inapplicable(self, unit: DemoUnit) -> frozenset[str]:
        """The indicators that the unit has no business with."""
        found = (codes for codes, places in self.not_applicable if unit.code.startswith(places))
        return frozenset().union(*found)

    def local(self, unit: DemoUnit, code: str) -> float | None:
        """The number that goes before the typical one where the unit is; the narrowest place decides."""
        places = (place for place, numbers in self.places.items() if code in numbers and unit.code.startswith(place))
        narrowest = max(places, key=len, default=None)
        return None if narrowest is None else self.places[narrowest][code]

    def _blank(self, unit: DemoUnit) -> frozenset[str]:
        throw = chance(unit.code, "blank")
        found = (codes for codes, odds in self.left_blank if throw.random() < odds)
        return frozenset().union(*found)


@lru_cache(maxsize=1)
def read_profile() -> Profile:
    """The profile of form FZ."""
    content = yaml.safe_load(files("portal.demo").joinpath("profile.yaml").read_text(encoding="utf-8"))
    return Profile(
        figures={code: _way(entry) for code, entry in content["figures"].items()},
        sizes=content["sizes"],
        places=content["places"],
        not_applicable=tuple((frozenset(e["codes"]), tuple(e["units"])) for e in content["not_applicable"]),
        left_blank=tuple((frozenset(e["codes"]), e["odds"]) for e in content["left_blank"]),
        remarks=tuple(Remark(**entry) for entry in content["remarks"]),
        units={
            unit: {code: _way(entry) for code, entry in figures.items()} for unit, figures in content["units"].items()
        },
        stories={(entry["unit"], entry["year"]): _story(entry) for entry in content["stories"]},
    )


def _way(entry: dict[str, Any] | float | str) -> Way:
    if isinstance(entry, str):
        return Equal(entry)
    if not isinstance(entry, dict):
        return Typical(dict.fromkeys(Level, entry), spread=0)
    parameters = dict(entry)
    if "first" in parameters:
        parameters["first"] = _way(parameters["first"])
    if "step" in parameters:
        parameters["step"] = Decimal(str(parameters["step"]))
    if "typical" in parameters:
        parameters["typical"] = _typical(parameters["typical"], parameters.get("size", 0))
        return Typical(**parameters)
    if "share_of" in parameters:
        low, high = parameters.pop("share")
        return Share(**parameters, share=(low, high))
    return Equal(**parameters) if "equals" in parameters else Choice(**parameters)


def _typical(told: Mapping[str, float], size: float) -> dict[Level, float]:
    """By level; a city without districts is as others are and, in what only districts tell, as several of these."""
    numbers = {Level(level): number for level, number in told.items()}
    of_city = numbers.get(Level.CITY, numbers.get(Level.DISTRICT, 0) * _DISTRICTS_IN_ONE**size)
    return {Level.UNDIVIDED_CITY: of_city} | numbers


def _story(entry: dict[str, Any]) -> Story:
    figures = {code: _way(text) for code, text in entry["figures"].items()}
    return Story(figures, tuple(Told(**told) for told in entry.get("explained", [])))
