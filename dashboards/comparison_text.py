"""What a comparison of units says in words, for the ranking and for the map."""

from dash import html
from dash.development.base_component import Component

from dashboards import parts
from dashboards.compared import Comparison
from dashboards.language import gettext as _
from portal.domain.numbers import percent
from portal.web.language import say


def alone(compared: Comparison) -> Component | None:
    """Why there is nothing to compare, where a person sees one unit only."""
    if len(compared.figures) > 1:
        return None
    return parts.notice(_("同级单位中您只能看到这一个，没有可以比较的。"))


def reorganised(compared: Comparison) -> Component | None:
    """What was reorganised since the earlier period, unit by unit."""
    marks = [
        html.Li(_("%(unit)s：%(what)s", unit=figure.name, what=say(text)))
        for figure in compared.figures
        for text in figure.breaks
    ]
    if not marks:
        return None
    heading = html.H2(_("区划变动"))
    hint = html.P(_("这些单位的上年数与本年数不是同一范围；选“现行区划”可按同一范围比较。"), className="soft small")
    return html.Section([heading, hint, html.Ul(marks)])


def sentence(compared: Comparison) -> str:
    """What the table says, in words."""
    league, scale = compared.league, compared.scale
    done, count = len(league.ranked), league.count
    text = _("%(done)s/%(count)s 个单位参加排名（%(share)s）。", done=done, count=count, share=percent(done, count))
    median = league.median()
    if median is None:
        return text
    first, last = league.ranked[0].figure, league.ranked[-1].figure
    if first.value is not None and last.value is not None:
        text += _(
            "第一位%(first)s %(most)s，末位%(last)s %(least)s，中位数 %(median)s。",
            first=first.name,
            most=scale.show_with_unit(first.value),
            last=last.name,
            least=scale.show_with_unit(last.value),
            median=scale.show_with_unit(median),
        )
    mine = league.find(compared.marked)
    if mine is not None:
        text += _("%(unit)s第 %(rank)s 位。", unit=mine.figure.name, rank=mine.rank)
    return text
