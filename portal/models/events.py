"""Events: what happened, who did it. They only grow, and each carries the hash of the one before it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, LTree
from portal.models.tenancy import unit_path_key

PORTAL_CHAIN = 0
"""`root_id` of the portal's own chain: what belongs to no unit; read by system administrators."""


class Event(Base):
    """One happening. `body` is its canonical JSON; the other columns are drawn from it for look-up.

    Written only by the database function `append_events`. A private one is read by its own unit alone. In the chain of
    the portal itself (`root_id` 0) no event has a unit.
    """

    __tablename__ = "event"
    __table_args__ = (
        unit_path_key(),
        CheckConstraint("(root_id = 0) = (unit_id is null)", name="unit"),
        CheckConstraint("(unit_id is null) = (unit_path is null)", name="unit_path"),
        Index("ix_event_subject", "root_id", "subject"),
        Index("ix_event_unit_id", "unit_id", "root_id", "number"),
        Index("ix_event_actor", "root_id", "actor", "number"),
        Index("ix_event_happened_at", "root_id", "happened_at"),
    )

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_id: Mapped[int | None]
    unit_path: Mapped[str | None] = mapped_column(LTree)
    happened_at: Mapped[datetime]
    kind: Mapped[str]
    subject: Mapped[str]
    private: Mapped[bool]
    actor: Mapped[str]
    address: Mapped[str]
    body: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class EventChain(Base):
    """The last link of a top unit's chain: without it a truncated tail would go unnoticed."""

    __tablename__ = "event_chain"

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_path: Mapped[str | None] = mapped_column(LTree)
    length: Mapped[int]
    hash: Mapped[str]


class Checkpoint(Base):
    """How long a chain was at a moment and what it ended with, signed: see `portal.domain.checkpoints`."""

    __tablename__ = "checkpoint"
    __table_args__ = (
        unit_path_key(),
        CheckConstraint("root_id = coalesce(unit_id, 0)", name="unit"),
        CheckConstraint("(unit_id is null) = (unit_path is null)", name="unit_path"),
    )

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_id: Mapped[int | None]
    unit_path: Mapped[str | None] = mapped_column(LTree)
    length: Mapped[int]
    hash: Mapped[str]
    made_at: Mapped[datetime]
    previous: Mapped[str]
    key: Mapped[str]
    signature: Mapped[str]
