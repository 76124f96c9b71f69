"""Answers that no row of the access table brings about: broken, too large, over TLS; and no change without our token."""

import pytest
from flask import Flask

from portal.app import create_app
from portal.config import Config
from portal.queries import submissions
from tests.web.access.headers import faults, nonce
from tests.web.access.people import INSIDE, NOBODY, Crowd, Person
from tests.web.access.planting import Planted
from tests.web.access.table import ADMIN, TABLE, Row
from tests.web.conftest import Site

WRITES = [row for row in TABLE if row.method not in {"GET", "HEAD"}]
SIGN_IN_OF_THE_API = "/api/v1/security/login"
"""It gives a token in its answer and no cookie, so there is nothing to forge."""

INSIDER, ADMINISTRATOR = Person("d111", INSIDE), Person("d111", ADMIN)


@pytest.fixture(scope="module")
def crowd(site: Site, planted: Planted) -> Crowd:
    return Crowd(site, planted)


def is_refused_as_forged(response) -> bool:
    words = response.json["code"] if response.mimetype == "application/problem+json" else response.text
    return response.status_code == 400 and ("csrf" in words or "不是从本系统打开的" in words)


@pytest.mark.parametrize("row", WRITES, ids=lambda row: f"{row.method} {row.rule}")
@pytest.mark.parametrize("person", [NOBODY, INSIDER, ADMINISTRATOR], ids=str)
def test_nothing_changes_by_cookie_without_our_token(crowd: Crowd, row: Row, person: Person) -> None:
    for token in ("", "x", "ImEi.aaaaaa.bbbbbb"):
        response = crowd.ask(person, row, headers={"X-CSRFToken": token})
        assert is_refused_as_forged(response) == (row.rule != SIGN_IN_OF_THE_API), response.text


@pytest.mark.parametrize("row", WRITES, ids=lambda row: f"{row.method} {row.rule}")
def test_a_bearer_token_stands_in_for_it_in_the_api_alone(crowd: Crowd, row: Row) -> None:
    assert is_refused_as_forged(crowd.ask(INSIDER, row, bearer=True)) == (not row.api)


@pytest.mark.parametrize("header", ["Bearer", "bearer x", "Basic x", "Bearer hzk_x"])
def test_a_token_that_is_none_does_not_open_the_api_to_the_cookie(crowd: Crowd, header: str) -> None:
    row = next(row for row in WRITES if row.api and row.rule != SIGN_IN_OF_THE_API)
    response = crowd.ask(INSIDER, row, headers={"X-CSRFToken": "", "Authorization": header})
    assert response.status_code in {400, 401}


def test_no_nonce_comes_twice(crowd: Crowd) -> None:
    nonces = [
        nonce(crowd.send(INSIDER, "GET", path))
        for path in ("/tasks/", "/tasks/", "/login/", "/nowhere", "/api/v1/units")
    ]
    assert len(set(nonces)) == len(nonces)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/static/nowhere.js", 404),
        ("GET", "/dashboards/_nowhere", 200),
        ("PUT", "/tasks/", 405),
        ("DELETE", "/api/v1/units", 405),
        ("OPTIONS", "/login/", 200),
        ("HEAD", "/tasks/", 200),
        ("GET", "/submissions/d111-2023-T", 308),
        ("GET", "/submissions/%00/", 400),
        ("GET", "/tasks/?page_x=y", 400),
    ],
)
@pytest.mark.parametrize("person", [NOBODY, INSIDER], ids=str)
def test_odd_requests_are_answered_with_the_same_headers(
    crowd: Crowd, person: Person, method: str, path: str, status: int
) -> None:
    response = crowd.send(person, method, path)
    assert faults(response) == []
    assert response.status_code == status or person == NOBODY


def test_what_is_too_large_is_answered_with_the_same_headers(crowd: Crowd) -> None:
    response = crowd.send(INSIDER, "POST", "/submissions/d111-2023-T/upload", data=b"x" * (32 * 1024**2))
    assert (response.status_code, faults(response)) == (413, [])


@pytest.mark.parametrize("path", ["/tasks/", "/api/v1/submissions"])
def test_what_breaks_is_answered_with_the_same_headers_and_tells_nothing(
    crowd: Crowd, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(submissions, "task_of", broken)
    monkeypatch.setattr("portal.queries.submission_search.task_of", broken)
    response = crowd.send(INSIDER, "GET", path)
    assert (response.status_code, faults(response)) == (500, [])
    assert "secret" not in response.text
    assert "a secret of the inside" in caplog.text


@pytest.fixture(scope="module")
def tls_app(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application as it runs behind a proxy."""
    return create_app(Config.load(tmp_path_factory.mktemp("tls"), {"HUIZONG_SECURE_COOKIES": "1"}))


@pytest.mark.parametrize("path", ["/login/", "/language/en", "/dashboards/"])
def test_over_tls_cookies_never_go_in_the_clear(tls_app: Flask, path: str) -> None:
    response = tls_app.test_client().get(path, base_url="https://localhost")
    assert faults(response) == []
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
