"""The lock on the door: what PostgreSQL itself lets the application's role see and write."""

import json
from dataclasses import replace
from datetime import date

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal import clock, db
from portal.db import identity_transaction, transaction
from portal.domain.policy import Actor, Role
from portal.domain.units import Place
from portal.domain.values import Value
from portal.errors import NotPermitted
from portal.models import Membership
from portal.queries.units import get_unit
from portal.services import units
from portal.services.value_rows import Answers, put_values
from tests.world import World, placements

TENANT_ROWS = ("submission", "submission_version", "value", "observation", "rollup", "event", "collection")


def count(session, table: str) -> int:
    return session.scalar(text(f"select count(*) from {table}"))


def put(actor: Actor, place: Place, version: int = 1, code: str = "T101") -> None:
    """Write a figure into a unit's version, past the services."""
    answers = Answers(
        place.root_id, "2023", "T", place.id, version, {code: Value.of(7)}, actor.user_id, actor.name, clock.now()
    )
    with transaction(actor) as session:
        put_values(session, [answers])


class TestEveryTenantTable:
    def test_has_forced_policies_for_the_application(self, database: None) -> None:
        with transaction(None) as session:
            rows = session.execute(
                text("""
                select c.relname, c.relrowsecurity, c.relforcerowsecurity,
                       exists (select from pg_policies p where p.tablename = c.relname and 'huizong_app' = any(p.roles))
                from pg_class c join pg_attribute a on a.attrelid = c.oid
                where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
                  and a.attname in ('root_id', 'unit_path', 'sender_path') and c.relname <> 'unit'
                """)
            ).all()
        assert {row[0] for row in rows} >= {*TENANT_ROWS, "upload", "explanation", "event_chain"}
        assert [row[0] for row in rows if not all(row[1:])] == []

    def test_is_worked_on_by_a_role_that_the_policies_bind(self, database: None) -> None:
        with transaction(None) as session:
            role = session.execute(
                text("select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
            ).one()
            owned = session.scalar(text("select count(*) from pg_class where relowner = current_user::regrole"))
        assert tuple(role) == ("huizong_app", False, False)
        assert owned == 0


class TestScope:
    def test_nothing_set_means_no_rows(self, world: World) -> None:
        world.accept("d111")
        with transaction(None) as session:
            assert {table: count(session, table) for table in TENANT_ROWS} == dict.fromkeys(TENANT_ROWS, 0)

    def test_no_scope_is_left_behind_on_a_pooled_connection(self, committed_world: World) -> None:
        committed_world.accept("d111")
        with transaction(committed_world.actor("p1")) as session:
            assert count(session, "submission") > 0
        with db.engine().connect() as connection:
            assert connection.scalar(text("select count(*) from submission")) == 0

    @pytest.mark.parametrize("stranger", ["d112", "c12", "p2"])
    def test_a_stranger_sees_none_of_the_rows(self, world: World, stranger: str) -> None:
        world.accept("d111")
        unit = world.actor("d111").place
        with transaction(world.actor(stranger)) as session:
            for table in ("submission", "value", "observation", "submission_version"):
                query = text(f"select count(*) from {table} where unit_id = :unit")
                assert session.scalar(query, {"unit": unit.id}) == 0

    def test_a_draft_is_hidden_from_the_superior_even_from_sql(self, world: World) -> None:
        world.fill("d111")
        with transaction(world.actor("c11")) as session:
            assert count(session, "value") == 0

    def test_a_stranger_changes_nothing(self, world: World) -> None:
        world.accept("d111")
        with transaction(world.actor("d112")) as session:
            assert session.execute(text("update submission set answered = 0 where unit_path ~ '*.d111'")).rowcount == 0
            assert session.execute(text("delete from value where unit_path ~ '*.d111'")).rowcount == 0


_INSERT_VERSION = text("""
    insert into submission_version (root_id, period_code, form_code, unit_id, unit_path, number, opened_at,
                                    opened_reason, open_to)
    values (:root, '2023', 'T', :unit, cast(:path as ltree), 9, now(), '', 1)
""")


class TestForgery:
    def test_a_row_of_another_unit_cannot_be_inserted(self, world: World) -> None:
        victim, thief = world.actor("d112").place, world.actor("d111")
        with pytest.raises(Exception, match="row_level_security"), transaction(thief) as session:
            session.execute(_INSERT_VERSION, {"root": victim.root_id, "unit": victim.id, "path": victim.path})

    def test_a_path_cannot_be_forged(self, world: World) -> None:
        victim, thief = world.actor("d112").place, world.actor("d111")
        with pytest.raises(DBAPIError, match="fk_submission_version"), transaction(thief) as session:
            session.execute(_INSERT_VERSION, {"root": victim.root_id, "unit": victim.id, "path": thief.place.path})

    def test_observations_come_in_by_their_function_only(self, world: World) -> None:
        world.accept("d111")
        statement = (
            'insert into observation select (jsonb_populate_record(o, \'{"indicator": "T9"}\')).* from observation o'
        )
        for written in (statement, "update observation set amount = 1"):
            with pytest.raises(NotPermitted), transaction(world.actor("d111")) as session:
                session.connection().exec_driver_sql(written)

    @pytest.mark.parametrize(("thief", "unit"), [("d111", "d112"), ("c12", "d112"), ("p2", "d112"), ("c11", "d111")])
    def test_nothing_is_observed_of_others_or_of_what_is_not_accepted(
        self, world: World, thief: str, unit: str
    ) -> None:
        world.submit("d111")
        world.accept("d112")
        victim, actor = world.actor(unit).place, world.actor(thief)
        rows = [{"unit_id": victim.id, "indicator": "T999", "status": "reported", "amount": 1, "category": ""}]
        asked = {"root": victim.root_id, "units": [victim.id], "rows": json.dumps(rows)}
        query = text("select put_observations(:root, '2023', 'T', :units, array[1], array[0], '{}', '{}', :rows)")
        with pytest.raises(NotPermitted), transaction(actor) as session:
            session.execute(query, asked)

    @pytest.mark.parametrize(("thief", "state"), [("d112", "submitted"), ("p1", "submitted"), ("c11", "accepted")])
    def test_nobody_opens_values_that_are_not_theirs_to_read_or_are_accepted(
        self, world: World, thief: str, state: str
    ) -> None:
        (world.accept if state == "accepted" else world.submit)("d111")
        victim = world.actor("d111").place
        query = text("select open_values(:root, '2023', 'T', :units, array[1], 1)")
        with pytest.raises(NotPermitted), transaction(world.actor(thief)) as session:
            session.execute(query, {"root": victim.root_id, "units": [victim.id]})

    def test_values_come_in_by_their_functions_only(self, world: World) -> None:
        world.fill("d111")
        statement = 'insert into value select (jsonb_populate_record(v, \'{"indicator": "T999"}\')).* from value v'
        with pytest.raises(NotPermitted), transaction(world.actor("d111")) as session:
            session.connection().exec_driver_sql(statement)

    @pytest.mark.parametrize("thief", ["d111", "c12", "p2"])
    def test_a_value_of_another_unit_cannot_be_written(self, world: World, thief: str) -> None:
        world.fill("d112")
        victim, actor = world.actor("d112").place, world.actor(thief)
        with pytest.raises(NotPermitted):
            put(actor, victim)
        with pytest.raises(NotPermitted):
            put(actor, replace(victim, root_id=actor.place.root_id))
        copying = f"select copy_values({victim.root_id}, '2023', 'T', {victim.id}, 1, 1)"
        with pytest.raises(NotPermitted), transaction(actor) as session:
            session.execute(text(copying))

    def test_a_value_of_no_version_cannot_be_written(self, world: World) -> None:
        world.fill("d111")
        with pytest.raises(NotPermitted):
            put(world.actor("d111"), world.actor("d111").place, version=2)

    def test_who_only_reads_writes_no_value(self, world: World) -> None:
        world.fill("d111")
        with pytest.raises(NotPermitted):
            put(world.actor("d111", Role.AUDITOR), world.actor("d111").place)

    @pytest.mark.parametrize(
        "statement",
        [
            *(f"update value set {column} = {column}" for column in ("root_id", "unit_id", "unit_path", "indicator")),
            "update submission_version set number = number + 1",
            "update submission_version set unit_path = unit_path",
            "delete from submission_version",
        ],
    )
    def test_values_keep_their_key_path_and_version(self, world: World, statement: str) -> None:
        world.fill("d111")
        with pytest.raises(NotPermitted), transaction(world.actor("d111")) as session:
            session.execute(text(statement))

    def test_a_value_has_the_path_and_depth_of_its_version(self, world: World) -> None:
        world.fill("d111")
        place = world.actor("d111").place
        put(world.actor("d111"), place, code="T999")
        with transaction(world.actor("d111")) as session:
            where = text("select distinct unit_path::text, open_to from value where unit_id = :unit")
            assert session.execute(where, {"unit": place.id}).all() == [(place.path, 3)]

    @pytest.mark.parametrize(
        "statement",
        [
            "update rollup set amount = 1",
            "insert into rollup select * from rollup",
            "update event set body = '{}'",
            "delete from event",
            "update event_chain set length = 0",
        ],
    )
    def test_what_is_computed_or_recorded_cannot_be_written(self, world: World, statement: str) -> None:
        world.accept("d111")
        with pytest.raises(Exception, match="row_level_security"), transaction(world.actor("p1")) as session:
            session.execute(text(statement))

    def test_an_event_of_another_tree_is_refused(self, world: World) -> None:
        stranger = world.actor("p2").place
        body = '{"at":"2024-01-01T00:00:00+00:00","kind":"x","subject":"y","unit":"d111"}'
        with pytest.raises(Exception, match="row_level_security"), transaction(world.actor("p2")) as session:
            session.execute(text("select append_events(:root, array[:body])"), {"root": stranger.root_id, "body": body})


class TestAccepted:
    @pytest.mark.parametrize(
        "statement", ["update value set number = 1", "delete from value", "update explanation set words = ''"]
    )
    def test_figures_cannot_be_changed_by_anybody(self, world: World, statement: str) -> None:
        world.accept("d111")
        for unit in ("d111", "c11", "p1"):
            with transaction(world.actor(unit)) as session:
                assert session.execute(text(statement)).rowcount == 0

    def test_figures_cannot_be_written_over(self, world: World) -> None:
        world.accept("d111")
        with pytest.raises(NotPermitted):
            put(world.actor("d111"), world.actor("d111").place)

    def test_figures_not_yet_accepted_can(self, world: World) -> None:
        world.fill("d111")
        with transaction(world.actor("d111")) as session:
            assert session.execute(text("update value set note = 'x'")).rowcount > 0


class TestReorganisation:
    def test_rows_and_events_follow_a_unit_that_moves(self, world: World) -> None:
        world.accept("d111")
        with transaction(None) as session:
            moved = [replace(each, parent_code="c12") if each.code == "d111" else each for each in placements()]
            units.import_units(session, moved, [])
        seen = {}
        for superior in ("c11", "c12"):
            with transaction(world.actor(superior)) as session:
                query = "select count(*) from {} where unit_path ~ '*.d111'"
                seen[superior] = [session.scalar(text(query.format(table))) > 0 for table in ("value", "event")]
        assert seen == {"c11": [False, False], "c12": [True, True]}


class TestPeople:
    @pytest.fixture
    def employed(self, world: World) -> dict[str, int]:
        """People by name: one in each of two districts, and one who also helps out in the other province."""
        with identity_transaction() as session:
            ids = {}
            for name, *codes in (("here", "d111"), ("there", "d211"), ("both", "d111", "d211")):
                user = User(first_name=name, last_name="", username=name, email=f"{name}@example.invalid", active=True)
                session.add(user)
                session.flush()
                ids[name] = user.id
                for code in codes:
                    place = get_unit(session, code)
                    session.add(
                        Membership(
                            user_id=user.id,
                            unit_id=place.id,
                            unit_path=place.path,
                            role=Role.FILLER,
                            valid_from=date(2000, 1, 1),
                            valid_to=None,
                            forms=None,
                        )
                    )
            return ids

    def names(self, session) -> set[str]:
        return set(session.scalars(text("select username from ab_user")))

    def test_are_seen_from_their_unit_and_above(self, world: World, employed: dict[str, int]) -> None:
        seen = {}
        for unit in ("d111", "c11", "d112", "p2"):
            with transaction(world.actor(unit, Role.UNIT_ADMIN)) as session:
                seen[unit] = self.names(session)
        assert seen == {"d111": {"here", "both"}, "c11": {"here", "both"}, "d112": set(), "p2": {"there", "both"}}

    def test_are_nobodys_without_an_actor(self, employed: dict[str, int]) -> None:
        with transaction(None) as session:
            assert (self.names(session), count(session, "membership")) == (set(), 0)

    def test_are_changed_only_by_who_is_responsible_for_all_they_do(
        self, world: World, employed: dict[str, int]
    ) -> None:
        with transaction(world.actor("p1", Role.UNIT_ADMIN)) as session:
            session.execute(text("update ab_user set active = false"))
        with identity_transaction() as session:
            off = set(session.scalars(text("select username from ab_user where not active")))
        assert off == {"here"}

    def test_a_role_elsewhere_cannot_be_given(self, world: World, employed: dict[str, int]) -> None:
        with transaction(None) as session:
            elsewhere = get_unit(session, "d211")
        with pytest.raises(NotPermitted), transaction(world.actor("p1", Role.UNIT_ADMIN)) as session:
            session.add(
                Membership(
                    user_id=employed["here"],
                    unit_id=elsewhere.id,
                    unit_path=elsewhere.path,
                    role=Role.REVIEWER,
                    valid_from=date(2000, 1, 1),
                    valid_to=None,
                    forms=None,
                )
            )


class TestPartner:
    def partner(self, world: World, unit: str, *forms: str) -> Actor:
        return replace(world.actor(unit, Role.PARTNER), forms=frozenset(forms))

    def test_sees_what_was_accepted_and_no_draft(self, world: World) -> None:
        world.accept("d111")
        world.fill("d112")
        world.fill("p1")
        with transaction(self.partner(world, "p1", "T")) as session:
            units = set(session.scalars(text("select distinct unit_path::text from value")))
            assert units == {"p1.c11.d111"}
            assert count(session, "rollup") > 0
            assert count(session, "event") == count(session, "event_chain") == 0

    def test_sees_nothing_of_other_forms(self, world: World) -> None:
        world.accept("d111")
        with transaction(self.partner(world, "p1", "FZ", "X")) as session:
            assert {table: count(session, table) for table in TENANT_ROWS} == dict.fromkeys(TENANT_ROWS, 0)

    def test_takes_no_observation_away(self, world: World) -> None:
        world.accept("d111")
        with transaction(self.partner(world, "p1", "T")) as session:
            assert session.execute(text("delete from observation")).rowcount == 0

    @pytest.mark.parametrize(("table", "column"), [("submission", "answered"), ("value", "note"), ("passage", "words")])
    def test_changes_nothing(self, world: World, table: str, column: str) -> None:
        world.accept("d111")
        with transaction(self.partner(world, "p1", "T")) as session:
            changed = [session.execute(text(f"update {table} set {column} = {column}")).rowcount]
            changed.append(session.execute(text(f"delete from {table}")).rowcount)
        assert changed == [0, 0]
