"""The embedded server: started on demand, shared by processes, never lost and never left behind."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from portal import postgres_home
from portal.config import Config
from portal.embedded_postgres import Server, configured, running
from portal.postgres_home import Account, ServerUnavailable

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root runs the server as another account")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")

USER = """
import sys
from pathlib import Path
from portal.embedded_postgres import running
with running(Path(sys.argv[1]), supervisor=sys.argv[2] == "supervisor"):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def open_directory() -> Path:
    """A new, short directory that every account may pass through, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp(prefix="hz-", dir="/tmp"))
    directory.chmod(0o711)
    return directory


@pytest.fixture
def place() -> Iterator[Path]:
    directory = open_directory()
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def new_data_dir(place: Path) -> Path:
    return place / "var"


@pytest.fixture(scope="module")
def used_data_dir() -> Iterator[Path]:
    """A data directory whose server has been started and stopped once."""
    directory = open_directory()
    with running(directory / "var"):
        pass
    yield directory / "var"
    shutil.rmtree(directory)


@pytest.fixture
def data_dir(place: Path, used_data_dir: Path) -> Path:
    """A copy of a used data directory: quicker than a first start."""
    subprocess.run(["cp", "-a", used_data_dir, place / "var"], check=True)
    return place / "var"


@contextmanager
def another_process(data_dir: Path, kind: str = "user") -> Iterator[subprocess.Popen[str]]:
    """A process that uses the server until a line, or the end, of its standard input."""
    command = [sys.executable, "-c", USER, str(data_dir), kind]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def note(server: Server) -> None:
    """Leave something in the database that a later start must find."""
    run(server.owner_url, "CREATE TABLE note AS SELECT 1 AS kept")


def is_noted(server: Server) -> bool:
    return run(server.owner_url, "SELECT kept FROM note") == [(1,)]


class TestFirstStart:
    def test_it_makes_a_database_that_sorts_by_code_point_and_knows_chinese_letters(self, new_data_dir: Path) -> None:
        with running(new_data_dir) as server:
            settings = (
                "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = 'huizong'"
            )
            encoding, collation, character_type = run(server.owner_url, settings)[0]
            assert (encoding, collation) == ("UTF8", "C")
            assert str(character_type).endswith("UTF-8")
            assert run(server.owner_url, "SHOW data_checksums") == [("on",)]
            run(server.owner_url, "CREATE EXTENSION pg_trgm")
            assert run(server.owner_url, "SELECT cardinality(show_trgm('民政局')) > 0") == [(True,)]

    def test_the_application_role_has_no_rights_of_its_own(self, new_data_dir: Path) -> None:
        with running(new_data_dir) as server:
            rights = "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles"
            assert run(server.app_url, f"{rights} WHERE rolname = current_user") == [("huizong_app", *[False] * 5)]
            with pytest.raises(DBAPIError, match="permission denied"):
                run(server.app_url, "CREATE TABLE public.mine ()")

    def test_it_listens_on_no_network_address_and_asks_for_a_password(self, new_data_dir: Path) -> None:
        with running(new_data_dir) as server:
            assert run(server.owner_url, "SHOW listen_addresses") == [("",)]
            with pytest.raises(DBAPIError, match="password authentication failed"):
                run(server.app_url.replace("huizong_app:", "huizong_owner:"), "SELECT 1")

    def test_passwords_and_the_log_are_private(self, new_data_dir: Path) -> None:
        with running(new_data_dir):
            for name in ("owner.password", "app.password", "postgres.log"):
                assert stat.S_IMODE((new_data_dir / "postgres" / name).stat().st_mode) == 0o600

    @needs_root
    def test_root_runs_it_as_an_account_that_owns_only_cluster_and_socket(self, new_data_dir: Path) -> None:
        with running(new_data_dir):
            owned = {path.name for path in (new_data_dir / "postgres").iterdir() if path.stat().st_uid != 0}
            pid = int((new_data_dir / "postgres/cluster/postmaster.pid").read_text().split()[0])
            assert Path(f"/proc/{pid}").stat().st_uid != 0
        assert owned == {"cluster", "socket"}

    def test_an_interrupted_one_is_begun_again(self, new_data_dir: Path) -> None:
        (new_data_dir / "postgres" / "new" / "cluster" / "base").mkdir(parents=True)
        with running(new_data_dir) as server:
            assert run(server.app_url, "SELECT 1") == [(1,)]


class TestSharing:
    def test_a_later_start_finds_the_data(self, data_dir: Path) -> None:
        with running(data_dir) as server:
            note(server)
        assert not server.is_alive()
        with running(data_dir) as server:
            assert is_noted(server)

    def test_the_last_one_out_stops_it(self, data_dir: Path) -> None:
        with running(data_dir) as ours:
            with another_process(data_dir) as other:
                other.communicate("leave\n")
            assert run(ours.app_url, "SELECT 1") == [(1,)]
        assert not ours.is_alive()

    def test_the_one_who_started_it_may_leave_first(self, data_dir: Path) -> None:
        with another_process(data_dir) as starter, running(data_dir) as ours:
            starter.communicate("leave\n")
            assert run(ours.app_url, "SELECT 1") == [(1,)]
        assert not ours.is_alive()

    def test_many_may_come_at_once_to_a_new_data_directory(self, new_data_dir: Path) -> None:
        def use(_number: int) -> tuple[str, object]:
            with running(new_data_dir) as server:
                return server.app_url, run(server.app_url, "SELECT 1")

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(use, range(4)))
        assert len({url for url, _ in answers}) == 1
        with another_process(new_data_dir), another_process(new_data_dir), running(new_data_dir) as server:
            assert run(server.app_url, "SELECT 1") == [(1,)]
        assert not server.is_alive()

    def test_there_is_one_supervisor(self, data_dir: Path) -> None:
        refusal = pytest.raises(ServerUnavailable, match="another `huizong serve`")
        with another_process(data_dir, "supervisor"), refusal, running(data_dir, supervisor=True):
            pass

    def test_a_leaving_supervisor_stops_it_although_others_use_it(self, data_dir: Path) -> None:
        with another_process(data_dir):
            with running(data_dir, supervisor=True) as server:
                pass
            assert not server.is_alive()
            with running(data_dir) as server:
                assert run(server.app_url, "SELECT 1") == [(1,)]


class TestAccidents:
    @on_linux
    def test_it_ends_with_a_killed_supervisor(self, data_dir: Path) -> None:
        with another_process(data_dir, "supervisor") as supervisor, running(data_dir) as server:
            note(server)
            supervisor.kill()
            wait_until(lambda: not server.is_alive())
        with running(data_dir, supervisor=True) as server:
            assert is_noted(server)

    @on_linux
    def test_a_new_supervisor_need_not_wait_for_the_killed_ones_server_to_end(self, data_dir: Path) -> None:
        with another_process(data_dir, "supervisor") as supervisor:
            supervisor.kill()
            supervisor.wait()
            with running(data_dir, supervisor=True) as server:
                assert run(server.app_url, "SELECT 1") == [(1,)]

    def test_what_a_killed_user_left_running_is_joined_and_then_stopped(self, data_dir: Path) -> None:
        with another_process(data_dir) as user:
            user.kill()
        with running(data_dir) as server:
            assert (data_dir / "postgres/postgres.log").read_text().count("starting PostgreSQL") == 2
            assert run(server.app_url, "SELECT 1") == [(1,)]
        assert not server.is_alive()

    def test_a_killed_server_is_started_again_with_its_data(self, data_dir: Path) -> None:
        with running(data_dir) as server:
            note(server)
            os.kill(int((data_dir / "postgres/cluster/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            wait_until(lambda: not server.is_alive())
            with running(data_dir) as again:
                assert is_noted(again)

    def test_a_pid_file_with_somebody_elses_number_is_stale(self, data_dir: Path) -> None:
        with running(data_dir):
            pid_file = data_dir / "postgres/cluster/postmaster.pid"
            owner = pid_file.stat()
            lines = pid_file.read_text().splitlines()
        account = Account(owner.st_uid, owner.st_gid).popen_options() if AS_ROOT else {}
        with subprocess.Popen(["sleep", "60"], **account) as stranger:
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
            (data_dir / "postgres/socket/.s.PGSQL.5432.lock").write_text(f"{stranger.pid}\n")
            os.chown(pid_file, owner.st_uid, owner.st_gid)
            with running(data_dir) as server:
                assert run(server.app_url, "SELECT 1") == [(1,)]
            assert stranger.poll() is None
            stranger.kill()

    def test_a_lost_application_password_is_replaced(self, data_dir: Path) -> None:
        with running(data_dir):
            (data_dir / "postgres/app.password").unlink()
        with running(data_dir) as server:
            assert run(server.app_url, "SELECT 1") == [(1,)]

    def test_a_wrong_owner_password_is_said_at_once(self, data_dir: Path) -> None:
        for name in ("owner.password", "app.password"):
            (data_dir / "postgres" / name).write_text("wrong")
        with pytest.raises(ServerUnavailable, match=r"owner\.password"), running(data_dir):
            pass

    def test_a_server_that_cannot_start_says_why(self, data_dir: Path) -> None:
        with (data_dir / "postgres/cluster/postgresql.conf").open("a") as settings:
            settings.write("no_such_setting = 1\n")
        with pytest.raises(ServerUnavailable, match="no_such_setting"), running(data_dir):
            pass


class TestPlaces:
    def test_a_path_too_long_for_a_socket(self, place: Path) -> None:
        data_dir = place / "长长的路径" / ("x" * 80) / "var"
        with running(data_dir) as server:
            short = (data_dir / "postgres/socket").readlink()
            assert stat.S_IMODE(short.stat().st_mode) == 0o700
            assert run(server.app_url, "SELECT 1") == [(1,)]
        assert not short.exists()
        with running(data_dir) as server:
            assert run(server.app_url, "SELECT 1") == [(1,)]

    @pytest.mark.parametrize("name", ["民政 'd' %20e&?#", "a,b"])
    def test_a_path_with_odd_characters(self, place: Path, name: str) -> None:
        with running(place / name) as server:
            assert run(server.app_url, "SELECT 1") == [(1,)]

    def test_a_server_of_another_major_version_is_named(self, data_dir: Path) -> None:
        (data_dir / "postgres/cluster/PG_VERSION").write_text("14\n")
        with pytest.raises(ServerUnavailable, match="PostgreSQL 14"), running(data_dir):
            pass

    def test_the_systems_server_is_used_without_the_wheel(
        self, new_data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_home, "find_spec", lambda _name: None)
        try:
            major, _prefix = postgres_home.installation()
        except ServerUnavailable:
            pytest.skip("this machine has no PostgreSQL of its own")
        with running(new_data_dir) as server:
            assert int(str(run(server.app_url, "SHOW server_version_num")[0][0])) // 10000 == major


class TestConfigured:
    def test_without_a_url_it_is_the_embedded_server(self, new_data_dir: Path) -> None:
        with configured(Config.load(new_data_dir, {})) as server:
            assert run(server.app_url, "SELECT current_user") == [("huizong_app",)]
            assert server.is_alive()

    def test_with_a_url_nothing_is_started(self, new_data_dir: Path) -> None:
        environ = {
            "HUIZONG_DATABASE_URL": "postgresql://app@db/x",
            "HUIZONG_MIGRATION_DATABASE_URL": "postgres://owner@db/x",
        }
        with configured(Config.load(new_data_dir, environ)) as server:
            assert server == Server(
                owner_url="postgresql+psycopg://owner@db/x", app_url="postgresql+psycopg://app@db/x"
            )
            assert server.is_alive()
        assert not (new_data_dir / "postgres.lock").exists()


@needs_root
class TestRootInAPrivatePlace:
    """Root's data directory below a directory that only root may enter, such as /root."""

    @pytest.fixture
    def private(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(postgres_home, "OUTSIDE", place / "outside")
        private = place / "private"
        private.mkdir(mode=0o700)
        return private

    def test_the_home_is_outside_and_found_again(self, private: Path, place: Path) -> None:
        with running(private / "var") as server:
            note(server)
        assert [path.name for path in (place / "outside").iterdir()] == [
            Path((private / "var/postgres.location").read_text().strip()).name
        ]
        with running(private / "var") as server:
            assert is_noted(server)
        assert stat.S_IMODE(private.stat().st_mode) == 0o700

    def test_it_follows_a_moved_data_directory(self, private: Path) -> None:
        with running(private / "var") as server:
            note(server)
        (private / "var").rename(private / "moved")
        for _time in range(2):
            with running(private / "moved") as server:
                assert is_noted(server)

    def test_a_copied_data_directory_does_not_share_it(self, private: Path) -> None:
        with running(private / "var"):
            pass
        shutil.copytree(private / "var", private / "copy")
        with pytest.raises(ServerUnavailable, match="is a copy of"), running(private / "copy"):
            pass

    def test_a_lost_home_is_not_replaced_by_an_empty_one(self, private: Path, place: Path) -> None:
        with running(private / "var"):
            pass
        shutil.rmtree(place / "outside")
        with pytest.raises(ServerUnavailable, match="bring it back"), running(private / "var"):
            pass

    def test_programs_out_of_the_accounts_reach_are_copied(
        self, private: Path, new_data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        major, prefix = postgres_home.installation()
        package = prefix.parent
        for tree in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(tree, private / tree.name)
        hidden = private / package.name / prefix.name
        monkeypatch.setattr(postgres_home, "_installations", lambda: [(major, hidden)])
        for _time in range(2):
            with running(new_data_dir) as server:
                assert run(server.app_url, "SELECT 1") == [(1,)]
        assert len(list((new_data_dir / "postgres").glob("server-*/"))) == 1
