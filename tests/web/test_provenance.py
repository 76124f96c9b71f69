"""From a rolled-up number to the rows that make it, and the units that are not in it."""

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import date

import openpyxl
import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import MISSING, NOT_APPLICABLE, Value
from portal.queries.people import portal_actor
from portal.queries.rollups.provenance import Absence, Provenance, get_provenance
from portal.queries.rollups.totals import CURRENT_TREE
from portal.services import collection_changes
from portal.web.pages import parts
from tests.web.conftest import Site
from tests.world import PERIOD

ORIGINS = "/rollups/p1/origins/?period=2023&indicator="


@pytest.fixture(scope="module", autouse=True)
def reported(site: Site) -> None:
    site.world.accept("d111", T101=Value.of(30), T102=Value.of(12), T103=Value.of(18))
    site.world.accept("d112", T107=NOT_APPLICABLE, T203=MISSING)
    site.world.submit("d121")
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collection_changes.exempt(session, sender, site.world.key("c13"), "本年机构合并")
        collection_changes.change_due(session, sender, site.world.key("c12"), date(2099, 1, 31))


def provenance(site: Site, indicator: str, unit: str = "p1", **reading: object) -> Provenance:
    actor = site.world.actor(unit)
    with transaction(actor) as session:
        return get_provenance(session, actor, unit=unit, period=PERIOD, indicator=indicator, **reading)


def absences(found: Provenance) -> dict[str, Absence]:
    return {each.unit.code: each.absence for each in found.absent}


@pytest.mark.parametrize("indicator", ["T101", "T104", "T105", "T106", "T107", "T201", "T202", "T203"])
@pytest.mark.parametrize("unit", ["p1", "c11", "c12", "d111"])
def test_the_parts_make_up_every_kind_of_number(site: Site, unit: str, indicator: str) -> None:
    found = provenance(site, indicator, unit)
    assert found.agrees
    assert found.unseen == 0
    assert len(found.contributions) == found.row.reported


def test_who_is_not_in_it_and_why(site: Site) -> None:
    assert absences(provenance(site, "T107")) == {
        "p1": Absence.LATE,
        "c11": Absence.LATE,
        "d112": Absence.NOT_APPLICABLE,
        "c12": Absence.OUTSTANDING,
        "d121": Absence.PENDING,
        "c13": Absence.EXEMPT,
    }
    assert absences(provenance(site, "T203"))["d112"] is Absence.UNANSWERED
    assert absences(provenance(site, "T201"))["c12"] is Absence.NOT_EXPECTED


@pytest.mark.parametrize("reading", [{}, {"pending": True}, {"tree": CURRENT_TREE}])
@pytest.mark.parametrize("indicator", ["T101", "T104", "T107", "T201", "T203"])
@pytest.mark.parametrize("unit", ["p1", "c12"])
def test_the_coverage_counts_what_is_listed(site: Site, unit: str, indicator: str, reading: dict[str, object]) -> None:
    found = provenance(site, indicator, unit, **reading)
    coverage, why = found.row.coverage, Counter(each.absence for each in found.absent)
    assert coverage.reported == len(found.contributions)
    assert coverage.not_applicable == why[Absence.NOT_APPLICABLE]
    assert coverage.exempt == why[Absence.EXEMPT]
    assert (coverage.late, coverage.in_time) == (why[Absence.LATE], why[Absence.OUTSTANDING])
    if not reading.get("pending"):
        assert (coverage.pending, coverage.unanswered) == (why[Absence.PENDING], why[Absence.UNANSWERED])


def test_page_file_and_api_tell_the_coverage(site: Site) -> None:
    province = site.person("p1", Role.REVIEWER)
    words = ["应报 5", "已报 1", "待审核 1", "逾期未报 2", "免报 1", "不适用 1", "未到期 1"]
    page = province.get(f"{ORIGINS}T107").text
    assert "1/5 已报/应报" in page
    assert f"覆盖： ◐ 部分 {' '.join(words)}" in page
    with province.client.get("/rollups/p1/origins/export.xlsx?period=2023&indicator=T107") as response:
        book = openpyxl.load_workbook(io.BytesIO(response.data))
    assert dict(row[:2] for row in book["说明"].values)["覆盖"] == "，".join(words)


def test_parts_that_do_not_make_up_the_number_are_not_passed_off_as_it(site: Site) -> None:
    found = provenance(site, "T101")
    assert not replace(found, total=found.total._replace(reported=found.total.reported - 1)).agrees


def test_the_page_leads_from_the_number_to_submission_and_person(site: Site) -> None:
    province = site.person("p1", Role.REVIEWER)
    number = province.get("/rollups/p1?period=2023&indicator=T104").all("a", href=f"{ORIGINS}T104")
    assert [link["aria-label"] for link in number] == ["40.00 的来源"]
    page = province.get(f"{ORIGINS}T104")
    assert "明细与汇总数相符 16 ÷ 40 × 100 = 40" in page.text
    assert "T102 其中甲 12 网上填报 d111 的人" in page.text
    assert "本年机构合并" in page.text
    assert page.all("a", href="/submissions/d111-2023-T/")


def test_a_drill_leads_there_from_every_unit(site: Site) -> None:
    page = site.person("p1", Role.REVIEWER).get("/rollups/p1?period=2023&indicator=T101")
    for unit in ("p1", "c11", "c12", "c13"):
        assert page.all("a", href=f"/rollups/{unit}/origins/?period=2023&indicator=T101")


@pytest.mark.parametrize("reading", ["pending=1", "tree=current"])
def test_numbers_of_another_reading_lead_to_the_parts_that_make_them_up(site: Site, reading: str) -> None:
    province = site.person("p1", Role.REVIEWER)
    page = province.get(f"/rollups/p1?period=2023&indicator=T101&{reading}")
    [link] = [each for each in page.all("a") if (each["href"] or "").startswith("/rollups/p1/origins/")]
    assert reading in link["href"]
    assert "明细与汇总数相符" in province.get(link["href"]).text


def test_what_is_not_accepted_yet_is_marked(site: Site) -> None:
    page = site.person("c12", Role.REVIEWER).get("/rollups/c12/origins/?period=2023&indicator=T101&pending=1")
    assert "d121 民政局 d121 ● 待审核" in page.text
    assert "明细与汇总数相符" in page.text
    assert "含待审核的数" in page.text


def test_a_partner_is_shown_no_way_to_what_is_not_for_them(site: Site) -> None:
    partner = site.person("p1", Role.PARTNER)
    assert not partner.get("/rollups/p1?period=2023").all("a", href=f"{ORIGINS}T101")
    assert partner.client.get(f"{ORIGINS}T101").status_code == 403


class TestThousands:
    """What would be a page of a megabyte comes in parts; here of two units."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parts, "SIZES", (2, 4))

    @pytest.mark.parametrize("reading", [{}, {"pending": True}, {"tree": CURRENT_TREE}], ids=str)
    def test_every_unit_is_in_one_part_and_the_sums_are_of_all(self, site: Site, reading: dict[str, object]) -> None:
        found = provenance(site, "T101", **reading)
        units = [each.unit for each in (*found.contributions, *found.absent)]
        told: Counter[str] = Counter()
        asked = "".join(f"&{name}={1 if value is True else value}" for name, value in reading.items())
        pages = -(-len(units) // 2)
        for number in range(1, pages + 1):
            page = site.person("p1", Role.REVIEWER).get(f"{ORIGINS}T101{asked}&page={number}")
            told.update(each.code for each in units if f"{each.name} {each.code}" in page.text)
            assert f"合计 {len(found.contributions)} 个单位" in page.text
            following = [link["href"] for link in page.all("a") if f"page={number + 1}" in (link["href"] or "")]
            assert len(following) == (number < pages)
            assert all(asked in link for link in following)
        assert told == dict.fromkeys((each.code for each in units), 1)

    def test_a_unit_is_found_by_name_or_code(self, site: Site) -> None:
        province = site.person("p1", Role.REVIEWER)
        page = province.get(f"{ORIGINS}T101&q=d12")
        assert "共 1 个" in page.text
        assert "d121" in page.text
        assert "本年机构合并" not in page.text
        assert "合计 2 个单位" in page.text

    @pytest.mark.parametrize("asked", ["page=99", "page=-1", "page=x", "size=x", "q=%00", "q=<script>", "q=%25"])
    def test_whatever_is_asked_for_is_answered(self, site: Site, asked: str) -> None:
        answer = site.person("p1", Role.REVIEWER).client.get(f"{ORIGINS}T101&{asked}")
        assert answer.status_code in {200, 400}
        assert "<script>" not in answer.text.partition('role="search"')[2].partition("</form>")[0]


def test_the_list_adds_up_to_the_number(site: Site) -> None:
    with site.person("p1", Role.REVIEWER).client.get(
        "/rollups/p1/origins/export.csv?period=2023&indicator=T104"
    ) as response:
        rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))
    assert sum(int(row["计入"] or 0) for row in rows) == 16
    assert sum(int(row["分母或权数"] or 0) for row in rows) == 40
    [row] = [row for row in rows if (row["单位代码"], row["指标代码"]) == ("d111", "T102")]
    assert (row["填报数"], row["版本"], row["填报人"]) == ("12", "1", "d111 的人")
    assert {row["单位代码"]: row["情形"] for row in rows}["c13"] == "免报"


@pytest.mark.parametrize("query", ["period=2023", "period=2023&indicator=X"])
def test_an_indicator_that_is_none_is_not_found(site: Site, query: str) -> None:
    assert site.person("p1").client.get(f"/rollups/p1/origins/?{query}").status_code == 404
