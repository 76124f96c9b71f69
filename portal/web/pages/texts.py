"""The text of a report, a page for each section: written beside last year's, saved while typing or by a button."""

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.prose import LONGEST_SECTION
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, InvalidInput
from portal.queries.report import NOTHING_WRITTEN, PassageRow, last_year_words, list_passages
from portal.queries.submissions import get_readable
from portal.services.passages import write_passage
from portal.web.access import guarded_blueprint
from portal.web.errors import problem_document, sentence, status_of
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.language import moment
from portal.web.present.entries import read_version
from portal.web.present.moves import may_edit
from portal.web.present.report import section_progress
from portal.web.sane import storable
from portal.web.screens import REVIEW, TASKS
from portal.web.targets import refuse_mixed_units

pages = guarded_blueprint("texts", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>/text")


@pages.get("/<section>")
def show(key: str, section: str) -> str:
    """The section, to write or to read."""
    return _page(current_actor(), SubmissionKey.parse(key), section)


@pages.post("/<section>")
def save(key: str, section: str) -> AnyResponse | tuple[str, int]:
    """Save the section; what cannot be saved stays in the box, with the reason above it."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    words = request.form.get("words", "")
    seen = read_version("row_version", request.form.get("row_version", ""))
    try:
        with transaction(actor) as session:
            write_passage(session, actor, name, section, words, seen=seen)
            following = _following(session, actor, name, section)
    except Conflict:
        return _page(actor, name, section, typed=words, contested=True), 409
    except InvalidInput as error:
        return _page(actor, name, section, typed=words, problem=input_sentence(error.problem)), 422
    flash(_("已保存。"), "good")
    onward = following if request.form.get("go") == "next" else url_for("texts.show", key=key, section=section)
    return redirect(onward, code=303)


@pages.patch("/<section>")
def autosave(key: str, section: str) -> Response:
    """Save the section while the person goes on writing: `{"words", "row_version"}`."""
    actor = current_actor()
    body = request.get_json()
    refuse_mixed_units(body)
    words = body.get("words") if isinstance(body, dict) else None
    if not isinstance(words, str) or not storable(words):
        raise InvalidInput("words", "not_text")
    seen = read_version("row_version", str(body.get("row_version", "")))
    name = SubmissionKey.parse(key)
    try:
        with transaction(actor) as session:
            row_version = write_passage(session, actor, name, section, words, seen=seen)
    except Conflict as conflict:
        return _conflict_answer(actor, name, section, conflict)
    return jsonify(saved_at=clock.now().astimezone(clock.CHINA).strftime("%H:%M"), row_version=row_version)


def _following(session: Session, actor: Actor, key: SubmissionKey, section: str) -> str:
    """The page of the next section, or the task list after the last."""
    outline = [each.code for each in get_readable(session, actor, key).form.outline]
    later = outline[outline.index(section) + 1 :]
    if later:
        return url_for("texts.show", key=key, section=later[0])
    return url_for("submissions.show", key=key)


def _conflict_answer(actor: Actor, key: SubmissionKey, section: str, conflict: Conflict) -> Response:
    with transaction(actor) as session:
        theirs = list_passages(session, actor, key).get(section, NOTHING_WRITTEN)
    return problem_document(
        status_of(conflict),
        conflict.code,
        sentence(conflict),
        theirs={"words": theirs.words, "row_version": theirs.row_version, "who": _who(theirs)},
    )


def _who(passage: PassageRow) -> str:
    if passage.entered_at is None:
        return ""
    return _("%(person)s 于 %(time)s 改过这一节", person=passage.entered_by, time=moment(passage.entered_at))


def _page(
    actor: Actor,
    key: SubmissionKey,
    section: str,
    *,
    typed: str | None = None,
    contested: bool = False,
    problem: str = "",
) -> str:
    with transaction(actor) as session:
        view = get_readable(session, actor, key)
        passages = list_passages(session, actor, key)
        last_year = last_year_words(session, actor, key)
    passage = passages.get(section, NOTHING_WRITTEN)
    return render_template(
        "text.html",
        view=view,
        section=view.form.section(section),
        sections=section_progress(view, passages),
        passage=passage,
        words=passage.words if typed is None else typed,
        theirs=_who(passage) if contested else "",
        last_year=last_year.get(section, ""),
        editable=may_edit(actor, view),
        problem=problem,
        longest=LONGEST_SECTION,
    )
