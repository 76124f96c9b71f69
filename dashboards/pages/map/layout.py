"""The map and the table of the same state, laid out from the figures compared."""

from collections.abc import Callable, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards import ids, parts, words
from dashboards.boundaries import BoundaryFile, Box, find_boundaries
from dashboards.compared import Comparison
from dashboards.comparison_text import alone, reorganised, sentence
from dashboards.context import Context
from dashboards.context_bar import comparison_bar
from dashboards.figures.choropleth import Area, Label, Outline, choropleth
from dashboards.figures.classes import ValueClass, class_of, quantile_classes
from dashboards.figures.palette import shades
from dashboards.filters import Filters, Show, Whose
from dashboards.language import gettext as _
from dashboards.parts import Children
from dashboards.standings import Standing, UnitFigure, sort_standings
from portal.domain.forms import DataType
from portal.domain.numbers import Scale
from portal.domain.units import Level
from portal.web.language import period_name
from portal.web.words import LEVELS

SLUG = "map"
_SIZED = frozenset({DataType.COUNT, DataType.AMOUNT})
_WRITABLE_NAMES = 30  # more names than these overlap


_PARTIAL, _NONE = "partial", "none"  # shades of units that are in no class

AssetUrl = Callable[[str], str]
"""From the name of a file in `assets` to its address."""


def page(context: Context, compared: Comparison, *, source: str, asset_url: AssetUrl) -> Children:
    """The map page.

    Args:
        context: what the page is about.
        compared: figures of the units on the map.
        source: where the boundaries are from; printed below the map.
        asset_url: gives the address of a boundary file.
    """
    boundaries = find_boundaries(context.top.code, compared.level)
    classes = quantile_classes(
        figure.value for figure in compared.figures if figure.value is not None and figure.comparable
    )
    on_file = boundaries is not None and any(figure.code in boundaries.places for figure in compared.figures)
    drawn = on_file and context.filters.show is Show.MAP
    listing = _table(context, compared, classes)
    return [
        parts.breadcrumb(context, SLUG),
        parts.page_head(
            _("地图：%(indicator)s", indicator=parts.indicator_name(context)),
            [
                period_name(context.period),
                f" · {LEVELS[compared.level]} · {words.WHOSE[compared.whose]} ",
                parts.demo_tag(shown=compared.demo),
            ],
            right=[_switch(context.filters)],
            heading_id=ids.HEADING,
        ),
        comparison_bar(context, SLUG, compared),
        alone(compared),
        parts.notice(_("合计类指标受辖区规模影响，数值大不等于程度高；比较程度请选比率类指标。"), "explain")
        if context.indicator.type in _SIZED
        else None,
        parts.notice(_("系统里没有这一级的边界文件，请看下表；表中内容与地图相同。")) if not on_file else None,
        html.Div([_map(context, compared, boundaries, classes, source, asset_url), listing], className="map-and-table")
        if drawn and boundaries is not None
        else listing,
        reorganised(compared),
    ]


def _switch(filters: Filters) -> Component:
    """图 | 表, on the same state."""
    choices = ((Show.MAP, _("地图")), (Show.TABLE, _("表格")))
    return html.Ul(
        [
            html.Li(
                parts.link(
                    text, parts.href(SLUG, filters, show=show), className="current" if filters.show is show else ""
                )
            )
            for show, text in choices
        ],
        className="chips no-print",
    )


def _map(
    context: Context,
    compared: Comparison,
    boundaries: BoundaryFile,
    classes: Sequence[ValueClass],
    source: str,
    asset_url: AssetUrl,
) -> Component:
    areas = [_area(figure, classes, compared.scale) for figure in compared.figures if figure.code in boundaries.places]
    above = find_boundaries(context.top.code, Level.CITY) if compared.level is Level.DISTRICT else None
    # Around a single unit there would only be pieces of its city's border.
    outline = Outline(asset_url(above.name), _cities(areas, boundaries, above)) if above and len(areas) > 1 else None
    figure = choropleth(
        areas,
        len(classes),
        asset_url(boundaries.name),
        Box.around(boundaries.places[area.code].box for area in areas),
        labels=_labels(areas, boundaries, above),
        outline=outline,
        selected=compared.marked,
    )
    caption: Children = [
        sentence(compared),
        " ",
        html.Span(_("点区域进入该单位。"), className="soft no-print"),
        _legend(compared, classes),
        html.P(source, className="map-source"),
    ]
    return parts.chart(ids.MAP, figure, caption, file_name=f"map-{context.indicator.code}-{context.period}")


def _area(figure: UnitFigure, classes: Sequence[ValueClass], scale: Scale) -> Area:
    if figure.value is None:
        return Area(figure.code, figure.name, None, words.without(figure))
    shown = scale.show_with_unit(figure.value)
    if figure.row is not None and figure.row.total.entered is not None:
        shown = parts.with_remark(shown, parts.entered_words(figure.row))
    if figure.breaks:
        shown = parts.with_remark(shown, _("区划变动，与上年不可比"))
    if figure.partial:
        reported = _("部分，已报 %(reported)s/%(expected)s", reported=figure.reported, expected=figure.expected)
        return Area(figure.code, figure.name, None, parts.with_remark(shown, reported), partial=True)
    return Area(figure.code, figure.name, class_of(figure.value, classes), shown)


def _cities(areas: Sequence[Area], boundaries: BoundaryFile, cities: BoundaryFile) -> list[str]:
    """The cities around the areas drawn; one without districts is its own."""
    around = {code for area in areas for code in (area.code, boundaries.places[area.code].parent)}
    return [code for code in cities.places if code in around]


def _labels(areas: Sequence[Area], boundaries: BoundaryFile, above: BoundaryFile | None) -> list[Label]:
    """Names of the areas, or, where these are too many to be written, of the cities they are in."""
    if len(areas) <= _WRITABLE_NAMES:
        places = [boundaries.places[area.code] for area in areas]
    else:
        places = [above.places[code] for code in _cities(areas, boundaries, above)] if above else []
    return [Label(place.name.removesuffix("市"), place.longitude, place.latitude) for place in places]


def _legend(compared: Comparison, classes: Sequence[ValueClass]) -> Component:
    """The classes in words: range of values really in each, and how many units."""
    scale = compared.scale
    entries = [
        (str(shade), _range(each, scale), each.count) for each, shade in zip(classes, shades(len(classes)), strict=True)
    ]
    partial = sum(figure.partial for figure in compared.figures)
    without = sum(figure.value is None for figure in compared.figures)
    entries += [(_PARTIAL, _("部分（下级未报齐）"), partial)] if partial else []
    torn = any(figure.torn for figure in compared.figures)
    reason = _("未报、不适用或拆分后分不开") if torn else _("未报或不适用")
    entries += [(_NONE, reason, without)] if without else []
    return html.Ul(
        [
            html.Li(
                [
                    _swatch(shade),
                    _("%(range)s（%(count)s 个）", range=text, count=count),
                ]
            )
            for shade, text, count in entries
        ],
        className="legend",
    )


def _swatch(shade: str) -> Component:
    return html.Span(className=f"swatch shade-{shade}", **parts.aria(hidden="true"))


def _range(each: ValueClass, scale: Scale) -> str:
    return scale.show_range_with_unit(each.lowest, each.highest, "–")


def _table(context: Context, compared: Comparison, classes: Sequence[ValueClass]) -> Component:
    """What the map shows, as a table; without a figure last, with the reason."""
    scale, league = compared.scale, compared.league
    headings = [
        parts.sort_header(_("单位"), "unit", SLUG, context.filters, default="rank"),
        parts.sort_header(_("名次"), "rank", SLUG, context.filters, default="rank", number=True),
        parts.sort_header(
            parts.with_remark(_("数值"), scale.unit), "value", SLUG, context.filters, default="rank", number=True
        ),
    ]
    if compared.whose is Whose.TOTAL:
        headings.append(parts.header(_("已报单位"), number=True))
    ranked = [
        _ranked_row(context, compared, each, classes) for each in sort_standings(league.ranked, context.filters.sort)
    ]
    others = [
        _row(context, compared, figure, parts.MISSING_SIGN, _NONE if figure.value is None else _PARTIAL)
        for figure in league.unranked
    ]
    caption = _("%(indicator)s，与地图内容相同", indicator=parts.indicator_name(context))
    return parts.table(caption, headings, [*ranked, *others])


def _ranked_row(context: Context, compared: Comparison, standing: Standing, classes: Sequence[ValueClass]) -> Component:
    value = standing.figure.value
    shade = _NONE if value is None else str(shades(len(classes))[class_of(value, classes)])
    return _row(context, compared, standing.figure, str(standing.rank), shade)


def _row(context: Context, compared: Comparison, figure: UnitFigure, rank: str, shade: str) -> Component:
    address = parts.href(SLUG, context.filters, unit=figure.code, level=None, whose=None, sort="")
    return html.Tr(
        [
            html.Th([_swatch(shade), parts.link(figure.name, address), *parts.break_mark(figure.breaks)], scope="row"),
            html.Td(rank, className="number"),
            parts.number_cell(
                figure.value,
                compared.scale,
                words.without(figure),
                parts.entered_mark(context, figure.row),
            ),
            html.Td(parts.coverage(figure.row), className="number") if compared.whose is Whose.TOTAL else None,
        ],
        className="mine" if figure.code == compared.marked else "",
    )
