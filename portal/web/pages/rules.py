"""审核规则 of a collection: changing one in the middle of the period, and the waivers of units."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.db import transaction
from portal.domain.collections import CollectionKey
from portal.domain.policy import Actor, Permission, Subject, permits
from portal.errors import Conflict, InvalidInput
from portal.queries.collections import CollectionRow, get_collection
from portal.queries.forms import get_form
from portal.queries.rulings import RuleChangeRow, WaiverRow, list_rule_changes, list_waivers, touched_by
from portal.queries.unit_names import read_unit_names
from portal.queries.units import UnitRow, find_units
from portal.services.rules import change_rule, end_waiver
from portal.web.access import guarded_blueprint
from portal.web.errors import sentence
from portal.web.identity import current_actor
from portal.web.input_words import input_sentence
from portal.web.language import gettext as _
from portal.web.present.entries import read_version
from portal.web.present.rules import ShownRule, parse_severity, shown_rules
from portal.web.screens import COLLECTIONS

pages = guarded_blueprint("rules", __name__, COLLECTIONS, url_prefix="/collections/<key>")

SHOWN = 200
"""Rules, or units, listed at most."""


@pages.get("/rules")
def index(key: str) -> str:
    """All rules, what was changed about them, and who is let off."""
    return _index(key, {})


@pages.get("/rules/<rule>")
def show(key: str, rule: str) -> str:
    """One rule, whom a change of it touches, and the boxes to change it."""
    return _show(key, rule)


@pages.post("/rules/<rule>")
def change(key: str, rule: str) -> Response | tuple[str, int]:
    """Make it lighter, switch it off, or put it back."""
    actor, reason = current_actor(), request.form.get("reason", "")
    try:
        severity = parse_severity(request.form.get("severity", ""))
        seen = read_version("seen", request.form["seen"]) if request.form.get("seen") else None
        with transaction(actor) as session:
            change_rule(session, actor, CollectionKey.parse(key), rule, severity, reason, seen=seen)
    except InvalidInput as error:
        return _show(key, rule, input_sentence(error.problem), error.field), 422
    except Conflict as conflict:
        return _show(key, rule, sentence(conflict)), 409
    flash(_("规则 %(rule)s 已调整，立即生效。", rule=rule), "good")
    return redirect(url_for("rules.index", key=key), code=303)


@pages.post("/waivers/<uuid:waiver_id>/end")
def end(key: str, waiver_id: UUID) -> Response | tuple[str, int]:
    """End a waiver now."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            end_waiver(session, actor, waiver_id, request.form.get("reason", ""))
    except InvalidInput as error:
        return _index(key, {waiver_id: input_sentence(error.problem)}), 422
    flash(_("豁免已终止。"), "good")
    return redirect(url_for("rules.index", key=key, _anchor="waivers"), code=303)


def _index(key: str, problems: dict[UUID, str]) -> str:
    actor, sought = current_actor(), request.args.get("q", "").strip()
    with transaction(actor) as session:
        collection, changes, rules = _rules(session, actor, key)
        waivers = [row for row in list_waivers(session, actor) if row.form == collection.form]
        units = find_units(session, {row.unit_code for row in waivers})
        named = read_unit_names(session, {row.unit_code for row in waivers}).on(clock.today())
    found = [each for each in rules if each.matches(sought)]
    return render_template(
        "rules.html",
        collection=collection,
        changes=changes,
        in_force={each.change for each in rules if each.change},
        rules=found[:SHOWN],
        found=len(found),
        sought=sought,
        waivers=waivers,
        named=named,
        may_end={row.id for row in waivers if _may_end(actor, row, units)},
        may_change=permits(actor, Permission.CHANGE_RULES, collection.subject),
        problems=problems,
        typed=request.form,
    )


def _show(key: str, rule_id: str, problem: str = "", refused_field: str = "") -> str:
    actor = current_actor()
    with transaction(actor) as session:
        collection, changes, rules = _rules(session, actor, key)
        touched = touched_by(session, actor, collection.key, rule_id)
        breaking = [each for each in touched if each.breaks]
        codes = {each.unit_code for each in breaking[:SHOWN]}
        named = read_unit_names(session, codes).on(collection.key.period.ends_on)
    return render_template(
        "rule.html",
        collection=collection,
        shown=next(each for each in rules if each.rule.id == rule_id),
        changes=[row for row in changes if row.rule == rule_id],
        breaking=breaking,
        limit=SHOWN,
        unread=len(touched) - len(breaking),
        named=named,
        typed=request.form,
        problem=problem,
        refused_field=refused_field,
    )


def _rules(session: Session, actor: Actor, key: str) -> tuple[CollectionRow, list[RuleChangeRow], list[ShownRule]]:
    """The collection, the changes of its rules, newest first, and all its rules."""
    collection = get_collection(session, actor, CollectionKey.parse(key))
    changes = list_rule_changes(session, actor, collection.key)
    return collection, changes, shown_rules(get_form(session, collection.form, collection.version), changes)


def _may_end(actor: Actor, row: WaiverRow, units: dict[str, UnitRow]) -> bool:
    unit = units.get(row.unit_code)
    return row.in_force and unit is not None and permits(actor, Permission.WAIVE_RULES, Subject(unit.path))
