"""Keep the files that prove figures, or that go with the whole of a report (附件)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import State, open_to
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput, NotFound
from portal.models import Evidence, Submission
from portal.queries.effective_forms import form_of
from portal.queries.submissions import get_row, same_submission
from portal.services import events, versions
from portal.services.stored_files import keep
from portal.services.values import require_editable, touch

MOST_FILES = 100
"""Files of one version."""


def add_evidence(
    session: Session, actor: Actor, key: SubmissionKey, indicator: str, filename: str, content: bytes, *, limit: int
) -> str:
    """Put a file with a figure, or with the whole if `indicator` is empty; gives its SHA-256.

    The same bytes at the same place are there once; a second time only the name is taken over.

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
        NotFound: the form has no such indicator.
        InvalidInput: the file is empty, larger than `limit` bytes, of no kind that is taken in, or one too many.
    """
    row = get_row(session, actor, key, for_update=True)
    require_editable(actor, row)
    if indicator:
        form_of(session, row).indicator(indicator)
    kept = keep(session, row, filename, content, limit=limit)
    versions.ensure_version(session, row)
    here = (*same_submission(Evidence, row), Evidence.version_number == row.version_number)
    if (session.scalar(select(func.count()).select_from(Evidence).where(*here)) or 0) >= MOST_FILES:
        raise InvalidInput("file", "too_many_files", MOST_FILES)
    added = {"filename": kept.filename, "added_by_id": actor.user_id, "added_by": actor.name, "added_at": clock.now()}
    statement = insert(Evidence).values(
        **versions.of_version(row),
        indicator=indicator,
        sha256=kept.sha256,
        size=kept.size,
        open_to=open_to(State.DRAFTING, versions.depth_of(row)),
        **added,
    )
    session.execute(statement.on_conflict_do_update(constraint="pk_evidence", set_=added))
    touch(session, row)
    _record(session, actor, key, row, "evidence_added", after={"indicator": indicator, **kept._asdict()})
    return kept.sha256


def remove_evidence(session: Session, actor: Actor, key: SubmissionKey, indicator: str, sha256: str) -> None:
    """Take a file away from the draft; the bytes stay, and so does every version handed in with it.

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
        NotFound: no such file is there.
    """
    row = get_row(session, actor, key, for_update=True)
    require_editable(actor, row)
    statement = (
        delete(Evidence)
        .where(*same_submission(Evidence, row), Evidence.version_number == row.version_number)
        .where(Evidence.indicator == indicator, Evidence.sha256 == sha256)
        .returning(Evidence.filename)
    )
    filename = session.scalar(statement)
    if filename is None:
        raise NotFound("evidence", sha256)
    touch(session, row)
    before = {"indicator": indicator, "filename": filename, "sha256": sha256}
    _record(session, actor, key, row, "evidence_removed", before=before)


def _record(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    kind: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    events.record(session, actor, kind, str(key), unit_code=key.unit, root_id=row.root_id, before=before, after=after)
