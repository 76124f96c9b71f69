"""What was worked out from last year's figures stays as it was accepted when these are corrected, and is still proved."""

from decimal import Decimal

import pytest
import yaml
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import ProgrammingError

from portal.db import transaction
from portal.domain.bases import resting_elsewhere
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.values import Value
from portal.models import AcceptedBasis
from portal.queries.earlier import earlier_values
from portal.queries.effective_forms import form_of
from portal.queries.people import portal_actor
from portal.queries.recalculated_rows import Recalculated
from portal.queries.recalculations import list_recalculated
from portal.queries.rollups.totals import roll_up
from portal.queries.rollups.verification import verify
from portal.queries.submissions import get_row, get_submission
from portal.services import forms
from tests import world as worlds
from tests.databases import TestServer
from tests.statements import statements
from tests.world import World, build_world

YEARS = (Period(2022), Period(2023))
MOST = 35
"""Statements that the list of all periods may take."""

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
    assert resting_elsewhere(read_form(form_text())) == {"T108", "T109"}
    assert resting_elsewhere(read_form(worlds.FORM)) == frozenset()


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


def test_what_was_worked_out_from_earlier_figures_is_proved(years: World, own_database: TestServer) -> None:
    correct(years, "d111", 8)
    corrupt(own_database, "update observation set amount = 6, number = 6 where indicator = 'T108' and unit_id = {d111}")
    assert ("observation", "2023", "T108") in differing()


def test_what_was_kept_of_earlier_figures_is_proved(years: World, own_database: TestServer) -> None:
    correct(years, "d111", 8)
    corrupt(
        own_database,
        "update accepted_basis set figures = jsonb_set(figures, '{{0,number}}', '\"9\"') where unit_id = {d111}"
        " and period_code = '2023'",
        "update observation set amount = 6, number = 6 where indicator = 'T108' and unit_id = {d111}",
        "update observation set amount = 12, number = 12 where indicator = 'T109' and unit_id = {d111}",
    )
    found = differing()
    assert [each for each in found if each[0] != "rollup"] == [("basis", "2023", "T-1 LY(T101)")]


def test_what_was_accepted_before_anything_was_kept_counts_as_it_was_stored(
    years: World, own_database: TestServer
) -> None:
    corrupt(own_database, "delete from accepted_basis")
    correct(years, "d111", 8)
    assert value(years, "T108") == 10
    assert differing() == []


def test_totals_above_it_and_all_other_figures_are_still_proved(years: World, own_database: TestServer) -> None:
    correct(years, "d111", 8)
    corrupt(
        own_database,
        "update rollup set amount = 11 where indicator = 'T108' and period_code = '2023'",
        "update observation set amount = 16, number = 16 where indicator = 'T101' and period_code = '2023'",
    )
    assert {("rollup", "2023", "T108"), ("observation", "2023", "T101")} <= set(differing())


def listed(world: World, unit: str = "c11", by: str = "self") -> list[Recalculated]:
    actor = world.actor(unit)
    with transaction(actor) as session:
        return list_recalculated(session, actor, unit=unit, by=by)


def test_what_would_be_another_number_is_listed_with_the_correction_that_makes_it(years: World) -> None:
    assert listed(years) == []
    correct(years, "d111", 8)
    [grown, twice] = listed(years)
    assert [(each.period, each.indicator.code) for each in (grown, twice)] == [(YEARS[1], "T108"), (YEARS[1], "T109")]
    assert (grown.published.value, grown.anew.value, grown.difference) == (10, 8, -2)
    assert (twice.published.value, twice.anew.value, twice.difference) == (20, 16, -4)
    assert (grown.anew.reported, grown.editions, grown.formulas) == (2, [], ("T101 - LY(T101)",) * 2)
    [one] = grown.corrections
    assert (one.submission, str(one.correction.reference)) == (years.key("d111", YEARS[0]), "LY(T101)")
    assert one.correction.versions == (1, 2)
    assert [each.number for each in one.correction.values] == [10, 12]
    assert [row.published.unit_code for row in listed(years, by="level:district")] == ["d111", "d111"]
    assert [row.published.unit_code for row in listed(years, "p1", by="children")] == ["c11", "c11"]


def test_more_corrections_cost_no_more_statements(years: World) -> None:
    correct(years, "d111", 8)
    one = statements(lambda: listed(years, "p1"))
    correct(years, "d112", 9)
    for unit in ("d121", "c13"):
        years.accept(unit, YEARS[0])
        years.accept(unit, YEARS[1])
    assert len(statements(lambda: listed(years, "p1"))) == len(one) <= MOST, "\n".join(one)


def test_another_unit_of_measure_is_no_correction(years: World) -> None:
    content = yaml.safe_load(worlds.FORM.replace("unit: 次", "unit: 万次").replace("T101 - LY", "T101 * 2 - LY"))
    content["number"] = 2
    with transaction(None) as session:
        forms.publish(session, read_form(yaml.safe_dump(content, allow_unicode=True)))

    def grown() -> Recalculated:
        return next(row for row in listed(years) if row.indicator.code == "T108")

    rows = listed(years)
    assert rows
    assert [row.corrections for row in rows] == [[] for _row in rows]
    assert differing() == []
    years.take("d111", Action.REOPEN, by="c11", reason="更正", period=YEARS[0])
    assert grown().anew.value == Decimal("0.004")
    years.accept("d111", YEARS[0], T101=Value.of(12), T103=Value.of(8))
    assert grown().anew.value == Decimal("0.0038")
    assert [each.number for each in grown().corrections[0].correction.values] == [Decimal("0.001"), Decimal("0.0012")]


def test_what_is_being_corrected_is_taken_as_it_was(years: World) -> None:
    years.take("d112", Action.REOPEN, by="c11", reason="更正", period=YEARS[0])
    assert listed(years) == []


def test_nothing_is_listed_once_it_is_accepted_again_or_where_the_correction_changes_nothing(years: World) -> None:
    years.take("d112", Action.REOPEN, by="c11", reason="更正", period=YEARS[0])
    years.accept("d112", YEARS[0], T107=Value.of(8))
    assert listed(years) == []
    correct(years, "d111", 8)
    years.take("d111", Action.REOPEN, by="c11", reason="更正", period=YEARS[1])
    years.accept("d111", YEARS[1], T101=Value.of(15), T102=Value.of(9))
    assert listed(years) == []


def test_differences_that_make_up_for_one_another_are_listed_all_the_same(years: World) -> None:
    correct(years, "d111", 8)
    correct(years, "d112", 4)
    grown = listed(years)[0]
    assert (grown.published.value, grown.anew.value, grown.difference) == (10, 10, 0)
    assert len(grown.corrections) == 2


def test_an_answer_that_was_accepted_late_makes_a_number_where_there_was_none(years: World) -> None:
    years.accept("d121", YEARS[1], T101=Value.of(15), T102=Value.of(9))
    years.accept("d121", YEARS[0])
    [grown, _twice] = listed(years, "d121")
    assert (grown.published.value, grown.anew.value, grown.difference) == (None, 5, None)
    assert grown.corrections[0].correction.versions == (None, 1)
    assert (grown.published.reported, grown.anew.reported) == (0, 1)
    assert differing() == []


def shown(world: World, unit: str, period: Period, *, version: int | None = None) -> tuple[Decimal | None, ...]:
    actor = world.actor(unit)
    with transaction(actor) as session:
        view = get_submission(session, actor, world.key(unit, period), version=version)
    return tuple(view.values[code].number for code in ("T108", "T109"))


def test_an_accepted_version_shows_what_was_accepted(years: World) -> None:
    correct(years, "d111", 8)
    assert shown(years, "d111", YEARS[1]) == (5, 10)
    years.take("d111", Action.REOPEN, by="c11", reason="更正", period=YEARS[1])
    assert shown(years, "d111", YEARS[1]) == (3, 6)
    assert shown(years, "d111", YEARS[1], version=1) == (5, 10)
    years.accept("d111", YEARS[1], T101=Value.of(15), T102=Value.of(9))
    assert (shown(years, "d111", YEARS[1]), shown(years, "d111", YEARS[1], version=1)) == ((3, 6), (5, 10))


def test_next_year_looks_at_what_was_accepted(years: World) -> None:
    correct(years, "d111", 8)
    actor, key = years.actor("d111"), years.key("d111", YEARS[1])
    with transaction(actor) as session:
        row = get_row(session, actor, key)
        form = form_of(session, row)
        place = (row.root_id, str(Period(2024)), form.code, row.unit_id)
        earlier = earlier_values(session, {place: form})[place]
    assert (earlier.last_year["T108"].number, earlier.last_year["T109"].number) == (5, 10)
    assert earlier.versions == (1, 1)


def test_others_see_nothing_of_what_was_kept(years: World) -> None:
    counted = {}
    for unit in ("p1", "c11", "d111", "d112", "c12", "p2"):
        with transaction(years.actor(unit)) as session:
            counted[unit] = session.scalar(select(func.count()).select_from(AcceptedBasis))
    assert counted == {"p1": 4, "c11": 4, "d111": 2, "d112": 2, "c12": 0, "p2": 0}
    with transaction(years.actor("c11")) as session, pytest.raises(ProgrammingError):
        session.execute(update(AcceptedBasis).values(figures=[]))


def corrupt(database: TestServer, *statements: str) -> None:
    """Change what is stored behind the portal's back."""
    tables = ("rollup", "observation", "accepted_basis")
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("set local citus.multi_shard_modify_mode = 'sequential'"))  # or Citus alters some only
        for table in tables:
            connection.execute(text(f"alter table {table} no force row level security"))
        d111 = connection.scalar(text("select id from unit where code = 'd111'"))
        for statement in statements:
            connection.exec_driver_sql(statement.format(d111=d111))
        for table in tables:
            connection.execute(text(f"alter table {table} force row level security"))
    owner.dispose()
