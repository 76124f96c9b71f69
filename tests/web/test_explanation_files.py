"""The file that goes with an explanation: sent along with the words, handed out, taken away, seen by the reviewer."""

import io

import pytest

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.findings import check_submission
from tests.web.conftest import Browser, Site, sound

KEY = ("rule_broken", "T107-E1", "T107")
FINDING = "~".join(KEY)
WORDS = "本年机构调整，事项全部划出，职责已移交"
PDF = b"%PDF-1.7\n1 0 obj"


def explain(browser: Browser, unit: str, content: bytes = PDF, filename: str = "移交清单.pdf", words: str = WORDS):
    fields = {"finding": FINDING, "reason_code": "business", "words": words, "file": (io.BytesIO(content), filename)}
    return browser.post(f"/submissions/{unit}-2023-T/findings/", fields)


def kept(site: Site, unit: str) -> tuple[str, str | None] | None:
    """The words of the unit's explanation, and the name of its file."""
    actor = site.world.actor(unit)
    with transaction(actor) as session:
        given = check_submission(session, actor, site.world.key(unit)).explanations.get(KEY)
    return given and (given.words, given.filename)


def where(unit: str) -> str:
    return f"/submissions/{unit}-2023-T/findings/{FINDING}/file"


def test_a_file_goes_with_the_words_and_comes_back_as_it_was(site: Site) -> None:
    site.world.fill("d111", T107=Value.of(0))
    filler = site.person("d111", Role.FILLER)
    assert explain(filler, "d111").status_code == 303
    page = filler.get("/submissions/d111-2023-T/findings/")
    assert where("d111") in {each["href"] for each in page.all("a")}
    response = filler.client.get(where("d111"))
    assert response.data == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.mimetype == "application/octet-stream"


def test_without_another_file_the_first_stays(site: Site) -> None:
    site.world.fill("d112", T107=Value.of(0))
    filler = site.person("d112", Role.FILLER)
    explain(filler, "d112")
    assert explain(filler, "d112", b"", "", words=f"{WORDS}至市数据局").status_code == 303
    assert kept(site, "d112") == (f"{WORDS}至市数据局", "移交清单.pdf")


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [(b"", "空.pdf", "文件是空的"), (b"MZ", "程序.pdf", "这种文件不收"), (PDF + b"0" * 2000, "大.pdf", "文件太大")],
)
def test_what_does_not_fit_is_refused_with_the_words_kept_in_the_box(
    site: Site, content: bytes, filename: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(site.app.config, "EVIDENCE_LIMIT", 1000)
    site.world.fill("d121", T107=Value.of(0))
    response = explain(site.person("d121", Role.FILLER), "d121", content, filename)
    assert response.status_code == 422
    page = sound(response)
    assert words in page.text
    assert WORDS in page.text
    assert kept(site, "d121") is None  # both, or neither


def test_the_reviewer_sees_it_and_only_a_draft_loses_it(site: Site) -> None:
    world, unit = site.world, "c11"
    world.fill(unit, T107=Value.of(0))
    filler, superior = site.person(unit, Role.FILLER), site.person("p1", Role.REVIEWER)
    explain(filler, unit)
    assert superior.client.get(where(unit)).status_code == 403
    world.take(unit, Action.SUBMIT)
    assert where(unit) in {each["href"] for each in superior.get(f"/review/{unit}-2023-T").all("a")}
    assert superior.client.get(where(unit)).data == PDF
    assert filler.post(f"{where(unit)}/remove").status_code == 403
    assert site.person("c21", Role.REVIEWER).client.get(where(unit)).status_code == 404
    world.take(unit, Action.SEND_BACK, by="p1", reason="再看看")
    for browser, status in ((superior, 403), (site.person(unit, Role.HEAD), 403), (filler, 303), (filler, 404)):
        assert browser.post(f"{where(unit)}/remove").status_code == status
    assert filler.client.get(where(unit)).status_code == 404
    assert kept(site, unit) == (WORDS, None)


def test_a_superior_learns_of_a_download_but_not_what_a_draft_s_file_is_called(site: Site) -> None:
    site.world.fill("d211", T107=Value.of(0))
    filler = site.person("d211", Role.FILLER)
    explain(filler, "d211", filename="密件名称.pdf")
    assert filler.client.get(where("d211")).data == PDF
    seen = site.person("c21", Role.UNIT_ADMIN).get("/audit/?unit=d211").text
    assert "说明的附件" in seen
    assert "密件名称" not in seen


def test_a_file_is_not_sent_without_the_token_nor_asked_for_by_nonsense(site: Site) -> None:
    filler = site.person("d111", Role.FILLER)
    assert filler.client.post(f"{where('d111')}/remove").status_code == 400
    assert filler.client.get("/submissions/d111-2023-T/findings/nonsense/file").status_code == 422
