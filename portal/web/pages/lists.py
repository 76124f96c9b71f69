"""Filling in a list table: row by row while typing, or the whole of it by a plain form."""

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.db import transaction
from portal.domain.forms import FormVersion, Sheet
from portal.domain.lists import ListTable
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, InvalidInput, NotFound
from portal.queries.effective_forms import form_of
from portal.queries.findings import Checked, check_submission
from portal.queries.report import list_rows
from portal.queries.submissions import get_row
from portal.services.list_rows import RowChange, SavedRows, save_rows, state_none
from portal.web.access import guarded_blueprint
from portal.web.errors import problem_document, sentence, status_of
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.present.lists import (
    Row,
    TypedRows,
    contested_rows,
    from_form,
    from_json,
    list_view,
    typed_text,
)
from portal.web.present.moves import may_edit
from portal.web.present.sheet import sheet_address, sheet_progress
from portal.web.screens import REVIEW, TASKS
from portal.web.targets import refuse_mixed_units

pages = guarded_blueprint("lists", __name__, TASKS, REVIEW, url_prefix="/submissions/<key>/lists")


@pages.get("/<code>")
def show(key: str, code: str) -> str:
    """The list, to fill in or to read."""
    return _page(current_actor(), SubmissionKey.parse(key), code)


@pages.post("/<code>")
def save(key: str, code: str) -> AnyResponse | tuple[str, int]:
    """Save every row that can be saved, and delete those that are ticked."""
    actor, name = current_actor(), SubmissionKey.parse(key)
    try:
        with transaction(actor) as session:
            typed = from_form(request.form, _table(session, actor, name, code)[1])
            saved = save_rows(session, actor, name, code, _changes(typed))
    except Conflict:
        return _page(actor, name, code, typed=_posted(actor, name, code), contested=True), 409
    except InvalidInput as error:
        return _page(actor, name, code, problem=input_sentence(error.problem)), 422
    problems = _problems(typed, saved)
    if problems:
        return _page(actor, name, code, typed=typed, problems=problems), 422
    flash(_("已保存。"), "good")
    return redirect(_onward(actor, name, code), code=303)


@pages.post("/<code>/none")
def state(key: str, code: str) -> AnyResponse:
    """Say that there is nothing to list this time, or take that back."""
    actor = current_actor()
    with transaction(actor) as session:
        state_none(session, actor, SubmissionKey.parse(key), code, none=request.form.get("none") == "1")
    flash(_("已保存。"), "good")
    return redirect(url_for("lists.show", key=key, code=code), code=303)


@pages.patch("/<code>")
def autosave(key: str, code: str) -> Response:
    """Save some rows while the person goes on typing; answers what the page must now show."""
    actor, name, body = current_actor(), SubmissionKey.parse(key), request.get_json()
    refuse_mixed_units(body)
    try:
        with transaction(actor) as session:
            sheet, table = _table(session, actor, name, code)
            typed = from_json(body, table)
            saved = save_rows(session, actor, name, code, _changes(typed))
            checked = check_submission(session, actor, name)
            origins = list_rows(session, actor, name, code)
    except Conflict as conflict:
        return _conflict_answer(actor, name, code, body, conflict)
    shown = list_view(checked.view, sheet, checked.findings, origins=origins)
    return jsonify(
        saved_at=clock.now().astimezone(clock.CHINA).strftime("%H:%M"),
        problems=_problems(typed, saved),
        versions={number: origin.row_version for number, origin in origins.items()},
        rows={row.number: _row_answer(row) for row in (shown.rows if shown else ())},
        remarks=_remarks(shown.remarks if shown else ()),
    )


def _table(session: Session, actor: Actor, key: SubmissionKey, code: str) -> tuple[Sheet, ListTable]:
    return listed_in(form_of(session, get_row(session, actor, key)), code)


def listed_in(form: FormVersion, code: str) -> tuple[Sheet, ListTable]:
    """The form's list of that code, and the sheet it stands on.

    Raises:
        NotFound: it has none.
    """
    if code not in form.lists:
        raise NotFound("list", code)
    return form.lists[code]


def _changes(typed: TypedRows) -> list[RowChange]:
    return [RowChange(number, cells, typed.seen[number]) for number, cells in typed.values.items()]


def _posted(actor: Actor, key: SubmissionKey, code: str) -> TypedRows:
    with transaction(actor) as session:
        return from_form(request.form, _table(session, actor, key, code)[1])


def _problems(typed: TypedRows, saved: SavedRows) -> dict[int, dict[str, str]]:
    """Why something typed was not saved, by row and column: it was not understood, or is no possible answer."""
    found = {number: {code: say(each) for code, each in wrong.items()} for number, wrong in typed.problems.items()}
    for finding in saved.refused:
        if finding.listed:
            found.setdefault(finding.listed.number, {})[finding.listed.column] = say(finding.message)
    return found


def _page(
    actor: Actor,
    key: SubmissionKey,
    code: str,
    *,
    typed: TypedRows | None = None,
    problems: dict[int, dict[str, str]] | None = None,
    contested: bool = False,
    problem: str = "",
) -> str:
    with transaction(actor) as session:
        checked = check_submission(session, actor, key)
        sheet, _table = listed_in(checked.view.form, code)
        editable = may_edit(actor, checked.view) and checked.view.level in _table.filled_by
        origins = list_rows(session, actor, key, code)
    shown = list_view(
        checked.view,
        sheet,
        checked.findings,
        origins=origins,
        typed=typed,
        problems=problems,
        contested=contested,
    )
    return render_template(
        "list.html",
        view=checked.view,
        sheet=sheet,
        listing=shown,
        progress=sheet_progress(checked.view, checked.findings),
        editable=editable,
        problem=problem,
    )


def _onward(actor: Actor, key: SubmissionKey, code: str) -> str:
    """The page asked for by the button that was pressed."""
    goal = request.form.get("go")
    if goal == "check":
        return url_for("findings.show", key=key)
    if goal == "next":
        with transaction(actor) as session:
            checked = check_submission(session, actor, key)
        return _next_sheet(checked, listed_in(checked.view.form, code)[0])
    return url_for("lists.show", key=key, code=code)


def _next_sheet(checked: Checked, sheet: Sheet) -> str:
    sheets = [each.sheet for each in sheet_progress(checked.view, checked.findings)]
    later = sheets[sheets.index(sheet) + 1 :] if sheet in sheets else []
    return sheet_address(checked.view.key, later[0]) if later else url_for("submissions.show", key=checked.view.key)


def _conflict_answer(actor: Actor, key: SubmissionKey, code: str, body: Any, conflict: Conflict) -> Response:
    with transaction(actor) as session:
        _sheet, table = _table(session, actor, key, code)
        origins = list_rows(session, actor, key, code)
    theirs = contested_rows(table, origins, from_json(body, table).seen)
    return problem_document(
        status_of(conflict),
        conflict.code,
        sentence(conflict),
        rows={
            number: {
                "theirs": words,
                "row_version": origins[number].row_version,
                "cells": {code: typed_text(value) for code, value in origins[number].cells.items()},
            }
            for number, words in theirs.items()
        },
    )


def _row_answer(row: Row) -> dict[str, Any]:
    return {
        "cells": {cell.column.code: cell.typed for cell in row.cells},
        "row_version": row.row_version,
        "worst": row.worst,
        "remarks": _remarks(row.remarks),
    }


def _remarks(findings: Any) -> list[dict[str, str]]:
    return [{"severity": each.severity, "message": say(each.message)} for each in findings]
