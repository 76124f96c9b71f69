"""我的任务: what the person's own unit has to report."""

from itertools import groupby

from flask import render_template

from portal.db import transaction
from portal.domain.lifecycle import State
from portal.queries.submissions import list_tasks
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.screens import TASKS

pages = guarded_blueprint("tasks", __name__, TASKS, url_prefix="/tasks")


@pages.get("/")
def index() -> str:
    """The unit's submissions by year; what was sent back comes before everything."""
    actor = current_actor()
    with transaction(actor) as session:
        tasks = list_tasks(session, actor)
    by_year = [(year, list(group)) for year, group in groupby(tasks, key=lambda task: task.key.period.year)]
    returned = [task for task in tasks if task.state is State.SENT_BACK]
    return render_template("tasks.html", by_year=by_year, returned=returned)
