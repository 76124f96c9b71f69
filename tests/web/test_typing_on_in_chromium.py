"""The session ends while somebody types, and where they find the keys: what the pages' dialogs do, in a real browser."""

from playwright.sync_api import Page, expect

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.report import list_passages
from tests.web.chromium import eventually, identify, violations
from tests.web.test_sheet_in_chromium import SHEET, UNIT, Desk, address, chromium, desk, pytestmark, saved
from tests.web.test_two_editors_in_chromium import RETURN, queue

__all__ = ["address", "chromium", "desk", "pytestmark"]


def sign_in_there(page: Page, username: str = "clerk") -> Page:
    """In the window that the dialog opens; gives that window."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name="在新窗口登录").click()
    other = opened.value
    identify(other, username)
    return other


def written(desk: Desk, section: str) -> str:
    """What is stored of a section of the text."""
    actor = desk.site.world.actor(UNIT)
    with transaction(actor) as session:
        found = list_passages(session, actor, desk.site.world.key(UNIT)).get(section)
    return found.words if found else ""


class TestSignedOutWhileTyping:
    def test_the_page_asks_and_goes_on_saving_without_being_loaded_again(self, desk: Desk) -> None:
        page = desk.page()
        page.evaluate("window.same = true")
        page.context.clear_cookies()
        page.fill("#answer-T107", "61")
        expect(page.get_by_role("dialog")).to_contain_text("您填的内容都在本页")
        assert violations(page) == []
        page.get_by_role("button", name="我已登录，继续").click()
        expect(page.get_by_role("dialog")).to_contain_text("还没有用原来的账号登录")
        sign_in_there(page).close()
        page.bring_to_front()
        page.get_by_role("button", name="我已登录，继续").click()
        saved(page)
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert desk.stored()["T107"] == Value.of(61)
        page.fill("#answer-T107", "62")  # with the token of the new session
        desk.stores(page, "T107", Value.of(62))
        assert page.evaluate("window.same")
        page.get_by_role("button", name="保存", exact=True).first.click()
        expect(page.locator("main")).to_contain_text("已保存。")

    def test_the_button_sends_nothing_into_a_session_that_is_over(self, desk: Desk) -> None:
        page = desk.page()
        page.context.clear_cookies()
        page.fill("#answer-T107", "12")
        page.get_by_role("button", name="保存，下一张表").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.url.endswith(SHEET)
        assert queue(page)["T107"]["answer"] == "12"
        sign_in_there(page).close()
        page.evaluate("window.dispatchEvent(new Event('focus'))")  # coming back is enough
        saved(page)
        assert desk.stored()["T107"] == Value.of(12)

    def test_another_persons_session_saves_nothing(self, desk: Desk) -> None:
        desk.site.employ(desk.site.account("colleague"), UNIT, Role.FILLER)
        page = desk.page()
        page.context.clear_cookies()
        page.fill("#answer-T107", "63")
        expect(page.get_by_role("dialog")).to_be_visible()
        sign_in_there(page, "colleague").close()
        page.get_by_role("button", name="我已登录，继续").click()
        expect(page.get_by_role("dialog")).to_contain_text("还没有用原来的账号登录")
        assert desk.stored()["T107"] == Value.of(7)
        assert queue(page)["T107"]["answer"] == "63"

    def test_a_text_is_not_lost_either(self, desk: Desk) -> None:
        page = desk.page(f"{RETURN}text/W1")
        page.context.clear_cookies()
        page.fill("#words", "登录失效时写的")
        page.get_by_role("button", name="保存", exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text("登录已失效")
        sign_in_there(page).close()
        page.get_by_role("button", name="我已登录，继续").click()
        saved(page)
        assert written(desk, "W1") == "登录失效时写的"
        page.get_by_role("button", name="保存，下一节").click()
        page.wait_for_url("**/text/W2")


class TestPastedText:
    def test_what_comes_from_a_word_processor_becomes_plain_and_can_be_undone(self, desk: Desk) -> None:
        page = desk.page(f"{RETURN}text/W2")
        page.fill("#words", "")
        page.focus("#words")
        page.evaluate(
            """() => {
                const clipboardData = new DataTransfer();
                clipboardData.setData("text/plain", "一、做法\\r\\n\\uf0b7\\t第一\\u200b项\\u000b续行\\u0007\\r\\n");
                clipboardData.setData("text/html", "<p style='color:red'>一、做法</p>");
                const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
                document.activeElement.dispatchEvent(paste);
            }"""
        )
        expect(page.locator("#words")).to_have_value("一、做法\n• 第一项\n续行\n")
        page.keyboard.press("Control+z")
        expect(page.locator("#words")).to_have_value("")
        page.keyboard.press("Control+y")
        eventually(page, lambda: written(desk, "W2"), "一、做法\n• 第一项\n续行")


class TestKeys:
    def test_a_question_mark_opens_them_but_can_be_written(self, desk: Desk) -> None:
        page = desk.page()
        page.focus("#answer-T107")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("撤销上一次粘贴")
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("#answer-T107")).to_be_focused()
        page.focus("[name=note-T107]")
        page.keyboard.type("真的?")
        expect(page.locator("[name=note-T107]")).to_have_value("真的?")
        page.get_by_role("link", name="键盘与粘贴").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_role("button", name="关闭").click()
        saved(page)

    def test_arrows_leave_a_box_at_the_edge_of_its_text(self, desk: Desk) -> None:
        page = desk.page()
        page.focus("#answer-T101")
        for key, name in (
            ("Home", "answer-T101"), ("ArrowRight", "answer-T101"), ("End", "answer-T101"), ("ArrowRight", "na-T101"),
            ("ArrowRight", "note-T101"), ("ArrowLeft", "na-T101"), ("ArrowLeft", "answer-T101"),
        ):  # fmt: skip
            page.keyboard.press(key)
            expect(page.locator(f"[name={name}]"), key).to_be_focused()

    def test_a_pasted_block_says_what_is_to_be_looked_at(self, desk: Desk) -> None:
        page = desk.page()
        page.focus("#answer-T101")
        page.evaluate(
            """() => {
                const clipboardData = new DataTransfer();
                clipboardData.setData("text/plain", "1.2万\\n4\\n6\\n");
                const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
                document.activeElement.dispatchEvent(paste);
            }"""
        )
        expect(page.locator("#save-state")).to_contain_text("已粘贴 3 格，1 格写着万、亿，请核对换算")
        assert desk.stored()["T101"] == Value.of(12000)

    def test_without_scripts_they_are_a_page(self, desk: Desk) -> None:
        page = desk.page(java_script_enabled=False)
        page.get_by_role("link", name="键盘与粘贴").click()
        expect(page.locator("h1")).to_have_text("键盘与粘贴")
        expect(page.locator("main")).to_contain_text("F9")
