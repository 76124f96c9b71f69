"""What a submission holds beside its figures: lists, the text by sections, and the files that prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import Enclosed, SubmissionKey
from portal.errors import NotFound
from portal.models import Evidence, Passage, StoredFile, Submission
from portal.queries.effective_forms import form_of
from portal.queries.figures import key_of
from portal.queries.list_rows import RowOrigin, lists_of, row_origins
from portal.queries.submissions import get_row, same_submission, whole_subject_of


@dataclass(frozen=True)
class PassageRow:
    """What stands under a section, and who wrote it last; `row_version` 0: nobody has yet."""

    words: str = ""
    row_version: int = 0
    entered_by: str = ""
    entered_at: datetime | None = None


@dataclass(frozen=True)
class EvidenceRow:
    """A file that goes with a figure, or with the whole (`indicator` is empty)."""

    indicator: str
    sha256: str
    filename: str
    size: int
    added_by: str
    added_at: datetime


NOTHING_WRITTEN = PassageRow()


def list_passages(
    session: Session, actor: Actor, key: SubmissionKey, *, version: int | None = None
) -> dict[str, PassageRow]:
    """What was written under each section, by its code, in the current version unless one is named.

    Raises:
        NotFound: no such submission within the actor's reach.
        NotPermitted: the actor may not see what is in it yet.
    """
    return passages_of(session, _readable(session, actor, key), version)


def passages_of(session: Session, row: Submission, version: int | None = None) -> dict[str, PassageRow]:
    """The same, of a submission that the actor is known to see."""
    query = select(Passage).where(
        *same_submission(Passage, row), Passage.version_number == (version or row.version_number)
    )
    return {
        each.section: PassageRow(each.words, each.row_version, each.entered_by, each.entered_at)
        for each in session.scalars(query)
    }


def last_year_words(session: Session, actor: Actor, key: SubmissionKey) -> dict[str, str]:
    """What last year's accepted report says, by section; empty if none was accepted."""
    try:
        row = get_row(session, actor, key.last_year)
    except NotFound:
        return {}
    if row.state not in COUNTED:
        return {}
    return {code: each.words for code, each in passages_of(session, row).items()}


def list_rows(session: Session, actor: Actor, key: SubmissionKey, list_code: str) -> dict[int, RowOrigin]:
    """The rows of a list in the current version, those that were emptied too, by number.

    Raises:
        NotFound: no such submission within the actor's reach.
        NotPermitted: the actor may not see what is in it yet.
    """
    return row_origins(session, _readable(session, actor, key), list_code)


def list_evidence(
    session: Session, actor: Actor, key: SubmissionKey, *, version: int | None = None
) -> list[EvidenceRow]:
    """The files of the current version unless one is named: those of the whole first, then by indicator.

    Raises:
        NotFound: no such submission within the actor's reach.
        NotPermitted: the actor may not see what is in it yet.
    """
    return evidence_of(session, _readable(session, actor, key), version)


def evidence_of(session: Session, row: Submission, version: int | None = None) -> list[EvidenceRow]:
    """The same, of a submission that the actor is known to see."""
    query = (
        select(Evidence)
        .where(*same_submission(Evidence, row), Evidence.version_number == (version or row.version_number))
        .order_by(Evidence.indicator, Evidence.added_at, Evidence.sha256)
    )
    return [
        EvidenceRow(each.indicator, each.sha256, each.filename, each.size, each.added_by, each.added_at)
        for each in session.scalars(query)
    ]


def evidence_file(
    session: Session, actor: Actor, key: SubmissionKey, sha256: str, *, version: int | None = None
) -> tuple[str, bytes]:
    """Name and bytes of a file.

    Raises:
        NotFound: no such file within the actor's reach.
        NotPermitted: the actor may not see what is in the submission yet.
    """
    row = _readable(session, actor, key)
    query = (
        select(Evidence.filename, StoredFile.content)
        .join(
            StoredFile,
            (StoredFile.root_id == Evidence.root_id)
            & (StoredFile.unit_id == Evidence.unit_id)
            & (StoredFile.sha256 == Evidence.sha256),
        )
        .where(*same_submission(Evidence, row), Evidence.version_number == (version or row.version_number))
        .where(Evidence.sha256 == sha256)
        .limit(1)
    )
    for filename, content in session.execute(query):
        return filename, content
    raise NotFound("evidence", sha256)


def enclosed(session: Session, row: Submission, version: int | None = None) -> Enclosed:
    """What the receipt of a version vouches for beside the figures."""
    lists = lists_of(session, [row], {key_of(row): form_of(session, row)}, version=version)[key_of(row)]
    words = {code: each.words for code, each in passages_of(session, row, version).items() if each.words}
    return Enclosed(lists, words, _by_place(evidence_of(session, row, version)))


def _by_place(files: Sequence[EvidenceRow]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for each in files:
        places.setdefault(each.indicator, []).append(each.sha256)
    return {place: sorted(digests) for place, digests in places.items()}


def _readable(session: Session, actor: Actor, key: SubmissionKey) -> Submission:
    row = get_row(session, actor, key)
    subject = whole_subject_of(session, row)
    require(actor, Permission.SEE_VALUES, subject)
    require(actor, Permission.SEE_ORIGINS, subject)
    return row
