"""Sums over all units below a unit, as `CHILDREN(x)` looks at them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import Value
from portal.models import Node, Submission
from portal.queries.rollup_parts import observed_totals
from portal.queries.units import tree_of


def sums_below(
    session: Session, rows: Sequence[Submission], form: FormVersion, codes: Collection[str]
) -> dict[int, dict[str, Value]]:
    """The sums by unit id and indicator, for submissions of one collection, in the period's own tree.

    A sum is there only when every unit below that is expected to report is accepted: a part of it would be held
    against the whole.
    """
    if not codes or not rows:
        return {}
    root_id, period = rows[0].root_id, Period.parse(rows[0].period_code)
    above = _units_above(session, tree_of(session, period), {row.unit_id for row in rows})
    totals = observed_totals(session, root_id, period, codes, lambda unit_id: above[unit_id], above)
    expected = _expected(session, root_id, period, form.code, above)
    sums: dict[int, dict[str, Value]] = defaultdict(dict)
    for (unit_id, code), total in totals.items():
        indicator = form.indicator(code)
        figure = total.figure(indicator)
        wanted = sum(expected[unit_id, level] for level in indicator.filled_by)
        if figure is not None and total.reported + total.not_applicable >= wanted:
            sums[unit_id][code] = Value.of(figure)
    return sums


def _units_above(session: Session, tree: int, units: Collection[int]) -> dict[int, list[int]]:
    """For each unit below one of `units`, those of them that it is below."""
    top, low = aliased(Node), aliased(Node)
    query = select(low.unit_id, top.unit_id).where(
        low.tree_id == tree, top.tree_id == tree, top.unit_id.in_(units), low.lft > top.lft, low.lft <= top.rgt
    )
    above: dict[int, list[int]] = defaultdict(list)
    for unit_id, ancestor in session.execute(query):
        above[unit_id].append(ancestor)
    return above


def _expected(
    session: Session, root_id: int, period: Period, form: str, above: dict[int, list[int]]
) -> Counter[tuple[int, Level]]:
    """How many units below are to report, by the unit above and their level."""
    query = select(Submission.unit_id, Submission.level).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.form_code == form,
        Submission.exempt_reason.is_(None),
        Submission.unit_id.in_(above),
    )
    return Counter((unit, Level(level)) for unit_id, level in session.execute(query) for unit in above[unit_id])
