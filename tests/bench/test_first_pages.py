"""How long people wait: the first page and every dashboard, each in a browser that has nothing cached."""

import statistics
import time

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Portal

ROUNDS = 5
FIRST_PAGE_SECONDS = 1.5
DASHBOARD_SECONDS = 3.0

DASHBOARDS = {
    "progress": ("/dashboards/progress?u=440000&y=2023", ".js-plotly-plot .main-svg"),
    "ranking": ("/dashboards/ranking?u=440000&y=2022&i=FZ0501&l=district", "main table"),
    "map of Guangdong": ("/dashboards/map?u=440000&y=2022&i=FZ0509&l=district", ".geolayer path"),
    "differences": ("/dashboards/differences?u=440000&y=2022", "main table"),
}


def seconds(browser: Browser, portal: Portal, path: str, seen: str, signed_in: list | None = None) -> float:
    """From asking for the page until what it is about is seen; nothing cached but the sign-in."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    try:
        if signed_in:
            context.add_cookies(signed_in)
        page = context.new_page()
        began = time.perf_counter()
        page.goto(portal.address + path)
        page.wait_for_selector(seen)
        return time.perf_counter() - began
    finally:
        context.close()


def sign_in(browser: Browser, portal: Portal, username: str) -> list:
    context = browser.new_context()
    page = context.new_page()
    page.goto(portal.address + "/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", portal.accounts[username])
    page.keyboard.press("Enter")
    page.wait_for_selector("nav .menu")
    cookies = context.cookies()
    context.close()
    return cookies


def report(name: str, times: list[float]) -> None:
    print(f"\n{name}: median {statistics.median(times):.2f} s, worst {max(times):.2f} s of {len(times)}")


def test_first_page(browser: Browser, portal_server: Portal) -> None:
    times = [seconds(browser, portal_server, "/", "input[name=username]") for _ in range(ROUNDS)]
    report("first page", times)
    assert statistics.median(times) < FIRST_PAGE_SECONDS


def test_my_tasks(browser: Browser, portal_server: Portal) -> None:
    cookies = sign_in(browser, portal_server, "441802_filler")
    times = [seconds(browser, portal_server, "/tasks/", "main table", cookies) for _ in range(ROUNDS)]
    report("my tasks", times)
    assert statistics.median(times) < FIRST_PAGE_SECONDS


@pytest.mark.parametrize("name", DASHBOARDS)
def test_dashboard(browser: Browser, portal_server: Portal, name: str) -> None:
    path, seen = DASHBOARDS[name]
    cookies = sign_in(browser, portal_server, "440000_reviewer")
    times = [seconds(browser, portal_server, path, seen, cookies) for _ in range(ROUNDS)]
    report(name, times)
    assert statistics.median(times) < DASHBOARD_SECONDS
