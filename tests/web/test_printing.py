"""The official print: the same document as a page and as PDF."""

import io
import shutil
import subprocess

import pytest
from pypdf import PdfReader

from importers import open_document
from importers.identity import Expected
from importers.pipeline import Outcome
from portal import programs
from portal.domain.policy import Role
from portal.domain.values import NOT_APPLICABLE, Value
from portal.jobs.examining import examine_workbook
from tests.web.conftest import Site, sound

KEY = "d111-2023-T"


def pages_of(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def test_a_draft_says_so_on_every_page(site: Site) -> None:
    site.world.fill("d111", T101=Value.of(1234), T102=NOT_APPLICABLE)
    browser = site.person("d111", Role.FILLER)
    page = browser.get(f"/submissions/{KEY}/print")
    assert "1,234" in page.text
    assert "草稿，未上报" in page.text
    with browser.client.get(f"/submissions/{KEY}/print.pdf") as response:
        assert response.mimetype == "application/pdf"
        pages = pages_of(response.data)
    assert all("草稿，未上报" in each for each in pages)
    assert f"1 / {len(pages)}" in pages[0]
    assert any("1,234" in each and "批准文号" in each for each in pages)
    assert any("单位负责人" in each for each in pages)


def test_what_was_handed_in_carries_its_number(site: Site) -> None:
    site.world.accept("d112")
    with site.person("d112", Role.FILLER).client.get("/submissions/d112-2023-T/print.pdf?version=1") as response:
        assert all("受理编号 d112-2023-T-V1-" in each for each in pages_of(response.data))


def test_a_version_that_is_not_there_is_not_found(site: Site) -> None:
    for number in ("7", "-1", "999999999999999999999"):
        response = site.person("d111", Role.FILLER).client.get(f"/submissions/{KEY}/print?version={number}")
        assert response.status_code == 404
        sound(response)


def test_markup_in_a_note_is_printed_as_it_was_written(site: Site) -> None:
    wicked = "<img src=file:///etc/passwd><script>alert(1)</script>"
    site.world.fill("d121", T101=Value.of(5, note=wicked))
    browser = site.person("d121", Role.FILLER)
    assert "<script>alert" not in browser.client.get("/submissions/d121-2023-T/print").text
    with browser.client.get("/submissions/d121-2023-T/print.pdf") as response:
        text = "".join(pages_of(response.data)).replace("\n", "")
    assert "<img src=file:///etc/passwd>" in text


@pytest.mark.parametrize(
    "failure", [subprocess.CalledProcessError(1, "weasyprint", stderr=b"no pango"), subprocess.TimeoutExpired("w", 1)]
)
def test_without_the_program_the_person_is_told_what_to_do(
    site: Site, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(programs.subprocess, "run", fail)
    response = site.person("d111", Role.FILLER).client.get(f"/submissions/{KEY}/print.pdf")
    assert response.status_code == 503
    assert "可以先用浏览器打印" in sound(response).text


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_template_is_there_as_open_document_too(site: Site) -> None:
    with site.person("d111", Role.FILLER).client.get(f"/submissions/{KEY}/template.ods") as response:
        assert response.status_code == 200
        expected = Expected("T", "d111", "2023", 1)
        examination = examine_workbook(response.data, expected)
    assert examination.outcome is Outcome.CHECKED
    assert examination.values["T101"] == Value.of(1234)


def test_without_libreoffice_the_person_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_document.shutil, "which", lambda _name: None)
    response = site.person("d111", Role.FILLER).client.get(f"/submissions/{KEY}/template.ods")
    assert response.status_code == 503
    assert "libreoffice" in sound(response).text
