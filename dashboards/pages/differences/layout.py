"""The table of differences, laid out from its rows."""

from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from dashboards import ids, parts
from dashboards.context import Context
from dashboards.context_bar import context_bar
from dashboards.language import gettext as _
from dashboards.parts import Children
from portal.domain.forms import Scope, Sheet
from portal.domain.numbers import Scale, scaled_unit, signed
from portal.domain.policy import Permission, Subject, permits
from portal.domain.values import EXACT, exact_text
from portal.queries.rollups.differences import DifferenceRow, Verdict
from portal.web.language import language, period_name, say
from portal.web.words import DIFFERENCE_VERDICTS, SCOPES, TABLE_FORMATS

SLUG = "differences"
_COLUMNS = 8


def page(context: Context, rows: Sequence[DifferenceRow], *, demo: bool) -> Children:
    """The unit's own figures beside the sums of those below it, sheet by sheet."""
    by_code = {row.indicator.code: row for row in rows}
    suspicious = sum(row.verdict.needs_a_look for row in rows)
    incomplete = sum(row.verdict is Verdict.INCOMPLETE for row in rows)
    name = parts.unit_name(context.unit.name, context.unit.name_en)
    body = [line for sheet in context.sheets for line in _sheet(context, sheet, by_code)]
    found = _(
        "共 %(count)s 项可以相加的指标；下级未报齐 %(incomplete)s 项；需要核实 %(suspicious)s 项。",
        count=len(rows),
        incomplete=incomplete,
        suspicious=suspicious,
    )
    return [
        parts.breadcrumb(context, SLUG),
        parts.page_head(
            _("差额：%(unit)s", unit=name),
            [_("%(period)s，已验收的数", period=period_name(context.period)), " ", parts.demo_tag(shown=demo)],
            right=_exports(context) if rows else None,
            heading_id=ids.HEADING,
        ),
        context_bar(context, SLUG, tree=False),
        parts.notice(
            _(
                "“本级”指标各级各报各的，本级上报与下级合计是两回事，相加才是全辖数，差额不为零不是错误；"
                "“属地”指标只由区县填报，本级没有数。只有本级误报了全辖数时，差额才说明问题。"
            )
        ),
        html.P(found, className="finding-line"),
        parts.table(_("本级上报与下级合计"), _headings(), body) if body else parts.notice(_nothing(context)),
    ]


def _nothing(context: Context) -> str:
    if context.made:
        return _("没有可以比对的指标：这个报告期没有下达任务，数由较短的报告期合成；差额请看其中各期。")
    return _("没有可以比对的指标。")


def _exports(context: Context) -> Children:
    """The ways to the same as a file, with the amount of each unit below."""
    asked = urlencode({"period": str(context.period)})
    ways: Children = [
        html.A(word, href=f"/rollups/{context.unit.code}/differences/export.{form}?{asked}", className="small")
        for form, word in TABLE_FORMATS
    ]
    return [html.Span(_("导出"), className="small"), *(piece for way in ways for piece in (" ", way))]


def _headings() -> list[Component]:
    return [
        parts.header(_("指标")),
        parts.header(_("计量单位")),
        parts.header(_("口径")),
        parts.header(_("本级上报"), number=True),
        parts.header(_("下级合计（已报）"), number=True),
        parts.header(_("差额"), number=True),
        parts.header(_("差率"), number=True),
        parts.header(_("判定")),
    ]


def _sheet(context: Context, sheet: Sheet, by_code: dict[str, DifferenceRow]) -> list[Component]:
    """The rows of a sheet under its name; none if the sheet has nothing to compare."""
    rows = [by_code[indicator.code] for indicator in sheet.indicators if indicator.code in by_code]
    if not rows:
        return []
    title = html.Tr(html.Th(say(sheet.name), colSpan=_COLUMNS, scope="rowgroup"), className="sheet-name")
    return [title, *(_row(context, row) for row in rows)]


def _row(context: Context, row: DifferenceRow) -> Component:
    indicator = row.indicator
    scale = scaled_unit([row.own, row.children], indicator.unit, indicator.decimals, language())
    word = DIFFERENCE_VERDICTS[row.verdict]
    own_reason = _("不填") if indicator.scope is Scope.TERRITORIAL else _("未报")
    address = parts.href("ranking", context.filters, indicator=indicator.code, level=None, whose=None, sort="")
    return html.Tr(
        [
            html.Th(
                [
                    parts.link(say(indicator.name), address),
                    " ",
                    html.Span(indicator.code, className="code soft"),
                    " ",
                    _reckoning(context, row),
                ],
                scope="row",
            ),
            html.Td(scale.unit),
            html.Td(SCOPES[indicator.scope]),
            parts.number_cell(row.own, scale, own_reason),
            _children_cell(row, scale),
            _difference_cell(row.difference, scale),
            html.Td(_rate(row), className="number"),
            html.Td(parts.badge(str(word.name), word.tone, word.sign), className="verdict"),
        ],
        className="late" if row.verdict.needs_a_look else "",
    )


def _reckoning(context: Context, row: DifferenceRow) -> Component | None:
    """The way to what each unit below adds, and to what was entered between."""
    if not row.parts or not permits(context.actor, Permission.SEE_ORIGINS, Subject(context.unit.path)):
        return None
    asked = urlencode({"period": str(context.period), "indicator": row.indicator.code})
    return html.A(_("对账"), href=f"/rollups/{context.unit.code}/entries/?{asked}", className="small nowrap")


def _children_cell(row: DifferenceRow, scale: Scale) -> Component:
    """The sum below, and of how many units."""
    if row.children is None:
        number: Component = html.Span([parts.MISSING_SIGN, " ", html.Span(_("未报"), className="soft small")])
    else:
        number = html.Span(scale.show(row.children), title=exact_text(row.children))
    entered = [
        html.Span([" ", word, " ", signed(EXACT.divide(amount, scale.divisor), scale.decimals)], className="soft small")
        for word, amount in ((_("冲抵"), row.eliminated), (_("调整"), row.adjusted))
        if amount is not None
    ]
    return html.Td([number, " ", parts.coverage(row), *entered], className="number")


def _difference_cell(difference: Decimal | None, scale: Scale) -> Component:
    if difference is None:
        return html.Td(parts.MISSING_SIGN, className="number")
    text = signed(EXACT.divide(difference, scale.divisor), scale.decimals)
    return html.Td(text, title=exact_text(difference), className="number")


def _rate(row: DifferenceRow) -> str:
    """The difference in percent of the sum below."""
    return parts.MISSING_SIGN if row.percent is None else f"{signed(row.percent, 1)}%"
