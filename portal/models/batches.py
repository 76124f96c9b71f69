"""Work on the answers of many units at once (批量): files made for them, and files with their answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.domain.batches import BatchKind, BatchState
from portal.models.tenancy import UnitRow, unit_path_key

_KINDS = ", ".join(repr(str(kind)) for kind in BatchKind)
_STATES = ", ".join(repr(str(state)) for state in BatchState)


class Batch(UnitRow, Base):
    """A job that a unit's person ordered, for its own unit and those below; nobody else sees it.

    Attributes:
        with_figures: of files made, whether they hold the figures known; of answers, whether they replace figures.
        done: units seen to, of `total`.
        report: what is to be said about the file as a whole, once it was read.
        made_from: where the person asked from, for the events.
    """

    __tablename__ = "batch"
    __table_args__ = (
        unit_path_key(),
        ForeignKeyConstraint(
            ["root_id", "period_code", "form_code"],
            ["collection.root_id", "collection.period_code", "collection.form_code"],
        ),
        CheckConstraint(f"kind in ({_KINDS})", name="kind"),
        CheckConstraint(f"state in ({_STATES})", name="state"),
    )

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    period_code: Mapped[str]
    form_code: Mapped[str]
    kind: Mapped[str]
    with_figures: Mapped[bool]
    language: Mapped[str]
    filename: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    state: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    report: Mapped[dict[str, Any] | None]
    made_by_id: Mapped[int | None]
    made_by: Mapped[str]
    made_from: Mapped[str]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class _BatchPart(UnitRow):
    """Mixin: a row of a batch."""

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)


def _batch_key(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["root_id", "unit_id", "batch_id"],
        ["batch.root_id", "batch.unit_id", "batch.id"],
        name=f"fk_{table}_batch",
        ondelete="CASCADE",
    )


class BatchPiece(_BatchPart, Base):
    """A piece of a batch's file, which is never whole in memory; numbered from 0."""

    __tablename__ = "batch_piece"
    __table_args__ = (_batch_key("batch_piece"), unit_path_key())

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes]


class BatchLine(_BatchPart, Base):
    """What became of one unit's answers, or of one file of a bundle.

    Attributes:
        name: the unit's code as it stands in the file; in a bundle the file's name.
        number: order in the file.
        place: where it stands in the file.
        outcome: of `portal.domain.batches.LineOutcome`.
        stored: figures written into the draft.
        counts: findings by severity.
        findings: the first of them, as JSON.
    """

    __tablename__ = "batch_line"
    __table_args__ = (_batch_key("batch_line"), unit_path_key())

    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    place: Mapped[str]
    outcome: Mapped[str]
    stored: Mapped[int]
    counts: Mapped[dict[str, Any]]
    findings: Mapped[list[dict[str, Any]]]
