"""Prove the roll-ups: compute every total again from the accepted values, by another road, and compare."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED
from portal.domain.periods import Period
from portal.domain.rollup import Contribution, Total, total
from portal.models import Node, RollUp, Submission
from portal.models import Period as PeriodRow
from portal.queries.contributing import contributing
from portal.queries.rollup_parts import observed_totals, stored_total, targets_of_period
from portal.queries.units import list_units

Key = tuple[str, int, str]
"""What it is (`observation` or `rollup`), the unit's id, and the indicator."""


@dataclass(frozen=True)
class Mismatch:
    """A stored figure that is not what the accepted values make.

    Attributes:
        kind: `observation`, a unit's own accepted figure, or `rollup`, that of a unit with all below it.
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
    for code in session.scalars(select(PeriodRow.code).order_by(PeriodRow.code)):
        period = Period.parse(code)
        stored = _observations(session, root_id, period) | _rollups(session, root_id, code)
        computed = _computed(session, root_id, period)
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


def _computed(session: Session, root_id: int, period: Period) -> dict[Key, Total]:
    tree = select(PeriodRow.tree_id).where(PeriodRow.code == str(period)).scalar_subquery()
    inner = set(session.scalars(select(Node.unit_id).where(Node.tree_id == tree, Node.rgt > Node.lft, Node.depth > 0)))
    targets = targets_of_period(
        session, period, [unit for unit in list_units(session, period=period) if unit.id in inner]
    )
    parts: dict[Key, list[Contribution]] = defaultdict(list)
    query = select(Submission).where(
        Submission.root_id == root_id, Submission.period_code == str(period), Submission.state.in_(COUNTED)
    )
    for row, found in contributing(session, session.scalars(query).all()):
        for one in found:
            parts["observation", row.unit_id, one.indicator].append(one)
            for target in targets(row.unit_id):
                parts["rollup", target, one.indicator].append(one)
    return {key: total(several) for key, several in parts.items()}
