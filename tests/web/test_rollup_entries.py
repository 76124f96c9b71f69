"""Reconciliation, eliminations and adjustments on the pages, in exports and in the API."""

import re

import pytest

from portal.domain.policy import Role
from portal.domain.values import Value
from tests.web.conftest import Browser, Site
from tests.web.html import Page

AT = "/rollups/c11/entries/?period=2023&indicator=T102"
WHY = "市局转区局办理，两级各登记一次"


@pytest.fixture(scope="module", autouse=True)
def reported(site: Site) -> None:
    for unit in ("d111", "d112", "c11"):
        site.world.accept(unit, T101=Value.of(30), T102=Value.of(12), T103=Value.of(18))


@pytest.fixture
def city(site: Site) -> Browser:
    return site.person("c11", Role.REVIEWER)


def seen_on(page: Page) -> str:
    return re.search(r'name="seen" value="(\d+)"', page.source).group(1)


def post(browser: Browser, at: str = AT, **fields: str):
    known = {"kind": "elimination", "amount": "-5", "reason": WHY, "seen": seen_on(browser.get(AT))}
    return browser.post(at, known | fields)


def withdraw_all(city: Browser) -> None:
    page = city.get(AT)
    for at in re.findall(r'action="([^"]+/withdraw[^"]+)"', page.source):
        city.post(at.replace("&amp;", "&"), {"reason": "核对有误", "seen": seen_on(city.get(AT))})


def test_it_is_entered_shown_apart_everywhere_and_withdrawn(site: Site, city: Browser) -> None:
    before = city.get(AT)
    assert "下级上报的“其中甲”中还有 24 次没有冲抵" in before.text
    assert 'value="-24"' in before.source
    assert post(city, amount="-24").status_code == 303
    page = city.get(AT)
    assert "合计 12" in page.text
    assert WHY in page.text
    assert "没有冲抵。" not in page.text
    province = site.person("p1", Role.AUDITOR)
    for at in (
        "/rollups/c11?period=2023",
        "/rollups/p1?period=2023&indicator=T102",
        "/rollups/c11?period=2023&tree=current",
    ):
        assert "上报合计 36，冲抵 -24" in province.get(at).text, at
    assert WHY in province.get("/rollups/p1/origins/?period=2023&indicator=T102").text
    assert WHY in province.get("/rollups/p1/entries/?period=2023").text
    exported = city.client.get("/rollups/c11/export.csv?period=2023&indicator=T102").get_data(as_text=True)
    assert "12,36,-24,," in exported
    at = re.search(r'action="([^"]+/withdraw[^"]+)"', page.source).group(1).replace("&amp;", "&")
    assert city.post(at, {"reason": "核对有误", "seen": seen_on(page)}).status_code == 303
    after = city.get(AT)
    assert "已撤销" in after.text
    assert "核对有误" in after.text
    assert "冲抵 -24" not in city.get("/rollups/c11?period=2023").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "abc"}, "不是数字"),
        ({"amount": ""}, "不是数字"),
        ({"amount": "约-5"}, "不是数字"),
        ({"amount": "5"}, "请填负数"),
        ({"amount": "0"}, "不为 0"),
        ({"amount": "-1.5"}, "请填整数"),
        ({"amount": "-37"}, "小于指标规定的最小值"),
        ({"reason": "  "}, "请写明理由"),
        ({"kind": "anything"}, "请从列出的选项中选择"),
        ({"seen": "x"}, "没有保存"),
        ({"seen": ""}, "没有保存"),
        ({"reason": WHY * 100}, "太长"),
    ],
)
def test_what_is_wrong_is_said_at_its_box_and_what_was_typed_stays(
    city: Browser, fields: dict[str, str], words: str
) -> None:
    answered = post(city, **fields)
    page = answered.get_data(as_text=True)
    assert answered.status_code == 422
    assert words in page
    assert "没有保存" in page
    assert fields.get("reason", WHY).strip() in Page(page).text
    assert "上报合计" not in city.get("/rollups/c11?period=2023").text


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"seen": "x"}, 422), ({"seen": "0"}, 409), ({"seen": "99"}, 409), ({"reason": "已另行核对" * 201}, 422)],
)
def test_why_an_entry_was_to_be_withdrawn_stays_at_it(city: Browser, changed: dict[str, str], status: int) -> None:
    assert post(city).status_code == 303
    [at] = re.findall(r'action="([^"]+/withdraw[^"]+)"', city.get(AT).source)
    fields = {"reason": "已另行核对", "seen": seen_on(city.get(AT))} | changed
    answered = city.post(at.replace("&amp;", "&"), fields)
    assert answered.status_code == status
    page = Page(answered.get_data(as_text=True))
    number = re.search(r"/(\d+)/withdraw", at).group(1)
    assert page.all("input", id=f"reason-{number}")[0]["value"] == fields["reason"]
    assert [link for link in page.all("a") if link.get("href") == f"#reason-{number}"]
    assert fields["reason"] not in page.text
    withdraw_all(city)


def test_why_an_entry_was_to_be_withdrawn_is_given_back_though_another_withdrew_it(city: Browser) -> None:
    assert post(city).status_code == 303
    page = city.get(AT)
    [at] = re.findall(r'action="([^"]+/withdraw[^"]+)"', page.source)
    withdraw_all(city)
    late = city.post(at.replace("&amp;", "&"), {"reason": "晚了一步", "seen": seen_on(page)})
    assert late.status_code == 409
    assert "晚了一步" in Page(late.get_data(as_text=True)).text


def test_a_double_click_and_an_old_page_enter_once(city: Browser) -> None:
    seen = seen_on(city.get(AT))
    assert post(city, seen=seen).status_code == 303
    again = post(city, seen=seen)
    assert again.status_code == 409
    assert "别人同时改了同一处" in again.get_data(as_text=True)
    assert "冲抵 -5" in city.get("/rollups/c11?period=2023").text
    withdraw_all(city)


def test_minus_signs_of_any_kind_and_thousands_are_read(city: Browser) -> None:
    assert post(city, kind="adjustment", amount="1,200").status_code == 303
    assert "调整 +1,200" in city.get("/rollups/c11?period=2023").text
    withdraw_all(city)


def test_who_may_not_enter_sees_no_boxes_and_is_refused(site: Site) -> None:
    for browser in (site.person("c11", Role.CHECKER), site.person("p1", Role.AUDITOR)):
        assert 'name="amount"' not in browser.get(AT).source
        assert browser.post(AT, {"kind": "adjustment", "amount": "1", "reason": "x", "seen": "0"}).status_code == 403
    leaf = "/rollups/d111/entries/?period=2023&indicator=T102"
    district = site.person("d111", Role.UNIT_ADMIN)
    assert 'name="amount"' not in district.get(leaf).source
    refused = district.post(leaf, {"kind": "adjustment", "amount": "1", "reason": "x", "seen": "0"})
    assert refused.status_code == 422
    assert "更正报表" in refused.get_data(as_text=True)


def test_a_request_without_its_token_enters_nothing(city: Browser) -> None:
    fields = {"kind": "adjustment", "amount": "1", "reason": "x", "seen": seen_on(city.get(AT))}
    assert city.client.post(AT, data=fields).status_code == 400
    assert "调整 +1" not in city.get("/rollups/c11?period=2023").text


def test_an_amount_is_shown_in_full_whatever_decimals_the_indicator_has(city: Browser) -> None:
    at = AT.replace("T102", "T203")
    seen = seen_on(city.get(at))
    assert post(city, at=at, kind="adjustment", amount="0.004", seen=seen).status_code == 303
    shown = city.get(at).text
    assert "+0.004" in shown
    assert "，调整 +0.004" in city.get("/rollups/c11?period=2023").text
    for number in re.findall(r'action="([^"]+/withdraw[^"]+)"', city.get(at).source):
        city.post(number.replace("&amp;", "&"), {"reason": "核对有误", "seen": seen_on(city.get(at))})


def test_what_is_no_sum_says_so(city: Browser) -> None:
    page = city.get("/rollups/c11/entries/?period=2023&indicator=T104")
    assert "不是相加得出的" in page.text
    assert 'name="amount"' not in page.source
