"""Fixtures: one PostgreSQL for the run, a transaction rolled back for each test, a small world in it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from portal import db, embedded_postgres, schema
from tests.databases import TestServer
from tests.world import World, build_world

OWN_TEST_DATABASE = "HUIZONG_TEST_DATABASE_URL"


@pytest.fixture(scope="session")
def test_server() -> Iterator[TestServer]:
    """The server: that of HUIZONG_TEST_DATABASE_URL, or an embedded one.

    Its directory can be passed by everybody: run as root, PostgreSQL works under another account.
    """
    given = os.environ.get(OWN_TEST_DATABASE)
    if given:
        url = make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        yield TestServer(url, url, url)
        return
    with tempfile.TemporaryDirectory(prefix="huizong-") as place:
        Path(place).chmod(0o711)
        with embedded_postgres.running(Path(place)) as server:
            yield TestServer(server.owner_url, server.app_url, server.owner_url)


@pytest.fixture(autouse=True)
def within_the_limits_of_citus(request: pytest.FixtureRequest) -> None:
    """Skip what a cluster cannot do, if the tests run on one."""
    marker = request.node.get_closest_marker("not_on_citus")
    if marker and request.getfixturevalue("test_server").distributed:
        pytest.skip(marker.args[0])


@pytest.fixture(scope="session")
def template_database(test_server: TestServer) -> Iterator[str]:
    """Name of a migrated, empty database to copy."""
    with test_server.database("huizong_template") as target:
        schema.upgrade(target.owner_url)
        target.close()
        yield target.name


@pytest.fixture(scope="session")
def shared_database(test_server: TestServer, template_database: str) -> Iterator[TestServer]:
    """The database of the tests that are rolled back."""
    with test_server.database("huizong_shared", template_database) as target:
        yield target


@pytest.fixture
def connection(shared_database: TestServer) -> Iterator[Connection]:
    """The connection of our transactions, all within one that is rolled back at the end of the test."""
    engine = db.connect(shared_database.app_url)
    with engine.connect() as connection:
        outer = connection.begin()
        sessions = sessionmaker(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False, class_=Session
        )
        db.use(engine, sessions)
        yield connection
        outer.rollback()
    engine.dispose()


@pytest.fixture
def database(connection: Connection) -> None:
    """Our transactions, all within one that is rolled back at the end of the test."""


@pytest.fixture
def own_database(test_server: TestServer, template_database: str) -> Iterator[TestServer]:
    """A database that really commits, for tests of several connections or processes."""
    with test_server.database("huizong_own", template_database) as target:
        engine = db.connect(target.app_url)
        yield target
        engine.dispose()


@pytest.fixture
def world(database: None) -> World:
    """Two provinces with a small form sent down, inside the rolled-back transaction."""
    return build_world()


@pytest.fixture
def committed_world(own_database: TestServer) -> World:
    """The same, committed in a database of its own."""
    return build_world()
