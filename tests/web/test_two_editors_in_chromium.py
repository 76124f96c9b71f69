"""Two people at one sheet, a connection that breaks, keys alone: what a clerk lives through, in a real browser."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from portal.db import transaction
from portal.domain.lifecycle import State
from portal.domain.values import Value, ValueStatus
from portal.queries.report import list_passages
from portal.queries.submissions import get_submission
from tests.web.chromium import tab_to, violations
from tests.web.test_sheet_in_chromium import SHEET, UNIT, Desk, address, chromium, desk, pytestmark, saved
from tests.world import World, good_answers

__all__ = ["address", "chromium", "desk", "pytestmark"]

RETURN = f"/submissions/{UNIT}-2023-T/"


def queue(page: Page) -> dict[str, Any]:
    """What the browser keeps beyond the page."""
    kept = page.evaluate("Object.fromEntries(Object.entries(localStorage))")
    return {code: cell for text in kept.values() for code, cell in json.loads(text).items()}


def cut(route: Route) -> None:
    """Nothing is saved."""
    route.abort() if route.request.method == "PATCH" else route.continue_()


class TestTwoAtOneCell:
    def test_both_figures_stand_beside_the_cell_until_one_is_chosen(self, desk: Desk) -> None:
        mine, theirs = desk.page(), desk.page()
        theirs.fill("#answer-T107", "21")
        saved(theirs)
        mine.fill("#answer-T107", "34")
        expect(mine.locator("#problem-T107")).to_contain_text("改为：21")
        expect(mine.locator("#answer-T107")).to_have_value("34")
        assert desk.stored()["T107"] == Value.of(21)
        assert queue(mine)["T107"]["answer"] == "34"
        mine.get_by_role("button", name="用我的").click()
        saved(mine)
        assert desk.stored()["T107"] == Value.of(34)
        assert queue(mine) == {}

    def test_the_other_figure_can_be_taken(self, desk: Desk) -> None:
        mine, theirs = desk.page(), desk.page()
        theirs.fill("#answer-T107", "22")
        saved(theirs)
        mine.fill("#answer-T107", "35")
        mine.get_by_role("button", name="用对方的").click()
        expect(mine.locator("#answer-T107")).to_have_value("22")
        mine.fill("#answer-T107", "36")
        desk.stores(mine, "T107", Value.of(36))

    def test_a_conflict_outlives_the_page_and_never_wins_unawares(self, desk: Desk) -> None:
        mine, theirs = desk.page(), desk.page()
        theirs.fill("#answer-T107", "23")
        saved(theirs)
        mine.fill("#answer-T107", "37")
        expect(mine.locator("#problem-T107")).to_contain_text("改为：23")
        mine.fill("#answer-T107", "38")  # typing on decides nothing
        mine.wait_for_timeout(1000)
        assert desk.stored()["T107"] == Value.of(23)
        mine.on("dialog", lambda dialog: dialog.accept())
        mine.reload()
        expect(mine.locator("#problem-T107")).to_contain_text("改为：23")
        expect(mine.locator("#answer-T107")).to_have_value("38")
        assert desk.stored()["T107"] == Value.of(23)
        mine.get_by_role("button", name="用对方的").click()

    def test_what_the_other_saved_elsewhere_is_shown_and_not_undone(self, desk: Desk) -> None:
        mine, theirs = desk.page(), desk.page()
        theirs.fill("#answer-T107", "24")
        saved(theirs)
        mine.fill("#answer-T101", "10")
        mine.fill("#answer-T101", "11")
        desk.stores(mine, "T101", Value.of(11))
        expect(mine.locator("#answer-T107")).to_have_value("24")
        mine.get_by_role("button", name="保存", exact=True).first.click()
        expect(mine.locator("main")).to_contain_text("已保存。")
        assert desk.stored()["T107"] == Value.of(24)

    def test_two_texts_are_put_together(self, desk: Desk) -> None:
        mine, theirs = desk.page(f"{RETURN}text/W2"), desk.page(f"{RETURN}text/W2")
        theirs.fill("#words", "同事写的")
        saved(theirs)
        mine.fill("#words", "我写的")
        expect(mine.locator("#contest")).to_contain_text("同事写的")
        mine.get_by_role("button", name="接在我的后面").click()
        saved(mine)
        actor = desk.site.world.actor(UNIT)
        with transaction(actor) as session:
            words = list_passages(session, actor, desk.site.world.key(UNIT))["W2"].words
        assert words == "我写的\n\n同事写的"


class TestWithoutAConnection:
    def test_what_was_typed_outlives_the_page(self, desk: Desk) -> None:
        page = desk.page()
        page.route("**/sheets/T1", cut)
        page.fill("#answer-T107", "41")
        expect(page.locator("#save-state")).to_contain_text("1 格没有保存，正在重试")
        page.unroute("**/sheets/T1")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        saved(page)
        assert desk.stored()["T107"] == Value.of(41)
        assert queue(page) == {}
        desk.complaints[:] = [each for each in desk.complaints if "ERR_FAILED" not in each]

    def test_signing_out_leaves_nothing_on_the_machine(self, desk: Desk) -> None:
        page = desk.page()
        page.route("**/sheets/T1", cut)
        page.fill("#answer-T107", "42")
        expect(page.locator("#save-state")).to_contain_text("没有保存")
        assert queue(page)["T107"]["answer"] == "42"
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="退出").click()
        page.wait_for_url("**/login/**")
        assert queue(page) == {}
        desk.complaints[:] = [each for each in desk.complaints if "ERR_FAILED" not in each]


class TestKeys:
    def test_one_key_each_for_not_applicable_and_about(self, desk: Desk) -> None:
        page = desk.page()
        page.focus("#answer-T107")
        page.keyboard.press("F8")
        saved(page)
        assert desk.stored()["T107"].status is ValueStatus.NOT_APPLICABLE
        page.keyboard.press("F8")
        page.keyboard.type("5")
        page.keyboard.press("F9")
        expect(page.locator("#answer-T107")).to_have_value("约5")
        desk.stores(page, "T107", Value.of(5, approximate=True))

    def test_the_past_of_a_cell_opens_beside_it(self, desk: Desk) -> None:
        page = desk.page()
        page.focus("#answer-T107")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#past-T107")).to_contain_text(f"{UNIT} 的人")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#under-T107")).to_be_hidden()


@pytest.mark.parametrize(
    "path",
    [
        RETURN, SHEET, f"{SHEET}/T107/history", f"{RETURN}text/W1", f"{RETURN}evidence/", f"{RETURN}work/",
        f"{RETURN}submit", "/tasks/",
    ],
)  # fmt: skip
def test_axe_finds_nothing(desk: Desk, path: str) -> None:
    page = desk.page(path)
    page.wait_for_load_state("networkidle")
    assert violations(page) == []


def test_a_sheet_is_filled_and_handed_in_by_keys_alone(desk: Desk) -> None:
    page = desk.page()
    tab_to(page, "answer-T101")
    for code, answer in good_answers().items():
        if not code.startswith("T1"):
            continue
        tab_to(page, f"answer-{code}")
        if page.evaluate("document.activeElement.tagName") == "SELECT":
            page.keyboard.type(str(answer.text))
        else:
            page.keyboard.press("Control+a")
            page.keyboard.type(str(answer.number))
    page.keyboard.press("Tab")
    saved(page)
    page.goto(desk.address + f"{RETURN}submit")
    tab_to(page, "declared")
    page.keyboard.press("Space")
    tab_to(page, "确认并上报")
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt")
    expect(page.locator("main")).to_contain_text("受理编号")
    assert state(desk.site.world) is State.SUBMITTED


def state(world: World) -> State:
    actor = world.actor(UNIT)
    with transaction(actor) as session:
        return get_submission(session, actor, world.key(UNIT)).state
