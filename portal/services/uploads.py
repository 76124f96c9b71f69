"""Keep uploaded files byte for byte, keep what was found in them, and write it into the draft when asked."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import State, after_edit, open_to
from portal.domain.lists import row_from_json
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import SubmissionKey
from portal.domain.values import MISSING, Value, Values, value_from_json
from portal.errors import InvalidMove, NotFound
from portal.models import Submission, Upload
from portal.queries.effective_forms import form_of
from portal.queries.figures import key_of, typed_figures
from portal.queries.report import NOTHING_WRITTEN, passages_of
from portal.queries.submissions import get_row, same_submission, subject_of
from portal.services import events, versions
from portal.services.list_rows import replace_list
from portal.services.passages import write_passage
from portal.services.values import Provenance, Saved, save_values

TEXT = "text."
"""Before the code of a section, which may be that of an indicator too."""

STEPS = 4
"""Steps of processing shown as progress: kept, opened, recognised and read, checked."""


def store(session: Session, actor: Actor, key: SubmissionKey, filename: str, content: bytes) -> UUID:
    """Keep a file before anything is read from it; gives the upload's id.

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
    """
    row = get_row(session, actor, key)
    require(actor, Permission.UPLOAD, subject_of(row))
    after_edit(State(row.state))
    return add(session, actor, key, row, filename, content)


def add(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    filename: str,
    content: bytes,
    *,
    upload_id: UUID | None = None,
) -> UUID:
    """Keep a file of a submission, in the name of somebody whose right to it was asked before; gives its id."""
    upload = Upload(
        root_id=row.root_id,
        period_code=row.period_code,
        form_code=row.form_code,
        unit_id=row.unit_id,
        unit_path=row.unit_path,
        id=upload_id or uuid4(),
        filename=filename[-255:],
        content=content,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        state="waiting",
        done=1,
        total=STEPS,
        report=None,
        uploaded_by_id=actor.user_id,
        uploaded_by=actor.name,
        uploaded_at=clock.now(),
        applied_at=None,
        open_to=open_to(State.DRAFTING, versions.depth_of(row)),
    )
    session.add(upload)
    session.flush()
    after = {"upload": str(upload.id), "filename": upload.filename, "sha256": upload.sha256, "size": upload.size}
    _record(session, actor, key, row, "file_uploaded", after)
    return upload.id


def get_upload(session: Session, actor: Actor, upload_id: UUID) -> Upload:
    """The upload, if its unit is the actor's or lets the actor read it.

    Raises:
        NotFound: there is none within the actor's reach.
    """
    upload = session.scalar(select(Upload).where(Upload.root_id == actor.place.root_id, Upload.id == upload_id))
    if upload is None:
        raise NotFound("upload", upload_id)
    return upload


def advance(session: Session, actor: Actor, upload_id: UUID, done: int) -> None:
    """Show that the worker is at step `done`."""
    upload = get_upload(session, actor, upload_id)
    upload.state, upload.done = "working", done


def finish(session: Session, actor: Actor, upload_id: UUID, report: Mapping[str, Any]) -> None:
    """Keep what was found in the file, unless another worker has found it meanwhile."""
    upload = get_upload(session, actor, upload_id)
    session.refresh(upload, ["report"], with_for_update=True)
    if upload.report is not None:
        return
    upload.state, upload.done, upload.report = "done", upload.total, dict(report)
    after = {"outcome": report["outcome"], "findings": len(report["findings"])}
    _record_examination(session, actor, upload, "upload_examined", after)


def fail(session: Session, actor: Actor, upload_id: UUID) -> None:
    """Show that the examination broke down, by a fault that is not the file's."""
    upload = get_upload(session, actor, upload_id)
    upload.state = "failed"
    _record_examination(session, actor, upload, "upload_failed", {})


def apply(
    session: Session, actor: Actor, key: SubmissionKey, upload_id: UUID, codes: Collection[str] | None = None
) -> Saved:
    """Write an upload's figures, lists and texts into the draft: all of them, or those named by their codes.

    A section of the text is named by `text.` and its code.

    Raises:
        NotFound: no such upload for this submission.
        InvalidMove: the file is not read yet, or nothing could be read from it; or the draft is closed.
        NotPermitted: the actor does not fill this submission.
    """
    row = get_row(session, actor, key)
    upload = session.scalar(select(Upload).where(*same_submission(Upload, row), Upload.id == upload_id))
    if upload is None:
        raise NotFound("upload", upload_id)
    if upload.state != "done" or upload.report is None or upload.report["outcome"] != "checked":
        raise InvalidMove("apply", upload.state)
    values = values_of(upload.report, form_of(session, row), typed_figures(session, [row])[key_of(row)])
    wanted = values if codes is None else {code: value for code, value in values.items() if code in codes}
    origin = Provenance(upload.id, upload.report["places"])
    saved = save_values(session, actor, key, wanted, provenance=origin)
    lists = {code: each for code, each in lists_in(upload.report).items() if codes is None or code in codes}
    rows = sum(
        replace_list(session, actor, key, code, each.rows, none=each.none, provenance=origin)
        for code, each in lists.items()
    )
    texts = texts_in(upload.report)
    written = _write_texts(
        session, actor, key, row, {name: words for name, words in texts.items() if codes is None or name in codes}
    )
    upload.applied_at = clock.now()
    besides = {name: count for name, count in (("rows", rows), ("sections", written)) if count}
    _record(session, actor, key, row, "upload_applied", {"upload": str(upload.id), "values": saved.changed} | besides)
    return replace(saved, changed=saved.changed + rows + written)


def _write_texts(session: Session, actor: Actor, key: SubmissionKey, row: Submission, texts: Mapping[str, str]) -> int:
    """Write sections of the text; gives how many changed."""
    before, changed = passages_of(session, row), 0
    for name, words in texts.items():
        section = name.removeprefix(TEXT)
        seen = before.get(section, NOTHING_WRITTEN).row_version
        changed += write_passage(session, actor, key, section, words, seen=seen) != seen
    return changed


class ListInFile(NamedTuple):
    """What a file lists; without rows, `none` tells whether it says that there is nothing."""

    rows: list[Values]
    none: bool


def lists_in(report: Mapping[str, Any]) -> dict[str, ListInFile]:
    """The lists that an upload's report holds, by code; none in one from before there were lists."""
    return {
        code: ListInFile([row_from_json(row) for row in each["rows"]], each["none"])
        for code, each in report.get("lists", {}).items()
    }


def texts_in(report: Mapping[str, Any]) -> dict[str, str]:
    """What an upload's report says under the sections of the text, by `text.` and their codes."""
    return {f"{TEXT}{code}": words for code, words in report.get("texts", {}).items()}


def values_of(report: Mapping[str, Any], form: FormVersion, draft: Values) -> dict[str, Value]:
    """The values that an upload's report holds.

    The cells of a cross table have no column for notes in a file: where it gives none, that of the draft stays.
    """
    crossed = {each.code for sheet in form.sheets if sheet.cross for each in sheet.indicators}
    values = {code: value_from_json(value) for code, value in report["values"].items()}
    return {
        code: _with_note(value, draft.get(code, MISSING)) if code in crossed and not value.note else value
        for code, value in values.items()
    }


def _with_note(value: Value, draft: Value) -> Value:
    as_of_on = value.as_of_on or (draft.as_of_on if value.reported else None)
    return replace(value, note=draft.note, as_of_on=as_of_on)


def _record_examination(session: Session, actor: Actor, upload: Upload, kind: str, after: Mapping[str, Any]) -> None:
    """What the portal found in a file. It acts within the file's unit."""
    key = SubmissionKey(actor.place.code, Period.parse(upload.period_code), upload.form_code)
    after = {"upload": str(upload.id), "filename": upload.filename, **after}
    events.record(session, actor, kind, str(key), unit_code=key.unit, root_id=upload.root_id, after=after)


def _record(
    session: Session, actor: Actor, key: SubmissionKey, row: Submission, kind: str, after: Mapping[str, Any]
) -> None:
    events.record(session, actor, kind, str(key), unit_code=key.unit, root_id=row.root_id, after=after)
