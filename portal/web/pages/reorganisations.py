"""区划调整: describe a reorganisation of the units below, see what it would change, apply it, undo or publish it."""

from collections.abc import Callable
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from importers.limits import MAX_FILE_BYTES
from importers.reorganisation_workbook import read_reorganisation_file
from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.reorganisation_file import change_row, read_change
from portal.domain.reorganisations import Change, ReorganisationState
from portal.errors import FormInvalid, InvalidInput, NotFound, WorkbookUnreadable
from portal.queries.reorganisations import changes_of, get_reorganisation, list_reorganisations, preview
from portal.queries.units import list_units
from portal.services import reorganisations
from portal.web.access import guarded_blueprint
from portal.web.errors import input_sentence, sentence
from portal.web.figures import grouped
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import lazy_gettext
from portal.web.present.entries import read_day, read_version
from portal.web.present.units import unit_name
from portal.web.screens import REORGANISATIONS
from portal.web.words import CHANGE_KINDS, LEVELS, REORGANISATION_STATES, ROLES, STATES

pages = guarded_blueprint("reorganisations", __name__, REORGANISATIONS, url_prefix="/reorganisations")

_ONE = "/<int(max=2147483647):number>"

_VERBS: dict[str, Callable[[Session, Actor, int, int], object]] = {
    "apply": reorganisations.apply,
    "undo": reorganisations.undo,
    "publish": reorganisations.publish,
    "drop": reorganisations.drop,
}


@pages.get("/")
def index() -> str:
    """What was reorganised above and below the unit, and its own drafts; and the form to begin another."""
    return _list()


@pages.post("/")
def begin() -> Response | tuple[str, int]:
    """Begin a draft, from a file if one comes along."""
    actor, file = current_actor(), request.files.get("file")
    try:
        if file is not None and file.filename:
            said = read_reorganisation_file(file.stream.read(MAX_FILE_BYTES + 1), file.filename)
            day, basis, changes = said.effective_on, said.basis, said.changes
        else:
            day, basis, changes = _day(), request.form.get("basis", ""), ()
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, day, basis, changes)
    except (FormInvalid, InvalidInput, WorkbookUnreadable) as error:
        return _list(_problems(error)), 422
    return _to(row.number)


@pages.get(_ONE)
def show(number: int) -> str:
    """One: what it says, and of a draft what it would change."""
    return _page(number)


@pages.post(f"{_ONE}/describe")
def describe(number: int) -> Response | tuple[str, int]:
    """Take another day or legal basis."""
    return _changed(number, lambda changes: changes)


@pages.post(f"{_ONE}/changes")
def add_change(number: int) -> Response | tuple[str, int]:
    """Add a line."""
    return _changed(number, lambda changes: [*changes, _typed_change()])


@pages.post(f"{_ONE}/changes/<int(max=2147483647):position>/remove")
def remove_change(number: int, position: int) -> Response | tuple[str, int]:
    """Take a line away; `position` counts from 0."""

    def without(changes: list[Change]) -> list[Change]:
        if position >= len(changes):
            raise NotFound("change", position)
        return changes[:position] + changes[position + 1 :]

    return _changed(number, without)


@pages.post(f"{_ONE}/<verb>")
def take(number: int, verb: str) -> Response | tuple[str, int]:
    """Apply, undo, publish or drop it."""
    actor = current_actor()
    if verb not in _VERBS:
        raise NotFound("verb", verb)
    try:
        with transaction(actor) as session:
            _VERBS[verb](session, actor, number, _seen())
    except FormInvalid as error:
        return _page(number, _problems(error)), 422
    done = {
        "apply": _("已实施。公布之前可以撤回。"),
        "undo": _("已撤回，区划和汇总数恢复原样。"),
        "publish": _("已公布。"),
        "drop": _("草稿已删除。"),
    }
    flash(done[verb], "good")
    return redirect(url_for("reorganisations.index"), code=303) if verb == "drop" else _to(number)


def _changed(number: int, change: Callable[[list[Change]], list[Change]]) -> Response | tuple[str, int]:
    actor = current_actor()
    try:
        with transaction(actor) as session:
            row = get_reorganisation(session, actor, number)
            reorganisations.describe(
                session,
                actor,
                number,
                _seen(),
                effective_on=_day() if "effective_on" in request.form else row.effective_on,
                basis=request.form.get("basis", row.basis),
                changes=change(changes_of(row)),
            )
    except (FormInvalid, InvalidInput) as error:
        return _page(number, _problems(error)), 422
    return _to(number)


def _typed_change() -> Change:
    """The line that was typed.

    Raises:
        FormInvalid: a box says what it cannot.
    """
    try:
        return read_change({name: request.form.get(name, "").strip() for name in _CHANGE_BOXES})
    except ValueError as error:
        raise FormInvalid([str(error)]) from None


_BOXES = {"effective_on": lazy_gettext("生效日期"), "basis": lazy_gettext("依据"), "changes": lazy_gettext("变动")}
_CHANGE_BOXES = ("change", "code", "sources", "parent_code", "level", "name", "name_en")


def _seen() -> int:
    return read_version("version", request.form.get("version", ""))


def _day() -> date:
    return read_day("effective_on", request.form.get("effective_on", ""))


def _to(number: int) -> Response:
    return redirect(url_for("reorganisations.show", number=number), code=303)


def _problems(error: FormInvalid | InvalidInput | WorkbookUnreadable) -> list[str]:
    if isinstance(error, FormInvalid):
        return list(error.problems)
    if isinstance(error, InvalidInput):
        return [f"{_BOXES[error.field]}{_('：')}{input_sentence(error.problem)}"]
    return [sentence(error)]


def _list(problems: list[str] | None = None) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        rows = list_reorganisations(session, actor)
    return render_template(
        "reorganisations.html", rows=rows, own=actor.place.id, problems=problems or [], typed=request.form, **_WORDS
    )


def _page(number: int, problems: list[str] | None = None) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        row = get_reorganisation(session, actor, number)
        is_draft = row.state == ReorganisationState.DRAFT
        units = list_units(session, under=actor.place.code)
        return render_template(
            "reorganisation.html",
            row=row,
            changes=[change_row(change) for change in changes_of(row)],
            seen=preview(session, actor, row) if is_draft and row.changes else None,
            units=units if is_draft else [],
            names={unit.code: unit_name(unit) for unit in units},
            problems=problems or [],
            typed=request.form if problems else {},
            grouped=grouped,
            **_WORDS,
        )


_WORDS = {
    "CHANGE_KINDS": CHANGE_KINDS,
    "REORGANISATION_STATES": REORGANISATION_STATES,
    "LEVELS": LEVELS,
    "ROLES": ROLES,
    "STATES": STATES,
}
