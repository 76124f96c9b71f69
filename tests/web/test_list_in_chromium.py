"""A list in a real browser: rows added by keys, blocks pasted, saved while typing, two people at one row."""

from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import text

from portal.db import transaction
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value, Values
from portal.queries.submissions import get_submission
from tests.web.chromium import eventually, violations
from tests.web.test_sheet_in_chromium import UNIT, Desk, address, chromium, desk, pytestmark, saved
from tests.web.test_typing_on_in_chromium import sign_in_there
from tests.world import PERIOD

__all__ = ["address", "chromium", "desk", "pytestmark"]

LIST = f"/submissions/{UNIT}-2023-T/lists/cases"


def opened(desk: Desk) -> Page:
    page = desk.page(LIST)
    expect(page.locator("#save-state")).to_contain_text("自动保存")
    return page


def rows(desk: Desk) -> list[Values]:
    actor = desk.site.world.actor(UNIT)
    with transaction(actor) as session:
        found = get_submission(session, actor, SubmissionKey(UNIT, PERIOD, "T")).around.lists.get("cases")
    return [item.cells for item in found.items] if found else []


def empty(desk: Desk) -> None:
    with transaction(desk.site.world.actor(UNIT)) as session:
        session.execute(text("delete from list_row"))


def row(title: str, spent: int | None = None) -> dict[str, Any]:
    return {"title": Value.of(title)} | ({} if spent is None else {"spent": Value.of(spent)})


def stored(desk: Desk, page: Page, wanted: list[Values]) -> None:
    """Wait until the list is this one."""
    eventually(page, lambda: rows(desk), wanted)


def paste(page: Page, selector: str, block: str) -> None:
    page.locator(selector).evaluate(
        """(box, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        block,
    )


def test_rows_are_typed_with_keys_alone_and_saved(desk: Desk) -> None:
    empty(desk)
    page = opened(desk)
    page.locator("#cell-1-title").focus()
    page.keyboard.type("甲案")
    page.keyboard.press("Tab")
    page.keyboard.type("12")
    for number in range(2, 5):  # the third step leaves the blank rows that the page came with
        page.keyboard.press("Enter")
        page.keyboard.type(str(number))
    saved(page)
    with page.expect_response(lambda response: "丁案" in (response.request.post_data or "")):
        page.locator("#cell-4-title").fill("丁案")
        page.locator("#cell-4-title").blur()
    expect(page.locator("#row-4 .place")).to_have_text("4")
    stored(desk, page, [row("甲案", 12), {"spent": Value.of(2)}, {"spent": Value.of(3)}, row("丁案", 4)])


def test_a_block_from_a_spreadsheet_fills_rows_and_columns(desk: Desk) -> None:
    empty(desk)
    page = opened(desk)
    paste(page, "#cell-1-title", '一案\t１，０００\r\n"二案\n换行 ""引号"""\t2\r\n三案\t\r\n四案\t4\r\n五案\t5\r\n')
    saved(page)
    expect(page.locator("#cell-1-spent")).to_have_value("1000")
    stored(desk, page, [row("一案", 1000), row('二案\n换行 "引号"', 2), row("三案"), row("四案", 4), row("五案", 5)])


def test_what_is_wrong_is_said_at_the_cell_and_stays_there(desk: Desk) -> None:
    empty(desk)
    page = opened(desk)
    page.fill("#cell-1-title", "甲案")
    page.fill("#cell-1-spent", "很多")
    page.locator("#cell-1-spent").blur()
    expect(page.locator("#problem-cell-1-spent")).to_contain_text("应填数字")
    expect(page.locator("#cell-1-spent")).to_have_value("很多")
    page.fill("#cell-2-title", "甲案")
    page.locator("#cell-2-title").blur()
    expect(page.locator("#under-2")).to_contain_text("与第 1 行的案件相同")
    page.fill("#cell-1-spent", "3")
    page.locator("#cell-1-spent").blur()
    eventually(page, lambda: rows(desk)[:1], [row("甲案", 3)])
    page.on("dialog", lambda dialog: dialog.accept())


def test_two_at_one_row_both_see_it_and_neither_loses_anything(desk: Desk) -> None:
    empty(desk)
    mine, theirs = opened(desk), opened(desk)
    theirs.fill("#cell-1-title", "对方的")
    theirs.locator("#cell-1-title").blur()
    saved(theirs)
    mine.fill("#cell-1-title", "我的")
    mine.locator("#cell-1-title").blur()
    expect(mine.locator("#under-1")).to_contain_text("改为：对方的")
    stored(desk, mine, [row("对方的")])
    mine.get_by_role("button", name="用我的").click()
    saved(mine)
    stored(desk, mine, [row("我的")])


def test_what_could_not_be_saved_comes_back_with_the_page(desk: Desk) -> None:
    empty(desk)
    page = opened(desk)
    page.route(f"**{LIST}", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#add-row").click()
    page.keyboard.type("还没有保存的")
    expect(page.locator("#save-state")).to_contain_text("没有保存")
    page.unroute(f"**{LIST}")
    desk.complaints.clear()  # of the connection that was cut
    page.reload()
    expect(page.locator("#cell-4-title")).to_have_value("还没有保存的")
    saved(page)
    stored(desk, page, [row("还没有保存的")])


def test_axe_finds_nothing(desk: Desk) -> None:
    empty(desk)
    page = opened(desk)
    page.fill("#cell-1-spent", "很多")
    page.locator("#cell-1-spent").blur()
    expect(page.locator("#problem-cell-1-spent")).to_contain_text("应填数字")
    assert violations(page) == []
    page.on("dialog", lambda dialog: dialog.accept())


def test_what_is_saved_is_not_sent_again_and_what_was_refused_is(desk: Desk) -> None:
    empty(desk)
    page = opened(desk)
    page.fill("#cell-1-title", "甲案")
    page.locator("#cell-1-title").blur()
    saved(page)
    page.fill("#cell-2-spent", "很多")
    page.locator("#cell-2-spent").blur()
    expect(page.locator("#problem-cell-2-spent")).to_contain_text("应填数字")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.locator("button[value=stay]").first.click()
    assert "version-2" in (sent.value.post_data or "")
    assert "version-1" not in (sent.value.post_data or "")
    expect(page.locator("#cell-2-spent")).to_have_value("很多")
    stored(desk, page, [row("甲案")])


def test_a_session_that_ends_loses_no_row(desk: Desk) -> None:
    empty(desk)
    page = opened(desk)
    page.context.clear_cookies()
    page.locator("#cell-1-title").fill("甲案")
    page.get_by_role("button", name="保存", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("登录已失效")
    sign_in_there(page).close()
    page.get_by_role("button", name="我已登录，继续").click()
    saved(page)
    stored(desk, page, [row("甲案")])
