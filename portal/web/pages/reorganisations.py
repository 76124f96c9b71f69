"""区划调整: describe a reorganisation of the units below, see what it would change, apply it, undo or publish it."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from importers.reorganisation_workbook import read_reorganisation_file
from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.reorganisation_file import ReorganisationFile, change_row, read_change
from portal.domain.reorganisations import Change, ReorganisationState
from portal.domain.texts import Text
from portal.domain.unit_file import UnitTextInvalid
from portal.errors import Conflict, FormInvalid, InvalidInput, NotFound, UnitsInvalid, WorkbookUnreadable
from portal.models import Reorganisation
from portal.queries.reorganisations import changes_of, get_reorganisation, list_reorganisations, preview
from portal.queries.unit_names import UnitName, UnitNames, read_unit_names
from portal.queries.units import list_units
from portal.services import reorganisations
from portal.web.access import guarded_blueprint
from portal.web.errors import sentence
from portal.web.figures import grouped
from portal.web.identity import current_actor
from portal.web.incoming import name_of, read_file
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.language import lazy_gettext, say
from portal.web.present.entries import read_day, read_version
from portal.web.present.files import XLSX, saved_as
from portal.web.present.reorganisations import write_template
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
            said = _as_typed(read_reorganisation_file(read_file(file), name_of(file)))
            day, basis, changes = said.effective_on, said.basis, said.changes
        else:
            day, basis, changes = _day(), request.form.get("basis", ""), ()
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, day, basis, changes)
    except (FormInvalid, InvalidInput, WorkbookUnreadable) as error:
        return _list(_problems(error)), 422
    return _to(row.number)


@pages.get("/template.xlsx")
def template() -> Response:
    """An empty file with the columns, and what may stand in them."""
    file = BytesIO()
    write_template(file)
    return saved_as(file, f"{_('区划调整')}.xlsx", XLSX)


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
    except Conflict:
        return _page(number, [_moved_on(number)]), 409
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
    except Conflict:
        return _page(number, [_moved_on(number)]), 409
    return _to(number)


def _moved_on(number: int) -> str:
    """What to say to somebody who looked at it before it became what it is now."""
    actor = current_actor()
    with transaction(actor) as session:
        state = ReorganisationState(get_reorganisation(session, actor, number).state)
    if state is ReorganisationState.PUBLISHED:
        return _("已经公布，不能再改，也不能撤回，只能再作一次调整。")
    told = REORGANISATION_STATES[state].name
    return _("您打开页面以后，这项区划调整已有改动，现在是“%(state)s”。这一次没有办理，请看现在的内容。", state=told)


def _typed_change() -> Change:
    """The line that was typed.

    Raises:
        UnitsInvalid: a box says what it cannot.
    """
    try:
        return read_change({name: request.form.get(name, "").strip() for name in _CHANGE_BOXES})
    except UnitTextInvalid as error:
        raise UnitsInvalid([(error.words.zh, error.words.en)]) from None


_BOXES = {"effective_on": lazy_gettext("生效日期"), "basis": lazy_gettext("依据"), "changes": lazy_gettext("变动")}
_CHANGE_BOXES = ("change", "code", "sources", "parent_code", "level", "name", "name_en")


def _as_typed(said: ReorganisationFile) -> ReorganisationFile:
    """What a file says, once it is sure that the boxes beside it say nothing else.

    Raises:
        FormInvalid: they do.
    """
    told = {"effective_on": said.effective_on.isoformat(), "basis": said.basis}
    problems = [
        _(
            "%(box)s：页面上填的是“%(typed)s”，文件里是“%(told)s”。请只留一处。",
            box=_BOXES[name],
            typed=typed,
            told=told[name],
        )
        for name in told
        if (typed := request.form.get(name, "").strip()) not in {"", told[name]}
    ]
    if problems:
        raise FormInvalid(problems)
    return said


def _seen() -> int:
    return read_version("version", request.form.get("version", ""))


def _day() -> date:
    return read_day("effective_on", request.form.get("effective_on", ""))


def _to(number: int) -> Response:
    return redirect(url_for("reorganisations.show", number=number), code=303)


def _problems(error: FormInvalid | InvalidInput | WorkbookUnreadable) -> list[str]:
    if isinstance(error, UnitsInvalid):
        return [say(Text(*words)) for words in error.words]
    if isinstance(error, FormInvalid):
        return list(error.problems)
    if isinstance(error, InvalidInput):
        return [f"{_BOXES[error.field]}{_('：')}{input_sentence(error.problem)}"]
    return [sentence(error)]


def _list(problems: list[str] | None = None) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        rows = list_reorganisations(session, actor)
        names = read_unit_names(session, {code for row in rows for code in _codes(row)})
    return render_template(
        "reorganisations.html",
        rows=[(row, _called(actor, names, row)) for row in rows],
        own=actor.place.id,
        problems=problems or [],
        typed=request.form,
        **_WORDS,
    )


def _page(number: int, problems: list[str] | None = None) -> str:
    actor = current_actor()
    with transaction(actor) as session:
        row = get_reorganisation(session, actor, number)
        is_draft = row.state == ReorganisationState.DRAFT
        units = list_units(session, under=actor.place.code) if is_draft else []
        seen = preview(session, actor, row) if is_draft and row.changes else None
        codes = _codes(row) | (seen.codes if seen else set())
        return render_template(
            "reorganisation.html",
            row=row,
            changes=[change_row(change) for change in changes_of(row)],
            seen=seen,
            units=units,
            names=_called(actor, read_unit_names(session, codes), row),
            problems=problems or [],
            typed=request.form if problems else {},
            grouped=grouped,
            **_WORDS,
        )


def _codes(row: Reorganisation) -> set[str]:
    """The units that a reorganisation names."""
    return {
        code for each in changes_of(row) for code in (each.code, *each.sources, each.parent_code) if code is not None
    }


def _called(actor: Actor, names: UnitNames, row: Reorganisation) -> dict[str, UnitName]:
    """What units of the actor's tree were called before a reorganisation; those that it made, after it."""
    before = names.on(row.effective_on - timedelta(days=1))
    return {code: each for code, each in before.items() if each.root_id == actor.place.root_id}


_WORDS = {
    "CHANGE_KINDS": CHANGE_KINDS,
    "REORGANISATION_STATES": REORGANISATION_STATES,
    "LEVELS": LEVELS,
    "ROLES": ROLES,
    "STATES": STATES,
}
