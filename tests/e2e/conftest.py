"""A portal served as a user would serve it, with the demo, and a browser in front of it."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent.parent
READY_SECONDS = 900
EXPECTED_WITHIN = 30
"""Seconds after which a page is taken not to say any more what is expected of it, on a slow machine too."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Portal:
    """A served portal."""

    address: str
    data_dir: Path
    accounts: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the shell beside the running portal."""
        return subprocess.run(
            [sys.executable, "-m", "portal.cli", *arguments, "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )


@pytest.fixture(scope="session")
def portal_server() -> Iterator[Portal]:
    """`huizong serve --demo` in a directory of its own, stopped by SIGTERM at the end."""
    with tempfile.TemporaryDirectory(prefix="huizong-e2e-") as place:
        Path(place).chmod(0o711)
        data_dir = Path(place) / "var"
        with served(data_dir) as portal:
            yield portal


@contextmanager
def served(data_dir: Path) -> Iterator[Portal]:
    """A portal process; checks that it ends cleanly."""
    port = _free_port()
    command = [sys.executable, "-m", "portal.cli", "serve", "--demo", "--port", str(port), "--data-dir", str(data_dir)]
    log = data_dir.parent / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, address, log)
        with (data_dir / "demo-accounts.csv").open(encoding="utf-8-sig") as file:
            accounts = {row["username"]: row["password"] for row in csv.DictReader(file)}
        yield Portal(address, data_dir, accounts)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        if "is ready" in log.read_text():
            urllib.request.urlopen(f"{address}/login/", timeout=30)
            return
        time.sleep(0.5)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from the system; without it these tests are skipped, saying so.

    It ends with its module: as long as it lives this thread has a running event loop, and Dash's callbacks look for one.
    """
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: chromium fonts-noto-cjk)")
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    expect.set_options(timeout=1000 * EXPECTED_WITHIN)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS, env=environment)


class Visitor:
    """A person at a browser of their own; notes what no page may do."""

    def __init__(self, browser: Browser, portal: Portal, username: str) -> None:
        self.portal = portal
        self.context = browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="zh-CN", accept_downloads=True
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.context.on("request", self._note_host)
        self.page.on("console", lambda message: self._note_message(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.sign_in(username)

    def _note_host(self, request) -> None:
        if not request.url.startswith((self.portal.address, "data:", "blob:")):
            self.complaints.append(f"asked another host: {request.url}")

    def _note_message(self, kind: str, text: str) -> None:
        if kind == "error":
            self.complaints.append(text)

    def sign_in(self, username: str) -> None:
        self.go("/login/")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", self.portal.accounts[username])
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("nav .menu")

    def go(self, path: str) -> None:
        response = self.page.goto(self.portal.address + path)
        assert response is not None
        assert response.status < 400, (path, response.status)

    def reads(self, words: str) -> None:
        """Wait until the page says so."""
        expect(self.page.locator("main")).to_contain_text(words, use_inner_text=True)

    @property
    def text(self) -> str:
        """What the page says now."""
        return self.page.inner_text("main")


@pytest.fixture
def visit(browser: Browser, portal_server: Portal) -> Iterator:
    """Sign somebody in; at the end, nobody's browser has complained."""
    visitors: list[Visitor] = []

    def sign_in(username: str) -> Visitor:
        visitors.append(Visitor(browser, portal_server, username))
        return visitors[-1]

    yield sign_in
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
