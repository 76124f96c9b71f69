"""Sessions: begun anew at sign-in, kept on the server, listed, ended, and over by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from portal import db
from portal.app import create_app
from portal.clock import frozen_at
from portal.config import Config
from portal.db import identity_transaction
from portal.domain.policy import Role
from portal.domain.sign_in import SessionKind
from portal.jobs.nightly import tidy_sign_ins
from portal.models import WebSession
from portal.queries.web_sessions import key_of
from portal.services import web_sessions
from portal.web import sessions
from portal.web.signing_in import access_token
from tests.web.conftest import PASSWORD, Browser, Site, sound

NOON = datetime(2024, 3, 1, 4, tzinfo=UTC)
COOKIE = "huizong"

_numbers = count()


@pytest.fixture
def anna(site: Site) -> int:
    """A person who nobody else is."""
    name = f"anna{next(_numbers)}"
    user_id = site.account(name)
    site.employ(user_id, "d111", Role.FILLER)
    return user_id


def sign_in(browser: Browser, username: str) -> str:
    """Sign in; gives what the cookie holds then."""
    assert browser.sign_in(username) == "/"
    return cookie(browser)


def cookie(browser: Browser) -> str:
    found = browser.client.get_cookie(COOKIE)
    assert found is not None
    return found.value


def is_in(browser: Browser) -> bool:
    return browser.client.get("/tasks/").status_code == 200


@contextmanager
def later(**passed: int) -> Iterator[None]:
    with frozen_at(NOON + timedelta(**passed)):
        yield


@pytest.fixture(scope="module", autouse=True)
def people(site: Site) -> None:
    for name in ("berta", "carla", "dora"):
        site.employ(site.account(name), "d111", Role.FILLER)


class TestTheCookie:
    def test_is_another_after_signing_in_so_that_nobody_can_plant_one(self, site: Site) -> None:
        victim, attacker = site.anonymous(), site.anonymous()
        victim.get("/login/")
        before = cookie(victim)
        assert sign_in(victim, "berta") != before
        assert is_in(victim)
        attacker.client.set_cookie(COOKIE, before)
        assert not is_in(attacker)

    def test_holds_a_token_that_is_not_stored(self, site: Site) -> None:
        token = sign_in(site.anonymous(), "berta")
        with identity_transaction() as session:
            row = session.scalars(select(WebSession).where(WebSession.key == key_of(token))).one()
        assert len(token) >= 43
        assert token not in str({name: str(value) for name, value in vars(row).items()})

    @pytest.mark.parametrize("name", ["_user_id", "user_id"])
    def test_before_sign_in_says_nothing_about_who_one_is(self, site: Site, anna: int, name: str) -> None:
        """Not even signed with the portal's own key, as those of earlier versions were."""
        browser = site.anonymous()
        signer = SecureCookieSessionInterface().get_signing_serializer(site.app)
        assert signer
        browser.client.set_cookie(COOKIE, signer.dumps({name: str(anna), "_fresh": True}))
        assert not is_in(browser)

    @pytest.mark.parametrize("value", ["", "x", "x.y.z", "é", "a" * 4000])
    def test_that_is_none_of_ours_is_nobody(self, site: Site, value: str) -> None:
        browser = site.anonymous()
        browser.client.set_cookie(COOKIE, value)
        assert not is_in(browser)
        assert sign_in(browser, "berta") != value

    def test_is_sent_over_https_only_where_a_trusted_proxy_says_so(self, site: Site, tmp_path: Path) -> None:
        behind_proxy = create_app(Config.load(tmp_path, {"HUIZONG_TRUSTED_PROXIES": "1"}))
        https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.9"}
        for app, secure in ((behind_proxy, True), (site.app, False)):
            response = app.test_client().get("/login/", headers=https)
            (header,) = [each for each in response.headers.getlist("Set-Cookie") if each.startswith(COOKIE + "=")]
            assert ("Secure" in header, "HttpOnly" in header, "SameSite=Lax" in header) == (secure, True, True)
            assert ("Strict-Transport-Security" in response.headers) == secure

    def test_is_not_needed_for_a_file_and_no_file_asks_the_database(self, site: Site, anna: int) -> None:
        browser, statements = site.signed_in(anna), []
        listener = lambda *_arguments: statements.append(1)  # noqa: E731 - to be removed again
        event.listen(db.engine(), "before_cursor_execute", listener)
        try:
            with browser.client.get("/static/portal.css") as response:
                assert response.status_code == 200
        finally:
            event.remove(db.engine(), "before_cursor_execute", listener)
        assert statements == []


class TestSigningOut:
    def test_ends_the_session_for_whoever_kept_the_cookie(self, site: Site) -> None:
        browser, thief = site.anonymous(), site.anonymous()
        thief.client.set_cookie(COOKIE, sign_in(browser, "berta"))
        assert is_in(thief)
        browser.post("/logout/")
        assert not is_in(thief)
        assert not is_in(browser)

    def test_leaves_the_language_as_it_was(self, site: Site) -> None:
        browser = site.anonymous()
        browser.client.get("/language/en")
        sign_in(browser, "berta")
        assert browser.get("/tasks/").source.count('lang="en"')
        browser.post("/logout/")
        assert "User name or e-mail" in browser.get("/login/").text

    def test_leaves_the_chosen_unit_to_nobody(self, site: Site) -> None:
        user_id = site.account("two-units")
        site.employ(user_id, "d111", Role.FILLER)
        site.employ(user_id, "d112", Role.FILLER)
        browser = site.anonymous()
        sign_in(browser, "two-units")
        browser.post("/unit", {"unit": "d112"})
        browser.post("/logout/")
        sign_in(browser, "two-units")
        assert browser.get("/tasks/").all("button", name="unit")[0]["value"] == "d111"
        assert "d111 民政局 ✓" in browser.get("/tasks/").text


class TestTime:
    def test_a_browser_left_alone_for_an_hour_is_out(self, site: Site) -> None:
        browser = site.anonymous()
        with later(minutes=0):
            sign_in(browser, "berta")
        for minute, expected in ((59, True), (118, True), (178, False)):
            with later(minutes=minute):
                assert is_in(browser) == expected

    def test_nobody_stays_in_for_longer_than_half_a_day(self, site: Site) -> None:
        browser = site.anonymous()
        with later(minutes=0):
            sign_in(browser, "berta")
        for minute in range(30, 12 * 60, 30):
            with later(minutes=minute):
                assert is_in(browser)
        with later(hours=12):
            assert not is_in(browser)

    def test_both_limits_are_settings(self, site: Site, tmp_path: Path) -> None:
        strict = {"HUIZONG_SESSION_IDLE_MINUTES": "5", "HUIZONG_SESSION_HOURS": "1"}
        app = create_app(Config.load(tmp_path, strict))
        browser, idle = Browser(app.test_client()), Browser(app.test_client())
        with later(minutes=0):
            sign_in(browser, "berta")
            sign_in(idle, "berta")
        with later(minutes=6):
            assert not is_in(idle)
        for minute in range(4, 60, 4):
            with later(minutes=minute):
                assert is_in(browser)
        with later(minutes=60):
            assert not is_in(browser)

    def test_that_it_is_in_use_is_noted_once_a_minute(self, site: Site) -> None:
        browser = site.anonymous()
        with later(seconds=0):
            token = sign_in(browser, "berta")
        seen = []
        for second in (30, 59, 61, 100):
            with later(seconds=second):
                browser.client.get("/tasks/")
            with identity_transaction() as session:
                seen.append(session.scalar(select(WebSession.last_seen_at).where(WebSession.key == key_of(token))))
        assert [moment - NOON for moment in seen] == [timedelta(seconds=at) for at in (0, 0, 61, 61)]

    def test_at_night_what_is_over_is_removed(self, site: Site) -> None:
        with later(minutes=0):
            over = sign_in(site.anonymous(), "berta")
        with later(hours=1):
            lasting = sign_in(site.anonymous(), "berta")
        with later(hours=12, minutes=30):
            tidy_sign_ins(0)
        with identity_transaction() as session:
            keys = set(session.scalars(select(WebSession.key)))
        assert key_of(over) not in keys
        assert key_of(lasting) in keys


class TestOwnAccount:
    def test_the_page_says_who_one_is_and_where_one_is_signed_in(self, site: Site, anna: int) -> None:
        site.employ(anna, "d111", Role.HEAD)
        edge = site.signed_in(anna)
        site.token(anna)
        with identity_transaction() as session:
            session.execute(
                update(WebSession)
                .where(WebSession.user_id == anna, WebSession.kind == "browser")
                .values(user_agent="Mozilla/5.0 (Windows NT 10.0) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0")
            )
        page = edge.get("/account/")
        for said in ("张某", "d111 民政局", "填报人、负责人", "Edge 131 · Windows", "程序（API）", "就是这里"):
            assert said in page.text
        assert edge.get("/tasks/").all("a", href="/account/")

    def test_another_browser_is_ended_from_here(self, site: Site, anna: int) -> None:
        here, there = site.signed_in(anna), site.signed_in(anna)
        forms = here.get("/account/").all("form")
        (form,) = [each for each in forms if each.get("action", "").endswith("/end")]
        here.post(form["action"])
        assert is_in(here)
        assert not is_in(there)
        assert here.post(form["action"]).status_code == 404

    def test_all_others_are_ended_at_once_programs_too(self, site: Site, anna: int) -> None:
        here, there, token = site.signed_in(anna), site.signed_in(anna), site.token(anna)
        ask = {"Authorization": f"Bearer {token}"}
        assert site.anonymous().client.get("/api/v1/units", headers=ask).status_code == 200
        here.post("/account/sessions/end-others")
        response = site.anonymous().client.get("/api/v1/units", headers=ask)
        assert (response.status_code, response.json["code"]) == (401, "not_signed_in")
        assert [is_in(here), is_in(there)] == [True, False]

    def test_nobody_ends_somebody_elses(self, site: Site, anna: int) -> None:
        victim = site.signed_in(anna)
        with identity_transaction() as session:
            number = session.scalar(select(WebSession.id).where(WebSession.user_id == anna))
        other = site.person("d112", Role.FILLER)
        assert other.post(f"/account/sessions/{number}/end").status_code == 404
        other.post("/account/sessions/end-others")
        assert is_in(victim)

    @pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "1e3"])
    def test_a_number_of_no_session_is_not_found(self, site: Site, anna: int, number: str) -> None:
        assert site.signed_in(anna).post(f"/account/sessions/{number}/end").status_code == 404

    def test_it_takes_a_form_of_ours(self, site: Site, anna: int) -> None:
        browser = site.signed_in(anna)
        assert browser.client.post("/account/sessions/end-others").status_code == 400

    def test_nobody_signed_in_has_none(self, site: Site) -> None:
        assert site.anonymous().client.get("/account/").location == "/login/?next=/account/"


class TestAToken:
    def test_counts_only_with_its_session(self, site: Site, anna: int) -> None:
        ask = {"Authorization": f"Bearer {site.token(anna)}"}
        client = site.anonymous().client
        assert client.get("/api/v1/units", headers=ask).status_code == 200
        with identity_transaction() as session:
            web_sessions.end_all(session, anna)
        assert client.get("/api/v1/units", headers=ask).status_code == 401

    def test_of_one_person_does_not_count_with_the_session_of_another(self, site: Site, anna: int) -> None:
        site.token(anna)
        with identity_transaction() as session:
            number = session.scalar(select(WebSession.id).where(WebSession.user_id == anna))
        with site.app.app_context():
            forged = access_token(anna + 1, int(number or 0), fresh=True)
        ask = {"Authorization": f"Bearer {forged}"}
        assert site.anonymous().client.get("/api/v1/units", headers=ask).status_code == 401

    def test_is_renewed_until_its_session_is_over(self, site: Site) -> None:
        client = site.anonymous().client
        body = {"username": "carla", "password": PASSWORD, "refresh": True}
        tokens = client.post("/api/v1/security/login", json=body).json
        ask = {"Authorization": f"Bearer {tokens['refresh_token']}"}
        renewed = client.post("/api/v1/security/refresh", headers=ask)
        assert renewed.status_code == 200
        browser = site.anonymous()
        sign_in(browser, "carla")
        browser.post("/account/sessions/end-others")
        assert client.post("/api/v1/security/refresh", headers=ask).status_code == 401
        ask = {"Authorization": f"Bearer {renewed.json['access_token']}"}
        assert client.get("/api/v1/units", headers=ask).status_code == 401

    def test_neither_reads_nor_sets_a_cookie(self, site: Site, anna: int) -> None:
        response = site.anonymous().client.get("/api/v1/units", headers={"Authorization": f"Bearer {site.token(anna)}"})
        assert "Set-Cookie" not in response.headers


def test_two_tabs_that_change_different_things_both_get_their_way(site: Site, anna: int) -> None:
    with identity_transaction() as session:
        begun = web_sessions.begin(
            session,
            anna,
            SessionKind.BROWSER,
            "password",
            timedelta(hours=1),
            address="",
            user_agent="",
            data={"kept": 1, "gone": 2},
        )
    for changed, dropped in (({"unit": "d111"}, ["gone"]), ({"flash": ["é"]}, ["missing"])):
        with identity_transaction() as session:
            web_sessions.remember(session, begun.id, changed, dropped)
    with identity_transaction() as session:
        data = session.scalar(select(WebSession.data).where(WebSession.id == begun.id))
    assert data == {"kept": 1, "unit": "d111", "flash": ["é"]}


def test_a_database_that_cannot_be_asked_does_not_sign_anybody_out(
    site: Site, anna: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = site.signed_in(anna)

    def gone(*_arguments: object) -> None:
        raise OperationalError("select", {}, Exception("the server is away"))

    monkeypatch.setattr(sessions, "find_by_token", gone)
    response = browser.client.get("/tasks/")
    assert (response.status_code, "Set-Cookie" in response.headers) == (500, False)
    monkeypatch.undo()
    assert is_in(browser)


def test_a_page_that_breaks_does_not_sign_anybody_out(
    site: Site, anna: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = site.signed_in(anna)

    def broken() -> str:
        with identity_transaction() as session:
            session.execute(select(1).where(WebSession.id == "no number"))
        return ""

    monkeypatch.setitem(site.app.view_functions, "tasks.index", broken)
    assert browser.client.get("/tasks/").status_code == 500
    monkeypatch.undo()
    assert "d111 民政局" in sound(browser.client.get("/tasks/")).text
