"""One return: its sheets, its actions, its history."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.submissions import SubmissionKey
from portal.errors import NotFound
from portal.queries.assignments import assignments_of
from portal.queries.events import list_history
from portal.queries.findings import check_submission
from portal.queries.report import list_evidence, list_passages
from portal.queries.submissions import get_submission, list_versions
from portal.services import moves
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import lazy_gettext as _
from portal.web.present.entries import read_version
from portal.web.present.events import shown_events, units_of
from portal.web.present.moves import may_edit, may_upload, open_actions
from portal.web.present.report import task_list
from portal.web.present.sheet import sheet_progress
from portal.web.present.work import own_share, shares
from portal.web.screens import REVIEW, TASKS

HISTORY_SHOWN = 100

_TOLD = {
    Action.ACCEPT: _("已验收，数已计入本级和以上各级的汇总。"),
    Action.REOPEN: _("已重新打开，汇总已减去这一份的数。"),
}
"""What an action did beyond what the page shows."""

pages = guarded_blueprint("submissions", __name__, TASKS, REVIEW, url_prefix="/submissions")


@pages.get("/<key>/")
def show(key: str) -> str:
    """The task list of one return."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    with transaction(actor) as session:
        view = get_submission(session, actor, name)
        checked = check_submission(session, actor, name) if view.readable else None
        passages = list_passages(session, actor, name) if checked else {}
        files = list_evidence(session, actor, name) if checked else []
        duties = assignments_of(session, actor, view.form.code) if actor.place.code == view.key.unit else {}
        versions = list_versions(session, actor, name)
        happened = list_history(session, actor, name, limit=HISTORY_SHOWN)
        history = list(shown_events(session, happened))
        named = units_of(session, happened)
    findings = checked.findings if checked else []
    return render_template(
        "submission.html",
        view=view,
        checked=checked,
        parts=task_list(view, sheet_progress(view, findings), passages, files),
        versions=versions,
        history=history,
        named=named,
        actions=open_actions(actor, view),
        mine=own_share(actor, shares(view, passages, duties)),
        may_edit=may_edit(actor, view),
        may_upload=may_upload(actor, view),
    )


@pages.post("/<key>/actions/<verb>")
def act(key: str, verb: str) -> Response:
    """Take an action, and show the submission as it is then."""
    if verb not in set(Action):
        raise NotFound("action", verb)
    actor = current_actor()
    with transaction(actor) as session:
        moves.take(
            session,
            actor,
            SubmissionKey.parse(key),
            Action(verb),
            reason=request.form.get("reason", ""),
            seen=_seen(),
        )
    if verb in _TOLD:
        flash(str(_TOLD[Action(verb)]), "good")
    return redirect(url_for("submissions.show", key=key), code=303)


def _seen() -> int | None:
    """The submission's row version that the page showed."""
    text = request.form.get("seen", "")
    return read_version("seen", text) if text else None
