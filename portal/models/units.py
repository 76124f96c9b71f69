"""Units, where they stand from when to when, and the published trees. Shared by all tenants."""

from datetime import date, datetime
from uuid import UUID

from psycopg.types.range import DateRange
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, LTree
from portal.domain.units import Level, SuccessionKind


class Unit(Base):
    """A reporting bureau (单位): identity, and its place in today's tree.

    `path` and `root_id` are today's; what was on another day is told by placements and trees.
    """

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("id", "path"),  # target of the tenants' composite foreign keys: a path cannot be forged
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    path: Mapped[str] = mapped_column(LTree)
    root_id: Mapped[int]

    def __str__(self) -> str:
        return self.code


class Placement(Base):
    """A unit's parent, name and level from a day (inclusive) to a day (exclusive)."""

    __tablename__ = "placement"
    __table_args__ = (
        ExcludeConstraint(("unit_id", "="), ("valid", "&&"), name="ex_placement_overlap"),
        CheckConstraint(f"level in ({', '.join(repr(str(level)) for level in Level)})", name="level"),
        Index("ix_placement_parent_id", "parent_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    name_en: Mapped[str]
    level: Mapped[str]
    valid: Mapped[DateRange] = mapped_column(DATERANGE)


class Succession(Base):
    """One unit gave way to another."""

    __tablename__ = "succession"
    __table_args__ = (
        CheckConstraint(f"kind in ({', '.join(repr(str(kind)) for kind in SuccessionKind)})", name="kind"),
    )

    old_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    new_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    effective_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Tree(Base):
    """A published snapshot of all placements on a day; `in_force` once the paths of units follow it.

    All trees get a new `stamp` whenever one of them, or the path of a unit, changes: what was read of a tree holds as
    long as its stamp does.
    """

    __tablename__ = "tree"

    id: Mapped[int] = mapped_column(primary_key=True)
    effective_on: Mapped[date] = mapped_column(unique=True)
    published_at: Mapped[datetime]
    in_force: Mapped[bool]
    stamp: Mapped[UUID]


class Node(Base):
    """A unit in a tree, numbered in preorder: descendants have lft between this lft and rgt."""

    __tablename__ = "node"
    __table_args__ = (Index("ix_node_parent", "tree_id", "parent_id"), Index("ix_node_lft", "tree_id", "lft"))

    tree_id: Mapped[int] = mapped_column(ForeignKey("tree.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    name_en: Mapped[str]
    level: Mapped[str]
    lft: Mapped[int]
    rgt: Mapped[int]
    depth: Mapped[int]


class Period(Base):
    """A period, and the tree by which it is rolled up."""

    __tablename__ = "period"

    code: Mapped[str] = mapped_column(primary_key=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    tree_id: Mapped[int] = mapped_column(ForeignKey("tree.id"))
