"""Submissions within the actor's sight, by unit, period, form and state."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.lifecycle import State
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.models import Form, Submission, Unit
from portal.queries.paging import Page, PageOf, read_page
from portal.queries.submissions import Task, task_of
from portal.queries.units import get_unit


def search_submissions(
    session: Session,
    actor: Actor,
    *,
    unit: str | None = None,
    period: Period | None = None,
    form: str | None = None,
    state: State | None = None,
    page: PageOf,
) -> Page[Task]:
    """Those of the actor's unit and all below it, newest period first, units by code.

    Raises:
        NotFound: there is no such unit.
        NotPermitted: the unit is not within the actor's reach, or how far it is none of the actor's business.
    """
    require(actor, Permission.SEE_PROGRESS, Subject(actor.place.path))
    query = (
        select(Submission, Unit.code, Form.name, Form.name_en)
        .join(Unit, Unit.id == Submission.unit_id)
        .join(Form, Form.code == Submission.form_code)
        .order_by(Submission.period_code.desc(), Unit.code, Submission.form_code)
    )
    if unit is not None:
        row = get_unit(session, unit, period=period)
        require(actor, Permission.SEE_PROGRESS, Subject(row.path))
        query = query.where(Submission.unit_id == row.id)
    if period is not None:
        query = query.where(Submission.period_code == str(period))
    if form is not None:
        query = query.where(Submission.form_code == form)
    if state is not None:
        query = query.where(Submission.state == state)
    found = read_page(session, query, page)
    return Page([task_of(*row) for row in found.items], found.count)
