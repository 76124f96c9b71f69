"""The pages of roll-ups in a real browser: axe finds nothing on them, and a number opens what it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.values import NOT_APPLICABLE
from portal.services import collection_changes, reorganisations, rollup_entries
from tests.integration.test_recalculations import publish, version
from tests.web.chromium import chromium, pytestmark, serving, sign_in, violations
from tests.web.conftest import Site
from tests.web.test_layout_page import book, upload
from tests.world import PERIOD

__all__ = ["chromium", "pytestmark"]

PAGES = {
    "all indicators": "/rollups/p1?period=2023",
    "with what is pending": "/rollups/p1?period=2023&pending=1",
    "one indicator": "/rollups/p1?period=2023&indicator=T107",
    "in today's tree": "/rollups/p1?period=2023&indicator=T102&tree=current",
    "every entry": "/rollups/p1/entries/?period=2023",
    "the reckoning": "/rollups/c11/entries/?period=2023&indicator=T102",
    "origins": "/rollups/p1/origins/?period=2023&indicator=T104",
    "origins of what has entries": "/rollups/p1/origins/?period=2023&indicator=T102",
    "recalculated": "/rollups/p1/recalculated/",
    "recalculated below": "/rollups/p1/recalculated/?indicator=T104",
    "reorganisations": "/reorganisations/",
}
WHO = ("overseer", "writer")


@dataclass(frozen=True)
class Served:
    """Where the site is, and in it a reorganisation that is being described, and an upload of a layout of its own."""

    address: str
    draft: int
    upload: str


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator["Served"]:
    """A site where all that a roll-up may say is said somewhere."""
    world = site.world
    world.accept("d112", T107=NOT_APPLICABLE)
    world.accept("c11")
    world.submit("d121")
    sender, city = world.actor("p1"), world.actor("c11")
    merger, move = Change(ChangeKind.MERGE, "d111", ("d112",)), Change(ChangeKind.MOVE, "d121", parent_code="c11")
    with transaction(sender) as session:
        collection_changes.exempt(session, sender, world.key("c13"), "机构撤并")
        begun = reorganisations.begin(session, sender, date(2024, 2, 1), "民函〔2024〕1号", [merger, move])
    with transaction(city) as session:
        entry = Entry(EntryKind.ELIMINATION, Decimal(-4))
        rollup_entries.enter(
            session, city, unit="c11", period=PERIOD, indicator="T102", entry=entry, reason="转办重复", seen=0
        )
    publish(version(2, ratio={"numerator": "T103"}))
    site.employ(site.account("overseer"), "p1", Role.REVIEWER, Role.UNIT_ADMIN)
    site.employ(site.account("writer"), "d111", Role.FILLER)
    uploaded = upload(site.person("d111", Role.FILLER), book())
    with serving(site) as address:
        yield Served(address, begun.number, uploaded)


@pytest.fixture(scope="module")
def desks(served: Served, chromium: Browser) -> Iterator[dict[str, Page]]:
    """A page of each person, signed in; nothing on it may fail."""
    pages, complaints = {}, []
    for name in WHO:
        page = pages[name] = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page, served.address, name)
    yield pages
    for page in pages.values():
        page.context.close()
    assert complaints == []


def opened(page: Page) -> Page:
    """The page, once all of it is there, with everything opened that can be."""
    page.wait_for_load_state()
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(served: Served, desks: dict[str, Page], name: str) -> None:
    page = desks["overseer"]
    answer = page.goto(served.address + PAGES[name])
    assert answer is not None
    assert answer.status == 200
    assert violations(opened(page)) == []


def test_axe_finds_nothing_from_the_description_of_a_reorganisation_to_its_end(
    served: Served, desks: dict[str, Page]
) -> None:
    page = desks["overseer"]
    page.goto(f"{served.address}/reorganisations/{served.draft}")
    assert violations(opened(page)) == []
    for button, state in (("实施", "已实施"), ("公布", "已公布")):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("main")).to_contain_text(state)
        assert violations(opened(page)) == []


def test_axe_finds_nothing_where_a_layout_is_asked_about(served: Served, desks: dict[str, Page]) -> None:
    page = desks["writer"]
    for path in (served.upload, f"{served.upload}/layout"):
        page.goto(served.address + path)
        assert violations(opened(page)) == []


def test_a_number_opens_what_it_rests_on_by_key(served: Served, desks: dict[str, Page]) -> None:
    page = desks["overseer"]
    page.goto(f"{served.address}/rollups/p1?period=2023&indicator=T107")
    row = page.get_by_role("row", name="p1 民政局").first
    mark = row.locator("summary").first
    expect(row.get_by_text("逾期未报")).to_be_hidden()
    mark.focus()
    page.keyboard.press("Enter")
    expect(row.get_by_text("逾期未报")).to_be_visible()
    told = dict(zip(row.locator("dt").all_inner_texts(), row.locator("dd").all_inner_texts(), strict=True))
    assert told == {"应报": "5", "已报": "1", "待审核": "1", "逾期未报": "3", "免报": "1", "不适用": "1"}
