"""我的任务: what the person's own unit has to report."""

from itertools import groupby

from flask import render_template
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.lifecycle import EDITABLE, State
from portal.domain.policy import Actor
from portal.queries.assignments import assignments_of
from portal.queries.report import list_passages
from portal.queries.submissions import Task, get_readable, list_tasks
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.present.work import Share, own_share, shares
from portal.web.screens import TASKS

pages = guarded_blueprint("tasks", __name__, TASKS, url_prefix="/tasks")


@pages.get("/")
def index() -> str:
    """The unit's submissions by year; what was sent back comes before everything."""
    actor = current_actor()
    with transaction(actor) as session:
        tasks = list_tasks(session, actor)
        mine = {task.key: _own_share(session, actor, task) for task in tasks if task.state in EDITABLE}
    by_year = [(year, list(group)) for year, group in groupby(tasks, key=lambda task: task.key.period.year)]
    returned = [task for task in tasks if task.state is State.SENT_BACK]
    return render_template("tasks.html", by_year=by_year, returned=returned, mine=mine)


def _own_share(session: Session, actor: Actor, task: Task) -> Share | None:
    """What of the return the person was given to do, and how far that is."""
    duties = assignments_of(session, actor, task.key.form)
    if all(duty.person_id != actor.user_id for duty in duties.values()):
        return None
    view = get_readable(session, actor, task.key)
    return own_share(actor, shares(view, list_passages(session, actor, task.key), duties))
