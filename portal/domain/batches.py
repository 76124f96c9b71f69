"""Batches (批量): files made for many units, and files with the answers of many units."""

from datetime import timedelta
from enum import StrEnum

from portal.domain.lifecycle import EDITABLE, State


class BatchKind(StrEnum):
    """What a batch does."""

    TEMPLATES = "templates"  # makes a zip with a template for each unit
    TABLE = "table"  # makes one workbook, a row for each unit
    ANSWERS = "answers"  # enters what such a workbook, or such a zip, holds
    CHECK = "check"  # says what would become of it, and enters nothing


HANDED_IN = frozenset({BatchKind.ANSWERS, BatchKind.CHECK})
"""Kinds whose file came in; the others make theirs."""


KEPT = timedelta(days=30)
"""For how long a file is kept that was made, or only checked; one whose answers were entered stays with them."""


class BatchState(StrEnum):
    """How far a batch is."""

    WAITING = "waiting"
    WORKING = "working"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


UNDER_WAY = frozenset({BatchState.WAITING, BatchState.WORKING, BatchState.CANCELLING})
"""States in which a worker has yet to do something."""


class LineOutcome(StrEnum):
    """What became, or would become, of one unit's answers: all of them were entered, or none."""

    STORED = "stored"
    UNCHANGED = "unchanged"  # the draft says the same already
    EMPTY = "empty"  # nothing is filled in
    MISTAKEN = "mistaken"  # some cells cannot be understood
    UNKNOWN_UNIT = "unknown_unit"
    NOT_BELOW = "not_below"
    NOT_ASKED = "not_asked"  # the collection does not ask this unit
    REPEATED = "repeated"  # two rows, or two files, of the same unit
    MISNAMED = "misnamed"  # another unit's name stands by the code
    EXEMPT = "exempt"
    HANDED_IN = "handed_in"  # submitted or accepted: nobody writes there
    SIGNED_OFF = "signed_off"  # the unit has begun to check and sign
    HAS_FIGURES = "has_figures"  # figures stand there, and were not to be replaced
    NOT_PERMITTED = "not_permitted"
    NOT_RECOGNISED = "not_recognised"  # a file that is no template of this form, period and unit
    UNREADABLE = "unreadable"  # a file that is no workbook


WRITTEN = frozenset({LineOutcome.STORED, LineOutcome.UNCHANGED})
"""Outcomes after which the draft says what the file says."""

_OPEN = frozenset({State.ASSIGNED, State.DRAFTING, State.SENT_BACK})


def obstacle(state: State, *, exempt: bool, answered: int, replaces: bool) -> LineOutcome | None:
    """What forbids to enter answers for a unit from above, if anything does.

    What the unit's own people have signed off is theirs, and so are figures that stand there, unless they are to be
    replaced.
    """
    if exempt:
        return LineOutcome.EXEMPT
    if state not in EDITABLE:
        return LineOutcome.HANDED_IN
    if state not in _OPEN:
        return LineOutcome.SIGNED_OFF
    return LineOutcome.HAS_FIGURES if answered and not replaces else None
