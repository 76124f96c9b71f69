"""Lists written out: as a workbook with a cover, as CSV, as JSON."""

import csv
import hashlib
import io
from decimal import Decimal

import openpyxl
import pytest
from werkzeug.http import parse_options_header
from werkzeug.test import EnvironBuilder

from portal.domain.policy import Role
from portal.domain.values import Value
from portal.web.present.files import saved_as
from tests.web.access.headers import faults
from tests.web.conftest import Browser, Site

FORMULA = '=HYPERLINK("http://x","点这里")'


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def fetched(browser: Browser, path: str) -> bytes:
    with browser.client.get(path) as response:
        assert response.status_code == 200
        assert faults(response) == []
        return response.data


def test_a_file_is_named_in_chinese_by_a_header_that_a_web_server_sends(superior: Browser) -> None:
    with superior.client.get("/rollups/c11/export.csv?period=2023") as response:
        named = response.headers["Content-Disposition"]
    assert named.isascii()
    _type, options = parse_options_header(named)
    assert options["filename"].startswith("汇总表-")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_is_closed_with_its_response(method: str) -> None:
    content = io.BytesIO(b"1")
    environ = EnvironBuilder(method=method).get_environ()
    response = saved_as(content, "表.csv", "text/csv")
    sent = response(environ, lambda *_head: lambda _chunk: None)
    assert b"".join(sent) == (b"1" if method == "GET" else b"")
    sent.close()  # as a web server does
    assert content.closed


@pytest.fixture(scope="module")
def superior(site: Site) -> Browser:
    site.world.accept("d112", T203=Value.of(Decimal("2.5")))
    return site.person("c11", Role.REVIEWER)


class TestRollUps:
    def test_numbers_are_exact_in_csv_and_numbers_in_a_workbook(self, superior):
        row = next(
            each
            for each in rows_of(fetched(superior, "/rollups/c11/export.csv?period=2023"))
            if each["指标代码"] == "T203"
        )
        assert (row["单位代码"], row["汇总数"], row["已报"], row["部分汇总"]) == ("c11", "2.5", "1", "是")
        book = openpyxl.load_workbook(io.BytesIO(fetched(superior, "/rollups/c11/export.xlsx?period=2023")))
        head, *lines = book["汇总表"].values
        figures = {line[head.index("指标代码")]: line[head.index("汇总数")] for line in lines}
        assert figures["T203"] == 2.5

    def test_the_cover_says_what_it_rests_on_and_how_to_tell_it_is_whole(self, superior):
        content = fetched(superior, "/rollups/c11/export.csv?period=2023")
        book = openpyxl.load_workbook(io.BytesIO(fetched(superior, "/rollups/c11/export.xlsx?period=2023")))
        cover = dict(row[:2] for row in book["说明"].values)
        assert cover["报告期"] == "2023"
        assert "部分汇总" in cover["覆盖"]
        assert cover["SHA-256"] == hashlib.sha256(content.removeprefix(b"\xef\xbb\xbf")).hexdigest()

    def test_one_indicator_with_the_units_below(self, superior):
        rows = rows_of(fetched(superior, "/rollups/c11/export.csv?period=2023&indicator=T203"))
        assert [row["单位代码"] for row in rows] == ["c11", "d111", "d112"]

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/rollups/c11/export.exe?period=2023", 404),
            ("/rollups/c11/export.csv?period=2023&indicator=NONE", 404),
            ("/rollups/c11/export.csv?period=never", 422),
            ("/rollups/d211/export.csv?period=2023", 403),
        ],
    )
    def test_what_there_is_not(self, superior, path, status):
        assert superior.client.get(path).status_code == status

    def test_it_is_on_record(self, site, superior):
        fetched(superior, "/rollups/c11/export.csv?period=2023")
        assert "导出清单" in site.person("c11", Role.AUDITOR).get("/audit/?group=files").text


class TestFindings:
    def test_of_a_return_in_three_formats(self, site):
        site.world.fill("d111", T101=Value.of(3, note=FORMULA), T102=Value.of(9))
        browser = site.person("d111", Role.FILLER)
        path = "/submissions/d111-2023-T/findings/export"
        in_csv = rows_of(fetched(browser, f"{path}.csv"))
        in_json = browser.client.get(f"{path}.json").json["findings"]
        book = openpyxl.load_workbook(io.BytesIO(fetched(browser, f"{path}.xlsx")))
        assert in_csv
        assert len(in_csv) == len(in_json) == book["问题清单"].max_row - 1
        assert {row["程度"] for row in in_csv} <= {"必须改正", "须上级同意", "需要说明", "提示"}

    def test_of_another_unit_are_not_there(self, site):
        browser = site.person("d211", Role.FILLER)
        assert browser.client.get("/submissions/d111-2023-T/findings/export.csv").status_code == 404
