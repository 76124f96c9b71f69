"""The bar above every view: unit, year, indicator and how figures are counted. A plain form whose answers are the URL.

Without script it is sent with its button; `assets/navigation.js` sends it on every change, without loading a page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from dash import dcc, html
from dash.development.base_component import Component
from flask_babel.speaklater import LazyString

from dashboards import words
from dashboards.compared import Comparison
from dashboards.context import Context
from dashboards.filters import Against, Among, Basis, TreeChoice, Whose
from dashboards.language import gettext as _
from dashboards.parts import ROOT, Children, aria, unit_name
from portal.domain.forms import Indicator
from portal.domain.periods import PeriodKind
from portal.domain.units import Level
from portal.web.form_words import PERIOD_KINDS
from portal.web.language import period_name, say
from portal.web.words import LEVELS

_W = TypeVar("_W", bound=StrEnum)


def context_bar(
    context: Context,
    page: str,
    *,
    indicators: Sequence[Indicator] = (),
    levels: Iterable[Level] = (),
    whose: Iterable[Whose] = (),
    basis: bool = False,
    tree: bool = True,
    against: bool = False,
    among: bool = False,
) -> Component:
    """The form; what a page does not depend on is not offered.

    Args:
        context: what the page is about.
        page: its address below `/dashboards/`.
        indicators: those it can show.
        levels: levels of units it can compare.
        whose: which of their figures it can compare.
        basis: whether it can count figures not yet accepted.
        tree: whether it can group units by today's tree.
        against: whether it can compare with one or another earlier period.
        among: whether it compares totals of two periods.
    """
    filters = context.filters
    fields = [
        _unit_field(context),
        _period_field(context),
        _indicator_field(context, indicators) if indicators else None,
        _words("l", _("比较层级"), LEVELS, levels, filters.level),
        _words("k", _("比较口径"), words.WHOSE, whose, filters.whose),
        _words("c", _("与谁比"), words.AGAINST, Against if against else (), context.against),
        _words("n", _("比较范围"), words.AMONG, Among if among else (), filters.among),
        _words("b", _("数据口径"), words.BASES, Basis if basis else (), filters.basis),
        _words("t", _("区划口径"), words.TREES, TreeChoice if tree else (), filters.tree),
    ]
    return html.Form(
        [
            *(field for field in fields if field is not None),
            html.Button(_("查看"), className="button button-primary", type="submit"),
        ],
        action=f"{ROOT}{page}",
        method="get",
        className="context-bar no-print",
        role="search",
        **aria(label=_("选择单位、报告期和口径")),
    )


def comparison_bar(context: Context, page: str, compared: Comparison, *, against: bool = False) -> Component:
    """The form of a page that compares units; it shows the level and the figures really compared."""
    filters = context.filters.but(level=compared.level, whose=compared.whose)
    return context_bar(
        replace(context, filters=filters),
        page,
        indicators=compared.indicators,
        levels=compared.levels,
        whose=compared.choices,
        basis=compared.restatable,
        tree=compared.restatable,
        against=against and context.period.kind is not PeriodKind.YEAR,
        among=against and compared.whose is Whose.TOTAL,
    )


def _unit_field(context: Context) -> Component:
    """A box that searches by code or name; it is sent as `441802 清城区`."""
    choices = [html.Option(value=f"{unit.code} {unit_name(unit.name, unit.name_en)}") for unit in context.units]
    unit = context.unit
    return html.Div(
        [
            html.Label(_("单位"), htmlFor="choose-unit"),
            dcc.Input(
                id="choose-unit",
                type="text",
                name="u",
                list="unit-choices",
                value=f"{unit.code} {unit_name(unit.name, unit.name_en)}",
                autoComplete="off",
            ),
            html.Datalist(choices, id="unit-choices"),
        ],
        className="field-unit",
    )


def _period_field(context: Context) -> Component:
    """Periods under the names of their kinds, if there are several kinds."""
    kinds = list(dict.fromkeys(each.kind for each in context.periods))
    options = {
        kind: [
            html.Option(period_name(each), value=str(each), selected=each == context.period)
            for each in context.periods
            if each.kind is kind
        ]
        for kind in kinds
    }
    if len(kinds) == 1:
        return _select("y", _("报告期"), options[kinds[0]])
    return _select("y", _("报告期"), [html.Optgroup(options[kind], label=str(PERIOD_KINDS[kind])) for kind in kinds])


def _indicator_field(context: Context, indicators: Sequence[Indicator]) -> Component:
    """Indicators under the names of their sheets."""
    shown = {each.code for each in indicators}
    groups = [
        html.Optgroup(
            [
                html.Option(
                    f"{each.code} {say(each.name)}", value=each.code, selected=each.code == context.indicator.code
                )
                for each in sheet.indicators
                if each.code in shown
            ],
            label=say(sheet.name),
        )
        for sheet in context.sheets
        if any(each.code in shown for each in sheet.indicators)
    ]
    return _select("i", _("指标"), groups, "field-indicator")


def _words(
    name: str, label: str, names: Mapping[_W, LazyString], offered: Iterable[_W], chosen: _W | None
) -> Component | None:
    """A choice between words; none if there is nothing to choose."""
    choices = [(each.value, str(names[each])) for each in offered]
    return _choice(name, label, choices, chosen or "") if len(choices) > 1 else None


def _choice(name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> Component:
    options = [html.Option(text, value=value, selected=value == chosen) for value, text in choices]
    return _select(name, label, options)


def _select(name: str, label: str, options: Children, class_name: str = "") -> Component:
    box_id = f"choose-{name}"
    box = html.Select(options, id=box_id, name=name)
    return html.Div([html.Label(label, htmlFor=box_id), box], className=class_name)
