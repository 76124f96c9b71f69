"""Draft, submit, accept: figures count at once, up the whole tree, and nobody sees what is not theirs."""

from decimal import Decimal

import pytest
from sqlalchemy import create_engine, pool, text

from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.values import NOT_APPLICABLE, Value
from portal.errors import Blocked, Conflict, InvalidInput, InvalidMove, NotFound, NotPermitted
from portal.queries import event_chain, events
from portal.queries.rollups import verification
from portal.queries.rollups.differences import differences
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import roll_up
from portal.queries.submissions import get_submission, list_versions
from portal.services import explanations, moves, values
from tests.databases import TestServer
from tests.world import PERIOD, World


def figures(world: World, unit: str, by: str = "self", **options) -> dict[tuple[str, str], RollUpRow]:
    actor = world.actor(unit)
    with transaction(actor) as session:
        rows = roll_up(session, actor, unit=unit, period=PERIOD, by=by, **options)
    return {(row.unit_code, row.indicator): row for row in rows}


class TestAcceptance:
    def test_figures_count_up_the_tree_at_once(self, world: World) -> None:
        world.accept("d111")
        world.accept("d112", T101=Value.of(5), T102=Value.of(5), T103=Value.of(0))
        assert figures(world, "c11")["c11", "T101"].value == 15
        assert figures(world, "p1")["p1", "T101"].value == 15
        assert figures(world, "p1", "children")["c12", "T101"].value is None

    def test_every_aggregation(self, world: World) -> None:
        world.accept("d111", T106=Value.of("优秀"), T107=Value.of(3), T105=Value.of("否"))
        world.accept(
            "d121",
            T101=Value.of(30), T102=Value.of(15), T103=Value.of(15), T201=Value.of(300), T202=Value.of(Decimal(800)),
        )  # fmt: skip
        world.accept("c13")
        row = figures(world, "p1")
        assert row["p1", "T104"].value == Decimal(4 + 15 + 4) * 100 / Decimal(10 + 30 + 10)
        assert (row["p1", "T105"].value, row["p1", "T105"].reported) == (2, 3)
        assert row["p1", "T106"].counts == {"优秀": 1, "良好": 2}
        assert row["p1", "T106"].text == "优秀:1;良好:2"
        assert (row["p1", "T107"].value, row["p1", "T107"].minimum, row["p1", "T107"].maximum) == (None, 3, 7)
        weighted = (Decimal("650.5") * 100 + Decimal(800) * 300) / 400
        assert (row["p1", "T202"].value, row["p1", "T202"].minimum) == (weighted, Decimal("650.5"))

    def test_coverage_counts_those_who_owe_an_answer(self, world: World) -> None:
        world.accept("d111", T201=NOT_APPLICABLE, T202=NOT_APPLICABLE)
        row = figures(world, "p1")
        assert (row["p1", "T101"].reported, row["p1", "T101"].expected, row["p1", "T101"].partial) == (1, 7, True)
        assert (row["p1", "T201"].reported, row["p1", "T201"].expected) == (0, 2)
        assert row["p1", "T201"].scope == "territorial"
        assert row["p1", "T101"].scope == "whole"

    def test_reopening_takes_the_figures_out_and_keeps_the_version(self, world: World) -> None:
        world.accept("d111")
        world.take("d111", Action.REOPEN, by="c11", reason="检查次数有误")
        assert figures(world, "p1")["p1", "T101"].value is None
        world.accept("d111", T101=Value.of(20), T102=Value.of(10), T103=Value.of(10))
        assert figures(world, "p1")["p1", "T101"].value == 20
        actor = world.actor("d111")
        with transaction(actor) as session:
            assert [version.number for version in list_versions(session, actor, world.key("d111"))] == [2, 1]
            old = get_submission(session, actor, world.key("d111"), version=1)
        assert old.values["T101"].number == 10

    def test_pending_is_a_reading_of_its_own(self, world: World) -> None:
        world.accept("d111")
        world.submit("d112")
        assert figures(world, "c11")["c11", "T101"].value == 10
        row = figures(world, "c11", pending=True)["c11", "T101"]
        assert (row.value, row.pending) == (20, True)

    def test_stored_equals_recomputed(self, world: World) -> None:
        for unit in ("d111", "d112", "c11", "d121", "p1"):
            world.accept(unit)
        world.take("d112", Action.REOPEN, by="c11", reason="补正")
        actor = world.actor("p1")
        with transaction(actor) as session:
            compared, mismatches = verification.verify(session, actor.place.root_id)
        assert compared > 0
        assert mismatches == []

    @pytest.mark.parametrize("unit", ["d111", "c13", "p1"])
    def test_a_value_changed_behind_the_portals_back_is_found(
        self, committed_world: World, own_database: TestServer, unit: str
    ) -> None:
        committed_world.accept(unit)
        owner = create_engine(own_database.owner_url, poolclass=pool.NullPool)
        with owner.begin() as connection:
            connection.execute(text("alter table value no force row level security"))
            connection.execute(text("update value set number = number + 1 where indicator = 'T203'"))
        actor = committed_world.actor("p1")
        with transaction(actor) as session:
            mismatches = verification.verify(session, actor.place.root_id)[1]
        assert {each.indicator for each in mismatches} == {"T203"}

    def test_a_difference_is_exact_however_many_digits_there_are(self, world: World) -> None:
        world.accept("c11", T203=Value.of(10**29 + 1))
        world.accept("d111", T203=Value.of(Decimal("0.01")))
        actor = world.actor("c11")
        with transaction(actor) as session:
            (row,) = differences(session, actor, unit="c11", period=PERIOD, indicators=["T203"])
        assert (row.difference, row.whole) == (Decimal(f"{10**29}.99"), Decimal(f"{10**29 + 1}.01"))

    def test_own_figure_beside_the_children(self, world: World) -> None:
        world.accept("c11")
        world.accept("d111")
        actor = world.actor("c11")
        with transaction(actor) as session:
            rows = {row.indicator.code: row for row in differences(session, actor, unit="c11", period=PERIOD)}
        row = rows["T101"]
        assert (row.own, row.children, row.difference, row.reported, row.expected) == (10, 10, 0, 1, 2)


class TestChecks:
    def test_findings_block(self, world: World) -> None:
        world.fill("d111", T102=Value.of(9))
        with pytest.raises(Blocked):
            world.take("d111", Action.SUBMIT)

    def test_a_soft_finding_wants_an_explanation_in_real_words(self, world: World) -> None:
        world.fill("d111", T107=Value.of(0))
        actor, key = world.actor("d111"), world.key("d111")
        with pytest.raises(Blocked):
            world.take("d111", Action.SUBMIT)
        finding = ("rule_broken", "T107-E1", "T107")
        for words in ("核实无误", "数据已核实，情况属实，确认无误。", "太短"):
            with pytest.raises(InvalidInput), transaction(actor) as session:
                explanations.explain(session, actor, key, finding, "business", words)
        with transaction(actor) as session:
            explanations.explain(session, actor, key, finding, "business", "机构改革后本级不再承担该类事项")
        world.take("d111", Action.SUBMIT)

    def test_an_impossible_answer_is_refused_and_the_rest_is_saved(self, world: World) -> None:
        actor, key = world.actor("d111"), world.key("d111")
        with transaction(actor) as session:
            saved = values.save_values(session, actor, key, {"T101": Value.of(-1), "T102": Value.of(3)})
        assert [finding.indicator for finding in saved.refused] == ["T101"]
        assert saved.row_versions == {"T102": 1}

    def test_two_editors_do_not_overwrite_each_other(self, world: World) -> None:
        actor, key = world.actor("d111"), world.key("d111")
        with transaction(actor) as session:
            values.save_values(session, actor, key, {"T102": Value.of(3)}, expected={"T102": 0})
        with pytest.raises(Conflict), transaction(actor) as session:
            values.save_values(session, actor, key, {"T102": Value.of(4)}, expected={"T102": 0})


class TestRights:
    def test_a_draft_is_its_own_units_alone(self, world: World) -> None:
        world.fill("d111")
        for superior in ("c11", "p1"):
            actor = world.actor(superior)
            with transaction(actor) as session:
                view = get_submission(session, actor, world.key("d111"))
            assert (view.values, view.readable, view.task.answered) == ({}, False, 9)

    def test_submitted_figures_are_read_by_the_superior_only(self, world: World) -> None:
        world.submit("d111")
        seen = {}
        for superior in ("c11", "p1"):
            actor = world.actor(superior)
            with transaction(actor) as session:
                view = get_submission(session, actor, world.key("d111"))
            seen[superior] = (view.readable, "T101" in view.values)
        assert seen == {"c11": (True, True), "p1": (False, False)}

    @pytest.mark.parametrize("stranger", ["d112", "c12", "p2", "d211"])
    def test_others_do_not_even_know(self, world: World, stranger: str) -> None:
        world.accept("d111")
        actor = world.actor(stranger)
        with transaction(actor) as session, pytest.raises(NotFound):
            get_submission(session, actor, world.key("d111"))

    def test_a_sum_outside_ones_reach_is_refused_not_cut_short(self, world: World) -> None:
        actor = world.actor("c11")
        with transaction(actor) as session, pytest.raises(NotPermitted):
            roll_up(session, actor, unit="p1", period=PERIOD)

    def test_one_does_not_accept_ones_own(self, world: World) -> None:
        world.submit("d111")
        with pytest.raises(NotPermitted):
            world.take("d111", Action.ACCEPT, by="d111")
        with pytest.raises(NotPermitted):
            world.take("d111", Action.ACCEPT, by="p1")

    def test_roles_matter(self, world: World) -> None:
        world.fill("d111")
        checker = world.actor("d111", Role.CHECKER)
        with pytest.raises(NotPermitted), transaction(checker) as session:
            moves.take(session, checker, world.key("d111"), Action.SUBMIT)

    def test_a_move_out_of_turn_is_named(self, world: World) -> None:
        with pytest.raises(InvalidMove):
            world.take("d111", Action.ACCEPT, by="c11")

    def test_sending_back_wants_a_reason_and_opens_a_version(self, world: World) -> None:
        world.submit("d111")
        with pytest.raises(InvalidInput):
            world.take("d111", Action.SEND_BACK, by="c11")
        world.take("d111", Action.SEND_BACK, by="c11", reason="请核对 T101")
        actor = world.actor("d111")
        with transaction(actor) as session:
            view = get_submission(session, actor, world.key("d111"))
        assert (view.state, view.task.version, view.task.returned_reason) == (State.SENT_BACK, 2, "请核对 T101")
        assert view.values["T101"].number == 10


class TestEvents:
    def test_the_chain_is_whole(self, world: World) -> None:
        world.accept("d111")
        actor = world.actor("p1")
        with transaction(actor) as session:
            length, broken = event_chain.verify(session, actor.place.root_id)
        assert length >= 4
        assert broken is None

    def test_a_history_is_told(self, world: World) -> None:
        world.accept("d111")
        actor = world.actor("d111")
        with transaction(actor) as session:
            kinds = [event.kind for event in events.list_history(session, actor, world.key("d111"))]
        assert kinds == ["submission_accepted", "submission_submitted", "values_changed"]
