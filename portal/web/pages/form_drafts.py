"""The form designer: a draft is the text of a form file, changed as a whole or piece by piece, and published."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.db import transaction
from portal.domain.form_differences import differences, unaccounted
from portal.domain.form_edits import FormText, Piece, PiecePlace, examine_draft
from portal.domain.form_file import FileMistake
from portal.domain.mapping import check_succession
from portal.domain.policy import Actor
from portal.errors import Conflict, FormInvalid, InvalidInput, NotFound
from portal.models import FormDraft
from portal.queries.form_drafts import get_draft, may_publish_forms
from portal.queries.forms import find_form
from portal.services import form_drafts
from portal.web.access import guarded_blueprint
from portal.web.errors import input_sentence
from portal.web.form_words import DATA_TYPES, DIFFERENCES, LABELS
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.pages.form_previews import sound_draft, to_mistakes
from portal.web.present.entries import read_version
from portal.web.present.form_fields import boxes, from_form
from portal.web.screens import FORMS

pages = guarded_blueprint("form_drafts", __name__, FORMS, url_prefix="/forms/<code>/draft")

MOST_MISTAKES = 50
"""Mistakes listed at most; the others show once these are corrected."""

_MOVES = {"up": -1, "down": 1}


@pages.get("/")
def show(code: str) -> str:
    """The draft: its mistakes, its sheets with their indicators, its rules."""
    actor = current_actor()
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
        base = find_form(session, code)
    form, mistakes = examine_draft(draft.form_code, draft.document)
    return render_template(
        "form_draft.html",
        draft=draft,
        form=form,
        base=base,
        content=FormText.read(draft.document),
        mistakes=mistakes[:MOST_MISTAKES],
        count=len(mistakes),
        piece_at=_piece_at,
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
            draft = form_drafts.save(session, actor, code, typed, _seen())
    except Conflict:
        with transaction(actor) as session:
            return _text_page(get_draft(session, actor, code), typed, contested=True), 409
    flash(_("草稿已保存。"), "good")
    _form, mistakes = examine_draft(draft.form_code, draft.document)
    return redirect(url_for("form_drafts.text" if mistakes else "form_drafts.show", code=code), code=303)


@pages.get("/parts/<place>")
def piece(code: str, place: str) -> str:
    """One indicator or rule, or a new one, as labelled boxes."""
    actor, where = current_actor(), PiecePlace.parse(place)
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
    return _piece_page(draft, where, _content(draft).piece(where))


@pages.post("/parts/<place>")
def save_piece(code: str, place: str) -> AnyResponse | tuple[str, int]:
    """Write what was typed into the draft, right or wrong."""
    actor, where = current_actor(), PiecePlace.parse(place)
    try:
        with transaction(actor) as session:
            draft = get_draft(session, actor, code)
            content = _content(draft)
            content.put(where, from_form(where.record, request.form, content.piece(where)))
            form_drafts.save(session, actor, code, content.write(), _seen())
    except Conflict:
        return _contested_piece(actor, code, where), 409
    flash(_("草稿已保存。"), "good")
    return redirect(f"{url_for('form_drafts.show', code=code)}#{where}", code=303)


@pages.post("/parts/<place>/<verb>")
def change_list(code: str, place: str, verb: str) -> AnyResponse:
    """Move one indicator or rule up or down, or take it away."""
    actor, where = current_actor(), PiecePlace.parse(place)
    if verb not in {*_MOVES, "remove"}:
        raise NotFound("verb", verb)
    with transaction(actor) as session:
        content = _content(get_draft(session, actor, code))
        if verb == "remove":
            content.remove(where)
        else:
            content.move(where, _MOVES[verb])
        form_drafts.save(session, actor, code, content.write(), _seen())
    at = PiecePlace(where.sheet, max(where.position + _MOVES.get(verb, 0), 0))
    return redirect(f"{url_for('form_drafts.show', code=code)}#{at}", code=303)


@pages.get("/publish")
def confirm(code: str) -> str | AnyResponse:
    """What would change for everybody, before it does."""
    return _publish_page(current_actor(), code)


@pages.post("/publish")
def publish(code: str) -> AnyResponse | tuple[str, int]:
    """Make it the next version."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            number = read_version("number", request.form.get("number", ""))
            form = form_drafts.publish(session, actor, code, _seen(), number)
    except (FormInvalid, InvalidInput) as error:
        words = input_sentence(error.problem) if isinstance(error, InvalidInput) else "；".join(error.problems)
        page = _publish_page(actor, code, words)
        return (page, 422) if isinstance(page, str) else page
    flash(_("已发布：%(code)s 第 %(number)s 版。", code=form.code, number=form.number), "good")
    return redirect(url_for("forms.index"), code=303)


@pages.post("/changes")
def account_for_changes(code: str) -> AnyResponse:
    """Take what comes and goes without a word as new and as dropped."""
    actor = current_actor()
    with transaction(actor) as session:
        draft, base = get_draft(session, actor, code), find_form(session, code)
        form, _mistakes = examine_draft(code, draft.document)
        if form is None or base is None:
            raise NotFound("form", code)
        content = _content(draft)
        content.account_for(*unaccounted(base, form))
        form_drafts.save(session, actor, code, content.write(), _seen())
    flash(_("草稿已保存。"), "good")
    return redirect(url_for("form_drafts.confirm", code=code), code=303)


@pages.post("/drop")
def drop(code: str) -> AnyResponse:
    """Throw the draft away."""
    actor = current_actor()
    with transaction(actor) as session:
        form_drafts.drop(session, actor, code, _seen())
    flash(_("草稿已删除。"), "good")
    return redirect(url_for("forms.index"), code=303)


def _seen() -> int:
    return read_version("version", request.form.get("version", ""))


def _content(draft: FormDraft) -> FormText:
    """The draft, to be changed piece by piece.

    Raises:
        NotFound: it is no YAML at present, so that it has no pieces.
    """
    content = FormText.read(draft.document)
    if content is None:
        raise NotFound("piece", draft.form_code)
    return content


def _piece_at(mistake: FileMistake) -> PiecePlace | None:
    """The indicator or rule that a mistake is in."""
    match mistake.path:
        case ("sheets", int(sheet), "indicators", int(position), *_rest):
            return PiecePlace(sheet, position)
        case ("rules", int(position), *_rest):
            return PiecePlace(None, position)
        case _:
            return None


def _mistakes_at(draft: FormDraft, place: PiecePlace) -> Sequence[FileMistake]:
    return [each for each in examine_draft(draft.form_code, draft.document)[1] if _piece_at(each) == place]


def _text_page(draft: FormDraft, document: str, *, contested: bool = False) -> str:
    _form, mistakes = examine_draft(draft.form_code, document)
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


def _contested_piece(actor: Actor, code: str, place: PiecePlace) -> str:
    """What was typed again, over the draft as it is now; saving once more decides for it."""
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
    typed = from_form(place.record, request.form, _content(draft).piece(place))
    return _piece_page(draft, place, typed, contested=True)


def _piece_page(draft: FormDraft, place: PiecePlace, piece: Piece, *, contested: bool = False) -> str:
    is_new = not _content(draft).piece(place)
    return render_template(
        "form_piece.html",
        draft=draft,
        place=place,
        piece=piece,
        boxes=boxes(place.record, piece),
        mistakes=[] if is_new or contested else _mistakes_at(draft, place),
        is_new=is_new,
        contested=contested,
        LABELS=LABELS,
    )


def _publish_page(actor: Actor, code: str, problem: str = "") -> str | AnyResponse:
    draft, form = sound_draft(actor, code)
    if form is None:
        return to_mistakes(code)
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
        DIFFERENCES=DIFFERENCES,
        LABELS=LABELS,
    )
