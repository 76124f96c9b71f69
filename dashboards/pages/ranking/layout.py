"""The league table, laid out from its standings."""

from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from dashboards import ids, parts, words
from dashboards.compared import Comparison
from dashboards.comparison_text import alone, reorganised, sentence
from dashboards.context import Context
from dashboards.context_bar import comparison_bar
from dashboards.filters import Whose
from dashboards.language import gettext as _
from dashboards.parts import Children
from dashboards.standings import Standing, UnitFigure, sort_standings
from portal.domain.numbers import Scale, is_share, percentage, signed
from portal.domain.periods import PeriodKind
from portal.domain.values import EXACT, exact_text
from portal.web.figures import points
from portal.web.language import period_name
from portal.web.words import LEVELS

SLUG = "ranking"
_SHAKY_COVERAGE = Decimal("0.8")  # below it a rank says little, and is shown in grey


def page(context: Context, compared: Comparison) -> Children:
    """The league table of the units compared."""
    league = compared.league
    return [
        parts.breadcrumb(context, SLUG),
        parts.page_head(
            _("排名：%(indicator)s", indicator=parts.indicator_name(context)),
            [
                period_name(context.period),
                " · ",
                f"{LEVELS[compared.level]} · {words.WHOSE[compared.whose]} · ",
                words.DIRECTIONS[context.indicator.direction],
                " ",
                parts.demo_tag(shown=compared.demo),
            ],
            heading_id=ids.HEADING,
        ),
        comparison_bar(context, SLUG, compared, against=True),
        alone(compared),
        html.P([sentence(compared)], className="finding-line"),
        _ranked(context, compared) if league.ranked else parts.notice(_("还没有单位可以排名。")),
        _unranked(context, compared) if league.unranked else None,
        reorganised(compared),
    ]


def _ranked(context: Context, compared: Comparison) -> Component:
    filters, league, scale = context.filters, compared.league, compared.scale
    value_heading = parts.with_remark(str(words.WHOSE[compared.whose]), scale.unit)

    def sortable(text: str, column: str, *, number: bool = True) -> Component:
        return parts.sort_header(text, column, SLUG, filters, default="rank", number=number)

    headings = [
        sortable(_("名次"), "rank"),
        sortable(_("单位"), "unit", number=False),
        parts.header(_("上级")),
        sortable(value_heading, "value"),
        parts.header(html.Span(_("长短图"), className="visually-hidden")),
        sortable(_("上年") if context.period.kind is PeriodKind.YEAR else str(words.AGAINST[context.against]), "last"),
        sortable(_("增减"), "change"),
        parts.header(_("增减率"), number=True),
        parts.header(_("已报单位"), number=True) if compared.whose is Whose.TOTAL else None,
    ]
    longest = max(
        (abs(each.figure.value) for each in league.ranked if each.figure.value is not None), default=Decimal(0)
    )
    shaky = Decimal(len(league.ranked)) < _SHAKY_COVERAGE * league.count
    rows = [_row(context, compared, each, longest, shaky=shaky) for each in sort_standings(league.ranked, filters.sort)]
    caption = _("%(indicator)s，同值并列", indicator=parts.indicator_name(context))
    return parts.table(caption, [each for each in headings if each is not None], rows)


def _row(context: Context, compared: Comparison, standing: Standing, longest: Decimal, *, shaky: bool) -> Component:
    figure, scale = standing.figure, compared.scale
    place = str(standing.rank)
    rank: Children = [place, html.Span(_("并列"), className="soft small")] if standing.tied else [place]
    mine = figure.code == compared.marked
    cells = [
        html.Td(rank, className="number rank shaky" if shaky else "number rank"),
        _unit_cell(context, figure),
        html.Td(figure.parent_name, className="soft"),
        parts.number_cell(figure.value, scale, "", parts.entered_mark(context, figure.row)),
        html.Td(_bar(figure.value or Decimal(0), longest), className="bar-cell"),
        parts.number_cell(figure.last_year, scale, _why_not(compared, figure)),
        _change_cell(figure, scale),
        html.Td(_change_rate(context, figure), className="number"),
        html.Td(parts.coverage(figure.row), className="number") if compared.whose is Whose.TOTAL else None,
    ]
    return html.Tr([cell for cell in cells if cell is not None], className="mine" if mine else "")


def _why_not(compared: Comparison, figure: UnitFigure) -> str:
    """Why there is no earlier figure."""
    if figure.breaks:
        return _("区划变动，不可比")
    if figure.others:
        return _("那时报的是别的单位，不可比")
    return _("不可比") if compared.broken else _("那时未报")


def _unit_cell(context: Context, figure: UnitFigure) -> Component:
    """The unit's name; it leads to those below it, or to the unit among its neighbours."""
    address = parts.href(SLUG, context.filters, unit=figure.code, level=None, whose=None, sort="")
    return html.Th(parts.link(figure.name, address), scope="row")


def _bar(value: Decimal, longest: Decimal) -> Component:
    """The value as a length; the number stands in the cell before it."""
    return html.Meter(value=str(abs(value)), min="0", max=str(longest or 1), **parts.aria(hidden="true"))


def _change_cell(figure: UnitFigure, scale: Scale) -> Component:
    """The difference to last year: percentage points for shares, else on the column's scale."""
    change = figure.change
    if change is None:
        return html.Td(parts.MISSING_SIGN, className="number")
    if is_share(scale.unit):
        text = points(change, scale.unit, scale.decimals)
    else:
        text = signed(EXACT.divide(change, scale.divisor), scale.decimals)
    return html.Td(text, title=exact_text(change), className="number")


def _change_rate(context: Context, figure: UnitFigure) -> str:
    """The change in percent; a share has none, because a percentage of a percentage misleads."""
    change, before = figure.change, figure.last_year
    if change is None or not before or is_share(context.indicator.unit):
        return parts.MISSING_SIGN
    return f"{signed(percentage(change, before), 1)}%"


def _unranked(context: Context, compared: Comparison) -> Component:
    """Who is not in the ranking, and why; of a total also what there is of it."""
    total = compared.whose is Whose.TOTAL
    headings = [parts.header(_("单位")), parts.header(_("上级")), parts.header(_("原因"))]
    if total:
        headings += [
            parts.header(parts.with_remark(_("已报部分"), compared.scale.unit), number=True),
            parts.header(_("已报单位"), number=True),
        ]
    rows = []
    for figure in compared.league.unranked:
        cells = [
            _unit_cell(context, figure),
            html.Td(figure.parent_name, className="soft"),
            html.Td([words.without(figure), *parts.torn_mark(context, figure.row)]),
        ]
        if total:
            beside = parts.entered_mark(context, figure.row)
            cells.append(parts.number_cell(figure.value, compared.scale, "", beside))
            cells.append(html.Td(parts.coverage(figure.row), className="number"))
        rows.append(html.Tr(cells, className="mine" if figure.code == compared.marked else ""))
    caption = _("未参加排名的 %(count)s 个单位", count=len(rows))
    return html.Section([html.H2(_("未排名")), parts.table(caption, headings, rows)])
