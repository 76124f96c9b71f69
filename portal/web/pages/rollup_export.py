"""A roll-up written out: a unit's indicators, or one of them for the units below, each number with its coverage."""

from collections.abc import Mapping, Sequence

from flask import Response, request

from importers.list_workbook import Content
from portal import clock
from portal.db import transaction
from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.queries.rollups.coverage import covered
from portal.queries.rollups.over_time import forms_shown, roll_up_made
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.series import SeriesBreak, breaks_within
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, list_periods
from portal.queries.unit_names import UnitName, read_unit_names
from portal.queries.units import UnitRow, get_unit
from portal.web.access import guarded_blueprint
from portal.web.identity import current_actor
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.pages.periods import chosen_period
from portal.web.present.coverage import coverage_cells, coverage_columns
from portal.web.present.exports import Listing, check_size, hand_out_list
from portal.web.present.rollups import rollup_unit
from portal.web.present.units import unit_name
from portal.web.screens import ROLLUPS
from portal.web.words import SCOPES, aggregation_word

pages = guarded_blueprint("rollup_export", __name__, ROLLUPS, url_prefix="/rollups/<unit>")


@pages.get("/export.<form>")
def export(unit: str, form: str) -> Response:
    """What the page shows for the same parameters; with `below`, the same of every unit directly below too."""
    actor = current_actor()
    tree = CURRENT_TREE if request.args.get("tree") == CURRENT_TREE else REPORTED_TREE
    pending = bool(request.args.get("pending"))
    named = request.args.get("indicator")
    parts = ("self", "children") if named or request.args.get("below") else ("self",)
    with transaction(actor) as session:
        period = chosen_period(list_periods(session))
        top = get_unit(session, unit, period=period if tree == REPORTED_TREE else None)
        wanted = [named] if named else None
        rows = [
            row
            for by in parts
            for row in roll_up_made(
                session, actor, unit=unit, period=period, indicators=wanted, by=by, tree=tree, pending=pending
            )
        ]
        check_size(form, len(rows))
        rows = covered(session, actor, top, period, rows, pending=pending)
        breaks = breaks_within(session, rows)
        torn = read_unit_names(session, {code for row in rows for code in row.torn}).on(period.ends_on)
        indicators = {each.code: each for shown in forms_shown(session, top, period) for each in shown}
        listing = Listing(
            _("汇总表"),
            _columns(),
            [_row(row, indicators[row.indicator], marks, torn) for row, marks in zip(rows, breaks, strict=True)],
            [
                *_about(top, period, rows, named, tree=tree, pending=pending),
                (_("期内区划变动"), _("有：各期不是同一范围") if any(breaks) else ""),
            ],
            len(rows),
            clock.now(),
            actor.name,
        )
        return hand_out_list(session, actor, "rollups", form, listing)


def _about(
    top: UnitRow, period: Period, rows: list[RollUpRow], named: str | None, *, tree: str, pending: bool
) -> list[tuple[str, str]]:
    partial = sum(row.partial for row in rows)
    return [
        (_("单位"), f"{top.name} {top.code}"),
        (_("报告期"), str(period)),
        (_("指标"), named or ""),
        (_("区划口径"), _("现行") if tree == CURRENT_TREE else _("报告期当时")),
        (_("数据口径"), _("含待审核") if pending else _("仅已验收")),
        (_("覆盖"), _("%(count)s 行是部分汇总：有单位还没有报", count=partial) if partial else _("齐全")),
        (_("演示数据"), _("有") if any(row.demo for row in rows) else ""),
    ]


def _columns() -> list[tuple[str, int]]:
    return [
        (_("单位代码"), 12),
        (_("单位"), 28),
        (_("指标代码"), 12),
        (_("指标"), 34),
        (_("汇总方法"), 14),
        (_("口径"), 8),
        (_("汇总数"), 16),
        (_("上报合计"), 16),
        (_("冲抵数"), 12),
        (_("调整数"), 12),
        (_("分布"), 24),
        (_("最小"), 14),
        (_("最大"), 14),
        (_("平均"), 14),
        (_("计量单位"), 10),
        *coverage_columns(),
        (_("部分汇总"), 10),
        (_("含待审核"), 10),
        (_("由哪些期合成"), 34),
        (_("缺哪些期"), 34),
        (_("期内区划变动"), 40),
        (_("含后来拆分的单位，分不开"), 30),
    ]


def _row(
    row: RollUpRow, indicator: Indicator, breaks: Sequence[SeriesBreak], torn: Mapping[str, UnitName]
) -> list[Content]:
    return [
        row.unit_code,
        rollup_unit(row),
        row.indicator,
        say(indicator.name),
        str(aggregation_word(indicator.aggregation)),
        str(SCOPES[row.scope]),
        row.value,
        row.original,
        row.total.eliminated,
        row.total.adjusted,
        row.text if row.value is None else "",
        row.minimum,
        row.maximum,
        row.mean,
        indicator.unit,
        *coverage_cells(row.coverage),
        _("是") if row.partial else "",
        _("是") if row.pending else "",
        " ".join(map(str, row.periods)),
        " ".join(map(str, row.missing)),
        _("；").join(say(mark.words) for mark in breaks),
        _("、").join(f"{code} {unit_name(torn[code])}" for code in row.torn),
    ]
