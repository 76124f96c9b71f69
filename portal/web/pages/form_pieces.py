"""The form designer: one indicator, rule or sheet of a draft as labelled boxes; adding, moving and removing it."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.db import transaction
from portal.domain.additions import added_to
from portal.domain.careful_yaml import PlainPath
from portal.domain.form_edits import FormText, Piece, PiecePlace
from portal.domain.form_file import FileMistake
from portal.domain.form_records import ADDED_INDICATOR, INDICATOR
from portal.domain.policy import Actor
from portal.domain.records import Record
from portal.domain.texts import Text
from portal.errors import Conflict, NotFound
from portal.models import FormDraft
from portal.queries.form_drafts import get_draft
from portal.services import form_drafts
from portal.web.access import guarded_blueprint
from portal.web.form_words import CODES, EXPRESSIONS, LABELS
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.pages.form_previews import examined
from portal.web.present.entries import read_version
from portal.web.present.form_fields import boxes, from_form, groups, with_mistakes
from portal.web.screens import FORMS

pages = guarded_blueprint("form_pieces", __name__, FORMS, url_prefix="/forms/<code>/draft/parts")

_MOVES = {"up": -1, "down": 1}
_FORM = PiecePlace(None, None)


@pages.get("/<place>")
def show(code: str, place: str) -> str:
    """One indicator, rule or sheet, or a new one."""
    actor, where = current_actor(), PiecePlace.parse(place)
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
    content = content_of(draft)
    return _page(draft, where, content.piece(where) or content.suggestion(where))


@pages.post("/<place>")
def save(code: str, place: str) -> AnyResponse | tuple[str, int]:
    """Write what was typed into the draft, right or wrong; what is wrong is shown where it was typed."""
    actor, where = current_actor(), PiecePlace.parse(place)
    try:
        with transaction(actor) as session:
            draft = get_draft(session, actor, code)
            content = content_of(draft)
            content.put(where, from_form(_record(draft, where), request.form, content.piece(where)))
            form_drafts.save(session, actor, code, content.write(), seen_version())
    except Conflict:
        return _contested(actor, code, where), 409
    flash(_("草稿已保存。"), "good")
    if mistakes_at(draft, where):
        return redirect(url_for("form_pieces.show", code=code, place=where), code=303)
    return redirect(f"{url_for('form_drafts.show', code=code)}#{where}", code=303)


@pages.post("/<place>/<verb>")
def change_list(code: str, place: str, verb: str) -> AnyResponse:
    """Move one of a list up or down, put an indicator elsewhere, or take one away."""
    actor, where = current_actor(), PiecePlace.parse(place)
    if verb not in {*_MOVES, "remove", "transfer"} or where == _FORM:
        raise NotFound("verb", verb)
    with transaction(actor) as session:
        content = content_of(get_draft(session, actor, code))
        if verb == "transfer":
            at = content.transfer(where, PiecePlace.parse(request.form.get("to", "")))
        elif verb == "remove":
            content.remove(where)
            at = where
        else:
            content.move(where, _MOVES[verb])
            at = where.by(_MOVES[verb])
        form_drafts.save(session, actor, code, content.write(), seen_version())
    return redirect(f"{url_for('form_drafts.show', code=code)}#{at}", code=303)


def seen_version() -> int:
    """The row version of the draft that the page showed."""
    return read_version("version", request.form.get("version", ""))


def content_of(draft: FormDraft) -> FormText:
    """The draft, to be changed piece by piece.

    Raises:
        NotFound: it is no YAML at present, so that it has no pieces.
    """
    content = FormText.read(draft.document)
    if content is None:
        raise NotFound("piece", draft.form_code)
    return content


def piece_at(mistake: FileMistake) -> PiecePlace | None:
    """The indicator, rule or sheet that a mistake is in, as far as it can be corrected there."""
    match mistake.path:
        case ("sheets", int(sheet), "indicators", int(position), *_rest):
            return PiecePlace(sheet, position)
        case ("sheets", int(sheet), "code" | "name", *_rest):
            return PiecePlace(sheet, None)
        case ("rules", int(position), *keys) if not {"passes", "fails"} & set(keys):
            return PiecePlace(None, position)
        case (str(key), *_rest) if key in {each.key for each in _FORM.record.table}:
            return _FORM
        case _:
            return None


def mistakes_at(draft: FormDraft, place: PiecePlace) -> Sequence[tuple[PlainPath, Text]]:
    """What is wrong with a piece, each with its path within the piece."""
    steps = 0 if place == _FORM else str(place).count(".") + 1
    found = examined(draft)[1]
    return [(each.path[steps:], each.words) for each in found if piece_at(each) == place]


def _record(draft: FormDraft, place: PiecePlace) -> Record:
    """What may stand at a place of the draft."""
    return ADDED_INDICATOR if added_to(draft.form_code) and place.record is INDICATOR else place.record


def _contested(actor: Actor, code: str, place: PiecePlace) -> str:
    """What was typed again, over the draft as it is now; saving once more decides for it."""
    with transaction(actor) as session:
        draft = get_draft(session, actor, code)
    typed = from_form(_record(draft, place), request.form, content_of(draft).piece(place))
    return _page(draft, place, typed, contested=True)


def _page(draft: FormDraft, place: PiecePlace, piece: Piece, *, contested: bool = False) -> str:
    content = content_of(draft)
    is_new = not content.piece(place)
    found, placed = with_mistakes(
        boxes(_record(draft, place), piece), [] if is_new or contested else mistakes_at(draft, place)
    )
    return render_template(
        "form_piece.html",
        draft=draft,
        place=place,
        is_form=place == _FORM,
        piece=piece,
        groups=groups(found),
        mistakes=placed,
        is_new=is_new,
        contested=contested,
        indicators=[(sheet, content.pieces(number)) for number, sheet in enumerate(content.sheets)],
        ends=[PiecePlace(number, len(content.pieces(number))) for number, _sheet in enumerate(content.sheets)],
        CODES=CODES,
        EXPRESSIONS=EXPRESSIONS,
        LABELS=LABELS,
    )
