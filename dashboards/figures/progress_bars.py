"""How far the units below each child have come: one stacked bar a child."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.figures import Figure
from dashboards.figures.palette import FONT, INK, INK_SOFT, LINE, PAPER

_ROW_HEIGHT = 27
_FRAME_HEIGHT = 76
_BAR_WIDTH = 0.68


@dataclass(frozen=True)
class BarPart:
    """One colour of the bars.

    Attributes:
        key: what counts are looked up by.
        text_colour: of the counts in the bars.
        hatch: a pattern besides the colour, for what needs attention; empty for none.
    """

    key: str
    name: str
    colour: str
    text_colour: str = PAPER
    hatch: str = ""


@dataclass(frozen=True)
class Bar:
    """One child unit: how many of the units in and below it are in each part."""

    code: str
    name: str
    counts: Mapping[Any, int]


def progress_bars(bars: Sequence[Bar], parts: Sequence[BarPart], axis_title: str) -> Figure:
    """Horizontal stacked bars in the given order, the first on top; `customdata` holds the unit codes for clicks."""
    return {
        "data": [_trace(part, bars) for part in parts],
        "layout": {
            "barmode": "stack",
            "height": _FRAME_HEIGHT + _ROW_HEIGHT * max(len(bars), 2),
            "margin": {"l": 8, "r": 16, "t": 34, "b": 36},
            "font": {"family": FONT, "size": 13, "color": INK},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "dragmode": False,
            "hoverlabel": {"font": {"family": FONT}},
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
            "xaxis": {
                "title": {"text": axis_title, "font": {"size": 12, "color": INK_SOFT}, "standoff": 4},
                "gridcolor": LINE,
                "rangemode": "tozero",
                "tickformat": ",d",
                "fixedrange": True,
            },
            # Units of the same name are told apart by code; the axis shows the names.
            "yaxis": {
                "type": "category",
                "autorange": "reversed",
                "tickvals": [bar.code for bar in bars],
                "ticktext": [bar.name for bar in bars],
                "automargin": True,
                "fixedrange": True,
                "ticksuffix": " ",
            },
        },
    }


def _trace(part: BarPart, bars: Sequence[Bar]) -> Figure:
    counts = [bar.counts.get(part.key, 0) for bar in bars]
    return {
        "type": "bar",
        "orientation": "h",
        "name": part.name,
        "x": counts,
        "y": [bar.code for bar in bars],
        "customdata": [[bar.code, bar.name] for bar in bars],
        "text": [str(count) if count else "" for count in counts],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "insidetextfont": {"size": 12, "color": part.text_colour},
        "width": _BAR_WIDTH,
        "marker": {
            "color": part.colour,
            "line": {"color": PAPER, "width": 1},
            "pattern": {
                "shape": part.hatch,
                "fillmode": "overlay",
                "solidity": 0.2,
                "fgcolor": PAPER,
                "fgopacity": 0.5,
            },
        },
        "hovertemplate": f"%{{customdata[1]}}<br>{part.name} %{{x}}<extra></extra>",
    }
