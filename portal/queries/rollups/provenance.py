"""A rolled-up number with everything that it is made of, and the units that are not in it, with why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain import rollup
from portal.domain.forms import FormVersion, Incomplete, Indicator
from portal.domain.lifecycle import COUNTED, HANDED_IN, State
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.values import ValueStatus
from portal.models import Submission
from portal.queries.effective_forms import collected_forms
from portal.queries.figures import open_rows
from portal.queries.progress import ProgressRow, progress_of
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.entries import EntryRow, entries_at, entry_amounts
from portal.queries.rollups.lineage import Contribution, counting_units, trace
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import REPORTED_TREE, roll_up, tree_day
from portal.queries.units import UnitRow, get_unit, list_units


class Absence(StrEnum):
    """Why a unit's figure is not among the parts of a number; `torn`: it was split, and is partly another's."""

    LATE = "late"
    OUTSTANDING = "outstanding"
    PENDING = "pending"
    UNANSWERED = "unanswered"
    NOT_APPLICABLE = "not_applicable"
    EXEMPT = "exempt"
    NOT_EXPECTED = "not_expected"
    LEFT = "left"
    TORN = "torn"


@dataclass(frozen=True)
class Absent:
    """A unit that is not in the number.

    Attributes:
        reason: why it is exempt, in the words of whoever exempted it; empty otherwise.
    """

    unit: UnitRow
    absence: Absence
    reason: str


@dataclass(frozen=True)
class Provenance:
    """A number of a roll-up, and its parts.

    Attributes:
        unit: in the tree of the reading.
        form: that asks for the indicator.
        row: the number as every screen shows it, with its coverage.
        total: the parts added up anew, and what was eliminated and adjusted.
        contributions: what is in it, units as they were in the period, in the order of its tree.
        entries: what was eliminated and adjusted, with what was withdrawn since, as far as it is within sight.
        absent: the other units that might be in it, and those of which a part would belong to it, nobody knows which.
    """

    unit: UnitRow
    period: Period
    form: FormVersion
    indicator: Indicator
    row: RollUpRow
    total: rollup.Total
    contributions: Sequence[Contribution]
    entries: Sequence[EntryRow]
    absent: Sequence[Absent]

    @property
    def agrees(self) -> bool:
        """Whether the parts make up the number."""
        return self.row.total == (self.total.without_numbers() if self.withheld or self.row.torn else self.total)

    @property
    def withheld(self) -> bool:
        """Whether the form has no number told before all units have reported."""
        return self.row.partial and self.indicator.aggregation.incomplete is Incomplete.WITHHELD

    @property
    def unseen(self) -> int:
        """Units in the number of which the actor sees no more than what they add."""
        return sum(not each.in_sight for each in self.contributions)


def get_provenance(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period,
    indicator: str,
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> Provenance:
    """Where a unit's roll-up of an indicator comes from, in any reading that `roll_up` gives.

    Raises:
        NotFound: no such unit in the tree, or no form of the period has such an indicator.
        NotPermitted: it is not within the actor's reach, or the actor sees numbers only, not their origins.
        InvalidInput: `tree` is no such thing.
    """
    found = trace(session, actor, unit=unit, period=period, indicator=indicator, tree=tree, pending=pending)
    top = get_unit(session, unit, period=tree_day(period, tree))
    rows = roll_up(session, actor, unit=unit, period=period, indicators=[indicator], tree=tree, pending=pending)
    (row,) = covered(session, actor, top, period, rows, pending=pending)
    form = next(form for form in collected_forms(session, top, period) if indicator in form.by_code)
    units = counting_units(session, top, period, tree)
    total = rollup.total(map(_added, found)) + _entered(session, top, period, indicator, units)
    reported = [each for each in found if each.status is ValueStatus.REPORTED]
    read = _read_already(session, top.root_id, period, form) if pending else frozenset()
    absent = _absent_of(session, actor, period, form, form.indicator(indicator), units, found, read)
    if row.torn:
        torn = set(row.torn)
        absent += [Absent(each, Absence.TORN, "") for each in list_units(session, period=period) if each.code in torn]
    entries = entries_at(session, units, period, indicator)
    return Provenance(top, period, form, form.indicator(indicator), row, total, reported, entries, absent)


def _entered(session: Session, top: UnitRow, period: Period, indicator: str, units: Sequence[UnitRow]) -> rollup.Total:
    """What was eliminated and adjusted at the units whose figures count."""
    inside = {each.id for each in units}
    entries = entry_amounts(session, top.root_id, period, [indicator])
    return sum((each.entry.total for each in entries if each.unit_id in inside), rollup.Total())


def _read_already(session: Session, root_id: int, period: Period, form: FormVersion) -> frozenset[int]:
    """The units whose answers are not accepted yet, and in a number with pending all the same, as far as they go."""
    waiting = select(Submission).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.form_code == form.code,
        Submission.state == State.SUBMITTED,
    )
    return frozenset(row.unit_id for row in open_rows(session, session.scalars(waiting).all()))


def _added(one: Contribution) -> rollup.Contribution:
    return rollup.Contribution("", one.status, one.number, one.category, one.amount, one.weight)


def _absent_of(
    session: Session,
    actor: Actor,
    period: Period,
    form: FormVersion,
    indicator: Indicator,
    units: Sequence[UnitRow],
    found: Sequence[Contribution],
    read: Collection[int],
) -> list[Absent]:
    """The units whose figures would count, and do not, with why; `read` are those handed in that might be in it."""
    inside = {each.unit.id: each.status for each in found}
    asked = {each.unit.id: each for each in progress_of(session, units, period, form.code)}
    return [
        Absent(each, Absence.LEFT, "")
        if not actor.place.covers(each.path)
        else _absent(each, indicator, inside.get(each.id), asked.get(each.id), read=each.id in read)
        for each in units
        if inside.get(each.id) is not ValueStatus.REPORTED
    ]


def _absent(
    unit: UnitRow, indicator: Indicator, answer: ValueStatus | None, asked: ProgressRow | None, *, read: bool
) -> Absent:
    if asked is None or unit.level not in indicator.filled_by:
        return Absent(unit, Absence.NOT_EXPECTED, "")
    if asked.task.exempt_reason is not None:
        return Absent(unit, Absence.EXEMPT, asked.task.exempt_reason)
    if answer is ValueStatus.NOT_APPLICABLE:
        return Absent(unit, Absence.NOT_APPLICABLE, "")
    if asked.task.state in COUNTED or read:
        return Absent(unit, Absence.UNANSWERED, "")
    if asked.task.state in HANDED_IN:
        return Absent(unit, Absence.PENDING, "")
    return Absent(unit, Absence.LATE if asked.late else Absence.OUTSTANDING, "")
