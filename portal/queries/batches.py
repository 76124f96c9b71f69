"""Batches of a unit: how far they are, what became of each unit's answers, and their files."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.actors import Actor
from portal.domain.batches import HANDED_IN, KEPT, UNDER_WAY, WRITTEN, BatchKind, BatchState, LineOutcome
from portal.domain.collections import CollectionKey
from portal.domain.forms import Language
from portal.domain.periods import Period
from portal.domain.policy import Permission, Subject, require
from portal.errors import NotFound
from portal.models import Batch, BatchLine, BatchPiece, Submission


@dataclass(frozen=True)
class BatchView:
    """A batch without its file.

    Attributes:
        with_figures: of files made, whether they hold the figures known; of answers, whether they replace figures.
        done: units seen to, of `total`.
        report: what is to be said about the file as a whole; None until it was read.
    """

    id: UUID
    key: CollectionKey
    kind: BatchKind
    with_figures: bool
    language: Language
    filename: str
    size: int
    sha256: str
    state: BatchState
    done: int
    total: int
    report: dict[str, Any] | None
    made_by_id: int | None
    made_by: str
    made_from: str
    made_at: datetime
    ended_at: datetime | None

    @property
    def under_way(self) -> bool:
        """Whether a worker has yet to do something."""
        return self.state in UNDER_WAY

    @property
    def has_file(self) -> bool:
        """Whether there is a file to download: what was handed in, or what was made, unless that is long ago."""
        if self.kind is BatchKind.ANSWERS:
            return True
        is_there = self.kind in HANDED_IN or self.state is BatchState.DONE
        return is_there and clock.now() - self.made_at < KEPT


@dataclass(frozen=True)
class LineView:
    """What became of one unit's answers, or of one file of a bundle."""

    name: str
    place: str
    outcome: LineOutcome
    stored: int
    counts: dict[str, int]
    findings: list[dict[str, Any]]


def get_row(session: Session, actor: Actor, batch_id: UUID, *, for_update: bool = False) -> Batch:
    """The row of a batch of the actor's unit, locked if it is to be changed.

    Raises:
        NotFound: the unit has none.
    """
    query = select(Batch).where(
        Batch.root_id == actor.place.root_id, Batch.unit_id == actor.place.id, Batch.id == batch_id
    )
    if for_update and actor.writes:
        query = query.with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("batch", batch_id)
    return row


def get_batch(session: Session, actor: Actor, batch_id: UUID) -> BatchView:
    """One batch of the actor's unit.

    Raises:
        NotFound: the unit has none.
    """
    require(actor, Permission.SEE_COLLECTIONS, Subject(actor.place.path))
    return _view(get_row(session, actor, batch_id))


def list_batches(session: Session, actor: Actor, key: CollectionKey, *, most: int = 50) -> list[BatchView]:
    """The unit's batches of a collection, newest first."""
    require(actor, Permission.SEE_COLLECTIONS, Subject(actor.place.path))
    query = (
        select(Batch)
        .where(
            Batch.root_id == actor.place.root_id,
            Batch.unit_id == actor.place.id,
            Batch.form_code == key.form,
            Batch.period_code == str(key.period),
        )
        .order_by(Batch.made_at.desc())
        .limit(most)
    )
    return [_view(row) for row in session.scalars(query)]


def list_lines(
    session: Session,
    actor: Actor,
    batch_id: UUID,
    *,
    outcome: LineOutcome | None = None,
    first: int = 0,
    most: int | None = None,
) -> list[LineView]:
    """What became of each unit, in the order of the file."""
    query = select(BatchLine).where(*_of(actor, batch_id)).order_by(BatchLine.number).offset(first).limit(most)
    if outcome is not None:
        query = query.where(BatchLine.outcome == outcome)
    return [
        LineView(row.name, row.place, LineOutcome(row.outcome), row.stored, row.counts, row.findings)
        for row in session.scalars(query)
    ]


def count_lines(session: Session, actor: Actor, batch_id: UUID) -> Counter[LineOutcome]:
    """How many units came to each outcome."""
    query = select(BatchLine.outcome, func.count()).where(*_of(actor, batch_id)).group_by(BatchLine.outcome)
    return Counter({LineOutcome(outcome): count for outcome, count in session.execute(query)})


def names_done(session: Session, actor: Actor, batch_id: UUID, names: Collection[str]) -> set[str]:
    """Those of the names that have a line already."""
    return set(session.scalars(select(BatchLine.name).where(*_of(actor, batch_id), BatchLine.name.in_(names))))


def is_written(session: Session, actor: Actor, batch_id: UUID, unit_code: str) -> bool:
    """Whether an earlier file of the bundle was entered for the unit."""
    query = select(BatchLine.name).where(
        *_of(actor, batch_id), BatchLine.place == unit_code, BatchLine.outcome.in_(WRITTEN)
    )
    return session.scalar(query.limit(1)) is not None


def list_rows(session: Session, actor: Actor, key: CollectionKey, unit_ids: Collection[int]) -> list[Submission]:
    """The submissions of these units, as far as the actor sees them."""
    query = select(Submission).where(
        Submission.root_id == actor.place.root_id,
        Submission.period_code == str(key.period),
        Submission.form_code == key.form,
        Submission.unit_id.in_(unit_ids),
    )
    return list(session.scalars(query.order_by(Submission.unit_id)))


def content_of(session: Session, actor: Actor, batch_id: UUID) -> Iterator[bytes]:
    """The batch's file, piece by piece."""
    number = 0
    while (piece := find_piece(session, actor, batch_id, number)) is not None:
        yield piece
        number += 1


def find_piece(session: Session, actor: Actor, batch_id: UUID, number: int) -> bytes | None:
    """A piece of the batch's file; None after the last."""
    return session.scalar(
        select(BatchPiece.content).where(
            BatchPiece.root_id == actor.place.root_id,
            BatchPiece.unit_id == actor.place.id,
            BatchPiece.batch_id == batch_id,
            BatchPiece.number == number,
        )
    )


def _of(actor: Actor, batch_id: UUID) -> tuple[Any, ...]:
    return (
        BatchLine.root_id == actor.place.root_id,
        BatchLine.unit_id == actor.place.id,
        BatchLine.batch_id == batch_id,
    )


def _view(row: Batch) -> BatchView:
    return BatchView(
        row.id,
        CollectionKey(row.form_code, Period.parse(row.period_code)),
        BatchKind(row.kind),
        row.with_figures,
        "en" if row.language == "en" else "zh",
        row.filename,
        row.size,
        row.sha256,
        BatchState(row.state),
        row.done,
        row.total,
        row.report,
        row.made_by_id,
        row.made_by,
        row.made_from,
        row.made_at,
        row.ended_at,
    )
