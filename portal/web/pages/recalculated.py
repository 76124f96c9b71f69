"""重算对照: published numbers that would be others by now, beside what they would be and why."""

from flask import Response, render_template, request
from sqlalchemy.orm import Session

from portal import clock
from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.queries.recalculated_rows import Recalculated
from portal.queries.recalculations import list_recalculated
from portal.queries.rollups.totals import list_periods
from portal.queries.units import UnitRow, get_unit
from portal.web.access import guarded_blueprint, may_open
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.present.exports import Listing, check_size, hand_out_list
from portal.web.present.recalculated import correction_text, difference, edition_name, lines
from portal.web.present.units import way_down
from portal.web.screens import REVIEW, ROLLUPS, TASKS

pages = guarded_blueprint("recalculated", __name__, ROLLUPS, url_prefix="/rollups/<unit>/recalculated")


@pages.get("/")
def show(unit: str) -> str:
    """The unit's numbers in all periods, or in one; with `indicator`, that one for each unit directly below too."""
    actor = current_actor()
    with transaction(actor) as session:
        period, named = _asked()
        top, rows = _found(session, actor, unit, period, named)
        context = {
            "periods": list_periods(session),
            "ancestors": way_down(session, actor, unit, "recalculated.show", period),
        }
    return render_template(
        "recalculated.html",
        top=top,
        period=str(period or ""),
        indicator=rows[0].indicator if named and rows else None,
        rows=rows,
        edition_name=edition_name,
        difference=difference,
        correction_text=correction_text,
        opens_submissions=may_open(TASKS) or may_open(REVIEW),
        **context,
    )


@pages.get("/export.<form>")
def export(unit: str, form: str) -> Response:
    """What the page shows for the same parameters."""
    actor = current_actor()
    with transaction(actor) as session:
        period, named = _asked()
        top, rows = _found(session, actor, unit, period, named)
        columns, cells = lines(rows)
        check_size(form, len(cells))
        about = [
            (_("单位"), f"{top.name} {top.code}"),
            (_("报告期"), str(period) if period else _("全部")),
            (_("指标"), named),
            (_("说明"), _("公布数不变；现算数只作对照，不进入汇总")),
            (_("演示数据"), _("有") if any(row.published.demo for row in rows) else ""),
        ]
        listing = Listing(_("重算对照"), columns, cells, about, len(cells), clock.now(), actor.name)
        return hand_out_list(session, actor, "recalculated", form, listing)


def _asked() -> tuple[Period | None, str]:
    named = request.args.get("period")
    return Period.parse(named) if named else None, request.args.get("indicator", "")


def _found(
    session: Session, actor: Actor, unit: str, period: Period | None, named: str
) -> tuple[UnitRow, list[Recalculated]]:
    rows = [
        row
        for by in (("self", "children") if named else ("self",))
        for row in list_recalculated(
            session, actor, unit=unit, period=period, indicators=[named] if named else None, by=by
        )
    ]
    return get_unit(session, unit, period=period), rows
