"""Keep what a person confirms about sheets that are no template: which cell answers which indicator."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import State, after_edit
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput, InvalidMove, NotFound
from portal.models import LayoutMapping, Submission, Upload
from portal.queries.effective_forms import form_of
from portal.queries.submissions import get_row, same_submission, subject_of
from portal.services import events


def confirm_layout(
    session: Session, actor: Actor, key: SubmissionKey, upload_id: UUID, choices: Mapping[str, int | None]
) -> None:
    """Keep the choices for this layout, and let the file be examined once more.

    Args:
        session: of the transaction.
        actor: who confirms.
        key: of the submission that the file was uploaded for.
        upload_id: of the file.
        choices: by indicator code the position of a figure in the upload's report; None where the file has none. All
            that was asked has to be decided.

    Raises:
        NotPermitted: the actor does not fill this submission.
        NotFound: no such upload for this submission.
        InvalidMove: nothing is asked about the file (any more), or the submission can no longer be edited.
        InvalidInput: the choices are not those that were asked for, or one cell is to answer several indicators.
    """
    row = get_row(session, actor, key)
    require(actor, Permission.UPLOAD, subject_of(row))
    after_edit(State(row.state))
    mine = select(Upload).where(*same_submission(Upload, row), Upload.id == upload_id)
    upload = session.scalar(mine.with_for_update())
    if upload is None:
        raise NotFound("upload", upload_id)
    asked = (upload.report or {}).get("layout")
    if upload.state != "done" or asked is None:
        raise InvalidMove("confirm_layout", upload.state)
    number = _keep(session, actor, row, asked, _decided(asked, choices))
    upload.state, upload.done, upload.report = "waiting", 1, None
    after = {"upload": str(upload.id), "filename": upload.filename, "mapping": number}
    events.record(session, actor, "layout_confirmed", str(key), unit_code=key.unit, root_id=row.root_id, after=after)


def _decided(asked: Mapping[str, Any], choices: Mapping[str, int | None]) -> dict[str, Any]:
    """The names of the cells chosen, by indicator code."""
    figures = asked["figures"]
    if choices.keys() != {question["indicator"] for question in asked["questions"]}:
        raise InvalidInput("layout", "unknown")
    chosen = [position for position in choices.values() if position is not None]
    if not all(0 <= position < len(figures) for position in chosen):
        raise InvalidInput("layout", "no_such_cell")
    twice = [figures[position]["place"] for position, times in Counter(chosen).items() if times > 1]
    if twice:
        raise InvalidInput("layout", "cell_twice", "、".join(twice))
    return {code: None if position is None else figures[position]["key"] for code, position in choices.items()}


def _keep(session: Session, actor: Actor, row: Submission, asked: Mapping[str, Any], choices: Mapping[str, Any]) -> int:
    """Add the next mapping of the unit for the form; gives its number."""
    here = {"root_id": row.root_id, "unit_id": row.unit_id, "form_code": row.form_code}
    last = session.scalar(select(func.max(LayoutMapping.number)).filter_by(**here))
    mapping = LayoutMapping(
        **here,
        unit_path=row.unit_path,
        number=(last or 0) + 1,
        form_number=form_of(session, row).number,
        fingerprint=asked["fingerprint"],
        choices=dict(choices),
        confirmed_by_id=actor.user_id,
        confirmed_by=actor.name,
        confirmed_at=clock.now(),
    )
    session.add(mapping)
    return mapping.number
