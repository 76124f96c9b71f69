"""A database that restarts is waited for, and what it interrupts is known as interrupted."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal import db, embedded_postgres
from portal.db import is_away, is_restarting, transaction

BACKEND = text("select pg_backend_pid()")


@pytest.fixture(scope="module")
def _server() -> Iterator[None]:
    """A server of our own, to be broken."""
    with tempfile.TemporaryDirectory(prefix="huizong-") as place:
        Path(place).chmod(0o711)
        with embedded_postgres.running(Path(place)) as server:
            engine = db.connect(server.app_url)
            yield
            engine.dispose()


@pytest.mark.usefixtures("_server")
def test_what_comes_after_a_crash_waits_until_the_server_has_recovered() -> None:
    for _time in range(3):
        with transaction(None) as session:
            pid = session.scalar(BACKEND)
        os.kill(pid, signal.SIGKILL)  # PostgreSQL ends all its backends, and recovers
        assert _answer() == 1


def _answer() -> int | None:
    """An answer of the database, which refuses nobody; it may break off what began before it noticed the crash."""
    for _time in range(50):
        try:
            with transaction(None) as session:
                return session.scalar(text("select 1"))
        except DBAPIError as error:
            if is_restarting(error) or not is_away(error):
                raise
    return None


@pytest.mark.usefixtures("_server")
def test_a_transaction_that_a_crash_interrupts_is_told_from_a_defect() -> None:
    def be_interrupted() -> None:
        with transaction(None) as session:
            os.kill(session.scalar(BACKEND), signal.SIGKILL)
            session.execute(text("select pg_sleep(10)"))

    with pytest.raises(DBAPIError) as caught:
        be_interrupted()
    assert is_away(caught.value)


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.errors.AdminShutdown("terminating connection"), True),
        (psycopg.errors.ConnectionFailure("connection to the remote node failed"), True),
        (psycopg.errors.DeadlockDetected("deadlock detected"), False),
        (psycopg.errors.DiskFull("no space left"), False),
        (psycopg.errors.SyntaxError("syntax error"), False),
    ],
)
def test_other_errors_of_the_database_are_defects(error: psycopg.Error, away: bool) -> None:
    assert is_away(DBAPIError("select 1", {}, error)) is away
