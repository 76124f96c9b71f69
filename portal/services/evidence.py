"""Keep the files that prove figures, or that go with the whole of a report (附件)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.file_kinds import is_named_so, kind_of, plain_name
from portal.domain.lifecycle import State, open_to
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput, NotFound
from portal.models import Evidence, StoredFile, Submission
from portal.queries.submissions import form_of, get_row, same_submission
from portal.services import events, versions
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
    name = plain_name(filename)
    _require_fit(name, content, limit)
    versions.ensure_version(session, row)
    here = (*same_submission(Evidence, row), Evidence.version_number == row.version_number)
    if (session.scalar(select(func.count()).select_from(Evidence).where(*here)) or 0) >= MOST_FILES:
        raise InvalidInput("file", "too_many_files", MOST_FILES)
    sha256 = hashlib.sha256(content).hexdigest()
    _store(session, row, sha256, content)
    added = {"filename": name, "added_by_id": actor.user_id, "added_by": actor.name, "added_at": clock.now()}
    statement = insert(Evidence).values(
        **versions.of_version(row),
        indicator=indicator,
        sha256=sha256,
        size=len(content),
        open_to=open_to(State.DRAFTING, versions.depth_of(row)),
        **added,
    )
    session.execute(statement.on_conflict_do_update(constraint="pk_evidence", set_=added))
    touch(session, row)
    after = {"indicator": indicator, "filename": name, "sha256": sha256, "size": len(content)}
    _record(session, actor, key, row, "evidence_added", after=after)
    return sha256


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


def _require_fit(name: str, content: bytes, limit: int) -> None:
    if not content:
        raise InvalidInput("file", "empty_file" if name else "no_file", name)
    if len(content) > limit:
        raise InvalidInput("file", "file_too_large", name)
    kind = kind_of(content)
    if kind is None:
        raise InvalidInput("file", "kind_not_taken", name)
    if not is_named_so(name, kind):
        raise InvalidInput("file", "named_otherwise", name)


def _store(session: Session, row: Submission, sha256: str, content: bytes) -> None:
    statement = insert(StoredFile).values(
        root_id=row.root_id,
        unit_id=row.unit_id,
        unit_path=row.unit_path,
        sha256=sha256,
        size=len(content),
        content=content,
    )
    session.execute(statement.on_conflict_do_nothing())


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
