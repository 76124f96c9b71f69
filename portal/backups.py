"""Back the whole database up into one file, and put such a file back.

Both work as the owner, since row-level security binds everybody else. A restore is one transaction: the database holds
what the file holds, or what it held before.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from sqlalchemy.engine import make_url

from portal import postgres_home, schema
from portal.errors import PortalError
from portal.postgres_home import ServerUnavailable

_LOCK_MILLISECONDS = 10_000
_EMPTY = f"""
set lock_timeout = {_LOCK_MILLISECONDS};
drop schema public cascade;
create schema public;
alter schema public owner to pg_database_owner;
"""


class BackupFailed(PortalError):
    """PostgreSQL's tools could not do it; `reason` is their last word."""

    code = "backup_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def backup(owner_url: str, file: Path) -> None:
    """Write everything into `file`, in pg_dump's custom format; the file appears when it is complete.

    Only its owner may read it: it holds every tenant's figures.

    Raises:
        BackupFailed: with pg_dump's words.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as output:
            _run("pg_dump", ["--format=custom"], owner_url, output=output)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(owner_url: str, file: Path) -> None:
    """Replace everything in the database by what `file` holds.

    Raises:
        BackupFailed: the file is no backup, or somebody is using the tables; the database is as it was.
    """
    with tempfile.TemporaryFile() as script:
        script.write(_EMPTY.encode())
        script.flush()
        _run("pg_restore", ["--file=-", str(file)], owner_url, output=script)
        script.seek(0)
        schema.create_roles(owner_url)
        quiet = ["--no-psqlrc", "--quiet", "--output=/dev/null"]
        _run("psql", [*quiet, "--single-transaction", "--set=ON_ERROR_STOP=1"], owner_url, source=script)


def _run(
    tool: str, options: list[str], owner_url: str, *, output: IO[bytes] | None = None, source: IO[bytes] | None = None
) -> None:
    """Run one of PostgreSQL's tools on the database."""
    result = subprocess.run(  # noqa: S603 - PostgreSQL's own tools
        [_program(tool), *options],
        env=_environment(owner_url),
        stdin=source or subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if result.returncode != 0:
        raise BackupFailed(result.stderr.decode(errors="replace").strip() or f"{tool}: {result.returncode}")


def _program(tool: str) -> str:
    """The tool beside the embedded server's, which is the newest at hand, or the system's."""
    try:
        return str(postgres_home.programs() / tool)
    except ServerUnavailable:
        found = shutil.which(tool)
        if found is None:
            raise BackupFailed(f"{tool} is not installed") from None
        return found


def _environment(url: str) -> dict[str, str]:
    """Where to connect, in the tools' own variables: a password on the command line is for everybody to see."""
    parts = make_url(url)
    wanted = {
        "PGDATABASE": parts.database,
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGHOST": parts.query.get("host", parts.host),
        "PGPORT": parts.query.get("port", parts.port),
        "PGSSLMODE": parts.query.get("sslmode"),
        "PGSSLROOTCERT": parts.query.get("sslrootcert"),
    }
    return os.environ | {name: str(value) for name, value in wanted.items() if value is not None}
