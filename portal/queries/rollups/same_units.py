"""Whether totals of two times are of the same units: only then does their difference say how something changed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import ARRAY, Text, any_, cast, column, func, literal, select, true, union_all
from sqlalchemy.orm import Session

from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.values import ValueStatus
from portal.models import Observation, Submission
from portal.queries.ancestors import ancestors_in
from portal.queries.parameters import integers, joined
from portal.queries.rollups.contributing import contributing
from portal.queries.rollups.restated import heirs_in
from portal.queries.units import PublishedTree, UnitRow, published_trees, tree_of


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
    accepted = _reporting(session, root_id, (before, now), trees)
    found = []
    for side, reporting in zip((before, now), accepted, strict=True):
        months = {period: period.months or 1 for period in side.periods}
        counted: defaultdict[int, Counter[int]] = defaultdict(Counter)
        waiting = _waiting(session, root_id, side)
        for period in side.periods:
            counting = waiting[str(period)] | reporting[str(period)]
            for heir in frozenset[int]().union(*(heirs.after(unit_id, period.ends_on) for unit_id in counting)):
                for target in above[heir] & by_id.keys():
                    counted[target][heir] += months[period]
        whole = sum(months.values())
        found.append(
            {target: {heir: Fraction(its, whole) for heir, its in parts.items()} for target, parts in counted.items()}
        )
    return frozenset(unit.code for unit_id, unit in by_id.items() if found[0].get(unit_id) != found[1].get(unit_id))


def _reporting(
    session: Session, root_id: int, sides: Sequence[Side], trees: Mapping[Period, PublishedTree]
) -> list[defaultdict[str, set[int]]]:
    """Of each side, the units by period whose accepted figures are in its totals; they may be out of sight."""
    asked = {
        str(period): {unit.id for unit in trees[period].units if unit.root_id == root_id} if period in trees else set()
        for side in sides
        for period in side.periods
    }
    indicators = {code for side in sides for code in side.indicators}
    periods = cast(list(asked), ARRAY(Text))
    then = func.unnest(periods).table_valued("code").render_derived()
    columns = (column(each.name, each.type) for each in Observation.__table__.columns)
    moved = func.observed_in_sight(root_id, then.c.code).table_valued(*columns).lateral()
    own = (
        Observation.root_id == root_id,
        Observation.period_code == any_(periods),
        Observation.unit_id == any_(integers("units")),
    )
    queries = (
        select(table.period_code, table.indicator, table.unit_id, literal(table is Observation))
        .select_from(rows)
        .where(*more, table.indicator.in_(indicators), table.status == ValueStatus.REPORTED)
        for table, rows, more in ((Observation, Observation, own), (moved.c, then.join(moved, true()), ()))
    )
    units = joined(map(str, frozenset[int]().union(*asked.values())))
    found: list[defaultdict[str, set[int]]] = [defaultdict(set) for _side in sides]
    for code, indicator, unit_id, is_own in session.execute(union_all(*queries), {"units": units}):
        if not is_own or unit_id in asked[code]:
            for side, reporting in zip(sides, found, strict=True):
                if indicator in side.indicators:
                    reporting[code].add(unit_id)
    return found


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
