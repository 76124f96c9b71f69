"""The worker's part of batches: make files for many units, or enter the answers of many units.

Answers are entered some units at a time, each time in one transaction with the lines of the report and the progress. A
worker that dies leaves whole units behind; the next one reads the file again and goes on with those that have no line.
"""

import logging
from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from sqlalchemy.orm import Session

from importers.limits import MAX_FILE_BYTES
from portal.db import identity_transaction, transaction
from portal.domain.actors import Actor
from portal.domain.batches import BatchKind, BatchState
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
    session: Session, actor: Actor, key: CollectionKey, filename: str, content: bytes, *, replaces: bool
) -> UUID:
    """Keep a file with the answers of many units, to be entered in the background.

    Raises:
        WorkbookUnreadable: it is larger than is accepted at once.
    """
    if len(content) > MAX_FILE_BYTES:
        raise WorkbookUnreadable("too_big", f"{len(content) / 1024**2:.1f} MB")
    batch_id = batches.hand_in(session, actor, key, filename, content, replaces=replaces)
    enqueue(session, process_batch, unit=actor.place.code, batch_id=str(batch_id))
    return batch_id


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


def process(portal: Actor, batch: BatchView) -> None:
    """Do a batch, as the person who ordered it may today."""
    try:
        work = Work(portal, _person(portal, batch), batch)
        match batch.kind:
            case BatchKind.TEMPLATES:
                make_templates(work)
            case BatchKind.TABLE:
                make_table(work)
            case BatchKind.ANSWERS:
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
