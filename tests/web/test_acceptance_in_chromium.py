"""Accepting many in a real browser: axe finds nothing, no page asks to send a form again, and no script is needed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.findings import Decision
from portal.services import explanations
from tests.web.conftest import PASSWORD, Site
from tests.web.test_acceptance import FINDING
from tests.web.test_rollups_in_chromium import violations
from tests.web.test_sheet_in_chromium import address, chromium, pytestmark

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
    page.goto("/login/")
    page.fill("#username", "overseer")
    page.fill("#password", PASSWORD)
    page.click("main button")
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


def counts(page: Page) -> str:
    return page.locator("p.sub").inner_text().rsplit("·", 1)[-1].strip()


def ticked(page: Page) -> list[str]:
    return [each.input_value().split("-")[0] for each in page.locator("input[name=chosen]:checked").all()]


def test_without_scripts_nothing_is_sent_twice(site: Site, plain: Page) -> None:
    plain.goto(LIST)
    plain.get_by_role("link", name="批量验收").click()
    plain.reload()
    assert counts(plain) == "没有问题的 1 件，有提示或说明的 1 件，现在不能验收的 1 件"
    assert ticked(plain) == ["c11"]
    plain.get_by_role("button", name="验收勾选的").click()
    assert counts(plain) == "已验收 1 件，没有验收 0 件"
    done = plain.url
    plain.reload()
    assert (plain.url, counts(plain)) == (done, "已验收 1 件，没有验收 0 件")
    plain.go_back()
    plain.go_forward()
    assert (plain.url, counts(plain)) == (done, "已验收 1 件，没有验收 0 件")
    site.world.take("c11", Action.REOPEN, by="p1", reason="请核对")
    site.world.take("c11", Action.SUBMIT)
    plain.reload()
    assert counts(plain) == "已验收 0 件，没有验收 1 件"


def test_axe_finds_nothing_from_the_list_to_the_result(site: Site, desk: Page) -> None:
    desk.goto(LIST)
    assert violations(desk) == []
    desk.get_by_role("link", name="批量验收").click()
    assert violations(desk) == []
    desk.get_by_role("checkbox", name="c12").focus()
    desk.keyboard.press("Space")
    assert ticked(desk) == ["c11", "c12"]
    site.world.take("c12", Action.WITHDRAW)
    desk.get_by_role("button", name="验收勾选的").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("p.sub")).to_contain_text("已验收 1 件，没有验收 1 件")
    assert violations(desk) == []
    desk.get_by_role("link", name="看汇总").click()
    assert violations(desk) == []
    desk.goto("/review/acceptance/")
    assert counts(desk) == "没有问题的 0 件，有提示或说明的 0 件，现在不能验收的 1 件"
    assert violations(desk) == []
