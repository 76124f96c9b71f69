"""Units and trees, as they are today or as of a period."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, literal, select
from sqlalchemy.orm import Session, aliased

from portal.domain.periods import Period
from portal.domain.units import Level, Place
from portal.errors import NotFound
from portal.models import Node, Tree, Unit
from portal.models import Period as PeriodRow


@dataclass(frozen=True)
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
    query, named = (_UNIT_TODAY, {}) if period is None else (_UNIT_THEN, _named(period))
    row = session.execute(query, {"code": code, **named}).one_or_none()
    if row is None:
        raise NotFound("unit", code)
    return _unit(row)


def find_units(session: Session, codes: Collection[str]) -> dict[str, UnitRow]:
    """Those of the units that are in today's tree, by code."""
    rows = session.execute(_select(current_tree(session)).where(Unit.code.in_(codes)))
    return {unit.code: unit for unit in map(_unit, rows)}


def list_units(
    session: Session, *, under: str | None = None, level: Level | None = None, period: Period | None = None
) -> list[UnitRow]:
    """Units in tree order; `under` a unit, itself included; of one level if given."""
    query = _select(tree_of(session, period)).order_by(Node.lft)
    if under is not None:
        top = get_unit(session, under, period=period)
        query = query.where(_within(tree_of(session, period), top.id))
    if level is not None:
        query = query.where(Node.level == level)
    return [_unit(row) for row in session.execute(query)]


def list_children(session: Session, code: str, *, period: Period | None = None) -> list[UnitRow]:
    """The units directly below one, in tree order."""
    parent = get_unit(session, code, period=period)
    query = _select(tree_of(session, period)).where(Node.parent_id == parent.id).order_by(Node.lft)
    return [_unit(row) for row in session.execute(query)]


def ancestors(session: Session, code: str, *, period: Period | None = None) -> list[UnitRow]:
    """The way from the top unit down to this one, both included."""
    unit = get_unit(session, code, period=period)
    tree = tree_of(session, period)
    low = aliased(Node)
    query = (
        _select(tree)
        .join(low, (low.tree_id == tree) & (low.unit_id == unit.id))
        .where(low.lft.between(Node.lft, Node.rgt))
        .order_by(Node.lft)
    )
    return [_unit(row) for row in session.execute(query)]


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


def _within(tree: int, unit_id: int) -> ColumnElement[bool]:
    top = aliased(Node)
    bounds = select(literal(1)).where(top.tree_id == tree, top.unit_id == unit_id, Node.lft.between(top.lft, top.rgt))
    return bounds.exists()


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


def _unit(row: Row[Any]) -> UnitRow:
    values = row._asdict()
    return UnitRow(**{**values, "level": Level(values["level"])})


_UNIT_TODAY = _select(_current_tree().scalar_subquery()).where(Unit.code == bindparam("code"))
_UNIT_THEN = _select(_tree_of_period()).where(Unit.code == bindparam("code"))
