"""The database goes away in the middle of a request: nobody is told that nothing was changed."""

import logging

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from portal.domain.policy import Role
from tests.web.conftest import Site, sound


@pytest.fixture
def _database_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_args: object, **_names: object) -> None:
        cause = psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly\nsecret")
        raise OperationalError("select secret", {}, cause)

    monkeypatch.setattr("portal.web.pages.tasks.list_tasks", break_off)
    monkeypatch.setattr("portal.web.api.submissions.search_submissions", break_off)


@pytest.mark.usefixtures("_database_away")
def test_a_page_says_that_a_change_may_have_been_made(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    response = site.person("d111", Role.FILLER).client.get("/tasks/")
    page = sound(response)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "可能已经保存，也可能没有" in page.text
    assert "暂时不能使用" in page.text
    assert "没有改动" not in page.text
    assert "系统出错" not in page.text
    assert "secret" not in response.text + caplog.text
    (record,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "no database at GET /tasks/: consuming input failed" in record.getMessage()


@pytest.mark.usefixtures("_database_away")
def test_a_program_is_told_the_same(site: Site) -> None:
    user_id = site.account("program")
    site.employ(user_id, "d111", Role.FILLER)
    headers = {"Authorization": f"Bearer {site.token(user_id)}"}
    response = site.app.test_client().get("/api/v1/submissions", headers=headers)
    assert (response.status_code, response.get_json()["code"]) == (503, "database_away")
    assert response.headers["Retry-After"] == "5"
