"""Batches: ordered by a person, done by the worker, cancelled by whoever of the unit may order them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, literal, select, text
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.actors import Actor
from portal.domain.batches import KEPT, UNDER_WAY, BatchKind, BatchState, LineOutcome
from portal.domain.collections import CollectionKey
from portal.domain.forms import Language
from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.policy import Permission, Subject, permits, require
from portal.errors import InvalidMove, NotPermitted
from portal.models import Batch, BatchLine, BatchPiece
from portal.queries.batches import get_row
from portal.queries.collections import get_collection
from portal.services import events

PIECE_BYTES = 1024**2
MOST_UNDER_WAY = 3
"""Batches of one unit that may wait or work at the same time."""


@dataclass(frozen=True)
class Line:
    """What became of one unit's answers, or of one file of a bundle.

    Attributes:
        name: the unit's code as it stands in the file; in a bundle the file's name.
        place: where it stands.
        stored: figures written.
        counts: findings by severity.
        findings: the first of them, as JSON.
    """

    name: str
    number: int
    place: str
    outcome: LineOutcome
    stored: int = 0
    counts: Mapping[str, int] | None = None
    findings: Sequence[Mapping[str, Any]] = ()


def order(
    session: Session, actor: Actor, key: CollectionKey, kind: BatchKind, *, with_figures: bool, language: Language
) -> UUID:
    """Order templates or a table for the actor's unit and all below it; gives the batch's id.

    Raises:
        NotFound: there is no such collection within the actor's reach.
        NotPermitted: the actor orders no files.
        InvalidMove: enough is under way already.
    """
    require(actor, Permission.ORDER_FILES, Subject(actor.place.path))
    suffix = ".zip" if kind is BatchKind.TEMPLATES else ".xlsx"
    return _begin(session, actor, key, kind, f"{actor.place.code}_{key}{suffix}", with_figures, language).id


def hand_in(
    session: Session,
    actor: Actor,
    key: CollectionKey,
    filename: str,
    file: IO[bytes],
    *,
    replaces: bool,
    check_only: bool = False,
) -> UUID:
    """Keep a file with the answers of many units, to be entered into drafts or only checked; gives the id.

    Raises:
        NotFound: there is no such collection within the actor's reach.
        NotPermitted: the collection does not let the actor enter answers for the units below.
        InvalidMove: enough is under way already.
    """
    if not may_hand_in(session, actor, key):
        raise NotPermitted(Permission.ENTER_BELOW)
    kind = BatchKind.CHECK if check_only else BatchKind.ANSWERS
    row = _begin(session, actor, key, kind, filename[-255:], replaces, "zh")
    digest, number = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        put_piece(session, actor, row.id, number, piece)
        digest.update(piece)
        row.size, number = row.size + len(piece), number + 1
    row.sha256 = digest.hexdigest()
    return row.id


def enter_checked(session: Session, actor: Actor, batch_id: UUID) -> UUID:
    """Have the file of a batch that only checked entered after all; gives the new batch's id.

    Raises:
        NotFound: the actor's unit has no such batch.
        NotPermitted: the collection does not let the actor enter answers for the units below.
        InvalidMove: it did more than check, is not done, or enough is under way already.
    """
    checked = get_row(session, actor, batch_id)
    key = CollectionKey(checked.form_code, Period.parse(checked.period_code))
    if not may_hand_in(session, actor, key):
        raise NotPermitted(Permission.ENTER_BELOW)
    is_kept = clock.now() - checked.made_at < KEPT
    if (checked.kind, checked.state) != (BatchKind.CHECK, BatchState.DONE) or not is_kept:
        raise InvalidMove("enter", checked.state)
    row = _begin(session, actor, key, BatchKind.ANSWERS, checked.filename, checked.with_figures, "zh")
    row.size, row.sha256 = checked.size, checked.sha256
    of_row = (BatchPiece.root_id, BatchPiece.unit_id, BatchPiece.unit_path, BatchPiece.number, BatchPiece.content)
    pieces = select(*of_row, literal(row.id).label("batch_id")).where(
        BatchPiece.root_id == row.root_id, BatchPiece.unit_id == row.unit_id, BatchPiece.batch_id == batch_id
    )
    session.execute(insert(BatchPiece).from_select([each.key for each in of_row] + ["batch_id"], pieces))
    return row.id


def may_hand_in(session: Session, actor: Actor, key: CollectionKey) -> bool:
    """Whether the collection lets the actor enter answers for units below, were they open."""
    settings = get_collection(session, actor, key).settings
    below = Subject(f"{actor.place.path}.x", state=State.DRAFTING, form=key.form, settings=settings)
    return permits(actor, Permission.ENTER_BELOW, below)


def cancel(session: Session, actor: Actor, batch_id: UUID) -> None:
    """Ask the worker to stop before the next units; what is entered stays.

    Raises:
        NotFound: the actor's unit has no such batch.
        NotPermitted: the actor orders no files.
        InvalidMove: it has ended.
    """
    row = get_row(session, actor, batch_id, for_update=True)
    require(actor, Permission.ORDER_FILES, Subject(row.unit_path))
    if row.state not in UNDER_WAY:
        raise InvalidMove("cancel", row.state)
    row.state = BatchState.CANCELLING
    _record(session, actor, row, "batch_cancelled", {})


def take_up(session: Session, portal: Actor, batch_id: UUID) -> bool:
    """Show that a worker is at it; gives whether there is anything left to do."""
    row = get_row(session, portal, batch_id, for_update=True)
    if row.state == BatchState.WAITING:
        row.state = BatchState.WORKING
    return row.state in UNDER_WAY


def is_cancelled(session: Session, portal: Actor, batch_id: UUID) -> bool:
    """Whether somebody asked to stop; holds the batch until the commit, so that no two workers do the same step."""
    return get_row(session, portal, batch_id, for_update=True).state == BatchState.CANCELLING


def hold_part(session: Session, portal: Actor, batch_id: UUID, number: int) -> bool:
    """Hold one of the parts that are done at the same time, until the commit; gives whether somebody asked to stop.

    No two workers do the same part. The batch itself is not held before `write_lines`, which is what lets others do
    another part meanwhile; whoever cancels waits for no figure to be stored.
    """
    name = {"name": f"batch {batch_id} {number}"}
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), name)
    return get_row(session, portal, batch_id).state == BatchState.CANCELLING


def put_piece(session: Session, actor: Actor, batch_id: UUID, number: int, content: bytes) -> None:
    """Add a piece to the batch's file."""
    session.execute(insert(BatchPiece).values(**_part(actor, batch_id), number=number, content=content))


def drop_pieces(session: Session, portal: Actor, batch_id: UUID) -> None:
    """Begin the file anew: what a worker made before it died is of no use."""
    session.execute(
        delete(BatchPiece).where(BatchPiece.root_id == portal.place.root_id, BatchPiece.batch_id == batch_id)
    )


def progress(session: Session, portal: Actor, batch_id: UUID, done: int, total: int) -> None:
    """How many units were seen to, of how many."""
    row = get_row(session, portal, batch_id)
    row.done, row.total = done, total


def write_lines(session: Session, portal: Actor, batch_id: UUID, lines: Iterable[Line]) -> None:
    """Keep what became of some units, in the transaction that entered their answers.

    From here to the commit the batch is held, if it was not before: other parts wait to be counted, and nothing comes
    to a batch that has ended. Called last, because then only the chain of events is left to wait for.

    Raises:
        InvalidMove: it has ended.
    """
    rows = [
        {
            **_part(portal, batch_id),
            **vars(line),  # of thousands; asdict() would copy every finding
            "counts": dict(line.counts or {}),
            "findings": [dict(each) for each in line.findings],
        }
        for line in lines
    ]
    if rows:
        batch = get_row(session, portal, batch_id, for_update=True)
        if batch.state not in UNDER_WAY:
            raise InvalidMove("enter", batch.state)
        session.execute(insert(BatchLine), rows)
        batch.done += len(rows)


def end(
    session: Session,
    portal: Actor,
    batch_id: UUID,
    state: BatchState,
    *,
    report: Mapping[str, Any] | None = None,
    file: tuple[int, str] | None = None,
) -> None:
    """Close a batch.

    Args:
        session: the transaction.
        portal: the portal within the batch's unit.
        batch_id: which.
        state: how it ended.
        report: what is to be said about the file as a whole.
        file: size and SHA-256 digest of the file made.
    """
    row = get_row(session, portal, batch_id, for_update=True)
    row.state, row.ended_at = state, clock.now()
    if report is not None:
        row.report = dict(report)
    if file is not None:
        row.size, row.sha256 = file
    after = {"state": state, "done": row.done, "total": row.total, "sha256": row.sha256}
    _record(session, portal, row, "batch_ended", after)


def _begin(
    session: Session,
    actor: Actor,
    key: CollectionKey,
    kind: BatchKind,
    filename: str,
    with_figures: bool,
    language: Language,
) -> Batch:
    get_collection(session, actor, key)
    under_way = select(func.count()).where(Batch.unit_id == actor.place.id, Batch.state.in_(UNDER_WAY))
    if (session.scalar(under_way) or 0) >= MOST_UNDER_WAY:
        raise InvalidMove("order", "enough_under_way")
    row = Batch(
        root_id=actor.place.root_id,
        unit_id=actor.place.id,
        unit_path=actor.place.path,
        id=uuid4(),
        period_code=str(key.period),
        form_code=key.form,
        kind=kind,
        with_figures=with_figures,
        language=language,
        filename=filename,
        size=0,
        sha256="",
        state=BatchState.WAITING,
        done=0,
        total=0,
        report=None,
        made_by_id=actor.user_id,
        made_by=actor.name,
        made_from=actor.address,
        made_at=clock.now(),
        ended_at=None,
    )
    session.add(row)
    session.flush()
    _record(session, actor, row, "batch_ordered", {"kind": kind, "with_figures": with_figures})
    return row


def _part(actor: Actor, batch_id: UUID) -> dict[str, Any]:
    place = actor.place
    return {"root_id": place.root_id, "unit_id": place.id, "unit_path": place.path, "batch_id": batch_id}


def _record(session: Session, actor: Actor, row: Batch, kind: str, after: Mapping[str, Any]) -> None:
    subject = f"{row.form_code}-{row.period_code}"
    after = {"batch": str(row.id), **after}
    events.record(session, actor, kind, subject, unit_code=actor.place.code, root_id=row.root_id, after=after)
