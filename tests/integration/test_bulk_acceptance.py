"""Many submissions accepted at once: as one by one, whoever else is at it, in a bounded number of statements."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from portal.db import transaction
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import Action
from portal.domain.policy import Actor, Role
from portal.domain.units import Level
from portal.domain.values import NOT_APPLICABLE, Value
from portal.errors import Blocked, Conflict, InvalidInput, InvalidMove, NotFound, NotPermitted, SamePerson
from portal.queries import event_chain
from portal.queries.acceptable import list_waiting
from portal.queries.findings import Decision, check_submission
from portal.queries.rollups import verification
from portal.queries.rollups.contributing import contributing
from portal.queries.submissions import get_row
from portal.services import explanations, list_rows, moves, passages
from portal.services.acceptance import accept
from tests.world import PERIOD, TREE, World, build_world

KEY = CollectionKey("T", PERIOD)
FINDING = ("rule_broken", "T107-E1", "T107")
UNITS = [f"d11{number}" for number in range(1, 7)]
MORE = [f"d15{number:02}" for number in range(30)]
REASON = "本年机构调整，职责已移交"


@pytest.fixture
def wide(database: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """A city with six districts, and one with thirty."""
    for code, parent in (("c15", "p1"), *dict.fromkeys(UNITS, "c11").items(), *dict.fromkeys(MORE, "c15").items()):
        monkeypatch.setitem(TREE, code, (parent, Level.CITY if code == "c15" else Level.DISTRICT))
    return build_world()


def together(world: World, by: str, seen: Mapping[str, int | None], actor: Actor | None = None) -> dict[str, Any]:
    """What stands in the way of each; None: it is accepted."""
    actor = actor or world.actor(by)
    with transaction(actor) as session:
        return {each.unit: each.refusal for each in accept(session, actor, KEY, seen)}


def explain(world: World, unit: str, decision: Decision | None = None) -> None:
    """Break a rule, explain it, hand in; the superior decides."""
    world.fill(unit, T107=Value.of(0))
    filler, superior = world.actor(unit), world.actor(TREE[unit][0])
    with transaction(filler) as session:
        explanations.explain(session, filler, world.key(unit), FINDING, "other", REASON)
    world.take(unit, Action.SUBMIT)
    if decision:
        with transaction(superior) as session:
            explanations.decide(session, superior, world.key(unit), FINDING, decision, "请写明移交给谁")


def verified(world: World) -> bool:
    """Whether roll-ups and the chain of events are sound."""
    actor = world.actor("p1")
    with transaction(actor) as session:
        compared, mismatches = verification.verify(session, actor.place.root_id)
        events, broken = event_chain.verify(session, actor.place.root_id)
    return compared > 0 and mismatches == [] and events > 0 and broken is None


CONTENT = {
    "submission": "unit_id, state, version_number, answered, returned_reason, row_version, accepted_at is null",
    "submission_version": "unit_id, number, open_to, sha256",
    "value": "unit_id, version_number, indicator, number, text, status, open_to, row_version",
    "list_row": "unit_id, version_number, list_code, number, open_to",
    "passage": "unit_id, version_number, section, open_to",
    "explanation": "unit_id, version_number, rule, decision, decision_reason, decided_by, open_to",
    "observation": "unit_id, unit_path, indicator, version_number, status, number, category, amount, weight",
    "rollup": "unit_id, indicator, category, reported, not_applicable, amount, weight, minimum, maximum",
    "event": "kind, subject, unit_id, actor, body::jsonb - 'at'",
}


def content(world: World) -> dict[str, list[str]]:
    with transaction(world.actor("p1")) as session:
        return {
            table: sorted(str(tuple(row)) for row in session.execute(text(f"select {columns} from {table}")))
            for table, columns in CONTENT.items()
        }


def test_all_at_once_is_as_one_by_one(wide: World, connection: Connection) -> None:
    for number, unit in enumerate(UNITS[:3]):
        wide.fill(unit, T101=Value.of(number + 5), T102=Value.of(number), T103=Value.of(5))
    writer = wide.actor("d111")
    with transaction(writer) as session:
        passages.write_passage(session, writer, wide.key("d111"), "W1", "开展了专项检查。", seen=0)
        list_rows.state_none(session, writer, wide.key("d111"), "cases", none=True)
    for unit in UNITS[:3]:
        wide.take(unit, Action.SUBMIT)
    wide.submit("d114", T106=NOT_APPLICABLE, T202=NOT_APPLICABLE, T107=Value.of(3))
    explain(wide, "d115")
    explain(wide, "d116", Decision.ACCEPTED)
    before = content(wide)
    found = []
    for at_once in (False, True):
        attempt = connection.begin_nested()
        if at_once:
            assert together(wide, "c11", dict.fromkeys(UNITS)) == dict.fromkeys(UNITS)
        else:
            for unit in UNITS:
                wide.take(unit, Action.ACCEPT, by="c11")
        found.append(content(wide))
        assert verified(wide)
        attempt.rollback()
    one_by_one, all_at_once = found
    assert all_at_once == one_by_one
    assert [table for table in CONTENT if before[table] != one_by_one[table]] == list(CONTENT)


def test_what_is_observed_is_what_is_contributed(wide: World) -> None:
    """Most is copied by the database: the same as worked out here from every kind of indicator."""
    wide.submit("d111", T101=Value.of(7), T102=Value.of(3), T103=Value.of(4))
    wide.submit("d112", T203=NOT_APPLICABLE, T106=NOT_APPLICABLE)
    together(wide, "c11", dict.fromkeys(["d111", "d112"]))
    actor = wide.actor("c11")
    columns = "indicator, status, number, category, amount, weight"
    with transaction(actor) as session:
        rows = [get_row(session, actor, wide.key(unit)) for unit in ("d111", "d112")]
        for row, worked_out in contributing(session, rows):
            query = text(f"select {columns} from observation where unit_id = :unit order by indicator")
            stored = [tuple(each) for each in session.execute(query, {"unit": row.unit_id})]
            assert stored == sorted(
                (each.indicator, each.status, each.number, each.category, each.amount, each.weight)
                for each in worked_out
            )


class TestLeftAlone:
    def test_each_for_its_own_reason_and_the_rest_is_accepted(self, wide: World) -> None:
        wide.submit("d111")
        wide.fill("d112")
        wide.submit("d113")
        explain(wide, "d114", Decision.REFUSED)
        wide.submit("d211")
        found = together(
            wide, "c11", dict.fromkeys(["d111", "d112", "d113", "d114", "d211", "d121", "x"]) | {"d113": 1}
        )
        assert {unit: type(refusal) for unit, refusal in found.items()} == {
            "d111": type(None), "d112": InvalidMove, "d113": Conflict, "d114": Blocked,
            "d211": NotFound, "d121": NotFound, "x": NotFound,
        }  # fmt: skip
        assert found["d114"].count == 1
        assert together(wide, "c11", {"d111": None})["d111"].state == "accepted"
        assert verified(wide)

    @pytest.mark.parametrize(("by", "role"), [("d111", Role.REVIEWER), ("p1", Role.REVIEWER), ("c11", Role.FILLER)])
    def test_whoever_is_not_the_superiors_reviewer_accepts_nothing(self, wide: World, by: str, role: Role) -> None:
        wide.submit("d111")
        assert type(together(wide, by, {"d111": None}, wide.actor(by, role))["d111"]) is NotPermitted

    @pytest.mark.parametrize("role", [Role.PARTNER, Role.AUDITOR])
    def test_whoever_only_reads_accepts_nothing(self, wide: World, role: Role) -> None:
        wide.submit("d111")
        reader = replace(wide.actor("c11", role), forms=frozenset({"T"}) if role is Role.PARTNER else None)
        refused = together(wide, "c11", {"d111": None}, reader)["d111"]
        assert type(refused) is (NotFound if role is Role.PARTNER else NotPermitted)

    def test_what_one_filled_in_oneself_and_only_that(self, wide: World) -> None:
        wide.submit("d111")
        wide.submit("d112")
        filler = wide.actor("d111")
        with transaction(filler) as session:
            query = text("update value set entered_by_id = 77 where unit_id = :unit and indicator = 'T101'")
            session.execute(query, {"unit": filler.place.id})
        person = replace(wide.actor("c11", Role.REVIEWER), user_id=77)
        found = together(wide, "c11", dict.fromkeys(["d111", "d112"]), person)
        assert (type(found["d111"]), found["d112"]) == (SamePerson, None)

    def test_nothing_at_all(self, wide: World) -> None:
        assert together(wide, "c11", {}) == {}

    def test_a_reason_may_be_given_but_not_at_any_length(self, wide: World) -> None:
        wide.submit("d111")
        actor = wide.actor("c11")
        with pytest.raises(InvalidInput), transaction(actor) as session:
            accept(session, actor, KEY, {"d111": None}, reason="长" * 2001)
        with transaction(actor) as session:
            moves.take(session, actor, wide.key("d111"), Action.ACCEPT, reason="已核")
        with transaction(actor) as session:
            said = session.scalar(
                text("select body::jsonb->'after'->>'reason' from event where kind = 'submission_accepted'")
            )
        assert said == "已核"


class TestBefore:
    def test_findings_and_undecided_explanations_are_told(self, wide: World) -> None:
        wide.submit("d111")
        explain(wide, "d112")
        explain(wide, "d113", Decision.ACCEPTED)
        wide.fill("d114")
        actor = wide.actor("c11")
        with transaction(actor) as session:
            told = list_waiting(session, actor, KEY, dict.fromkeys(["d111", "d112", "d113", "d114"]))
            checked = {unit: check_submission(session, actor, wide.key(unit)) for unit in ("d111", "d112", "d113")}
        assert [each.undecided for each in told] == [0, 1, 0, 0]
        assert [len(each.findings) for each in told] == [0, 1, 1, 0]
        assert type(told[3].refusal) is InvalidMove
        assert {each.key.unit: list(each.findings) for each in told[:3]} == {
            unit: found.findings for unit, found in checked.items()
        }
        seen = {each.key.unit: each.row_version for each in told[:3]}
        assert together(wide, "c11", seen) == dict.fromkeys(seen)


@contextmanager
def counting() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_as_many_statements_for_thirty_as_for_three(wide: World) -> None:
    for unit in (*UNITS[:3], *MORE):
        wide.submit(unit)
    actors = {by: wide.actor(by) for by in ("c11", "c15")}
    sent = {}
    for by, units in (("c11", UNITS[:3]), ("c15", MORE)):
        with counting() as statements:
            assert together(wide, by, dict.fromkeys(units), actors[by]) == dict.fromkeys(units)
        sent[by] = len(statements)
    assert sent["c15"] == sent["c11"] <= 40


def test_what_was_explained_is_read_once(wide: World) -> None:
    wide.submit("d111")
    explain(wide, "d112")
    explain(wide, "d113", Decision.REFUSED)
    actor, units = wide.actor("c11"), dict.fromkeys(UNITS[:3])
    with counting() as statements, transaction(actor) as session:
        told = list_waiting(session, actor, KEY, units)
    assert [type(each.refusal) for each in told] == [type(None), type(None), Blocked]
    assert sum("FROM explanation" in each for each in statements) == 1
    with counting() as statements:
        assert together(wide, "c11", units, actor)["d113"].count == 1
    assert sum("FROM explanation" in each for each in statements) == 1


class TestAtOnce:
    @pytest.fixture
    def shared(self, committed_world: World) -> World:
        for unit in ("d111", "d112"):
            committed_world.submit(unit)
        return committed_world

    def test_two_reviewers_accept_the_same(self, shared: World) -> None:
        begin = threading.Barrier(2, timeout=60)

        def work(order: list[str]) -> dict[str, Any]:
            actor = shared.actor("c11")
            begin.wait()
            return together(shared, "c11", dict.fromkeys(order), actor)

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(work, (["d111", "d112"], ["d112", "d111"]), timeout=120))
        first, second = sorted(found, key=lambda one: any(one.values()))
        assert set(first.values()) == {None}
        assert {type(each) for each in second.values()} == {InvalidMove}
        with transaction(shared.actor("p1")) as session:
            query = text("select count(*) from event where kind = 'submission_accepted'")
            assert session.scalar(query) == 2
        assert verified(shared)

    @pytest.mark.parametrize("again", [False, True])
    def test_what_is_taken_back_meanwhile_is_left_alone(self, shared: World, again: bool) -> None:
        seen = self.versions(shared)
        filler = shared.actor("d111")
        with ThreadPoolExecutor(1) as pool:
            with transaction(filler) as session:
                moves.take(session, filler, shared.key("d111"), Action.WITHDRAW)
                if again:
                    moves.take(session, filler, shared.key("d111"), Action.SUBMIT)
                accepting = pool.submit(together, shared, "c11", seen)
                with pytest.raises(TimeoutError):
                    accepting.result(1)
            found = accepting.result(120)
        assert (type(found["d111"]), found["d112"]) == (Conflict if again else InvalidMove, None)
        assert verified(shared)

    def versions(self, world: World) -> dict[str, int | None]:
        actor = world.actor("c11")
        with transaction(actor) as session:
            return {unit: get_row(session, actor, world.key(unit)).row_version for unit in ("d111", "d112")}
