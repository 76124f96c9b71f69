"""Events: what happened, who did it. They only grow, and each carries the hash of the one before it."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, LTree
from portal.models.tenancy import unit_path_key


class Event(Base):
    """One happening. `body` is its canonical JSON; the other columns are drawn from it for look-up.

    Written only by the database function `append_events`.
    """

    __tablename__ = "event"
    __table_args__ = (unit_path_key(), Index("ix_event_subject", "root_id", "subject"))

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_id: Mapped[int]
    unit_path: Mapped[str] = mapped_column(LTree)
    happened_at: Mapped[datetime]
    kind: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class EventChain(Base):
    """The last link of a top unit's chain: without it a truncated tail would go unnoticed."""

    __tablename__ = "event_chain"

    root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_path: Mapped[str] = mapped_column(LTree)
    length: Mapped[int]
    hash: Mapped[str]
