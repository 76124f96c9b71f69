"""What became of every answer that there might be in a rolled-up number: who is exempt, late, or not yet accepted."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ARRAY, Text, and_, bindparam, func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.coverage import Coverage
from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits
from portal.models import Submission, SubmissionVersion
from portal.queries.ancestors import Targets
from portal.queries.effective_forms import forms_then
from portal.queries.rollups.parts import targets_in
from portal.queries.rollups.restated import restate_each
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import CURRENT_TREE
from portal.queries.submissions import same_submission
from portal.queries.units import UnitRow, published_trees


class _Kept(NamedTuple):
    """Submissions that are in no number."""

    why: str
    unit_id: int
    form: str
    level: str


_EXEMPT, _PENDING, _INCLUDED, _LATE, _IN_TIME = "exempt", "pending", "included", "late", "in_time"

_Named = tuple[str, str, int]
"""Period, form and unit of a submission."""


def covered(
    session: Session, actor: Actor, top: UnitRow, period: Period, rows: Sequence[RollUpRow], *, pending: bool = False
) -> list[RollUpRow]:
    """Roll-ups of one period with their coverage; `pending`: they have in them what is not accepted yet."""
    return covered_then(session, actor, top, {period: rows}, pending=pending)[period]


def covered_then(
    session: Session, actor: Actor, top: UnitRow, rows: Mapping[Period, Sequence[RollUpRow]], *, pending: bool = False
) -> dict[Period, list[RollUpRow]]:
    """The same for several periods, in as many statements; all rows are of `top` or below it, and of one tree."""
    parts = {part for period, several in rows.items() for row in several for part in row.counted or (period,)}
    if not parts:
        return {period: list(several) for period, several in rows.items()}
    read = _readable(session, actor, top.root_id, parts) if pending else frozenset()
    kept = _count(session, top.root_id, parts, [row for several in rows.values() for row in several], read)
    form_of = {
        one.code: form.code for forms in forms_then(session, top, parts).values() for form in forms for one in form
    }
    told = permits(actor, Permission.SEE_PROGRESS, Subject(top.path))

    def coverage(row: RollUpRow, period: Period) -> Coverage:
        def number(why: str) -> int:
            keys = [_Kept(why, row.unit.id, form_of[row.indicator], level) for level in row.what.filled_by]
            return sum(kept[part][key] for part in row.counted or (period,) for key in keys)

        return Coverage(
            row.expected,
            row.reported,
            row.not_applicable,
            number(_EXEMPT),
            number(_PENDING) if told else None,
            number(_INCLUDED) if told else None,
            number(_LATE) if told else None,
            number(_IN_TIME) if told else None,
        )

    return {
        period: [row._replace(coverage=coverage(row, period)) for row in several] for period, several in rows.items()
    }


def _count(
    session: Session,
    root_id: int,
    periods: Collection[Period],
    rows: Sequence[RollUpRow],
    read: Collection[_Named],
) -> dict[Period, Counter[_Kept]]:
    """How many submissions would count for the units of the rows, and are not accepted, by period.

    Those of `read` count all the same.
    """
    units = list({row.unit.id: row.unit for row in rows}.values())
    targets = _targets(session, periods, units, rows[0].tree)
    found: dict[Period, Counter[_Kept]] = {period: Counter() for period in periods}
    asked = {"root": root_id, "periods": [str(period) for period in periods]}
    for code, unit_id, form, level, exempt, state, due_on in session.execute(_UNACCEPTED, asked):
        if exempt:
            why = _EXEMPT
        elif state == State.SUBMITTED:
            why = _INCLUDED if (code, form, unit_id) in read else _PENDING
        else:
            why = _LATE if due_on < clock.today() else _IN_TIME
        period = Period.parse(code)
        for target in targets[period](unit_id):
            found[period][_Kept(why, target, form, level)] += 1
    return found


def _readable(session: Session, actor: Actor, root_id: int, periods: Collection[Period]) -> frozenset[_Named]:
    """What is handed in and open to the actor already; who stands further above sees it only once it is accepted."""
    asked = {"root": root_id, "periods": [str(period) for period in periods], "depth": actor.depth}
    return frozenset((period, form, unit) for period, form, unit in session.execute(_READABLE, asked))


def _targets(
    session: Session, periods: Collection[Period], units: Iterable[UnitRow], tree: str
) -> dict[Period, Targets]:
    if tree == CURRENT_TREE:
        return {period: each.counted for period, each in restate_each(session, periods, units).items()}
    trees = published_trees(session, periods)
    return {
        period: targets_in(then, [unit for unit in units if unit.code in then.places]) for period, then in trees.items()
    }


_READABLE = (
    select(Submission.period_code, Submission.form_code, Submission.unit_id)
    .join(
        SubmissionVersion,
        and_(*same_submission(SubmissionVersion, Submission), SubmissionVersion.number == Submission.version_number),
    )
    .where(
        Submission.root_id == bindparam("root"),
        Submission.period_code == bindparam("periods", type_=ARRAY(Text)).any_(),
        Submission.state == State.SUBMITTED,
        SubmissionVersion.open_to <= bindparam("depth"),
    )
)
_UNACCEPTED = select(
    func.unaccepted_answers(bindparam("root"), bindparam("periods", type_=ARRAY(Text))).table_valued(
        "period_code", "unit_id", "form_code", "level", "exempt", "state", "due_on"
    )
)
