"""Runs the migrations on the connection that `portal.schema` hands over."""

from typing import Any

import flask_appbuilder.security.sqla.models  # noqa: F401 - puts Flask-AppBuilder's tables into its metadata
from alembic import context
from flask_appbuilder import Model

import portal.models  # noqa: F401 - puts ours into Base's
from portal.db import Base

LOCK_KEY = 4801_0001


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Leave procrastinate's tables to procrastinate."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def run() -> None:
    """Bring the schema up to date, one process at a time."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=[Base.metadata, Model.metadata],
        include_object=include_object,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
        context.run_migrations()


run()
