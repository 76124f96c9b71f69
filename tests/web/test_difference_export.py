"""Reconciliation (差额) written out: own figures, the sums below and each unit's amount, as a workbook and as CSV."""

import hashlib
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from portal.domain.policy import Role
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.values import Value
from tests.integration.test_reorganisations import apply
from tests.web.conftest import Browser, Site
from tests.web.test_exports import FORMULA, fetched, rows_of

AT = "/rollups/c11/differences/export"


@pytest.fixture(scope="module", autouse=True)
def reported(site: Site) -> None:
    figures = {"T101": Value.of(30), "T102": Value.of(12), "T103": Value.of(18), "T203": Value.of(Decimal("0.125"))}
    site.world.accept("d111", **figures)
    site.world.accept("d112", T203=Value.of(Decimal("2.5")))
    site.world.accept("c11", T101=Value.of(7), T102=Value.of(3), T103=Value.of(4))


@pytest.fixture(scope="module")
def superior(site: Site) -> Browser:
    return site.person("c11", Role.REVIEWER)


def row(browser: Browser, indicator: str, unit: str = "c11") -> dict[str, str]:
    (only,) = rows_of(fetched(browser, f"/rollups/{unit}/differences/export.csv?period=2023&indicator={indicator}"))
    return only


def test_own_figure_sum_below_and_each_unit_below(superior: Browser) -> None:
    found = row(superior, "T101")
    own, below, difference, percent = (found[name] for name in ("本级上报", "下级合计", "差额", "差率（%）"))
    assert (own, below, difference, percent, found["全辖数"]) == ("7", "40", "-33", "-82.5", "47")
    assert (found["已报"], found["应报"], found["判定"]) == ("2", "2", "口径不同，两数相加为全辖数")
    assert {name[-4:]: found[name] for name in found if name.endswith(("d111", "d112"))} == {"d111": "30", "d112": "10"}
    assert found["未报齐的下级"] == ""


def test_who_below_has_not_reported_is_named(site: Site) -> None:
    found = row(site.person("p1", Role.REVIEWER), "T101", "p1")
    assert (found["本级上报"], found["下级合计"], found["差额"]) == ("", "47", "")
    assert found["判定"] == "下级未报齐，暂不判定"
    assert [each.split()[-1] for each in found["未报齐的下级"].split("；")] == ["0/2", "0/1"]


def test_numbers_are_exact_in_both_formats_and_the_cover_says_what_they_rest_on(superior: Browser) -> None:
    assert row(superior, "T203")["下级合计"] == "2.625"
    content = fetched(superior, f"{AT}.csv?period=2023")
    book = openpyxl.load_workbook(io.BytesIO(fetched(superior, f"{AT}.xlsx?period=2023")))
    head, *lines = book["差额表"].values
    figures = {line[head.index("指标代码")]: line[head.index("下级合计")] for line in lines}
    assert figures["T203"] == 2.625
    assert figures.keys() == {row["指标代码"] for row in rows_of(content)}
    cover = dict(row[:2] for row in book["说明"].values)
    assert (cover["单位"].split()[-1], cover["报告期"], cover["数据口径"]) == ("c11", "2023", "仅已验收")
    assert cover["覆盖"] == "齐全"
    assert cover["SHA-256"] == hashlib.sha256(content.removeprefix(b"\xef\xbb\xbf")).hexdigest()


def test_a_name_is_never_a_formula(site: Site, superior: Browser) -> None:
    apply(site.world, Change(ChangeKind.RENAME, "d112", name=FORMULA), on=date(2023, 6, 1))
    (name,) = (name for name in row(superior, "T101") if name.endswith("d112"))
    assert name.startswith(f"'{FORMULA}")
    book = openpyxl.load_workbook(io.BytesIO(fetched(superior, f"{AT}.xlsx?period=2023")))
    assert {cell.data_type for cell in book["差额表"][1]} == {"s"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rollups/c11/differences/export.exe?period=2023", 404),
        ("/rollups/c11/differences/export.csv?period=2023&indicator=NONE", 404),
        ("/rollups/c11/differences/export.csv?period=never", 422),
        ("/rollups/none/differences/export.csv?period=2023", 404),
        ("/rollups/d211/differences/export.csv?period=2023", 403),
        ("/rollups/p1/differences/export.csv?period=2023", 403),
    ],
)
def test_what_there_is_not(superior: Browser, path: str, status: int) -> None:
    assert superior.client.get(path).status_code == status


def test_the_pages_lead_to_it(superior: Browser) -> None:
    page = superior.get("/rollups/c11/entries/?period=2023&indicator=T101")
    assert "/rollups/c11/differences/export.xlsx?period=2023&amp;indicator=T101" in page.source


def test_it_is_on_record(site: Site, superior: Browser) -> None:
    fetched(superior, f"{AT}.csv?period=2023")
    assert "差额" in site.person("c11", Role.AUDITOR).get("/audit/?group=files").text
