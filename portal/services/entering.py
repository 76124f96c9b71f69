"""Enter the answers of many units into their drafts at once (代报), a handful of statements for all of them.

The portal writes, within the unit above, in the name of the person who handed the file in; what that person may do is
asked for every unit anew. A unit's answers are entered all or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.actors import Actor
from portal.domain.batches import LineOutcome, obstacle
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.lifecycle import State, after_edit, open_to
from portal.domain.policy import Permission, permits
from portal.domain.submissions import SubmissionKey
from portal.domain.values import MISSING, Value, Values, ValueStatus
from portal.models import Submission, SubmissionVersion
from portal.models import Value as ValueRow
from portal.queries.collections import settings_of
from portal.queries.figures import VALUE_COLUMNS, these, value_of
from portal.queries.submissions import same_submission, subject_of
from portal.services import events, versions
from portal.services.collections import hold_settings
from portal.services.value_rows import in_draft, put_values


@dataclass(frozen=True)
class Entry:
    """What is to be entered for a unit: its answers, and where each stands in the file."""

    unit_id: int
    unit_code: str
    values: Values
    places: Mapping[str, str]


_Change = tuple[Submission, Entry, Values]


@dataclass(frozen=True)
class Entered:
    """What became of an entry; `stored` figures differ from what stood there."""

    outcome: LineOutcome
    stored: int = 0


def enter_answers(
    session: Session,
    portal: Actor,
    person: Actor,
    key: CollectionKey,
    entries: Sequence[Entry],
    *,
    source: UUID,
    replaces: bool,
) -> dict[int, Entered]:
    """Enter answers into the drafts of units; gives what became of each, by unit id.

    Args:
        session: the transaction.
        portal: the portal within the person's unit (`queries.people.portal_within`).
        person: in whose name.
        key: the collection.
        entries: what to enter, one for each unit.
        source: the batch or the upload that the answers come from.
        replaces: whether figures that stand in a draft give way.
    """
    hold_settings(session, key)
    settings = settings_of(session, portal.place.root_id, key)
    rows = _locked(session, portal, key, entries)
    found: dict[int, Entered] = {}
    open_: list[tuple[Submission, Entry]] = []
    for entry in entries:
        row = rows.get(entry.unit_id)
        refusal = LineOutcome.NOT_ASKED if row is None else _refusal(person, row, settings, replaces=replaces)
        if row is None or refusal is not None:
            found[entry.unit_id] = Entered(refusal or LineOutcome.NOT_ASKED)
        else:
            open_.append((row, entry))
    return found | _enter(session, person, key, open_, source)


def _locked(session: Session, portal: Actor, key: CollectionKey, entries: Sequence[Entry]) -> dict[int, Submission]:
    query = (
        select(Submission)
        .where(
            Submission.root_id == portal.place.root_id,
            Submission.period_code == str(key.period),
            Submission.form_code == key.form,
            Submission.unit_id.in_([entry.unit_id for entry in entries]),
        )
        .order_by(Submission.unit_id)
        .with_for_update()
    )
    return {row.unit_id: row for row in session.scalars(query.execution_options(populate_existing=True))}


def _refusal(person: Actor, row: Submission, settings: CollectionSettings, *, replaces: bool) -> LineOutcome | None:
    subject = replace(subject_of(row), settings=settings)
    if not person.place.covers(row.unit_path):
        return LineOutcome.NOT_BELOW
    found = obstacle(State(row.state), exempt=row.exempt_reason is not None, answered=row.answered, replaces=replaces)
    if found is not None:
        return found
    own = row.unit_path == person.place.path
    allowed = permits(person, Permission.EDIT_VALUES if own else Permission.ENTER_BELOW, subject)
    return None if allowed else LineOutcome.NOT_PERMITTED


def _enter(
    session: Session, person: Actor, key: CollectionKey, open_: list[tuple[Submission, Entry]], source: UUID
) -> dict[int, Entered]:
    standing = _standing(session, [row for row, _entry in open_])
    changed: list[_Change] = []
    for row, entry in open_:
        before = standing.get(row.unit_id, {})
        values = _changes(before, entry.values)
        if values:
            changed.append((row, entry, values))
    if changed:
        _ensure_versions(session, [row for row, _entry, _values in changed])
        put_values(session, [in_draft(row, person, values, source, entry.places) for row, entry, values in changed])
        for row, entry, values in changed:
            before = standing.get(row.unit_id, {})
            _touch(row, before, values)
            _record(session, person, key, row, entry.unit_code, before, values, source)
    stored = {row.unit_id: Entered(LineOutcome.STORED, len(values)) for row, _entry, values in changed}
    return {row.unit_id: Entered(LineOutcome.UNCHANGED) for row, _entry in open_} | stored


def _changes(before: Values, values: Values) -> Values:
    """What differs from what stands there."""
    if not before:
        return {code: value for code, value in values.items() if value.status is not ValueStatus.MISSING or value.note}
    beside = {code: _beside(before.get(code), value) for code, value in values.items()}
    return {code: value for code, value in beside.items() if value != before.get(code, MISSING)}


def _standing(session: Session, rows: Sequence[Submission]) -> dict[int, dict[str, Value]]:
    """What stands in the current versions, by unit and indicator."""
    if not rows:
        return {}
    # Joined, because a list of pairs would be gone through for every figure that the units have.
    current = and_(*same_submission(ValueRow, Submission), ValueRow.version_number == Submission.version_number)
    query = (
        select(ValueRow.unit_id, ValueRow.indicator, *VALUE_COLUMNS)
        .join(Submission, current)
        .where(*these(Submission, rows))
    )
    found: dict[int, dict[str, Value]] = {}
    for each in session.execute(query):
        found.setdefault(each.unit_id, {})[each.indicator] = value_of(each)
    return found


def _beside(before: Value | None, value: Value) -> Value:
    """The answer with what stands beside it: without a note of its own it keeps the one there was."""
    if before is None:
        return value
    same = (before.status, before.number, before.text) == (value.status, value.number, value.text)
    as_of_on = value.as_of_on or (before.as_of_on if same else None)
    return replace(value, note=value.note or before.note, as_of_on=as_of_on)


def _ensure_versions(session: Session, rows: Sequence[Submission]) -> None:
    columns = [
        {key: value for key, value in versions.of_version(row).items() if key != "version_number"}
        | {
            "number": row.version_number,
            "opened_at": clock.now(),
            "opened_reason": "",
            "open_to": open_to(State.DRAFTING, versions.depth_of(row)),
        }
        for row in rows
    ]
    session.execute(insert(SubmissionVersion).on_conflict_do_nothing(), columns)


def _touch(row: Submission, before: Values, values: Values) -> None:
    """What a change of the draft means for the submission, as `values.touch` does for a single one."""
    row.state = after_edit(State(row.state))
    statuses = [value.status for value in {**before, **values}.values()]
    row.answered = len(statuses) - statuses.count(ValueStatus.MISSING)
    row.last_activity_at = clock.now()
    row.row_version += 1


def _record(
    session: Session,
    person: Actor,
    key: CollectionKey,
    row: Submission,
    unit_code: str,
    before: Values,
    values: Values,
    source: UUID,
) -> None:
    own = row.unit_path == person.place.path
    events.record(
        session,
        person,
        "values_changed" if own else "values_entered_above",
        str(SubmissionKey(unit_code, key.period, key.form)),
        unit_code=unit_code,
        root_id=row.root_id,
        before={code: before[code].written for code in values if code in before},
        after={"upload": str(source)} | {code: value.written for code, value in values.items()},
    )
