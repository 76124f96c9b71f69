"""分工: who in the unit sees to which sheet, indicator or section; a guide for the people, never a lock."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.policy import Permission, permits
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput
from portal.queries.assignments import Duty, assignments_of, colleagues
from portal.queries.report import list_passages
from portal.queries.submissions import get_readable
from portal.services.assignments import NOBODY, assign
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.present.work import shares
from portal.web.sane import is_count
from portal.web.screens import TASKS

pages = guarded_blueprint("work", __name__, TASKS, url_prefix="/submissions/<key>/work")


@pages.get("/")
def show(key: str) -> str:
    """Who sees to what, how far everybody is, and the boxes to change it."""
    actor = current_actor()
    with transaction(actor) as session:
        view = get_readable(session, actor, SubmissionKey.parse(key))
        duties = assignments_of(session, actor, view.form.code)
        people = colleagues(session, actor)
        passages = list_passages(session, actor, view.key)
    own = actor.place.code == view.key.unit
    return render_template(
        "work.html",
        view=view,
        duties=duties if own else {},
        people=people,
        shares=shares(view, passages, duties if own else {}),
        may_assign=permits(actor, Permission.ASSIGN_WORK, view.subject),
        nobody=NOBODY,
    )


@pages.post("/")
def save(key: str) -> Response:
    """Put what stands in the boxes in the place of what was said before."""
    actor = current_actor()
    items = [name.removeprefix("office-") for name in request.form if name.startswith("office-")]
    with transaction(actor) as session:
        assign(session, actor, SubmissionKey.parse(key), {item: _duty(item) for item in items})
    flash(_("分工已保存，以后各年也按此。"), "good")
    return redirect(url_for("work.show", key=key), code=303)


def _duty(item: str) -> Duty:
    person = request.form.get(f"person-{item}", "")
    if person and not is_count(person):
        raise InvalidInput("person", "unknown", person)
    return Duty(int(person) if person else None, request.form.get(f"office-{item}", "").strip())
