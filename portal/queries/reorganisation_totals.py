"""Which totals a reorganisation would change: by the trees of the periods, and restated to the tree then in force."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.reorganisations import Plan
from portal.domain.rollup import Total
from portal.domain.successions import Departure, Following, Heirs
from portal.domain.trees import change_days, tree_on
from portal.domain.units import Level, Node
from portal.models import Tree, Unit
from portal.queries.ancestors import Targets
from portal.queries.placements import list_placements, list_successions
from portal.queries.rollups.entries import add_entries, entry_amounts
from portal.queries.rollups.parts import Totals, totals_counting
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, list_indicators, list_periods
from portal.queries.units import current_tree, published_tree


@dataclass(frozen=True)
class TotalChange:
    """A roll-up that would be another one; None where there is no number.

    Attributes:
        tree: `reported` by the tree of the period, `current` restated to that of the day of the reorganisation.
    """

    period: str
    unit: str
    indicator: Indicator
    tree: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class _Lines:
    """What the figures of each unit of a period count for, by id.

    Attributes:
        whole: the units whose total has them.
        torn: the units that would have a part of them, nobody knows how large.
        levels: of the units of the period.
    """

    whole: Mapping[int, frozenset[int]]
    torn: Mapping[int, frozenset[int]]
    levels: Mapping[int, Level]

    def figure(
        self, totals: Totals, unit_id: int, indicator: Indicator, entered: Collection[tuple[int, str]]
    ) -> Decimal | None:
        """The number of a unit; none where a part of what it would have, or of what was `entered` there, is torn."""
        for unit, targets in self.torn.items():
            answers = self.levels[unit] in indicator.filled_by or (unit, indicator.code) in entered
            if unit_id in targets and answers:
                return None
        return totals.get((unit_id, indicator.code), Total()).figure(indicator)


def changed_totals(session: Session, actor: Actor, made: Plan, effective_on: date) -> list[TotalChange]:
    """Every total of the actor's tree that would be another one, by period, tree and unit."""
    sides = _Sides(session, made, effective_on)
    found: list[TotalChange] = []
    for period in map(Period.parse, list_periods(session)):
        if period.ends_on >= effective_on:
            found += _changed(session, actor, period, REPORTED_TREE, sides.then(period), sides.codes)
        found += _changed(session, actor, period, CURRENT_TREE, sides.restated(period), sides.codes)
    return found


_BOTH = (0, 1)
"""The sides of a reorganisation: before and after."""


class _Sides:
    """The tree before and after."""

    def __init__(self, session: Session, made: Plan, effective_on: date) -> None:
        everyone, known = list_placements(session), list_successions(session)
        self.placements = (everyone, made.applied(everyone))
        self.successions = (known, [*known, *made.successions])
        self.ids = {code: unit_id for unit_id, code in session.execute(select(Unit.id, Unit.code))}
        # Units that do not exist yet have no id, and no figures of their own.
        new = sorted(made.changed - self.ids.keys())
        self.ids |= {code: -number for number, code in enumerate(new, start=1)}
        self.codes = {unit_id: code for code, unit_id in self.ids.items()}
        today = session.scalars(select(Tree.effective_on).where(Tree.id == current_tree(session))).one()
        self.days = (today, max(today, effective_on))
        self._changes = [change_days(side) for side in self.placements]
        self._tree = cache(lambda side, since: tree_on(self.placements[side], since))
        self.heirs = [self._heirs(side, day) for side, day in zip(_BOTH, self.days, strict=True)]

    def then(self, period: Period) -> list[_Lines]:
        """By the tree of a period."""
        return [_Lines(self._above(side, period.ends_on), {}, self._levels(side, period)) for side in _BOTH]

    def restated(self, period: Period) -> list[_Lines]:
        """By the tree in force."""
        found = []
        for side, day, heirs in zip(_BOTH, self.days, self.heirs, strict=True):
            above, levels = self._above(side, day), self._levels(side, period)
            several = {unit: [above[heir] for heir in heirs.after(unit, period.ends_on)] for unit in levels}
            whole = {unit: frozenset.intersection(*lines) for unit, lines in several.items() if lines}
            torn = {unit: frozenset[int]().union(*several[unit]) - line for unit, line in whole.items()}
            found.append(_Lines(whole, {unit: parts for unit, parts in torn.items() if parts}, levels))
        return found

    def _above(self, side: int, day: date) -> dict[int, frozenset[int]]:
        """Each unit and all above it."""
        lines: dict[str, frozenset[int]] = defaultdict(frozenset)
        for node in self._nodes(side, day):
            lines[node.code] = lines[node.parent_code] | {self.ids[node.code]}
        return {self.ids[code]: line for code, line in lines.items() if code}

    def _nodes(self, side: int, day: date) -> Sequence[Node]:
        """The tree of a day; it is that of every day until the next change."""
        return self._tree(side, max((each for each in self._changes[side] if each <= day), default=day))

    def _levels(self, side: int, period: Period) -> dict[int, Level]:
        return {self.ids[node.code]: node.level for node in self._nodes(side, period.ends_on)}

    def _heirs(self, side: int, day: date) -> Heirs:
        followings = [
            Following(self.ids[each.old_code], self.ids[each.new_code], each.effective_on)
            for each in self.successions[side]
        ]
        ended = sorted(
            (each.valid_to, each.code, each.parent_code) for each in self.placements[side] if each.valid_to is not None
        )
        departures = {self.ids[code]: Departure(self.ids.get(parent), on) for on, code, parent in ended}
        return Heirs(followings, departures, self._above(side, day).keys(), day)


def _changed(
    session: Session, actor: Actor, period: Period, tree: str, sides: Sequence[_Lines], codes: Mapping[int, str]
) -> list[TotalChange]:
    """The totals of a period that would be others."""
    before, after = sides
    changed: set[int] = set()
    for one, other in ((before.whole, after.whole), (before.torn, after.torn)):
        for unit in one.keys() | other.keys():
            changed |= one.get(unit, frozenset()) ^ other.get(unit, frozenset())
    if not changed:
        return []
    root_id = actor.place.root_id
    entries = entry_amounts(session, root_id, period)
    entered = {(each.unit_id, each.indicator) for each in entries}
    numbers, tree_then = [], published_tree(session, period)
    for side in sides:
        inside = {unit: line & changed for unit, line in side.whole.items() if line & changed}
        counting = _counting(inside)
        totals = totals_counting(session, root_id, {period: (tree_then, counting)}, None)[period]
        add_entries(totals, entries, counting)
        numbers.append(totals)
    indicators = list_indicators(session, actor.place, period)
    found = []
    for unit_id in sorted(changed, key=lambda each: codes[each]):
        for indicator in indicators:
            old, new = (side.figure(one, unit_id, indicator, entered) for side, one in zip(sides, numbers, strict=True))
            if old != new:
                found.append(TotalChange(str(period), codes[unit_id], indicator, tree, old, new))
    return found


def _counting(inside: Mapping[int, frozenset[int]]) -> Targets:
    return lambda unit_id: inside.get(unit_id, frozenset())
