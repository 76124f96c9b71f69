"""The page of a batch in a real browser: it shows progress by itself, and axe finds nothing on it."""

from uuid import UUID

from playwright.sync_api import Page, expect

from portal.db import transaction
from portal.domain.batches import LineOutcome
from portal.jobs import batches
from portal.queries.batches import get_batch
from portal.queries.people import portal_within
from portal.services.batches import Line, write_lines
from tests.web.chromium import violations
from tests.web.test_sheet_in_chromium import UNIT, Desk, address, chromium, desk, pytestmark

__all__ = ["address", "chromium", "desk", "pytestmark"]


def sound(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    assert violations(page) == []


def test_it_is_ordered_waited_for_and_read(desk: Desk) -> None:
    page = desk.page("/collections/T-2023/batches/")
    sound(page)
    page.get_by_label("一张汇总表").check()
    page.get_by_role("button", name="在后台生成").click()
    expect(page.get_by_role("status")).to_contain_text("正在后台处理")
    sound(page)
    with transaction(None) as session:
        portal = portal_within(session, UNIT)
    which = UUID(page.url.rsplit("/", 1)[1])
    finding = {"cell": "T1!D9", "zh": "不是数", "en": "is no number"}
    lines = [
        Line(str(outcome), number, f"T1!{number}", outcome, 1, {"blocking": 1, "info": 2}, [finding])
        for number, outcome in enumerate(LineOutcome)
    ]
    with transaction(portal) as session:
        batch = get_batch(session, portal, which)
        write_lines(session, portal, which, lines)
    batches.process(portal, batch)
    expect(page.get_by_role("link", name="下载", exact=True)).to_be_visible()
    page.get_by_text("看问题").first.click()
    sound(page)
