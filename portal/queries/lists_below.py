"""One list of a unit and of all units below it, row by row: as far as their rows may be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import Sheet
from portal.domain.lists import ListAnswer, ListTable
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.errors import NotFound
from portal.models import Submission
from portal.queries.effective_forms import answered_forms, form_at
from portal.queries.figures import key_of
from portal.queries.list_rows import lists_of
from portal.queries.progress import ProgressRow, list_answered
from portal.queries.units import UnitRow, get_unit


@dataclass(frozen=True)
class ListBelow:
    """The list, and what each unit that is asked for it listed, in tree order.

    Attributes:
        answers: of the units whose answer may be read; those that are exempt or may not be read yet are in none.
        expected: how many units are asked.
    """

    sheet: Sheet
    table: ListTable
    top: UnitRow
    answers: Sequence[tuple[ProgressRow, ListAnswer]]
    expected: int

    @property
    def rows(self) -> int:
        """How many rows they have together."""
        return sum(len(answer.items) for _row, answer in self.answers)


def list_below(session: Session, actor: Actor, *, form: str, list_code: str, period: Period, under: str) -> ListBelow:
    """The list in the answers of a unit and all below it. Row-level security decides whose rows are there.

    Raises:
        NotFound: no such unit in the period's tree; the form was not sent down for the period, or has no such list.
        NotPermitted: the unit is not within the actor's reach.
    """
    top = get_unit(session, under, period=period)
    require(actor, Permission.SEE_PROGRESS, Subject(top.path))
    found = form_at(session, top, period, form).lists.get(list_code)
    if found is None:
        raise NotFound("list", list_code)
    sheet, table = found
    asked = [
        row
        for row in list_answered(session, actor, period=period, under=under, form=form)
        if row.unit.level in table.filled_by and row.task.exempt_reason is None
    ]
    by_unit = _answers(session, top.root_id, period, form, [row.unit.id for row in asked], list_code)
    return ListBelow(
        sheet, table, top, [(row, by_unit[row.unit.id]) for row in asked if row.unit.id in by_unit], len(asked)
    )


def _answers(
    session: Session, root_id: int, period: Period, form: str, units: Sequence[int], list_code: str
) -> dict[int, ListAnswer]:
    query = select(Submission).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.form_code == form,
        Submission.unit_id.in_(units),
    )
    rows = session.scalars(query).all()
    lists = lists_of(session, rows, answered_forms(session, rows))
    answers = {row.unit_id: lists[key_of(row)].get(list_code) for row in rows}
    return {unit: answer for unit, answer in answers.items() if answer is not None and answer.answered}
