"""Receive a workbook and examine it in the background.

A file is kept byte for byte before anything is read from it. Reading happens in no transaction; what was found is
written in one of its own. A worker that dies leaves the upload as it was, and the job runs again.
"""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from sqlalchemy.orm import Session

from importers.examination_json import examination_json
from importers.foreign import asked_to_json
from importers.identity import Expected
from importers.limits import MAX_FILE_BYTES
from importers.pipeline import Examination
from portal.db import transaction
from portal.domain.lists import list_to_json
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.values import value_to_json
from portal.errors import WorkbookUnreadable
from portal.jobs.examining import examine_workbook
from portal.jobs.queue import app, enqueue
from portal.queries import submissions
from portal.queries.effective_forms import form_of
from portal.queries.people import portal_actor
from portal.queries.uploads import content_of, get_upload
from portal.services import layouts, uploads

ATTEMPTS = 3
"""After this many an upload has failed: the fault is ours, and the person is told."""

_READING = 2  # of the steps of `portal.services.uploads.STEPS`

log = logging.getLogger(__name__)


def receive(session: Session, actor: Actor, key: SubmissionKey, filename: str, content: bytes) -> UUID:
    """Keep a file and have it examined once the transaction is committed; gives the upload's id.

    Raises:
        WorkbookUnreadable: it is larger than any report.
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
    """
    upload_id = keep(session, actor, key, filename, content)
    enqueue(session, process_upload, unit=key.unit, upload_id=str(upload_id))
    return upload_id


def confirm(
    session: Session, actor: Actor, key: SubmissionKey, upload_id: UUID, choices: Mapping[str, int | None]
) -> None:
    """Keep what a person says of sheets that are no template, and have the file examined by it.

    Raises what `portal.services.layouts.confirm_layout` raises.
    """
    layouts.confirm_layout(session, actor, key, upload_id, choices)
    enqueue(session, process_upload, unit=key.unit, upload_id=str(upload_id))


def keep(session: Session, actor: Actor, key: SubmissionKey, filename: str, content: bytes) -> UUID:
    """Keep a file, to be examined by `process`; raises what `receive` raises."""
    if len(content) > MAX_FILE_BYTES:
        raise WorkbookUnreadable("too_big", f"{len(content) / 1024**2:.1f} MB")
    return uploads.store(session, actor, key, filename, content)


@app.task(name="process_upload", pass_context=True, retry=RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=3))
def process_upload(context: JobContext, unit: str, upload_id: str) -> None:
    """The background job: examine an upload of a unit; a second run changes nothing."""
    portal, which = _portal_of(unit), UUID(upload_id)
    with transaction(portal) as session:
        if get_upload(session, portal, which).report is not None:
            return
        if context.job.attempts >= ATTEMPTS:  # counted as well when a worker died of it
            log.error("upload %s was given up after %d attempts", upload_id, context.job.attempts)
            uploads.fail(session, portal, which)
            return
    process(unit, which)


def process(unit: str, upload_id: UUID) -> Examination:
    """Examine an upload of a unit, and keep what was found."""
    portal = _portal_of(unit)
    with transaction(portal) as session:
        upload = get_upload(session, portal, upload_id)
        expected = _expected(session, portal, upload.key)
        content = content_of(session, portal, upload_id)
        uploads.advance(session, portal, upload_id, _READING)
    examination = examine_workbook(content, expected, filename=upload.filename)
    with transaction(portal) as session:
        uploads.finish(session, portal, upload_id, report_of(examination))
    return examination


def report_of(examination: Examination) -> dict[str, Any]:
    """What is kept of an examination.

    The sentences are in Chinese, and once more under `en` in English; `values` are what the file answers, `places`
    where it does, both by indicator code; `lists` is what it lists, by list, `texts` what it says, by section. `layout`
    is there if a person is asked what its cells mean.
    """
    return {
        **examination_json(examination, "zh"),
        "en": examination_json(examination, "en"),
        "values": {code: value_to_json(value) for code, value in examination.values.items()},
        "lists": {code: list_to_json(answer) for code, answer in examination.lists.items()},
        "texts": examination.texts,
        "places": {code: f"{place.sheet}!{place.address}" for code, place in examination.places.items()},
        **({"layout": asked_to_json(examination.asked)} if examination.asked else {}),
    }


def _portal_of(unit: str) -> Actor:
    with transaction(None) as session:
        return portal_actor(session, unit)


def _expected(session: Session, portal: Actor, key: SubmissionKey) -> Expected:
    """The submission that the file was uploaded for; a file for another one is refused."""
    form = form_of(session, submissions.get_row(session, portal, key))
    return Expected(form.code, key.unit, str(key.period), form.number)
