"""Write figures into a draft."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.entry_checks import admissible
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import State, after_edit
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level
from portal.domain.values import Value
from portal.errors import Conflict, InvalidMove
from portal.models import Submission
from portal.models import Value as ValueRow
from portal.queries.effective_forms import form_of
from portal.queries.figures import VALUE_COLUMNS, in_version, value_of, version_named
from portal.queries.submissions import get_row, subject_of
from portal.services import events, versions
from portal.services.value_rows import in_draft, put_values

Standing = Mapping[str, Any]
"""What stands in the current version, by indicator: rows of `VALUE_COLUMNS` and the row version."""


@dataclass(frozen=True)
class Saved:
    """What became of the figures handed in.

    Attributes:
        row_versions: of every value written, by indicator.
        refused: findings for those that are no possible answer; they were not written.
        changed: how many differ from what stood there.
    """

    row_versions: dict[str, int]
    refused: list[Finding]
    changed: int


@dataclass(frozen=True)
class Provenance:
    """The uploaded file that figures come from; `cells` maps indicator codes to addresses such as `表4!E12`."""

    upload_id: UUID
    cells: Mapping[str, str]


def save_values(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    values: Mapping[str, Value],
    *,
    expected: Mapping[str, int] | None = None,
    seen: int | None = None,
    provenance: Provenance | None = None,
) -> Saved:
    """Write figures into the draft. An impossible answer is refused and named; the others are written all the same.

    Args:
        session: the transaction.
        actor: the filler.
        key: the submission.
        values: by indicator code; MISSING clears.
        expected: row versions the writer saw (0: no row); one that differs is a conflict.
        seen: the submission's row version the writer looked at, if that matters.
        provenance: the file the figures were read from.

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
        Conflict: somebody else changed one of the figures, or what was seen, meanwhile; nothing is written.
        NotFound: an indicator is not of the form.
    """
    row = get_row(session, actor, key, for_update=True)
    if seen is not None and seen != row.row_version:
        require_editable(actor, row)
        raise Conflict("submission", key)
    form = form_of(session, row)
    return write_values(session, actor, key, row, form, values, expected=expected, provenance=provenance)


def write_values(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    form: FormVersion,
    values: Mapping[str, Value],
    *,
    expected: Mapping[str, int] | None = None,
    provenance: Provenance | None = None,
) -> Saved:
    """The same into a row that is locked (`get_row(for_update=True)`), with the form that it answers."""
    require_editable(actor, row)
    refused = _refused(form, Level(row.level), values)
    before = _standing(session, row, {*values, *(expected or {})})
    _require_expected(key, before, expected or {})
    codes = {finding.indicator for finding in refused}
    changed = {code: value for code, value in values.items() if code not in codes and _differs(before.get(code), value)}
    row_versions = {code: before[code].row_version for code in values if code in before}
    if changed:
        row_versions |= _write(session, actor, row, before, changed, provenance)
        touch(session, row)
        _record(session, actor, key, row, before, changed)
    return Saved(row_versions, refused, len(changed))


def require_editable(actor: Actor, row: Submission) -> None:
    """Stop unless the actor may change what the submission says; name which stands in the way, role or state.

    Raises:
        NotPermitted: the actor does not fill it.
        InvalidMove: it can no longer be edited.
    """
    subject = subject_of(row)
    if subject.path == actor.place.path and row.exempt_reason is None:
        after_edit(State(row.state))
    require(actor, Permission.EDIT_VALUES, subject)
    if row.exempt_reason is not None:
        raise InvalidMove("edit", "exempt")


def _refused(form: FormVersion, level: Level, values: Mapping[str, Value]) -> list[Finding]:
    findings = (admissible(form.indicator(code), level, value) for code, value in values.items())
    return [finding for finding in findings if finding is not None]


_STANDING = select(ValueRow.indicator, ValueRow.row_version, *VALUE_COLUMNS).where(
    *in_version(ValueRow), ValueRow.indicator.in_(bindparam("codes", expanding=True))
)


def _standing(session: Session, row: Submission, codes: Collection[str]) -> Standing:
    """What stands there for these indicators."""
    found = session.execute(_STANDING, {**version_named(row), "codes": list(codes)})
    return {each.indicator: each for each in found}


def _require_expected(key: SubmissionKey, before: Standing, expected: Mapping[str, int]) -> None:
    for code, seen in expected.items():
        standing = before[code].row_version if code in before else 0
        if standing != seen:
            raise Conflict("value", f"{key} {code}")


def _differs(row: Any, value: Value) -> bool:
    if row is None:
        return value.answered or bool(value.note)
    return value_of(row) != value


def _write(
    session: Session,
    actor: Actor,
    row: Submission,
    before: Standing,
    changed: Mapping[str, Value],
    provenance: Provenance | None,
) -> dict[str, int]:
    """Write what changed; gives the new row versions."""
    if not row.answered:  # else there is a version, which the answers are in
        versions.ensure_version(session, row)
    source, places = (provenance.upload_id, provenance.cells) if provenance else (None, {})
    put_values(session, [in_draft(row, actor, changed, source, places)])
    return {code: before[code].row_version + 1 if code in before else 1 for code in changed}


_TOUCH = (
    update(Submission)
    .where(*in_version(Submission))
    .values(
        state=bindparam("new_state"),
        answered=versions.ANSWERS,
        last_activity_at=bindparam("now"),
        row_version=Submission.row_version + 1,
    )
    .returning(Submission)
    .execution_options(populate_existing=True, synchronize_session=False)
)


def touch(session: Session, row: Submission) -> None:
    """What a change of the draft means for the submission: sign-offs fall away, and lists show the work done."""
    fresh = {"new_state": after_edit(State(row.state)), "now": clock.now()}
    session.scalars(_TOUCH, {**version_named(row), **fresh}).one()


def _record(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    before: Standing,
    changed: Mapping[str, Value],
) -> None:
    events.record(
        session,
        actor,
        "values_changed",
        str(key),
        unit_code=key.unit,
        root_id=row.root_id,
        before={code: value_of(before[code]).written for code in changed if code in before},
        after={code: value.written for code, value in changed.items()},
    )
