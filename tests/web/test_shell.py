"""The frame: headers, nonces, static files, languages, errors."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from portal.app import create_app
from portal.config import Config
from portal.domain.policy import Role
from tests.web.conftest import Site, sound


def test_making_the_application_runs_no_sql(tmp_path: Path, site: Site) -> None:
    statements: list[str] = []
    event.listen(Engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    create_app(Config.load(tmp_path, {}))
    assert statements == []


@pytest.mark.parametrize("path", ["/login/", "/nowhere", "/static/portal.css"])
def test_every_answer_carries_the_security_headers(site: Site, path: str) -> None:
    with site.anonymous().client.get(path) as response:
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]


def test_scripts_carry_the_nonce_of_their_own_page(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    response = browser.client.get("/submissions/d111-2023-T/sheets/T1")
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", response.headers["Content-Security-Policy"])
    scripts = sound(response).all("script")
    assert nonce
    assert scripts
    assert all(script["nonce"] == nonce[1] for script in scripts)
    assert nonce[1] not in browser.client.get("/submissions/d111-2023-T/sheets/T1").text


def test_cookies_are_kept_from_scripts_and_other_sites(site: Site) -> None:
    cookie = site.anonymous().client.get("/login/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_figures_are_not_kept_by_the_browser_but_static_files_are(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    page = browser.client.get("/tasks/")
    style = re.search(r'href="(/static/portal.css\?v=\w+)"', page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert style
    with browser.client.get(style[1]) as response:
        assert "immutable" in response.headers["Cache-Control"]


def test_the_language_is_kept(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    response = browser.client.get("/language/en?next=/tasks/")
    assert response.location == "/tasks/"
    page = browser.get("/tasks/")
    assert page.all("html")[0]["lang"] == "en"
    assert "My tasks" in page.text
    assert "Trial form" in page.text


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"])
def test_choosing_a_language_leads_nowhere_else(site: Site, target: str) -> None:
    assert site.anonymous().client.get("/language/en", query_string={"next": target}).location == "/"


def test_an_unknown_language_is_not_found(site: Site) -> None:
    assert site.anonymous().client.get("/language/xx").status_code == 404


def test_what_is_not_there_is_said_in_our_look(site: Site) -> None:
    response = site.person("d111", Role.FILLER).client.get("/submissions/d999-2023-T/")
    assert response.status_code == 404
    assert "没有找到" in sound(response).text


def test_a_defect_gives_a_number_and_no_traceback(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_args: object) -> None:
        raise RuntimeError("secret detail")

    browser = site.person("d111", Role.FILLER)
    monkeypatch.setattr("portal.web.pages.tasks.list_tasks", break_down)
    response = browser.client.get("/tasks/")
    page = sound(response)
    incident = page.words[page.words.index("编号") + 1]
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert f"incident {incident}" in caplog.text
    assert "secret detail" in caplog.text


def test_a_dead_database_still_gives_a_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.person("d111", Role.FILLER)
    monkeypatch.setattr("portal.db._Database.engine", None)
    monkeypatch.setattr("portal.db._Database.sessions", None)
    response = browser.client.get("/tasks/")
    assert response.status_code == 500
    assert "编号" in sound(response).text


def test_a_request_that_is_too_large_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(site.app.config, "MAX_CONTENT_LENGTH", 2000)
    filler = site.person("d111", Role.FILLER)
    for sent, words in (((BytesIO(b"x" * 3000), "a.xlsx"), "文件太大"), ("x" * 3000, "请分几次办理")):
        response = filler.post("/submissions/d111-2023-T/upload", {"file": sent})
        assert response.status_code == 413
        assert words in sound(response).text
