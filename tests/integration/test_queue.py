"""Jobs whose worker died, or could not write down that they were done, are given to another."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from procrastinate import PsycopgConnector
from sqlalchemy import Connection, NullPool, create_engine, text

from portal.db import transaction
from portal.jobs import queue, uploads
from tests.databases import TestServer
from tests.world import World

ROOT = Path(__file__).parents[2]

ORPHANS = text("""
    insert into procrastinate_jobs (queue_name, task_name, queueing_lock, args, status) values
    ('default', 'portal.jobs.queue.retry_stalled', 'retry_stalled', '{"timestamp": 1}', 'doing'),
    ('default', 'portal.jobs.queue.retry_stalled', 'retry_stalled', '{"timestamp": 2}', 'doing'),
    ('default', 'process_upload', null, '{}', 'doing')
""")
LEFT = "select worker_id from procrastinate_jobs where task_name = 'process_upload' and status = 'doing'"
HELD = f"{LEFT} for update"
BREAK_OFF = """
    select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and query ilike '%finish_job%'
"""
STANDING = text("select task_name, status::text from procrastinate_jobs order by id")


def test_the_jobs_of_dead_workers_wait_again_and_none_stands_in_the_way(
    own_database: TestServer, committed_world: World
) -> None:
    """Also two of those that look after the dead: only one of them may wait at a time."""
    with transaction(None) as session:
        session.execute(ORPHANS)

    async def look_after() -> None:
        with queue.app.replace_connector(PsycopgConnector(conninfo=queue.conninfo(own_database.app_url))) as app:
            async with app.open_async():
                await queue.retry_stalled.func(SimpleNamespace(app=app), timestamp=3)

    asyncio.run(look_after())
    with transaction(None) as session:
        standing = session.execute(STANDING).all()
    assert standing == [("portal.jobs.queue.retry_stalled", "todo"), ("process_upload", "todo")]


def test_a_worker_that_cannot_close_a_job_ends(
    own_database: TestServer, committed_world: World, tmp_path: Path
) -> None:
    """Else the job would be its own for ever: its heart beats, so that nobody takes it for dead."""
    actor = committed_world.actor("d111")
    with transaction(actor) as session:
        uploads.receive(session, actor, committed_world.key("d111"), "a.xlsx", b"no workbook")
    environment = os.environ | {"HUIZONG_DATABASE_URL": own_database.app_url, "HUIZONG_DATA_DIR": str(tmp_path)}
    owner = create_engine(own_database.owner_url, poolclass=NullPool)
    with owner.connect() as watcher, owner.connect() as gate, owner.connect() as holder:
        root = {"root": actor.place.root_id}
        gate.execute(text("select from upload where root_id = :root for update"), root)  # the job comes no further
        process = subprocess.Popen([sys.executable, "-m", "portal.cli", "worker"], cwd=ROOT, env=environment)
        try:
            _wait(lambda: bool(_ask(holder, HELD)))
            gate.rollback()
            _wait(lambda: bool(_ask(watcher, BREAK_OFF)))
            holder.rollback()
            assert process.wait(60) is not None
        finally:
            process.kill()
            process.wait()
        # What no worker is at, a living one looks for.
        assert _ask(watcher, LEFT) == [(None,)]


def _ask(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """The answer of this moment; locks that it takes stay until the next."""
    connection.rollback()
    return [tuple(row) for row in connection.execute(text(query))]


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("waited in vain")
        time.sleep(0.05)
