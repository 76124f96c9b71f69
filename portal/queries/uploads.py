"""Uploaded files: how far their examination is, what was found, and the bytes themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits
from portal.domain.submissions import SubmissionKey
from portal.errors import NotFound
from portal.models import Unit, Upload


@dataclass(frozen=True)
class UploadView:
    """An uploaded file without its bytes.

    Attributes:
        state: waiting, working, done or failed.
        done: steps done, of `total`.
        report: what was found, in both languages (`portal.jobs.uploads.report_of`); None until the worker is through.
    """

    id: UUID
    key: SubmissionKey
    filename: str
    size: int
    sha256: str
    state: str
    done: int
    total: int
    report: dict[str, Any] | None
    uploaded_by: str
    uploaded_at: datetime
    applied_at: datetime | None


def get_upload(session: Session, actor: Actor, upload_id: UUID) -> UploadView:
    """One upload.

    Raises:
        NotFound: there is none within the actor's reach.
    """
    row, unit_code = _find(session, actor, upload_id)
    return UploadView(
        row.id,
        SubmissionKey(unit_code, Period.parse(row.period_code), row.form_code),
        row.filename,
        row.size,
        row.sha256,
        row.state,
        row.done,
        row.total,
        row.report,
        row.uploaded_by,
        row.uploaded_at,
        row.applied_at,
    )


def content_of(session: Session, actor: Actor, upload_id: UUID) -> bytes:
    """The bytes of an upload, exactly as they came.

    Raises:
        NotFound: there is none within the actor's reach.
    """
    row, _unit_code = _find(session, actor, upload_id)
    return row.content


def _find(session: Session, actor: Actor, upload_id: UUID) -> tuple[Upload, str]:
    query = (
        select(Upload, Unit.code)
        .join(Unit, Unit.id == Upload.unit_id)
        .where(Upload.root_id == actor.place.root_id, Upload.id == upload_id)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("upload", upload_id)
    row, unit_code = found
    if not permits(actor, Permission.SEE_ORIGINS, Subject(row.unit_path, form=row.form_code)):
        raise NotFound("upload", upload_id)
    return row, unit_code
