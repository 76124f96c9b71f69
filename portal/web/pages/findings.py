"""What is wrong with a return, and the explanations given for it, with the files that go with them."""

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.db import transaction
from portal.domain.file_kinds import FileKind
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput
from portal.queries.findings import check_submission, explanation_file
from portal.services.downloads import Download
from portal.services.explanations import attach, detach, explain
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.incoming import read_file
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.present.files import hand_out
from portal.web.present.findings import by_severity, parse_key, rules_set_aside, shown_findings
from portal.web.present.moves import may_edit, may_explain, open_actions
from portal.web.screens import REVIEW, TASKS

pages = guarded_blueprint("findings", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>/findings")


@pages.get("/")
def show(key: str) -> str:
    """The findings, heaviest first, each with its explanation or the boxes to write one."""
    return _page(key)


@pages.post("/")
def give(key: str) -> AnyResponse | tuple[str, int]:
    """Explain one finding, with a file if one is sent along: both, or neither."""
    actor, name = current_actor(), SubmissionKey.parse(key)
    words, reason = request.form.get("words", ""), request.form.get("reason_code", "")
    file, limit = request.files.get("file"), current_app.config["EVIDENCE_LIMIT"]
    try:
        finding = parse_key(request.form.get("finding", ""))
        with transaction(actor) as session:
            explain(session, actor, name, finding, reason, words)
            if file is not None and file.filename:
                attach(session, actor, name, finding, file.filename, read_file(file), limit=limit)
    except InvalidInput as error:
        return _page(key, refused=error), 422
    flash(_("说明已保存。"), "good")
    return redirect(url_for("findings.show", key=key, _anchor=f"finding-{request.form['finding']}"), code=303)


@pages.get("/<finding>/file")
def download(key: str, finding: str) -> Response:
    """The file of an explanation, to be saved and never shown within the portal's own pages."""
    actor, name = current_actor(), SubmissionKey.parse(key)
    with transaction(actor) as session:
        filename, content = explanation_file(session, actor, name, parse_key(finding))
    return hand_out(actor, Download.EXPLANATION, name, content, filename, "application/octet-stream")


@pages.post("/<finding>/file/remove")
def remove(key: str, finding: str) -> AnyResponse:
    """Take the file of an explanation away from the draft."""
    actor = current_actor()
    with transaction(actor) as session:
        detach(session, actor, SubmissionKey.parse(key), parse_key(finding))
    flash(_("已去掉附件。以前上报的版本里仍有。"), "good")
    return redirect(url_for("findings.show", key=key, _anchor=f"finding-{finding}"), code=303)


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
        kinds=[f".{kind}" for kind in FileKind],
        limit=current_app.config["EVIDENCE_LIMIT"],
        typed=request.form,
        problem=input_sentence(refused.problem) if refused else "",
        refused_field=refused.field if refused else "",
    )
