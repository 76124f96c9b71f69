"""The embedded PostgreSQL server itself: its cluster, its process, its roles and its database.

Who may start and stop it, and when, is decided in `portal.embedded_postgres`.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from portal.parent_death import die_with_parent
from portal.postgres_home import Home, ServerUnavailable, installation, runnable

OWNER = "huizong_owner"
"""Superuser and owner of the database: migrations, backup and restore."""

APP = "huizong_app"
"""Role of the web, the worker and the CLI: no rights but those that the migrations grant it."""

DATABASE = "huizong"
PORT = 5432
"""Only the name of the socket's file: no server of ours listens on TCP."""

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "fsync": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

# A socket's address holds 104 bytes on macOS, 108 on Linux, with its closing zero.
_LONGEST_SOCKET = 103
# TMPDIR may itself be long or closed to the server's account.
_SHORT_PLACE = "/tmp"  # noqa: S108 - what is made there is a private directory with a random name
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_BUILTIN_LOCALE_SINCE = 17


def start(home: Home, lock: int, *, dies_with_us: bool) -> subprocess.Popen[bytes] | None:
    """Start the server, which inherits the descriptor `lock`; return before it answers.

    With `dies_with_us` the process is our child, to be waited for after its end; otherwise it belongs to nobody.
    The caller has made sure that no server of this home lives.
    """
    major, prefix = installation(_cluster_major(home))
    binaries = runnable(home, prefix) / "bin"
    if not home.cluster.exists():
        _make_cluster(home, binaries, major)
    _remove_stale_pid_file(home)
    settings = SETTINGS | {"unix_socket_directories": _quoted(_make_socket_directory(home))}
    command = [str(binaries / "postgres"), "-D", str(home.cluster), "-p", str(PORT)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    if not dies_with_us:
        command = ["/bin/sh", "-c", '"$@" &', "sh", *command]
    home.log.touch(mode=0o600)
    with home.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own binaries and paths
            command,
            cwd=home.cluster,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C on the terminal is for us: we stop the server when its users are done
            pass_fds=[lock],
            preexec_fn=die_with_parent(signal.SIGINT) if dies_with_us else None,  # noqa: PLW1509 - see parent_death
            **home.popen_options(),
        )
    if dies_with_us:
        return process
    process.wait()
    return None


def is_provisioned(home: Home) -> bool:
    """Whether the server answers and has our roles and database, which are made or mended here if need be.

    Raises:
        ServerUnavailable: the server does not accept the owner's password.
    """
    app_password = _password(home, APP)
    try:
        with _connect(home, APP, app_password, DATABASE):
            return True
    except psycopg.OperationalError:  # not up yet, or no such role or database: the owner can tell
        pass
    try:
        connection = _connect(home, OWNER, _password(home, OWNER), "postgres")
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise ServerUnavailable(f"{home.directory}: owner.password is not the database's: {error}") from error
        return False
    with connection:
        _provision(connection, app_password)
    return True


def url(home: Home, role: str) -> str:
    """The SQLAlchemy URL, with the password, of our database for `role`."""
    query = {"host": str(_socket_directory(home)), "port": str(PORT)}
    address = URL.create("postgresql+psycopg", role, _password(home, role), host="", database=DATABASE, query=query)
    return address.render_as_string(hide_password=False)


def send_signal(home: Home, number: signal.Signals) -> None:
    """Send `number` to the server, if it lives."""
    pid = _postmaster(home)
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def remove_socket_directory(home: Home) -> None:
    """Remove what the ended server leaves behind in the place for short paths."""
    link = home.directory / "socket"
    if link.is_symlink():
        with suppress(OSError):  # not empty after a crash: it was private, and its name is not used again
            link.readlink().rmdir()


def last_words(home: Home, lines: int = 8) -> str:
    """The end of the server's log, for an error message."""
    return "\n".join(home.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _cluster_major(home: Home) -> int | None:
    """PostgreSQL's major version that made the cluster; None when there is none yet."""
    try:
        return int((home.cluster / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def _make_cluster(home: Home, binaries: Path, major: int) -> None:
    """Run initdb in a private directory and move the complete cluster to its place."""
    new = home.private_directory(home.directory / "new")
    password = new / "password"
    password.touch(mode=0o600)
    password.write_text(_password(home, OWNER), encoding="ascii")
    home.give(password)
    # Code point order everywhere. The libc character type is what trigram indexes on Chinese text need.
    character_type = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    locale = ["--locale=C", f"--lc-ctype={character_type}", "--encoding=UTF8"]
    if major >= _BUILTIN_LOCALE_SINCE:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = [f"--username={OWNER}", f"--pwfile={password}", "--auth=scram-sha-256", "--data-checksums"]
    result = subprocess.run(  # noqa: S603 - our own binaries and paths
        [str(binaries / "initdb"), f"--pgdata={new / 'cluster'}", *locale, *access],
        cwd=new,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=die_with_parent(signal.SIGKILL),
        **home.popen_options(),
    )
    if result.returncode != 0:
        raise ServerUnavailable(f"initdb failed in {new}:\n{result.stdout}{result.stderr}")
    (new / "cluster").rename(home.cluster)
    shutil.rmtree(new)


def _remove_stale_pid_file(home: Home) -> None:
    """Remove a `postmaster.pid` whose number may meanwhile be some other process's."""
    pid = _postmaster(home)
    if pid and sys.platform == "linux":
        raise ServerUnavailable(f"process {pid}, which is not ours, runs PostgreSQL on {home.cluster}: stop it")
    (home.cluster / "postmaster.pid").unlink(missing_ok=True)


def _postmaster(home: Home) -> int | None:
    """The server's process number; on Linux only if that process does work in the cluster."""
    try:
        pid = int((home.cluster / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    if sys.platform != "linux":
        return pid
    try:
        return pid if Path(f"/proc/{pid}/cwd").samefile(home.cluster) else None
    except (FileNotFoundError, PermissionError):
        return None


def _make_socket_directory(home: Home) -> Path:
    """Make an empty directory for the socket: in the home, unless no client could name it there."""
    place = home.directory / "socket"
    if place.is_symlink():
        place.unlink()
    length = len(os.fsencode(place / f".s.PGSQL.{PORT}"))
    if length <= _LONGEST_SOCKET and "," not in str(place):  # to a client a comma separates two hosts
        return home.private_directory(place)
    shutil.rmtree(place, ignore_errors=True)
    short = Path(tempfile.mkdtemp(prefix="huizong-", dir=_SHORT_PLACE))
    home.give(short)
    place.symlink_to(short)
    return short


def _socket_directory(home: Home) -> Path:
    """Where the running server's socket is."""
    return (home.directory / "socket").resolve()


def _quoted(path: Path) -> str:
    """`path` as an element of a list in PostgreSQL's configuration."""
    return '"' + str(path).replace('"', '""') + '"'


def _password(home: Home, role: str) -> str:
    """The password of `role`, made at the first call."""
    path = home.directory / f"{role.removeprefix('huizong_')}.password"
    if not path.exists():
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(32), encoding="ascii")
        new.rename(path)
    return path.read_text(encoding="ascii")


def _connect(home: Home, role: str, password: str, database: str) -> psycopg.Connection:
    """Connect once."""
    return psycopg.connect(
        host=str(_socket_directory(home)),
        port=PORT,
        user=role,
        password=password,
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def _provision(connection: psycopg.Connection, app_password: str) -> None:
    """Make the application's role and the database where they are missing, and set the role's password and limits."""
    app = sql.Identifier(APP)
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {}").format(app))
    # Sent as a SCRAM verifier: the password itself never reaches a log.
    verifier = connection.pgconn.encrypt_password(app_password.encode(), APP.encode(), b"scram-sha-256").decode()
    limits = sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}")
    connection.execute(limits.format(app, sql.Literal(verifier)))
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
