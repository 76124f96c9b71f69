"""What was worked out from last year's figures stays as it was accepted when these are corrected, and is still proved."""

from decimal import Decimal

import pytest
import yaml
from sqlalchemy import create_engine, text

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.recalculation import resting_on_earlier
from portal.domain.values import Value
from portal.queries.people import portal_actor
from portal.queries.rollup_check import verify
from portal.queries.rollups import roll_up
from tests import world as worlds
from tests.databases import TestServer
from tests.world import World, build_world

YEARS = (Period(2022), Period(2023))
GROWN = {"code": "T108", "name": "比上年增加", "unit": "次", "type": "count", "source": "calculated"}
TWICE = {**GROWN, "code": "T109", "name": "增加的两倍", "formula": "T108 * 2", "roll_up": "sum"}


def form_text() -> str:
    """The trial form with what an indicator grew by, and what is worked out from that."""
    content = yaml.safe_load(worlds.FORM)
    content["sheets"][0]["indicators"] += [{**GROWN, "formula": "T101 - LY(T101)", "roll_up": "sum"}, TWICE]
    return yaml.safe_dump(content, allow_unicode=True)


@pytest.fixture
def years(own_database: TestServer, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two districts have reported 10 and then 15."""
    monkeypatch.setattr(worlds, "FORM", form_text())
    world = build_world(YEARS)
    for unit in ("d111", "d112"):
        world.accept(unit, YEARS[0])
        world.accept(unit, YEARS[1], T101=Value.of(15), T102=Value.of(9))
    return world


def correct(world: World, unit: str, first: int) -> None:
    """Last year's figure was 4 and `first`, not 4 and 6."""
    world.take(unit, Action.REOPEN, by="c11", reason="更正", period=YEARS[0])
    world.accept(unit, YEARS[0], T101=Value.of(4 + first), T103=Value.of(first))


def value(world: World, indicator: str, unit: str = "c11") -> Decimal | None:
    actor = world.actor(unit)
    with transaction(actor) as session:
        (row,) = roll_up(session, actor, unit=unit, period=YEARS[1], indicators=[indicator])
    return row.value


def differing() -> list[tuple[str, str, str]]:
    with transaction(None) as session:
        portal = portal_actor(session, "p1")
    with transaction(portal) as session:
        compared, mismatches = verify(session, portal.place.root_id)
    assert compared
    return sorted((each.kind, each.period, each.indicator) for each in mismatches)


def test_what_rests_on_earlier_figures_is_known() -> None:
    assert resting_on_earlier(read_form(form_text())) == {"T108", "T109"}
    assert resting_on_earlier(read_form(worlds.FORM)) == frozenset()


def test_a_published_figure_stays_and_is_no_mismatch(years: World) -> None:
    assert (value(years, "T108"), value(years, "T109")) == (10, 20)
    assert differing() == []
    correct(years, "d111", 8)
    assert (value(years, "T108"), value(years, "T109")) == (10, 20)
    assert differing() == []
    years.take("d112", Action.REOPEN, by="c11", reason="更正", period=YEARS[0])
    assert differing() == []


def test_accepted_again_it_is_worked_out_from_what_is_accepted_now(years: World) -> None:
    correct(years, "d111", 8)
    years.take("d111", Action.REOPEN, by="c11", reason="更正", period=YEARS[1])
    years.accept("d111", YEARS[1], T101=Value.of(15), T102=Value.of(9))
    assert value(years, "T108") == 8
    assert differing() == []


def test_totals_above_it_and_all_other_figures_are_still_proved(years: World, own_database: TestServer) -> None:
    correct(years, "d111", 8)
    owner = create_engine(own_database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("alter table rollup no force row level security"))
        connection.execute(text("alter table observation no force row level security"))
        connection.execute(text("update rollup set amount = 11 where indicator = 'T108' and period_code = '2023'"))
        connection.execute(
            text("update observation set amount = 16, number = 16 where indicator = 'T101' and period_code = '2023'")
        )
        connection.execute(text("alter table rollup force row level security"))
        connection.execute(text("alter table observation force row level security"))
    owner.dispose()
    assert {("rollup", "2023", "T108"), ("observation", "2023", "T101")} <= set(differing())
