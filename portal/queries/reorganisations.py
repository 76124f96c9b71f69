"""Reorganisations of the tree, and what one would change before it is applied."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import HANDED_IN, State
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.domain.reorganisation_file import read_change
from portal.domain.reorganisations import Change, Names, Plan, Problem, listed, names_before, plan
from portal.domain.submissions import SubmissionKey
from portal.domain.texts import Text
from portal.domain.units import Placement
from portal.errors import NotFound
from portal.models import Membership, Reorganisation, Submission, Unit
from portal.models import Period as PeriodRow
from portal.queries.placements import list_placements, list_successions
from portal.queries.reorganisation_totals import TotalChange, changed_totals
from portal.queries.rollups.entries import counting_at

MOST_TOTALS = 200
"""Totals listed at most in a preview."""


@dataclass(frozen=True)
class UnitChange:
    """How a unit stands before and after; None where it does not exist.

    Attributes:
        heirs: codes of the units that it is merged into or split into.
    """

    code: str
    before: Placement | None
    after: Placement | None
    heirs: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeldPosition:
    """Somebody who acts for a unit that changes; `loses` it if the unit is gone."""

    unit: str
    name: str
    username: str
    role: str
    loses: bool


@dataclass(frozen=True)
class OpenAnswer:
    """A submission of a unit that changes; it `blocks` if it is handed in and its unit would no longer be there."""

    key: SubmissionKey
    state: State
    blocks: bool


@dataclass(frozen=True)
class Preview:
    """What a reorganisation would do.

    Attributes:
        periods: codes of the periods whose tree it changes.
        totals: those that change, by the trees of periods and by today's, `MOST_TOTALS` at most.
        count: how many there are.
        problems: why it cannot be applied; empty if it can.
    """

    units: Sequence[UnitChange]
    people: Sequence[HeldPosition]
    answers: Sequence[OpenAnswer]
    periods: Sequence[str]
    totals: Sequence[TotalChange]
    count: int
    problems: Sequence[Problem]

    @property
    def codes(self) -> set[str]:
        """Of every unit that it names."""
        places = [place for each in self.units for place in (each.before, each.after) if place is not None]
        return {
            *(code for each in self.units for code in (each.code, *each.heirs)),
            *(place.parent_code for place in places),
            *(each.key.unit for each in self.answers),
            *(each.unit for each in self.totals),
        }


def list_reorganisations(session: Session, actor: Actor) -> list[Reorganisation]:
    """Those of the actor's unit, and those applied above and below it; the newest first."""
    query = select(Reorganisation).where(Reorganisation.root_id == actor.place.root_id)
    return list(session.scalars(query.order_by(Reorganisation.number.desc())))


def get_reorganisation(session: Session, actor: Actor, number: int, *, for_update: bool = False) -> Reorganisation:
    """One that the actor may work on.

    Raises:
        NotFound: there is none, or it is another unit's.
        NotPermitted: the actor reorganises nothing.
    """
    require(actor, Permission.REORGANISE, Subject(actor.place.path))
    query = select(Reorganisation).where(
        Reorganisation.root_id == actor.place.root_id,
        Reorganisation.number == number,
        Reorganisation.unit_id == actor.place.id,
    )
    row = session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise NotFound("reorganisation", number)
    return row


def changes_of(row: Reorganisation) -> list[Change]:
    """What it says."""
    return [read_change(each) for each in row.changes]


def plan_of(session: Session, actor: Actor, row: Reorganisation) -> Plan:
    """What it makes of today's placements; with the problems of rights and of submissions."""
    everyone = list_placements(session)
    names = names_of(session, actor, row, everyone)
    made = plan(everyone, list_successions(session), changes_of(row), row.effective_on, names)
    problems = [*made.problems, *_foreign(session, actor, everyone, made, row, names)]
    stuck = [each.key for each in answers_of(session, actor, made, row) if each.blocks]
    if stuck:
        told = listed(map(str, stuck), {str(key): names[key.unit] for key in stuck if key.unit in names})
        words = Text(
            f"将不存在的单位在受影响的报告期已上报或已验收：{told.zh}。请先退回，或把生效日期定在报告期之后。",
            f"handed in by units that would be gone: {told.en}. Reopen them, or take a day after the period.",
        )
        problems.append(Problem(0, words))
    gone = {each.code for each in unit_changes(made, row) if each.after is None}
    entered = counting_at(session, actor.place.root_id, gone, row.effective_on)
    if entered:
        told = listed(entered, names)
        words = Text(
            f"将不存在的单位在受影响的报告期有冲抵或调整：{told.zh}。请先撤销，或把生效日期定在报告期之后。",
            f"units that would be gone have entries in their roll-ups: {told.en}. Withdraw them, or take a later day.",
        )
        problems.append(Problem(0, words))
    return Plan(made.before, made.after, made.successions, tuple(problems))


def names_of(session: Session, actor: Actor, row: Reorganisation, everyone: Iterable[Placement]) -> Names:
    """What the units of the actor's tree were called before it; of others it is not told."""
    own = set(session.scalars(select(Unit.code).where(Unit.root_id == actor.place.root_id)))
    return names_before([each for each in everyone if each.code in own], row.effective_on)


def preview(session: Session, actor: Actor, row: Reorganisation) -> Preview:
    """What would change: units, positions, submissions and totals."""
    made = plan_of(session, actor, row)
    foreign = _out_of_reach(session, actor, made.changed)
    units = [each for each in unit_changes(made, row) if each.code not in foreign]
    periods = _periods(session, row)
    sound = not made.problems
    totals = changed_totals(session, actor, made, row.effective_on) if sound else []
    return Preview(
        units=units,
        people=_people(session, units),
        answers=answers_of(session, actor, made, row),
        periods=[str(period) for period in periods],
        totals=totals[:MOST_TOTALS],
        count=len(totals),
        problems=made.problems,
    )


def unit_changes(made: Plan, row: Reorganisation) -> list[UnitChange]:
    """The units that change, by code."""
    before = _standing(made.before, row)
    after = _standing(made.after, row)
    heirs = defaultdict(list)
    for each in made.successions:
        heirs[each.old_code].append(each.new_code)
    return [UnitChange(code, before.get(code), after.get(code), tuple(heirs[code])) for code in sorted(made.changed)]


def answers_of(session: Session, actor: Actor, made: Plan, row: Reorganisation) -> list[OpenAnswer]:
    """What units that change answer for periods whose tree changes; and all that units that go have not finished."""
    gone = {each.code for each in unit_changes(made, row) if each.after is None}
    query = (
        select(Submission, Unit.code, PeriodRow.ends_on)
        .join(Unit, Unit.id == Submission.unit_id)
        .join(PeriodRow, PeriodRow.code == Submission.period_code)
        .where(Submission.root_id == actor.place.root_id, Unit.code.in_(made.changed))
        .order_by(Submission.period_code, Submission.form_code, Unit.code)
    )
    found = []
    for submission, code, ends_on in session.execute(query):
        key = SubmissionKey(code, Period.parse(submission.period_code), submission.form_code)
        state = State(submission.state)
        touched = ends_on >= row.effective_on
        if touched or (code in gone and state not in HANDED_IN):
            found.append(OpenAnswer(key, state, touched and code in gone and state in HANDED_IN))
    return found


def _standing(placements: Iterable[Placement], row: Reorganisation) -> dict[str, Placement]:
    day = row.effective_on
    return {
        each.code: each
        for each in placements
        if each.valid_from <= day and (each.valid_to is None or day < each.valid_to)
    }


def _foreign(
    session: Session, actor: Actor, everyone: Sequence[Placement], made: Plan, row: Reorganisation, names: Names
) -> list[Problem]:
    """Superiors, before and after, below whom the actor does not reorganise."""
    involved = made.changed | {each.new_code for each in made.successions}
    sides = [_standing(everyone, row), _standing(made.applied(everyone), row)]
    superiors = {side[code].parent_code or code for side in sides for code in involved if code in side}
    beyond = sorted(code for code in _out_of_reach(session, actor, superiors) if code in sides[0])
    if not beyond:
        return []
    told = listed(beyond, names)
    return [Problem(0, Text(f"不在您的管辖范围：{told.zh}", f"not within your reach: {told.en}"))]


def _out_of_reach(session: Session, actor: Actor, codes: Collection[str]) -> set[str]:
    """Those of the units that are not the actor's to reorganise."""
    named = select(Unit.code, Unit.path).where(Unit.code.in_(codes))
    return {code for code, path in session.execute(named) if not permits(actor, Permission.REORGANISE, Subject(path))}


def _people(session: Session, units: Sequence[UnitChange]) -> list[HeldPosition]:
    gone = {each.code for each in units if each.after is None}
    query = (
        select(Unit.code, User.last_name, User.first_name, User.username, Membership.role)
        .select_from(Membership)
        .join(Unit, Unit.id == Membership.unit_id)
        .join(User, User.id == Membership.user_id)
        .where(Unit.code.in_([each.code for each in units]))
        .where((Membership.valid_to.is_(None)) | (Membership.valid_to >= clock.today()))
        .order_by(Unit.code, User.username, Membership.role)
    )
    return [
        HeldPosition(code, f"{last}{first}", username, role, code in gone)
        for code, last, first, username, role in session.execute(query)
    ]


def _periods(session: Session, row: Reorganisation) -> list[Period]:
    query = select(PeriodRow.code).where(PeriodRow.ends_on >= row.effective_on).order_by(PeriodRow.code)
    return [Period.parse(code) for code in session.scalars(query)]
