"""The progress board, laid out from its rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards import ids, parts
from dashboards.context import Context
from dashboards.context_bar import context_bar
from dashboards.figures.palette import INK, PAPER
from dashboards.figures.progress_bars import Bar, BarPart, progress_bars
from dashboards.language import gettext as _
from dashboards.pages.progress.stages import Stage, by_child, counts, expected, handed_in, stage_of
from dashboards.parts import Children
from portal.domain.lifecycle import HANDED_IN
from portal.domain.numbers import percent
from portal.queries.progress import ProgressRow
from portal.web.language import day, moment, period_name
from portal.web.words import LEVELS, STATES

SLUG = "progress"

_COLOURS = {
    Stage.ACCEPTED: ("#2c7a4b", PAPER, ""),
    Stage.SUBMITTED: ("#3d7ab5", PAPER, ""),
    Stage.SENT_BACK: ("#b45f06", PAPER, "/"),
    Stage.LATE: ("#a8201a", PAPER, "x"),
    Stage.OPEN: ("#ccd3da", INK, ""),
}
_ORDER: dict[str, Callable[[ProgressRow], Any]] = {
    "state": lambda row: list(Stage).index(stage_of(row)),
    "late": lambda row: row.task.days_late,
    "answered": lambda row: row.task.answered / row.task.expected_answers if row.task.expected_answers else 0,
    "submitted": lambda row: row.task.submitted_at.timestamp() if row.task.submitted_at else 0,
}


def stage_names() -> dict[Stage, str]:
    """What the stages are called on screen."""
    return {
        Stage.ACCEPTED: _("已验收"),
        Stage.SUBMITTED: _("已上报待审"),
        Stage.SENT_BACK: _("已退回"),
        Stage.LATE: _("逾期未报"),
        Stage.OPEN: _("未报，未到期"),
        Stage.EXEMPT: _("免报"),
    }


def page(context: Context, rows: Sequence[ProgressRow], *, may_review: bool) -> Children:
    """The board.

    Args:
        context: what the page is about.
        rows: the unit looked at and everything below it, in tree order.
        may_review: whether the review screen opens to the person.
    """
    tally = counts(rows)
    name = parts.unit_name(context.unit.name, context.unit.name_en)
    children = by_child(rows, context.unit.code)
    if context.made and not rows:
        asked_for: Children = [parts.notice(_("这个报告期没有下达任务，数由较短的报告期合成；报送进度请看其中各期。"))]
    else:
        asked_for = [
            _tiles(context, rows, tally),
            _chart(context, rows, children) if children else None,
            _table(context, rows, children, may_review=may_review),
        ]
    return [
        parts.breadcrumb(context, SLUG),
        parts.page_head(
            _("报送进度：%(unit)s", unit=name),
            [
                period_name(context.period),
                " ",
                parts.demo_tag(shown=any(row.task.demo for row in rows)),
            ],
            heading_id=ids.HEADING,
        ),
        context_bar(context, SLUG, tree=False),
        *asked_for,
    ]


def _tiles(context: Context, rows: Sequence[ProgressRow], tally: Mapping[Stage, int]) -> Component:
    due, done = expected(tally), handed_in(tally)
    late = sum(row.late for row in rows)
    all_late = parts.link(_("逾期"), parts.href(SLUG, context.filters, late=True, sort="-late")) if late else _("逾期")
    return html.Ul(
        [
            parts.tile(str(due), _("应报")),
            parts.tile(str(done), _("已报（%(share)s）", share=percent(done, due))),
            parts.tile(str(tally.get(Stage.ACCEPTED, 0)), _("已验收"), "good"),
            parts.tile(str(tally.get(Stage.SENT_BACK, 0)), _("退回"), "warn" if tally.get(Stage.SENT_BACK) else ""),
            parts.tile(str(late), all_late, "warn" if late else ""),
            parts.tile(str(tally.get(Stage.EXEMPT, 0)), _("免报")),
        ],
        className="tiles",
    )


def _chart(context: Context, rows: Sequence[ProgressRow], children: Mapping[str, Counter[Stage]]) -> Component:
    names = stage_names()
    drawn = [BarPart(stage, names[stage], *look) for stage, look in _COLOURS.items()]
    unit_names = {row.unit.code: parts.unit_name(row.unit.name, row.unit.name_en) for row in rows}
    bars = [Bar(code, unit_names[code], tally) for code, tally in children.items()]
    return parts.chart(
        ids.PROGRESS_BARS,
        progress_bars(bars, drawn, _("单位数（含其下级）")),
        [_sentence(rows), " ", html.Span(_("点条形进入该单位。"), className="soft no-print")],
        file_name=f"progress-{context.unit.code}-{context.period}",
    )


def _sentence(rows: Sequence[ProgressRow]) -> str:
    """The state of things in words, for those who do not see the chart."""
    tally = counts(rows)
    due, done = expected(tally), handed_in(tally)
    text = _(
        "应报 %(due)s 个单位，已报 %(done)s 个（%(share)s），其中已验收 %(accepted)s 个。",
        due=due,
        done=done,
        share=percent(done, due),
        accepted=tally.get(Stage.ACCEPTED, 0),
    )
    late = [row for row in rows if row.late]
    if not late:
        return text + _("没有逾期。")
    longest = max(late, key=lambda row: row.task.days_late)
    return text + _(
        "逾期 %(count)s 个，最久的是%(unit)s，已逾期 %(days)s 天。",
        count=len(late),
        unit=parts.unit_name(longest.unit.name, longest.unit.name_en),
        days=longest.task.days_late,
    )


def _table(
    context: Context, rows: Sequence[ProgressRow], children: Mapping[str, Counter[Stage]], *, may_review: bool
) -> Component:
    filters = context.filters
    if filters.late:
        shown = [row for row in rows if row.late]
        caption = _("逾期未报的单位（%(count)s 个）", count=len(shown))
    else:
        shown = [row for row in rows if context.unit.code in {row.unit.code, row.unit.parent_code}]
        caption = _("本单位和直接下级的报送情况")
    key = _ORDER.get(filters.sort.removeprefix("-"))
    if key is not None:
        shown = sorted(shown, key=key, reverse=filters.sort.startswith("-"))

    def sortable(text: str, column: str, *, number: bool = False) -> Component:
        return parts.sort_header(text, column, SLUG, filters, number=number)

    headings = [
        parts.header(_("单位")),
        parts.header(_("级别")),
        sortable(_("状态"), "state"),
        parts.header(_("截止日期")),
        sortable(_("逾期天数"), "late", number=True),
        sortable(_("填报进度"), "answered", number=True),
        sortable(_("上报时间"), "submitted"),
        parts.header(_("版本"), number=True),
        parts.header(_("最近活动")),
        parts.header(_("下级已报"), number=True),
    ]
    body = [_row(context, row, children.get(row.unit.code, Counter()), may_review=may_review) for row in shown]
    found = parts.table(caption, headings, body) if body else parts.notice(_("没有逾期的单位。"), "good")
    return html.Section([_choices(context) if context.unit.has_children else None, found])


def _choices(context: Context) -> Component:
    """The direct subordinates, or everybody below who is late."""
    filters = context.filters
    return html.Ul(
        [
            _chip(_("直接下级"), parts.href(SLUG, filters, late=False, sort=""), current=not filters.late),
            _chip(_("只看逾期"), parts.href(SLUG, filters, late=True, sort="-late"), current=filters.late),
        ],
        className="chips no-print",
    )


def _chip(text: str, address: str, *, current: bool) -> Component:
    return html.Li(parts.link(text, address, className="current" if current else ""))


def _row(context: Context, row: ProgressRow, tally: Counter[Stage], *, may_review: bool) -> Component:
    stage = stage_of(row)
    below = Counter(tally)
    below[stage] -= 1  # the tally counts the unit itself
    due = expected(below) if tally else 0
    return html.Tr(
        [
            _name_cell(context, row),
            html.Td(str(LEVELS[row.unit.level])),
            html.Td(_state(context, row, may_review=may_review)),
            html.Td(day(row.task.due_on), className="nowrap"),
            html.Td(str(row.task.days_late) if row.task.days_late else parts.MISSING_SIGN, className="number"),
            html.Td(f"{row.task.answered}/{row.task.expected_answers}", className="number"),
            html.Td(moment(row.task.submitted_at), className="nowrap"),
            html.Td(str(row.task.version), className="number"),
            html.Td(moment(row.task.last_activity_at), className="nowrap"),
            html.Td(parts.share(handed_in(below), due) if due else parts.MISSING_SIGN, className="number"),
        ],
        className="late" if row.late else "",
    )


def _name_cell(context: Context, row: ProgressRow) -> Component:
    name = parts.unit_name(row.unit.name, row.unit.name_en)
    if row.unit.code == context.unit.code:
        return html.Th([name, " ", html.Span(_("（本单位）"), className="soft small")], scope="row")
    address = parts.href(SLUG, context.filters, unit=row.unit.code, late=False, sort="")
    return html.Th(parts.link(name, address), scope="row")


def _state(context: Context, row: ProgressRow, *, may_review: bool) -> Component:
    """The state as a badge; it leads to the submission where the person may review it."""
    if row.task.exempt_reason:
        return html.Span(
            [parts.badge(_("免报"), "quiet", "⊘"), " ", html.Span(row.task.exempt_reason, className="soft small")]
        )
    word = STATES[row.task.state]
    mark: Component = parts.badge(str(word.name), word.tone, word.sign)
    overdue: Children = [" ", parts.badge(_("逾期"), "blocking", "!")] if row.late else []
    if may_review and row.task.state in HANDED_IN and row.unit.code != context.actor.place.code:
        label = _("查看%(unit)s的报送件", unit=parts.unit_name(row.unit.name, row.unit.name_en))
        mark = html.A(
            mark, href=f"/review/{row.key}", title=label, **parts.aria(label=parts.with_remark(str(word.name), label))
        )
    return html.Span([mark, *overdue], className="nowrap")
