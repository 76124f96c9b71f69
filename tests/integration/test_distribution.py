"""On a Citus cluster: which tables stand where, and that later migrations go on. On any other server nothing happens."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Connection, NullPool, create_engine, inspect, text

from portal import distribution, schema
from portal.db import identity_transaction, transaction
from portal.domain.policy import Role
from portal.domain.values import NOT_APPLICABLE
from portal.models import Membership
from portal.queries.rollups.verification import verify
from tests.databases import TestServer
from tests.world import World


@pytest.fixture
def owner(own_database: TestServer) -> Iterator[Connection]:
    """The owner's connection to a database of its own."""
    with create_engine(own_database.owner_url, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture
def cluster(owner: Connection, test_server: TestServer) -> Connection:
    if not test_server.distributed:
        pytest.skip("HUIZONG_TEST_DATABASE_URL names no Citus cluster")
    return owner


FUNCTIONS = r"""
    select string_agg(pg_get_functiondef(oid) || proowner::regrole, e'\x1f')
    from pg_proc where pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
"""


def functions(connection: Connection) -> set[tuple[int, frozenset[str], str]]:
    """What migrations made: on which node, its head with settings in whatever order, and how it is written."""
    query = text("select nodeid, result from run_command_on_all_nodes(:query)")
    found = set()
    for node, made in connection.execute(query, {"query": FUNCTIONS}):
        for each in made.split("\x1f"):
            head, _as, body = each.partition("\nAS $")
            found.add((node, frozenset(head.splitlines()), body))
    return found


def spread(connection: Connection) -> dict[str, tuple[str, int]]:
    """By table: how it is spread, and with which others."""
    rows = connection.execute(text("select logicalrelid::text, partmethod::text, colocationid from pg_dist_partition"))
    return {name: (method, group) for name, method, group in rows}


def test_one_server_is_told_from_a_cluster(owner: Connection, test_server: TestServer) -> None:
    assert distribution.is_cluster(owner) is test_server.distributed


def test_only_a_cluster_is_told_how_to_work_on_its_nodes(connection: Connection, test_server: TestServer) -> None:
    setting = text("select current_setting('citus.propagate_set_commands', true)")
    assert connection.scalar(setting) == ("local" if test_server.distributed else None)


def test_somebody_joins_a_unit_within_the_transaction_that_made_it(world: World) -> None:
    """Citus checks a foreign key to what all nodes share in its owner's name, who must not wait for us."""
    place = world.actor("d111").place
    with identity_transaction() as session:
        user = User(first_name="三", last_name="张", username="zhang", email="zhang@example.invalid")
        session.add(user)
        session.flush()
        session.add(
            Membership(
                user_id=user.id, unit_id=place.id, unit_path=place.path, role=Role.FILLER, valid_from=date(2020, 1, 1)
            )
        )  # fmt: skip


def test_rows_of_a_top_unit_stand_together_and_what_is_shared_everywhere(cluster: Connection) -> None:
    found = spread(cluster)
    tenant, shared = distribution.kinds()
    assert {name for name, (method, _group) in found.items() if method == "h"} == {table.name for table in tenant}
    assert {name for name, (method, _group) in found.items() if method == "n"} == {table.name for table in shared}
    assert len({group for method, group in found.values() if method == "h"}) == 1


def test_upgrading_again_changes_nothing(cluster: Connection, own_database: TestServer) -> None:
    before = spread(cluster), functions(cluster)
    cluster.rollback()
    schema.upgrade(own_database.owner_url)
    assert (spread(cluster), functions(cluster)) == before


def test_one_that_was_spread_earlier_comes_to_work_like_a_new_one(
    cluster: Connection, test_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a later migration writes anew has to reach the functions that work on the nodes."""
    with (
        test_server.database("huizong_earlier") as earlier,
        create_engine(earlier.owner_url, poolclass=NullPool).connect() as connection,
    ):
        with distribution.joining(connection):
            connection.commit()
            command.upgrade(schema.alembic_config(connection), "0035")  # its tables can be spread in today's order
        names = set(inspect(connection).get_table_names())
        kinds = tuple([table for table in tables if table.name in names] for tables in distribution.kinds())
        with monkeypatch.context() as then:
            then.setattr(distribution, "kinds", lambda: kinds)
            distribution.distribute(connection)
            connection.commit()
        schema.upgrade(earlier.owner_url)
        assert functions(connection) ^ functions(cluster) == set()


def test_migrations_that_compute_do_so_on_the_nodes(
    cluster: Connection, own_database: TestServer, committed_world: World
) -> None:
    """Rows as they were before: a figure without a weight among those that reported, and a range of a sum."""
    committed_world.accept("d111")
    committed_world.accept("d112", T201=NOT_APPLICABLE)
    cluster.execute(text("set citus.multi_shard_modify_mode = 'sequential'"))
    cluster.execute(text("update observation set status = 'reported' where indicator = 'T202'"))
    cluster.execute(text("update rollup set reported = 2, not_applicable = 0 where indicator = 'T202'"))
    cluster.execute(text("update rollup set minimum = 1, maximum = 2 where indicator = 'T101'"))
    cluster.commit()
    steps = ScriptDirectory.from_config(schema.alembic_config(cluster))
    with distribution.joining(cluster), Operations.context(MigrationContext.configure(cluster)):
        for step in ("0042", "0045"):
            steps.get_revision(step).module.upgrade()
    cluster.commit()
    rows = cluster.execute(text("select indicator, reported, not_applicable, minimum from rollup order by 1, unit_id"))
    found = {row.indicator: tuple(row)[1:] for row in rows}
    assert (found["T101"], found["T202"]) == ((2, 0, None), (1, 1, Decimal("650.5")))
    schema.upgrade(own_database.owner_url)
    actor = committed_world.actor("p1")
    with transaction(actor) as session:
        assert verify(session, actor.place.root_id)[1] == []


def test_a_function_that_a_migration_writes_anew_is_sent_to_its_node_again(
    cluster: Connection, own_database: TestServer
) -> None:
    anew = """
        create or replace function drop_rollups(p_root int, p_period text) returns void
        language sql volatile security definer set search_path = public, pg_temp as $$
            delete from rollup where root_id = p_root and period_code = p_period and 1 = 1
        $$
    """
    cluster.execute(text(anew))
    cluster.commit()
    schema.upgrade(own_database.owner_url)
    sources = "select prosrc from pg_proc where proname = '{}'"
    assert "drop_rollups_there" in cluster.scalar(text(sources.format("drop_rollups")))
    assert "1 = 1" in cluster.scalar(text(sources.format("drop_rollups_there")))
    owners = text("select proowner::regrole::text from pg_proc where proname like 'drop_rollups%'")
    assert set(cluster.scalars(owners)) == {"huizong_definer"}


def test_a_table_of_units_that_a_migration_creates_joins_with_its_foreign_keys(cluster: Connection) -> None:
    key = ["root_id", "period_code", "form_code"]
    with distribution.joining(cluster):
        Operations(MigrationContext.configure(cluster)).create_table(
            "remark",
            sa.Column("root_id", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("period_code", sa.Text(), nullable=False),
            sa.Column("form_code", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["form_code"], ["form.code"]),
            sa.ForeignKeyConstraint(key, [f"collection.{column}" for column in key], name="fk_remark_collection"),
            sa.PrimaryKeyConstraint(*key),
        )
    found = spread(cluster)
    assert found["remark"] == found["collection"]
    keys = cluster.scalars(
        text("select confrelid::regclass::text from pg_constraint where conrelid = 'remark'::regclass")
    )
    assert {"form", "collection"} <= set(keys)


def test_a_migration_drops_foreign_keys_to_what_is_distributed_and_to_what_is_shared(cluster: Connection) -> None:
    keys = text("select conname from pg_constraint where conrelid = 'upload'::regclass and contype = 'f' order by 1")
    names = cluster.scalars(keys).all()
    assert len(names) > 1
    with distribution.joining(cluster):
        operations = Operations(MigrationContext.configure(cluster))
        for name in names:
            operations.drop_constraint(name, "upload")
    assert cluster.scalars(keys).all() == []
