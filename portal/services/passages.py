"""Write the text of a report, section by section."""

import hashlib

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import State, open_to
from portal.domain.policy import Actor
from portal.domain.prose import LONGEST_SECTION, plain_prose
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, InvalidInput
from portal.models import Passage
from portal.queries.effective_forms import form_of
from portal.queries.report import NOTHING_WRITTEN, passages_of
from portal.queries.submissions import get_row
from portal.services import events, versions
from portal.services.values import require_editable, touch


def write_passage(session: Session, actor: Actor, key: SubmissionKey, section: str, words: str, *, seen: int) -> int:
    """Write a section of the draft's text; gives its row version. The same words a second time change nothing.

    Args:
        session: the transaction.
        actor: the filler.
        key: the submission.
        section: code of the section.
        words: the whole of it; only plain text is kept of them.
        seen: row version the writer saw (0: nothing was there).

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
        NotFound: the form has no such section.
        InvalidInput: it is too long.
        Conflict: somebody else changed it meanwhile; nothing is written.
    """
    row = get_row(session, actor, key, for_update=True)
    require_editable(actor, row)
    form_of(session, row).section(section)
    words = plain_prose(words)
    if len(words) > LONGEST_SECTION:
        raise InvalidInput("words", "too_long", len(words))
    before = passages_of(session, row).get(section, NOTHING_WRITTEN)
    if before.row_version != seen:
        raise Conflict("passage", f"{key} {section}")
    if words == before.words:
        return before.row_version
    versions.ensure_version(session, row)
    written = {
        "words": words,
        "row_version": before.row_version + 1,
        "entered_by_id": actor.user_id,
        "entered_by": actor.name,
        "entered_at": clock.now(),
    }
    statement = insert(Passage).values(
        **versions.of_version(row), section=section, open_to=open_to(State.DRAFTING, versions.depth_of(row)), **written
    )
    session.execute(statement.on_conflict_do_update(constraint="pk_passage", set_=written))
    touch(session, row)
    events.record(
        session,
        actor,
        "text_changed",
        str(key),
        unit_code=key.unit,
        root_id=row.root_id,
        before=_measured(section, before.words) if before.words else {},
        after=_measured(section, words),
    )
    return before.row_version + 1


def _measured(section: str, words: str) -> dict[str, object]:
    """A text as the record keeps it: the words themselves stand in the version that is handed in."""
    return {"section": section, "characters": len(words), "sha256": hashlib.sha256(words.encode()).hexdigest()}
