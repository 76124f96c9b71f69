"""Prove the roll-ups: compute every total again from the accepted values, by another road, and compare.

Which units are below which is worked out from the placements; the published trees are held against them too.

Entries are not part of what is stored; those that count are held against the events that record them.

What is worked out from an earlier period is stored as it was accepted, and stays so when that period is corrected
afterwards. It is worked out again from what was looked at when it was accepted, which was kept; and what was kept is
held against the versions that it was in, which stay as they are for good. What was accepted before anything was kept is
taken as it stands, and the totals above it are proved with it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.bases import resting_elsewhere
from portal.domain.event_kinds import ENTRY_MADE, ENTRY_WITHDRAWN
from portal.domain.lifecycle import COUNTED
from portal.domain.periods import Period
from portal.domain.rollup import Contribution, Total, total
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.submissions import SubmissionKey
from portal.domain.values import ValueStatus
from portal.models import Event, ExpectedAnswers, Observation, RollUp, Submission
from portal.models import Period as PeriodRow
from portal.queries.bases import kept_bases
from portal.queries.basis_check import checked_bases
from portal.queries.effective_forms import answered_forms
from portal.queries.events import event_of
from portal.queries.figures import key_of
from portal.queries.rollups.contributing import contributing
from portal.queries.rollups.entries import entry_amounts
from portal.queries.rollups.expected import expected_restated
from portal.queries.rollups.parts import observed_totals, stored_total
from portal.queries.rollups.tree_check import Lines, read_trees

Key = tuple[str, int, str]
"""What it is (`observation`, `rollup`, `entry`, `expected`, `basis` or `place`), the unit's id, and the indicator."""

_THERE = Total(1)


@dataclass(frozen=True)
class Mismatch:
    """A stored figure that is not what the accepted values make.

    Attributes:
        kind: `observation`, a unit's own accepted figure; `rollup`, that of a unit with all below it; `entry`, what
            was eliminated from a unit's roll-up and adjusted in it; `expected`, how many answers ought to be in it:
            instead of an indicator it names a form and the level that answers; `basis`, a figure from elsewhere that
            an accepted version was worked out from: it names the version too; or `place`, where a unit stands in the
            period's tree: it names the superior, the level, and the numbers of the preorder.
    """

    kind: str
    period: str
    unit_id: int
    indicator: str
    stored: Total
    computed: Total


def verify(session: Session, root_id: int) -> tuple[int, list[Mismatch]]:
    """Compare what a top unit's tree has stored with its accepted values: how many figures, and those that differ.

    The session must see the whole tree: its scope is that of the top unit.
    """
    mismatches: list[Mismatch] = []
    compared = 0
    recorded, trees = _recorded_entries(session, root_id), read_trees(session, root_id)
    for code in session.scalars(select(PeriodRow.code).order_by(PeriodRow.code)):
        period = Period.parse(code)
        nodes = trees.nodes(period)
        lines = trees.lines(nodes)
        stored = _observations(session, root_id, period) | _rollups(session, root_id, code)
        stored |= _entries(session, root_id, period) | _expected(session, root_id, code)
        stored |= {("place", *place): _THERE for place in trees.published_places(session, period)}
        computed = _computed(session, root_id, period, lines) | recorded[period]
        computed |= _asked(session, root_id, period, lines)
        computed |= {("place", *place): _THERE for place in trees.places(nodes)}
        kept, found = checked_bases(session, root_id, period)
        stored |= {("basis", *name): one for name, one in kept.items()}
        computed |= {("basis", *name): one for name, one in found.items()}
        keys = stored.keys() | computed.keys()
        compared += len(keys)
        for key in sorted(keys):
            one, other = stored.get(key, Total()), computed.get(key, Total())
            if one != other:
                kind, unit_id, indicator = key
                mismatches.append(Mismatch(kind, code, unit_id, indicator, one, other))
    return compared, mismatches


def _observations(session: Session, root_id: int, period: Period) -> dict[Key, Total]:
    own = observed_totals(session, root_id, period, None, lambda unit_id: (unit_id,))
    return {("observation", unit_id, indicator): one for (unit_id, indicator), one in own.items()}


def _rollups(session: Session, root_id: int, period: str) -> dict[Key, Total]:
    totals: dict[Key, Total] = {}
    for row in session.scalars(select(RollUp).where(RollUp.root_id == root_id, RollUp.period_code == period)):
        key = ("rollup", row.unit_id, row.indicator)
        totals[key] = totals.get(key, Total()) + stored_total(row)
    return totals


def _entries(session: Session, root_id: int, period: Period) -> dict[Key, Total]:
    totals: dict[Key, Total] = defaultdict(Total)
    for each in entry_amounts(session, root_id, period):
        totals["entry", each.unit_id, each.indicator] += each.entry.total
    return totals


def _expected(session: Session, root_id: int, period: str) -> dict[Key, Total]:
    query = select(ExpectedAnswers).where(ExpectedAnswers.root_id == root_id, ExpectedAnswers.period_code == period)
    return {
        ("expected", row.unit_id, f"{row.form_code} {row.level}"): Total(row.answers)
        for row in session.scalars(query)
        if row.answers
    }


def _asked(session: Session, root_id: int, period: Period, lines: Lines) -> dict[Key, Total]:
    """How many answers the submissions are, one by one."""
    counted = expected_restated(session, root_id, {period: lambda unit_id: lines.get(unit_id, ())}, {period: ()})
    return {
        ("expected", unit_id, f"{form} {level}"): Total(number)
        for (form, level), of_units in counted[period].answers.items()
        for unit_id, number in of_units.items()
    }


def _recorded_entries(session: Session, root_id: int) -> dict[Period, dict[Key, Total]]:
    """What was entered and not withdrawn, by the events in their order."""
    made: dict[tuple[Period, Key, int], Total] = {}
    query = select(Event).where(Event.root_id == root_id, Event.kind.in_([ENTRY_MADE, ENTRY_WITHDRAWN]))
    for row in session.scalars(query.order_by(Event.number)):
        said = event_of(row).after
        period = SubmissionKey.parse(row.subject).period
        key = (period, ("entry", row.unit_id or 0, said["indicator"]), int(said["entry_number"]))
        if row.kind == ENTRY_MADE:
            made[key] = Entry(EntryKind(said["entry"]), Decimal(said["amount"])).total
        else:
            made.pop(key, None)
    totals: dict[Period, dict[Key, Total]] = defaultdict(lambda: defaultdict(Total))
    for (period, entered, _number), total_of_one in made.items():
        totals[period][entered] += total_of_one
    return totals


def _computed(session: Session, root_id: int, period: Period, lines: Lines) -> dict[Key, Total]:
    inner = {unit_id for line in lines.values() for unit_id in line[1:-1]}  # all that roll-ups are stored of
    parts: dict[Key, list[Contribution]] = defaultdict(list)
    query = select(Submission).where(
        Submission.root_id == root_id, Submission.period_code == str(period), Submission.state.in_(COUNTED)
    )
    rows = session.scalars(query).all()
    standing = _standing(session, root_id, period, rows)
    for row, found in contributing(session, rows):
        stays, targets = standing.get(row.unit_id, {}), inner.intersection(lines.get(row.unit_id, ()))
        others = [one for one in found if (row.form_code, one.indicator) not in stays]
        for one in [*others, *(each for (form, _), each in stays.items() if form == row.form_code and each)]:
            parts["observation", row.unit_id, one.indicator].append(one)
            for target in targets:
                parts["rollup", target, one.indicator].append(one)
    return {key: total(several) for key, several in parts.items()}


Standing = dict[int, dict[tuple[str, str], Contribution | None]]
"""By unit, form and indicator; None where there is no figure."""


def _standing(session: Session, root_id: int, period: Period, rows: Sequence[Submission]) -> Standing:
    """What stands as it was accepted, because nobody kept what it was worked out from."""
    forms = answered_forms(session, rows)
    kept = kept_bases(session, rows, forms)
    standing: Standing = defaultdict(dict)
    for row in rows:
        if key_of(row) not in kept:
            standing[row.unit_id] |= {(row.form_code, code): None for code in resting_elsewhere(forms[key_of(row)])}
    query = select(Observation).where(
        Observation.root_id == root_id, Observation.period_code == str(period), Observation.unit_id.in_(standing)
    )
    for each in session.scalars(query) if any(standing.values()) else ():
        if (each.form_code, each.indicator) in standing[each.unit_id]:
            numbers = (each.number, each.category, each.amount, each.weight)
            one = Contribution(each.indicator, ValueStatus(each.status), *numbers)
            standing[each.unit_id][each.form_code, each.indicator] = one
    return standing
