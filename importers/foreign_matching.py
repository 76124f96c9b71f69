"""Which figure of a foreign layout may answer which indicator: suggestions by likeness, for a person to decide on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from importers.foreign_labels import relative
from importers.foreign_layout import Figure, FigureKey, Layout
from importers.measures import conversion, tidy
from portal.domain.forms import FormVersion, Indicator
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.wording import label

SURE, LEAD = 90.0, 5.0
"""From this likeness, and this much ahead of the next figure, a suggestion is chosen beforehand. Of 651 labels in other
words 83 % come this far, and 0.2 % of these wrongly: which is why a person confirms every one."""

_LIKELY = 50.0
_OTHER_UNIT = 30.0
_MOST_OPTIONS = 6
_PLAIN_HEADS = re.compile(r"本年数?|本期数?|本年度?实际|本期实际|本年累计|累计|数量|金额|数值|合计|总计|实际数?")
_OTHER_TIMES = re.compile(r"上年|上期|前年|去年|同期|年初|期初|增减|增长|增幅|同比|环比|比上|计划|预算|目标|占比|比重")
_NOT_IN_WORDS = re.compile(r"[\s\W_]+")


@dataclass(frozen=True)
class Option:
    """A figure that may be the indicator's; likeness from 0 to 100."""

    figure: int
    likeness: float


@dataclass(frozen=True)
class Question:
    """What a person is asked about one indicator.

    Attributes:
        options: positions of figures in the layout, the likeliest first.
        chosen: the one that is chosen beforehand; None if none is sure enough.
        known: whether a person chose it before, for a file whose labels are the same here.
    """

    indicator: str
    options: tuple[Option, ...] = ()
    chosen: int | None = None
    known: bool = False


Choices = Mapping[str, FigureKey | None]
"""The figure that answers each indicator, by code; None where a person said that the file has none."""


def questions(
    layout: Layout, form: FormVersion, level: Level, period: Period, before: Choices | None = None
) -> list[Question]:
    """A question for every indicator that the unit fills, in form order.

    Args:
        layout: of the file.
        form: that is to be filled in.
        level: of the unit.
        period: that the file is for.
        before: what was confirmed for an earlier file; holds where the labels are still there, and are the only ones.
    """
    candidates = [(n, _names_of(figure)) for n, figure in enumerate(layout.figures) if _is_of_this_time(figure)]
    asked = []
    for indicator in form.typed_at(level):
        options = _options(indicator, form, period, layout, candidates)
        key, sure = (before or {}).get(indicator.code), _sure(options)
        if key is not None and (position := layout.position_of(key)) is not None:
            asked.append(Question(indicator.code, options, position, known=True))
        else:
            was_none = key is None and indicator.code in (before or {}) and sure is None
            asked.append(Question(indicator.code, options, sure, known=was_none))
    return _each_figure_once(asked)


def _options(
    indicator: Indicator,
    form: FormVersion,
    period: Period,
    layout: Layout,
    candidates: Iterable[tuple[int, tuple[str, str]]],
) -> tuple[Option, ...]:
    wanted = _names_of_indicator(indicator, form, period)
    found = []
    for position, names in candidates:
        likeness = max(fuzz.ratio(name, other) for name, other in zip(names, wanted, strict=True))
        if layout.figures[position].unit and conversion(indicator, layout.figures[position].unit) is None:
            likeness -= _OTHER_UNIT
        if likeness >= _LIKELY:
            found.append(Option(position, round(likeness, 1)))
    return tuple(sorted(found, key=lambda option: (-option.likeness, option.figure))[:_MOST_OPTIONS])


def _sure(options: tuple[Option, ...]) -> int | None:
    if not options or options[0].likeness < SURE:
        return None
    if len(options) > 1 and options[0].likeness - options[1].likeness < LEAD:
        return None
    return options[0].figure


def _each_figure_once(asked: list[Question]) -> list[Question]:
    """The questions; a figure that is chosen for several indicators is chosen for none, but where a person chose it."""
    chosen = [question.chosen for question in asked if question.chosen is not None]
    confirmed = {question.chosen for question in asked if question.known}
    return [
        question
        if question.known
        or question.chosen is None
        or (chosen.count(question.chosen) == 1 and question.chosen not in confirmed)
        else Question(question.indicator, question.options)
        for question in asked
    ]


def _is_of_this_time(figure: Figure) -> bool:
    return not any(_OTHER_TIMES.search(head) for head in figure.key.column)


def _names_of(figure: Figure) -> tuple[str, str]:
    """A figure's own label with its own head, and the whole path of both, as far as they say something."""
    heads = [head.removeprefix("其中:") for head in figure.key.column if not _PLAIN_HEADS.fullmatch(head)]
    rows = [words for words in figure.key.row if not _PLAIN_HEADS.fullmatch(words)]
    return _plain("".join(rows[-1:] + heads[-1:])), _plain("".join(rows + heads))


def _names_of_indicator(indicator: Indicator, form: FormVersion, period: Period) -> tuple[str, str]:
    """An indicator's name, and the path of the wholes that it is a part of."""
    own = relative(label(indicator).zh, period)
    path, whole = own, indicator
    while whole.parent in form.by_code:
        whole = form.by_code[whole.parent]
        path = relative(label(whole).zh, period) + path
    return _plain(own), _plain(path)


def _plain(words: str) -> str:
    return _NOT_IN_WORDS.sub("", tidy(words)).lower().replace("其中", "")
