"""报表制度: the forms with their versions, and the drafts of one's unit."""

from itertools import groupby

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.additions import added_to
from portal.domain.policy import Permission, Subject, permits
from portal.errors import InvalidInput
from portal.queries.additions import list_additions
from portal.queries.form_drafts import list_drafts
from portal.queries.forms import list_forms
from portal.services import form_drafts
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.screens import FORMS

pages = guarded_blueprint("forms", __name__, FORMS, url_prefix="/forms")


@pages.get("/")
def index() -> str:
    """Every form with its versions, newest first, and the drafts."""
    return _index({})


@pages.post("/drafts")
def begin() -> Response | tuple[str, int]:
    """Begin a draft of a form, published or new."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            draft = form_drafts.begin(
                session, actor, request.form.get("code", "").strip(), request.form.get("name", "")
            )
    except InvalidInput as error:
        return _index({error.field: input_sentence(error.problem)}), 422
    flash(_("已起草。草稿只有本单位能看，发布以后才能下达。"), "good")
    return redirect(url_for("form_drafts.show", code=draft.form_code), code=303)


def _index(problems: dict[str, str]) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        versions = list_forms(session)
        drafts = {row.form_code: row for row in list_drafts(session, actor)}
        added = {each.form: each for each in list_additions(session, actor)}
    forms = {code: list(group)[::-1] for code, group in groupby(versions, key=lambda each: each.code)}
    return render_template(
        "forms.html",
        forms=forms,
        drafts=drafts,
        new_drafts=[row for code, row in drafts.items() if code not in forms and not added_to(code)],
        added=added,
        may_add=permits(actor, Permission.ADD_TO_FORMS, Subject(actor.place.path)),
        may_edit=permits(actor, Permission.EDIT_FORMS, Subject(actor.place.path)),
        typed=request.form,
        problems=problems,
    )
