"""Handing in: check the answers once more, declare, submit; then the receipt."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Permission, permits
from portal.domain.submissions import SubmissionKey
from portal.errors import NotFound
from portal.queries.findings import check_submission
from portal.queries.report import list_evidence, list_passages
from portal.queries.submissions import get_submission, list_versions
from portal.services import moves
from portal.services.downloads import record_receipt
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.present.cross import all_sheets
from portal.web.present.entries import read_version
from portal.web.present.findings import shown_findings
from portal.web.present.moves import open_actions
from portal.web.present.receipt import receipt_of
from portal.web.present.report import section_progress
from portal.web.screens import REVIEW, TASKS

pages = guarded_blueprint("handing_in", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>")


@pages.get("/submit")
def check_answers(key: str) -> str:
    """All answers, what changed on last year, what was explained, and the declaration."""
    return _check_answers(key, undeclared=False)


@pages.post("/submit")
def submit(key: str) -> Response | tuple[str, int]:
    """Hand in, once the declaration is ticked."""
    if "declared" not in request.form:
        return _check_answers(key, undeclared=True), 422
    actor = current_actor()
    text = request.form.get("seen", "")
    seen = read_version("seen", text) if text else None
    with transaction(actor) as session:
        moves.take(session, actor, SubmissionKey.parse(key), Action.SUBMIT, seen=seen)
    return redirect(url_for("handing_in.receipt", key=key), code=303)


def _check_answers(key: str, *, undeclared: bool) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        checked = check_submission(session, actor, SubmissionKey.parse(key))
        passages = list_passages(session, actor, checked.view.key)
        files = list_evidence(session, actor, checked.view.key)
    return render_template(
        "submit.html",
        view=checked.view,
        checked=checked,
        shown=shown_findings(checked),
        sheets=all_sheets(checked.view),
        sections=section_progress(checked.view, passages),
        files=files,
        allowed=Action.SUBMIT in open_actions(actor, checked.view),
        undeclared=undeclared,
    )


@pages.get("/receipt")
def receipt(key: str) -> str:
    """The receipt of the version handed in last, or of the one named by `version`."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    wanted = request.args.get("version", type=int)
    with transaction(actor) as session:
        sealed = [each for each in list_versions(session, actor, name) if each.sealed_at is not None]
        version = next((each for each in sealed if wanted in {None, each.number}), None)
        if version is None:
            raise NotFound("receipt", key)
        view = get_submission(session, actor, name, version=version.number)
        enclosed = view.readable and permits(actor, Permission.SEE_ORIGINS, view.subject)
        files = list_evidence(session, actor, name, version=version.number) if enclosed else []
        passages = list_passages(session, actor, name, version=version.number) if enclosed else {}
        record_receipt(session, actor, name, version.number)
    return render_template(
        "receipt.html",
        view=view,
        receipt=receipt_of(view, version),
        sections=section_progress(view, passages),
        files=files,
    )
