"""A real browser before the site that a module shares: what the tests in Chromium have in common."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.web.conftest import PASSWORD, Site

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PATIENCE = 30
"""Seconds after which something is taken not to happen any more, on a slow machine too."""

Told = TypeVar("Told")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """The site at an address of its own."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sign_in(page: Page, address: str, username: str) -> None:
    """Open the page of signing in, and leave it as somebody."""
    page.goto(f"{address}/login/")
    identify(page, username)


def identify(page: Page, username: str) -> None:
    """Say who one is on the page of signing in, and wait until one is let in."""
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda address: "/login/" not in address)


def violations(page: Page) -> list[tuple[str, list[object]]]:
    """What axe finds on a page, once all of it is there."""
    page.wait_for_load_state()
    found = Axe().run(page, options=AXE).response["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]


def eventually(page: Page, told: Callable[[], Told], wanted: Told) -> None:
    """Wait until what is told is what is wanted: what a page sends takes a moment, and perhaps several steps."""
    until = time.monotonic() + PATIENCE
    while (now := told()) != wanted and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert now == wanted


def tab_to(page: Page, wanted: str) -> None:
    """Go on with the Tab key until the thing of that name or text has the focus."""
    for _press in range(120):
        if wanted in _focused(page):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by Tab; at {_focused(page)}")


def _focused(page: Page) -> str:
    return page.evaluate(
        "document.activeElement.name || document.activeElement.id || document.activeElement.textContent"
    )
