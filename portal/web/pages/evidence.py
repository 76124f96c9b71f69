"""附件: the files that prove figures, and those that go with the whole of a report."""

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.db import transaction
from portal.domain.file_kinds import FileKind
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput
from portal.queries.report import evidence_file, list_evidence
from portal.queries.submissions import get_readable
from portal.services.downloads import Download
from portal.services.evidence import add_evidence, remove_evidence
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.incoming import read_file
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.present.files import hand_out
from portal.web.present.moves import may_edit
from portal.web.screens import REVIEW, TASKS

pages = guarded_blueprint("evidence", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>/evidence")


@pages.get("/")
def show(key: str) -> str:
    """All files of the return, by what they go with, and the box to add one."""
    return _page(current_actor(), SubmissionKey.parse(key), request.args.get("indicator", ""))


@pages.post("/")
def add(key: str) -> AnyResponse | tuple[str, int]:
    """Add a file to a figure, or to the whole."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    indicator, file = request.form.get("indicator", ""), request.files.get("file")
    filename, content = (file.filename or "", read_file(file)) if file else ("", b"")
    limit = current_app.config["EVIDENCE_LIMIT"]
    try:
        with transaction(actor) as session:
            add_evidence(session, actor, name, indicator, filename, content, limit=limit)
    except InvalidInput as error:
        return _page(actor, name, indicator, problem=input_sentence(error.problem)), 422
    flash(_("已添加附件。"), "good")
    return redirect(url_for("evidence.show", key=key, indicator=indicator or None), code=303)


@pages.post("/<digest>/remove")
def remove(key: str, digest: str) -> AnyResponse:
    """Take a file away from the draft."""
    actor = current_actor()
    with transaction(actor) as session:
        remove_evidence(session, actor, SubmissionKey.parse(key), request.form.get("indicator", ""), digest)
    flash(_("已去掉附件。以前上报的版本里仍有。"), "good")
    return redirect(url_for("evidence.show", key=key), code=303)


@pages.get("/<digest>")
def download(key: str, digest: str) -> Response:
    """A file, to be saved and never shown within the portal's own pages."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    with transaction(actor) as session:
        filename, content = evidence_file(session, actor, name, digest)
    response = hand_out(actor, Download.EVIDENCE, name, content, filename, "application/octet-stream")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _page(actor: Actor, key: SubmissionKey, indicator: str, *, problem: str = "") -> str:
    with transaction(actor) as session:
        view = get_readable(session, actor, key)
        files = list_evidence(session, actor, key)
    return render_template(
        "evidence.html",
        view=view,
        files=files,
        chosen=indicator,
        indicators=view.form.typed_at(view.level),
        kinds=[f".{kind}" for kind in FileKind],
        limit=current_app.config["EVIDENCE_LIMIT"],
        editable=may_edit(actor, view),
        problem=problem,
    )
