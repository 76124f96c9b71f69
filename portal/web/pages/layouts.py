"""对应关系: which cell of a unit's own sheet answers which indicator, confirmed once."""

from collections.abc import Mapping
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.db import transaction
from portal.domain.policy import Actor
from portal.errors import InvalidInput
from portal.jobs.uploads import confirm as confirm_layout
from portal.queries.submissions import get_submission
from portal.queries.uploads import get_upload
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.present.layouts import asked_indicators, choices_of
from portal.web.present.moves import may_upload
from portal.web.screens import TASKS

pages = guarded_blueprint("layouts", __name__, TASKS)


@pages.get("/uploads/<uuid:upload_id>/layout")
def show(upload_id: UUID) -> AnyResponse | str:
    """Every indicator with the cells of the file that may answer it."""
    return _page(current_actor(), upload_id)


@pages.post("/uploads/<uuid:upload_id>/layout")
def confirm(upload_id: UUID) -> AnyResponse | tuple[AnyResponse | str, int]:
    """Keep what was chosen, and have the file read by it."""
    actor = current_actor()
    written = request.form.to_dict()
    try:
        with transaction(actor) as session:
            upload = get_upload(session, actor, upload_id)
            layout = (upload.report or {}).get("layout")
            choices = {} if layout is None else choices_of(layout, written)
            confirm_layout(session, actor, upload.key, upload_id, choices)
    except InvalidInput as error:
        return _page(actor, upload_id, written, problem=f"{input_sentence(error.problem)} {error.value}".strip()), 422
    flash(_("对应关系已保存，正在按它读取文件。以后同样的表格不再询问。"), "good")
    return redirect(url_for("uploads.show", upload_id=upload_id), code=303)


def _page(
    actor: Actor, upload_id: UUID, written: Mapping[str, str] | None = None, *, problem: str = ""
) -> AnyResponse | str:
    with transaction(actor) as session:
        upload = get_upload(session, actor, upload_id)
        view = get_submission(session, actor, upload.key)
    layout = (upload.report or {}).get("layout")
    if layout is None:
        return redirect(url_for("uploads.show", upload_id=upload_id), code=303)
    asked = asked_indicators(view.form, layout, written)
    return render_template(
        "layout.html",
        upload=upload,
        view=view,
        groups={
            "open": [line for line in asked if not line.known and line.offers],
            "none": [line for line in asked if not line.known and not line.offers],
            "known": [line for line in asked if line.known],
        },
        may_confirm=may_upload(actor, view),
        problem=problem,
    )
