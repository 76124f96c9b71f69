"""What a unit adds to a form, asked in its subtree and nowhere else, from the answer to the roll-up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.units import Level, Placement
from portal.domain.values import Value
from portal.errors import Duplicate, FormInvalid, InvalidInput, NotFound, NotPermitted
from portal.models import RollUp
from portal.queries.additions import list_joinings
from portal.queries.effective_forms import collected_forms, form_of
from portal.queries.filling import get_filling
from portal.queries.findings import check_submission
from portal.queries.people import portal_actor
from portal.queries.rollups.differences import differences
from portal.queries.rollups.lineage import trace
from portal.queries.rollups.totals import list_indicators, roll_up
from portal.queries.rollups.verification import verify
from portal.queries.submissions import get_row, get_submission, get_task
from portal.services import additions, collections, forms, units, values
from tests.additions import KEY, addition, join, publish
from tests.world import FORM, PERIOD, START, World, placements

NEXT = Period(2024)


def send_next_down(world: World) -> None:
    """Send the form down for the next year."""
    with transaction(None) as session:
        portal = portal_actor(session, "p1")
    with transaction(portal) as session:
        collections.send_down(session, portal, world.form, NEXT, opens_on=date(2024, 12, 31), due_on=date(2025, 1, 31))


def own_codes(world: World, unit: str, period: Period = PERIOD, *, reader: str = "") -> list[str]:
    """What is asked of a unit beside the core, as somebody sees it."""
    actor = world.actor(reader or unit)
    with transaction(actor) as session:
        form = form_of(session, get_row(session, actor, world.key(unit, period)))
    return [each.code for each in form if each.added_by]


class TestWhoIsAsked:
    def test_what_is_sent_down_after_publishing(self, world: World) -> None:
        publish(world, "c11")
        assert own_codes(world, "d111") == []
        send_next_down(world)
        for unit in ("c11", "d111", "d112"):
            assert own_codes(world, unit, NEXT) == ["UC11_T_01", "UC11_T_02"]
            assert own_codes(world, unit, NEXT, reader="p1") == ["UC11_T_01", "UC11_T_02"]
        for unit in ("p1", "c12", "d121", "c13"):
            assert own_codes(world, unit, NEXT) == []

    def test_two_cities_do_not_see_what_the_other_adds(self, world: World) -> None:
        publish(world, "c11")
        publish(world, "c12")
        send_next_down(world)
        assert own_codes(world, "d111", NEXT) == ["UC11_T_01", "UC11_T_02"]
        assert own_codes(world, "d121", NEXT) == ["UC12_T_01", "UC12_T_02"]
        with transaction(world.actor("c12")) as session:
            for table in ("form_addition", "collection_addition"):
                paths = session.scalars(text(f"select distinct unit_path::text from {table}")).all()
                assert len(paths) == 1

    def test_a_province_adds_for_all_and_its_city_on_top(self, world: World) -> None:
        publish(world, "p1")
        publish(world, "c11")
        send_next_down(world)
        assert own_codes(world, "d111", NEXT) == ["UP1_T_01", "UC11_T_01", "UP1_T_02", "UC11_T_02"]
        assert own_codes(world, "c13", NEXT) == ["UP1_T_01", "UP1_T_02"]

    def test_the_next_number_takes_its_place_in_later_periods_only(self, world: World) -> None:
        publish(world, "c11")
        join(world, "c11")
        publish(world, "c11", 2)
        send_next_down(world)
        place = world.actor("d111").place
        with transaction(world.actor("d111")) as session:
            now, then = (collected_forms(session, place, period)[0].additions for period in (NEXT, PERIOD))
        assert now == (("c11", 2),)
        assert then == (("c11", 1),)
        with pytest.raises(Duplicate):
            join(world, "c11", 2)

    def test_what_does_not_fit_a_later_version_is_left_out(self, world: World) -> None:
        publish(world, "c11")
        later = read_form(FORM.replace("number: 1", "number: 2").replace("code: T1\n", "code: T9\n"))  # another sheet
        with transaction(None) as session:
            forms.publish(session, later)
            portal = portal_actor(session, "p1")
        with transaction(portal) as session:
            collections.send_down(session, portal, later, NEXT, opens_on=NEXT.ends_on, due_on=date(2025, 1, 31))
        assert own_codes(world, "d111", NEXT) == []
        with transaction(world.actor("p1")) as session:
            left_out = session.scalar(
                text(
                    "select body::jsonb->'after'->'left_out' from event where body::jsonb->>'kind' = 'collection_sent_down'"
                    " order by number desc limit 1"
                )
            )
        assert left_out == ["c11 v1"]


class TestJoiningWhatIsUnderWay:
    def test_only_by_decision_and_never_what_is_handed_in(self, world: World) -> None:
        world.submit("d111")
        publish(world, "c11")
        actor = world.actor("c11", Role.UNIT_ADMIN)
        with transaction(actor) as session:
            (before,) = list_joinings(session, actor, "T")
        assert (before.number, before.asked, before.handed_in) == (None, 2, 1)
        assert own_codes(world, "d112") == []
        join(world, "c11")
        with transaction(actor) as session:
            (after,) = list_joinings(session, actor, "T")
        assert (after.number, after.asked, after.handed_in) == (1, 2, 1)
        assert own_codes(world, "d112") == ["UC11_T_01", "UC11_T_02"]
        assert own_codes(world, "d111") == []
        world.take("d111", Action.SEND_BACK, by="c11", reason="请补报")
        assert own_codes(world, "d111") == ["UC11_T_01", "UC11_T_02"]

    def test_the_work_to_be_done_is_counted_anew(self, world: World) -> None:
        world.submit("d111")
        counts = {unit: self._expected(world, unit) for unit in ("c11", "d111", "d112", "d121")}
        publish(world, "c11")
        join(world, "c11")
        more = {unit: self._expected(world, unit) - count for unit, count in counts.items()}
        assert more == {"c11": 1, "d111": 0, "d112": 2, "d121": 0}
        world.take("d111", Action.SEND_BACK, by="c11", reason="请补报")
        assert self._expected(world, "d111") == counts["d111"] + 2

    @staticmethod
    def _expected(world: World, unit: str) -> int:
        actor = world.actor(unit)
        with transaction(actor) as session:
            return get_task(session, actor, world.key(unit)).expected_answers

    def test_asks_nobody_where_all_have_handed_in(self, world: World) -> None:
        for unit in ("d111", "d112", "c11"):
            world.submit(unit)
        publish(world, "c11")
        with pytest.raises(InvalidInput, match="asks_nobody"):
            join(world, "c11")


class TestWhatIsAnswered:
    def test_is_saved_checked_and_adds_up_to_the_adding_unit(self, world: World) -> None:
        publish(world, "c11")
        join(world, "c11")
        world.accept("d111", UC11_T_01=Value.of(3), UC11_T_02=Value.of(30))
        world.accept("d112", UC11_T_01=Value.of(4))
        city = world.actor("c11")
        with transaction(city) as session:
            rows = roll_up(session, city, unit="c11", period=PERIOD, indicators=["UC11_T_01", "UC11_T_02"])
            assert [(row.value, row.reported, row.expected) for row in rows] == [
                (Decimal(7), 2, 3),
                (Decimal(30), 1, 2),
            ]
            below = roll_up(session, city, unit="c11", period=PERIOD, indicators=["UC11_T_01"], by="children")
            assert [row.value for row in below] == [Decimal(3), Decimal(4)]
            traced = trace(session, city, unit="c11", period=PERIOD, indicator="UC11_T_01")
            assert [each.figures[0].value.number for each in traced] == [Decimal(3), Decimal(4)]
            gaps = {row.indicator.code: row for row in differences(session, city, unit="c11", period=PERIOD)}
            assert gaps["UC11_T_01"].children == Decimal(7)

    def test_a_stored_sum_above_the_adding_unit_is_nobodys_number(self, world: World) -> None:
        """Stored by unit, whatever is asked; no reading above the adding unit has the indicator."""
        with transaction(None) as session:
            before = [*placements(), Placement("e1111", "d111", "e1111", "", Level.DISTRICT, START)]
            units.import_units(session, before, [])
        publish(world, "d111")
        join(world, "d111")
        world.accept("d111", UD111_T_01=Value.of(3))
        city = world.actor("c11")
        with transaction(city) as session:
            stored = select(RollUp.unit_path, RollUp.amount).where(RollUp.indicator == "UD111_T_01")
            assert dict(session.execute(stored).all()) == {"p1.c11": 3, "p1.c11.d111": 3}
            for by in ("self", "children", "level:district"):
                with pytest.raises(NotFound):
                    roll_up(session, city, unit="c11", period=PERIOD, indicators=["UD111_T_01"], by=by)
                rows = roll_up(session, city, unit="c11", period=PERIOD, by=by)
                assert {row.indicator for row in rows} == {indicator.code for indicator in world.form}
            (row,) = roll_up(session, city, unit="d111", period=PERIOD, indicators=["UD111_T_01"])
            assert row.value == 3
        with transaction(world.actor("p1")) as session:
            assert verify(session, city.place.root_id)[1] == []

    def test_stops_at_the_adding_unit(self, world: World) -> None:
        publish(world, "c11")
        join(world, "c11")
        world.accept("d111", UC11_T_01=Value.of(3))
        province = world.actor("p1")
        with transaction(province) as session:
            for by in ("self", "children", "level:district"):
                with pytest.raises(NotFound):
                    roll_up(session, province, unit="p1", period=PERIOD, indicators=["UC11_T_01"], by=by)
            every = {row.indicator for row in roll_up(session, province, unit="p1", period=PERIOD)}
            assert every == {indicator.code for indicator in world.form}
            assert "UC11_T_01" not in {each.code for each in list_indicators(session, province.place, PERIOD)}
            (row,) = roll_up(session, province, unit="c11", period=PERIOD, indicators=["UC11_T_01"])
            assert row.value == Decimal(3)
            compared, wrong = verify(session, province.place.root_id)
        assert compared
        assert wrong == []

    def test_the_neighbour_can_neither_read_nor_answer_it(self, world: World) -> None:
        publish(world, "c11")
        join(world, "c11")
        neighbour = world.actor("d121")
        with pytest.raises(NotFound), transaction(neighbour) as session:
            values.save_values(session, neighbour, world.key("d121"), {"UC11_T_01": Value.of(1)})
        city = world.actor("c12")
        with pytest.raises(NotFound), transaction(city) as session:
            roll_up(session, city, unit="c12", period=PERIOD, indicators=["UC11_T_01"])

    def test_is_questioned_and_never_blocks(self, world: World) -> None:
        publish(world, "c11")
        join(world, "c11")
        world.fill("d111", UC11_T_01=Value.of(99))
        filler = world.actor("d111")
        with transaction(filler) as session:
            checked = check_submission(session, filler, world.key("d111"))
        assert [(each.rule, str(each.severity)) for each in checked.findings] == [("UC11_T_01-E1", "explain")]

    def test_is_last_years_a_year_later(self, world: World) -> None:
        publish(world, "c11")
        join(world, "c11")
        world.accept("d111", UC11_T_01=Value.of(3))
        send_next_down(world)
        filler = world.actor("d111")
        with transaction(filler) as session:
            assert get_submission(session, filler, world.key("d111", NEXT)).last_year["UC11_T_01"] == Value.of(3)

    def test_stands_in_what_is_made_ready_for_the_unit(self, world: World) -> None:
        publish(world, "c11")
        join(world, "c11")
        for unit, found in (("d111", True), ("d121", False)):
            portal = world.actor(unit)
            with transaction(portal) as session:
                assert ("UC11_T_02" in get_filling(session, portal, world.key(unit)).form.by_code) is found


class TestAttacks:
    def test_only_who_administers_the_unit_adds(self, world: World) -> None:
        added = addition("c11")
        for role in (Role.FILLER, Role.REVIEWER, Role.AUDITOR, Role.PARTNER):
            actor = world.actor("c11", role)
            with pytest.raises(NotPermitted), transaction(actor) as session:
                additions.publish(session, actor, added)

    @pytest.mark.parametrize("other", ["c12", "d111", "p1", "c21"])
    def test_nobody_adds_for_another_unit(self, world: World, other: str) -> None:
        actor, added = world.actor("c11", Role.UNIT_ADMIN), addition(other)
        with pytest.raises(InvalidInput, match="not_own"), transaction(actor) as session:
            additions.publish(session, actor, added)

    def test_a_unit_with_none_below_has_nobody_to_ask(self, world: World) -> None:
        actor, added = world.actor("d111", Role.UNIT_ADMIN), addition("d111")
        with pytest.raises(InvalidInput, match="nothing_below"), transaction(actor) as session:
            additions.publish(session, actor, added)

    @pytest.mark.parametrize("unit", ["c12", "d111", "p1", "c21"])
    def test_rows_cannot_be_forged(self, world: World, unit: str) -> None:
        publish(world, "c11")
        actor = world.actor("c11", Role.UNIT_ADMIN)
        target = world.actor(unit).place
        statement = text(
            "insert into form_addition (root_id, unit_id, form_code, number, form_number, definition, digest,"
            " published_by, published_at, unit_path) select root_id, :unit, form_code, 7, form_number, definition,"
            " 'x', published_by, published_at, cast(:path as ltree) from form_addition where root_id = :root"
        )
        with pytest.raises(NotPermitted), transaction(actor) as session:
            session.execute(statement, {"root": actor.place.root_id, "unit": target.id, "path": target.path})

    def test_nobody_asks_what_is_handed_in_by_an_earlier_date(self, world: World) -> None:
        world.submit("d111")
        publish(world, "c11")
        actor = world.actor("c11", Role.UNIT_ADMIN)
        statement = text(
            "insert into collection_addition (root_id, period_code, form_code, unit_id, number, joined_at, unit_path)"
            " values (:root, '2023', 'T', :unit, 1, null, cast(:path as ltree))"
        )
        place = actor.place
        with pytest.raises(NotPermitted), transaction(actor) as session:
            session.execute(statement, {"root": place.root_id, "unit": place.id, "path": place.path})

    def test_nobody_lets_anothers_addition_join(self, world: World) -> None:
        publish(world, "c12")
        city, other = world.actor("c12").place, world.actor("c11", Role.UNIT_ADMIN)
        statement = text(
            "insert into collection_addition (root_id, period_code, form_code, unit_id, number, joined_at, unit_path)"
            " values (:root, '2023', 'T', :unit, 1, null, cast(:path as ltree))"
        )
        asked = {"root": city.root_id, "unit": city.id, "path": city.path}
        for actor in (other, world.actor("d121"), world.actor("c21")):
            with pytest.raises(NotPermitted), transaction(actor) as session:
                session.execute(statement, asked)
        with pytest.raises(NotFound), transaction(other) as session:
            additions.join(session, other, KEY, 1)

    @pytest.mark.parametrize(
        "statement",
        [
            "update form_addition set number = 9",
            "delete from form_addition",
            "update collection_addition set number = 9",
            "delete from collection_addition",
        ],
    )
    def test_what_is_published_never_changes(self, world: World, statement: str) -> None:
        publish(world, "c11")
        with pytest.raises(NotPermitted), transaction(world.actor("c11")) as session:
            session.execute(text(statement))

    def test_numbers_follow_each_other_and_say_it_once(self, world: World) -> None:
        publish(world, "c11")
        publish(world, "c11")
        with pytest.raises(FormInvalid, match="must be 2"):
            publish(world, "c11", 3)

    def test_a_code_keeps_its_meaning(self, world: World) -> None:
        publish(world, "c11")
        actor = world.actor("c11", Role.UNIT_ADMIN)
        first = addition("c11", 2)
        sheet = first.sheets[1]
        changed = replace(sheet, listed=tuple(replace(each, unit="户") for each in sheet.listed))
        with pytest.raises(FormInvalid, match="take another code"), transaction(actor) as session:
            additions.publish(session, actor, replace(first, sheets=(first.sheets[0], changed)))
