"""PostgreSQL's own catalogue: which tables are locked, what the application's role may do, and what lies open.

Every table, grant and function is listed here. One that is new fails a test until somebody has said what it is.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import db
from portal.db import identity_transaction, transaction
from portal.domain.collections import CollectionKey
from portal.domain.forms import Severity
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.units import Place
from portal.errors import NotPermitted
from portal.models import Membership
from portal.services import list_rows, rollup_entries, rules
from tests import additions
from tests.databases import TestServer
from tests.world import INSIDERS, PERIOD, World

TENANT = frozenset(
    [
        "submission",
        "submission_version",
        "value",
        "explanation",
        "upload",
        "observation",
        "accepted_basis",
        "rollup",
        "rollup_entry",
        "expected_answers",
        "collection",
        "event",
        "event_chain",
        "checkpoint",
        "rule_change",
        "waiver",
        "passage",
        "evidence",
        "list_row",
        "stored_file",
        "layout_mapping",
        "assignment",
        "form_draft",
        "batch",
        "batch_piece",
        "batch_line",
        "reorganisation",
        "form_addition",
        "collection_addition",
    ]
)
"""Rows of units: nothing set means no rows."""

PEOPLE = frozenset({"ab_user", "membership"})
"""Rows of people: those of the scope, or all while it is found out who somebody is."""

IDENTITY = frozenset(
    ["account", "web_session", "sign_in_throttle", "directory_account", "second_factor", "recovery_code", "api_key"]
)
"""How people sign in: read only while it is found out who somebody is."""

REFERENCE = frozenset(["unit", "placement", "succession", "tree", "node", "period", "form", "form_version"])
"""The same for everybody: units and their names, and forms."""

FRAMEWORK = frozenset(
    f"ab_{name}"
    for name in [
        "api_key",
        "group",
        "group_role",
        "permission",
        "permission_view",
        "permission_view_role",
        "register_user",
        "role",
        "user_group",
        "user_role",
        "view_menu",
    ]
)
"""Flask-AppBuilder's, which screens a role opens; no rows of units."""

QUEUE = frozenset(f"procrastinate_{name}" for name in ["events", "jobs", "periodic_defers", "workers"])
"""Jobs: which unit's upload is to be examined, and nothing that stands in it."""

LOCKED = TENANT | PEOPLE | IDENTITY

EVERYTHING = "DELETE,INSERT,SELECT,UPDATE"
GRANTS = (
    dict.fromkeys(LOCKED | REFERENCE | FRAMEWORK | QUEUE, EVERYTHING)
    | dict.fromkeys(("rollup", "expected_answers", "event", "event_chain"), "SELECT")
    | {"form_addition": "INSERT,SELECT", "collection_addition": "INSERT,SELECT"}
    | {"checkpoint": "INSERT,SELECT", "rule_change": "INSERT,SELECT", "waiver": "INSERT,SELECT,UPDATE"}
    | {"accepted_basis": "INSERT,SELECT"}
    | {"rollup_entry": "INSERT,SELECT", "stored_file": "INSERT,SELECT", "layout_mapping": "INSERT,SELECT"}
    | {"value": "DELETE,SELECT", "observation": "DELETE,SELECT", "submission_version": "INSERT,SELECT"}
)
"""What the application's role may do with each table; nobody truncates, and nobody touches the migrations' own table."""

COLUMNS = {
    "value": [
        *("status", "number", "text", "approximate", "as_of_on", "note", "row_version"),
        *("entered_by_id", "entered_by", "entered_at", "upload_id", "cell", "open_to"),
    ],
    "submission_version": ["opened_at", "opened_reason", "sealed_at", "sealed_by", "sha256", "sm3", "open_to"],
}
"""What it may change of rows whose key and path stay as they are."""

FUNCTIONS = {
    # every function that sees more than its caller: a call about {root}, the top unit of the tree of d111
    "recompute_rollup(integer,text,integer[])": "select recompute_rollup({root}, '2023', array[{unit}])",
    "count_expected(integer,text,integer[])": "select count_expected({root}, '2023', array[{unit}])",
    "stored_rollups(integer,text[],integer[],text[])": (
        "select * from stored_rollups({root}, array['2023'], array[{unit}], null)"
    ),
    "expected_of(integer,text[],integer[])": "select * from expected_of({root}, array['2023'], array[{unit}])",
    "own_observations(integer,text,text,integer[])": (
        "select * from own_observations({root}, '2023', 'T101', array[{unit}])"
    ),
    "unaccepted_answers(integer,text[])": "select * from unaccepted_answers({root}, array['2023'])",
    "hold_tree(integer,text)": "select hold_tree({root}, '2023')",
    "drop_rollups(integer,text)": "select drop_rollups({root}, '2023')",
    "observed_in_sight(integer,text)": "select * from observed_in_sight({root}, '2023')",
    "rollup_entry_amounts(integer,text)": "select * from rollup_entry_amounts({root}, '2023')",
    "open_figures(integer,integer[])": "select open_figures({root}, array[{unit}])",
    "append_events(integer,text[])": "select append_events({root}, array['{event}'])",
    "read_chain(integer,integer,integer)": "select * from read_chain({root}, 0, 1000)",
    "chain_heads(integer)": "select * from chain_heads({root})",
    "expected_submissions(integer,text)": "select * from expected_submissions({root}, '2023')",
    "versions_collected(integer,text)": "select * from versions_collected({root}, '2023')",
    "sibling_figures(integer,text,text,text)": "select sibling_figures({root}, '2023', 'T', 'T101')",
    "peer_spread(integer,text,text,integer,text[])": "select peer_spread({root}, '2023', 'T', {unit}, array['T101'])",
    "all_within_scope(integer)": "select all_within_scope({user})",
    "put_values(integer,text,text,integer,integer,integer,text,timestamp with time zone,uuid,"
    "text,text,text,text,text,text,text,text)": (
        "select put_values({root}, '2023', 'T', {unit}, 1, 1, 'x', now(), null, 'T999', null, '1', null, null, null,"
        " null, null)"
    ),
    "copy_values(integer,text,text,integer,integer,integer)": "select copy_values({root}, '2023', 'T', {unit}, 1, 1)",
    "put_observations(integer,text,text,integer[],integer[],integer[],integer[],text[],json)": (
        "select put_observations({root}, '2023', 'T', array[{unit}], array[1], array[0], array[0], array['T101'], '[]')"
    ),
    "open_values(integer,text,text,integer[],integer[],integer)": (
        "select open_values({root}, '2023', 'T', array[{unit}], array[1], 0)"
    ),
    "follow_units(integer,integer[])": "select follow_units({root}, array[{unit}])",
}

_EVENT = (
    '{"at":"2024-01-01T00:00:00+00:00","kind":"x","subject":"y","unit":"d111","private":false,"actor":"z","address":""}'
)


OF_CITUS = """
    select relname from pg_class join pg_depend d on d.objid = pg_class.oid and d.deptype = 'e'
    join pg_extension e on e.oid = d.refobjid and e.extname = 'citus'
"""
"""Views that Citus brings along: what stands on which node."""


@pytest.fixture(scope="module")
def catalogue(test_server: TestServer, template_database: str) -> Iterator[Connection]:
    """A connection of the owner to an empty database."""
    with test_server.database("huizong_catalogue", template_database) as target:
        engine = create_engine(target.owner_url)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


def names(catalogue: Connection, query: str) -> set[str]:
    return set(catalogue.scalars(text(query)))


class TestTables:
    def test_every_table_is_listed(self, catalogue: Connection) -> None:
        there = names(catalogue, "select tablename from pg_tables where schemaname = 'public'")
        assert there == LOCKED | REFERENCE | FRAMEWORK | QUEUE | {"alembic_version"}

    def test_every_table_that_names_a_unit_or_a_person_is_locked(self, catalogue: Connection) -> None:
        naming = names(
            catalogue,
            """
            select distinct table_name from information_schema.columns where table_schema = 'public'
            and (column_name in ('root_id', 'unit_id', 'unit_path', 'sender_path', 'user_id') or table_name = 'ab_user')
            """,
        )
        assert naming - REFERENCE - FRAMEWORK == LOCKED & naming
        assert naming & REFERENCE == {"unit", "placement", "node"}

    def test_locked_means_forced_with_policies_for_all_who_may_touch_it(self, catalogue: Connection) -> None:
        forced = names(catalogue, "select relname from pg_class where relrowsecurity and relforcerowsecurity")
        assert forced == LOCKED
        for role in ("huizong_app", "huizong_definer"):
            policies = names(catalogue, f"select tablename from pg_policies where '{role}' = any(roles)")
            granted = names(
                catalogue,
                f"select table_name from information_schema.role_table_grants where grantee = '{role}'",
            )
            assert granted & LOCKED <= policies
        assert names(catalogue, "select tablename from pg_policies where 'public' = any(roles)") == set()
        assert names(catalogue, "select tablename from pg_policies where permissive <> 'PERMISSIVE'") == set()

    def test_views_ask_as_their_reader_and_nothing_is_kept_ready(self, catalogue: Connection) -> None:
        assert names(catalogue, "select matviewname from pg_matviews") == set()
        assert (
            names(
                catalogue,
                f"""
                select relname from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace
                and not coalesce(reloptions @> array['security_invoker=true'], false) and relname not in ({OF_CITUS})
                """,
            )
            == set()
        )


class TestRole:
    @pytest.mark.parametrize("role", ["huizong_app", "huizong_definer"])
    def test_is_bound_by_the_policies(self, catalogue: Connection, role: str) -> None:
        powers = "rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication"
        assert names(catalogue, f"select rolname from pg_roles where rolname = '{role}' and ({powers})") == set()
        assert (
            names(catalogue, f"select roleid::regrole::text from pg_auth_members where member = '{role}'::regrole")
            == set()
        )

    def test_the_application_owns_nothing(self, catalogue: Connection) -> None:
        query = (
            "select classid::regclass::text from pg_shdepend where refobjid = 'huizong_app'::regrole and deptype = 'o'"
        )
        assert names(catalogue, query) == set()
        assert catalogue.scalar(text("select has_schema_privilege('huizong_app', 'public', 'create')")) is False

    def test_the_definer_owns_functions_only_and_nobody_signs_in_as_it(self, catalogue: Connection) -> None:
        query = "select classid::regclass::text from pg_shdepend where refobjid = 'huizong_definer'::regrole and deptype = 'o'"
        assert names(catalogue, query) == {"pg_proc"}
        assert catalogue.scalar(text("select rolcanlogin from pg_roles where rolname = 'huizong_definer'")) is False

    def test_has_the_listed_grants_and_no_others(self, catalogue: Connection) -> None:
        query = f"""
            select table_name, string_agg(privilege_type, ',' order by privilege_type)
            from information_schema.table_privileges
            where table_schema = 'public' and grantee = '{{}}' and table_name not in ({OF_CITUS}) group by table_name
            """
        assert dict(catalogue.execute(text(query.format("huizong_app"))).all()) == GRANTS
        assert dict(catalogue.execute(text(query.format("PUBLIC"))).all()) == {}
        query = """
            select attrelid::regclass::text || '.' || attname || ' ' || privilege_type || ' ' || grantee::regrole::text
            from pg_attribute, aclexplode(attacl) where attrelid > 16384
            """
        granted = {f"{table}.{column} UPDATE huizong_app" for table, free in COLUMNS.items() for column in free}
        assert names(catalogue, query) == granted


class TestFunctions:
    @pytest.mark.not_on_citus("there a function has a twin on the other nodes, which does its work")
    def test_every_function_that_sees_more_than_its_caller_is_listed(self, catalogue: Connection) -> None:
        query = "select oid::regprocedure::text from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
        assert names(catalogue, query) == set(FUNCTIONS)

    def test_it_finds_its_tables_whatever_the_caller_says_and_is_not_for_everybody(self, catalogue: Connection) -> None:
        careless = """
            select oid::regprocedure::text from pg_proc
            where prosecdef and pronamespace = 'public'::regnamespace
              and (proowner <> 'huizong_definer'::regrole or not proconfig @> array['search_path=public, pg_temp']
                   or exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner)))
                              where grantee not in ('huizong_app'::regrole, 'huizong_definer'::regrole)))
            """
        assert names(catalogue, careless) == set()

    @pytest.mark.parametrize("function", FUNCTIONS)
    @pytest.mark.parametrize("caller", ["nobody", "stranger"])
    def test_it_tells_and_changes_nothing_of_others(self, world: World, function: str, caller: str) -> None:
        world.submit("d111")
        world.submit("d112")
        before = rows_of(world)
        place = world.actor("d111").place
        call = FUNCTIONS[function].format(root=place.root_id, unit=place.id, user=employee_of(place), event=_EVENT)
        told = []
        try:
            stranger = world.actor("d211", *set(INSIDERS) - {Role.SYSTEM_ADMIN})
            with transaction(None if caller == "nobody" else stranger) as session:
                told = session.connection().exec_driver_sql(call).all()
        except NotPermitted:
            pass
        own = world.actor("d211").place.root_id
        assert [row for row in told if any(row) and row[0] != own and not has_no_siblings(row[0])] == []
        assert rows_of(world) == before


def employee_of(place: Place) -> int:
    """Somebody who belongs to the unit; gives the person's id."""
    with identity_transaction() as session:
        user = User(first_name="某", last_name="张", username="z", email="z@example.invalid", active=True)
        session.add(user)
        session.flush()
        session.add(
            Membership(
                user_id=user.id, unit_id=place.id, unit_path=place.path, role=Role.FILLER, valid_from=date(2000, 1, 1)
            )
        )
        return user.id


def has_no_siblings(told: object) -> bool:
    """Whether this is what a unit without siblings is told of them."""
    return isinstance(told, dict) and told["siblings"] == 0 and not told.get("figures")


def rows_of(world: World) -> dict[str, list]:
    """Everything of the tree of d111, as its top unit and d111 itself read it."""
    found = {}
    for unit in ("p1", "d111"):
        with transaction(world.actor(unit)) as session:
            for table in sorted(TENANT):
                found[unit, table] = [
                    tuple(row) for row in session.execute(text(f"select * from {table} order by 1, 2, 3, 4"))
                ]
    return found


def counted(session: Session | Connection, tables: frozenset[str]) -> dict[str, int]:
    """How many rows of each table are seen."""
    return {table: session.scalar(text(f"select count(*) from {table}")) for table in tables}


def with_rows(world: World) -> World:
    """Let two districts report, one of them twice; and let one off a rule that is made lighter for all."""
    filler = world.actor("d111")
    with transaction(filler) as session:
        list_rows.state_none(session, filler, world.key("d111"), "cases", none=True)
    world.accept("d111")
    world.submit("d112")
    world.take("d112", Action.SEND_BACK, by="c11", reason="请核对")
    superior, sender = world.actor("c11"), world.actor("p1")
    with transaction(superior) as session:
        rules.waive_rule(session, superior, world.key("d112"), "T107-E1", "撤并期间不核", date(2099, 12, 31))
    with transaction(sender) as session:
        key = CollectionKey("T", PERIOD)
        rules.change_rule(session, sender, key, "T107-E1", Severity.INFO, "今年口径有变")
        entry = Entry(EntryKind.ADJUSTMENT, Decimal(1))
        rollup_entries.enter(
            session, sender, unit="c11", period=PERIOD, indicator="T203", entry=entry, reason="补报", seen=0
        )
    additions.publish(world, "c11")
    additions.join(world, "c11")
    return world


EMPTY = frozenset(
    {
        "accepted_basis",
        "explanation",
        "upload",
        "checkpoint",
        "passage",
        "evidence",
        "stored_file",
        "layout_mapping",
        "assignment",
        "form_draft",
        "batch",
        "batch_piece",
        "batch_line",
        "reorganisation",
    }
)
"""Tables that nothing of this is written into."""


class TestNothingSet:
    @pytest.fixture
    def full(self, world: World) -> World:
        """A world with a row in almost every table of units."""
        return with_rows(world)

    def test_means_no_rows_on_a_fresh_and_on_a_used_connection(self, committed_world: World) -> None:
        with transaction(with_rows(committed_world).actor("p1")) as session:
            assert {table for table, number in counted(session, TENANT).items() if number} == TENANT - EMPTY
        for _time in range(2):  # the pool gives the same connection again
            with db.engine().connect() as connection:
                assert counted(connection, LOCKED) == dict.fromkeys(LOCKED, 0)
        with transaction(None) as session:
            assert counted(session, LOCKED) == dict.fromkeys(LOCKED, 0)

    def test_finding_out_who_somebody_is_shows_nothing_of_units(self, full: World) -> None:
        with identity_transaction() as session:
            assert counted(session, TENANT) == dict.fromkeys(TENANT, 0)

    @pytest.mark.parametrize("missing", ["scope", "forms"])
    def test_each_part_of_the_lock_is_needed(self, full: World, missing: str) -> None:
        with transaction(full.actor("p1", Role.AUDITOR)) as session:
            session.connection().exec_driver_sql(f"set local huizong.{missing} = ''")
            assert counted(session, TENANT) == dict.fromkeys(TENANT, 0)

    def test_without_a_depth_no_figure_is_read(self, full: World) -> None:
        with transaction(full.actor("p1")) as session:
            session.connection().exec_driver_sql("set local huizong.depth = ''")
            assert session.scalar(text("select count(*) from value")) == 0

    @pytest.mark.parametrize("setting", ["row_security = off", "role huizong_owner", "role huizong_definer"])
    def test_the_lock_cannot_be_set_aside(self, full: World, setting: str) -> None:
        statement = f"set local {setting}; select count(*) from value"
        with pytest.raises((DBAPIError, NotPermitted)), transaction(full.actor("d211")) as session:
            session.connection().exec_driver_sql(statement)
