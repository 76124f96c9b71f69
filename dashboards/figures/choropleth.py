"""A map of units, coloured by class of value. Polygons come by URL and are never simplified or turned round.

A unit without a figure is drawn white with an outline, one whose total is incomplete grey: neither is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.boundaries import Box
from dashboards.figures import Figure
from dashboards.figures.palette import FONT, HIGHLIGHT, INK, LINE_STRONG, NO_FIGURE, PAPER, PARTIAL, SEQUENTIAL, shades

_CLEAR = "rgba(0,0,0,0)"
_MARGIN = 0.05  # of the width and the height, for names that reach over the border


@dataclass(frozen=True)
class Area:
    """One unit on the map.

    Attributes:
        number: its class, 0 for the lowest; None for a unit without a comparable figure.
        partial: it has a figure, but not all of its units have reported.
        words: the figure as shown, or why there is none.
    """

    code: str
    name: str
    number: int | None
    words: str
    partial: bool = False


@dataclass(frozen=True)
class Label:
    """A name written on the map, at a longitude and latitude."""

    text: str
    longitude: float
    latitude: float


@dataclass(frozen=True)
class Outline:
    """Lines drawn over the areas: the units of the level above."""

    url: str
    codes: Sequence[str]


def choropleth(
    areas: Sequence[Area],
    class_count: int,
    polygons_url: str,
    box: Box,
    *,
    labels: Sequence[Label] = (),
    outline: Outline | None = None,
    selected: str = "",
) -> Figure:
    """The map; `customdata` holds the unit codes for clicks.

    Args:
        areas: units to draw, each with a feature of its code at `polygons_url`.
        class_count: how many classes there are.
        polygons_url: a GeoJSON of this portal, outer rings clockwise.
        box: what the map shows.
        labels: names to write.
        outline: lines to draw over the areas.
        selected: code of the unit to mark.
    """
    with_class = [area for area in areas if area.number is not None]
    partial = [area for area in areas if area.number is None and area.partial]
    without = [area for area in areas if area.number is None and not area.partial]
    data = [
        _areas(with_class, polygons_url, [SEQUENTIAL[shade] for shade in shades(class_count)], PAPER)
        if with_class
        else None,
        _areas(partial, polygons_url, (PARTIAL,), LINE_STRONG) if partial else None,
        _areas(without, polygons_url, (NO_FIGURE,), LINE_STRONG) if without else None,
        _lines(outline.codes, outline.url, INK, 1.1) if outline else None,
        _lines([selected], polygons_url, HIGHLIGHT, 3) if selected in {area.code for area in areas} else None,
        _names(labels) if labels else None,
    ]
    return {"data": [trace for trace in data if trace], "layout": _layout(box)}


def _areas(areas: Sequence[Area], url: str, colours: Sequence[str], line: str) -> Figure:
    """Areas filled by class; each class is one flat step of the colour scale."""
    count = len(colours)
    steps = [[position / count, colour] for number, colour in enumerate(colours) for position in (number, number + 1)]
    return {
        "type": "choropleth",
        "geojson": url,
        "featureidkey": "id",
        "locations": [area.code for area in areas],
        "z": [area.number or 0 for area in areas],
        "zmin": -0.5,
        "zmax": count - 0.5,
        "colorscale": steps,
        "showscale": False,
        "marker": {"line": {"color": line, "width": 0.6}},
        "customdata": [[area.code, area.name, area.words] for area in areas],
        # No <b>: Plotly would write it as a style attribute, which the content security policy forbids.
        "hovertemplate": "%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    }


def _lines(codes: Sequence[str], url: str, colour: str, width: float) -> Figure:
    return {
        "type": "choropleth",
        "geojson": url,
        "featureidkey": "id",
        "locations": list(codes),
        "z": [0] * len(codes),
        "colorscale": [[0, _CLEAR], [1, _CLEAR]],
        "showscale": False,
        "marker": {"line": {"color": colour, "width": width}},
        "hoverinfo": "skip",
    }


def _names(labels: Sequence[Label]) -> Figure:
    return {
        "type": "scattergeo",
        "mode": "text",
        "lon": [label.longitude for label in labels],
        "lat": [label.latitude for label in labels],
        "text": [label.text for label in labels],
        # White around the letters: names also stand on the darkest shade.
        "textfont": {"family": FONT, "size": 11, "color": INK, "shadow": ", ".join([f"0 0 2px {PAPER}"] * 4)},
        "hoverinfo": "skip",
    }


def _layout(box: Box) -> Figure:
    # Not fitbounds, which leaves a third of the panel empty.
    width, height = (box.east - box.west) * _MARGIN, (box.north - box.south) * _MARGIN
    return {
        "height": 520,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": PAPER,
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"font": {"family": FONT}, "align": "left"},
        "geo": {
            "visible": False,
            "lonaxis": {"range": [box.west - width, box.east + width]},
            "lataxis": {"range": [box.south - height, box.north + height]},
            "projection": {"type": "mercator"},
            "bgcolor": PAPER,
        },
    }
