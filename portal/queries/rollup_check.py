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
from portal.queries.rollup_parts import targets_of_period
from portal.queries.units import list_units


@dataclass(frozen=True)
class Mismatch:
    """A stored roll-up that is not what the accepted values add up to."""

    period: str
    unit_id: int
    indicator: str
    stored: Total
    computed: Total


def verify(session: Session, root_id: int) -> tuple[int, list[Mismatch]]:
    """Compare every stored roll-up of a top unit's tree; gives how many were compared, and those that differ.

    The session must see the whole tree: its scope is that of the top unit.
    """
    mismatches: list[Mismatch] = []
    compared = 0
    for code in session.scalars(select(PeriodRow.code).order_by(PeriodRow.code)):
        period = Period.parse(code)
        stored, computed = _stored(session, root_id, code), _computed(session, root_id, period)
        compared += len(stored.keys() | computed.keys())
        for unit_id, indicator in sorted(stored.keys() | computed.keys()):
            one = stored.get((unit_id, indicator), Total())
            other = computed.get((unit_id, indicator), Total())
            if one != other:
                mismatches.append(Mismatch(code, unit_id, indicator, one, other))
    return compared, mismatches


def _stored(session: Session, root_id: int, period: str) -> dict[tuple[int, str], Total]:
    totals: dict[tuple[int, str], Total] = {}
    for row in session.scalars(select(RollUp).where(RollUp.root_id == root_id, RollUp.period_code == period)):
        if row.category:
            one = Total(counts={row.category: row.reported})
        else:
            one = Total(row.reported, row.not_applicable, row.amount, row.weight, row.minimum, row.maximum)
        key = (row.unit_id, row.indicator)
        totals[key] = totals.get(key, Total()) + one
    return totals


def _computed(session: Session, root_id: int, period: Period) -> dict[tuple[int, str], Total]:
    tree = select(PeriodRow.tree_id).where(PeriodRow.code == str(period)).scalar_subquery()
    inner = set(session.scalars(select(Node.unit_id).where(Node.tree_id == tree, Node.rgt > Node.lft, Node.depth > 0)))
    targets = targets_of_period(
        session, period, [unit for unit in list_units(session, period=period) if unit.id in inner]
    )
    parts: dict[tuple[int, str], list[Contribution]] = defaultdict(list)
    query = select(Submission).where(
        Submission.root_id == root_id, Submission.period_code == str(period), Submission.state.in_(COUNTED)
    )
    for row, found in contributing(session, session.scalars(query).all()):
        for one in found:
            for target in targets(row.unit_id):
                parts[target, one.indicator].append(one)
    return {key: total(several) for key, several in parts.items()}
