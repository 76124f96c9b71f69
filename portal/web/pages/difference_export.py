"""Reconciliation (差额) written out: a unit's own figures, the sums below, and the amount of each unit below."""

from flask import Response, request

from portal import clock
from portal.db import transaction
from portal.queries.rollups.differences import DifferenceRow, differences
from portal.queries.rollups.totals import list_periods
from portal.queries.units import get_unit
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.pages.periods import chosen_period
from portal.web.present.differences import lines
from portal.web.present.exports import Listing, check_size, hand_out_list
from portal.web.screens import ROLLUPS

pages = guarded_blueprint("difference_export", __name__, ROLLUPS, url_prefix="/rollups/<unit>/differences")


@pages.get("/export.<form>")
def export(unit: str, form: str) -> Response:
    """Every indicator that is added up; with `indicator`, that one."""
    actor = current_actor()
    named = request.args.get("indicator", "")
    with transaction(actor) as session:
        period = chosen_period(list_periods(session))
        rows = differences(session, actor, unit=unit, period=period, indicators=[named] if named else None)
        columns, cells = lines(rows)
        check_size(form, len(cells))
        top = get_unit(session, unit, period=period)
        about = [
            (_("单位"), f"{top.name} {top.code}"),
            (_("报告期"), str(period)),
            (_("指标"), named),
            (_("区划口径"), _("报告期当时")),
            (_("数据口径"), _("仅已验收")),
            (_("算法"), _("差额＝本级上报－下级合计；全辖数＝本级上报＋下级合计＋冲抵＋调整")),
            (_("覆盖"), _coverage(rows)),
            (_("演示数据"), _("有") if any(part.demo for row in rows for part in row.parts) else ""),
        ]
        listing = Listing(_("差额表"), columns, cells, about, len(cells), clock.now(), actor.name)
        return hand_out_list(session, actor, "differences", form, listing)


def _coverage(rows: list[DifferenceRow]) -> str:
    partial = sum(row.reported < row.expected for row in rows)
    return _("%(count)s 行下级还没有报齐", count=partial) if partial else _("齐全")
