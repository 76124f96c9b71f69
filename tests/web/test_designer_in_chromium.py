"""The form designer in a real browser: for axe, by keys alone, and with codes written by a click."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.policy import Role
from portal.queries.form_drafts import get_draft
from portal.services import form_drafts, forms
from tests.web.chromium import chromium, pytestmark, serving, sign_in, tab_to, violations
from tests.web.conftest import Site

__all__ = ["chromium", "pytestmark"]

DRAFT = "/forms/T/draft"


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    """A served site, with drafts of a form of every kind of sheet."""
    site.employ(site.account("author"), "p1", Role.SYSTEM_ADMIN, Role.UNIT_ADMIN)
    crossed = read_form(files("portal").joinpath("reference", "forms", "XG.yaml").read_text(encoding="utf-8"))
    actor = site.world.actor("p1", Role.SYSTEM_ADMIN, Role.UNIT_ADMIN)
    with transaction(None) as session:
        forms.publish(session, crossed)
    with transaction(actor) as session:
        form_drafts.begin(session, actor, "XG")
        form_drafts.begin(session, actor, "T")
    with serving(site) as address:
        yield address


@pytest.fixture(scope="module")
def page(address: str, chromium: Browser) -> Iterator[Page]:
    """A page of a person who is signed in; nothing on it may fail."""
    page = chromium.new_context().new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, address, "author")
    yield page
    page.context.close()
    assert complaints == []


def test_an_indicator_and_a_rule_are_added_by_keys_alone(site: Site, address: str, page: Page) -> None:
    page.goto(f"{address}{DRAFT}/")
    page.keyboard.press("Tab")  # off the page itself, which holds all words
    tab_to(page, "增加指标 T1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sheets.0.indicators.7")
    expect(page.locator("[id='code']")).to_have_value("T108")
    for box, words in (("name.zh", "复议件数"), ("unit", "件")):
        tab_to(page, box)
        page.keyboard.type(words)
    tab_to(page, "保存到草稿")
    page.keyboard.press("Enter")
    page.wait_for_url("**/draft/#sheets.0.indicators.7")

    page.keyboard.press("Tab")  # off the page itself, which holds all words
    tab_to(page, "增加规则")
    page.keyboard.press("Enter")
    page.wait_for_url("**/parts/rules.2")
    for box, words in (("indicator", "T108"), ("expression", "T108 <= T101 +")):
        tab_to(page, box)
        page.keyboard.type(words)
    tab_to(page, "保存到草稿")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("第 15 个字符处")
    expect(page.locator(".pointed mark")).to_have_text("␣")
    page.locator("[id='expression']").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" ")
    page.locator("[data-insert=T102]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[id='expression']")).to_have_value("T108 <= T101 + T102")
    tab_to(page, "保存到草稿")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/draft/#rules\.2"))

    actor = site.world.actor("p1", Role.SYSTEM_ADMIN)
    with transaction(actor) as session:
        document = get_draft(session, actor, "T").document
    assert "复议件数" in document
    assert "T108 <= T101 + T102" in document


@pytest.mark.parametrize(
    "path",
    [
        "/forms/", f"{DRAFT}/", f"{DRAFT}/text", f"{DRAFT}/parts/form", f"{DRAFT}/parts/sheets.0",
        f"{DRAFT}/parts/sheets.0.indicators.0", f"{DRAFT}/parts/rules.0", f"{DRAFT}/preview?sheet=T1",
        f"{DRAFT}/preview?sheet=T3", f"{DRAFT}/trial", f"{DRAFT}/publish", "/forms/XG/draft/preview?sheet=XG3",
    ],
)  # fmt: skip
def test_axe_finds_nothing(address: str, page: Page, path: str) -> None:
    page.goto(address + path)
    assert violations(page) == []


def test_axe_finds_nothing_where_something_is_wrong(address: str, page: Page) -> None:
    page.goto(f"{address}{DRAFT}/parts/rules.1")
    page.fill("[id='expression']", "T107 >= T999")
    page.get_by_role("button", name="保存到草稿").click()
    expect(page.get_by_role("alert")).to_contain_text("T999")
    assert violations(page) == []
    page.goto(f"{address}{DRAFT}/")
    assert violations(page) == []
