"""Whether totals of two times are of the same units: only then does their difference say how something changed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import any_, column, func, select, union
from sqlalchemy.orm import Session

from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.values import ValueStatus
from portal.models import Observation, Submission
from portal.queries.ancestors import ancestors_in
from portal.queries.contributing import contributing
from portal.queries.parameters import integers, joined
from portal.queries.restated import heirs_in
from portal.queries.units import UnitRow, published_trees, tree_of


@dataclass(frozen=True)
class Side:
    """One of the two: the indicators that a total is made of, and the periods, several of one made from shorter ones.

    Attributes:
        form: of which figures that wait to be accepted are in it too; None: none are.
    """

    indicators: Sequence[str]
    periods: Sequence[Period]
    form: str | None = None


def of_other_units(
    session: Session, units: Iterable[UnitRow], before: Side, now: Side, day: Period | None
) -> frozenset[str]:
    """Codes of the units whose totals are of other units then than now, whoever gave way to whom in between.

    A unit may have been exempt, or not asked, or have answered that the indicator does not apply, perhaps in some of
    the periods only; whether all that were asked reported is said with each total.

    Args:
        session: within the actor's scope.
        units: whose totals.
        before: the earlier total.
        now: the later one.
        day: the period by whose tree units are grouped; None: today's.
    """
    above = ancestors_in(session, tree_of(session, day))
    by_id = {unit.id: unit for unit in units}
    root_id = next(iter(by_id.values())).root_id
    heirs = heirs_in(session, above.keys(), (day or max(now.periods, key=lambda each: each.ends_on)).ends_on)
    trees = published_trees(session, {*before.periods, *now.periods})
    found = []
    for side in (before, now):
        months = {period: period.months or 1 for period in side.periods}
        counted: defaultdict[int, Counter[int]] = defaultdict(Counter)
        waiting = _waiting(session, root_id, side)
        for period in side.periods:
            asked = trees[period].units if period in trees else ()
            reporting = waiting[str(period)].union(_reporting(session, root_id, period, side, asked))
            for heir in frozenset[int]().union(*(heirs.after(unit_id, period.ends_on) for unit_id in reporting)):
                for target in above[heir] & by_id.keys():
                    counted[target][heir] += months[period]
        whole = sum(months.values())
        found.append(
            {target: {heir: Fraction(its, whole) for heir, its in parts.items()} for target, parts in counted.items()}
        )
    return frozenset(unit.code for unit_id, unit in by_id.items() if found[0].get(unit_id) != found[1].get(unit_id))


def _reporting(session: Session, root_id: int, period: Period, side: Side, asked: Iterable[UnitRow]) -> Iterable[int]:
    """Of the units of a period's tree, those whose accepted figures are in its totals; they may be out of sight."""
    columns = (column(each.name, each.type) for each in Observation.__table__.columns)
    moved = func.observed_in_sight(root_id, str(period)).table_valued(*columns)
    own = (
        Observation.root_id == root_id,
        Observation.period_code == str(period),
        Observation.unit_id == any_(integers("units")),
    )
    queries = (
        select(table.unit_id).where(*more, table.indicator.in_(side.indicators), table.status == ValueStatus.REPORTED)
        for table, more in ((Observation, own), (moved.c, ()))
    )
    units = joined(str(unit.id) for unit in asked if unit.root_id == root_id)
    return session.scalars(union(*queries), {"units": units}).all()


def _waiting(session: Session, root_id: int, side: Side) -> defaultdict[str, set[int]]:
    """By period, the units whose figures are not accepted yet, and in its totals for those who may read them."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    if side.form is None:
        return found
    query = select(Submission).where(
        Submission.root_id == root_id,
        Submission.period_code.in_([str(period) for period in side.periods]),
        Submission.form_code == side.form,
        Submission.state == State.SUBMITTED,
    )
    for row, several in contributing(session, session.scalars(query).all(), side.indicators):
        if any(each.status is ValueStatus.REPORTED for each in several):
            found[row.period_code].add(row.unit_id)
    return found
