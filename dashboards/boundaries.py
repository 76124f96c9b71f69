"""Boundary files: which there are, which units they hold, and where their names are written.

The files are those of `assets/boundaries/NOTICE.md`; outer rings are clockwise, as Plotly needs, and stay as they are.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from portal.domain.units import Level

FOLDER = Path(__file__).parent / "assets" / "boundaries"
LEVELS = (Level.CITY, Level.DISTRICT)


@dataclass(frozen=True)
class Box:
    """A rectangle of longitudes and latitudes, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, boxes: Iterable["Box"]) -> "Box":
        """The smallest rectangle around all of `boxes`, of which there must be one."""
        every = list(boxes)
        return cls(
            min(box.west for box in every),
            min(box.south for box in every),
            max(box.east for box in every),
            max(box.north for box in every),
        )


@dataclass(frozen=True)
class Feature:
    """A feature of a boundary file; all positions in degrees.

    Attributes:
        parent: the code above it.
        longitude: of the point where its name is written, with `latitude`.
        box: the rectangle around it.
    """

    code: str
    name: str
    parent: str
    longitude: float
    latitude: float
    box: Box


@dataclass(frozen=True)
class BoundaryFile:
    """The boundaries of one province at one level; `places` by code.

    Cities without districts stand in the district file themselves.
    """

    name: str
    places: dict[str, Feature]


@cache
def find_boundaries(province: str, level: Level) -> BoundaryFile | None:
    """The boundaries of a province's cities or districts; None if the portal has none."""
    path = FOLDER / f"{province}_{level}.geojson"
    if level not in LEVELS or not path.is_file():
        return None
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return BoundaryFile(f"boundaries/{path.name}", {feature["id"]: _feature(feature) for feature in features})


def _feature(feature: dict[str, Any]) -> Feature:
    properties = feature["properties"]
    # A MultiPolygon: polygons of rings of points; the first ring is the outer one.
    points = [point for polygon in feature["geometry"]["coordinates"] for point in polygon[0]]
    longitudes, latitudes = [point[0] for point in points], [point[1] for point in points]
    box = Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))
    return Feature(feature["id"], properties["name"], properties["parent"], properties["cx"], properties["cy"], box)
