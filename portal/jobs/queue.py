"""The queue: how a job is enqueued within a transaction, and how a worker runs."""

import asyncio
import logging
import signal
from datetime import datetime
from typing import Any, LiteralString

import procrastinate
import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.tasks import Task
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from portal.db import APP_ROLE

HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 20.0
"""After this long without a heartbeat a worker is taken for dead, and its job is given to another."""

app = App(connector=PsycopgConnector())

logger = logging.getLogger(__name__)


def enqueue(session: Session, task: Task[Any, Any, Any], *, at: datetime | None = None, **arguments: Any) -> None:
    """Enqueue a job, for `at` or right now, in the session's transaction: it exists if and only if that commits."""
    connection = session.connection().connection.driver_connection
    task.configure(connection=connection, schedule_at=at).defer(**arguments)


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="retry_stalled", pass_context=True)
async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature
    """Give the jobs of dead workers to living ones; one that waits in the queue once more already is dropped."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            await manager.finish_job(job, Status.ABORTED, delete_job=True)


class _Connector(PsycopgConnector):
    """Ends the worker when the database fails it.

    A job whose end could not be written down would stay in the hands of a worker that lives, where nobody takes it up.
    Those of a worker that ended are given to the next one.
    """

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a statement of the queue's, such as the one that closes a job."""
        try:
            await super().execute_query_async(query, **arguments)
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.OperationalError):
                logger.warning("the database failed the queue: the worker ends")
                signal.raise_signal(signal.SIGTERM)
            raise


def work(url: str, *, concurrency: int = 2) -> None:
    """Run a worker until SIGTERM or SIGINT; a job in progress is finished first."""
    asyncio.run(_work(url, concurrency))


async def _work(url: str, concurrency: int) -> None:
    connector = _Connector(conninfo=conninfo(url), min_size=1, max_size=concurrency + 2)
    with app.replace_connector(connector) as working:
        async with working.open_async():
            await working.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                delete_jobs="successful",
            )


def conninfo(url: str) -> str:
    """SQLAlchemy's URL as psycopg takes it."""
    parts = make_url(url)
    host = parts.query.get("host", parts.host)
    wanted = {
        "dbname": parts.database,
        "user": parts.username,
        "password": parts.password,
        "host": host,
        "port": parts.query.get("port", parts.port),
        "options": None if parts.username == APP_ROLE else f"-c role={APP_ROLE}",
    }
    known = {name: str(value) for name, value in wanted.items() if value is not None}
    return psycopg.conninfo.make_conninfo(**known)
