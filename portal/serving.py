"""`huizong serve`: the database, the web and the worker as one thing that starts and stops together.

Web and worker are processes of their own, restarted when they end. Whatever ends this process ends them too, and the
embedded database with them. Each has its own process group, so that Ctrl-C on the terminal reaches only this process,
which stops them in order: first the web, then the worker, at last the database.
"""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.config import Config
from portal.db import is_away, is_restarting
from portal.embedded_postgres import START_SECONDS, Server, configured
from portal.parent_death import die_with_parent

WEB_PROCESSES = 2
WEB_THREADS = 8
_GRACE_SECONDS = 4
"""Granted to requests, and to a job, that are under way when the portal is told to stop."""

_TICK_SECONDS = 0.2
_PULSE_SECONDS = 5.0
_LONGEST_DELAY_SECONDS = 30.0
_HEALTHY_AFTER_SECONDS = 60.0
_TRIES_BEFORE_FIRST_ANSWER = 3
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def web_command(descriptor: int) -> list[str]:
    """The web server on the socket with this descriptor."""
    options = {
        "bind": f"fd://{descriptor}",
        "worker-class": "portal.web_worker.Worker",
        "workers": WEB_PROCESSES,
        "threads": WEB_THREADS,
        "timeout": 60,
        "graceful-timeout": _GRACE_SECONDS,
        "limit-request-line": 8190,  # the most there is: the address to come back to stands in the address
        "log-level": "warning",
        "forwarded-allow-ips": "",  # the application alone decides which proxies it trusts
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    # Loaded once, before the processes part: creating the application opens no connection that they would share.
    flags += ["--preload", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", *flags, "portal.app:create_app()"]


def worker_command() -> list[str]:
    """The process of the background jobs."""
    return [sys.executable, "-m", "portal.cli", "worker"]


def serve(config: Config, *, prepare: Callable[[Server], None], banner: Callable[[], str]) -> int:
    """Run the portal until a signal comes; return the exit code.

    Args:
        config: host and port 0 means any free port.
        prepare: called with the running database before the web starts, again if the database had to be restarted.
        banner: what to print, after the address, once the web answers.

    Raises:
        ServerUnavailable: the embedded database cannot be started.
    """
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        listener = _listen(config.host, config.port)
    except OSError as error:
        _say(_address_problem(config, error))
        return 1
    try:
        with listener:
            while (code := _serve_with_database(config, listener, prepare, banner)) is None:
                _say("数据库已停止，正在重新启动。The database has ended; starting it again.")
                time.sleep(1)
            return code
    except KeyboardInterrupt:
        return 0


def _serve_with_database(
    config: Config, listener: socket.socket, prepare: Callable[[Server], None], banner: Callable[[], str]
) -> int | None:
    """Run the portal as long as its database lives; return the exit code, or None when the database has ended."""
    with configured(config, supervisor=True) as server:
        try:
            prepare(server)
        except DBAPIError as error:
            if server.lock is None or not is_away(error):
                raise
            return None
        environment = config.child_environment(server.app_url)
        descriptor = listener.fileno()
        children = [_Child("web", web_command(descriptor), environment, (descriptor,))]
        if config.own_worker:
            children.append(_Child("worker", worker_command(), environment))
        return _supervise(children, server, _Announcement(listener, banner))


@dataclass
class _Child:
    """A process that is kept running."""

    name: str
    command: list[str]
    environment: dict[str, str]
    descriptors: tuple[int, ...] = ()
    failures: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    next_start_at: float = 0.0

    def keep_running(self) -> None:
        """Start the process if it is time to; when it has ended, say so and set the time of the next start."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.next_start_at:
                self._start(now)
        elif (code := self.process.poll()) is not None:
            self._kill_group()
            self.failures = 1 if now - self.started_at > _HEALTHY_AFTER_SECONDS else self.failures + 1
            delay = min(2.0 ** (self.failures - 1), _LONGEST_DELAY_SECONDS)
            _say(f"{self.name} 已退出 ended ({code}); {delay:.0f} s 后重启 restart")
            self.process, self.next_start_at = None, now + delay

    def stop(self) -> None:
        """Ask the process to end, and end it and its own children if they have not after the time granted."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE_SECONDS + 0.5)
        self._kill_group()
        self.process.wait()

    def _start(self, now: float) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self.descriptors,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - see parent_death
        )
        self.started_at = now

    def _kill_group(self) -> None:
        """End what is left of the process and its children."""
        if self.process:
            with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class _Announcement:
    """Prints the address and the banner once, when the web first answers."""

    listener: socket.socket
    banner: Callable[[], str]
    made: bool = False

    def make_when_due(self) -> None:
        """Ask the web for its login page, unless the announcement has been made."""
        host, port = self.listener.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where "everywhere" is from here
        if self.made or not _answers(host, port):
            return
        shown = f"[{host}]" if ":" in host else host
        print(f"汇总已就绪 Huizong is ready: http://{shown}:{port}/", self.banner(), sep="\n", flush=True)  # noqa: T201 - our own output
        self.made = True


class _Pulse:
    """Finds out that the database recovers for ever.

    PostgreSQL does so when the process that recovers it is killed: nothing begins anew, nothing ends.
    """

    def __init__(self, server: Server) -> None:
        self._own = server.lock is not None
        self._engine = create_engine(server.app_url, poolclass=NullPool)
        self._asked_at = self._heard_at = time.monotonic()

    def is_lost(self) -> bool:
        """Whether it has been restarting for longer than any restart takes."""
        now = time.monotonic()
        if self._own and now - self._asked_at >= _PULSE_SECONDS:
            self._asked_at = now
            if not self._is_restarting():
                self._heard_at = now
        return self._own and now - self._heard_at > START_SECONDS

    def _is_restarting(self) -> bool:
        try:
            self._engine.connect().close()
        except OperationalError as error:
            return is_restarting(error)
        return False


def _supervise(children: list[_Child], server: Server, announcement: _Announcement) -> int | None:
    """Keep `children` running until a signal comes (0), the database ends (None) or nothing ever works (1)."""
    told_to_stop, pulse = threading.Event(), _Pulse(server)
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda _number, _frame: told_to_stop.set())
    try:
        while not told_to_stop.wait(_TICK_SECONDS):
            if not server.is_alive() or pulse.is_lost():
                return None
            for child in children:
                child.keep_running()
            announcement.make_when_due()
            if not announcement.made and max(child.failures for child in children) >= _TRIES_BEFORE_FIRST_ANSWER:
                _say("无法启动，原因见上文。Cannot start; the reason is above.")
                return 1
        return 0
    finally:
        for child in children:
            child.stop()


def _listen(host: str, port: int) -> socket.socket:
    """Take the address; who connects before the web is there waits for it."""
    family, _kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server((str(address[0]), int(address[1])), family=family)


def _address_problem(config: Config, error: OSError) -> str:
    """Why the address cannot be used and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"端口 {config.port} 已被占用：请用 --port 换一个端口，或停止占用它的程序。\n"
            f"Port {config.port} is already in use: choose another with --port, or stop the program that uses it."
        )
    return (
        f"无法在 {config.host}:{config.port} 上提供服务（{error.strerror}）：请检查 --host 和 --port。\n"
        f"Cannot serve on {config.host}:{config.port} ({error.strerror}): check --host and --port."
    )


def _answers(host: str, port: int) -> bool:
    """Whether the web gives a page."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/login/")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _say(message: str) -> None:
    """Tell whoever started the portal."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - this is the program's own output
