"""`huizong serve` as a process: starts, announces, restarts and stops its parts, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal.app import create_app
from portal.config import Config
from portal.serving import web_command
from tests.durability.installation import below, words_of

ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds after which something is taken not to happen any more, on a slow machine too."""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SERVE = """
import os
import sys
from dataclasses import replace
from pathlib import Path
import psycopg
from sqlalchemy.exc import OperationalError
from portal import serving
from portal.config import Config

real_web = serving.web_command
serving.web_command = lambda descriptor: [*real_web(descriptor)[:-1], "web_stub:app"]
serving.worker_command = lambda: [sys.executable, "-m", "worker_stub"]
serving.START_SECONDS = float(os.environ.get("START_SECONDS", "300"))
config = replace(Config.load(Path(sys.argv[1])), port=int(sys.argv[2]))
def prepare(server):
    if os.environ.pop("INTERRUPTED", ""):
        raise OperationalError("select 1", {}, psycopg.OperationalError("server closed the connection unexpectedly"))
    print("prepared", flush=True)

sys.exit(serving.serve(config, prepare=prepare, banner=lambda: "Konto admin"))
"""

WEB_STUB = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getppid()} {os.environ['HUIZONG_DATABASE_URL']}".encode()]
"""

WORKER_STUB = """
import os, pathlib, time
place = pathlib.Path(os.environ["HUIZONG_DATA_DIR"])
place.joinpath("pid").write_text(str(os.getpid()))
place.joinpath("pid").rename(place / "worker.pid")  # never there without the number in it
time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with the stubs, which every account may pass through."""
    with tempfile.TemporaryDirectory(prefix="hz-", dir="/tmp") as name:
        place = Path(name)
        place.chmod(0o711)
        (place / "web_stub.py").write_text(WEB_STUB)
        (place / "worker_stub.py").write_text(WORKER_STUB)
        yield place


@contextmanager
def serving(place: Path, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    environ = os.environ | {"PYTHONPATH": f"{ROOT}:{place}"}
    command = [sys.executable, "-c", SERVE, str(place / "var"), str(port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    """Read the output up to the address."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            assert process.stdout.readline() == "Konto admin\n"
            return found[0]
    raise AssertionError(process.stderr and process.stderr.read())


def fetch(url: str) -> tuple[int, str]:
    """The pid of the web's main process, and the database URL that it got."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        pid, database = answer.read().decode().split()
    return int(pid), database


def worker_pid(place: Path) -> int:
    return int((place / "var/worker.pid").read_text())


def postmaster_pid(place: Path) -> int:
    return int((place / "var/postgres/cluster/postmaster.pid").read_text().split()[0])


def lives(pid: int) -> bool:
    """Whether the process exists and has not ended; a zombie has ended."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool], pause: float = 0.05) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)


@on_linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_it(place: Path, number: signal.Signals) -> None:
    with serving(place) as process:
        web, database = fetch(address(process))
        assert "huizong_app" in database
        wait_until((place / "var/worker.pid").exists)
        parts = [web, worker_pid(place), postmaster_pid(place)]
        assert all(lives(pid) for pid in parts)
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == (-9 if number is signal.SIGKILL else 0)
        wait_until(lambda: not any(lives(pid) for pid in parts))


@on_linux
def test_a_database_that_recovers_for_ever_is_started_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such is PostgreSQL when it is killed while it recovers from a killed process."""
    monkeypatch.setenv("START_SECONDS", "8")
    with serving(place) as process:
        url = address(process)
        postmaster = postmaster_pid(place)
        interrupt_recovery(postmaster)
        assert process.stdout is not None
        assert process.stdout.readline() == "prepared\n"
        assert postmaster_pid(place) != postmaster
        assert fetch(url)
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0


def interrupt_recovery(postmaster: int) -> None:
    """Kill a process of PostgreSQL, and the one that recovers from that; again if this one was through too quickly."""

    def interrupted() -> bool:
        for each in below(postmaster):
            words = words_of(each.pid)
            if words.startswith(("postgres: startup", "postgres: autovacuum launcher")):
                each.kill()
            if words.startswith("postgres: startup"):
                return True
        return False

    wait_until(interrupted, pause=0)


@on_linux
def test_parts_that_end_are_started_again(place: Path) -> None:
    with serving(place) as process:
        url = address(process)
        web, _database = fetch(url)
        wait_until((place / "var/worker.pid").exists)
        worker = worker_pid(place)
        os.kill(web, signal.SIGKILL)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: worker_pid(place) != worker)
        assert fetch(url)[0] != web

        postmaster = postmaster_pid(place)
        os.kill(postmaster, signal.SIGKILL)
        assert process.stdout is not None
        assert process.stdout.readline() == "prepared\n"
        assert postmaster_pid(place) != postmaster
        assert fetch(url)[0] != web
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0


def test_the_application_is_made_before_the_web_parts_without_a_connection(tmp_path: Path) -> None:
    """Else its processes would share one: here there is nothing to connect to."""
    nowhere = {"HUIZONG_DATABASE_URL": f"postgresql+psycopg://huizong_app@/huizong?host={tmp_path}"}
    create_app(Config.load(tmp_path, nowhere))
    assert "--preload" in web_command(3)


def test_a_signal_during_preparation_stops_it(place: Path) -> None:
    with serving(place) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0


def test_a_database_that_ends_during_preparation_is_started_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERRUPTED", "once")
    with serving(place) as process:
        assert fetch(address(process))
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
        assert process.stderr is not None
        assert "starting it again" in process.stderr.read()


def test_a_web_that_cannot_start_is_given_up(place: Path) -> None:
    (place / "web_stub.py").write_text("raise RuntimeError('no way')")
    with serving(place) as process:
        output, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "no way" in errors
        assert "Cannot start" in errors
        assert output == "prepared\n"


def test_a_taken_port_is_said_in_both_languages(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(place, port) as process:
            _output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"端口 {port} 已被占用" in errors
    assert f"Port {port} is already in use" in errors
    assert not (place / "var/postgres").exists()
