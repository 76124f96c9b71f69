"""对账、冲抵与调整: what a unit's roll-up comes to, step by step, and what supervisors entered between the steps."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.domain.rollup_entries import Entry, EntryKind, kinds_for
from portal.domain.values import Value
from portal.errors import Conflict, InvalidInput, InvalidMove
from portal.queries.effective_forms import collected_forms, form_asking
from portal.queries.rollups.differences import differences
from portal.queries.rollups.entries import list_entries, standing
from portal.queries.rollups.totals import list_periods, roll_up
from portal.queries.units import UnitRow, get_unit
from portal.services.rollup_entries import enter, withdraw
from portal.web.access import guarded_blueprint
from portal.web.answers import Entry as TypedAnswer
from portal.web.answers import read_answer
from portal.web.errors import sentence
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.pages.periods import chosen_period
from portal.web.present.entries import read_version
from portal.web.present.rollup_entries import ENTRY_KINDS, entry_sentence
from portal.web.present.units import way_down
from portal.web.screens import ROLLUPS

pages = guarded_blueprint("rollup_entries", __name__, ROLLUPS, url_prefix="/rollups/<unit>/entries")

_NEW = 0
"""Number of the form for an entry that there is not yet."""

Act = Callable[[Session, Actor, Period, str, int], None]
"""What is done about an indicator in a period, by somebody who saw the entry of that number last."""


@pages.get("/")
def show(unit: str) -> str:
    """All entries at the unit and below; with `indicator`, those of one, and how its roll-up comes about."""
    return _show(unit)


@pages.post("/")
def add(unit: str) -> Response | tuple[str, int]:
    """Enter one."""

    def act(session: Session, actor: Actor, period: Period, code: str, seen: int) -> None:
        entry = Entry(_kind(), _amount(session, unit, period, code))
        reason = request.form.get("reason", "")
        enter(session, actor, unit=unit, period=period, indicator=code, entry=entry, reason=reason, seen=seen)

    return _done(unit, act, _("已记入汇总。各单位上报的数没有改动。"), _NEW, ("amount", "kind", "reason"))


@pages.post("/<int(max=2147483647):number>/withdraw")
def take_back(unit: str, number: int) -> Response | tuple[str, int]:
    """Withdraw one."""

    def act(session: Session, actor: Actor, period: Period, code: str, seen: int) -> None:
        reason = request.form.get("reason", "")
        withdraw(session, actor, unit=unit, period=period, indicator=code, number=number, reason=reason, seen=seen)

    return _done(unit, act, _("已撤销，不再计入汇总。"), number, ("reason",))


def _done(unit: str, act: Act, words: str, number: int, boxes: Sequence[str]) -> Response | tuple[str, int]:
    """Do it and say so; or show the page again with what was typed, and what is wrong.

    That is said at the box it is about, or at the first of the `boxes` of the form, which is that of entry `number`.
    """
    actor, code = current_actor(), request.args.get("indicator", "")
    try:
        with transaction(actor) as session:
            period = chosen_period(list_periods(session))
            require(actor, Permission.ADJUST_ROLLUPS, Subject(get_unit(session, unit, period=period).path))
            act(session, actor, period, code, read_version("seen", request.form.get("seen", "")))
    except InvalidInput as error:
        box = error.field if error.field in boxes else boxes[0]
        return _show(unit, number, {f"{box}-{number}": entry_sentence(error.problem)}), 422
    except (Conflict, InvalidMove) as refusal:
        return _show(unit, number, {f"{boxes[0]}-{number}": sentence(refusal)}), 409
    flash(words, "good")
    return redirect(url_for("rollup_entries.show", unit=unit, period=period, indicator=code), code=303)


def _kind() -> EntryKind:
    named = request.form.get("kind", "")
    if named not in set(EntryKind):
        raise InvalidInput("kind", "unknown", named)
    return EntryKind(named)


def _amount(session: Session, unit: str, period: Period, code: str) -> Decimal:
    form = form_asking(session, get_unit(session, unit, period=period), period, code)
    answer = read_answer(form.indicator(code), TypedAnswer(request.form.get("amount", "")))
    if not isinstance(answer, Value) or answer.number is None or answer.approximate:
        raise InvalidInput("amount", "not_a_number")
    return answer.number


def _show(unit: str, refused: int | None = None, problems: Mapping[str, str] = MappingProxyType({})) -> str:
    """The page; the form of entry number `refused` with what was typed into it and not saved."""
    actor, code = current_actor(), request.args.get("indicator", "")
    with transaction(actor) as session:
        period = chosen_period(list_periods(session))
        top = get_unit(session, unit, period=period)
        require(actor, Permission.SEE_ORIGINS, Subject(top.path))
        forms = collected_forms(session, top, period)
        context = {
            "entries": list_entries(session, actor, unit=unit, period=period, indicator=code),
            "indicators": {each.code: each for form in forms for each in form},
            "periods": list_periods(session),
            "ancestors": way_down(session, actor, unit, "rollups.show", period),
            **(_reckoning(session, actor, top, period, code) if code else {"indicator": None, "demo": False}),
        }
    return render_template(
        "rollup_entries.html",
        top=top,
        period=str(period),
        problems=problems,
        refused_at=refused,
        typed=request.form,
        ENTRY_KINDS=ENTRY_KINDS,
        **context,
    )


def _reckoning(session: Session, actor: Actor, top: UnitRow, period: Period, code: str) -> dict[str, object]:
    """How the roll-up of one indicator comes about, and what the actor may enter."""
    indicator = form_asking(session, top, period, code).indicator(code)
    (row,) = differences(session, actor, unit=top.code, period=period, indicators=[code]) or (None,)
    (whole,) = roll_up(session, actor, unit=top.code, period=period, indicators=[code])
    may = permits(actor, Permission.ADJUST_ROLLUPS, Subject(top.path)) and actor.writes
    leaf = not top.has_children and top.path == actor.place.path
    return {
        "indicator": indicator,
        "row": row,
        "demo": whole.demo,
        "may_withdraw": may,
        "kinds": kinds_for(indicator, inner=top.has_children) if may and not leaf else (),
        "standing": standing(session, top, period, indicator),
    }
