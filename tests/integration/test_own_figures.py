"""Units' own accepted figures side by side."""

from decimal import Decimal

import pytest

from portal.db import transaction
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value, ValueStatus
from portal.errors import NotFound, NotPermitted
from portal.queries.rollups.own_figures import OwnFigure, own_figures
from portal.queries.rollups.provenance import Absence, get_provenance
from portal.queries.rollups.totals import roll_up
from tests.world import PERIOD, World


def figures(
    world: World, indicator: str, level: Level = Level.DISTRICT, *, by: str = "p1", under: str = "p1"
) -> list[OwnFigure]:
    actor = world.actor(by)
    with transaction(actor) as session:
        return own_figures(
            session, actor, under=under, level=level, period=PERIOD, indicator=world.form.indicator(indicator)
        )


def told(rows: list[OwnFigure]) -> list[tuple[str, Decimal | None, ValueStatus]]:
    return [(row.unit.code, row.value, row.status) for row in rows]


def test_only_accepted_figures_and_a_row_for_everybody(world: World) -> None:
    world.accept("d111", T101=Value.of(0), T102=Value.of(0), T103=Value.of(0))
    world.submit("d112")
    assert told(figures(world, "T101")) == [
        ("d111", Decimal(0), ValueStatus.REPORTED),
        ("d112", None, ValueStatus.MISSING),
        ("d121", None, ValueStatus.MISSING),
    ]


def test_a_ratio_is_made_of_its_sides(world: World) -> None:
    world.accept("d111", T101=Value.of(3), T102=Value.of(1), T103=Value.of(2))
    value = figures(world, "T104")[0].value
    assert value is not None
    assert round(value, 6) == Decimal("33.333333")


def test_a_weighted_figure_is_as_it_was_reported(world: World) -> None:
    world.accept("d111", T201=Value.of(7), T202=Value.of(Decimal("812.50")))
    assert figures(world, "T202")[0].value == Decimal("812.50")


def test_a_figure_without_a_weight_is_the_unit_s_own_and_not_in_the_mean(world: World) -> None:
    world.accept("d111", T201=Value.of(7), T202=Value.of(800))
    world.accept("d112", T201=NOT_APPLICABLE, T202=Value.of(600))
    assert told(figures(world, "T202"))[:2] == [
        ("d111", Decimal(800), ValueStatus.REPORTED),
        ("d112", Decimal(600), ValueStatus.REPORTED),
    ]
    actor = world.actor("c11")
    with transaction(actor) as session:
        (row,) = roll_up(session, actor, unit="c11", period=PERIOD, indicators=["T202"])
        found = get_provenance(session, actor, unit="c11", period=PERIOD, indicator="T202")
    assert (row.value, row.minimum, row.maximum) == (800, 600, 800)
    assert (row.reported, row.expected, row.not_applicable, row.partial) == (1, 1, 1, False)
    assert found.agrees
    assert [each.unit.code for each in found.contributions] == ["d111"]
    assert [each.unit.code for each in found.absent if each.absence is Absence.NOT_APPLICABLE] == ["d112"]


def test_a_city_has_its_own_figure_and_nothing_of_its_districts(world: World) -> None:
    world.accept("d111")
    assert told(figures(world, "T101", Level.CITY))[0] == ("c11", None, ValueStatus.MISSING)
    world.accept("c11", T101=Value.of(5), T102=Value.of(2), T103=Value.of(3))
    assert told(figures(world, "T101", Level.CITY))[0] == ("c11", Decimal(5), ValueStatus.REPORTED)


def test_what_a_level_does_not_fill_in_is_not_applicable(world: World) -> None:
    assert {row.status for row in figures(world, "T201", Level.CITY)} == {ValueStatus.NOT_APPLICABLE}


def test_what_was_declared_not_applicable_is_so(world: World) -> None:
    world.accept("d111", T203=NOT_APPLICABLE)
    assert figures(world, "T203")[0].status is ValueStatus.NOT_APPLICABLE


def test_nobody_looks_beside_or_above(world: World) -> None:
    with pytest.raises(NotPermitted):
        figures(world, "T101", by="c11", under="c12")
    with pytest.raises(NotPermitted):
        figures(world, "T101", by="c11", under="p1")
    with pytest.raises(NotFound):
        figures(world, "T101", under="nobody")
