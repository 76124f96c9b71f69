"""Which units and which of their figures are compared."""

from dataclasses import replace

from dashboards.compared import choices_of, chosen_level, field_of, levels_below, marked_code
from dashboards.filters import Filters, Whose
from portal.domain.forms import Aggregation, AggregationKind, Scope
from portal.domain.units import Level
from tests.unit.dashboards.contexts import COUNT, DONGGUAN, PROVINCE, QINGCHENG, QINGXIN, QINGYUAN, RATE, context


def test_a_unit_with_others_below_it_compares_these() -> None:
    assert field_of(context(QINGYUAN)) is QINGYUAN
    assert levels_below(context(PROVINCE)) == (Level.CITY, Level.DISTRICT)
    assert levels_below(context(QINGYUAN)) == (Level.DISTRICT,)


def test_a_city_without_districts_is_compared_as_a_city_and_as_a_district() -> None:
    alone = replace(context(DONGGUAN, acting=DONGGUAN), units=(DONGGUAN,))
    assert levels_below(alone) == (Level.CITY,)
    beside_cities = replace(context(PROVINCE), units=(PROVINCE, QINGYUAN, DONGGUAN))
    assert levels_below(beside_cities) == (Level.CITY,)


def test_a_unit_at_the_bottom_is_compared_with_its_neighbours() -> None:
    assert field_of(context(QINGCHENG)) is QINGYUAN
    assert levels_below(context(DONGGUAN)) == (Level.CITY, Level.DISTRICT)


def test_but_not_with_those_out_of_reach() -> None:
    own = context(QINGCHENG, acting=QINGCHENG)
    assert field_of(own) is QINGCHENG
    assert levels_below(own) == (Level.DISTRICT,)


def test_districts_unless_another_level_is_asked_for() -> None:
    assert chosen_level(context(), (Level.CITY, Level.DISTRICT)) is Level.DISTRICT
    assert chosen_level(context(filters=Filters(level=Level.CITY)), (Level.CITY, Level.DISTRICT)) is Level.CITY
    assert chosen_level(context(filters=Filters(level=Level.TOWN)), (Level.CITY,)) is Level.CITY


def test_units_without_others_below_are_compared_on_their_own_figure() -> None:
    assert choices_of(COUNT, [QINGCHENG, QINGXIN]) == (Whose.OWN,)


def test_units_with_others_below_are_compared_on_the_total_first() -> None:
    assert choices_of(COUNT, [QINGYUAN, DONGGUAN]) == (Whose.TOTAL, Whose.OWN)


def test_what_only_districts_fill_has_only_a_total() -> None:
    territorial = replace(COUNT, scope=Scope.TERRITORIAL, filled_by=frozenset({Level.DISTRICT}))
    assert choices_of(territorial, [QINGYUAN]) == (Whose.TOTAL,)


def test_what_does_not_add_up_has_only_own_figures() -> None:
    catalogue = replace(COUNT, aggregation=Aggregation(AggregationKind.RANGE))
    assert choices_of(catalogue, [QINGYUAN]) == (Whose.OWN,)


def test_the_unit_looked_at_stands_out_else_the_persons_own() -> None:
    assert marked_code(context(QINGCHENG, indicator=RATE), []) == "440000"
