"""Restating a period to today's tree: for which units of today a unit of then counts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.successions import Departure, Following, Heirs
from portal.domain.units import Level
from portal.models import Node, Placement, Succession, Tree, Unit
from portal.queries.ancestors import Targets, ancestors_in
from portal.queries.units import UnitRow, current_tree, tree_of


@dataclass(frozen=True)
class Restated:
    """For which of the units asked about a unit of the period counts today.

    Figures of merged and renamed units count for their successor. What a split unit reported belongs to none of its
    parts: it counts only for the units above all of them.

    Attributes:
        counted: the units that its figures are in as a whole.
        torn: by unit, the split ones that it would have a part of, nobody knows how large.
    """

    counted: Targets
    torn: Mapping[int, Sequence["Torn"]]

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
    tree = current_tree(session)
    above = ancestors_in(session, tree)
    until = session.scalars(select(Tree.effective_on).where(Tree.id == tree)).one()
    heirs = heirs_in(session, above.keys(), until)
    wanted = frozenset(unit.id for unit in units)
    counting = ancestors_in(session, tree_of(session, period)).keys()

    def lines(unit_id: int) -> list[frozenset[int]]:
        if unit_id not in counting:
            return []
        return [above[heir] for heir in heirs.after(unit_id, period.ends_on)]

    def counted(unit_id: int) -> frozenset[int]:
        found = lines(unit_id)
        return frozenset.intersection(*found) & wanted if found else frozenset()

    torn: dict[int, list[Torn]] = defaultdict(list)
    for unit_id, code, level in _given_way(session, period, tree):
        for part in frozenset[int]().union(*lines(unit_id)) & wanted - counted(unit_id):
            torn[part].append(Torn(unit_id, code, Level(level)))
    return Restated(counted, torn)


def _given_way(session: Session, period: Period, tree: int) -> Sequence[Row[int, str, str]]:
    """The units of the period's tree that ever gave way to others, or are gone."""
    query = (
        select(Unit.id, Unit.code, Node.level)
        .join(Node, (Node.unit_id == Unit.id) & (Node.tree_id == tree_of(session, period)))
        .where(
            Unit.id.in_(select(Succession.old_id)) | Unit.id.not_in(select(Node.unit_id).where(Node.tree_id == tree))
        )
        .order_by(Unit.code)
    )
    return session.execute(query).all()


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
