"""The page, the list and the API answer of figures that would be others by now."""

import csv
import io

import pytest

from portal.domain.policy import Role
from portal.domain.values import Value
from tests.integration.test_recalculations import publish, version
from tests.web.api.conftest import Api
from tests.web.conftest import Site

PAGE = "/rollups/p1/recalculated/"


@pytest.fixture(scope="module", autouse=True)
def changed(site: Site) -> None:
    site.world.accept("d111", T101=Value.of(30), T102=Value.of(12), T103=Value.of(18))
    site.world.accept("d121")
    publish(version(2, ratio={"numerator": "T103"}))


def test_the_roll_up_leads_to_the_page_that_says_what_would_be_otherwise(site: Site) -> None:
    province = site.person("p1", Role.REVIEWER)
    assert province.get("/rollups/p1?period=2023").all("a", href=f"{PAGE}?period=2023")
    page = province.get(PAGE)
    assert "T104 甲占比" in page.text
    assert "40.00 % 60.00 % +20.00 2/7 ◐ 部分 应报 7 已报 2 待审核 0 逾期未报 5 免报 0 不适用 0" in page.text
    assert "(T102) ÷ (T101) × 100 (T103) ÷ (T101) × 100 公式改动：T 第 2 版" in page.text
    assert page.all("a", href="/rollups/p1/origins/?period=2023&indicator=T104")


def test_an_indicator_is_told_for_every_unit_below(site: Site) -> None:
    page = site.person("p1", Role.REVIEWER).get(f"{PAGE}?indicator=T104")
    for unit in ("p1", "c11", "c12", "c13"):
        assert page.all("a", href=f"/rollups/{unit}/origins/?period=2023&indicator=T104")


def test_where_no_formula_changed_the_page_says_so(site: Site) -> None:
    assert "没有不同的数" in site.person("p1", Role.REVIEWER).get(f"{PAGE}?indicator=T101").text


def test_it_is_written_out(site: Site) -> None:
    with site.person("p1", Role.REVIEWER).client.get(f"{PAGE}export.csv?indicator=T104") as response:
        rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))
    assert [(row["单位代码"], row["公布数"], row["现算数"], row["差额"]) for row in rows] == [
        ("p1", "40", "60", "20"), ("c11", "40", "60", "20"), ("c12", "40", "60", "20"), ("c13", "", "", ""),
    ]  # fmt: skip


def test_programs_are_answered_the_same(site: Site) -> None:
    api = Api(site).caller("p1")
    [item] = api.get("rollups/recalculated?unit=d111").json["items"]
    assert (item["published"], item["anew"], item["difference"]) == ("40", "60", "20")
    assert [(each["unit"], each["number"]) for each in item["changed_by"]] == [(None, 2)]
    assert api.get("rollups/recalculated?indicator=T101").json["items"] == []
