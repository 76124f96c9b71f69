"""The overview: every indicator of a unit and all below it, and the way to the other views."""

from collections.abc import Sequence
from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from dashboards import ids, parts, words
from dashboards.context import Context
from dashboards.context_bar import context_bar
from dashboards.language import gettext as _
from dashboards.parts import Children
from portal.domain.forms import AggregationKind, Indicator, Sheet
from portal.domain.numbers import percent, scaled_unit
from portal.domain.texts import Text
from portal.domain.values import exact_text
from portal.queries.progress import Completeness
from portal.queries.rollups.rows import RollUpRow
from portal.web.language import language, period_name, say
from portal.web.present.rollups import rollup_apart
from portal.web.words import SCOPES

SLUG = ""
_COLUMNS = 6


def page(
    context: Context,
    completeness: Completeness | None,
    rows: Sequence[RollUpRow],
    views: Sequence[tuple[str, str, str]],
    breaks: Sequence[Text] = (),
) -> Children:
    """The overview.

    Args:
        context: what the page is about.
        completeness: of the unit and all below it; None if it is not to be shown.
        rows: the unit's roll-ups.
        views: the other pages: address below `/dashboards/`, name, the question it answers.
        breaks: what was reorganised since the earlier period.
    """
    by_code = {row.indicator: row for row in rows}
    name = parts.unit_name(context.unit.name, context.unit.name_en)
    body = [line for sheet in context.sheets for line in _sheet(context, sheet, by_code)]
    headings = [
        parts.header(_("指标")),
        parts.header(_("全辖汇总数"), number=True),
        parts.header(_("计量单位")),
        parts.header(_("已报单位"), number=True),
        parts.header(_("口径")),
        parts.header(_("比较")),
    ]
    return [
        parts.breadcrumb(context, SLUG),
        parts.page_head(
            _("对比分析：%(unit)s", unit=name),
            [
                period_name(context.period),
                f" · {words.BASES[context.filters.basis]} · {words.TREES[context.filters.tree]} ",
                parts.demo_tag(shown=any(row.demo for row in rows)),
            ],
            heading_id=ids.HEADING,
        ),
        context_bar(context, SLUG, basis=True),
        _tiles(completeness) if completeness is not None and (completeness.expected or completeness.exempt) else None,
        _reorganised(context, breaks) if breaks else None,
        _views(context, views),
        html.H2(_("全辖汇总数")),
        parts.table(_("本单位及其全部下级；比率按分子合计÷分母合计计算"), headings, body),
    ]


def _reorganised(context: Context, breaks: Sequence[Text]) -> Component:
    """Why the figures are not to be held against those of the earlier period."""
    text = _("%(period)s以后区划有变动，以下的数与以前不可比：", period=period_name(context.earlier))
    return html.Div(
        [html.P([*parts.break_mark(breaks), " ", text]), html.Ul([html.Li(say(each)) for each in breaks])],
        className="notice notice-consent",
    )


def _tiles(counts: Completeness) -> Component:
    return html.Ul(
        [
            parts.tile(str(counts.expected), _("应报")),
            parts.tile(str(counts.handed_in), _("已报（%(share)s）", share=percent(counts.handed_in, counts.expected))),
            parts.tile(str(counts.accepted), _("已验收"), "good"),
            parts.tile(str(counts.sent_back), _("退回"), "warn" if counts.sent_back else ""),
            parts.tile(str(counts.late), _("逾期"), "warn" if counts.late else ""),
        ],
        className="tiles",
    )


def _views(context: Context, views: Sequence[tuple[str, str, str]]) -> Component:
    return html.Ul(
        [
            html.Li(
                [
                    html.Strong(parts.link(name, parts.href(slug, context.filters, sort=""))),
                    html.Span(question, className="soft"),
                ]
            )
            for slug, name, question in views
        ],
        className="views",
    )


def _sheet(context: Context, sheet: Sheet, by_code: dict[str, RollUpRow]) -> list[Component]:
    rows = [(each, by_code[each.code]) for each in sheet.indicators if each.code in by_code]
    if not rows:
        return []
    title = html.Tr(html.Th(say(sheet.name), colSpan=_COLUMNS, scope="rowgroup"), className="sheet-name")
    return [title, *(_row(context, indicator, row) for indicator, row in rows)]


def _row(context: Context, indicator: Indicator, row: RollUpRow) -> Component:
    scale = scaled_unit([row.value], indicator.unit, indicator.decimals, language())
    number = figure_text(indicator, row)
    pending: Children = [" ", parts.badge(_("含待审"), "explain")] if row.pending else []
    class_name = "part-of" if indicator.parent else ""
    return html.Tr(
        [
            html.Th([say(indicator.name), " ", html.Span(indicator.code, className="code soft")], scope="row"),
            html.Td(
                [number, *pending, *parts.torn_mark(context, row), *_entered(indicator, row)],
                className="number",
                title=exact_text(row.value) if row.value is not None else row.text,
            ),
            html.Td(scale.unit if row.value is not None else indicator.unit),
            html.Td(_behind(row), className="number"),
            html.Td(SCOPES[row.scope]),
            html.Td(_ways(context, indicator), className="nowrap"),
        ],
        className=class_name,
    )


def _entered(indicator: Indicator, row: RollUpRow) -> Children:
    """What was eliminated from the number and adjusted in it, apart from what was reported."""
    apart = rollup_apart(row, indicator)
    return [html.Br(), html.Span(apart, className="soft small")] if apart else []


def _behind(row: RollUpRow) -> Children:
    """What the number rests on."""
    found: Children = [parts.coverage(row)]
    if row.not_applicable:
        text = _("另 %(count)s 个不适用", count=row.not_applicable)
        found += [" ", html.Span(text, className="soft small nowrap")]
    return [*found, *_made_of(row)]


def _made_of(row: RollUpRow) -> Children:
    """Of a number made from shorter periods, those that it is made of, and how many have none."""
    if not row.periods and not row.missing:
        return []
    made = _("由 %(count)s 期合成", count=len(row.periods))
    if len(row.periods) == 1:
        made = _("%(period)s的数", period=period_name(row.periods[0]))
    names = _("、").join(period_name(each) for each in row.periods)
    missing: Children = (
        [" ", parts.badge(_("缺 %(count)s 期", count=len(row.missing)), "consent", "◐")] if row.missing else []
    )
    return [" ", html.Span(made, className="soft small nowrap", title=names), *missing]


def figure_text(indicator: Indicator, row: RollUpRow) -> str:
    """The rolled-up figure as shown; what does not roll up says so."""
    if indicator.aggregation.kind is AggregationKind.NONE:
        return _("不汇总")
    if row.torn:
        return f"{parts.MISSING_SIGN} {words.TORN}"
    if not row.reported:
        return _("— 未报") if row.expected else _("— 不适用")
    if indicator.aggregation.kind is AggregationKind.COUNT_YES:
        yes = row.value or Decimal(0)
        if row.mean is None:  # of several periods: nobody knows how many units answered in one of them
            return _("%(yes)s 个单位为“是”", yes=exact_text(yes))
        return _(
            "%(yes)s 个单位为“是”（%(share)s）",
            yes=exact_text(yes),
            share=percent(yes, row.reported),
        )
    if row.value is None and row.minimum is not None and row.maximum is not None:
        span = scaled_unit([row.minimum, row.maximum], "", indicator.decimals, language())
        return span.show_range(row.minimum, row.maximum, "–")
    if row.value is None:
        return row.text.replace(";", "；").replace(":", " ") or parts.MISSING_SIGN
    return scaled_unit([row.value], indicator.unit, indicator.decimals, language()).show(row.value)


def _ways(context: Context, indicator: Indicator) -> Children:
    """Links to the indicator in the other views; only numbers can be ranked and mapped."""
    if not indicator.type.is_number:
        return []
    changes = {"indicator": indicator.code, "sort": ""}
    ranking = parts.link(_("排名"), parts.href("ranking", context.filters, **changes))
    on_map = parts.link(_("地图"), parts.href("map", context.filters, **changes))
    return [ranking, " ", on_map]
