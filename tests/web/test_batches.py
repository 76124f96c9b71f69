"""批量 through the browser: files ordered and downloaded, answers handed in, progress, cancelling, and the report."""

import io
import re
import zipfile
from collections.abc import Iterator
from uuid import UUID

import openpyxl
import pytest

from portal.db import transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.policy import Role
from portal.jobs import batches
from portal.queries.batches import get_batch
from portal.queries.people import portal_actor, portal_within
from portal.services.collection_changes import change_settings
from tests.web.conftest import Browser, Site, sound
from tests.world import PERIOD

HOME = "/collections/T-2023/batches/"


@pytest.fixture
def clerk(site: Site) -> Browser:
    return site.person("c11", Role.FILLER)


@pytest.fixture
def _let_enter(site: Site) -> Iterator[None]:
    _set(CollectionSettings(entered_above=True))
    yield
    _set(CollectionSettings())


def _set(settings: CollectionSettings) -> None:
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        change_settings(session, sender, CollectionKey("T", PERIOD), settings)


def work_on(location: str, unit: str = "c11") -> None:
    """Do the job that a request enqueued."""
    with transaction(None) as session:
        portal = portal_within(session, unit)
    which = UUID(location.rsplit("/", 1)[1])
    with transaction(portal) as session:
        batch = get_batch(session, portal, which)
    batches.process(portal, batch)


def ordered(clerk: Browser, kind: str) -> str:
    response = clerk.post(f"{HOME}files", {"kind": kind})
    assert response.status_code == 303
    return response.location


def handed_in(clerk: Browser, content: bytes, **fields: str) -> str:
    response = clerk.post(f"{HOME}answers", {"file": (io.BytesIO(content), "汇总.xlsx"), **fields})
    assert response.status_code == 303, sound(response).text
    return response.location


def table(clerk: Browser) -> openpyxl.Workbook:
    location = ordered(clerk, "table")
    work_on(location)
    with clerk.client.get(f"{location}/file") as response:
        assert "c11_T-2023.xlsx" in response.headers["Content-Disposition"]
        assert response.content_length == len(response.data)
        return openpyxl.load_workbook(io.BytesIO(response.data))


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_templates_are_ordered_waited_for_and_downloaded(site: Site, clerk: Browser) -> None:
    page = clerk.get(HOME)
    assert "本任务没有允许上级代报" in page.text
    location = ordered(clerk, "templates")
    waiting = clerk.get(location)
    assert "正在后台处理" in waiting.text
    assert 'http-equiv="refresh"' in waiting.source
    assert clerk.client.get(f"{location}/progress").get_json() == {"state": "working", "done": 0, "total": 0}
    assert clerk.client.get(f"{location}/file").status_code == 404
    work_on(location)
    assert clerk.client.get(f"{location}/progress").get_json()["state"] == "done"
    assert "下载" in clerk.get(location).text
    with clerk.client.get(f"{location}/file") as response, zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        assert len(archive.namelist()) == 4
    assert "模板包" in clerk.get(HOME).text


@pytest.mark.usefixtures("_let_enter")
def test_answers_are_handed_in_and_reported(site: Site, clerk: Browser) -> None:
    book = table(clerk)
    book.worksheets[1]["I10"] = 5  # T107 of d111
    book.worksheets[1]["I11"] = "很多"
    book.worksheets[1]["A12"], book.worksheets[1]["I12"] = "d211", 3
    location = handed_in(clerk, saved(book))
    work_on(location)
    page = clerk.get(location)
    assert "已写入草稿 1" in page.text
    assert "不是本单位的下级 1" in page.text
    assert "“很多”" in page.text
    narrowed = clerk.get(f"{location}?outcome=not_below")
    assert "d211" in narrowed.text
    assert "T1 第一表!11" not in narrowed.text
    assert clerk.client.get(f"{location}?outcome=odd").status_code == 422
    with clerk.client.get(f"{location}/report.csv") as response:
        listed = response.data.decode("utf-8-sig")
    assert re.search(r"d111,.*已写入草稿,1", listed)
    clerk.client.get("/language/en")
    assert "Written into the draft 1" in clerk.get(location).text
    clerk.client.get("/language/zh")


@pytest.mark.usefixtures("_let_enter")
def test_a_file_is_checked_first_and_entered_then(site: Site, clerk: Browser) -> None:
    book = table(clerk)
    book.worksheets[1]["I10"] = 6  # T107 of d111
    checked = handed_in(clerk, saved(book), check_only="1", replaces="1")
    work_on(checked)
    page = clerk.get(checked)
    assert "什么都没有写入" in page.text
    assert "可以写入草稿 1" in page.text
    with clerk.client.get(f"{checked}/report.csv") as response:
        assert re.search(r"d111,.*可以写入草稿,1", response.data.decode("utf-8-sig"))
    response = clerk.post(f"{checked}/enter")
    assert response.status_code == 303
    work_on(response.location)
    assert "已写入草稿 1" in clerk.get(response.location).text
    assert "写入这个文件" not in clerk.get(response.location).text


@pytest.mark.usefixtures("_let_enter")
def test_a_zip_larger_than_a_workbook_may_be_is_taken_from_who_is_signed_in(
    site: Site, clerk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_FILE_BYTES", 100_000)
    monkeypatch.setitem(site.app.config, "MAX_CONTENT_LENGTH", 100_000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.xlsx", bytes(200_000))
    location = handed_in(clerk, stream.getvalue())
    work_on(location)
    assert "文件打不开 1" in clerk.get(location).text
    stream.seek(0)
    refused = site.app.test_client().post(f"{HOME}answers", data={"file": (stream, "a.zip")})
    assert refused.status_code == 413


@pytest.mark.usefixtures("_let_enter")
def test_a_file_that_is_none_says_what_to_do(clerk: Browser) -> None:
    location = handed_in(clerk, b"\x89PNG no workbook")
    work_on(location)
    page = clerk.get(location)
    assert "什么都没有写入" in page.text
    assert "这是图片" in page.text
    with clerk.client.get(f"{location}/file") as response:
        assert response.data == b"\x89PNG no workbook"


@pytest.mark.usefixtures("_let_enter")
def test_a_batch_is_cancelled_once(clerk: Browser) -> None:
    location = handed_in(clerk, b"x")
    assert clerk.post(f"{location}/cancel").status_code == 303
    assert "正在取消" in clerk.get(location).text
    work_on(location)
    assert "已取消" in clerk.get(location).text
    assert clerk.post(f"{location}/cancel").status_code == 409


def test_no_file_and_no_kind_are_refused(clerk: Browser) -> None:
    assert clerk.post(f"{HOME}answers").status_code == 422
    assert clerk.post(f"{HOME}files", {"kind": "everything"}).status_code == 422


def test_enough_is_enough(site: Site) -> None:
    clerk = site.person("c12", Role.FILLER)
    for _ in range(3):
        assert clerk.post(f"{HOME}files", {"kind": "table"}).status_code == 303
    refused = clerk.post(f"{HOME}files", {"kind": "table"})
    assert refused.status_code == 409
    assert "没有办完" in sound(refused).text
