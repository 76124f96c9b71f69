"""The database: connection, declarative base, and `transaction(actor)`, which holds the only commit of our code."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, ClassVar

import psycopg
from psycopg import sql
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, Numeric, Text, create_engine, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, sessionmaker, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import String, TypeDecorator, TypeEngine, UserDefinedType

from portal.constraints import domain_error
from portal.domain.policy import Actor, Role

APP_ROLE = "huizong_app"

RESTART_SECONDS = 20.0
"""How long a new connection waits for a server that is restarting: after a crash it first reads its log again."""

_RESTARTING = "FATAL:  the database system is "
"""How PostgreSQL begins to say that it is starting up, recovering or shutting down; it sends no state with that."""

_POLL_SECONDS = 0.1


class _LTreeColumn(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "LTREE"


class LTree(TypeDecorator[str]):
    """PostgreSQL's ltree: unit codes from the top down, joined by dots.

    A TypeDecorator over String, because Flask-AppBuilder must find a form widget for the column.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The real column type."""
        return dialect.type_descriptor(_LTreeColumn())

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:  # noqa: ARG002 - SQLAlchemy's signature
        """Compare as ltree, else the driver sends varchar and PostgreSQL refuses."""
        return self


class Base(DeclarativeBase):
    """Base of our tables; Flask-AppBuilder's have a metadata of their own."""

    # Names are part of the contract: `portal.constraints` turns them into domain errors.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        Decimal: Numeric(),
        dict[str, Any]: JSONB(),
        list[dict[str, Any]]: JSONB(),
    }


class NotConnectedError(RuntimeError):
    """`connect` was not called: a defect of ours."""


class _Database:
    """The process's engine; one per process, because a pool is."""

    engine: Engine | None = None
    sessions: sessionmaker[Session] | None = None


def connect(url: str, *, at_most: int = 24) -> Engine:
    """Point this process at a database, over so many connections at most; a second call replaces the first.

    Whatever role the URL logs in with, work is done as `huizong_app`, which row-level security binds.
    """
    engine = create_engine(url, pool_size=8, max_overflow=at_most - 8, pool_pre_ping=True)
    event.listen(engine, "do_connect", _connect)
    if make_url(url).username != APP_ROLE:
        event.listen(engine, "connect", _become_app_role)
    event.listen(engine, "first_connect", partial(_ask_for_citus, engine))
    use(engine)
    return engine


def use(engine: Engine, sessions: sessionmaker[Session] | None = None) -> None:
    """Work on this engine, with these sessions if given (tests bind theirs to one connection)."""
    _Database.engine = engine
    _Database.sessions = sessions or sessionmaker(engine, expire_on_commit=False)


def engine() -> Engine:
    """The engine in use."""
    if _Database.engine is None:
        raise NotConnectedError
    return _Database.engine


def _connect(dialect: Dialect, _entry: object, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Connect; a server that says that it starts, recovers or stops is waited for."""
    deadline = time.monotonic() + RESTART_SECONDS
    while True:
        try:
            return dialect.connect(*arguments, **keywords)
        except psycopg.OperationalError as error:
            if not is_restarting(error) or time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)


def is_restarting(error: Exception) -> bool:
    """Whether the server refused a connection because it starts, recovers or stops."""
    return _RESTARTING in str(error)


def is_away(error: DBAPIError) -> bool:
    """Whether the server went away or cannot be reached; then a transaction may have been committed or not.

    Without a state there was no answer; those of class 57P are of a server that ends or starts, those of class 08 of
    Citus when it does not reach a node.
    """
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error.orig, psycopg.OperationalError) and (state is None or state.startswith(("57P", "08")))


def _become_app_role(connection: psycopg.Connection[Any], _entry: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(APP_ROLE)))
    connection.commit()


def read_one_moment(session: Session) -> None:
    """Let all that the transaction reads be of one moment, whatever others commit; called before any query."""
    session.execute(text("set transaction isolation level repeatable read"))


def _ask_for_citus(engine: Engine, connection: psycopg.Connection[Any], _entry: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        clustered = cursor.execute("SELECT FROM pg_extension WHERE extname = 'citus'").rowcount
    connection.rollback()
    if clustered:
        event.listen(engine, "connect", _speak_to_workers)
        if not event.contains(Session, "do_orm_execute", _stay_on_one_node):
            event.listen(Session, "do_orm_execute", _stay_on_one_node)


def _speak_to_workers(connection: psycopg.Connection[Any], _entry: ConnectionPoolEntry) -> None:
    """What a transaction sets holds on the workers of Citus too, and it talks to each over one connection.

    So it sees what it has written. Only the coordinator writes what all nodes share; else a foreign key to it, checked
    in the name of its owner, would wait for the transaction itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET citus.propagate_set_commands = 'local'")
        cursor.execute("SET citus.multi_shard_modify_mode = 'sequential'")
        cursor.execute("SET citus.allow_modifications_from_workers_to_replicated_tables = off")
    connection.commit()


def _stay_on_one_node(state: ORMExecuteState) -> None:
    """Name the actor's top unit in every query about units: else Citus asks all nodes, and locks no row."""
    top = state.session.info.get("top")
    if top is not None and not state.is_column_load:
        state.statement = state.statement.options(*_of_top(top))


@lru_cache(maxsize=256)
def _of_top(top: int) -> tuple[ORMOption, ...]:
    tables = [mapper.class_ for mapper in Base.registry.mappers if mapper.primary_key[0].name == "root_id"]
    return tuple(with_loader_criteria(table, table.root_id == top, include_aliases=True) for table in tables)


BeforeCommit = Callable[[Session], None]


@contextmanager
def transaction(actor: Actor | None) -> Iterator[Session]:
    """A session whose rows are those `actor` may see; commits at the end of the block, rolls back on an exception.

    With no actor the session sees reference tables only: an empty scope means no rows.

    Raises:
        PortalError: a constraint or policy of the database was tripped and has a domain name.
    """
    with _committed() as session:
        set_scope(session, actor)
        yield session


@contextmanager
def _committed() -> Iterator[Session]:
    if _Database.sessions is None:
        raise NotConnectedError
    with _Database.sessions() as session:
        session.info["before_commit"] = []
        try:
            yield session
            for step in session.info["before_commit"]:
                step(session)
            session.commit()
        except DBAPIError as error:
            session.rollback()
            translated = domain_error(error)
            if translated is None:
                raise
            raise translated from error


def before_commit(session: Session, step: BeforeCommit) -> None:
    """Run `step` once, as the last thing before the commit (short locks belong there)."""
    steps: list[BeforeCommit] = session.info.setdefault("before_commit", [])
    if step not in steps:
        steps.append(step)


_NOTHING = dict.fromkeys(("scope", "depth", "forms", "writes", "portal", "identity"), "")
"""The settings that open no row."""


@contextmanager
def identity_transaction() -> Iterator[Session]:
    """A session that finds out who somebody is: it sees every account and membership, and no tenant's rows.

    For signing in and for commands of the person at the machine; pages act within `transaction(actor)`.
    """
    with _committed() as session:
        _set_local(session.connection(), **_NOTHING | {"identity": "on"})
        yield session


def set_scope(session: Session, actor: Actor | None) -> None:
    """Limit the transaction to what `actor` may see; row-level security compares rows with these settings."""
    session.info["top"] = None if actor is None else actor.place.root_id
    if actor is None:
        _set_local(session.connection(), **_NOTHING)
        return
    _set_local(
        session.connection(),
        scope=actor.place.path,
        depth=str(actor.depth),
        forms="*" if actor.forms is None else ",".join(sorted(actor.forms)),
        writes="on" if actor.writes else "",
        # A program with a key manages nobody.
        portal="on" if Role.SYSTEM_ADMIN in actor.roles and actor.key is None else "",
        identity="",
    )


def open_accounts(connection: Connection) -> None:
    """Let the connection's transaction see every account and membership."""
    _set_local(connection, identity="on")


def _set_local(connection: Connection, **settings: str) -> None:
    connection.exec_driver_sql(_setting(tuple(settings.items())))


@lru_cache(maxsize=4096)
def _setting(settings: tuple[tuple[str, str], ...]) -> str:
    """Literal SET LOCALs, because `set_config()` does not reach the workers of a distributed PostgreSQL."""
    statements = [
        sql.SQL("SET LOCAL {} = {}").format(sql.Identifier("huizong", name), sql.Literal(value))
        for name, value in settings
    ]
    return sql.SQL("; ").join(statements).as_string(None).replace("%", "%%")
