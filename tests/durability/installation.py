"""A portal served as a user serves it, whose processes can be told apart, killed, and waited for."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path

import psycopg
from click.testing import CliRunner
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.engine import make_url
from werkzeug.security import generate_password_hash

from portal import db, embedded_postgres, schema
from portal.cli import main
from portal.db import identity_transaction, transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.form_file import read_form
from portal.domain.policy import Role
from portal.domain.units import Level, Placement
from portal.models import Membership
from portal.queries.people import portal_actor
from portal.queries.units import get_unit
from portal.services import collections, forms, units
from portal.services.collection_changes import change_settings
from tests.world import FORM, PERIOD, START

ROOT = Path(__file__).parents[2]
READY_SECONDS = 420
"""More than the portal itself allows a database that recovers."""
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}
PASSWORD = "Ein-langes-Passwort-22"

REPORTING = {city: [f"{city}d{number}" for number in range(3)] for city in ("c1", "c2", "c3")}
"""Cities, and their districts, whose people fill in, hand in and accept."""

CLERKS = ("c4", [f"c4d{number}" for number in range(5)])
"""A city whose clerk enters the answers of all its districts."""

FORM_T = read_form(FORM)


@dataclass(frozen=True)
class Process:
    """A process, which another with the same number later is not."""

    pid: int
    started: int
    parent: int

    def lives(self) -> bool:
        """Whether it has not ended."""
        there = find(self.pid)
        return there is not None and there.started == self.started

    def kill(self) -> None:
        """SIGKILL, unless it has just ended."""
        if self.lives():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


@dataclass
class Installation:
    """A data directory with a small world in it, and the process `huizong serve` on it."""

    data_dir: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the portal answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What `serve` said, over all its starts."""
        return self.data_dir.parent / "serve.log"

    def start(self) -> None:
        """Serve, as somebody does who finds the portal down."""
        command = [sys.executable, "-m", "portal.cli", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(self.data_dir)], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def stop(self) -> int:
        """Stop in order; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def ended(self) -> int | None:
        """The exit code of `serve`, if it has one."""
        assert self.process is not None
        return self.process.poll()

    def processes(self) -> list[Process]:
        """All living ones, parents before their children; none once `serve` is dead, who has no children any more."""
        assert self.process is not None
        return [each for each in (find(self.process.pid), *below(self.process.pid)) if each]

    def parts(self) -> dict[str, list[Process]]:
        """The living processes by what they are; those of PostgreSQL by its own names for them."""
        assert self.process is not None
        named: dict[str, list[Process]] = {}
        for each in self.processes():
            name = "supervisor" if each.pid == self.process.pid else _part(each)
            named.setdefault(name, []).append(each)
        named.pop("", None)
        return named

    def wait_until_ready(self) -> float:
        """Wait for an answer that the web made with the database; gives the seconds."""
        began = time.monotonic()
        while not self._answers():
            code = self.ended()
            assert code is None, f"serve gave up ({code}):\n{self.last_words()}"
            assert time.monotonic() < began + READY_SECONDS, f"no answer:\n{self.last_words()}"
            time.sleep(0.1)
        return time.monotonic() - began

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            # A wrong key is looked up, or found to be one too many, in the database.
            connection.request("GET", "/api/v1/units/", headers={"Authorization": "Bearer hzk_none"})
            return connection.getresponse().status in REFUSED
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def last_words(self) -> str:
        """The end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-60:])

    def command(self, *words: str) -> str:
        """A command of the shell beside the running portal, which must succeed; gives what it prints."""
        result = CliRunner().invoke(main, [*words, "--data-dir", str(self.data_dir)])
        assert result.exit_code == 0, f"{words}: {result.output} {result.exception!r}"
        return result.output

    def owner(self) -> psycopg.Connection:
        """A connection that sees every row."""
        with embedded_postgres.running(self.data_dir) as server:
            parts = make_url(server.owner_url)
        return psycopg.connect(
            host=str(parts.query["host"]), port=str(parts.query["port"]), dbname=parts.database, user=parts.username,
            password=parts.password, autocommit=True, connect_timeout=20,
        )  # fmt: skip


@contextmanager
def installed(place: Path) -> Iterator[Installation]:
    """An installation in `place`, served; whatever happens, nothing of it lives on."""
    place.chmod(0o711)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    installation = Installation(place / "var", port)
    _found(installation.data_dir)
    installation.start()
    try:
        installation.wait_until_ready()
        yield installation
    finally:
        for each in reversed(installation.processes()):
            each.kill()
        assert installation.process is not None
        installation.process.wait(60)


def _found(data_dir: Path) -> None:
    """Make the world: the tree, a form that was sent down, and a person for each part."""
    with embedded_postgres.running(data_dir) as server:
        schema.upgrade(server.owner_url)
        engine = db.connect(server.app_url)
        _make_units()
        for city, districts in (*REPORTING.items(), CLERKS):
            _employ(f"{city}.reviewer", city, Role.REVIEWER)
            _employ(f"{city}.filler", city, Role.FILLER)
            for district in districts:
                _employ(f"{district}.filler", district, Role.FILLER)
        engine.dispose()


def _make_units() -> None:
    placed = [("p1", "", Level.PROVINCE)]
    for city, districts in (*REPORTING.items(), CLERKS):
        placed += [(city, "p1", Level.CITY), *((district, city, Level.DISTRICT) for district in districts)]
    rows = [Placement(code, parent, f"{code} 民政局", code, level, START) for code, parent, level in placed]
    with transaction(None) as session:
        units.import_units(session, rows, [])
        forms.publish(session, FORM_T)
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collections.send_down(
            session, sender, FORM_T, PERIOD, opens_on=PERIOD.ends_on, due_on=date(PERIOD.year + 1, 1, 31)
        )
        change_settings(session, sender, CollectionKey(FORM_T.code, PERIOD), CollectionSettings(entered_above=True))


def _employ(username: str, unit: str, role: Role) -> None:
    password = generate_password_hash(PASSWORD, method="pbkdf2:sha256:1")  # quick to check; only for tests
    with identity_transaction() as session:
        user = User(
            first_name=username, last_name="某", username=username, email=f"{username}@example.invalid", active=True,
            password=password,
        )  # fmt: skip
        session.add(user)
        session.flush()
        place = get_unit(session, unit)
        session.add(Membership(user_id=user.id, unit_id=place.id, unit_path=place.path, role=role, valid_from=START))


# --- Processes ------------------------------------------------------------------------------------------------------


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def find(pid: int) -> Process | None:
    """The living process of this number; one that has ended and was not waited for is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else Process(pid, int(fields[19]), int(fields[1]))


def below(pid: int) -> list[Process]:
    """All living descendants, parents before their children."""
    children: dict[int, list[Process]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        if each := find(int(path.name)):
            children.setdefault(each.parent, []).append(each)
    found = list(children.get(pid, ()))
    for each in found:
        found += children.get(each.pid, ())
    return found


def words_of(pid: int) -> str:
    """The command line of a process; nothing if it has just ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _part(process: Process) -> str:
    """What a process is, by its command line; nothing for what only leads to another."""
    words = words_of(process.pid)
    if words.startswith("postgres: "):
        kind = words.removeprefix("postgres: ")
        return "backend" if kind.startswith("huizong") else f"postgres {kind.rstrip('0123456789 ')}"
    if "/bin/postgres -D" in words:
        return "postmaster"
    if "gunicorn" in words:
        return "web worker" if "gunicorn" in words_of(process.parent) else "web master"
    if "importers.child" in words:
        return "reader of a file"
    return "job worker" if words.endswith("portal.cli worker") else ""
