"""The form designer: a draft is the text of a form file, changed as a whole (or see form_pieces), and published."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.db import transaction
from portal.domain.additions import added_to
from portal.domain.form_differences import differences, unaccounted
from portal.domain.form_edits import FormText, examine_draft
from portal.domain.mapping import changes_of, check_succession
from portal.domain.policy import Actor
from portal.errors import Conflict, FormInvalid, InvalidInput, NotFound
from portal.models import FormDraft
from portal.queries.form_drafts import get_draft, may_publish_forms
from portal.queries.forms import find_form
from portal.services import form_drafts
from portal.web.access import guarded_blueprint
from portal.web.form_words import CHANGES, DATA_TYPES, DIFFERENCES, LABELS
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.pages.form_pieces import content_of, piece_at, seen_version
from portal.web.pages.form_previews import examined, sound_draft, to_mistakes
from portal.web.present.entries import read_version
from portal.web.screens import FORMS

pages = guarded_blueprint("form_drafts", __name__, FORMS, url_prefix="/forms/<code>/draft")

MOST_MISTAKES = 50
"""Mistakes listed at most; the others show once these are corrected."""


@pages.get("/")
def show(code: str) -> str:
    """The draft: its mistakes, its sheets with their indicators, its rules."""
    actor = current_actor()
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
        base = find_form(session, code)
    form, mistakes = examined(draft)
    return render_template(
        "form_draft.html",
        draft=draft,
        form=form,
        base=base,
        content=FormText.read(draft.document),
        mistakes=mistakes[:MOST_MISTAKES],
        count=len(mistakes),
        piece_at=piece_at,
        DATA_TYPES=DATA_TYPES,
    )


@pages.get("/text")
def text(code: str) -> str:
    """The whole of it as a form file."""
    actor = current_actor()
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
    return _text_page(draft, draft.document)


@pages.post("/text")
def save_text(code: str) -> AnyResponse | tuple[str, int]:
    """Keep the text, right or wrong, and say what is wrong."""
    actor, typed = current_actor(), request.form.get("document", "")
    try:
        with transaction(actor) as session:
            draft = form_drafts.save(session, actor, code, typed, seen_version())
    except Conflict:
        with transaction(actor) as session:
            return _text_page(get_draft(session, actor, code), typed, contested=True), 409
    flash(_("草稿已保存。"), "good")
    _form, mistakes = examined(draft)
    return redirect(url_for("form_drafts.text" if mistakes else "form_drafts.show", code=code), code=303)


@pages.get("/publish")
def confirm(code: str) -> str | AnyResponse:
    """What would change for everybody, before it does."""
    return _publish_page(current_actor(), code)


@pages.post("/publish")
def publish(code: str) -> AnyResponse | tuple[str, int]:
    """Make it the next version."""
    actor = current_actor()
    try:
        if added_to(code):
            return _publish_addition(actor, code)
        with transaction(actor) as session:
            number = read_version("number", request.form.get("number", ""))
            form = form_drafts.publish(session, actor, code, seen_version(), number)
    except (FormInvalid, InvalidInput) as error:
        words = input_sentence(error.problem) if isinstance(error, InvalidInput) else "；".join(error.problems)
        page = _publish_page(actor, code, words)
        return (page, 422) if isinstance(page, str) else page
    flash(_("已发布：%(code)s 第 %(number)s 版。", code=form.code, number=form.number), "good")
    return redirect(url_for("forms.index"), code=303)


@pages.post("/changes")
def account_for_changes(code: str) -> AnyResponse | tuple[str, int]:
    """Say what became of the indicators that come and go; or take back what was said."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            draft, base = get_draft(session, actor, code), find_form(session, code)
            form, _mistakes = examine_draft(code, draft.document)
            if form is None or base is None:
                raise NotFound("form", code)
            content = content_of(draft)
            if "forget" in request.form:
                content.forget_changes()
            else:
                come, gone = unaccounted(base, form)
                successors = {old: [new for new in request.form.getlist(f"to-{old}") if new] for old in gone}
                content.account_for(changes_of(successors, come, gone))
            form_drafts.save(session, actor, code, content.write(), seen_version())
    except InvalidInput as error:
        page = _publish_page(actor, code, input_sentence(error.problem))
        return (page, 422) if isinstance(page, str) else page
    flash(_("草稿已保存。"), "good")
    return redirect(url_for("form_drafts.confirm", code=code), code=303)


@pages.post("/drop")
def drop(code: str) -> AnyResponse:
    """Throw the draft away."""
    actor = current_actor()
    with transaction(actor) as session:
        form_drafts.drop(session, actor, code, seen_version())
    flash(_("草稿已删除。"), "good")
    return redirect(url_for("forms.index"), code=303)


def _publish_addition(actor: Actor, code: str) -> AnyResponse:
    with transaction(actor) as session:
        added = form_drafts.publish_addition(session, actor, code, seen_version())
    flash(_("已发布补充指标第 %(number)s 号。以后下达的任务都带上它。", number=added.number), "good")
    return redirect(url_for("additions.show", code=added.form), code=303)


def _text_page(draft: FormDraft, document: str, *, contested: bool = False) -> str:
    _form, mistakes = examined(draft, document)
    lines = list(enumerate(document.splitlines(), start=1))
    return render_template(
        "form_text.html",
        draft=draft,
        document=document,
        mistakes=mistakes[:MOST_MISTAKES],
        count=len(mistakes),
        wrong={each.line for each in mistakes},
        lines=lines if mistakes else [],
        contested=contested,
    )


def _publish_page(actor: Actor, code: str, problem: str = "") -> str | AnyResponse:
    draft, form = sound_draft(actor, code)
    if form is None:
        return to_mistakes(code)
    if added_to(code):
        own = [(sheet, [each for each in sheet.indicators if each.added_by]) for sheet in form.sheets]
        return render_template("addition_publish.html", draft=draft, form=form, own=own, problem=problem)
    with transaction(actor) as session:
        base = find_form(session, code)
        may_publish = may_publish_forms(session, actor)
    return render_template(
        "form_publish.html",
        draft=draft,
        form=form,
        base=base,
        number=(base.number if base else 0) + 1,
        changes=differences(base, form) if base else None,
        loose=check_succession(form, base).found if base else [],
        unaccounted=unaccounted(base, form) if base else ([], []),
        may_publish=may_publish,
        problem=problem,
        CHANGES=CHANGES,
        DIFFERENCES=DIFFERENCES,
        LABELS=LABELS,
    )
