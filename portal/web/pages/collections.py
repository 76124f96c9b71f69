"""报送任务: what was sent down; sending down, and changing what was sent."""

from collections.abc import Mapping
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.db import transaction
from portal.domain.collections import STRICTEST, CollectionKey, CollectionSettings
from portal.domain.lifecycle import SIGN_OFFS, Action
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput
from portal.queries.collections import get_collection, list_collections
from portal.queries.forms import FormSummary, get_form, list_forms
from portal.queries.progress import ProgressRow, counted, list_answers
from portal.queries.rulings import list_rule_changes, list_waivers
from portal.services.collection_changes import change_due, change_settings, exempt, include
from portal.services.collections import send_down
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.present.entries import read_day
from portal.web.present.rules import shown_rules
from portal.web.screens import COLLECTIONS

pages = guarded_blueprint("collections", __name__, COLLECTIONS, url_prefix="/collections")

SHOWN = 200
"""Units listed at most; more are found by searching."""

FLAGS = ("skip_level", "names_siblings", "one_person", "entered_above")


@pages.get("/")
def index() -> str:
    """What was sent down to the unit, by it and below it, with how far it is."""
    actor = current_actor()
    with transaction(actor) as session:
        require(actor, Permission.SEE_COLLECTIONS, Subject(actor.place.path))
        rows = [(row, counted(list_answers(session, actor, row.key))) for row in list_collections(session, actor)]
    return render_template("collections.html", rows=rows, may_send=_may_send(actor))


@pages.get("/new")
def new() -> str:
    """The form to send one down."""
    return _new({})


@pages.post("/new")
def send() -> Response | tuple[str, int]:
    """Send it down to the unit and all below it."""
    actor = current_actor()
    try:
        code, _at, number = request.form.get("form", "").partition("@")
        period = Period.parse(request.form.get("period", "").strip())
        opens_on, due_on = (_day(name) for name in ("opens_on", "due_on"))
        with transaction(actor) as session:
            form = get_form(session, code, _number(number))
            sent = send_down(
                session,
                actor,
                form,
                period,
                opens_on=opens_on,
                due_on=due_on,
                settings=_settings(),
                exempt=_exempt(request.form.get("exempt", "")),
            )
    except InvalidInput as error:
        return _new({error.field: f"{input_sentence(error.problem)} {error.value}".strip()}), 422
    flash(_("已下达给 %(count)s 个单位。", count=len(sent)), "good")
    return redirect(url_for("collections.show", key=CollectionKey(code, period)), code=303)


@pages.get("/<key>")
def show(key: str) -> str:
    """One collection: its settings, and the units that answer it."""
    return _show(CollectionKey.parse(key), {})


@pages.post("/<key>/settings")
def change(key: str) -> Response:
    """Let other settings hold from now on."""
    actor = current_actor()
    with transaction(actor) as session:
        change_settings(session, actor, CollectionKey.parse(key), _settings())
    flash(_("设置已保存。"), "good")
    return redirect(url_for("collections.show", key=key), code=303)


@pages.post("/<key>/units/<unit>")
def change_unit(key: str, unit: str) -> Response | tuple[str, int]:
    """Another last day for one unit, an exemption, or its end: by the button that was pressed."""
    actor, name = current_actor(), CollectionKey.parse(key)
    submission = SubmissionKey(unit, name.period, name.form)
    try:
        with transaction(actor) as session:
            _change_unit(session, actor, submission)
    except InvalidInput as error:
        return _show(name, {unit: input_sentence(error.problem)}), 422
    flash(_("已保存：%(unit)s", unit=unit), "good")
    return redirect(url_for("collections.show", key=key, q=request.form.get("q")), code=303)


def _change_unit(session: Session, actor: Actor, key: SubmissionKey) -> None:
    match request.form.get("do"):
        case "due":
            change_due(session, actor, key, _day("due_on"))
        case "exempt":
            exempt(session, actor, key, request.form.get("reason", ""))
        case "include":
            include(session, actor, key)
        case _:
            raise InvalidInput("do", "unknown")


def _show(key: CollectionKey, problems: Mapping[str, str]) -> str:
    actor = current_actor()
    sought = request.values.get("q", "").strip()
    with transaction(actor) as session:
        collection = get_collection(session, actor, key)
        rows = list_answers(session, actor, key)
        form = get_form(session, collection.form, collection.version)
        rules = shown_rules(form, list_rule_changes(session, actor, key))
        waivers = [row for row in list_waivers(session, actor) if row.form == collection.form and row.in_force]
    found = [row for row in rows if _sought(row, sought)]
    return render_template(
        "collection.html",
        collection=collection,
        counts=counted(rows),
        rows=found[:SHOWN],
        found=len(found),
        sought=sought,
        problems=problems,
        typed=request.form,
        settings=collection.settings,
        sign_offs=SIGN_OFFS,
        changed=sum(each.changed for each in rules),
        waived=len(waivers),
        may_change=permits(actor, Permission.SEND_DOWN, collection.subject),
        may_rule=permits(actor, Permission.CHANGE_RULES, collection.subject),
    )


def _new(problems: Mapping[str, str]) -> str:
    actor = current_actor()
    require(actor, Permission.SEND_DOWN, Subject(actor.place.path))
    with transaction(actor) as session:
        forms = _choices(session)
    return render_template(
        "collection_new.html",
        forms=forms,
        typed=request.form,
        problems=problems,
        settings=_settings() if request.method == "POST" else STRICTEST,
        sign_offs=SIGN_OFFS,
        last_year=clock.today().year - 1,
    )


def _choices(session: Session) -> list[FormSummary]:
    """Forms to choose from, the newest version of each first."""
    return sorted(list_forms(session), key=lambda form: (form.code, -form.number))


def _sought(row: ProgressRow, text: str) -> bool:
    return text in row.unit.name or row.unit.code.startswith(text)


def _may_send(actor: Actor) -> bool:
    return permits(actor, Permission.SEND_DOWN, Subject(actor.place.path))


def _settings() -> CollectionSettings:
    """What was ticked."""
    flags = {name: name in request.form for name in FLAGS}
    steps = request.form.getlist("sign_offs")
    if not set(steps) <= set(SIGN_OFFS):
        raise InvalidInput("sign_offs", "unknown")
    return CollectionSettings(**flags, sign_offs=frozenset(Action(step) for step in steps))


def _day(field: str) -> date:
    return read_day(field, request.form.get(field, ""))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(2**31))):
        raise InvalidInput("form", "unknown")
    return int(text)


def _exempt(text: str) -> dict[str, str]:
    """A line for each unit: its code, then the reason."""
    lines = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {parts[0]: parts[1] if len(parts) > 1 else "" for parts in lines}
