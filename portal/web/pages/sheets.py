"""Filling in one sheet: the whole of it by a plain form, or cell by cell while typing."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.db import transaction
from portal.domain.forms import FormVersion, Sheet
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, NotFound
from portal.queries.cell_history import get_cell_history
from portal.queries.effective_forms import form_of
from portal.queries.findings import Examined, examine
from portal.queries.report import evidence_of
from portal.queries.submissions import SubmissionView, get_readable, get_row
from portal.services.values import Saved, save_values, write_values
from portal.web import figures
from portal.web.access import guarded_blueprint
from portal.web.errors import problem_document, sentence, status_of
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import moment, say
from portal.web.present.cross import cross_view
from portal.web.present.entries import Typed, changed_only, from_form, from_json
from portal.web.present.moves import may_edit
from portal.web.present.sheet import Row, sheet_address, sheet_progress, sheet_rows
from portal.web.screens import REVIEW, TASKS
from portal.web.targets import refuse_mixed_units

pages = guarded_blueprint("sheets", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>/sheets")


@pages.get("/")
def next_unfinished(key: str) -> AnyResponse:
    """The way to the first sheet that is not finished, or to the findings when all are."""
    actor = current_actor()
    with transaction(actor) as session:
        checked = _examine(session, actor, SubmissionKey.parse(key))
    unfinished = [each for each in sheet_progress(checked.view, checked.findings) if not each.complete]
    if not unfinished:
        return redirect(url_for("findings.show", key=key))
    return redirect(sheet_address(checked.view.key, unfinished[0].sheet))


@pages.get("/<code>")
def show(key: str, code: str) -> str | AnyResponse:
    """The sheet, to fill in or to read; a list has a page of its own."""
    actor = current_actor()
    with transaction(actor) as session:
        checked, proofs = _with_proofs(session, actor, SubmissionKey.parse(key))
    sheet = sheet_of(checked.view.form, code)
    if sheet.table is not None:
        return redirect(sheet_address(checked.view.key, sheet))
    return _page(actor, checked, sheet, proofs)


@pages.post("/<code>")
def save(key: str, code: str) -> AnyResponse | tuple[str, int]:
    """Save all of the sheet that can be saved; what cannot stays in its box, with the reason beside it."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    try:
        with transaction(actor) as session:
            view = get_readable(session, actor, name)
            sheet = sheet_of(view.form, code)
            typed = changed_only(from_form(request.form, sheet.indicators), view.values)
            saved = save_values(session, actor, name, typed.values, expected=typed.seen)
            checked, proofs = _with_proofs(session, actor, name)
    except Conflict:
        return _conflicted(actor, name, code)
    problems = _problems(typed, saved)
    if problems:
        return _page(actor, checked, sheet, proofs, typed=typed, problems=problems), 422
    flash(_("已保存。"), "good")
    return redirect(_onward(checked.view, sheet), code=303)


@pages.patch("/<code>")
def autosave(key: str, code: str) -> Response:
    """Save some cells while the person goes on typing; answers what the page must now show."""
    actor = current_actor()
    body = request.get_json()
    refuse_mixed_units(body)
    name = SubmissionKey.parse(key)
    try:
        with transaction(actor) as session:
            row = get_row(session, actor, name, for_update=True)
            form = form_of(session, row)
            sheet = sheet_of(form, code)
            typed = from_json(body, {each.code: each for each in sheet.indicators})
            saved = write_values(session, actor, name, row, form, typed.values, expected=typed.seen)
            checked = examine(session, actor, name, row, form)
    except Conflict as conflict:
        return _conflict_answer(actor, name, code, conflict)
    rows = sheet_rows(checked.view, sheet, checked.findings)
    return jsonify(
        saved_at=clock.now().astimezone(clock.CHINA).strftime("%H:%M"),
        problems=_problems(typed, saved),
        rows={row.code: _row_answer(row) for row in rows},
    )


@pages.get("/<code>/<indicator>/history")
def history(key: str, code: str, indicator: str) -> str:
    """The past of one figure: a page, or the piece of it that goes beside the cell."""
    actor = current_actor()
    name = SubmissionKey.parse(key)
    with transaction(actor) as session:
        view = get_readable(session, actor, name)
        past = get_cell_history(session, actor, name, indicator)
    template = "cell_history_piece.html" if "piece" in request.args else "cell_history.html"
    found = {each.code: each for each in sheet_of(view.form, code).indicators}.get(indicator)
    if found is None:
        raise NotFound("indicator", indicator)
    shown = {
        period: _("不可比") if value is None else figures.shown(value, found) for period, value in past.earlier.items()
    }
    return render_template(template, view=view, code=code, indicator=found, past=past, shown=shown)


def sheet_of(form: FormVersion, code: str) -> Sheet:
    """The form's sheet of that code.

    Raises:
        NotFound: it has none.
    """
    for sheet in form.sheets:
        if sheet.code == code:
            return sheet
    raise NotFound("sheet", code)


def _examine(session: Session, actor: Actor, key: SubmissionKey) -> Examined:
    return examine(session, actor, key, get_row(session, actor, key))


def _problems(typed: Typed, saved: Saved) -> dict[str, str]:
    """Why something typed was not saved, by code: it was not understood, or is no possible answer."""
    refused = {finding.indicator: say(finding.message) for finding in saved.refused}
    return {code: say(problem) for code, problem in typed.problems.items()} | refused


def _page(
    actor: Actor,
    checked: Examined,
    sheet: Sheet,
    proofs: Mapping[str, int],
    *,
    typed: Typed | None = None,
    problems: dict[str, str] | None = None,
    theirs: dict[str, str] | None = None,
) -> str:
    view = checked.view
    editable = may_edit(actor, view)
    kept = {} if typed is None else typed.entries if theirs else {code: typed.entries[code] for code in problems or {}}
    rows = sheet_rows(view, sheet, checked.findings, editable=editable, entries=kept, problems=problems, theirs=theirs)
    progress = sheet_progress(view, checked.findings)
    return render_template(
        "sheet.html",
        view=view,
        sheet=sheet,
        rows=rows,
        cross=cross_view(sheet, rows),
        progress=progress,
        editable=editable,
        problems=problems,
        proofs=proofs,
    )


def _with_proofs(session: Session, actor: Actor, key: SubmissionKey) -> tuple[Examined, Mapping[str, int]]:
    """The submission examined, and how many files go with each figure, by code."""
    row = get_row(session, actor, key)
    checked = examine(session, actor, key, row)
    return checked, Counter(each.indicator for each in evidence_of(session, row))


def _onward(view: SubmissionView, sheet: Sheet) -> str:
    """The page asked for by the button that was pressed."""
    key = str(view.key)
    goal = request.form.get("go")
    if goal == "check":
        return url_for("findings.show", key=key)
    if goal == "next":
        later = [each.sheet.code for each in sheet_progress(view, ())]
        following = later[later.index(sheet.code) + 1 :] if sheet.code in later else []
        if following:
            return url_for("sheets.show", key=key, code=following[0])
        return url_for("submissions.show", key=key)
    return url_for("sheets.show", key=key, code=sheet.code)


# --- Somebody else was there first ------------------------------------------------------------------------------


def _conflicted(actor: Actor, key: SubmissionKey, code: str) -> tuple[str, int]:
    """The sheet again: mine in the boxes, theirs beside them, nothing lost. Saving once more decides for mine."""
    with transaction(actor) as session:
        checked, proofs = _with_proofs(session, actor, key)
    sheet = sheet_of(checked.view.form, code)
    typed = changed_only(from_form(request.form, sheet.indicators), checked.view.values)
    return _page(actor, checked, sheet, proofs, typed=typed, theirs=_theirs(checked.view, typed)), 409


def _conflict_answer(actor: Actor, key: SubmissionKey, code: str, conflict: Conflict) -> Response:
    with transaction(actor) as session:
        checked = _examine(session, actor, key)
    sheet = sheet_of(checked.view.form, code)
    typed = from_json(request.get_json(), {each.code: each for each in sheet.indicators})
    theirs = _theirs(checked.view, typed)
    rows = {row.code: _row_answer(row) for row in sheet_rows(checked.view, sheet, checked.findings)}
    return problem_document(
        status_of(conflict),
        conflict.code,
        sentence(conflict),
        cells={each: {"theirs": words, **rows[each]} for each, words in theirs.items()},
    )


def _theirs(view: SubmissionView, typed: Typed) -> dict[str, str]:
    """What stands now where somebody else was first, in words, by code."""
    found = {}
    for code, seen in typed.seen.items():
        origin = view.origins.get(code)
        if origin is not None and origin.row_version != seen:
            shown = figures.shown(view.values.get(code), view.form.indicator(code))
            found[code] = _(
                "%(person)s 于 %(time)s 改为：%(value)s",
                person=origin.entered_by,
                time=moment(origin.entered_at),
                value=shown,
            )
    return found


def _row_answer(row: Row) -> dict[str, Any]:
    """What the page shows of a row after a save."""
    return {
        "answer": row.entry.answer,
        "not_applicable": row.entry.not_applicable,
        "note": row.entry.note,
        "shown": row.shown,
        "change": row.change,
        "row_version": row.row_version,
        "remarks": [{"severity": each.severity, "message": say(each.message)} for each in row.remarks],
    }
