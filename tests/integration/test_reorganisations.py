"""Reorganisations of the tree: what they make of totals in both trees, of rights, of collections; and their undoing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from portal import clock
from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Actor, Role
from portal.domain.reorganisations import Change, ChangeKind, ReorganisationState
from portal.domain.units import Level
from portal.domain.values import Value
from portal.errors import Conflict, FormInvalid, NotFound, NotPermitted
from portal.models import Tree
from portal.queries.reorganisations import get_reorganisation, list_reorganisations, preview
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, roll_up
from portal.queries.rollups.verification import verify
from portal.queries.submissions import get_task
from portal.queries.units import get_unit
from portal.services import reorganisations, trees
from tests.world import PERIOD, World

BASIS = "民函〔2023〕1号（试验）"
BEFORE, WITHIN, AFTER = date(2022, 7, 1), date(2023, 7, 1), date(2024, 2, 1)
MERGER = Change(ChangeKind.MERGE, "d111", ("d112",))
MOVE = Change(ChangeKind.MOVE, "d112", parent_code="c12")
HALVES = (
    Change(ChangeKind.SPLIT, "d113", ("d111",), name="甲"),
    Change(ChangeKind.SPLIT, "d122", ("d111",), parent_code="c12", name="乙"),
)


def admin(world: World, unit: str = "p1") -> Actor:
    return world.actor(unit, Role.UNIT_ADMIN)


def apply(world: World, *changes: Change, on: date, by: str = "p1") -> int:
    actor = admin(world, by)
    with transaction(actor) as session:
        row = reorganisations.begin(session, actor, on, BASIS, changes)
    with transaction(actor) as session:
        reorganisations.apply(session, actor, row.number, row.row_version)
    return row.number


def undo(world: World, number: int, by: str = "p1") -> None:
    actor = admin(world, by)
    with transaction(actor) as session:
        row = get_reorganisation(session, actor, number)
        reorganisations.undo(session, actor, number, row.row_version)


def rows(world: World, unit: str, by: str = "self", tree: str = REPORTED_TREE) -> dict[str, RollUpRow]:
    actor = world.actor(unit)
    with transaction(actor) as session:
        found = roll_up(session, actor, unit=unit, period=PERIOD, indicators=["T203"], by=by, tree=tree)
    return {row.unit_code: row for row in found}


def amounts(world: World, unit: str, by: str = "self", tree: str = REPORTED_TREE) -> dict[str, Decimal | None]:
    return {code: row.value for code, row in rows(world, unit, by, tree).items()}


def spend(world: World, **amounts: int) -> None:
    for unit, amount in amounts.items():
        world.accept(unit, T203=Value.of(amount))


def prove(world: World) -> None:
    """Every stored roll-up is what the accepted values make."""
    actor = world.actor("p1")
    with transaction(actor) as session:
        compared, mismatches = verify(session, actor.place.root_id)
    assert (compared > 0, mismatches) == (True, [])


class TestTotals:
    def test_a_move_within_the_period_moves_the_figures(self, world: World) -> None:
        spend(world, d111=1, d112=2, d121=4)
        apply(world, MOVE, on=WITHIN)
        assert amounts(world, "p1", "level:city") == {"c11": 1, "c12": 6, "c13": None}
        assert rows(world, "c12")["c12"].expected == 3
        prove(world)

    def test_a_move_after_the_period_moves_them_in_todays_tree_only(self, world: World) -> None:
        spend(world, d111=1, d112=2, d121=4)
        apply(world, MOVE, on=AFTER)
        assert amounts(world, "p1", "level:city") == {"c11": 3, "c12": 4, "c13": None}
        assert amounts(world, "p1", "level:city", CURRENT_TREE) == {"c11": 1, "c12": 6, "c13": None}
        prove(world)

    def test_what_moved_out_of_sight_stays_in_the_old_superiors_totals(self, world: World) -> None:
        spend(world, d111=1, d112=2)
        apply(world, MOVE, on=AFTER)
        own = rows(world, "c11")["c11"]
        assert (own.value, own.reported, own.expected) == (3, 2, 3)
        assert amounts(world, "c11", "children") == {"d111": 1, "d112": 2}
        assert amounts(world, "c12", "children", CURRENT_TREE) == {"d112": 2, "d121": None}

    def test_a_merged_units_figures_count_for_its_successor(self, world: World) -> None:
        spend(world, d111=1, d112=2)
        apply(world, MERGER, on=AFTER)
        assert amounts(world, "p1", "level:district") == {"d111": 1, "d112": 2, "d121": None}
        restated = rows(world, "p1", "level:district", CURRENT_TREE)
        assert {code: row.value for code, row in restated.items()} == {"d111": 3, "d121": None}
        assert (restated["d111"].reported, restated["d111"].expected) == (2, 2)
        assert amounts(world, "d111", tree=CURRENT_TREE) == {"d111": 3}

    def test_merged_from_another_city_is_read_by_the_successor(self, world: World) -> None:
        spend(world, d112=2, d121=4)
        apply(world, Change(ChangeKind.MERGE, "d121", ("d112",)), on=AFTER)
        assert amounts(world, "c12", tree=CURRENT_TREE) == {"c12": 6}
        assert amounts(world, "d121", tree=CURRENT_TREE) == {"d121": 6}
        assert amounts(world, "c11") == {"c11": 2}

    def test_a_split_is_exact_only_above_all_parts(self, world: World) -> None:
        spend(world, d111=1, d112=2, d121=4)
        apply(world, *HALVES, on=AFTER)
        cities = rows(world, "p1", "level:city", CURRENT_TREE)
        assert {code: (row.value, row.torn) for code, row in cities.items()} == {
            "c11": (None, ("d111",)),
            "c12": (None, ("d111",)),
            "c13": (None, ()),
        }
        assert amounts(world, "p1", tree=CURRENT_TREE) == {"p1": 7}
        assert amounts(world, "p1", "level:city") == {"c11": 3, "c12": 4, "c13": None}
        part = rows(world, "d122", tree=CURRENT_TREE)["d122"]
        assert (part.value, part.torn, part.reported) == (None, ("d111",), 0)

    def test_a_part_that_lives_on_keeps_nothing_of_before(self, world: World) -> None:
        spend(world, d111=1)
        parts = (Change(ChangeKind.SPLIT, "d111", ("d111",)), Change(ChangeKind.SPLIT, "d113", ("d111",), name="新"))
        apply(world, *parts, on=AFTER)
        assert rows(world, "d111", tree=CURRENT_TREE)["d111"].torn == ("d111",)
        assert amounts(world, "c11", tree=CURRENT_TREE) == {"c11": 1}

    def test_a_dissolved_units_figures_stay_with_its_superior(self, world: World) -> None:
        spend(world, d112=2)
        apply(world, Change(ChangeKind.DISSOLVE, "d112"), on=AFTER)
        assert amounts(world, "c11", tree=CURRENT_TREE) == {"c11": 2}

    def test_what_was_left_to_a_superior_that_was_split_since_is_torn_too(self, world: World) -> None:
        spend(world, d121=4)
        apply(world, Change(ChangeKind.DISSOLVE, "d121"), on=AFTER)
        halves = (Change(ChangeKind.SPLIT, "c12", ("c12",)), Change(ChangeKind.SPLIT, "c14", ("c12",), name="新市"))
        apply(world, *halves, on=date(2024, 3, 1))
        cities = rows(world, "p1", "level:city", CURRENT_TREE)
        assert (cities["c12"].torn, cities["c14"].torn) == (("c12", "d121"),) * 2
        assert amounts(world, "p1", tree=CURRENT_TREE) == {"p1": 4}

    def test_a_dissolved_city_leaves_its_districts_to_the_province(self, world: World) -> None:
        spend(world, c12=8, d121=4)
        apply(world, Change(ChangeKind.MOVE, "d121", parent_code="p1"), Change(ChangeKind.DISSOLVE, "c12"), on=AFTER)
        assert amounts(world, "p1", "children", CURRENT_TREE) == {"c11": None, "c13": None, "d121": 4}
        assert amounts(world, "p1", tree=CURRENT_TREE) == {"p1": 12}
        assert amounts(world, "p1", "children")["c12"] == 12

    def test_merged_cities_bring_their_districts(self, world: World) -> None:
        spend(world, d111=1, d121=4)
        apply(world, Change(ChangeKind.MERGE, "c11", ("c12",)), on=BEFORE)
        with transaction(None) as session:
            assert get_unit(session, "d121").path == "p1.c11.d121"
        prove(world)

    def test_a_city_comes_to_have_districts_and_loses_them_again(self, world: World) -> None:
        spend(world, c13=16, d111=1)
        number = apply(world, Change(ChangeKind.MOVE, "d111", parent_code="c13"), on=WITHIN)
        assert amounts(world, "p1", "level:city")["c13"] == 17
        prove(world)
        undo(world, number)
        assert amounts(world, "p1", "level:city")["c13"] == 16
        prove(world)


class TestUndoing:
    @pytest.mark.parametrize("changes", [(MOVE,), (MERGER,), HALVES, (Change(ChangeKind.DISSOLVE, "d112"),)])
    @pytest.mark.parametrize("on", [AFTER, date(2090, 1, 1)])
    def test_everything_is_as_it_was(self, world: World, changes: Sequence[Change], on: date) -> None:
        spend(world, d111=1, d112=2, d121=4)
        before = state(world)
        number = apply(world, *changes, on=on)
        assert state(world) != before
        undo(world, number)
        assert state(world) == before
        prove(world)

    def test_not_once_it_is_published(self, world: World) -> None:
        number = apply(world, MOVE, on=AFTER)
        actor = admin(world)
        with transaction(actor) as session:
            reorganisations.publish(session, actor, number, get_reorganisation(session, actor, number).row_version)
        with pytest.raises(Conflict):
            undo(world, number)

    def test_not_out_of_order(self, world: World) -> None:
        first = apply(world, MOVE, on=AFTER)
        apply(world, Change(ChangeKind.RENAME, "d112", name="新名"), on=date(2024, 3, 1))
        with pytest.raises(FormInvalid, match="d112"):
            undo(world, first)

    def test_not_while_a_new_unit_reports(self, world: World) -> None:
        number = apply(world, *HALVES, on=WITHIN)
        world.fill("d113")
        with pytest.raises(FormInvalid, match="d113"):
            undo(world, number)

    def test_a_draft_that_somebody_changed_is_not_applied(self, world: World) -> None:
        actor = admin(world)
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, AFTER, BASIS, (MOVE,))
        seen = row.row_version
        with transaction(actor) as session:
            reorganisations.describe(
                session, actor, row.number, seen, effective_on=AFTER, basis="另一依据", changes=(MERGER,)
            )
        with transaction(actor) as session, pytest.raises(Conflict):
            reorganisations.apply(session, actor, row.number, seen)


def state(world: World) -> list[object]:
    """The tree as anybody can see it, and what is asked of whom."""
    actor = world.actor("p1")
    with transaction(actor) as session:
        found: list[object] = []
        for query in (
            "select code, path::text from unit u where exists (select from node n where n.unit_id = u.id) order by code",
            "select t.effective_on, t.in_force, n.* from tree t join node n on n.tree_id = t.id order by 1, 4",
            "select unit_id, parent_id, name, level, valid::text from placement order by 1, 5",
            "select * from succession order by 1, 2, 3",
            "select code, effective_on from period p join tree t on t.id = p.tree_id order by code",
            "select period_code, unit_id, unit_path::text, state, exempt_reason from submission order by 1, 2",
            "select * from rollup order by unit_id, period_code, indicator, category",
        ):
            found += [tuple(row) for row in session.execute(text(query))]
        return found


class TestCollections:
    def test_a_new_unit_is_asked_and_a_gone_one_no_longer_counts(self, world: World) -> None:
        apply(world, *HALVES, on=WITHIN)
        assert rows(world, "c11")["c11"].expected == 3  # c11, d112, d113
        world.submit("d113", T203=Value.of(1))
        world.take("d113", Action.ACCEPT, by="c11")
        assert amounts(world, "c11") == {"c11": 1}
        prove(world)

    def test_a_unit_that_handed_in_for_the_period_cannot_vanish_from_it(self, world: World) -> None:
        world.submit("d112")
        with pytest.raises(FormInvalid, match="d112-2023-T"):
            apply(world, MERGER, on=WITHIN)
        apply(world, MERGER, on=AFTER)

    def test_a_gone_unit_hands_nothing_in_for_the_period_any_more(self, world: World) -> None:
        world.fill("d112")
        number = apply(world, MERGER, on=WITHIN)
        actor = world.actor("c11")
        with transaction(actor) as session:
            row = get_task(session, actor, world.key("d112"))
        assert row.exempt_reason.startswith(f"区划调整 {number}")
        undo(world, number)
        world.take("d112", Action.SUBMIT)

    def test_what_a_gone_unit_handed_in_is_still_decided_by_its_superior(self, world: World) -> None:
        world.submit("d112", T203=Value.of(2))
        apply(world, MERGER, on=AFTER)
        world.take("d112", Action.ACCEPT, by="c11")
        assert amounts(world, "c11", tree=CURRENT_TREE) == {"c11": 2}
        prove(world)


class TestForce:
    def test_a_future_day_changes_nothing_before_it_comes(self, world: World) -> None:
        apply(world, MOVE, on=date(2090, 1, 1))
        with transaction(None) as session:
            assert get_unit(session, "d112").path == "p1.c11.d112"
            assert not trees.enter_into_force(session)
        with clock.frozen_at(datetime(2090, 1, 1, 0, 0, tzinfo=UTC)), transaction(None) as session:
            assert trees.enter_into_force(session)
            assert get_unit(session, "d112").path == "p1.c12.d112"
            assert session.scalars(select(Tree).where(~Tree.in_force)).all() == []


class TestRights:
    def test_a_city_reorganises_below_itself_and_nothing_else(self, world: World) -> None:
        apply(world, Change(ChangeKind.RENAME, "d112", name="新名"), on=AFTER, by="c11")
        for change in (
            MOVE,
            Change(ChangeKind.RENAME, "c11", name="新名"),
            Change(ChangeKind.MERGE, "d121", ("d111",)),
            Change(ChangeKind.NEW, "x", parent_code="c12", level=Level.DISTRICT, name="新"),
        ):
            with pytest.raises(FormInvalid, match="不在您的管辖范围"):
                apply(world, change, on=AFTER, by="c11")

    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.UNIT_ADMIN, Role.SYSTEM_ADMIN}))
    def test_nobody_but_administrators(self, world: World, role: Role) -> None:
        actor = world.actor("p1", role)
        with transaction(actor) as session, pytest.raises(NotPermitted):
            reorganisations.begin(session, actor, AFTER, BASIS, (MOVE,))

    def test_a_draft_is_its_units_own_and_what_is_applied_is_known_above_and_below(self, world: World) -> None:
        apply(world, Change(ChangeKind.RENAME, "d112", name="新名"), on=AFTER, by="c11")
        draft = admin(world, "c11")
        with transaction(draft) as session:
            reorganisations.begin(session, draft, AFTER, BASIS, (MERGER,))
        seen = {}
        for unit in ("c11", "p1", "d111", "c12", "p2"):
            actor = admin(world, unit)
            with transaction(actor) as session:
                seen[unit] = [row.state for row in list_reorganisations(session, actor)]
        applied, draft_too = [ReorganisationState.APPLIED], [ReorganisationState.DRAFT, ReorganisationState.APPLIED]
        assert seen == {"c11": draft_too, "p1": applied, "d111": applied, "c12": [], "p2": []}

    def test_anothers_reorganisation_is_not_there(self, world: World) -> None:
        number = apply(world, MOVE, on=AFTER)
        for unit in ("c11", "p2"):
            actor = admin(world, unit)
            with transaction(actor) as session, pytest.raises(NotFound):
                get_reorganisation(session, actor, number)

    def test_no_row_of_units_out_of_sight_is_told(self, world: World) -> None:
        """A former superior gets accepted figures of the time; a part of a split unit does not get the whole."""
        spend(world, d111=1, d112=2)
        apply(world, *HALVES, on=AFTER)
        assert observed(world, "d113") == observed(world, "d122") == observed(world, "c12") == set()
        assert observed(world, "p2") == set()
        apply(world, MOVE, on=date(2024, 3, 1))
        assert observed(world, "c11") == {"d112"}


def observed(world: World, unit: str) -> set[str]:
    """Units whose figures the function tells beyond the scope."""
    with transaction(world.actor(unit)) as session:
        root = get_unit(session, "p1").id
        query = "select code from unit where id in (select unit_id from observed_in_sight(:root, '2023'))"
        return set(session.scalars(text(query), {"root": root}))


def every_number(world: World) -> dict[tuple[str, str, str], Decimal | None]:
    """By tree, unit and indicator."""
    actor = world.actor("p1")
    with transaction(actor) as session:
        return {
            (tree, row.unit_code, row.indicator): row.value
            for tree in (REPORTED_TREE, CURRENT_TREE)
            for by in ("self", "level:city", "level:district")
            for row in roll_up(session, actor, unit="p1", period=PERIOD, by=by, tree=tree)
        }


class TestPreview:
    def test_units_people_answers_and_totals(self, world: World) -> None:
        spend(world, d111=1, d112=2)
        world.fill("d121")
        actor = admin(world)
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, WITHIN, BASIS, (MOVE,))
            seen = preview(session, actor, row)
        assert [(each.code, each.before.parent_code, each.after.parent_code) for each in seen.units] == [
            ("d112", "c11", "c12")
        ]
        assert [(str(each.key), each.blocks) for each in seen.answers] == [("d112-2023-T", False)]
        spending = {
            (each.unit, each.tree): (each.before, each.after) for each in seen.totals if each.indicator.code == "T203"
        }
        assert spending == {
            (unit, tree): numbers
            for unit, numbers in {"c11": (3, 1), "c12": (None, 2)}.items()
            for tree in (REPORTED_TREE, CURRENT_TREE)
        }
        assert (seen.count, seen.problems) == (len(seen.totals), ())

    @pytest.mark.parametrize(
        ("day", "changes"),
        [
            (WITHIN, (MOVE,)),
            (AFTER, (MOVE,)),
            (AFTER, (Change(ChangeKind.MERGE, "d121", ("d112",)),)),
            (AFTER, HALVES),
            (AFTER, (Change(ChangeKind.DISSOLVE, "d112"),)),
        ],
    )
    def test_the_totals_told_are_those_that_change(self, world: World, day: date, changes: tuple[Change, ...]) -> None:
        """By the trees of periods and by today's, after other reorganisations."""
        spend(world, d111=1, d112=2, d121=4, c13=8, c11=16)
        apply(world, Change(ChangeKind.MOVE, "c13", parent_code="c12"), on=BEFORE)
        actor = admin(world)
        with transaction(actor) as session:
            row = reorganisations.begin(session, actor, day, BASIS, changes)
            told = {
                (each.tree, each.unit, each.indicator.code): (each.before, each.after)
                for each in preview(session, actor, row).totals
            }
        before = every_number(world)
        with transaction(actor) as session:
            reorganisations.apply(session, actor, row.number, row.row_version)
        after = every_number(world)
        assert told
        assert told == {
            key: (before.get(key), after.get(key))
            for key in before.keys() | after.keys()
            if before.get(key) != after.get(key)
        }

    def test_changes_nothing(self, world: World) -> None:
        spend(world, d112=2)
        before = state(world)
        actor = admin(world)
        with transaction(actor) as session:
            preview(session, actor, reorganisations.begin(session, actor, WITHIN, BASIS, HALVES))
        assert state(world) == before
