"""A rolled-up number with everything that it is made of, and the units that are not in it, with why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from portal.domain import rollup
from portal.domain.forms import FormVersion, Incomplete, Indicator
from portal.domain.lifecycle import COUNTED, HANDED_IN
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.values import ValueStatus
from portal.queries.effective_forms import collected_forms
from portal.queries.lineage import Contribution, trace
from portal.queries.progress import ProgressRow, list_answered
from portal.queries.rollups import RollUpRow, roll_up
from portal.queries.units import UnitRow, get_unit, list_units


class Absence(StrEnum):
    """Why a unit's figure is not among the parts of a number; one that `left` the actor's scope may yet be in it."""

    LATE = "late"
    OUTSTANDING = "outstanding"
    PENDING = "pending"
    UNANSWERED = "unanswered"
    NOT_APPLICABLE = "not_applicable"
    EXEMPT = "exempt"
    NOT_EXPECTED = "not_expected"
    LEFT = "left"


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
    """An accepted number, by the tree of its period, and its parts.

    Attributes:
        form: that asks for the indicator.
        row: the number as every screen shows it.
        total: the parts added up anew.
        contributions: what is in it, in tree order.
        absent: the other units below (the unit included), in tree order.
    """

    unit: UnitRow
    period: Period
    form: FormVersion
    indicator: Indicator
    row: RollUpRow
    total: rollup.Total
    contributions: Sequence[Contribution]
    absent: Sequence[Absent]

    @property
    def agrees(self) -> bool:
        """Whether the parts make up the number; they may not where a unit has since left the actor's scope."""
        return self.row.total == (self.total.without_numbers() if self.withheld else self.total)

    @property
    def withheld(self) -> bool:
        """Whether the form has no number told before all units have reported."""
        return self.row.partial and self.indicator.aggregation.incomplete is Incomplete.WITHHELD

    @property
    def unseen(self) -> int:
        """Units that are in the number but whose rows are out of the actor's sight."""
        return self.row.reported - self.total.reported


def get_provenance(session: Session, actor: Actor, *, unit: str, period: Period, indicator: str) -> Provenance:
    """Where a unit's roll-up of an indicator comes from.

    Raises:
        NotFound: no such unit in the period's tree, or no form of the period has such an indicator.
        NotPermitted: it is not within the actor's reach, or the actor sees numbers only, not their origins.
    """
    found = trace(session, actor, unit=unit, period=period, indicator=indicator)
    (row,) = roll_up(session, actor, unit=unit, period=period, indicators=[indicator])
    top = get_unit(session, unit, period=period)
    form = next(form for form in collected_forms(session, top, period) if indicator in form.by_code)
    wanted = form.indicator(indicator)
    inside = {each.unit.id: each.status for each in found}
    answers = list_answered(session, actor, period=period, under=unit, form=form.code)
    submissions = {each.unit.id: each for each in answers}
    absent = [
        _absent(each, wanted, inside.get(each.id), submissions.get(each.id))
        if actor.place.covers(each.path)
        else Absent(each, Absence.LEFT, "")
        for each in list_units(session, under=unit, period=period)
        if inside.get(each.id) is not ValueStatus.REPORTED
    ]
    contributions = [each for each in found if each.status is ValueStatus.REPORTED]
    return Provenance(top, period, form, wanted, row, rollup.total(map(_added, found)), contributions, absent)


def _added(one: Contribution) -> rollup.Contribution:
    return rollup.Contribution("", one.status, one.number, one.category, one.amount, one.weight)


def _absent(unit: UnitRow, indicator: Indicator, answer: ValueStatus | None, asked: ProgressRow | None) -> Absent:
    if asked is None or unit.level not in indicator.filled_by:
        return Absent(unit, Absence.NOT_EXPECTED, "")
    if asked.task.exempt_reason is not None:
        return Absent(unit, Absence.EXEMPT, asked.task.exempt_reason)
    if answer is ValueStatus.NOT_APPLICABLE:
        return Absent(unit, Absence.NOT_APPLICABLE, "")
    if asked.task.state in COUNTED:
        return Absent(unit, Absence.UNANSWERED, "")
    if asked.task.state in HANDED_IN:
        return Absent(unit, Absence.PENDING, "")
    return Absent(unit, Absence.LATE if asked.late else Absence.OUTSTANDING, "")
