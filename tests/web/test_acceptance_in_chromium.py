"""Accepting many in a real browser: axe finds nothing, no page asks to send a form again, and no script is needed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.findings import Decision
from portal.services import explanations
from tests.web.chromium import chromium, pytestmark, sign_in, violations
from tests.web.conftest import Site
from tests.web.test_acceptance import FINDING
from tests.web.test_rollups_in_chromium import opened
from tests.web.test_sheet_in_chromium import address

__all__ = ["address", "chromium", "pytestmark"]

LIST = "/review/?period=2023"


@pytest.fixture(scope="module")
def overseen(site: Site, address: str) -> str:
    """Of a province's cities one has nothing to be found, one explained what is, one's explanation was refused."""
    site.employ(site.account("overseer"), "p1", Role.REVIEWER)
    site.world.submit("c11")
    for city in ("c12", "c13"):
        site.world.fill(city, T107=Value.of(0))
        filler = site.world.actor(city)
        with transaction(filler) as session:
            words = "本年机构调整，职责已移交"
            explanations.explain(session, filler, site.world.key(city), FINDING, "other", words)
        site.world.take(city, Action.SUBMIT)
    superior = site.world.actor("p1")
    with transaction(superior) as session:
        explanations.decide(session, superior, site.world.key("c13"), FINDING, Decision.REFUSED, "请写明移交给谁")
    return address


def signed_in(overseen: str, chromium: Browser, *, scripts: bool) -> Page:
    context = chromium.new_context(
        viewport={"width": 1366, "height": 768}, java_script_enabled=scripts, base_url=overseen
    )
    page = context.new_page()
    sign_in(page, overseen, "overseer")
    return page


@pytest.fixture
def plain(overseen: str, chromium: Browser) -> Iterator[Page]:
    """A browser that runs no scripts."""
    page = signed_in(overseen, chromium, scripts=False)
    yield page
    page.context.close()


@pytest.fixture
def desk(overseen: str, chromium: Browser) -> Iterator[Page]:
    """A browser in which nothing may fail."""
    complaints: list[str] = []
    page = signed_in(overseen, chromium, scripts=True)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.context.close()
    assert complaints == []


def says(page: Page, counts: str) -> None:
    """Wait until this is what a page says under its heading of how many there are."""
    expect(page.locator("p.sub")).to_have_text(re.compile(rf"·\s+{counts}\s*$"))


def ticked(page: Page) -> list[str]:
    return [each.input_value().split("-")[0] for each in page.locator("input[name=chosen]:checked").all()]


def test_without_scripts_nothing_is_sent_twice(site: Site, plain: Page) -> None:
    plain.goto(LIST)
    plain.get_by_role("link", name="批量验收").click()
    waiting = "没有问题的 1 件，有提示或说明的 1 件，现在不能验收的 1 件"
    says(plain, waiting)
    plain.reload()
    says(plain, waiting)
    assert ticked(plain) == ["c11"]
    plain.get_by_role("button", name="验收勾选的").click()
    says(plain, "已验收 1 件，没有验收 0 件")
    done = plain.url
    plain.reload()
    says(plain, "已验收 1 件，没有验收 0 件")
    plain.go_back()
    expect(plain).not_to_have_url(done)
    plain.go_forward()
    expect(plain).to_have_url(done)
    says(plain, "已验收 1 件，没有验收 0 件")
    site.world.take("c11", Action.REOPEN, by="p1", reason="请核对")
    site.world.take("c11", Action.SUBMIT)
    plain.reload()
    says(plain, "已验收 0 件，没有验收 1 件")


def test_axe_finds_nothing_from_the_list_to_the_result(site: Site, desk: Page) -> None:
    desk.goto(LIST)
    assert violations(opened(desk)) == []
    desk.get_by_role("link", name="批量验收").click()
    expect(desk.get_by_role("heading", name="批量验收")).to_be_visible()
    assert violations(opened(desk)) == []
    desk.get_by_role("checkbox", name="c12").focus()
    desk.keyboard.press("Space")
    assert ticked(desk) == ["c11", "c12"]
    site.world.take("c12", Action.WITHDRAW)
    desk.get_by_role("button", name="验收勾选的").focus()
    desk.keyboard.press("Enter")
    says(desk, "已验收 1 件，没有验收 1 件")
    assert violations(opened(desk)) == []
    desk.get_by_role("link", name="看汇总").click()
    expect(desk).to_have_url(re.compile("/rollups/"))
    assert violations(opened(desk)) == []
    desk.goto("/review/acceptance/")
    says(desk, "没有问题的 0 件，有提示或说明的 0 件，现在不能验收的 1 件")
    assert violations(opened(desk)) == []
