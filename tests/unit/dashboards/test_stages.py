"""Stages of submissions, and of whole branches."""

from datetime import UTC, date, datetime

import pytest

from dashboards.pages.progress.stages import Stage, by_child, counts, expected, handed_in, stage_of
from portal import clock
from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level
from portal.queries.progress import ProgressRow
from portal.queries.submissions import Task
from portal.queries.units import UnitRow

DUE = date(2024, 2, 28)
BEFORE, AFTER = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 10, tzinfo=UTC)


def row(code: str, state: State, parent: str = "p", exempt: str | None = None) -> ProgressRow:
    unit = UnitRow(1, code, code, "", Level.CITY, parent, code, 1, 1, has_children=False)
    submitted = BEFORE if state in {State.SUBMITTED, State.ACCEPTED} else None
    task = Task(
        key=SubmissionKey(code, Period(2023), "T"),
        form_name="表",
        form_name_en="",
        state=state,
        version=1,
        due_on=DUE,
        exempt_reason=exempt,
        answered=0,
        expected_answers=10,
        returned_reason=None,
        submitted_at=submitted,
        accepted_at=None,
        last_activity_at=None,
        demo=False,
    )
    return ProgressRow(unit, task, 1)


@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        (State.ASSIGNED, Stage.OPEN, Stage.LATE),
        (State.SIGNED, Stage.OPEN, Stage.LATE),
        (State.SENT_BACK, Stage.SENT_BACK, Stage.SENT_BACK),
        (State.SUBMITTED, Stage.SUBMITTED, Stage.SUBMITTED),
        (State.ACCEPTED, Stage.ACCEPTED, Stage.ACCEPTED),
        (State.PUBLISHED, Stage.ACCEPTED, Stage.ACCEPTED),
    ],
)
def test_where_a_submission_stands(state: State, before: Stage, after: Stage) -> None:
    with clock.frozen_at(BEFORE):
        assert stage_of(row("a", state)) is before
    with clock.frozen_at(AFTER):
        assert stage_of(row("a", state)) is after


def test_the_exempt_leave_the_denominator() -> None:
    with clock.frozen_at(AFTER):
        tally = counts([row("a", State.ACCEPTED), row("b", State.SUBMITTED), row("c", State.DRAFTING, exempt="撤并")])
    assert (expected(tally), handed_in(tally), tally[Stage.EXEMPT], tally[Stage.LATE]) == (2, 2, 1, 0)


def test_a_branch_counts_the_child_and_everything_below_it() -> None:
    rows = [
        row("p", State.DRAFTING, parent=""),
        row("c1", State.ACCEPTED),
        row("d1", State.SUBMITTED, parent="c1"),
        row("t1", State.ACCEPTED, parent="d1"),
        row("c2", State.SENT_BACK),
    ]
    with clock.frozen_at(BEFORE):
        tallies = by_child(rows, "p")
    assert {code: dict(tally) for code, tally in tallies.items()} == {
        "c1": {Stage.ACCEPTED: 2, Stage.SUBMITTED: 1},
        "c2": {Stage.SENT_BACK: 1},
    }
