"""Units and trees, as they are today or as of a period."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, any_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from portal.domain.periods import Period
from portal.domain.units import Level, Place, stands_among
from portal.errors import NotFound
from portal.models import Node, Tree, Unit
from portal.models import Period as PeriodRow
from portal.queries.parameters import joined, texts


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in one tree."""

    id: int
    code: str
    name: str
    name_en: str
    level: Level
    parent_code: str
    path: str
    root_id: int
    depth: int
    has_children: bool


@dataclass(frozen=True)
class PublishedTree:
    """A tree read whole.

    Attributes:
        id: 0 where there is no tree.
        units: in tree order.
        ends: for each of them, the place in `units` right after the last unit below it.
        places: the place in `units` by code.
    """

    id: int
    units: Sequence[UnitRow]
    ends: Sequence[int]
    places: Mapping[str, int]

    def get(self, code: str) -> UnitRow:
        """One unit.

        Raises:
            NotFound: the tree has no such unit.
        """
        return self.units[self._place(code)]

    def under(self, code: str) -> Sequence[UnitRow]:
        """A unit and all below it, in tree order.

        Raises:
            NotFound: the tree has no such unit.
        """
        place = self._place(code)
        return self.units[place : self.ends[place]]

    def children(self, code: str) -> list[UnitRow]:
        """The units directly below one, in tree order.

        Raises:
            NotFound: the tree has no such unit.
        """
        found = []
        place, end = self._place(code) + 1, self.ends[self._place(code)]
        while place < end:
            found.append(self.units[place])
            place = self.ends[place]
        return found

    def line(self, code: str) -> list[UnitRow]:
        """The way from the top unit down to this one, both included.

        Raises:
            NotFound: the tree has no such unit.
        """
        unit = self.get(code)
        return [*self.line(unit.parent_code), unit] if unit.parent_code else [unit]

    def _place(self, code: str) -> int:
        if code not in self.places:
            raise NotFound("unit", code)
        return self.places[code]


NO_TREE = PublishedTree(0, (), (), {})
MOST_TREES = 16
"""Trees that a process keeps at a time."""

_read: dict[tuple[int, UUID], PublishedTree] = {}  # by id and stamp, so that it can never be out of date
_seen: dict[Period, tuple[int, UUID]] = {}  # what a period had last, which may be out of date
MOST_PERIODS = 1000


def published_tree(session: Session, period: Period | None = None) -> PublishedTree:
    """The tree by which a period is rolled up; today's for none."""
    query, named = (_STAMP_TODAY, {}) if period is None else (_STAMP_THEN, _named(period))
    found = session.execute(query, named).one_or_none()
    return NO_TREE if found is None else _published(session, *found)


def published_trees(session: Session, periods: Iterable[Period]) -> dict[Period, PublishedTree]:
    """The same for several periods in one statement; those that nothing was ever asked for are left out."""
    stamps = session.execute(_STAMPS, {"periods": joined(map(str, periods))})
    return {Period.parse(code): _published(session, tree_id, stamp) for code, tree_id, stamp in stamps.all()}


def trees_seen(periods: Iterable[Period]) -> dict[Period, PublishedTree]:
    """The trees of periods as this process saw them last, where it did; they may be others by now."""
    return {period: _read[_seen[period]] for period in periods if _seen.get(period) in _read}


def trees_told(session: Session, told: Iterable[Sequence[str]]) -> dict[Period, PublishedTree]:
    """The trees of periods, by what `trees_of` told: period, id, and stamp."""
    found = {}
    for code, tree_id, stamp in told:
        period, key = Period.parse(code), (int(tree_id), UUID(stamp))
        found[period] = _published(session, *key)
        while period not in _seen and len(_seen) >= MOST_PERIODS:
            _seen.pop(next(iter(_seen)), None)
        _seen[period] = key
    return found


def _published(session: Session, tree_id: int, stamp: UUID) -> PublishedTree:
    if (tree_id, stamp) not in _read:
        query = _select(tree_id).add_columns(Node.rgt, Tree.stamp).join(Tree, Tree.id == Node.tree_id)
        rows = session.execute(query.order_by(Node.lft)).all()
        units = tuple(
            UnitRow(
                row.id,
                row.code,
                row.name,
                row.name_en,
                Level(row.level),
                row.parent_code,
                row.path,
                row.root_id,
                row.depth,
                row.has_children,
            )
            for row in rows
        )
        places = {unit.code: place for place, unit in enumerate(units)}
        tree = PublishedTree(tree_id, units, tuple(row.rgt for row in rows), places)
        if any(row.stamp != stamp for row in rows):  # published anew since it was asked which
            return tree
        while len(_read) >= MOST_TREES:
            _read.pop(next(iter(_read)), None)
        _read[tree_id, stamp] = tree
    return _read[tree_id, stamp]


def current_tree(session: Session) -> int:
    """Id of the tree that is in force today; 0 before there is one."""
    return session.scalar(_current_tree()) or 0


def _current_tree() -> Select[int]:
    return select(Tree.id).where(Tree.in_force).order_by(Tree.effective_on.desc()).limit(1)


def tree_of(session: Session, period: Period | None) -> int:
    """Id of the tree by which a period is rolled up; today's for none."""
    if period is None:
        return current_tree(session)
    return session.scalar(select(_tree_of_period()), _named(period)) or 0


def _tree_of_period() -> ColumnElement[int]:
    """The tree of the bound `period`, which ends on `ends_on`, within a statement."""
    named = select(PeriodRow.tree_id).where(PeriodRow.code == bindparam("period")).scalar_subquery()
    then = select(Tree.id).where(Tree.effective_on <= bindparam("ends_on")).order_by(Tree.effective_on.desc()).limit(1)
    return func.coalesce(named, then.scalar_subquery(), _current_tree().scalar_subquery())


def _named(period: Period) -> dict[str, object]:
    return {"period": str(period), "ends_on": period.ends_on}


def get_unit(session: Session, code: str, *, period: Period | None = None) -> UnitRow:
    """One unit of today's tree, or of a period's.

    Raises:
        NotFound: the tree has no such unit.
    """
    return published_tree(session, period).get(code)


def find_units(session: Session, codes: Collection[str]) -> dict[str, UnitRow]:
    """Those of the units that are in today's tree, by code."""
    tree = published_tree(session)
    return {code: tree.get(code) for code in codes if code in tree.places}


def list_units(
    session: Session, *, under: str | None = None, level: Level | None = None, period: Period | None = None
) -> list[UnitRow]:
    """Units in tree order; `under` a unit, itself included; of one level if given."""
    tree = published_tree(session, period)
    units = tree.units if under is None else tree.under(under)
    return [unit for unit in units if level is None or stands_among(unit.level, level)]


def list_children(session: Session, code: str, *, period: Period | None = None) -> list[UnitRow]:
    """The units directly below one, in tree order."""
    return published_tree(session, period).children(code)


def ancestors(session: Session, code: str, *, period: Period | None = None) -> list[UnitRow]:
    """The way from the top unit down to this one, both included."""
    return published_tree(session, period).line(code)


def get_place(session: Session, code: str) -> Place:
    """Where a unit stands today.

    Raises:
        NotFound: there is no such unit, or it is no longer in the tree.
    """
    return place_of(get_unit(session, code))


def place_rows(session: Session, unit_ids: Collection[int]) -> list[Place]:
    """Where units stand today, in tree order; those no longer in the tree are left out."""
    return [place_of(row) for row in session.execute(places_today().where(Unit.id.in_(unit_ids)))]


def places_today() -> Select[*tuple[Any, ...]]:
    """Where units stand today, in tree order, to be joined with what names a `Unit`: rows for `place_of`."""
    return _select(_current_tree().scalar_subquery()).order_by(Node.lft)


def place_of(unit: Row[Any] | UnitRow) -> Place:
    """The place that a row tells."""
    return Place(unit.id, unit.code, unit.name, Level(unit.level), unit.path, unit.root_id, unit.name_en)


def _select(tree: int | ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    parent = aliased(Unit)
    return (
        select(
            Unit.id,
            Unit.code,
            Node.name,
            Node.name_en,
            Node.level,
            func.coalesce(parent.code, "").label("parent_code"),
            Unit.path,
            Unit.root_id,
            Node.depth,
            (Node.rgt > Node.lft).label("has_children"),
        )
        .join(Unit, Unit.id == Node.unit_id)
        .outerjoin(parent, parent.id == Node.parent_id)
        .where(Node.tree_id == tree)
    )


_STAMP_TODAY = select(Tree.id, Tree.stamp).where(Tree.id == _current_tree().scalar_subquery())
_STAMP_THEN = select(Tree.id, Tree.stamp).where(Tree.id == _tree_of_period())
_STAMPS = (
    select(PeriodRow.code, Tree.id, Tree.stamp)
    .join(Tree, Tree.id == PeriodRow.tree_id)
    .where(PeriodRow.code == any_(texts("periods")))
)
