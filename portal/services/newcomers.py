"""Units that come into the tree, leave it again, or change their level, while something is collected."""

from collections import defaultdict
from collections.abc import Collection as Codes
from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED, HANDED_IN, State
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.models import Collection, Submission, Unit
from portal.models import Period as PeriodRow
from portal.queries.effective_forms import form_at, form_of
from portal.queries.forms import version
from portal.queries.units import list_units, published_trees
from portal.services.collections import assigned
from portal.services.expecting import count_expected


def ask_newcomers(
    session: Session, actor: Actor, units: Codes[str], since: date, *, due_from: date = date.min
) -> list[SubmissionKey]:
    """Let units that came into the tree answer what was sent down for periods that end on a day or later.

    Gives what they are asked now; what they were asked already stays as it is, and what was due before another day.
    """
    query = (
        select(Collection, PeriodRow)
        .join(PeriodRow, PeriodRow.code == Collection.period_code)
        .where(Collection.root_id == actor.place.root_id, PeriodRow.ends_on >= since, Collection.due_on >= due_from)
        .order_by(Collection.period_code, Collection.form_code)
    )
    asked: list[SubmissionKey] = []
    for collection, row in session.execute(query):
        period, form = Period.parse(row.code), version(session, collection.form_version_id)
        same = (Submission.period_code == collection.period_code, Submission.form_code == collection.form_code)
        known = set(session.scalars(select(Submission.unit_id).where(Submission.root_id == collection.root_id, *same)))
        new = [
            unit
            for unit in list_units(session, under=actor.place.code, period=period)
            if unit.code in units and unit.level in form.levels and unit.id not in known
        ]
        if new:
            asked_of = [(unit, form_at(session, unit, period, form.code)) for unit in new]
            rows = [assigned(collection, unit, its_form, None, demo=False) for unit, its_form in asked_of]
            session.execute(insert(Submission), rows)
        asked += [SubmissionKey(unit.code, period, form.code) for unit in new]
    return asked


def let_off(session: Session, actor: Actor, units: Codes[str], since: date, reason: str) -> int:
    """Exempt units that left the tree from what they have not handed in for periods that end on a day or later.

    Gives how many answers these are.
    """
    query = (
        update(Submission)
        .where(*_open_answers(actor, units, since), Submission.exempt_reason.is_(None))
        .values(exempt_reason=reason, row_version=Submission.row_version + 1)
        .returning(Submission.unit_id)
    )
    return len(session.execute(query).all())


def ask_again(session: Session, actor: Actor, units: Codes[str], since: date, reason: str) -> None:
    """Take back the exemptions that have this reason."""
    session.execute(
        update(Submission)
        .where(*_open_answers(actor, units, since), Submission.exempt_reason == reason)
        .values(exempt_reason=None, row_version=Submission.row_version + 1)
    )


def hold_unaccepted(session: Session, actor: Actor, units: Codes[str], since: date) -> Sequence[Submission]:
    """Lock what units have not got accepted for periods that end on a day or later.

    Before the trees change: whoever accepts holds the row and then waits for the tree.
    """
    query = select(Submission).where(*_answers(actor, units, since), Submission.state.not_in(COUNTED))
    in_order = query.order_by(Submission.unit_id, Submission.period_code, Submission.form_code)
    return session.scalars(in_order.with_for_update().execution_options(populate_existing=True)).all()


def ask_as_placed(session: Session, rows: Sequence[Submission]) -> None:
    """Ask what units are asked at the level on which these now stand; the caller holds the trees still.

    What a unit that is gone was asked stays.
    """
    trees = published_trees(session, {Period.parse(row.period_code) for row in rows})
    asked_otherwise: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows:
        tree, code = trees[Period.parse(row.period_code)], row.unit_path.rpartition(".")[2]
        if code in tree.places and row.level != tree.get(code).level:
            row.level = tree.get(code).level
            row.expected_answers = len(form_of(session, row).typed_at(tree.get(code).level))
            row.row_version += 1
            asked_otherwise[row.root_id, row.period_code].append(row.unit_id)
    session.flush()
    for (root_id, period), unit_ids in asked_otherwise.items():
        count_expected(session, root_id, period, unit_ids)


def _open_answers(actor: Actor, units: Codes[str], since: date) -> tuple[ColumnElement[bool], ...]:
    return *_answers(actor, units, since), Submission.state.not_in(HANDED_IN)


def _answers(actor: Actor, units: Codes[str], since: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Submission.root_id == actor.place.root_id,
        Submission.unit_id.in_(select(Unit.id).where(Unit.code.in_(units)).scalar_subquery()),
        Submission.period_code.in_(select(PeriodRow.code).where(PeriodRow.ends_on >= since).scalar_subquery()),
    )


def ask_no_more(session: Session, actor: Actor, units: Codes[str]) -> None:
    """Take back what these units were asked and have not begun."""
    ids = select(Unit.id).where(Unit.code.in_(units)).scalar_subquery()
    session.execute(
        delete(Submission).where(
            Submission.root_id == actor.place.root_id,
            Submission.unit_id.in_(ids),
            Submission.state == State.ASSIGNED,
        )
    )
