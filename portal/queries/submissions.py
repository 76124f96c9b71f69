"""Submissions and their figures, as far as the actor may see them."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.bases import as_accepted
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import HANDED_IN, State
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.domain.submissions import SubmissionKey
from portal.domain.surroundings import ALONE, Surroundings
from portal.domain.units import Level
from portal.domain.values import Value, Values
from portal.errors import NotFound
from portal.models import Collection, Form, Submission, SubmissionVersion, Unit
from portal.models import Value as ValueRow
from portal.queries.bases import kept_bases
from portal.queries.collections import settings_in, settings_of
from portal.queries.earlier import Earlier, earlier_values
from portal.queries.effective_forms import form_of
from portal.queries.figures import VALUE_COLUMNS, in_version, key_of, value_of, version_named
from portal.queries.fillers import list_fillers
from portal.queries.list_rows import lists_of
from portal.queries.surroundings import surroundings
from portal.queries.units import UnitRow, get_unit


@dataclass(frozen=True)
class Task:
    """A submission in a list: everything but its figures."""

    key: SubmissionKey
    form_name: str
    form_name_en: str
    state: State
    version: int
    due_on: date
    exempt_reason: str | None
    answered: int
    expected_answers: int
    returned_reason: str | None
    submitted_at: datetime | None
    accepted_at: datetime | None
    last_activity_at: datetime | None
    demo: bool

    @property
    def days_left(self) -> int:
        """Days until the deadline; negative once it is past."""
        return (self.due_on - clock.today()).days

    @property
    def days_late(self) -> int:
        """Days handed in (or still outstanding) after the deadline; 0 if in time."""
        if self.exempt_reason:
            return 0
        handed_in = self.submitted_at if self.state in HANDED_IN else None
        until = handed_in.astimezone(clock.CHINA).date() if handed_in else clock.today()
        return max((until - self.due_on).days, 0)


@dataclass(frozen=True)
class Origin:
    """Where a value came from."""

    row_version: int
    entered_by: str
    entered_at: datetime
    upload_id: UUID | None
    cell: str | None


@dataclass(frozen=True)
class SubmissionView:
    """A submission with its figures.

    Attributes:
        values: typed values of the version shown, and the calculated ones, as accepted if it was; empty if the actor
            may not see them yet.
        earlier: accepted values of the same unit in earlier periods, and the calculated ones.
        around: what else its checks look at, without its peers.
        origins: by indicator, for typed values; empty if the actor may not see where they came from.
        readable: whether the actor may see the figures.
        subject: what rights are asked about.
    """

    task: Task
    unit: UnitRow
    form: FormVersion
    values: Values
    earlier: Earlier
    around: Surroundings
    origins: dict[str, Origin]
    readable: bool
    row_version: int
    subject: Subject

    @property
    def key(self) -> SubmissionKey:
        """Unit, period and form."""
        return self.task.key

    @property
    def last_year(self) -> Values:
        """Accepted values of a year ago; empty if none were accepted."""
        return self.earlier.last_year

    @property
    def level(self) -> Level:
        """Level of the unit as of the period."""
        return self.unit.level

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.task.state


@dataclass(frozen=True)
class VersionRow:
    """One numbered version in the history."""

    number: int
    opened_at: datetime
    opened_reason: str
    sealed_at: datetime | None
    sealed_by: str | None
    sha256: str | None
    sm3: str | None


def subject_of(row: Submission) -> Subject:
    """What rights are asked about, where neither the collection nor the fillers matter."""
    return Subject(row.unit_path, State(row.state), row.form_code)


def whole_subject_of(session: Session, row: Submission) -> Subject:
    """What rights are asked about, with what the collection says and who filled in."""
    key = CollectionKey(row.form_code, Period.parse(row.period_code))
    return replace(
        subject_of(row), settings=settings_of(session, row.root_id, key), filled_by=list_fillers(session, row)
    )


_ROW = (
    select(Submission)
    .join(Unit, Unit.id == Submission.unit_id)
    .where(Unit.code == bindparam("unit"), Submission.root_id == Unit.root_id)
    .where(Submission.period_code == bindparam("period"), Submission.form_code == bindparam("form"))
)
_ROW_TO_CHANGE = _ROW.with_for_update(of=Submission)


def get_row(session: Session, actor: Actor, key: SubmissionKey, *, for_update: bool = False) -> Submission:
    """The submission's row, locked if it is to be changed.

    Raises:
        NotFound: there is none, or the actor may not know that there is.
    """
    # Rows are locked only for those who may write them: the others are to be refused, not told that there is none.
    locked = for_update and actor.writes
    named = {"unit": key.unit, "period": str(key.period), "form": key.form}
    row = session.scalar(_ROW_TO_CHANGE if locked else _ROW, named)
    if row is None or not permits(actor, Permission.SEE_SUBMISSION, subject_of(row)):
        raise NotFound("submission", key)
    return row


def list_tasks(session: Session, actor: Actor) -> list[Task]:
    """The actor's own unit's submissions, newest period first."""
    require(actor, Permission.SEE_PROGRESS, Subject(actor.place.path))
    query = _tasks().where(Submission.unit_id == actor.place.id).order_by(Submission.period_code.desc())
    return [task_of(*row) for row in session.execute(query)]


def get_task(session: Session, actor: Actor, key: SubmissionKey) -> Task:
    """One submission without its figures."""
    row = get_row(session, actor, key)
    return task_of(*session.execute(_tasks().where(*same_submission(Submission, row))).one())


def get_submission(session: Session, actor: Actor, key: SubmissionKey, *, version: int | None = None) -> SubmissionView:
    """One submission with its figures, of the current version unless named.

    Raises:
        NotFound: there is none within the actor's reach.
    """
    return view_of(session, actor, key, get_row(session, actor, key), version=version)


def view_of(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    *,
    form: FormVersion | None = None,
    version: int | None = None,
) -> SubmissionView:
    """The same of a row that the actor is known to see; `form`, which it answers, is read unless it is given."""
    form = form or form_of(session, row)
    names, settings = _sent_down(session, row)
    task = task_of(row, key.unit, *names)
    unit = get_unit(session, key.unit, period=key.period)
    earlier = earlier_values(session, {key_of(row): form})[key_of(row)]
    subject = replace(subject_of(row), settings=settings, filled_by=list_fillers(session, row))
    readable = permits(actor, Permission.SEE_VALUES, subject)
    around = surroundings(session, [row], form)[key_of(row)] if readable else ALONE
    if readable and version not in {None, row.version_number}:
        around = replace(around, lists=lists_of(session, [row], {key_of(row): form}, version=version)[key_of(row)])
    typed, origins = _values(session, row, version or row.version_number) if readable else ({}, {})
    values: Values = {}
    if readable:
        basis = kept_bases(session, [row], {key_of(row): form}, version=version).get(key_of(row))
        values = as_accepted(basis, form, unit.level, typed, earlier.last_year, earlier.previous, around)
    known = origins if permits(actor, Permission.SEE_ORIGINS, subject) else {}
    return SubmissionView(task, unit, form, values, earlier, around, known, readable, row.row_version, subject)


def get_readable(session: Session, actor: Actor, key: SubmissionKey) -> SubmissionView:
    """Like `get_submission`, for those who need the figures.

    Raises:
        NotPermitted: the actor may not see them.
    """
    view = get_submission(session, actor, key)
    require(actor, Permission.SEE_VALUES, view.subject)
    return view


_SENT_DOWN = (
    select(Form.name, Form.name_en, Collection)
    .join(Form, Form.code == Collection.form_code)
    .where(
        Collection.root_id == bindparam("root_id"),
        Collection.period_code == bindparam("period"),
        Collection.form_code == bindparam("form"),
    )
    .execution_options(populate_existing=True)
)


def _sent_down(session: Session, row: Submission) -> tuple[tuple[str, str], CollectionSettings]:
    """The form's names, and what the sender decided, as both stand now."""
    named = {"root_id": row.root_id, "period": row.period_code, "form": row.form_code}
    name, name_en, collection = session.execute(_SENT_DOWN, named).one()
    return (name, name_en), settings_in(collection)


def typed_values(session: Session, row: Submission, number: int | None = None) -> dict[str, Value]:
    """The typed values of a version, the current one unless named."""
    return _values(session, row, number or row.version_number)[0]


def list_versions(session: Session, actor: Actor, key: SubmissionKey) -> list[VersionRow]:
    """The submission's versions, newest first."""
    row = get_row(session, actor, key)
    columns = [getattr(SubmissionVersion, each.name) for each in fields(VersionRow)]
    query = select(*columns).where(*same_submission(SubmissionVersion, row)).order_by(SubmissionVersion.number.desc())
    return [VersionRow(*found) for found in session.execute(query)]


def same_submission(table: Any, row: Submission | type[Submission]) -> tuple[ColumnElement[bool], ...]:
    """Conditions: rows of `table` belong to the submission; to that of the same row when joined to the table itself."""
    return (
        table.root_id == row.root_id,
        table.period_code == row.period_code,
        table.form_code == row.form_code,
        table.unit_id == row.unit_id,
    )


_VALUES = select(
    ValueRow.indicator,
    *VALUE_COLUMNS,
    ValueRow.row_version,
    ValueRow.entered_by,
    ValueRow.entered_at,
    ValueRow.upload_id,
    ValueRow.cell,
).where(*in_version(ValueRow))


def _values(session: Session, row: Submission, number: int) -> tuple[dict[str, Value], dict[str, Origin]]:
    rows = session.execute(_VALUES, version_named(row, number)).all()
    values = {each.indicator: value_of(each) for each in rows}
    origins = {
        each.indicator: Origin(each.row_version, each.entered_by, each.entered_at, each.upload_id, each.cell)
        for each in rows
    }
    return values, origins


def _tasks() -> Select[*tuple[Any, ...]]:
    return (
        select(Submission, Unit.code, Form.name, Form.name_en)
        .join(Unit, Unit.id == Submission.unit_id)
        .join(Form, Form.code == Submission.form_code)
    )


def task_of(row: Submission, unit_code: str, form_name: str, form_name_en: str) -> Task:
    """The list entry of a submission's row."""
    return Task(
        SubmissionKey(unit_code, Period.parse(row.period_code), row.form_code),
        form_name,
        form_name_en,
        State(row.state),
        row.version_number,
        row.due_on,
        row.exempt_reason,
        row.answered,
        row.expected_answers,
        row.returned_reason,
        row.submitted_at,
        row.accepted_at,
        row.last_activity_at,
        row.demo,
    )
