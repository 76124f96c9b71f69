"""Files that prove figures: what is taken in, who gets them back, and that none is lost."""

import hashlib
import io
import zipfile

import pytest
from sqlalchemy import func, select

from portal.db import transaction
from portal.domain.file_kinds import FileKind, is_named_so, kind_of, plain_name
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.errors import NotFound, NotPermitted
from portal.models import StoredFile
from portal.queries.report import evidence_file, list_evidence
from portal.services.evidence import add_evidence, remove_evidence
from tests.web.conftest import Browser, Site, sound

PDF = b"%PDF-1.7\n1 0 obj"
LIMIT = 1024 * 1024


def packed(*members: str) -> bytes:
    """An archive with these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, FileKind.PDF),
        (b"\xff\xd8\xff\xe0", FileKind.JPEG),
        (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
        (packed("[Content_Types].xml", "word/document.xml"), FileKind.DOCX),
        (packed("xl/workbook.xml"), FileKind.XLSX),
        (packed("OFD.xml", "Doc_0/Document.xml"), FileKind.OFD),
        (packed("word/document.xml", "word/vbaProject.bin"), None),
        (packed("anything.exe"), None),
        (b"PK\x03\x04 broken", None),
        (b"MZ\x90\x00", None),
        (b"<html><script>alert(1)</script>", None),
        (b"", None),
    ],
)
def test_a_file_is_told_by_its_bytes(content: bytes, kind: FileKind | None) -> None:
    assert kind_of(content) is kind


def test_a_name_loses_folders_and_what_cannot_be_printed() -> None:
    assert plain_name("C:\\某处\\会议\r\n纪要.pdf") == "会议纪要.pdf"
    assert plain_name("../../etc/passwd") == "passwd"
    assert len(plain_name("长" * 300 + ".pdf")) == 120
    assert is_named_so("照片.JPEG", FileKind.JPEG)
    assert not is_named_so("纪要.exe", FileKind.PDF)


def send(browser: Browser, unit: str, content: bytes, filename: str, indicator: str = "") -> int:
    fields = {"indicator": indicator, "file": (io.BytesIO(content), filename)}
    return browser.post(f"/submissions/{unit}-2023-T/evidence/", fields).status_code


def add(site: Site, unit: str, content: bytes = PDF, indicator: str = "") -> str:
    actor = site.world.actor(unit)
    with transaction(actor) as session:
        return add_evidence(session, actor, site.world.key(unit), indicator, "纪要.pdf", content, limit=LIMIT)


def names(site: Site, unit: str, by: str | None = None) -> list[tuple[str, str]]:
    actor = site.world.actor(by or unit)
    with transaction(actor) as session:
        return [(each.indicator, each.filename) for each in list_evidence(session, actor, site.world.key(unit))]


def test_a_file_is_added_to_a_figure_and_comes_back_as_it_was(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    assert send(browser, "d111", PDF, "会议纪要.pdf", "T101") == 303
    assert names(site, "d111") == [("T101", "会议纪要.pdf")]
    link = f"/submissions/d111-2023-T/evidence/{hashlib.sha256(PDF).hexdigest()}"
    assert link in {each["href"] for each in browser.get("/submissions/d111-2023-T/evidence/").all("a")}
    response = browser.client.get(link)
    assert response.data == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.mimetype == "application/octet-stream"
    assert "附件 1" in browser.get("/submissions/d111-2023-T/sheets/T1").text


def test_a_superior_learns_of_a_download_but_not_what_a_draft_s_file_is_called(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    send(browser, "d111", PDF, "密件名称.pdf", "T102")
    assert browser.client.get(f"/submissions/d111-2023-T/evidence/{hashlib.sha256(PDF).hexdigest()}").data == PDF
    seen = site.person("c11", Role.UNIT_ADMIN).get("/audit/?unit=d111").text
    assert "下载" in seen
    assert "密件名称" not in seen


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [
        (b"", "空.pdf", "文件是空的"),
        (b"MZ", "程序.pdf", "这种文件不收"),
        (PDF, "纪要.docx", "后缀与内容不符"),
        (PDF + b"0" * 2000, "大.pdf", "文件太大"),
        (b"", "", "请先选择文件"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    site: Site, content: bytes, filename: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(site.app.config, "EVIDENCE_LIMIT", 1000)
    browser = site.person("d112", Role.FILLER)
    fields = {"indicator": "T101", "file": (io.BytesIO(content), filename)}
    response = browser.post("/submissions/d112-2023-T/evidence/", fields)
    assert response.status_code == 422
    assert words in sound(response).text
    assert names(site, "d112") == []


def test_the_same_bytes_are_kept_once(site: Site) -> None:
    for indicator in ("", "T101", "T101"):
        add(site, "d121", indicator=indicator)
    assert len(names(site, "d121")) == 2
    with transaction(site.world.actor("d121")) as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 1


def test_nobody_reads_a_file_before_it_is_handed_in_nor_a_stranger_ever(site: Site) -> None:
    world = site.world
    world.fill("d211")
    sha256 = add(site, "d211", PDF + b"d211")

    def reads(unit: str) -> bool:
        actor = world.actor(unit)
        with transaction(actor) as session:
            seen = session.scalar(select(func.count()).select_from(StoredFile).where(StoredFile.sha256 == sha256))
        try:
            with transaction(actor) as session:
                found = evidence_file(session, actor, world.key("d211"), sha256)[1] == PDF + b"d211"
        except (NotFound, NotPermitted):
            found = False
        assert bool(seen) == found  # the database says the same as the policy
        return found

    units = ("d211", "c21", "p2", "d111", "p1")
    assert [reads(unit) for unit in units] == [True, False, False, False, False]
    world.take("d211", Action.SUBMIT)
    assert [reads(unit) for unit in units] == [True, True, False, False, False]
    world.take("d211", Action.ACCEPT, by="c21")
    assert [reads(unit) for unit in units] == [True, True, True, False, False]


def test_a_file_taken_away_stays_with_the_version_that_was_handed_in(site: Site) -> None:
    world = site.world
    world.fill("c13")
    sha256 = add(site, "c13", PDF + b"c13")
    world.take("c13", Action.SUBMIT)
    world.take("c13", Action.SEND_BACK, by="p1", reason="换附件")
    actor = world.actor("c13")
    with transaction(actor) as session:
        remove_evidence(session, actor, world.key("c13"), "", sha256)
    with transaction(actor) as session, pytest.raises(NotFound):
        evidence_file(session, actor, world.key("c13"), sha256)
    with transaction(actor) as session:
        assert evidence_file(session, actor, world.key("c13"), sha256, version=1)[1] == PDF + b"c13"


def test_bytes_are_never_changed_nor_taken_away(site: Site) -> None:
    add(site, "c12", PDF + b"c12")
    for statement in ("update stored_file set content = ''", "delete from stored_file"):
        with pytest.raises(NotPermitted), transaction(site.world.actor("c12")) as session:
            session.connection().exec_driver_sql(statement)


def test_only_who_fills_in_adds_and_removes(site: Site) -> None:
    sha256 = add(site, "c11", PDF + b"c11")
    head, stranger = site.person("c11", Role.HEAD), site.person("d111", Role.FILLER)
    for browser, status in ((head, 403), (stranger, 404)):
        assert send(browser, "c11", PDF, "a.pdf") == status
        assert browser.post(f"/submissions/c11-2023-T/evidence/{sha256}/remove").status_code == status
    assert stranger.client.get(f"/submissions/c11-2023-T/evidence/{sha256}").status_code == 404
