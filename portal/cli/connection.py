"""The installation that a command works on: its settings, and its database for as long as the command lasts."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import db, schema
from portal.cli.command import data_dir
from portal.cli.words import say
from portal.config import Config
from portal.db import transaction
from portal.domain.periods import Period
from portal.domain.policy import Actor
from portal.domain.units import Place
from portal.embedded_postgres import Server, running
from portal.errors import PortalError
from portal.queries.people import portal_actor
from portal.queries.units import get_unit, list_units
from portal.services.events import acting_from


class NoSchema(PortalError):
    """The database has no tables yet."""

    code = "no_schema"


def config() -> Config:
    """The settings, with the data directory named on the command line."""
    return Config.load(data_dir())


@contextmanager
def server(settings: Config) -> Iterator[Server]:
    """The configured database, or the embedded server, which is joined or started for the call."""
    if settings.database_url and settings.migration_database_url:
        yield Server(owner_url=settings.migration_database_url, app_url=settings.database_url)
        return
    with running(settings.data_dir) as found:
        yield found


@contextmanager
def connected(target: Server) -> Iterator[None]:
    """Let transactions run on this database."""
    engine = db.connect(target.app_url)
    try:
        with acting_from(_terminal()):
            yield
    finally:
        engine.dispose()


def _terminal() -> str:
    """Whose terminal this is: the account, and the machine; a container's account may have no name."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = str(os.getuid())
    return f"{account}@{socket.gethostname()}"


@contextmanager
def database() -> Iterator[Server]:
    """The database, ready to work on. A new embedded one gets its tables first.

    Raises:
        NoSchema: a configured database has no tables; making them there is the administrator's decision.
    """
    with server(config()) as found, connected(found):
        if not _has_tables():
            if found.lock is None:
                raise NoSchema
            say("正在建立数据库……", "creating the database …")
            schema.upgrade(found.owner_url)
        yield found


def portal_of(unit_code: str) -> Actor:
    """The portal acting within a unit.

    Raises:
        NotFound: there is no such unit.
    """
    with transaction(None) as session:
        return portal_actor(session, unit_code)


def portal_over(unit_code: str, period: Period | None, *, closely: bool) -> Actor:
    """The portal looking at a unit of a period's tree (today's for none).

    It sees the whole tree around the unit, also the units that have since moved elsewhere; `closely` only what the unit
    sees itself, to which its direct subordinates have shown figures that nobody has accepted yet.

    Raises:
        NotFound: the tree has no such unit.
    """
    with transaction(None) as session:
        unit = get_unit(session, unit_code, period=period)
        portal = portal_actor(session, unit.path.partition(".")[0])
    if not closely:
        return portal
    return replace(portal, place=Place(unit.id, unit.code, unit.name, unit.level, unit.path, unit.root_id))


def portal_of_each_tree() -> list[Actor]:
    """The portal acting within each top unit, by code."""
    with transaction(None) as session:
        return [portal_actor(session, code) for code in _top_units(session)]


def _top_units(session: Session) -> list[str]:
    return [unit.code for unit in list_units(session) if not unit.parent_code]


def _has_tables() -> bool:
    with transaction(None) as session:
        return session.scalar(text("select to_regclass('alembic_version')")) is not None
