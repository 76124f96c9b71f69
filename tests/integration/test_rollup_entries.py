"""Eliminations and adjustments: what they do to every reading of a roll-up, who may enter them, and what is kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.rollup_entries import Entry, EntryKind
from portal.errors import Conflict, FormInvalid, InvalidInput, InvalidMove, NotFound, NotPermitted, PortalError
from portal.queries import event_chain
from portal.queries.rollups.differences import DifferenceRow, differences
from portal.queries.rollups.entries import EntryRow, Standing, list_entries, standing
from portal.queries.rollups.provenance import get_provenance
from portal.queries.rollups.records import records
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.series import get_series
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, roll_up
from portal.queries.rollups.verification import verify
from portal.queries.units import get_unit
from portal.services import reorganisations, rollup_entries
from tests.world import INSIDERS, PERIOD, World

ELIMINATION, ADJUSTMENT = EntryKind
WHY = "市局转区局办理，两级各登记一次"


def eliminate(amount: str | int) -> Entry:
    return Entry(ELIMINATION, Decimal(amount))


def adjust(amount: str | int) -> Entry:
    return Entry(ADJUSTMENT, Decimal(amount))


def enter(
    world: World, unit: str, entry: Entry, *, by: str | None = None, indicator: str = "T102", seen: int = 0, **more: Any
) -> None:
    actor = world.actor(by or unit, *more.pop("roles", ()))
    with transaction(actor) as session:
        rollup_entries.enter(
            session,
            actor,
            **{"unit": unit, "period": PERIOD, "indicator": indicator, "entry": entry, "reason": WHY, "seen": seen}
            | more,
        )


def withdraw(
    world: World, unit: str, number: int, *, seen: int, by: str | None = None, indicator: str = "T102"
) -> None:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        rollup_entries.withdraw(
            session,
            actor,
            unit=unit,
            period=PERIOD,
            indicator=indicator,
            number=number,
            reason="核对后不是同一件",
            seen=seen,
        )


def row_of(world: World, unit: str, indicator: str = "T102", *, by: str | None = None, **reading: Any) -> RollUpRow:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        (row,) = roll_up(session, actor, unit=unit, period=PERIOD, indicators=[indicator], **reading)
    return row


def apart(row: RollUpRow) -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]:
    return row.value, row.original, row.total.eliminated, row.total.adjusted


def entered(world: World, unit: str, *, by: str | None = None) -> list[EntryRow]:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        return list_entries(session, actor, unit=unit, period=PERIOD)


def stands(world: World, unit: str, indicator: str = "T102") -> Standing:
    with transaction(world.actor(unit)) as session:
        place = get_unit(session, unit, period=PERIOD)
        return standing(session, place, PERIOD, world.form.indicator(indicator))


def compared(world: World, unit: str, indicator: str = "T102") -> DifferenceRow:
    actor = world.actor(unit)
    with transaction(actor) as session:
        (row,) = differences(session, actor, unit=unit, period=PERIOD, indicators=[indicator])
    return row


def proven(world: World) -> bool:
    actor = world.actor("p1")
    with transaction(actor) as session:
        assert event_chain.verify(session, actor.place.root_id)[1] is None
        return verify(session, actor.place.root_id)[1] == []


@pytest.fixture
def reported(world: World) -> World:
    """Everybody in the first province has reported four."""
    for unit in ("d111", "d112", "d121", "c11", "c12", "c13", "p1"):
        world.accept(unit)
    return world


class TestNumbers:
    def test_the_roll_up_of_the_unit_and_of_all_above_it_has_the_entry_and_no_other_has(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        enter(reported, "c11", adjust(3), seen=1, by="p1")
        assert apart(row_of(reported, "c11")) == (7, 12, -8, 3)
        assert apart(row_of(reported, "p1")) == (23, 28, -8, 3)
        for unit in ("d111", "d112", "c12", "c13"):
            assert row_of(reported, unit, by="p1").original is None
        assert (row_of(reported, "p1").reported, row_of(reported, "p1").partial) == (7, False)
        assert proven(reported)

    def test_every_reading_has_it(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        actor = reported.actor("p1")
        for tree in (REPORTED_TREE, CURRENT_TREE):
            for pending in (False, True):
                assert row_of(reported, "p1", tree=tree, pending=pending).value == 20
        with transaction(actor) as session:
            children = roll_up(session, actor, unit="p1", period=PERIOD, indicators=["T102"], by="children")
            assert {row.unit_code: row.value for row in children} == {"c11": 4, "c12": 8, "c13": 4}
            (point,) = get_series(session, actor, unit="p1", indicator="T102").points
            (record,) = records(PERIOD, [point[1]], [()])
            found = get_provenance(session, actor, unit="p1", period=PERIOD, indicator="T102")
        assert [record[key] for key in ("value", "original", "eliminated", "adjusted")] == ["20", "28", "-8", None]
        assert found.agrees
        assert [(each.unit.code, each.entry.amount) for each in found.entries] == [("c11", -8)]

    def test_a_unit_s_own_figure_stays_what_it_was(self, reported: World) -> None:
        enter(reported, "d111", adjust(-1), by="c11")
        assert apart(row_of(reported, "d111")) == (3, 4, None, -1)
        actor = reported.actor("d111")
        with transaction(actor) as session:
            assert session.scalar(text("select number from observation where indicator = 'T102'")) == 4
        assert [(each.entry, each.reason, each.by) for each in entered(reported, "d111")] == [
            (adjust(-1), WHY, "c11 的人")
        ]

    def test_ratios_and_other_sums_stay_as_reported(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        assert row_of(reported, "c11", "T104").value == 40
        assert row_of(reported, "c11", "T101").value == 30

    def test_what_nobody_reported_is_not_nought_after_a_withdrawal(self, world: World) -> None:
        enter(world, "c11", adjust(5))
        assert apart(row_of(world, "c11")) == (5, None, None, 5)
        assert row_of(world, "c11").partial
        withdraw(world, "c11", 1, seen=1)
        assert apart(row_of(world, "c11")) == (None, None, None, None)

    def test_the_difference_names_the_parts_and_what_was_entered(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        enter(reported, "p1", adjust(2))
        row = compared(reported, "p1")
        assert (row.own, row.children, row.difference) == (4, 16, -12)
        assert (row.eliminated, row.adjusted, row.whole) == (None, 2, 22)
        assert (row.reported, row.expected) == (6, 6)
        assert [(part.unit_code, part.value) for part in row.parts] == [("c11", 4), ("c12", 8), ("c13", 4)]
        assert row.whole == row_of(reported, "p1").value


class TestSuggestions:
    def test_what_units_below_report_as_passed_on_less_what_is_out_already(self, reported: World) -> None:
        assert stands(reported, "c11") == Standing(0, Decimal(-8))
        assert stands(reported, "p1") == Standing(0, Decimal(-24))
        enter(reported, "c11", eliminate(-8))
        assert stands(reported, "c11") == Standing(1, None)
        assert stands(reported, "p1") == Standing(0, Decimal(-16))
        enter(reported, "p1", eliminate(-16))
        assert stands(reported, "p1").suggestion is None
        withdraw(reported, "c11", 1, seen=1)
        assert stands(reported, "c11") == Standing(2, Decimal(-8))
        assert stands(reported, "p1") == Standing(1, Decimal(-8))

    def test_what_a_unit_passed_on_is_not_counted_twice_before_its_own_report_counts(self, world: World) -> None:
        """Of a superior that has not reported, is not accepted, is reopened or is exempt there is one count only."""
        for unit in ("d111", "d112", "d121"):
            world.accept(unit)
        assert stands(world, "c11") == stands(world, "p1") == Standing(0, None)
        world.submit("c11")
        assert stands(world, "c11").suggestion is None
        world.take("c11", Action.ACCEPT, by="p1")
        assert (stands(world, "c11").suggestion, stands(world, "p1").suggestion) == (-8, -8)
        assert stands(world, "c12").suggestion is None
        world.accept("p1")
        assert stands(world, "p1").suggestion == -12  # and the four of c11, whose superior it is
        world.accept("c12")
        assert stands(world, "p1").suggestion == -20
        world.take("c11", Action.REOPEN, by="p1", reason="更正")
        assert (stands(world, "c11").suggestion, stands(world, "p1").suggestion) == (None, -8)

    def test_none_where_the_form_says_nothing(self, reported: World) -> None:
        assert stands(reported, "c11", "T103").suggestion is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"indicator": "T104", "entry": adjust(1)}, InvalidInput),
            ({"indicator": "T106", "entry": adjust(1)}, InvalidInput),
            ({"indicator": "T103"}, InvalidInput),
            ({"entry": eliminate(-13)}, InvalidInput),
            ({"reason": " "}, InvalidInput),
            ({"reason": "长" * 1001}, InvalidInput),
            ({"indicator": "T999"}, NotFound),
            ({"unit": "nobody"}, NotFound),
            ({"unit": "c21"}, NotPermitted),
            ({"unit": "c12"}, NotPermitted),
            ({"unit": "p1"}, NotPermitted),
            ({"seen": 1}, Conflict),
            ({"seen": 10**8}, Conflict),
        ],
    )
    def test_each_with_its_reason(
        self, reported: World, change: dict[str, Any], error: type[PortalError] | None
    ) -> None:
        asked = {"unit": "c11", "entry": eliminate(-8), "by": "c11"} | change
        unit, entry = asked.pop("unit"), asked.pop("entry")
        with pytest.raises(error):
            enter(reported, unit, entry, **asked)
        assert apart(row_of(reported, "c11")) == (12, None, None, None)

    def test_a_unit_without_units_below_corrects_its_report_instead(self, reported: World) -> None:
        for unit in ("d111", "c13"):
            with pytest.raises(InvalidInput, match="own_figure"):
                enter(reported, unit, adjust(1))
        with pytest.raises(InvalidInput, match="no_elimination"):
            enter(reported, "c13", eliminate(-1), by="p1")
        enter(reported, "c13", adjust(1), by="p1")

    @pytest.mark.parametrize("role", sorted(set(INSIDERS) - {Role.REVIEWER, Role.UNIT_ADMIN}))
    def test_only_reviewers_and_administrators_enter(self, reported: World, role: Role) -> None:
        with pytest.raises(NotPermitted):
            enter(reported, "c11", adjust(1), roles=[role])

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.UNIT_ADMIN])
    def test_they_do_at_their_unit_and_below(self, reported: World, role: Role) -> None:
        for unit in ("p1", "c11", "d111"):
            enter(reported, unit, adjust(1), by="p1", roles=[role])

    def test_what_is_locked_stays_until_it_is_reopened(self, reported: World) -> None:
        enter(reported, "c11", adjust(1))
        reported.take("c11", Action.LOCK, by="p1")
        for act in (lambda: enter(reported, "c11", adjust(1), seen=1), lambda: withdraw(reported, "c11", 1, seen=1)):
            with pytest.raises(InvalidMove):
                act()
        reported.take("c11", Action.REOPEN, by="p1", reason="冲抵有误")
        withdraw(reported, "c11", 1, seen=1)
        assert row_of(reported, "c11").original is None


class TestKeeping:
    def test_an_entry_is_withdrawn_once_and_both_stay_on_record(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        withdraw(reported, "c11", 1, seen=1)
        (row,) = entered(reported, "c11")
        assert row.withdrawal is not None
        assert (row.withdrawal.by, row.withdrawal.reason) == ("c11 的人", "核对后不是同一件")
        assert row_of(reported, "p1").value == 28
        with pytest.raises(Conflict):
            withdraw(reported, "c11", 1, seen=2)
        for number in (2, 3):
            with pytest.raises(NotFound):
                withdraw(reported, "c11", number, seen=2)
        assert proven(reported)

    def test_of_two_who_saw_the_same_one_enters(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-4))
        with pytest.raises(Conflict):
            enter(reported, "c11", eliminate(-4))
        with pytest.raises(Conflict):
            withdraw(reported, "c11", 1, seen=0)
        assert row_of(reported, "c11").value == 8

    @pytest.mark.parametrize(
        "statement",
        [
            "update rollup_entry set amount = 1",
            "update rollup_entry set reason = ''",
            "delete from rollup_entry",
        ],
    )
    def test_nobody_changes_one_by_sql(self, reported: World, statement: str) -> None:
        enter(reported, "c11", eliminate(-4))
        with pytest.raises(NotPermitted), transaction(reported.actor("p1")) as session:
            session.execute(text(statement))

    def test_one_without_its_event_is_found(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-4))
        actor = reported.actor("p1")
        with transaction(actor) as session:
            session.execute(
                text(
                    "insert into rollup_entry (root_id, period_code, unit_id, indicator, number, form_code, kind,"
                    " amount, reason, entered_by, entered_at, unit_path) select root_id, period_code, unit_id,"
                    " indicator, 2, form_code, kind, -1, '', '', now(), unit_path from rollup_entry"
                )
            )
            ((_kind, period, _unit, indicator, stored, computed),) = [
                tuple(vars(each).values()) for each in verify(session, actor.place.root_id)[1]
            ]
        assert (period, indicator, stored.eliminated, computed.eliminated) == ("2023", "T102", -5, -4)


class TestSight:
    def test_units_see_what_concerns_their_own_figures_and_no_more(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        enter(reported, "d111", adjust(-1), by="c11")
        enter(reported, "c12", adjust(1), by="p1")
        seen = {
            unit: [(each.unit.code, int(each.entry.amount)) for each in entered(reported, unit)]
            for unit in ("p1", "c11", "c12", "d111", "d112")
        }
        assert seen["p1"] == [("c11", -8), ("d111", -1), ("c12", 1)]
        assert seen["c11"] == [("c11", -8), ("d111", -1)]
        assert (seen["c12"], seen["d111"], seen["d112"]) == ([("c12", 1)], [("d111", -1)], [])

    def test_a_partner_sees_the_number_and_not_why(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        partner = reported.actor("c11", Role.PARTNER)
        with transaction(partner) as session:
            (row,) = roll_up(session, partner, unit="c11", period=PERIOD, indicators=["T102"])
            assert apart(row) == (4, 12, -8, None)
            assert session.scalar(text("select count(*) from rollup_entry")) == 0
            with pytest.raises(NotPermitted):
                list_entries(session, partner, unit="c11", period=PERIOD)

    def test_a_stranger_writes_nothing_by_sql(self, reported: World) -> None:
        enter(reported, "c11", eliminate(-8))
        place = reported.actor("c11").place
        with pytest.raises(NotPermitted), transaction(reported.actor("c12")) as session:
            session.execute(
                text(
                    "insert into rollup_entry (root_id, period_code, unit_id, indicator, number, form_code, kind,"
                    " amount, reason, entered_by, entered_at, unit_path) values (:root, '2023', :unit, 'T102', 2, 'T',"
                    " 'adjustment', 1, '', '', now(), cast(:path as ltree))"
                ),
                {"root": place.root_id, "unit": place.id, "path": place.path},
            )


class TestReorganised:
    def reorganise(self, world: World, day: date, *changes: Change, undone: bool = False) -> None:
        actor = world.actor("p1", Role.UNIT_ADMIN)
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, day, "试验", changes)
            reorganisations.apply(session, actor, row.number, row.row_version)
            if undone:
                reorganisations.undo(session, actor, row.number, row.row_version)

    def test_it_moves_along_with_its_unit(self, reported: World) -> None:
        enter(reported, "d111", adjust(5), by="c11")
        self.reorganise(reported, date(2024, 3, 1), Change(ChangeKind.MOVE, "d111", parent_code="c12"))
        assert row_of(reported, "c11").value == 17
        assert row_of(reported, "c11", tree=CURRENT_TREE).value == 8
        assert apart(row_of(reported, "c12", tree=CURRENT_TREE)) == (17, 12, None, 5)
        assert row_of(reported, "c12").value == 8
        assert entered(reported, "c11") == []
        assert proven(reported)

    def test_it_counts_for_whatever_the_unit_became(self, reported: World) -> None:
        enter(reported, "d111", adjust(5), by="c11")
        self.reorganise(reported, date(2024, 3, 1), Change(ChangeKind.MERGE, "d112", ("d111", "d112"), name="合并区"))
        assert apart(row_of(reported, "d112", tree=CURRENT_TREE, by="p1")) == (13, 8, None, 5)
        assert row_of(reported, "c11", tree=CURRENT_TREE).value == 17

    def test_that_of_a_split_unit_counts_above_all_its_parts_only(self, reported: World) -> None:
        """Also that in the roll-up of a city for an indicator that only districts answer."""
        enter(reported, "c13", adjust(5), by="p1", indicator="T201")
        parts = [
            Change(ChangeKind.SPLIT, "c14", ("c13",), name="甲市"),
            Change(ChangeKind.SPLIT, "d122", ("c13",), parent_code="c12", name="乙区"),
        ]
        self.reorganise(reported, date(2024, 3, 1), *parts)
        assert row_of(reported, "p1", "T201", tree=CURRENT_TREE).value == 305
        for unit in ("c14", "c12", "d122"):
            assert row_of(reported, unit, "T201", by="p1", tree=CURRENT_TREE).torn == ("c13",)

    def test_a_unit_does_not_go_while_an_entry_counts_there(self, world: World) -> None:
        enter(world, "d111", adjust(5), by="c11")
        merge = Change(ChangeKind.MERGE, "d112", ("d111", "d112"), name="合并区")
        with pytest.raises(FormInvalid, match="d111-2023-T102"):
            self.reorganise(world, date(2023, 3, 1), merge)
        withdraw(world, "d111", 1, seen=1, by="c11")
        self.reorganise(world, date(2023, 3, 1), merge)

    def test_nor_is_a_new_unit_taken_back(self, world: World) -> None:
        actor = world.actor("p1", Role.UNIT_ADMIN)
        new = Change(ChangeKind.NEW, "d113", parent_code="c11", name="新区", level="district")
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, date(2023, 3, 1), "试验", [new])
            reorganisations.apply(session, actor, row.number, row.row_version)
        enter(world, "d113", adjust(5), by="c11")
        with pytest.raises(FormInvalid, match="d113"), transaction(actor) as session:
            reorganisations.undo(session, actor, row.number, row.row_version)
        withdraw(world, "d113", 1, seen=1, by="c11")
        with transaction(actor) as session:
            reorganisations.undo(session, actor, row.number, row.row_version)


class TestAtOnce:
    def test_entries_and_acceptances_lose_nothing(self, committed_world: World) -> None:
        world = committed_world
        districts = ("d111", "d112", "d121")
        for unit in districts:
            world.submit(unit)

        def accept(unit: str) -> None:
            world.take(unit, Action.ACCEPT, by="c12" if unit == "d121" else "c11")

        work: list[Callable[[], None]] = [
            *(lambda unit=unit: accept(unit) for unit in districts),
            *(lambda unit=unit: enter(world, unit, adjust(1), by="p1") for unit in ("p1", "c11", "c12", *districts)),
        ]
        with ThreadPoolExecutor(len(work)) as pool:
            list(pool.map(lambda act: act(), work))
        assert apart(row_of(world, "p1")) == (18, 12, None, 6)
        assert apart(row_of(world, "c11")) == (11, 8, None, 3)
        assert proven(world)

    def test_of_many_at_once_one_enters(self, committed_world: World) -> None:
        committed_world.accept("d111")

        def attempt(_number: int) -> bool:
            try:
                enter(committed_world, "c11", eliminate(-1))
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]
        assert row_of(committed_world, "c11").value == 3
