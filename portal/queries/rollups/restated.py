"""Restating a period to today's tree: for which units of today a unit of then counts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.successions import Departure, Following, Heirs
from portal.domain.units import Level
from portal.models import Placement, Succession, Tree
from portal.queries.ancestors import Targets
from portal.queries.units import PublishedTree, UnitRow, published_tree, published_trees


@dataclass(frozen=True)
class Restated:
    """For which of the units asked about a unit of the period counts today.

    Figures of merged and renamed units count for their successor. What a split unit reported belongs to none of its
    parts: it counts only for the units above all of them.

    Attributes:
        counted: the units that its figures are in as a whole.
        torn: by unit, the split ones that it would have a part of, nobody knows how large.
        tree: that of the period.
    """

    counted: Targets
    torn: Mapping[int, Sequence["Torn"]]
    tree: PublishedTree

    def torn_by(
        self, unit: UnitRow, indicator: Indicator, entered: Collection[tuple[int, str]] = ()
    ) -> tuple[str, ...]:
        """Codes of the split units whose answers to the indicator cannot be told apart for the unit.

        Nor can what was `entered` into their roll-ups, named by unit id and indicator, whether they answer it or not.
        """
        return tuple(
            each.code
            for each in self.torn.get(unit.id, ())
            if each.level in indicator.filled_by or (each.id, indicator.code) in entered
        )


@dataclass(frozen=True)
class Torn:
    """A unit of the period that was split since, and its level then."""

    id: int
    code: str
    level: Level


def restate(session: Session, period: Period, units: Iterable[UnitRow]) -> Restated:
    """The units of today's tree that figures of a period count for."""
    return restate_each(session, [period], units)[period]


def restate_each(session: Session, periods: Collection[Period], units: Iterable[UnitRow]) -> dict[Period, Restated]:
    """The same for each of several periods, in as many statements."""
    today, trees = published_tree(session), published_trees(session, periods)
    until = session.scalars(select(Tree.effective_on).where(Tree.id == today.id)).one()
    lines = _lines(today)
    heirs = heirs_in(session, lines.keys(), until)
    split = set(session.scalars(select(Succession.old_id)))
    wanted = frozenset(unit.id for unit in units)

    def restated(period: Period) -> Restated:
        then = trees.get(period) or published_tree(session, period)
        standing = {unit.id for unit in then.units}

        def lines_of(unit_id: int) -> list[frozenset[int]]:
            return [lines[heir] for heir in heirs.after(unit_id, period.ends_on)] if unit_id in standing else []

        @cache
        def counted(unit_id: int) -> frozenset[int]:
            found = lines_of(unit_id)
            return frozenset.intersection(*found) & wanted if found else frozenset()

        torn: dict[int, list[Torn]] = defaultdict(list)
        gone = [unit for unit in then.units if unit.id in split or unit.id not in lines]
        for unit in sorted(gone, key=lambda each: each.code):
            for part in frozenset[int]().union(*lines_of(unit.id)) & wanted - counted(unit.id):
                torn[part].append(Torn(unit.id, unit.code, unit.level))
        return Restated(counted, torn, then)

    return {period: restated(period) for period in periods}


def _lines(tree: PublishedTree) -> dict[int, frozenset[int]]:
    """For each unit of a tree, itself and all above it."""
    above: dict[str, frozenset[int]] = {"": frozenset()}
    for unit in tree.units:
        above[unit.code] = above[unit.parent_code] | {unit.id}
    return {unit.id: above[unit.code] for unit in tree.units}


def heirs_in(session: Session, living: Collection[int], until: date) -> Heirs:
    """Who stands in a tree, of these units and of that day, where others stood before."""
    followings = [
        Following(old, new, day)
        for old, new, day in session.execute(select(Succession.old_id, Succession.new_id, Succession.effective_on))
    ]
    ended = func.upper(Placement.valid)
    departures = {
        unit_id: Departure(parent_id, day)
        for unit_id, parent_id, day in session.execute(
            select(Placement.unit_id, Placement.parent_id, ended).where(ended.is_not(None)).order_by(ended)
        )
    }
    return Heirs(followings, departures, living, until)
