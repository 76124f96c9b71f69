"""The roll-up on screen: the numbers, what they rest on, and the way down."""

import pytest

from portal.domain.policy import Role
from portal.domain.values import NOT_APPLICABLE, Value
from tests.web.conftest import Site


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
