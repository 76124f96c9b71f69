"""A PostgreSQL server of our own for one data directory: started on demand, shared by processes, socket only.

Three locks (`flock`, so that a killed process leaves none behind) make the rules:

* the gate, `postgres.lock` in the data directory, is held while somebody starts, joins or leaves;
* `server.lock` is inherited by the server's processes: while it is taken a server lives, and when it is free every
  `postmaster.pid` is stale, whatever process has got that number since;
* `users.lock` is shared by everyone who uses the server; whoever can take it alone on leaving is the last, and stops
  the server.

The supervisor (`huizong serve`) is a user with two more rights: a server that it started ends with it even when it is
killed, and on leaving it stops the server although others may be in the middle of something. A server left over from a
killed process is joined by the next one.
"""

import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal import postgres_server
from portal.config import Config
from portal.postgres_home import Home, ServerUnavailable, open_home

START_SECONDS = 300
"""How long a server may take to answer: after a crash it first reads its log again."""

_STOP_STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
"""Fast shutdown, immediate shutdown (recovery at the next start), the end; each with the seconds granted."""

_POLL_SECONDS = 0.03


@dataclass(frozen=True)
class Server:
    """Where to connect: SQLAlchemy URLs, with passwords, of the same database for two roles.

    `owner_url` is for migrations, backup and restore; everything else uses `app_url`, which row-level security binds.
    `lock` is taken as long as the server lives; None for a server that is not ours.
    """

    owner_url: str
    app_url: str
    lock: Path | None = None

    def is_alive(self) -> bool:
        """Whether the server's processes exist; a server that is not ours is taken to live."""
        if self.lock is None:
            return True
        with _open(self.lock) as file:
            return not _try_lock(file)


@contextmanager
def running(data_dir: Path, *, supervisor: bool = False) -> Iterator[Server]:
    """Join the live server of `data_dir`, or start it; on leaving, stop it if nobody else uses it.

    There is at most one supervisor; it enters from its main thread.

    Raises:
        ServerUnavailable: it cannot be started, belongs to another account, or has a supervisor already.
    """
    data_dir = data_dir.resolve()
    gate = data_dir / "postgres.lock"
    with ExitStack() as stack:
        with _explained_permissions():
            data_dir.mkdir(parents=True, exist_ok=True)
            if supervisor:
                _become_supervisor(stack.enter_context(_open(data_dir / "supervisor.lock")), data_dir)
            with _locked(gate):
                home = open_home(data_dir)
                users = stack.enter_context(_open(home.users_lock))
                fcntl.flock(users, fcntl.LOCK_SH)
                children = stack.enter_context(ExitStack())
                stack.callback(_leave, gate, home, users, supervisor=supervisor)
                _ensure_running(home, children, supervisor=supervisor)
        yield Server(
            owner_url=postgres_server.url(home, postgres_server.OWNER),
            app_url=postgres_server.url(home, postgres_server.APP),
            lock=home.server_lock,
        )


@contextmanager
def configured(config: Config, *, supervisor: bool = False) -> Iterator[Server]:
    """The database that the configuration names, or else the embedded server as `running` gives it."""
    if config.database_url and config.migration_database_url:
        yield Server(owner_url=config.migration_database_url, app_url=config.database_url)
        return
    with running(config.data_dir, supervisor=supervisor) as server:
        yield server


def _ensure_running(home: Home, children: ExitStack, *, supervisor: bool) -> None:
    """Return when a server answers that has our roles and database; the caller holds the gate.

    A server that we find may just be starting, recovering or ending: it answers, or its lock becomes free.
    """
    started = False
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with _open(home.server_lock) as lock:
            if _try_lock(lock):
                if started:
                    raise ServerUnavailable(f"PostgreSQL ended at once:\n{postgres_server.last_words(home)}")
                child = postgres_server.start(home, lock.fileno(), dies_with_us=supervisor)
                if child:
                    children.callback(child.wait)
                started = True
        # The server inherited the lock: closing our descriptor does not free it.
        if postgres_server.is_provisioned(home):
            return
        time.sleep(_POLL_SECONDS)
    raise ServerUnavailable(f"PostgreSQL does not answer:\n{postgres_server.last_words(home)}")


def _leave(gate: Path, home: Home, users: IO[str], *, supervisor: bool) -> None:
    """Give up our use of the server, and stop it if that was the last, or if we are the supervisor."""
    with _locked(gate):
        if _try_lock(users) or supervisor:
            _stop(home)


def _stop(home: Home) -> None:
    """Stop the server and wait until its last process has ended; the caller holds the gate."""
    for number, seconds in _STOP_STEPS:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with _open(home.server_lock) as lock:
                if _try_lock(lock):
                    postgres_server.remove_socket_directory(home)
                    return
            postgres_server.send_signal(home, number)
            time.sleep(_POLL_SECONDS)
    raise ServerUnavailable(f"PostgreSQL does not end: {home.directory}")


def _become_supervisor(file: IO[str], data_dir: Path) -> None:
    """Lock `file`, which the caller keeps open as long as it supervises."""
    if not _try_lock(file):
        raise ServerUnavailable(f"another `huizong serve` is running on {data_dir}: stop it, or use another --data-dir")


def _open(path: Path) -> IO[str]:
    """Open a lock file, made if need be."""
    return path.open("a", encoding="utf-8")


def _try_lock(file: IO[str]) -> bool:
    """Take the file's exclusive lock if nobody else has any; a shared lock of this `file` is exchanged for it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock of `path`, after waiting for it."""
    with _open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _explained_permissions() -> Iterator[None]:
    """Say what to do about a file that another user's huizong made."""
    try:
        yield
    except PermissionError as error:
        raise ServerUnavailable(
            f"{error.filename}: permission denied; run huizong as the user who owns the data directory"
        ) from error
