"""What a unit finds ready when it fills in a form, and where carried figures come from."""

import pytest
from sqlalchemy import text

import tests.world
from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.errors import NotFound
from portal.queries.filling import get_filling
from portal.queries.rollups.lineage import trace
from portal.queries.rollups.provenance import get_provenance

CARRIED = "      - {code: T204, name: 上年支出, unit: 万元, type: amount, source: carried, carried_from: LY(T203), roll_up: sum}\n"


@pytest.fixture
def world(database, monkeypatch):
    """Two years of a form that carries a figure over."""
    monkeypatch.setattr(tests.world, "FORM", tests.world.FORM.replace("  - code: T3\n", CARRIED + "  - code: T3\n", 1))
    return tests.world.build_world((Period(2022), Period(2023)))


def filling(world, unit="d111", period=2023, form="T"):
    actor = world.actor(unit)
    with transaction(actor) as session:
        return get_filling(session, actor, SubmissionKey(unit, Period(period), form))


class TestFilling:
    def test_last_years_accepted_figures(self, world):
        world.accept("d111", Period(2022), T101=Value.of(10))
        found = filling(world)
        assert (found.last_year["T101"], found.last_year["T104"]) == (Value.of(10), Value.of(40))
        assert (found.form.number, found.demo) == (1, False)

    def test_no_figures_that_were_only_handed_in(self, world):
        world.submit("d111", Period(2022))
        assert filling(world).last_year == {}

    def test_made_up_figures_are_marked(self, world):
        world.accept("d111", Period(2022))
        with transaction(world.actor("d111")) as session:
            session.execute(text("update submission set demo = true where period_code = '2022'"))
        assert filling(world).demo

    def test_a_form_that_was_not_sent_down_yet(self, world):
        assert filling(world, period=2030).form == world.form

    def test_an_unknown_form(self, world):
        with pytest.raises(NotFound):
            filling(world, form="X")


def test_a_carried_figure_leads_to_last_years_cell(world):
    world.accept("d111", Period(2022), T203=Value.of(5))
    world.accept("d111", Period(2023))
    actor = world.actor("c11")
    with transaction(actor) as session:
        [contribution] = trace(session, actor, unit="c11", period=Period(2023), indicator="T204")
    assert (contribution.number, contribution.submission) == (5, world.key("d111"))
    [figure] = contribution.figures
    assert (figure.submission, figure.indicator, figure.value) == (
        world.key("d111", Period(2022)),
        "T203",
        Value.of(5),
    )


def test_nor_is_it_in_a_number_of_those_who_may_not_read_the_rest_yet(world):
    """A district's report waits for its city: nothing of it is open to the province, what it carries over neither."""
    world.accept("d111", Period(2022), T203=Value.of(5))
    world.submit("d111", Period(2023))
    found = {}
    for unit in ("p1", "c11"):
        actor = world.actor(unit)
        asked = {"unit": unit, "period": Period(2023), "indicator": "T204", "pending": True}
        with transaction(actor) as session:
            one = get_provenance(session, actor, **asked)
        found[unit] = one.row.value, one.row.reported, one.row.coverage.unanswered, len(one.contributions), one.agrees
    assert found == {"p1": (None, 0, 0, 0, True), "c11": (5, 1, 0, 1, True)}
