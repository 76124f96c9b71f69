"""How far a submission has come, and how many are at each stage. Every one is at exactly one stage."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from portal.domain.lifecycle import COUNTED, HANDED_IN, State
from portal.queries.progress import ProgressRow


class Stage(StrEnum):
    """In the order in which they are drawn and counted."""

    ACCEPTED = "accepted"  # 已验收
    SUBMITTED = "submitted"  # 已上报，待审核
    SENT_BACK = "sent_back"  # 已退回
    LATE = "late"  # 逾期未报
    OPEN = "open"  # 未报，未到期
    EXEMPT = "exempt"  # 免报


def stage_of(row: ProgressRow) -> Stage:
    """Where the submission stands. What was sent back is late, too, once the deadline is past; here it is sent back."""
    if row.task.exempt_reason is not None:
        return Stage.EXEMPT
    if row.task.state in COUNTED:
        return Stage.ACCEPTED
    if row.task.state in HANDED_IN:
        return Stage.SUBMITTED
    if row.task.state is State.SENT_BACK:
        return Stage.SENT_BACK
    return Stage.LATE if row.late else Stage.OPEN


def counts(rows: Iterable[ProgressRow]) -> Counter[Stage]:
    """How many submissions are at each stage."""
    return Counter(stage_of(row) for row in rows)


def expected(tally: Mapping[Stage, int]) -> int:
    """How many are to report: all but the exempt."""
    return sum(count for stage, count in tally.items() if stage is not Stage.EXEMPT)


def handed_in(tally: Mapping[Stage, int]) -> int:
    """How many have handed in, accepted or waiting for review."""
    return tally.get(Stage.ACCEPTED, 0) + tally.get(Stage.SUBMITTED, 0)


def by_child(rows: Sequence[ProgressRow], parent: str) -> dict[str, Counter[Stage]]:
    """Of each child of `parent`, the stages of itself and of everything below it.

    Args:
        rows: the parent's subtree.
        parent: code of the unit looked at, itself in no child.
    """
    above = {row.unit.code: row.unit.parent_code for row in rows}
    tallies: dict[str, Counter[Stage]] = {row.unit.code: Counter() for row in rows if row.unit.parent_code == parent}
    for row in rows:
        code = row.unit.code
        while code in above and code not in tallies:
            code = above[code]
        if code in tallies:
            tallies[code][stage_of(row)] += 1
    return tallies
