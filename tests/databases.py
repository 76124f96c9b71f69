"""Databases to test in, on any server: where it is a Citus coordinator, a database is one on every node."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url


@dataclass(frozen=True)
class TestServer:
    """A PostgreSQL to test on: databases can be made in it from `home_url`, by the owner."""

    __test__ = False

    owner_url: str
    app_url: str
    home_url: str

    @contextmanager
    def database(self, name: str, template: str | None = None) -> Iterator["TestServer"]:
        """A database of its own for as long as the block lasts, also apart from those of other test processes."""
        name += os.environ.get("PYTEST_XDIST_WORKER", "")
        self._drop(name)
        self._create(name, template)
        try:
            yield TestServer(_renamed(self.owner_url, name), _renamed(self.app_url, name), self.home_url)
        finally:
            self._drop(name)

    @property
    def name(self) -> str:
        """Of the database."""
        return str(make_url(self.owner_url).database)

    @property
    def distributed(self) -> bool:
        """Whether this is a Citus coordinator."""
        return len(self._nodes()) > 1

    def close(self) -> None:
        """Let nobody use the database but as a template: Citus stays connected to each that it may connect to."""
        if self.distributed:
            for node in self._nodes():
                _run(
                    node,
                    f"alter database {self.name} allow_connections false",
                    f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self.name}'",
                )

    def _create(self, name: str, template: str | None) -> None:
        nodes = self._nodes()
        for node in nodes:
            _run(node, f"create database {name}" + (f" template {template}" if template else ""))
        if template is None and len(nodes) > 1:
            for node in nodes:
                _run(node.set(database=name), "create extension citus")
            coordinator, *workers = nodes
            _run(
                coordinator.set(database=name),
                f"select citus_set_coordinator_host('{coordinator.host}', {coordinator.port or 5432})",
                *(f"select citus_add_node('{worker.host}', {worker.port})" for worker in workers),
            )

    def _drop(self, name: str) -> None:
        """Closed first: Citus would send its daemon again, and have it wait for a node where the database is gone."""
        there = text("select exists (select from pg_database where datname = :name)")
        for node in self._nodes():
            with _connected(node) as connection:
                if connection.scalar(there, {"name": name}):
                    connection.execute(text(f"alter database {name} allow_connections false"))
                    connection.execute(text(f"drop database {name} with (force)"))

    def _nodes(self) -> list[URL]:
        """The server, followed by the workers if it has any."""
        home = make_url(self.home_url)
        with _connected(home) as connection:
            if connection.scalar(text("select to_regclass('pg_dist_node')")) is None:
                return [home]
            workers = connection.execute(text("select nodename, nodeport from pg_dist_node where groupid > 0"))
            return [home, *(home.set(host=name, port=port) for name, port in workers)]


def _renamed(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _run(node: URL, *statements: str) -> None:
    with _connected(node) as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def _connected(node: URL) -> Iterator[Connection]:
    engine = create_engine(node, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
