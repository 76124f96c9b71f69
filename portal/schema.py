"""The database schema: bring it up to date, or compare it with the models."""

from contextlib import nullcontext
from importlib.resources import files

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, Engine, create_engine, pool, text

from portal import distribution
from portal.db import APP_ROLE


def alembic_config(connection: Connection) -> AlembicConfig:
    """What Alembic's commands need to know: where the migrations are, and the connection of the tables' owner."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(files("migrations")))
    config.attributes["connection"] = connection
    return config


def _owner_engine(owner_url: str) -> Engine:
    return create_engine(owner_url, poolclass=pool.NullPool)


def upgrade(owner_url: str) -> None:
    """Create or upgrade every table, policy and function. Safe to call from several processes at once."""
    engine = _owner_engine(owner_url)
    with engine.connect() as connection:
        clustered = distribution.is_cluster(connection)
        with distribution.joining(connection) if clustered else nullcontext():
            _create_roles(connection)  # and commits
            command.upgrade(alembic_config(connection), "head")
        if clustered:
            distribution.distribute(connection)
            connection.commit()


def create_roles(owner_url: str) -> None:
    """Create the roles that tables and functions of a backup belong to or are granted to, where they are missing."""
    with _owner_engine(owner_url).connect() as connection:
        _create_roles(connection)


def check(owner_url: str) -> None:
    """Compare the schema with the models.

    Raises:
        alembic.util.exc.CommandError: they differ, or migrations are pending.
    """
    engine = _owner_engine(owner_url)
    with engine.connect() as connection:
        command.check(alembic_config(connection))


def _create_roles(connection: Connection) -> None:
    """The roles that own nothing and see only what policies grant; shared by all databases of the server.

    An owner who may make no roles gets by where they are there already, and granted to the owner.
    """
    for role in (APP_ROLE, "huizong_definer"):
        connection.execute(
            text(f"""
            do $$ begin
                if not exists (select from pg_roles where rolname = '{role}') then
                    create role {role} nologin nosuperuser nobypassrls;
                end if;
            exception when duplicate_object or unique_violation then null;
            end $$""")
        )
        if not connection.scalar(text(f"select pg_has_role('{role}', 'usage')")):
            connection.execute(text(f"grant {role} to current_user"))
    connection.commit()
