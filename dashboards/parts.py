"""Pieces that several pages are made of. Each says what it is given and looks nothing up."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from dashboards.context import Context
from dashboards.figures import Figure
from dashboards.filters import Filters, TreeChoice
from dashboards.language import gettext as _
from portal.domain.numbers import Scale, percent
from portal.domain.policy import Permission, Subject, permits
from portal.domain.texts import Text
from portal.domain.values import exact_text
from portal.queries.rollups.differences import DifferenceRow
from portal.queries.rollups.rows import RollUpRow
from portal.web.language import language, say
from portal.web.present.coverage import coverage_counts
from portal.web.present.rollups import rollup_apart

ROOT = "/dashboards/"
MISSING_SIGN = "—"
Children = list[Any]


def href(page: str, filters: Filters, **changes: Any) -> str:
    """The address of a page, with some of the state changed."""
    return f"{ROOT}{page}{filters.but(**changes).search()}"


def link(text: Any, address: str, **attributes: Any) -> Component:
    """A link within the dashboards: `assets/20_navigation.js` follows it without loading a page."""
    return html.A(text, href=address, **attributes)


def aria(**attributes: str) -> dict[str, Any]:
    """ARIA attributes, whose names Python cannot spell as keywords: `aria(label="…")`."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def unit_name(name: str, name_en: str) -> str:
    """A unit's name in the language of this request."""
    return name_en if language() == "en" and name_en else name


def page_head(title: str, subtitle: Children, *, right: Children | None = None, heading_id: str) -> Component:
    """The page's H1, and a line below it."""
    return html.Div(
        [
            html.Div([html.H1(title, id=heading_id, tabIndex="-1"), html.P(subtitle, className="sub")]),
            html.Div(right or [], className="right"),
        ],
        className="page-head",
    )


def demo_tag(*, shown: bool) -> Component | None:
    """The mark of made-up figures."""
    if not shown:
        return None
    return html.Span(_("演示数据"), className="demo-tag", title=_("为演示编造的数据，不是真实填报"))


def badge(text: str, tone: str, sign: str = "") -> Component:
    """A word in a coloured frame; the sign tells it apart without colour."""
    marks: Children = [html.Span(sign, **aria(hidden="true")), " "] if sign else []
    return html.Span([*marks, text], className=f"badge tone-{tone}")


def coverage(row: RollUpRow | DifferenceRow | None) -> Component:
    """How many of the expected units have reported: `98/122（80.3%）`, marked as partial when some have not.

    Behind it stands what became of every answer that might be in the number.
    """
    if row is None:
        return html.Span(MISSING_SIGN, className="soft")
    counts = coverage_counts(row.coverage)
    mark = share(row.reported, row.expected)
    if not counts:
        return mark
    told = [html.Div([html.Dt(name), html.Dd(count)]) for name, count in counts]
    return html.Details([html.Summary(mark), html.Dl(told)], className="cover")


def share(reported: int, expected: int) -> Component:
    """How many of the expected there are, marked where some are missing."""
    if not expected:
        return html.Span(MISSING_SIGN, className="soft")
    if reported >= expected:
        return html.Span(f"{reported}/{expected}", className="nowrap")
    text = _(
        "%(reported)s/%(expected)s（%(share)s）",
        reported=reported,
        expected=expected,
        share=percent(reported, expected),
    )
    return html.Span([html.Span(text, className="nowrap"), " ", badge(_("部分"), "consent")])


def break_mark(words: Sequence[Text]) -> Children:
    """A mark at what is not of the same units as a year ago, with what happened; nothing where nothing did."""
    if not words:
        return []
    told = _("；").join(say(each) for each in words)
    return [" ", html.Span(badge(_("与上年不可比"), "consent", "⚡"), title=told)]


def number_cell(
    number: Decimal | None, scale: Scale, reason: str, beside: Children | None = None, **attributes: Any
) -> Component:
    """A table cell with a number, exact in its tooltip, behind what stands `beside` it; without one a dash and why."""
    if number is None:
        return html.Td([MISSING_SIGN, " ", html.Span(reason, className="soft small")], className="number", **attributes)
    shown = scale.show(number)
    return html.Td(
        [*beside, " ", shown] if beside else shown, title=exact_text(number), className="number", **attributes
    )


def entered_mark(context: Context, row: RollUpRow | None) -> Children:
    """A mark at a number in which something was eliminated or adjusted; behind it the amounts, and the way to them."""
    if row is None or row.total.entered is None:
        return []
    told: Children = [rollup_apart(row, row.what)]
    as_reported = context.filters.tree is TreeChoice.REPORTED and not row.counted
    if as_reported and permits(context.actor, Permission.SEE_ORIGINS, Subject(row.unit.path)):
        asked = urlencode({"period": str(context.period), "indicator": row.indicator})
        told += [" ", html.A(_("对账"), href=f"/rollups/{row.unit_code}/entries/?{asked}")]
    return [html.Details([html.Summary(badge(entered_words(row), "explain", "±")), html.P(told)], className="cover")]


def torn_mark(context: Context, row: RollUpRow | None) -> Children:
    """The way from where there is no number to the units that were split since."""
    if row is None or not row.torn or row.counted:
        return []
    if not permits(context.actor, Permission.SEE_ORIGINS, Subject(row.unit.path)):
        return []
    asked = urlencode({"period": str(context.period), "indicator": row.indicator, "tree": row.tree})
    return [" ", html.A(_("看哪些单位"), href=f"/rollups/{row.unit_code}/origins/?{asked}", className="small")]


def entered_words(row: RollUpRow) -> str:
    """Which kinds of entries are in a number that has some."""
    if row.total.adjusted is None:
        return _("含冲抵")
    return _("含调整") if row.total.eliminated is None else _("含冲抵、调整")


def with_remark(text: str, remark: str) -> str:
    """A text with something in brackets behind it: `资金支出（万元）`; without anything, the text."""
    return _("%(text)s（%(remark)s）", text=text, remark=remark) if remark else text


def sort_header(
    text: str, column: str, page: str, filters: Filters, *, default: str = "", number: bool = False
) -> Component:
    """A column heading that sorts by its column, upwards first, then downwards; the order stands in the URL."""
    current = filters.sort or default
    upwards, downwards = current == column, current == f"-{column}"
    following = f"-{column}" if upwards or (number and not downwards) else column
    sign = "▲" if upwards else "▼" if downwards else "↕"
    sorting = aria(sort="ascending" if upwards else "descending") if upwards or downwards else {}
    mark = html.Span(sign, className="sort-sign", **aria(hidden="true"))
    address = href(page, filters, sort=following)
    return html.Th(link([text, " ", mark], address), scope="col", className="number" if number else "", **sorting)


def header(text: Any, *, number: bool = False) -> Component:
    """A plain column heading."""
    return html.Th(text, scope="col", className="number" if number else "")


def table(caption: str, headings: Sequence[Component], rows: Sequence[Component]) -> Component:
    """A table that scrolls sideways on narrow screens, reachable by keyboard."""
    return html.Div(
        html.Table(
            [html.Caption(caption), html.Thead(html.Tr(list(headings))), html.Tbody(list(rows))], className="list"
        ),
        className="table-scroll",
        tabIndex="0",
        role="region",
        **aria(label=caption),
    )


def chart(graph_id: str, figure: Figure, caption: Children, *, file_name: str) -> Component:
    """A chart with a sentence below it that says what it shows."""
    config: Any = {
        "locale": "zh-CN" if language() == "zh" else "en",
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": file_name, "scale": 2},
    }
    height = figure["layout"]["height"]
    graph = dcc.Graph(id=graph_id, figure=figure, config=config, responsive=True, style={"height": f"{height}px"})
    return html.Figure([graph, html.Figcaption(caption)], className="chart")


def notice(children: Any, tone: str = "info") -> Component:
    """A remark that stands out."""
    return html.P(children, className=f"notice notice-{tone}")


def tile(number: str, label: Any, tone: str = "") -> Component:
    """One of the large counts at the top of a page."""
    return html.Li([html.Strong(number), label], className=tone)


def breadcrumb(context: Context, page: str) -> Component:
    """The way down to the unit; units that the person may not open are named but not linked."""
    items = []
    for unit in context.ancestors:
        name = unit_name(unit.name, unit.name_en)
        if unit.code == context.unit.code:
            items.append(html.Li(name, **aria(current="page")))
        elif unit.code in context.reachable:
            items.append(html.Li(link(name, href(page, context.filters, unit=unit.code, level=None))))
        else:
            items.append(html.Li(name, className="soft"))
    return html.Nav(html.Ol(items, className="breadcrumb"), **aria(label=_("单位层级")))


def indicator_name(context: Context) -> str:
    """The indicator's name in the language of this request."""
    return say(context.indicator.name)
