"""The roll-up on screen: the numbers, what they rest on, and the way down."""

from datetime import date
from decimal import Decimal

import pytest

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.values import NOT_APPLICABLE, Value
from portal.queries.people import portal_actor
from portal.services import collections, forms
from tests.web.conftest import Site
from tests.world import FORM, PERIOD


@pytest.fixture(scope="module", autouse=True)
def reported(site: Site) -> None:
    site.world.accept("d111", T101=Value.of(30), T102=Value.of(12), T103=Value.of(18))
    site.world.accept("d112", T107=NOT_APPLICABLE)
    site.world.submit("d121")


def row_of(text: str, code: str) -> str:
    """What stands in the row of an indicator, up to the next one's code."""
    start = text.index(f"{code} ")
    following = f"T{int(code[1:]) + 1}"
    return text[start : text.index(following, start)] if following in text[start:] else text[start : start + 120]


def test_numbers_come_with_their_coverage(site: Site) -> None:
    page = site.person("c11", Role.REVIEWER).get("/rollups/c11?period=2023")
    assert "40 次 2/3 ◐ 部分" in row_of(page.text, "T101")
    assert "40.00 % 2/3" in row_of(page.text, "T104")  # (12 + 4) / 40, never the mean of ratios
    assert "另 1 个不适用" in row_of(page.text, "T107")
    assert "良好 2" in row_of(page.text, "T106")
    assert "200 人 2/2 ✓ 齐全" in row_of(page.text, "T201")


def test_the_top_sees_an_acceptance_at_once(site: Site) -> None:
    province = site.person("p1", Role.REVIEWER)
    assert "40 次" in row_of(province.get("/rollups/p1?period=2023").text, "T101")
    site.world.accept("c13", T101=Value.of(5), T102=Value.of(2), T103=Value.of(3))
    assert "45 次" in row_of(province.get("/rollups/p1?period=2023").text, "T101")


def test_figures_not_accepted_yet_are_added_only_when_asked_and_said(site: Site) -> None:
    city = site.person("c12", Role.REVIEWER)
    assert "—" in row_of(city.get("/rollups/c12?period=2023").text, "T101")
    page = city.get("/rollups/c12?period=2023&pending=1")
    assert "10 次 1/2" in row_of(page.text, "T101")
    assert "含待审核" in row_of(page.text, "T101")


def test_who_waits_for_acceptance_is_not_said_to_be_silent(site: Site) -> None:
    drilled = "/rollups/{}?period=2023&indicator=T101"
    page = site.person("c12", Role.REVIEWER).get(drilled.format("c12"))
    assert "d121 民政局 — 次 0/1 ● 待审核 应报 1 已报 0 待审核 1" in page.text
    above = site.person("p1", Role.REVIEWER).get(f"{drilled.format('p1')}&pending=1")
    waiting = "c12 民政局 — 次 0/2 ● 待审核 应报 2 已报 0 待审核 1"  # of which the province sees no figure yet
    assert waiting in above.text.replace("下钻 c12 民政局 ", "")


def test_one_indicator_over_the_units_below(site: Site) -> None:
    page = site.person("p1", Role.REVIEWER).get("/rollups/p1?period=2023&indicator=T101")
    assert "T101 检查次数" in page.text
    assert [name for name in ("c11 民政局", "c12 民政局", "c13 民政局") if name not in page.text] == []


def test_an_indicator_that_is_none_is_not_found(site: Site) -> None:
    assert site.person("p1").client.get("/rollups/p1?period=2023&indicator=X").status_code == 404


@pytest.mark.parametrize("query", ["period=soon", "period=2023Q9"])
def test_a_period_that_is_none_is_refused(site: Site, query: str) -> None:
    assert site.person("p1").client.get(f"/rollups/p1?{query}").status_code == 422


def test_the_start_is_ones_own_unit(site: Site) -> None:
    assert site.person("c11", Role.REVIEWER).client.get("/rollups/").location == "/rollups/c11"


def test_progress_counts_every_state(site: Site) -> None:
    page = site.person("p1", Role.REVIEWER).get("/review/?reach=all&period=2023")
    assert "6 应报" in page.text
    assert "4 已报" in page.text
    assert "3 已验收" in page.text
    assert "1 待审核" in page.text


def test_each_year_is_in_the_unit_of_measure_that_it_was_asked_in(site: Site) -> None:
    later = Period(2024)
    form = read_form(FORM.replace("number: 1", "number: 2").replace("支出, unit: 万元", "支出, unit: 元"))
    with transaction(None) as session:
        forms.publish(session, form)
        sender = portal_actor(session, "p2")
    with transaction(sender) as session:
        collections.send_down(session, sender, form, later, opens_on=later.ends_on, due_on=date(2025, 1, 31))
    site.world.accept("d211", T203=Value.of(Decimal("1.25")))
    site.world.accept("d211", later, T203=Value.of(Decimal(13000)))
    page = site.person("c21", Role.REVIEWER).get("/rollups/c21?period=2023&indicator=T203")
    years = page.text[page.text.index("历年") :]
    assert "1.25 万元" in years
    assert "13,000.00 元" in years


def test_beside_an_indicator_stands_how_far_its_form_is(site: Site) -> None:
    other = read_form(FORM.replace("T", "U"))
    with transaction(None) as session:
        forms.publish(session, other)
        sender = portal_actor(session, "p2")
    with transaction(sender) as session:
        collections.send_down(session, sender, other, PERIOD, opens_on=PERIOD.ends_on, due_on=date(2024, 1, 31))
    reviewer = site.person("c21", Role.REVIEWER)
    assert "4 应报" in reviewer.get("/rollups/c21?period=2023").text
    assert "2 应报" in reviewer.get("/rollups/c21?period=2023&indicator=U101").text
