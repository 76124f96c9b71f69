"""Excel in and out: the template, the upload, what was found in it, what it would change, and the marked copy."""

from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from importers.identity import UnitName
from importers.open_document import as_ods
from importers.template import template as make_template
from portal.db import transaction
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput
from portal.jobs.uploads import receive as receive_file
from portal.queries.report import list_passages
from portal.queries.submissions import get_readable, get_submission
from portal.queries.uploads import content_of, get_upload
from portal.services.downloads import Download
from portal.services.uploads import apply as apply_upload
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.incoming import name_of, read_file
from portal.web.language import gettext as _
from portal.web.language import language
from portal.web.present.files import ODS, hand_out, hand_out_annotated
from portal.web.present.moves import may_upload
from portal.web.present.uploads import (
    differences,
    list_differences,
    localised,
    severity_chosen,
    text_differences,
    to_correct,
)
from portal.web.screens import TASKS

pages = guarded_blueprint("uploads", __name__, TASKS)


@pages.get("/submissions/<key>/template.<any(xlsx, ods):form>")
def template(key: str, form: str) -> Response:
    """The form as a workbook, with last year's figures and what is filled in so far."""
    actor = current_actor()
    with transaction(actor) as session:
        view = get_readable(session, actor, SubmissionKey.parse(key))
        passages = list_passages(session, actor, view.key) if view.form.outline else {}
    unit = UnitName(view.unit.code, view.unit.name, view.unit.level)
    content = make_template(
        view.form,
        unit,
        view.key.period,
        last_year=view.last_year,
        current=view.values,
        lists=view.around.lists,
        texts={code: passage.words for code, passage in passages.items()},
        language=language(),
        demo=view.task.demo,
    )
    if form == "ods":
        return hand_out(actor, Download.TEMPLATE, view.key, as_ods(content), f"{view.key}.ods", ODS)
    return hand_out(actor, Download.TEMPLATE, view.key, content, f"{view.key}.xlsx")


@pages.post("/submissions/<key>/upload")
def receive(key: str) -> AnyResponse:
    """Keep the file and have it examined in the background."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput("file", "no_file")
    actor = current_actor()
    with transaction(actor) as session:
        upload_id = receive_file(session, actor, SubmissionKey.parse(key), name_of(file), read_file(file))
    return redirect(url_for("uploads.show", upload_id=upload_id), code=303)


@pages.get("/uploads/<uuid:upload_id>")
def show(upload_id: UUID) -> str:
    """How far the examination is; then what was found, and what the file would change in the draft."""
    actor = current_actor()
    with transaction(actor) as session:
        upload = get_upload(session, actor, upload_id)
        view = get_submission(session, actor, upload.key)
        passages = list_passages(session, actor, upload.key) if view.readable and view.form.outline else {}
    report = localised(upload.report, language())
    chosen = severity_chosen(request.args.get("severity", ""))
    return render_template(
        "upload.html",
        upload=upload,
        view=view,
        report=report,
        severity=chosen,
        changes=differences(view, upload.report),
        lists=list_differences(view, upload.report),
        texts=text_differences(view, passages, upload.report),
        to_correct=to_correct(report),
        may_apply=may_upload(actor, view),
    )


@pages.get("/uploads/<uuid:upload_id>/progress")
def progress(upload_id: UUID) -> Response:
    """How far the examination is, for the page that waits."""
    actor = current_actor()
    with transaction(actor) as session:
        upload = get_upload(session, actor, upload_id)
    return jsonify(state=upload.state, done=upload.done, total=upload.total)


@pages.post("/uploads/<uuid:upload_id>/apply")
def apply(upload_id: UUID) -> AnyResponse:
    """Write the ticked figures into the draft."""
    actor = current_actor()
    codes = request.form.getlist("codes")
    with transaction(actor) as session:
        upload = get_upload(session, actor, upload_id)
        saved = apply_upload(session, actor, upload.key, upload_id, codes)
    flash(_("已写入草稿 %(num)s 项。", num=saved.changed), "good")
    return redirect(url_for("findings.show", key=upload.key), code=303)


@pages.get("/uploads/<uuid:upload_id>/original")
def original(upload_id: UUID) -> Response:
    """The file as it came in, byte for byte, to be saved and never opened within the portal's own pages."""
    actor = current_actor()
    with transaction(actor) as session:
        upload = get_upload(session, actor, upload_id)
        content = content_of(session, actor, upload_id)
    return hand_out(actor, Download.ORIGINAL, upload.key, content, upload.filename, "application/octet-stream")


@pages.get("/uploads/<uuid:upload_id>/annotated.xlsx")
def annotated_copy(upload_id: UUID) -> Response:
    """The workbook back, every mistake marked where it is. Made afresh: it is not kept."""
    return hand_out_annotated(current_actor(), upload_id, language(), _("标注"))
