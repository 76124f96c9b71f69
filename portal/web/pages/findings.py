"""What is wrong with a return, and the explanations given for it."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput
from portal.queries.findings import check_submission
from portal.services.explanations import explain
from portal.web.access import guarded_blueprint
from portal.web.errors import input_sentence
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.present.findings import by_severity, parse_key, rules_set_aside, shown_findings
from portal.web.present.moves import may_edit, may_explain, open_actions
from portal.web.screens import REVIEW, TASKS

pages = guarded_blueprint("findings", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>/findings")


@pages.get("/")
def show(key: str) -> str:
    """The findings, heaviest first, each with its explanation or the boxes to write one."""
    return _page(key)


@pages.post("/")
def give(key: str) -> Response | tuple[str, int]:
    """Explain one finding."""
    actor = current_actor()
    try:
        finding = parse_key(request.form.get("finding", ""))
        with transaction(actor) as session:
            words, reason = request.form.get("words", ""), request.form.get("reason_code", "")
            explain(session, actor, SubmissionKey.parse(key), finding, reason, words)
    except InvalidInput as error:
        return _page(key, refused=error), 422
    flash(_("说明已保存。"), "good")
    return redirect(url_for("findings.show", key=key), code=303)


def _page(key: str, refused: InvalidInput | None = None) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        checked = check_submission(session, actor, SubmissionKey.parse(key))
    excused, unknown = rules_set_aside(checked)
    return render_template(
        "findings.html",
        view=checked.view,
        checked=checked,
        groups=by_severity(shown_findings(checked)),
        excused=excused,
        unknown=unknown,
        may_edit=may_edit(actor, checked.view),
        may_explain=may_explain(actor, checked.view),
        actions=open_actions(actor, checked.view),
        typed=request.form,
        problem=input_sentence(refused.problem) if refused else "",
        refused_field=refused.field if refused else "",
    )
