"""Signing in and out, locked accounts, and whose unit one acts for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.clock import frozen_at
from portal.domain.policy import Role
from tests.web.conftest import PASSWORD, Browser, Site, sound

NOON = datetime(2024, 3, 1, 4, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def accounts(site: Site) -> None:
    for name in ("anna", "bert", "carl", "dora", "emil"):
        site.employ(site.account(name), "d111", Role.FILLER)


def sign_in(browser: Browser, username: str, password: str = PASSWORD, query: str = "") -> str:
    """Try to sign in; gives where it leads."""
    page = browser.get("/login/")
    token = page.all("input", name="csrf_token")[0]["value"]
    fields = {"csrf_token": token, "username": username, "password": password}
    return browser.client.post(f"/login/{query}", data=fields).location


@contextmanager
def minutes_later(minutes: int) -> Iterator[None]:
    with frozen_at(NOON + timedelta(minutes=minutes)):
        yield


@pytest.mark.parametrize("username", ["anna", "anna@example.invalid"])
def test_user_name_and_email_both_sign_in(site: Site, username: str) -> None:
    browser = site.anonymous()
    assert sign_in(browser, username) == "/"
    assert browser.client.get("/").location == "/tasks/"
    assert "d111 民政局" in browser.get("/tasks/").text


def test_a_page_asks_to_sign_in_first_and_comes_back(site: Site) -> None:
    browser = site.anonymous()
    response = browser.client.get("/submissions/d111-2023-T/?x=1")
    assert response.location == "/login/?next=/submissions/d111-2023-T/?x%3D1"
    assert sign_in(browser, "anna", query="?next=/submissions/d111-2023-T/?x%3D1") == "/submissions/d111-2023-T/?x=1"


def test_signing_in_does_not_lead_to_another_site(site: Site) -> None:
    assert sign_in(site.anonymous(), "anna", query="?next=https://elsewhere.example/") == "/"


@pytest.mark.parametrize("password", ["wrong", "", "\0"])
def test_a_wrong_password_is_refused(site: Site, password: str) -> None:
    browser = site.anonymous()
    sign_in(browser, "bert", password)
    assert "anna" not in browser.client.get("/login/").text
    assert browser.client.get("/tasks/").status_code == 302


def test_five_failures_lock_the_account_by_either_name_for_a_quarter_of_an_hour(site: Site) -> None:
    browser = site.anonymous()
    with frozen_at(NOON):
        for attempt in range(5):
            sign_in(browser, ("carl", "carl@example.invalid")[attempt % 2], "wrong")
    with minutes_later(14):
        for name in ("carl", "carl@example.invalid"):
            sign_in(browser, name)
            assert browser.client.get("/tasks/").status_code == 302
    assert "连续输错 5 次" in browser.get("/login/").text
    with minutes_later(16):
        assert sign_in(browser, "carl") == "/"


def test_an_account_switched_off_does_not_sign_in(site: Site) -> None:
    site.account("gone", active=False)
    browser = site.anonymous()
    sign_in(browser, "gone")
    assert browser.client.get("/tasks/").status_code == 302


def test_an_account_switched_off_is_out_at_once(site: Site) -> None:
    browser = site.signed_in(site.account("inactive", active=False))
    assert browser.client.get("/tasks/").status_code == 302


def test_signing_out_needs_a_form_of_ours(site: Site) -> None:
    browser = site.anonymous()
    sign_in(browser, "dora")
    assert browser.client.get("/logout/").status_code == 405
    assert browser.client.post("/logout/").status_code == 400
    browser.get("/tasks/")
    browser.post("/logout/")
    assert browser.client.get("/tasks/").status_code == 302


def test_a_person_without_a_unit_is_told_so(site: Site) -> None:
    response = site.signed_in(site.account("nowhere")).client.get("/tasks/")
    assert response.status_code == 403
    assert "没有分配单位" in sound(site.signed_in(site.account("nowhere2")).client.get("/")).text


def test_a_person_of_two_units_chooses(site: Site) -> None:
    user_id = site.account("both")
    site.employ(user_id, "d111", Role.FILLER)
    site.employ(user_id, "c12", Role.REVIEWER)
    browser = site.signed_in(user_id)
    first = browser.get("/tasks/") if browser.client.get("/tasks/").status_code == 200 else browser.get("/review/")
    assert {button["value"] for button in first.all("button", name="unit")} == {"d111", "c12"}
    browser.post("/unit", {"unit": "c12"})
    assert browser.client.get("/").location == "/review/"
    assert "c12 民政局" in browser.get("/review/").text
    browser.post("/unit", {"unit": "d111"})
    assert browser.client.get("/").location == "/tasks/"


def test_nobody_chooses_a_unit_that_is_not_theirs(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    assert browser.post("/unit", {"unit": "d112"}).status_code == 403
    assert "d111 民政局" in browser.get("/tasks/").text


def test_a_unit_left_since_is_no_longer_acted_for(site: Site) -> None:
    user_id = site.account("left")
    site.employ(user_id, "d112", Role.FILLER, until=date(2001, 1, 1))
    site.employ(user_id, "d111", Role.FILLER)
    browser = site.signed_in(user_id)
    with browser.client.session_transaction() as session:
        session["unit"] = "d112"
    assert "d111 民政局" in browser.get("/tasks/").text


def test_a_new_password_must_be_good_and_typed_twice(site: Site) -> None:
    browser = site.anonymous()
    sign_in(browser, "emil")
    for password, again, problem in (
        ("kurz", "kurz", "新密码"),
        ("GutesKennwort#22", "anderes", "两次输入的密码不一样"),
    ):
        response = browser.post("/resetmypassword/form", {"password": password, "conf_password": again})
        assert problem in sound(response).text
        assert "没有保存" in sound(response).text
    browser.post("/resetmypassword/form", {"password": "GutesKennwort#22", "conf_password": "GutesKennwort#22"})
    assert sign_in(site.anonymous(), "emil", "GutesKennwort#22") == "/"
    newcomer = site.anonymous()
    sign_in(newcomer, "emil")
    assert newcomer.client.get("/tasks/").status_code == 302
