"""Numbered versions of a submission: opened, copied, sealed, and shown to those above."""

from collections.abc import Sequence

from sqlalchemy import exists, func, insert, literal, or_, select, text, update
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import State, open_to
from portal.domain.policy import Actor
from portal.domain.submissions import Digest
from portal.models import Evidence, Explanation, ListRow, Passage, Submission, SubmissionVersion, Upload, Value
from portal.queries.figures import in_version, these, version_named, versions_named
from portal.queries.submissions import same_submission

_COPIED = (ListRow, Explanation, Passage, Evidence)
"""What belongs to a version beside its values: it goes into the next, and is as open as the version."""

ANSWERS = select(func.count()).where(*in_version(Value), Value.status != "missing").scalar_subquery()
"""Answers in a version, figures and what does not apply, counted within a statement (`version_named`)."""

_COPY_VALUES = text("""
    select copy_values(:of_root_id, :of_period_code, :of_form_code, :of_unit_id, :of_version_number, :version)
""")

_OPEN_VALUES = text("select open_values(:root, :period, :form, :units, :versions, :depth)")


def depth_of(row: Submission) -> int:
    """1 for a top unit."""
    return row.unit_path.count(".") + 1


def ensure_version(session: Session, row: Submission) -> SubmissionVersion:
    """The open version that figures are written to; the first one begins with the first figure."""
    found = session.get(SubmissionVersion, _key(row, row.version_number))
    if found is None:
        found = _open(session, row, "")
    return found


def open_next(session: Session, row: Submission, reason: str) -> None:
    """Begin a new version as a copy of the last; the last stays as it was, for good."""
    previous = row.version_number
    row.version_number = previous + 1
    _open(session, row, reason)
    session.execute(_COPY_VALUES, {**version_named(row, previous), "version": row.version_number})
    for table in _COPIED:
        columns = [column for column in table.__table__.columns if column.key not in {"version_number", "open_to"}]
        copied = select(*columns, literal(row.version_number), literal(open_to(State.DRAFTING, depth_of(row)))).where(
            *same_submission(table, row), table.version_number == previous
        )
        names = [column.key for column in columns]
        session.execute(insert(table).from_select([*names, "version_number", "open_to"], copied))


def seal(session: Session, actor: Actor, row: Submission, digest: Digest) -> None:
    """Close the current version for good and write down its digest."""
    version = ensure_version(session, row)
    version.sealed_at, version.sealed_by = clock.now(), actor.name
    version.sha256, version.sm3 = digest.sha256, digest.sm3


def show(session: Session, rows: Sequence[Submission], depth: int) -> None:
    """Let those from this depth of the tree on read the current versions of submissions of one collection."""
    session.execute(_OPEN_VALUES, versions_named(rows) | {"depth": depth})
    used = [
        exists()
        .where(*same_submission(table, Submission), table.upload_id == Upload.id)
        .where(table.version_number == Submission.version_number)
        for table in (Value, ListRow)
    ]
    shown = [(Upload, or_(*used)), (SubmissionVersion, SubmissionVersion.number == Submission.version_number)]
    shown += [(table, table.version_number == Submission.version_number) for table in _COPIED]
    current = these(Submission, rows)
    for table, of_version in shown:
        statement = update(table).where(*current, *same_submission(table, Submission), of_version).values(open_to=depth)
        session.execute(statement, execution_options={"synchronize_session": False})


def _open(session: Session, row: Submission, reason: str) -> SubmissionVersion:
    version = SubmissionVersion(
        root_id=row.root_id,
        period_code=row.period_code,
        form_code=row.form_code,
        unit_id=row.unit_id,
        unit_path=row.unit_path,
        number=row.version_number,
        opened_at=clock.now(),
        opened_reason=reason,
        sealed_at=None,
        sealed_by=None,
        sha256=None,
        sm3=None,
        open_to=open_to(State.DRAFTING, depth_of(row)),
    )
    session.add(version)
    session.flush()
    return version


def of_version(row: Submission) -> dict[str, object]:
    """The columns by which a row belongs to the submission's current version."""
    return {
        "root_id": row.root_id,
        "period_code": row.period_code,
        "form_code": row.form_code,
        "unit_id": row.unit_id,
        "unit_path": row.unit_path,
        "version_number": row.version_number,
    }


def _key(row: Submission, number: int) -> dict[str, object]:
    return {
        "root_id": row.root_id,
        "period_code": row.period_code,
        "form_code": row.form_code,
        "unit_id": row.unit_id,
        "number": number,
    }
