"""A unit among its siblings: what it learns of them, and that it learns nothing else."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.forms import Direction
from portal.domain.policy import Role
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from portal.errors import NotFound, NotPermitted
from portal.queries.people import portal_actor
from portal.queries.siblings import SiblingComparison, SiblingFigure, compare_with_siblings
from portal.services import units
from portal.services.collection_changes import change_settings
from portal.services.collection_changes import exempt as exempt_unit
from tests.world import PERIOD, TREE, World, build_world, placements

NEW = [f"d11{number}" for number in range(3, 8)]
"""Five more districts of c11, so that d111 has six siblings."""

TOLD = text("select sibling_figures(:root, '2023', 'T', 'T101')")


@pytest.fixture
def family(database: None, monkeypatch: pytest.MonkeyPatch) -> World:
    for code in NEW:
        monkeypatch.setitem(TREE, code, ("c11", Level.DISTRICT))
    return build_world()


def compared(world: World, indicator: str = "T101", by: str = "d111") -> SiblingComparison:
    actor = world.actor(by)
    with transaction(actor) as session:
        return compare_with_siblings(session, actor, period=PERIOD, form="T", indicator=world.form.indicator(indicator))


def name_siblings(named: bool = True) -> None:
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        change_settings(session, sender, CollectionKey("T", PERIOD), CollectionSettings(names_siblings=named))


def accept(world: World, unit: str, checks: int) -> None:
    world.accept(unit, T101=Value.of(checks), T102=Value.of(1), T103=Value.of(checks - 1))


class TestWithoutNames:
    def test_figures_come_in_order_of_size_and_belong_to_nobody(self, family: World) -> None:
        for unit, checks in zip(["d112", *NEW[:4]], (50, 10, 40, 20, 30), strict=True):
            accept(family, unit, checks)
        seen = compared(family)
        assert [each.value for each in seen.others] == [10, 20, 30, 40, 50]
        assert {(each.code, each.name, each.name_en) for each in seen.others} == {("", "", "")}
        assert (seen.siblings, seen.reported, seen.named, seen.own) == (6, 5, False, None)

    def test_fewer_than_five_are_not_told_at_all(self, family: World) -> None:
        for unit in ["d112", *NEW[:3]]:
            accept(family, unit, 10)
        accept(family, "d111", 10)
        seen = compared(family)
        assert (seen.others, seen.reported, seen.fewest) == ((), 4, 5)
        assert seen.own is not None

    def test_not_applicable_is_no_figure(self, family: World) -> None:
        for unit in ["d112", *NEW[:4]]:
            family.accept(unit, T107=NOT_APPLICABLE)
        assert compared(family, "T107").reported == 0


class TestWithNames:
    def test_a_single_sibling_is_told_by_name(self, world: World) -> None:
        name_siblings()
        accept(world, "d112", 20)
        assert [(each.code, each.name, each.value) for each in compared(world).others] == [("d112", "d112 民政局", 20)]

    @pytest.mark.parametrize(
        ("indicator", "value"),
        [("T101", 20), ("T104", Decimal(5)), ("T202", Decimal("650.5")), ("T203", Decimal("1.25"))],
    )
    def test_what_compares_as_a_number(self, world: World, indicator: str, value: Decimal) -> None:
        name_siblings()
        accept(world, "d112", 20)
        assert compared(world, indicator).others[0].value == value

    def test_a_figure_without_a_weight_compares_all_the_same(self, world: World) -> None:
        name_siblings()
        for unit in ("d111", "d112"):
            world.accept(unit, T201=NOT_APPLICABLE)
        seen = compared(world, "T202")
        assert seen.own is not None
        assert (seen.own.value, seen.others[0].value) == (Decimal("650.5"), Decimal("650.5"))

    def test_equal_ratios_share_a_rank(self, world: World) -> None:
        name_siblings()
        accept(world, "d111", 3)
        world.accept("d112", T101=Value.of(9), T102=Value.of(3), T103=Value.of(6))
        ranked = compared(world, "T104").ranked(Direction.HIGHER)
        assert [(rank, each.own) for rank, each in ranked] == [(1, True), (1, False)]

    def test_a_rating_is_told_as_it_was_given(self, world: World) -> None:
        name_siblings()
        world.accept("d111", T106=Value.of("优秀"))
        world.accept("d112")
        seen = compared(world, "T106")
        assert seen.distribution() == {"优秀": 1, "良好": 1}

    def test_yes_and_no_are_nobodys_business(self, world: World) -> None:
        name_siblings()
        world.accept("d112")
        with pytest.raises(NotFound):
            compared(world, "T105")


class TestLimits:
    def test_only_accepted_figures_of_siblings_that_were_asked(self, family: World) -> None:
        name_siblings()
        family.fill("d112")
        family.submit("d113")
        family.accept("d121")  # of another superior
        with transaction(None) as session:
            sender = portal_actor(session, "p1")
        with transaction(sender) as session:
            exempt_unit(session, sender, family.key("d114"), "本年机构合并")
        seen = compared(family)
        assert (seen.siblings, seen.reported, seen.others) == (5, 0, ())

    @pytest.mark.parametrize("by", ["d121", "d211"])
    def test_another_superiors_units_are_no_siblings(self, world: World, by: str) -> None:
        name_siblings()
        world.accept("d111")
        world.accept("d112")
        assert compared(world, by=by).others == ()

    def test_a_top_unit_has_none(self, world: World) -> None:
        with pytest.raises(NotFound):
            compared(world, by="p1")

    def test_the_siblings_are_those_of_the_periods_tree(self, world: World) -> None:
        name_siblings()
        accept(world, "d112", 20)
        with transaction(None) as session:
            before = replace(next(each for each in placements() if each.code == "d111"), valid_to=date(2024, 1, 1))
            after = replace(before, parent_code="c12", valid_from=date(2024, 1, 1), valid_to=None)
            units.import_units(session, [before, after], [])
        assert [each.code for each in compared(world).others] == ["d112"]

    def test_a_partner_and_a_person_with_some_forms_learn_nothing(self, world: World) -> None:
        name_siblings()
        world.accept("d112")
        for roles in ({Role.PARTNER}, {Role.AUDITOR}):
            outsider = replace(world.actor("d111"), roles=frozenset(roles), forms=frozenset({"T"}))
            with transaction(outsider) as session:
                assert session.scalar(TOLD, {"root": outsider.place.root_id}) is None
        with transaction(outsider) as session, pytest.raises(NotPermitted):
            compare_with_siblings(
                session,
                replace(outsider, roles=frozenset({Role.PARTNER})),
                period=PERIOD,
                form="T",
                indicator=world.form.indicator("T101"),
            )

    def test_nobody_learns_anything_without_a_scope(self, world: World) -> None:
        name_siblings()
        world.accept("d112")
        root_id = world.actor("d111").place.root_id
        with transaction(None) as session:
            assert session.scalar(TOLD, {"root": root_id}) is None

    def test_nothing_else_of_a_sibling_is_readable(self, world: World) -> None:
        name_siblings()
        world.accept("d112")
        with transaction(world.actor("d111")) as session:
            for table in ("submission", "value", "observation", "submission_version", "event"):
                assert session.scalar(text(f"select count(*) from {table} where unit_path ~ '*.d112'")) == 0


class TestStanding:
    @staticmethod
    def comparison(own: int | None, *others: int) -> SiblingComparison:
        def figure(value: int, mine: bool = False) -> SiblingFigure:
            return SiblingFigure("", "", "", Decimal(value), "", own=mine, demo=False)

        mine = None if own is None else figure(own, mine=True)
        return SiblingComparison(mine, len(others), len(others), False, 5, tuple(map(figure, others)))

    def test_equal_figures_share_a_rank(self) -> None:
        ranked = self.comparison(3, 1, 3, 5).ranked(Direction.HIGHER)
        assert [(rank, figure.value, figure.own) for rank, figure in ranked] == [
            (1, 5, False), (2, 3, True), (2, 3, False), (4, 1, False),
        ]  # fmt: skip

    def test_the_smallest_leads_where_lower_is_better(self) -> None:
        assert self.comparison(3, 1, 5).ranked(Direction.LOWER)[1][1].own

    def test_quartiles(self) -> None:
        assert self.comparison(5, 1, 2, 3, 4).quartiles() == (2, 3, 4)
        assert self.comparison(None, 1).quartiles() is None

    def test_quartiles_have_all_digits(self) -> None:
        quartiles = self.comparison(None, 10**30, 10**30 + 1).quartiles()
        assert quartiles == tuple(Decimal(f"{10**30}.{decimals}") for decimals in ("25", "5", "75"))
