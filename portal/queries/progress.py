"""Who has reported, who is late, where is it stuck (报送进度)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import COUNTED, HANDED_IN, State
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.submissions import SubmissionKey
from portal.models import Form, Submission, Unit
from portal.queries.submissions import Task, task_of
from portal.queries.units import UnitRow, get_unit, list_children, list_units


@dataclass(frozen=True)
class ProgressRow:
    """How far one unit is with one form; `row_version` is the submission's."""

    unit: UnitRow
    task: Task
    row_version: int

    @property
    def key(self) -> SubmissionKey:
        """The submission."""
        return self.task.key

    @property
    def late(self) -> bool:
        """Past the deadline and not handed in."""
        return self.task.state not in HANDED_IN and self.task.days_late > 0


@dataclass(frozen=True)
class Completeness:
    """Counts of submissions; `exempt` ones are in no other count, `late` are those outstanding past the deadline."""

    expected: int = 0
    handed_in: int = 0
    accepted: int = 0
    sent_back: int = 0
    late: int = 0
    outstanding: int = 0
    exempt: int = 0


@dataclass(frozen=True)
class CompletenessRow:
    """Completeness of a unit and everything below it."""

    unit: UnitRow
    form: str
    completeness: Completeness


def list_progress(
    session: Session, actor: Actor, *, period: Period, under: str, form: str | None = None, direct_only: bool = False
) -> list[ProgressRow]:
    """Submissions of the units below one (the unit itself left out), in tree order.

    Raises:
        NotFound: no such unit in the period's tree.
        NotPermitted: it is not within the actor's reach.
    """
    top = get_unit(session, under, period=period)
    require(actor, Permission.SEE_PROGRESS, Subject(top.path))
    if direct_only:
        units = list_children(session, under, period=period)
    else:
        units = [unit for unit in list_units(session, under=under, period=period) if unit.id != top.id]
    return progress_of(session, units, period, form)


def completeness(
    session: Session, actor: Actor, *, period: Period, unit: str, form: str | None = None, by: str = "self"
) -> list[CompletenessRow]:
    """Counts for a unit with all below it, or (`children`) for each unit directly below; a row per unit and form."""
    top = get_unit(session, unit, period=period)
    require(actor, Permission.SEE_PROGRESS, Subject(top.path))
    targets = list_children(session, unit, period=period) if by == "children" else [top]
    units = list_units(session, under=unit, period=period)
    rows = progress_of(session, units, period, form)
    lines: dict[str, frozenset[str]] = {}
    for each in units:  # by the period's tree: a path is today's
        lines[each.code] = lines.get(each.parent_code, frozenset()) | {each.code}
    found = []
    for target in targets:
        below = [row for row in rows if target.code in lines[row.unit.code]]
        found += [
            CompletenessRow(target, code, counted([row for row in below if row.key.form == code]))
            for code in sorted({row.key.form for row in below})
        ]
    return found


def list_answered(
    session: Session, actor: Actor, *, period: Period, under: str, form: str | None = None
) -> list[ProgressRow]:
    """Submissions of a unit and of all below it, of every form unless one is named, in tree order.

    Raises:
        NotFound: no such unit in the period's tree.
        NotPermitted: it is not within the actor's reach.
    """
    top = get_unit(session, under, period=period)
    require(actor, Permission.SEE_PROGRESS, Subject(top.path))
    return progress_of(session, list_units(session, under=under, period=period), period, form)


def list_answers(session: Session, actor: Actor, key: CollectionKey) -> list[ProgressRow]:
    """The submissions that answer a collection, of the actor's unit and all below it, in tree order."""
    require(actor, Permission.SEE_PROGRESS, Subject(actor.place.path))
    units = list_units(session, under=actor.place.code, period=key.period)
    return progress_of(session, units, key.period, key.form)


def counted(rows: Sequence[ProgressRow]) -> Completeness:
    """The counts of these rows."""
    due = [row for row in rows if row.task.exempt_reason is None]
    return Completeness(
        expected=len(due),
        handed_in=sum(row.task.state in HANDED_IN for row in due),
        accepted=sum(row.task.state in COUNTED for row in due),
        sent_back=sum(row.task.state is State.SENT_BACK for row in due),
        late=sum(row.late for row in due),
        outstanding=sum(row.task.state not in HANDED_IN for row in due),
        exempt=len(rows) - len(due),
    )


def progress_of(session: Session, units: Sequence[UnitRow], period: Period, form: str | None) -> list[ProgressRow]:
    """The submissions of these units that are within sight, of every form unless one is named; in the units' order."""
    by_id = {unit.id: unit for unit in units}
    query = (
        select(Submission, Unit.code, Form.name, Form.name_en)
        .join(Unit, Unit.id == Submission.unit_id)
        .join(Form, Form.code == Submission.form_code)
        .where(Submission.period_code == str(period), Submission.unit_id.in_(by_id))
        .order_by(Submission.form_code)
    )
    if form is not None:
        query = query.where(Submission.form_code == form)
    place = {unit.id: number for number, unit in enumerate(units)}
    rows = sorted(session.execute(query).all(), key=lambda row: place[row[0].unit_id])
    return [ProgressRow(by_id[row[0].unit_id], task_of(*row), row[0].row_version) for row in rows]
