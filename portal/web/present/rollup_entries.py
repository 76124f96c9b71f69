"""Eliminations and adjustments of roll-ups on screen."""

from portal.domain.rollup_entries import EntryKind
from portal.web.input_words import input_sentence
from portal.web.language import gettext
from portal.web.language import lazy_gettext as _
from portal.web.words import Word

ENTRY_KINDS: dict[EntryKind, Word] = {
    EntryKind.ELIMINATION: Word(_("冲抵数"), "−", "info"),
    EntryKind.ADJUSTMENT: Word(_("调整数"), "±", "explain"),
}


def entry_sentence(problem: str) -> str:
    """What is wrong with an entry; `problem` is the stable word of an InvalidInput."""
    known = {
        "not_a_sum": gettext("这个指标不是相加得出的，不能冲抵或调整。"),
        "no_elimination": gettext("报表制度没有规定这个指标在本单位的汇总中可以冲抵，请选“调整”。"),
        "nothing": gettext("请填不为 0 的数。"),
        "not_negative": gettext("冲抵是减去重复的数，请填负数，如 -3。"),
        "not_whole": gettext("请填整数。"),
        "below_minimum": gettext("这样合计会小于指标规定的最小值，请核对。"),
        "own_figure": gettext("本单位没有下级，数有误请更正报表，不用调整。"),
    }
    return known.get(problem) or input_sentence(problem)
