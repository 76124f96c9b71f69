"""Whatever is done to the record behind the portal's back is found, and named where it begins."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.policy import Role
from portal.models import PORTAL_CHAIN
from portal.queries.event_chain import (
    BrokenCheckpoint,
    BrokenLink,
    first_unsound,
    list_chains,
    list_checkpoints,
    verify,
)
from portal.services import events
from portal.services.checkpoints import make_checkpoint
from tests.world import World

KEY = Ed25519PrivateKey.generate()
LENGTH = 12
REHASH = """
    update event e set previous_hash = l.previous, hash = l.link from (
        with recursive l(number, previous, link) as (
            select 0, '', repeat('0', 64)
            union all
            select e.number, l.link, encode(sha256(convert_to(l.link || e.body, 'UTF8')), 'hex')
            from l join event e on e.root_id = :root and e.number = l.number + 1
        ) select * from l
    ) l where e.root_id = :root and e.number = l.number
"""
NEW_HEAD = """
    update event_chain set (length, hash) =
        (select number, hash from event where root_id = :root order by number desc limit 1)
    where root_id = :root
"""


@pytest.fixture
def chain(committed_world: World, own_database) -> Iterator["Chain"]:
    """The chain of p1 with a dozen events, and a connection that may do anything to it until it is rolled back."""
    actor = committed_world.actor("p1")
    with transaction(actor) as session:
        session.execute(text("select 1"))
        for number in range(LENGTH - 2):
            where = {"unit_code": ("p1", "d111", "c12")[number % 3], "root_id": actor.place.root_id}
            events.record(session, actor, "collection_changed", f"第 {number} 项", **where, after={"值": number})
    with transaction(actor) as session:
        assert verify(session, actor.place.root_id) == (LENGTH, None)
        make_checkpoint(session, actor.place.root_id, KEY)
    engine = create_engine(own_database.owner_url)
    yield Chain(engine, actor.place.root_id)
    engine.dispose()


class Chain:
    def __init__(self, engine, root_id: int) -> None:
        self.engine = engine
        self.root_id = root_id

    @contextmanager
    def tampered(self, *statements: str, **parameters: object) -> Iterator[Session]:
        with Session(self.engine) as session:
            session.execute(
                text("set local citus.propagate_set_commands = 'local'")
            )  # on every node, if there are more
            session.execute(text("set local session_replication_role = replica"))  # foreign keys stop nobody
            session.execute(text("set local huizong.scope = 'p1'; set local huizong.forms = '*'"))
            for statement in statements:
                session.execute(text(statement), {"root": self.root_id, **parameters})
            yield session

    def broken(self, *statements: str, **parameters: object) -> BrokenLink | BrokenCheckpoint | None:
        with self.tampered(*statements, **parameters) as session:
            return verify(session, self.root_id)[1]

    def disagreeing(self, *statements: str, **parameters: object) -> BrokenLink | BrokenCheckpoint | None:
        with self.tampered(*statements, **parameters) as session:
            return verify(session, self.root_id, list_checkpoints(session, self.root_id))[1]


SWAP = """
    update event set number = case when number = :a then -1 else -2 end where root_id = :root and number in (:a, :b);
    update event set number = case when number = -1 then :b else :a end where root_id = :root and number in (-1, -2)
"""


class TestTampering:
    def test_an_altered_text(self, chain):
        found = chain.broken("update event set body = replace(body, '第 3 项', '第 8 项') where root_id = :root")
        assert (found.number, found.problem, found.column) == (6, "altered", "")

    @pytest.mark.parametrize(
        ("column", "content"),
        [
            ("kind", "'form_published'"),
            ("subject", "'x'"),
            ("happened_at", "to_timestamp(0)"),
            ("private", "not private"),
            ("actor", "'别人'"),
            ("address", "'10.0.0.9'"),
            ("unit", "(select id from unit where code = 'd112'), (select path from unit where code = 'd112')"),
            ("in_place", "'p1.c11'"),
        ],
    )
    def test_an_altered_column(self, chain, column, content):
        columns = {"unit": "(unit_id, unit_path)", "in_place": "unit_path"}.get(column, column)
        content = f"row({content})" if column == "unit" else content
        found = chain.broken(f"update event set {columns} = {content} where root_id = :root and number = 7")
        assert (found.number, found.problem, found.column) == (7, "altered", column)

    @pytest.mark.parametrize("column", ["hash", "previous_hash"])
    def test_an_altered_hash(self, chain, column):
        found = chain.broken(f"update event set {column} = repeat('a', 64) where root_id = :root and number = 7")
        assert (found.number, found.problem) == (7, "altered")

    def test_a_deleted_row(self, chain):
        found = chain.broken("delete from event where root_id = :root and number = 5")
        assert (found.number, found.problem) == (5, "missing")

    def test_a_deleted_row_with_the_others_renumbered(self, chain):
        found = chain.broken(
            "delete from event where root_id = :root and number = 5",
            "update event set number = -number where root_id = :root and number > 5",
            "update event set number = -number - 1 where root_id = :root and number < 0",
        )
        assert (found.number, found.problem) == (5, "not_linked")

    @pytest.mark.parametrize("number", [0, LENGTH + 1])
    def test_an_inserted_row(self, chain, number):
        found = chain.broken(
            "insert into event select root_id, :number, unit_id, unit_path, happened_at, kind, subject, body,"
            " case when :number = 0 then previous_hash else hash end, hash, private, actor, address"
            " from event where root_id = :root and number = 1",
            number=number,
        )
        assert (found.number, found.problem) in {(0, "inserted"), (LENGTH + 1, "altered")}

    def test_a_well_made_row_at_the_end_that_the_head_does_not_know(self, chain):
        found = chain.broken(
            "insert into event select root_id, number + 1, unit_id, unit_path, happened_at, kind, subject, body, hash,"
            " encode(sha256(convert_to(hash || body, 'UTF8')), 'hex'), private, actor, address"
            f" from event where root_id = :root and number = {LENGTH}"
        )
        assert (found.number, found.problem) == (LENGTH + 1, "inserted")

    def test_a_pair_exchanged(self, chain):
        found = chain.broken(*SWAP.split(";"), a=4, b=5)
        assert (found.number, found.problem) == (4, "reordered")

    def test_two_exchanged_over_a_distance(self, chain):
        found = chain.broken(*SWAP.split(";"), a=4, b=9)
        assert (found.number, found.problem) == (4, "not_linked")

    def test_a_tail_cut_off(self, chain):
        found = chain.broken("delete from event where root_id = :root and number > 9")
        assert (found.number, found.problem) == (10, "truncated")

    def test_everything_cut_off(self, chain):
        assert chain.broken("delete from event where root_id = :root").problem == "truncated"

    def test_a_head_altered(self, chain):
        found = chain.broken("update event_chain set hash = repeat('a', 64) where root_id = :root")
        assert (found.problem, found.column) == ("altered", "head")

    def test_a_text_that_is_no_event_in_a_well_made_chain(self, chain):
        found = chain.broken("update event set body = '[]' where root_id = :root and number = 5", REHASH, NEW_HEAD)
        assert (found.number, found.problem, found.column) == (5, "altered", "body")


class TestCheckpoints:
    def test_agree_with_an_untouched_chain_that_went_on(self, chain, committed_world):
        committed_world.submit("d111")
        assert chain.disagreeing() is None

    def test_find_a_tail_cut_off_together_with_the_head(self, chain):
        cut = ("delete from event where root_id = :root and number > 9", NEW_HEAD)
        assert chain.broken(*cut) is None
        assert chain.disagreeing(*cut).problem == "cut_off"

    def test_find_a_chain_that_was_emptied(self, chain):
        emptied = ("delete from event where root_id = :root", "delete from event_chain where root_id = :root")
        assert chain.broken(*emptied) is None
        assert chain.disagreeing(*emptied).problem == "cut_off"

    def test_find_a_chain_rewritten_as_a_whole(self, chain):
        rewritten = (
            "update event set body = replace(body, '第 3 项', '第 8 项') where root_id = :root",
            "update event set subject = replace(subject, '第 3 项', '第 8 项') where root_id = :root",
            REHASH,
            NEW_HEAD,
        )
        assert chain.broken(*rewritten) is None
        assert chain.disagreeing(*rewritten).problem == "rewritten"

    @pytest.mark.parametrize(
        "change",
        ["length = length - 1", "hash = repeat('a', 64)", "made_at = to_timestamp(0)", "number = 2"],
    )
    def test_cannot_be_altered(self, chain, change):
        with chain.tampered(f"update checkpoint set {change} where root_id = :root") as session:
            stored = list_checkpoints(session, chain.root_id)
        assert first_unsound(stored, {each.key for each in stored}).problem == "not_signed"

    def test_of_another_key_are_not_believed(self, chain):
        with chain.tampered() as session:
            stored = list_checkpoints(session, chain.root_id)
        assert first_unsound(stored, set()).problem == "unknown_key"

    def test_a_deleted_one_is_missed(self, chain, committed_world):
        actor = committed_world.actor("p1")
        for _ in range(2):
            with transaction(actor) as session:
                make_checkpoint(session, chain.root_id, KEY)
        with chain.tampered("delete from checkpoint where root_id = :root and number = 2") as session:
            stored = list_checkpoints(session, chain.root_id)
        found = first_unsound(stored, {each.key for each in stored})
        assert (found.problem, found.checkpoint.number) == ("missing", 3)

    @pytest.mark.parametrize("statement", ["update checkpoint set length = 0", "delete from checkpoint"])
    def test_the_application_only_adds_them(self, chain, committed_world, statement):
        with pytest.raises(Exception, match="row_level_security"), transaction(committed_world.actor("p1")) as session:
            session.execute(text(statement))

    def test_nobody_signs_for_another_tree(self, chain, committed_world):
        with pytest.raises(Exception, match="row_level_security"), transaction(committed_world.actor("p2")) as session:
            make_checkpoint(session, chain.root_id, KEY)

    def test_a_bureau_below_does_not_sign_for_its_province(self, chain, committed_world):
        with pytest.raises(Exception, match="row_level_security"), transaction(committed_world.actor("c11")) as session:
            make_checkpoint(session, chain.root_id, KEY)

    def test_every_chain_can_be_signed(self, chain):
        with transaction(None) as session:
            chains = list_chains(session)
        assert [each.root for each in chains] == ["", "p1", "p2"]
        for each in chains:
            with transaction(each.watcher) as session:
                made = make_checkpoint(session, each.root_id, KEY)
                assert made.signed
                assert verify(session, each.root_id, list_checkpoints(session, each.root_id))[1] is None


NUMBERS = st.integers(1, LENGTH)
TAMPERINGS = st.one_of(
    st.tuples(st.just("delete from event where root_id = :root and number = :a"), NUMBERS, NUMBERS),
    st.tuples(st.just("delete from event where root_id = :root and number >= :a"), NUMBERS, NUMBERS),
    st.tuples(st.just("update event set body = body || ' ' where root_id = :root and number = :a"), NUMBERS, NUMBERS),
    st.tuples(st.just("update event set kind = kind || 'x' where root_id = :root and number = :a"), NUMBERS, NUMBERS),
    st.tuples(
        st.just(
            "update event set happened_at = (happened_at at time zone 'UTC' + interval '1 microsecond')"
            " at time zone 'UTC' where root_id = :root and number = :a"
        ),
        NUMBERS,
        NUMBERS,
    ),
    st.tuples(st.just(SWAP), NUMBERS, NUMBERS).filter(lambda each: each[1] != each[2]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TAMPERINGS, min_size=1, max_size=1))
def test_any_tampering_is_found_where_it_begins(chain, tamperings):
    for statement, a, b in tamperings:
        found = chain.broken(*statement.split(";"), a=a, b=b)
        assert found.number == (min(a, b) if statement == SWAP else a)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TAMPERINGS, min_size=1, max_size=4))
def test_several_tamperings_are_never_taken_for_a_whole_chain(chain, tamperings):
    with chain.tampered() as session:
        before = session.execute(
            text("select * from event where root_id = :root order by number"), {"root": chain.root_id}
        ).all()
        for statement, a, b in tamperings:
            for part in statement.split(";"):
                session.execute(text(part), {"root": chain.root_id, "a": a, "b": b})
        after = session.execute(
            text("select * from event where root_id = :root order by number"), {"root": chain.root_id}
        ).all()
        assert (verify(session, chain.root_id)[1] is None) == (before == after)


class TestAppending:
    def test_in_different_trees_nobody_waits(self, committed_world: World) -> None:
        one, other = committed_world.actor("d111"), committed_world.actor("d211")
        with transaction(one) as first:
            events.record(first, one, "collection_changed", "甲", unit_code="d111", root_id=one.place.root_id)
            events.append(first)  # the head of p1's chain is locked from here on
            with transaction(other) as second:
                second.execute(text("set local lock_timeout = '200ms'"))
                events.record(second, other, "collection_changed", "乙", unit_code="d211", root_id=other.place.root_id)
            with transaction(one) as third:
                third.execute(text("set local lock_timeout = '200ms'"))
                events.record(third, one, "collection_changed", "丙", unit_code="d111", root_id=one.place.root_id)
                with pytest.raises(Exception, match="lock timeout"):
                    events.append(third)
                third.rollback()

    def test_the_portals_own_chain_holds_up_no_tree(self, committed_world: World) -> None:
        actor = committed_world.actor("d111")
        with transaction(None) as first:
            events.record_for_portal(first, None, "collection_changed", "甲")
            events.append(first)
            with transaction(actor) as second:
                second.execute(text("set local lock_timeout = '200ms'"))
                events.record(second, actor, "collection_changed", "乙", unit_code="d111", root_id=actor.place.root_id)

    def test_the_portals_own_events_are_for_system_administrators(self, world: World) -> None:
        with transaction(None) as session:
            events.record_for_portal(session, None, "collection_changed", "甲")
        count = text("select count(*) from event where root_id = :root")
        seen = {}
        for role in (Role.SYSTEM_ADMIN, Role.UNIT_ADMIN, Role.AUDITOR):
            with transaction(world.actor("p1", role)) as session:
                seen[role] = session.scalar(count, {"root": PORTAL_CHAIN}) > 0
        assert seen == {Role.SYSTEM_ADMIN: True, Role.UNIT_ADMIN: False, Role.AUDITOR: False}

    def test_a_kind_that_nobody_knows_is_a_defect(self, world: World) -> None:
        with pytest.raises(KeyError), transaction(None) as session:
            events.record_for_portal(session, None, "something_happened", "甲")

    def test_no_unit_hides_in_the_portals_chain(self, world: World) -> None:
        with pytest.raises(Exception, match="row_level_security"), transaction(None) as session:
            events.record_by(session, events.PORTAL, "collection_changed", "甲", "d111", PORTAL_CHAIN)
