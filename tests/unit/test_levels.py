"""Levels: a city without districts stands among cities and among districts."""

import pytest

from portal.domain.units import Level, NamedLevel, meant, stands_among


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("asked", Level)
def test_only_undivided_cities_stand_among_others(level: Level, asked: Level) -> None:
    also = {(Level.UNDIVIDED_CITY, Level.CITY), (Level.UNDIVIDED_CITY, Level.DISTRICT)}
    assert stands_among(level, asked) == (level is asked or (level, asked) in also)


def test_forms_name_every_level_but_that_one() -> None:
    assert {Level(each) for each in NamedLevel} == set(Level) - {Level.UNDIVIDED_CITY}
    assert meant(NamedLevel) == set(Level)
    assert meant([]) == frozenset()
