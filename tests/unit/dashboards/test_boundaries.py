"""The boundary files the portal is delivered with."""

import json

import pytest

from dashboards.boundaries import FOLDER, find_boundaries
from portal.domain.units import Level

FILES = sorted(FOLDER.glob("*.geojson"))


def signed_area(ring: list[list[float]]) -> float:
    """Positive for counter-clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outer_rings_are_clockwise(path) -> None:
    """Else Plotly paints everything around the unit instead of the unit."""
    for feature in json.loads(path.read_text())["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            assert signed_area(polygon[0]) < 0, feature["id"]


@pytest.mark.parametrize(
    ("province", "level", "count"),
    [
        ("440000", Level.CITY, 21),
        ("440000", Level.DISTRICT, 124),
        ("640000", Level.CITY, 5),
        ("640000", Level.DISTRICT, 22),
    ],
)
def test_every_unit_is_there_once(province: str, level: Level, count: int) -> None:
    boundaries = find_boundaries(province, level)
    assert boundaries is not None
    assert len(boundaries.places) == count == len(json.loads((FOLDER.parent / boundaries.name).read_text())["features"])


def test_cities_without_districts_are_in_both_files() -> None:
    for level in (Level.CITY, Level.DISTRICT):
        boundaries = find_boundaries("440000", level)
        assert boundaries is not None
        assert {"441900", "442000"} <= boundaries.places.keys()


def test_a_place_lies_within_its_box() -> None:
    boundaries = find_boundaries("440000", Level.DISTRICT)
    assert boundaries is not None
    place = boundaries.places["441802"]
    assert place.parent == "441800"
    assert place.box.west < place.longitude < place.box.east
    assert place.box.south < place.latitude < place.box.north


@pytest.mark.parametrize(
    ("province", "level"), [("110000", Level.CITY), ("440000", Level.TOWN), ("../../x", Level.CITY)]
)
def test_what_there_is_no_file_for(province: str, level: Level) -> None:
    assert find_boundaries(province, level) is None


def test_the_notice_names_every_file() -> None:
    notice = (FOLDER / "NOTICE.md").read_text(encoding="utf-8")
    assert all(path.stem in notice for path in FILES)
