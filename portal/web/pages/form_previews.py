"""Trying a draft of a form before it is published: as a page, as a workbook, on figures that were accepted."""

import io

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from importers.identity import UnitName
from importers.template import template as make_template
from portal import clock
from portal.db import transaction
from portal.domain.addition_file import examine_addition_draft
from portal.domain.additions import added_to, extended
from portal.domain.form_edits import examine_draft
from portal.domain.form_file import FileMistake
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.units import Level
from portal.domain.values import MISSING
from portal.models import FormDraft
from portal.queries.form_drafts import get_draft
from portal.queries.form_trials import try_form
from portal.queries.forms import find_form
from portal.services.downloads import record_export
from portal.web.access import guarded_blueprint
from portal.web.answers import Entry
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import language
from portal.web.pages.sheets import sheet_of
from portal.web.present.cross import cross_view
from portal.web.present.files import XLSX
from portal.web.present.sheet import Row
from portal.web.screens import FORMS

pages = guarded_blueprint("form_previews", __name__, FORMS, url_prefix="/forms/<code>/draft")


@pages.get("/preview")
def show(code: str) -> str | AnyResponse:
    """A sheet as people of a level will see it, with nothing to be saved."""
    draft, form = sound_draft(current_actor(), code)
    if form is None:
        return to_mistakes(code)
    level = _level(form)
    first = form.sheets[0].code if form.sheets else ""
    sheet = sheet_of(form, request.args.get("sheet", first))
    rows = [
        Row(each, MISSING, MISSING, level in each.filled_by, each.typed and level in each.filled_by, Entry(), 0)
        for each in sheet.indicators
    ]
    cross = cross_view(sheet, rows)
    return render_template(
        "form_preview.html", draft=draft, form=form, sheet=sheet, rows=rows, cross=cross, level=level
    )


@pages.get("/preview.xlsx")
def workbook(code: str) -> Response | AnyResponse:
    """The workbook as units of a level will get it; it names no unit, so that nobody can hand it in."""
    actor = current_actor()
    _draft, form = sound_draft(actor, code)
    if form is None:
        return to_mistakes(code)
    level = _level(form)
    period = Period(clock.today().year, form.period_kind)
    content = make_template(form, UnitName("000000", _("样例单位"), level), period, language=language())
    with transaction(actor) as session:
        record_export(session, actor, "form_draft", {"form": code, "level": level})
    return send_file(io.BytesIO(content), XLSX, as_attachment=True, download_name=f"{code}-draft-{level}.xlsx")


@pages.get("/trial")
def trial(code: str) -> str | AnyResponse:
    """What the draft's checks would have found in figures that were accepted."""
    actor = current_actor()
    draft, form = sound_draft(actor, code)
    if form is None:
        return to_mistakes(code)
    asked = request.args.get("period")
    with transaction(actor) as session:
        result = try_form(session, actor, form, Period.parse(asked) if asked else None)
    return render_template("form_trial.html", draft=draft, form=form, trial=result)


def sound_draft(actor: Actor, code: str) -> tuple[FormDraft, FormVersion | None]:
    """The draft, and the form that it says; None while it has mistakes."""
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
    return draft, examined(draft)[0]


def examined(draft: FormDraft, document: str | None = None) -> tuple[FormVersion | None, list[FileMistake]]:
    """The form that a draft says, or None and every mistake; with what it adds, if it is the draft of an addition.

    `document` is what it might say instead.
    """
    code, text = draft.form_code, draft.document if document is None else document
    if not added_to(code):
        return examine_draft(code, text)
    with transaction(None) as session:
        addition, mistakes = examine_addition_draft(code, text, lambda form, number: find_form(session, form, number))
        core = find_form(session, addition.form, addition.version) if addition else None
    return extended(core, [addition]) if core and addition else None, mistakes


def to_mistakes(code: str) -> AnyResponse:
    """The way to the list of what is wrong with the draft."""
    flash(_("草稿还有错，请先改正。"), "warning")
    return redirect(url_for("form_drafts.show", code=code), code=303)


def _level(form: FormVersion) -> Level:
    """The level asked for; the lowest of the form unless it is one of its own."""
    own = [level for level in Level if level in form.levels]
    asked = request.args.get("level")
    return next((level for level in own if level == asked), own[-1])
