"""What the difference between a unit's own figure and the sum of those below it says, and what it does not say."""

from enum import StrEnum

from portal.domain.forms import Scope
from portal.queries.differences import DifferenceRow


class Verdict(StrEnum):
    """One for every row; the heaviest that holds."""

    INCOMPLETE = "incomplete"  # 下级未报齐，暂不判定
    OWN_MISSING = "own_missing"  # 本级未报
    TERRITORIAL = "territorial"  # 本级不填，全辖数就是下级合计
    OWN_NOT_ALLOWED = "own_not_allowed"  # 属地指标，本级不应有数
    SAME_AS_CHILDREN = "same_as_children"  # 本级数等于下级合计，疑似把全辖数填成本级数
    ADDS_UP = "adds_up"  # 两数相加为全辖数


NEEDS_A_LOOK = frozenset({Verdict.OWN_NOT_ALLOWED, Verdict.SAME_AS_CHILDREN})


def verdict_of(row: DifferenceRow) -> Verdict:
    """What can be said about the row. With units missing below, nothing is: never call that an error."""
    if row.indicator.scope is Scope.TERRITORIAL:
        return Verdict.OWN_NOT_ALLOWED if row.own is not None else Verdict.TERRITORIAL
    if row.reported < row.expected:
        return Verdict.INCOMPLETE
    if row.own is None:
        return Verdict.OWN_MISSING
    if row.own and row.own == row.children:
        return Verdict.SAME_AS_CHILDREN
    return Verdict.ADDS_UP
