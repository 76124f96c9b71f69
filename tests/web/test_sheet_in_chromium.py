"""What the sheet's scripts do, in a real browser. Skipped where there is no Chromium."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import NOT_APPLICABLE, Value, Values
from portal.queries.submissions import get_submission
from tests.web.chromium import chromium, eventually, pytestmark, serving, sign_in
from tests.web.conftest import Site

__all__ = ["chromium", "pytestmark"]

UNIT = "d111"
SHEET = f"/submissions/{UNIT}-2023-T/sheets/T1"


@dataclass
class Desk:
    """A filler at a browser."""

    site: Site
    address: str
    chromium: Browser
    complaints: list[str] = field(default_factory=list)

    def page(self, path: str = SHEET, **options: bool) -> Page:
        """A page of a freshly signed-in person."""
        page = self.chromium.new_context(**options).new_page()
        page.on("console", lambda message: self.note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "request", lambda request: self.note("elsewhere" if self.address not in request.url else "", request.url)
        )
        sign_in(page, self.address, "clerk")
        page.goto(self.address + path)
        return page

    def note(self, kind: str, text: str) -> None:
        if kind in {"error", "elsewhere"} and "the server responded with a status of 4" not in text:
            self.complaints.append(text)

    def stored(self) -> Values:
        actor = self.site.world.actor(UNIT)
        with transaction(actor) as session:
            return get_submission(session, actor, self.site.world.key(UNIT)).values

    def stores(self, page: Page, code: str, value: Value) -> None:
        """Wait until what was typed on the page is stored; what it says may be of something that it saved before."""
        eventually(page, lambda: self.stored()[code], value)


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    site.employ(site.account("clerk"), UNIT, Role.FILLER)
    with serving(site) as address:
        yield address


@pytest.fixture
def desk(site: Site, address: str, chromium: Browser) -> Iterator[Desk]:
    site.world.fill(UNIT)
    desk = Desk(site, address, chromium)
    yield desk
    for context in list(chromium.contexts):
        context.close()
    assert desk.complaints == []


def saved(page: Page) -> None:
    """Wait until the page says that something is saved, which it has not said before."""
    expect(page.locator("#save-state")).to_contain_text("已自动保存")


def test_typing_saves_and_works_out_the_rest(desk: Desk) -> None:
    page = desk.page()
    page.fill("#answer-T102", "８")
    page.fill("#answer-T103", "2")
    page.press("#answer-T103", "Tab")
    saved(page)
    assert desk.stored()["T102"] == Value.of(8)
    expect(page.locator("#answer-T102")).to_have_value("8")
    expect(page.locator("#row-T104 output")).to_have_text("80.00")


def test_the_tab_counts_along(desk: Desk) -> None:
    page = desk.page()
    tab = page.locator(".sheet-tabs [aria-current] .number")
    expect(tab).to_have_text("6/6")
    page.fill("#answer-T107", "")
    expect(tab).to_have_text("5/6")
    page.check("[name=na-T107]")
    expect(tab).to_have_text("6/6")


def test_what_is_no_number_is_said_beside_the_cell(desk: Desk) -> None:
    page = desk.page()
    page.fill("#answer-T101", "十来次")
    expect(page.locator("#answer-T101[aria-invalid=true]")).to_be_visible()
    expect(page.locator("#problem-T101")).to_contain_text("十来次")
    assert desk.stored()["T101"] == Value.of(10)
    page.fill("#answer-T101", "10")
    expect(page.locator("#answer-T101:not([aria-invalid])")).to_be_visible()


def test_a_block_is_pasted_and_taken_back(desk: Desk) -> None:
    page = desk.page()
    page.focus("#answer-T101")
    page.evaluate(
        """() => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", "检查次数\\t1,030\\r\\n其中甲\\t１２\\r\\n其中乙\\t1018\\r\\n");
            const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(paste);
        }"""
    )
    saved(page)
    assert [desk.stored()[code].number for code in ("T101", "T102", "T103")] == [1030, 12, 1018]
    page.press("#answer-T101", "Control+z")
    expect(page.locator("#answer-T101")).to_have_value("10")
    desk.stores(page, "T101", Value.of(10))


def test_keys_move_along_the_column(desk: Desk) -> None:
    page = desk.page()
    page.focus("#answer-T101")
    for key, focused in (("Enter", "T102"), ("ArrowDown", "T103"), ("ArrowUp", "T102")):
        page.keyboard.press(key)
        expect(page.locator(f"#answer-{focused}")).to_be_focused()
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    expect(page.locator("#answer-T102")).to_have_value("4")


def test_ticking_not_applicable_empties_the_cell(desk: Desk) -> None:
    page = desk.page()
    page.check("[name=na-T107]")
    desk.stores(page, "T107", NOT_APPLICABLE)
    expect(page.locator("#answer-T107")).to_have_value("")
    page.fill("#answer-T107", "3")
    desk.stores(page, "T107", Value.of(3))
    expect(page.locator("[name=na-T107]")).not_to_be_checked()


def test_two_people_at_one_cell_choose(desk: Desk) -> None:
    page = desk.page()
    desk.site.world.fill(UNIT, T101=Value.of(77))
    page.fill("#answer-T101", "55")
    expect(page.locator("#problem-T101")).to_contain_text("改为：77")
    page.click("#problem-T101 button >> nth=0")  # mine
    saved(page)
    assert desk.stored()["T101"] == Value.of(55)
    desk.site.world.fill(UNIT, T101=Value.of(78))
    page.fill("#answer-T101", "56")
    page.click("#problem-T101 button >> nth=1")  # theirs
    expect(page.locator("#answer-T101")).to_have_value("78")
    assert desk.stored()["T101"] == Value.of(78)


def test_what_could_not_be_saved_is_there_again_after_signing_in(desk: Desk) -> None:
    page = desk.page()
    page.context.clear_cookies()
    page.fill("#answer-T101", "66")
    expect(page.locator("#save-state")).to_contain_text("没有保存，请重新登录")
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, desk.address, "clerk")
    page.goto(desk.address + SHEET)
    saved(page)
    assert desk.stored()["T101"] == Value.of(66)


def test_the_sheet_works_without_scripts(desk: Desk) -> None:
    page = desk.page(java_script_enabled=False)
    page.fill("#answer-T101", "44")
    page.click("button[value=stay] >> nth=0")
    expect(page.locator("main")).to_contain_text("已保存")
    assert desk.stored()["T101"] == Value.of(44)
