"""同级比较: a unit with nothing below it, among the units beside it, as far as it may know of them."""

from collections.abc import Sequence
from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from dashboards import ids, parts, words
from dashboards.context import Context
from dashboards.context_bar import context_bar
from dashboards.language import gettext as _
from dashboards.parts import Children
from portal.domain.forms import DataType, Indicator
from portal.domain.numbers import Scale, percent, scaled_unit, signed
from portal.domain.values import EXACT
from portal.queries.siblings import SiblingComparison, SiblingFigure
from portal.web.language import language, period_name


def comparable(indicator: Indicator) -> bool:
    """Whether a unit is told its siblings' figures for the indicator: numbers, and ratings as a distribution."""
    return indicator.type.is_number or indicator.type is DataType.RATING


def page(context: Context, compared: SiblingComparison, slug: str) -> Children:
    """The unit's figure among those of its siblings, or why they are not told."""
    indicator = context.indicator
    figures = [each for each in (compared.own, *compared.others) if each is not None]
    scale = scaled_unit([each.value for each in figures], indicator.unit, indicator.decimals, language())
    choices = [each for each in context.indicators if comparable(each)]
    body = _distribution if indicator.type is DataType.RATING else _numbers
    return [
        parts.breadcrumb(context, slug),
        parts.page_head(
            _("同级比较：%(indicator)s", indicator=parts.indicator_name(context)),
            [
                _("%(period)s，已验收的数", period=period_name(context.period)),
                " · ",
                words.DIRECTIONS[indicator.direction],
                " ",
                parts.demo_tag(shown=any(each.demo for each in figures)),
            ],
            heading_id=ids.HEADING,
        ),
        context_bar(context, slug, indicators=choices, tree=False),
        html.P([_coverage(compared), _own(compared, scale)], className="finding-line"),
        parts.notice(_silence(compared)) if not compared.others else None,
        *body(context, compared, scale),
    ]


def _coverage(compared: SiblingComparison) -> str:
    return _(
        "同一上级的其他 %(siblings)s 个单位中，%(reported)s 个有已验收的数。",
        siblings=compared.siblings,
        reported=compared.reported,
    )


def _own(compared: SiblingComparison, scale: Scale) -> str:
    if compared.own is None:
        return _("本单位还没有已验收的数。")
    if compared.own.value is None:
        return _("本单位：%(answer)s。", answer=compared.own.category)
    return _("本单位：%(answer)s。", answer=scale.show_with_unit(compared.own.value))


def _silence(compared: SiblingComparison) -> str:
    """Why nothing is told of the siblings."""
    if not compared.siblings:
        return _("没有同一上级的其他单位。")
    if not compared.reported:
        return _("同级单位都还没有已验收的数。")
    return _(
        "同级单位有数的不足 %(fewest)s 个，不显示它们的数，以免看出是谁的。下达任务的单位设为显示名称后不受此限。",
        fewest=compared.fewest,
    )


def _numbers(context: Context, compared: SiblingComparison, scale: Scale) -> Children:
    ranked = compared.ranked(context.indicator.direction)
    if not compared.others or not ranked:
        return []
    return [_summary(ranked, compared, scale), _ranking(context, compared, ranked, scale)]


def _summary(
    ranked: Sequence[tuple[int, SiblingFigure]], compared: SiblingComparison, scale: Scale
) -> Component | None:
    """Where the unit stands, and the quartiles."""
    quartiles = compared.quartiles()
    if quartiles is None:
        return None
    lower, median, upper = quartiles
    mine = next((rank for rank, figure in ranked if figure.own), None)
    tiles = [
        parts.tile(f"{mine}/{len(ranked)}", _("本单位位次"), "good") if mine is not None else None,
        parts.tile(scale.show(lower), _("下四分位数")),
        parts.tile(scale.show(median), _("中位数")),
        parts.tile(scale.show(upper), _("上四分位数")),
    ]
    return html.Ul([tile for tile in tiles if tile is not None], className="tiles")


def _ranking(
    context: Context, compared: SiblingComparison, ranked: Sequence[tuple[int, SiblingFigure]], scale: Scale
) -> Component:
    values = [figure.value for _rank, figure in ranked if figure.value is not None]
    longest = max(abs(value) for value in values)
    quartiles = compared.quartiles()
    headings = [
        parts.header(_("名次"), number=True),
        parts.header(_("单位")),
        parts.header(parts.with_remark(_("本级数"), scale.unit), number=True),
        parts.header(html.Span(_("长短图"), className="visually-hidden")),
        parts.header(_("与中位数之差"), number=True),
    ]
    rows = [_row(rank, figure, scale, longest, quartiles and quartiles[1]) for rank, figure in ranked]
    return parts.table(_("%(indicator)s，同值并列", indicator=parts.indicator_name(context)), headings, rows)


def _row(rank: int, figure: SiblingFigure, scale: Scale, longest: Decimal, median: Decimal | None) -> Component:
    value = figure.value or Decimal(0)
    gap = parts.MISSING_SIGN
    if median is not None:
        gap = signed(EXACT.divide(EXACT.subtract(value, median), scale.divisor), scale.decimals)
    bar = html.Meter(value=str(abs(value)), min="0", max=str(longest or 1), **parts.aria(hidden="true"))
    return html.Tr(
        [
            html.Td(str(rank), className="number rank"),
            html.Th(_name(figure), scope="row"),
            parts.number_cell(figure.value, scale, ""),
            html.Td(bar, className="bar-cell"),
            html.Td(gap, className="number"),
        ],
        className="mine" if figure.own else "",
    )


def _name(figure: SiblingFigure) -> str:
    if figure.own:
        return _("本单位")
    return parts.unit_name(figure.name, figure.name_en) or _("同级单位")


def _distribution(context: Context, compared: SiblingComparison, _scale: Scale) -> Children:
    """How many gave which answer, in the form's order, and which was the unit's own."""
    counts = compared.distribution()
    if not compared.others:
        return []
    own = compared.own.category if compared.own else ""
    rows = [
        html.Tr(
            [
                html.Th([choice, " ", parts.badge(_("本单位"), "info")] if choice == own else choice, scope="row"),
                html.Td(str(counts.get(choice, 0)), className="number"),
                html.Td(percent(counts.get(choice, 0), sum(counts.values())), className="number"),
                html.Td(_named(compared, choice)) if compared.named else None,
            ],
            className="mine" if choice == own else "",
        )
        for choice in context.indicator.choices
    ]
    headings = [parts.header(_("等次")), parts.header(_("单位数"), number=True), parts.header(_("占比"), number=True)]
    if compared.named:
        headings.append(parts.header(_("单位")))
    return [parts.table(parts.indicator_name(context), headings, rows)]


def _named(compared: SiblingComparison, choice: str) -> str:
    return _("、").join(parts.unit_name(each.name, each.name_en) for each in compared.others if each.category == choice)
