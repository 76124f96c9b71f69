"""Accepting many submissions of the units below: what waits and what is found in it, and what became of those chosen.

What waits is told afresh whenever it is asked for. What was chosen is kept in the person's session, and its result is
told from how things stand: whoever sends a form twice, comes back or asks again, sees what is true.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import flask
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import State
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, InvalidInput, InvalidMove, NotFound, PortalError
from portal.queries.acceptable import Waiting, list_waiting
from portal.queries.progress import ProgressRow, list_progress, progress_of
from portal.queries.rollups.totals import list_periods
from portal.queries.units import get_unit, list_units
from portal.services.acceptance import accept
from portal.web.access import guarded_blueprint
from portal.web.errors import sentence
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.pages.parts import shown_part
from portal.web.pages.periods import chosen_period
from portal.web.present.entries import read_version
from portal.web.present.moves import may_accept
from portal.web.screens import REVIEW
from portal.web.words import STATES

pages = guarded_blueprint("acceptance", __name__, REVIEW, url_prefix="/review/acceptance")

MOST, MOST_COLLECTIONS = 5000, 50
"""Submissions that one form may name, and the collections they may belong to."""

_LIST = ("unit", "period", "reach", "show", "size")
"""What the list that one comes from was asked for."""

_KEPT = "acceptance"
"""The entry of the session that holds what was chosen last."""

Chosen = Mapping[CollectionKey, Mapping[str, int]]
"""Units by collection, each with the row version that the page showed."""


@dataclass(frozen=True)
class Left:
    """A submission that was not, or cannot be, accepted; nothing but its `key` is told of one that is not in sight."""

    key: SubmissionKey
    row: ProgressRow | None
    reason: str

    @classmethod
    def alone(cls, waiting: Waiting, row: ProgressRow | None) -> "Left":
        """Why a submission was left as it is, for whoever accepts many."""
        return cls(waiting.key, None if isinstance(waiting.refusal, NotFound) else row, _reason(waiting.refusal))


def _reason(refusal: PortalError | None) -> str:
    if refusal is None:
        return _("还没有验收，可以再办一次。")
    if isinstance(refusal, Conflict):
        return _("您打开页面以后，这份报送有了变化，没有验收。请看过现在的内容再定。")
    if isinstance(refusal, InvalidMove) and refusal.state in set(State):
        return _("现在是“%(state)s”，单位再次上报以后才能验收。", state=STATES[State(refusal.state)].name)
    return sentence(refusal)


@pages.get("/")
def confirm() -> str:
    """Tell what waits for the person's decision: what is without findings, what has some, and what cannot be accepted.

    Of the units directly below, or of all below; as the list of submissions tells it. Thousands are looked over a part
    at a time: to check them all would take as long as to check each.
    """
    actor, reach = current_actor(), request.args.get("reach", "direct")
    unit_code = request.args.get("unit", actor.place.code)
    with transaction(actor) as session:
        period = chosen_period(list_periods(session))
        top = get_unit(session, unit_code, period=period)
        below = list_progress(session, actor, period=period, under=unit_code, direct_only=reach != "all")
        part = shown_part([row for row in below if may_accept(actor, row)])
        rows = {row.key: row for row in part.items}
        units: defaultdict[CollectionKey, dict[str, None]] = defaultdict(dict)
        for key in rows:
            units[CollectionKey(key.form, key.period)][key.unit] = None
        waiting = [each for key, seen in units.items() for each in list_waiting(session, actor, key, seen)]
    open_ = [(each, rows[each.key]) for each in waiting if each.refusal is None]
    return render_template(
        "acceptance.html",
        top=top,
        period=period,
        part=part,
        forms=len(units),
        clean=[(each, row) for each, row in open_ if not each.findings],
        found=[(each, row) for each, row in open_ if each.findings],
        left=[Left.alone(each, rows[each.key]) for each in waiting if each.refusal is not None],
        marked=request.args.get("mark") != "none",
        asked=_asked() | {"unit": top.code, "period": str(period)},
    )


@pages.post("/")
def carry_out() -> Response:
    """Accept those chosen, each collection in a transaction of its own; sent again, it finds nothing left to do."""
    actor, chosen = current_actor(), _chosen()
    if not chosen:
        flash(_("没有勾选，什么都没有验收。"), "warning")
        return redirect(url_for("acceptance.confirm", **_asked()), code=303)
    name = _keep(chosen)
    for key, seen in chosen.items():
        with transaction(actor) as session:
            accept(session, actor, key, seen)
    return redirect(url_for("acceptance.done", name=name, **_asked()), code=303)


@pages.get("/<name>")
def done(name: str) -> str | Response:
    """What became of those chosen, as things stand: which are accepted, and why the others are not."""
    actor, chosen = current_actor(), _kept(name)
    if chosen is None:
        flash(_("这一次验收的结果不再保留。下面是现在的情况。"), "warning")
        return redirect(url_for("review.index", **_asked()))
    told: list[tuple[Waiting, ProgressRow | None]] = []
    for key, seen in chosen.items():
        with transaction(actor) as session:
            units = [unit for unit in list_units(session, period=key.period) if unit.code in seen]
            rows = {row.key: row for row in progress_of(session, units, key.period, key.form)}
            told += [(each, rows.get(each.key)) for each in list_waiting(session, actor, key, seen)]
    asked = _asked()
    return render_template(
        "accepted.html",
        place=actor.place,
        periods=list(dict.fromkeys(key.period for key in chosen)),
        forms=len(chosen),
        accepted=[(each.key, row) for each, row in told if each.accepted],
        left=[Left.alone(each, row) for each, row in told if not each.accepted],
        asked=asked,
        top=asked.get("unit", actor.place.code),
    )


def _chosen() -> Chosen:
    """What the form names."""
    chosen: defaultdict[CollectionKey, dict[str, int]] = defaultdict(dict)
    named = request.form.getlist("chosen")
    if len(named) > MOST:
        raise InvalidInput("chosen", "too_many", len(named))
    for each in named:
        text, _colon, version = each.rpartition(":")
        key = SubmissionKey.parse(text)
        chosen[CollectionKey(key.form, key.period)][key.unit] = read_version("chosen", version)
    if len(chosen) > MOST_COLLECTIONS:
        raise InvalidInput("chosen", "too_many", len(chosen))
    return chosen


def _keep(chosen: Chosen) -> str:
    """Remember what was chosen, and nothing chosen before; gives its name, the same for a form that is sent twice."""
    content = {str(key): dict(seen) for key, seen in chosen.items()}
    name = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    flask.session[_KEPT] = {"name": name, "chosen": content}
    return name


def _kept(name: str) -> Chosen | None:
    kept = cast("dict[str, Any]", flask.session.get(_KEPT, {}))
    if kept.get("name") != name:
        return None
    return {CollectionKey.parse(key): seen for key, seen in kept["chosen"].items()}


def _asked() -> dict[str, Any]:
    return {name: request.args[name] for name in _LIST if request.args.get(name)}
