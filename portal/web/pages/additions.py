"""What one's own unit adds to a form: what is published, the draft of more, and the collections that it belongs to."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.db import transaction
from portal.domain.additions import draft_code, extended
from portal.domain.collections import CollectionKey
from portal.domain.periods import Period
from portal.domain.policy import Permission, Subject, require
from portal.errors import FormInvalid, InvalidInput
from portal.queries.additions import find_addition, list_joinings
from portal.queries.form_drafts import list_drafts
from portal.queries.forms import get_form
from portal.services import additions, form_drafts
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.present.entries import read_version
from portal.web.screens import FORMS

pages = guarded_blueprint("additions", __name__, FORMS, url_prefix="/forms/<code>/addition")


@pages.get("/")
def show(code: str) -> str:
    """The newest addition, and for each collection whether it belongs to it and whom it is asked of."""
    return _page(code)


@pages.post("/draft")
def begin(code: str) -> AnyResponse | tuple[str, int]:
    """Begin a draft."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            draft = form_drafts.begin_addition(session, actor, code)
    except InvalidInput as error:
        return _page(code, input_sentence(error.problem)), 422
    return redirect(url_for("form_drafts.show", code=draft.form_code), code=303)


@pages.post("/join")
def join(code: str) -> AnyResponse | tuple[str, int]:
    """Let it join what is under way."""
    actor = current_actor()
    try:
        number, period = read_version("number", request.form.get("number", "")), request.form.get("period", "")
        with transaction(actor) as session:
            joined = additions.join(session, actor, CollectionKey(code, Period.parse(period)), number)
    except (FormInvalid, InvalidInput) as error:
        words = input_sentence(error.problem) if isinstance(error, InvalidInput) else "；".join(error.problems)
        return _page(code, words), 422
    flash(_("补充指标已加入 %(period)s 的任务，%(count)s 个单位要填。", period=period, count=joined.asked), "good")
    return redirect(url_for("additions.show", code=code), code=303)


def _page(code: str, problem: str = "") -> str:
    actor = current_actor()
    require(actor, Permission.ADD_TO_FORMS, Subject(actor.place.path))
    with transaction(actor) as session:
        core = get_form(session, code)
        addition = find_addition(session, actor, code)
        form = extended(get_form(session, code, addition.version), [addition]) if addition else None
        joinings = list_joinings(session, actor, code)
        drafts = {row.form_code: row for row in list_drafts(session, actor)}
    return render_template(
        "addition.html",
        code=code,
        core=core,
        addition=addition,
        own=[(sheet, [each for each in sheet.indicators if each.added_by]) for sheet in form.sheets] if form else [],
        joinings=joinings,
        draft=drafts.get(draft_code(code, actor.place.code)),
        problem=problem,
    )
