"""The worker's part of batches: make files for many units, or enter the answers of many units.

Answers are entered some units at a time, each time in one transaction with the lines of the report and the progress. A
worker that dies leaves whole units behind; the next one reads the file again and goes on with those that have no line.
"""

import io
import logging
from typing import IO
from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from sqlalchemy.orm import Session

from importers.bundle import is_bundle
from importers.limits import MAX_BUNDLE_BYTES, MAX_FILE_BYTES
from portal.db import identity_transaction, transaction
from portal.domain.actors import Actor
from portal.domain.batches import KEPT, BatchKind, BatchState
from portal.domain.collections import CollectionKey
from portal.domain.forms import Language
from portal.errors import NotPermitted, WorkbookUnreadable
from portal.jobs.batch_answers import enter_file
from portal.jobs.batch_files import make_table, make_templates
from portal.jobs.batch_work import Stopped, Work
from portal.jobs.queue import app, enqueue
from portal.queries.batches import BatchView, get_batch
from portal.queries.people import find_actor, portal_within
from portal.services import batches

ATTEMPTS = 5
"""After this many a batch has failed; what was entered stays."""

log = logging.getLogger(__name__)


def order(
    session: Session, actor: Actor, key: CollectionKey, kind: BatchKind, *, with_figures: bool, language: Language
) -> UUID:
    """Order files for the units below, to be made once the transaction is committed; raises what the service raises."""
    batch_id = batches.order(session, actor, key, kind, with_figures=with_figures, language=language)
    enqueue(session, process_batch, unit=actor.place.code, batch_id=str(batch_id))
    return batch_id


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
    """Keep a file with the answers of many units, to be entered or only checked in the background.

    Raises what `keep` raises.
    """
    batch_id = keep(session, actor, key, filename, file, replaces=replaces, check_only=check_only)
    enqueue(session, process_batch, unit=actor.place.code, batch_id=str(batch_id))
    return batch_id


def keep(
    session: Session,
    actor: Actor,
    key: CollectionKey,
    filename: str,
    file: IO[bytes],
    *,
    replaces: bool,
    check_only: bool,
) -> UUID:
    """Keep such a file, to be done by `process`.

    Raises:
        WorkbookUnreadable: it is larger than is accepted at once, or a large zip that may not be opened.
        NotFound, NotPermitted, InvalidMove: as `portal.services.batches.hand_in` says.
    """
    size = file.seek(0, io.SEEK_END)
    if size > MAX_FILE_BYTES and (size > MAX_BUNDLE_BYTES or not is_bundle(file)):
        raise WorkbookUnreadable("too_big", f"{size / 1024**2:.1f} MB")
    return batches.hand_in(session, actor, key, filename, file, replaces=replaces, check_only=check_only)


def enter_checked(session: Session, actor: Actor, batch_id: UUID) -> UUID:
    """Have a file that was only checked entered in the background; raises what the service raises."""
    entered_id = batches.enter_checked(session, actor, batch_id)
    enqueue(session, process_batch, unit=actor.place.code, batch_id=str(entered_id))
    return entered_id


@app.task(name="process_batch", pass_context=True, retry=RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=3))
def process_batch(context: JobContext, unit: str, batch_id: str) -> None:
    """The background job: do a batch of a unit, or what is left of it."""
    which = UUID(batch_id)
    with transaction(None) as session:
        portal = portal_within(session, unit)
    with transaction(portal) as session:
        if not batches.take_up(session, portal, which):
            return
        if context.job.attempts >= ATTEMPTS:  # counted as well when a worker died of it
            log.error("batch %s was given up after %d attempts", batch_id, context.job.attempts)
            batches.end(session, portal, which, BatchState.FAILED)
            return
        batch = get_batch(session, portal, which)
    process(portal, batch)


@app.task(name="tidy_batch")
def tidy_batch(unit: str, batch_id: str) -> None:
    """The background job, long after: drop the file of a batch; what became of the units stays."""
    with transaction(None) as session:
        portal = portal_within(session, unit)
    with transaction(portal) as session:
        batches.drop_pieces(session, portal, UUID(batch_id))


def process(portal: Actor, batch: BatchView) -> None:
    """Do a batch, as the person who ordered it may today."""
    if batch.kind is not BatchKind.ANSWERS:
        with transaction(portal) as session:
            tidied_at = batch.made_at + KEPT
            enqueue(session, tidy_batch, at=tidied_at, unit=portal.place.code, batch_id=str(batch.id))
    try:
        work = Work(portal, _person(portal, batch), batch)
        match batch.kind:
            case BatchKind.TEMPLATES:
                make_templates(work)
            case BatchKind.TABLE:
                make_table(work)
            case BatchKind.ANSWERS | BatchKind.CHECK:
                enter_file(work)
    except Stopped:
        _end(portal, batch, BatchState.CANCELLED)
    except NotPermitted:
        log.warning("batch %s: the person may no longer do it", batch.id)
        _end(portal, batch, BatchState.FAILED)


def _person(portal: Actor, batch: BatchView) -> Actor:
    """The person who ordered the batch, with the rights of this moment.

    Raises:
        NotPermitted: they no longer act for the unit.
    """
    with identity_transaction() as session:
        person = (
            find_actor(session, batch.made_by_id, batch.made_by, unit_code=portal.place.code, address=batch.made_from)
            if batch.made_by_id is not None
            else None
        )
    if person is None:
        raise NotPermitted("order_files")
    return person


def _end(portal: Actor, batch: BatchView, state: BatchState) -> None:
    with transaction(portal) as session:
        batches.end(session, portal, batch.id, state)
