"""Excel in and out through the browser."""

import io
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from werkzeug.test import TestResponse

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.units import Level
from portal.domain.values import Value
from portal.jobs.uploads import process
from portal.queries.events import list_history
from portal.queries.submissions import get_submission
from portal.services import units
from tests.clamd import SIGNATURE, running_clamd
from tests.web.conftest import Browser, Site, sound
from tests.world import placements

KEY = "d111-2023-T"
ANSWERS = {
    "T101": 10,
    "T102": 4,
    "T103": 5,
    "T105": "是",
    "T106": "良好",
    "T107": 7,
    "T201": "约100人",
    "T202": "650.5",
}


@pytest.fixture
def filler(site: Site) -> Browser:
    return site.person("d111", Role.FILLER)


def template(browser: Browser, key: str = KEY) -> openpyxl.Workbook:
    with browser.client.get(f"/submissions/{key}/template.xlsx") as response:
        assert response.headers["Content-Disposition"] == f"attachment; filename={key}.xlsx"
        return openpyxl.load_workbook(io.BytesIO(response.data))


def filled(book: openpyxl.Workbook, answers: dict[str, Any]) -> bytes:
    """The template with these answers in the column of this year."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows(min_col=1, max_col=1):
            if row[0].value in answers:
                sheet[f"E{row[0].row}"] = answers[row[0].value]
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def upload(browser: Browser, content: bytes, filename: str = "报表.xlsx", key: str = KEY) -> TestResponse:
    return browser.post(f"/submissions/{key}/upload", {"file": (io.BytesIO(content), filename)})


def checked(response: TestResponse, unit: str = "d111") -> str:
    """Do the job that the upload enqueued; gives the upload's address."""
    assert response.status_code == 303
    process(unit, UUID(response.location.rsplit("/", 1)[1]))
    return response.location


def test_the_upload_waits_is_checked_and_written(site: Site, filler: Browser) -> None:
    site.world.fill("d111", T203=Value.of(3))
    response = upload(filler, filled(template(filler), ANSWERS | {"T203": None}))
    waiting = filler.get(response.location)
    assert "正在检查" in waiting.text
    assert filler.client.get(f"{response.location}/progress").get_json()["state"] == "waiting"

    address = checked(response)
    assert filler.client.get(f"{address}/progress").get_json()["state"] == "done"
    page = filler.get(address)
    ticked = {box["value"]: "checked" in box for box in page.all("input", name="codes")}
    assert ticked == {"T103": True, "T201": True, "T203": False}
    assert "应等于 其中各项之和 9" in page.text
    assert "E8" in page.text
    assert "空格（清空）" in page.text

    narrowed = filler.get(f"{address}?severity=blocking")
    assert "应等于 其中各项之和 9" in narrowed.text
    assert filler.client.get(f"{address}?severity=awful").status_code == 422

    written = filler.post(f"{address}/apply", {"codes": ["T103"]})
    assert written.location == f"/submissions/{KEY}/findings/"
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        view = get_submission(session, actor, site.world.key("d111"))
    assert view.values["T103"].number == 5
    assert not view.values["T201"].approximate
    assert view.values["T203"].number == 3
    assert str(view.origins["T103"].upload_id) in address


def test_the_text_goes_out_comes_in_and_is_written_where_it_differs(site: Site, filler: Browser) -> None:
    book = template(filler)
    sheet = book["文字报告"]
    code = sheet["A7"].value
    sheet["D7"] = "今年开展专项检查三次。"
    address = checked(upload(filler, filled(book, ANSWERS)))
    page = filler.get(address)
    assert f"text.{code}" in [box["value"] for box in page.all("input", name="codes")]
    assert "11 字" in page.text
    filler.post(f"{address}/apply", {"codes": [f"text.{code}"]})
    assert "今年开展专项检查三次。" in filler.get(f"/submissions/{KEY}/text/{code}").text
    assert template(filler)["文字报告"]["D7"].value == "今年开展专项检查三次。"
    assert f"text.{code}" not in [box["value"] for box in filler.get(address).all("input", name="codes")]
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        kinds = [each.kind for each in list_history(session, actor, site.world.key("d111"))]
    assert "text_changed" in kinds


def test_findings_say_what_a_correction_clears_and_where_to_make_it(filler: Browser) -> None:
    page = filler.get(checked(upload(filler, filled(template(filler), ANSWERS | {"T107": "很多"}))))
    assert "2 处" in page.text  # the word that is no number, and the answer that is missing for it
    assert f"/submissions/{KEY}/sheets/T1#answer-T107" in page.source
    assert "改正有两种办法" in page.text


def test_the_marked_copy_comes_back(filler: Browser) -> None:
    address = checked(upload(filler, filled(template(filler), ANSWERS)))
    with filler.client.get(f"{address}/annotated.xlsx") as response:
        book = openpyxl.load_workbook(io.BytesIO(response.data))
    comments = [cell.comment.text for sheet in book for row in sheet.iter_rows() for cell in row if cell.comment]
    assert any("应等于 其中各项之和 9" in comment for comment in comments)


def test_the_report_is_in_the_readers_language(filler: Browser) -> None:
    address = checked(upload(filler, filled(template(filler), ANSWERS)))
    filler.client.get("/language/en")
    assert "must equal the sum of its parts" in filler.get(address).text.lower()


def test_a_file_that_is_no_workbook_says_what_to_do(filler: Browser) -> None:
    page = filler.get(checked(upload(filler, b"a,b\n1,2\n", "报表.xls")))
    assert "这个文件没有读成" in page.text
    assert "另存为" in page.text
    assert page.all("input", type="file") != []


def test_no_file_is_refused(filler: Browser) -> None:
    response = filler.post(f"/submissions/{KEY}/upload")
    assert response.status_code == 422
    assert "请先选择文件" in sound(response).text


def test_the_upload_of_another_unit_does_not_exist(site: Site, filler: Browser) -> None:
    address = checked(upload(filler, filled(template(filler), ANSWERS)))
    for unit in ("d112", "c11", "p1", "d211"):
        stranger = site.person(unit, Role.FILLER)
        for page in ("", "/progress", "/annotated.xlsx"):
            assert stranger.client.get(address + page).status_code == 404
        assert stranger.post(f"{address}/apply", {"codes": ["T103"]}).status_code == 404


def test_only_the_filler_uploads(site: Site) -> None:
    response = upload(site.person("d111", Role.HEAD), b"x")
    assert response.status_code == 403


def test_a_file_that_the_virus_scanner_knows_is_not_taken_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.person("d111", Role.FILLER)
    with running_clamd() as clamd:
        monkeypatch.setitem(site.app.config, "VIRUS_SCANNER", clamd.scanner)
        for path in (f"/submissions/{KEY}/upload", f"/submissions/{KEY}/evidence/"):
            response = browser.post(path, {"file": (io.BytesIO(b"%PDF-1.7 " + SIGNATURE), "报表.pdf")})
            assert response.status_code == 422, path
            assert "Test.Signature" in response.text
        assert len(clamd.seen) == 2
    response = upload(browser, b"whatever")
    assert response.status_code == 503
    assert "没有收下文件" in sound(response).text


def test_the_file_is_handed_back_as_it_came(filler: Browser) -> None:
    content = filled(template(filler), {"T101": "10"})
    address = checked(upload(filler, content, "区县 报表.xlsx"))
    with filler.client.get(f"{address}/original") as response:
        assert response.data == content
        assert response.mimetype == "application/octet-stream"
        assert "attachment" in response.headers["Content-Disposition"]


def test_a_file_name_that_cannot_be_stored_is_refused(filler: Browser) -> None:
    assert upload(filler, filled(template(filler), ANSWERS), "报表\0.xlsx").status_code == 400


def test_folders_are_no_part_of_a_files_name(filler: Browser) -> None:
    address = upload(filler, filled(template(filler), ANSWERS), "..\\../C:/报表.xlsx").location
    assert "报表.xlsx" in filler.get(address).text
    with filler.client.get(f"{address}/original") as response:
        assert ".." not in response.headers["Content-Disposition"]


def test_a_city_without_districts_uploads_what_cities_and_what_districts_are_asked(site: Site) -> None:
    alone = next(replace(each, level=Level.UNDIVIDED_CITY) for each in placements() if each.code == "c13")
    with transaction(None) as session:
        units.import_units(session, [alone], [])
    city = site.person("c13", Role.FILLER)
    response = upload(city, filled(template(city, "c13-2023-T"), ANSWERS | {"T103": 6}), key="c13-2023-T")
    city.post(f"{checked(response, 'c13')}/apply", {"codes": ["T101", "T201", "T202"]})
    actor = site.world.actor("c13")
    with transaction(actor) as session:
        written = get_submission(session, actor, site.world.key("c13")).values
    assert {code: value.number for code, value in written.items() if value.number is not None} == {
        "T101": 10, "T201": 100, "T202": Decimal("650.5"),
    }  # fmt: skip
