"""Who stands today where a unit stood: what figures of units that are gone count for in another tree."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache


@dataclass(frozen=True)
class Following:
    """`old` gave way to `new` on a day, by the ids that figures go by. Of a split unit that lives on, both are one."""

    old: int
    new: int
    effective_on: date


@dataclass(frozen=True)
class Departure:
    """A unit left the tree on a day; `parent` was its superior until then, None for a top unit."""

    parent: int | None
    on: date


class Heirs:
    """The units of a tree that stand where units of an earlier one stood."""

    def __init__(
        self,
        followings: Iterable[Following],
        departures: Mapping[int, Departure],
        living: Collection[int],
        until: date,
    ) -> None:
        """Take what is known.

        Args:
            followings: every succession.
            departures: by unit, for those that have left the tree for good.
            living: the units of the tree that is asked about.
            until: the day of that tree; what happens later is not looked at.
        """
        self._steps: dict[int, dict[date, set[int]]] = defaultdict(lambda: defaultdict(set))
        for each in followings:
            if each.effective_on <= until:
                self._steps[each.old][each.effective_on].add(each.new)
        self._departures = departures
        self._living = frozenset(living)
        self.after = cache(self._after)

    def _after(self, unit: int, day: date) -> frozenset[int]:
        """Where figures of the unit as it was on that day belong.

        Several units: it was split, and its figures are theirs together. A unit that is gone without successor
        leaves its figures to its last superior, so that they are in every total above.
        """
        steps = self._steps.get(unit, {})
        next_day = min((each for each in steps if each > day), default=None)
        if next_day is not None:
            return frozenset[int]().union(*(self.after(new, next_day) for new in steps[next_day]))
        if unit in self._living:
            return frozenset({unit})
        gone = self._departures.get(unit)
        return self.after(gone.parent, max(day, gone.on)) if gone and gone.parent is not None else frozenset()
