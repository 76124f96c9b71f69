"""Accepting many submissions of the units below: what is to be known before, and what became of each."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.collections import CollectionKey
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, InvalidInput, NotFound, PortalError
from portal.queries.acceptable import Waiting, list_waiting
from portal.queries.units import UnitRow, list_units
from portal.services.acceptance import accept
from portal.web.access import guarded_blueprint
from portal.web.errors import sentence
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.present.entries import read_version
from portal.web.screens import REVIEW

pages = guarded_blueprint("acceptance", __name__, REVIEW, url_prefix="/review/acceptance")

MOST = 5000
"""Submissions that one form may name."""

_LIST = ("unit", "period", "reach", "show")
"""What the list that one comes from was asked for."""


@dataclass(frozen=True)
class Left:
    """A submission that was not, or cannot be, accepted; nothing is told of the `unit` of one that is not in sight."""

    key: SubmissionKey
    unit: UnitRow | None
    reason: str

    @classmethod
    def alone(cls, key: SubmissionKey, unit: UnitRow | None, refusal: PortalError) -> "Left":
        """Why a submission was left as it is, for whoever accepts many."""
        if isinstance(refusal, Conflict):
            changed = _("您打开页面以后，这份报送有了变化，没有验收。请看过现在的内容再定。")
            return cls(key, unit, changed)
        return cls(key, None if isinstance(refusal, NotFound) else unit, sentence(refusal))


@pages.get("/")
@pages.get("/done")
def start() -> Response:
    """What is chosen stands in no address: whoever comes back to one of these pages begins with the list."""
    return redirect(url_for("review.index"))


@pages.post("/")
def confirm() -> str | Response:
    """Tell what is to be known of those chosen: which are without findings, which have some, and which cannot be."""
    actor, chosen = current_actor(), _chosen()
    if not chosen:
        flash(_("请先勾选要验收的报送。"), "warning")
        return redirect(_back(), code=303)
    waiting: list[tuple[Waiting, UnitRow | None]] = []
    with transaction(actor) as session:
        for key, seen in chosen.items():
            units = _units(session, key)
            told = list_waiting(session, actor, key, seen)
            waiting += [(each, units.get(each.key.unit)) for each in told]
    open_ = [(each, unit) for each, unit in waiting if each.refusal is None]
    return render_template(
        "acceptance.html",
        clean=[(each, unit) for each, unit in open_ if not each.findings],
        found=[(each, unit) for each, unit in open_ if each.findings],
        left=[Left.alone(each.key, unit, each.refusal) for each, unit in waiting if each.refusal is not None],
        asked=_asked(),
        back=_back(),
    )


@pages.post("/done")
def carry_out() -> str | Response:
    """Accept those chosen, each collection in a transaction of its own; sent again, it finds nothing left to do."""
    actor, chosen = current_actor(), _chosen()
    if not chosen:
        flash(_("没有勾选，什么都没有验收。"), "warning")
        return redirect(_back(), code=303)
    accepted: list[tuple[SubmissionKey, UnitRow | None]] = []
    left: list[Left] = []
    for key, seen in chosen.items():
        with transaction(actor) as session:
            units = _units(session, key)
            verdicts = accept(session, actor, key, seen)
        for each in verdicts:
            name, unit = SubmissionKey(each.unit, key.period, key.form), units.get(each.unit)
            if each.refusal is None:
                accepted.append((name, unit))
            else:
                left.append(Left.alone(name, unit, each.refusal))
    return render_template("accepted.html", accepted=accepted, left=left, back=_back())


def _chosen() -> dict[CollectionKey, dict[str, int | None]]:
    """What the form names, by collection: units, each with the row version that the page showed."""
    chosen: defaultdict[CollectionKey, dict[str, int | None]] = defaultdict(dict)
    named = request.form.getlist("chosen")
    if len(named) > MOST:
        raise InvalidInput("chosen", "too_many", len(named))
    for each in named:
        text, _colon, version = each.rpartition(":")
        key = SubmissionKey.parse(text)
        chosen[CollectionKey(key.form, key.period)][key.unit] = read_version("chosen", version)
    return chosen


def _units(session: Session, key: CollectionKey) -> dict[str, UnitRow]:
    """The units of the period, for their names."""
    return {unit.code: unit for unit in list_units(session, period=key.period)}


def _asked() -> dict[str, str]:
    return {name: request.form[name] for name in _LIST if request.form.get(name)}


def _back() -> str:
    asked: dict[str, Any] = _asked()
    return url_for("review.index", **asked)
