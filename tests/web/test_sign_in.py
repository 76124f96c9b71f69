"""Signing in and out, locked accounts, and whose unit one acts for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from portal.app import create_app
from portal.clock import frozen_at
from portal.config import Config
from portal.domain.policy import Role
from tests.web.conftest import PASSWORD, Site, sound

NOON = datetime(2024, 3, 1, 4, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def accounts(site: Site) -> None:
    for name in ("anna", "bert", "carl", "dora", "fritz", "gerda", "hans", "ida"):
        site.employ(site.account(name), "d111", Role.FILLER)


@contextmanager
def minutes_later(minutes: int) -> Iterator[None]:
    with frozen_at(NOON + timedelta(minutes=minutes)):
        yield


@pytest.mark.parametrize("username", ["anna", "anna@example.invalid"])
def test_user_name_and_email_both_sign_in(site: Site, username: str) -> None:
    browser = site.anonymous()
    assert browser.sign_in(username) == "/"
    assert browser.client.get("/").location == "/tasks/"
    assert "d111 民政局" in browser.get("/tasks/").text


def test_a_page_asks_to_sign_in_first_and_comes_back(site: Site) -> None:
    browser = site.anonymous()
    response = browser.client.get("/submissions/d111-2023-T/?x=1")
    assert response.location == "/login/?next=/submissions/d111-2023-T/?x%3D1"
    assert browser.sign_in("anna", query="?next=/submissions/d111-2023-T/?x%3D1") == "/submissions/d111-2023-T/?x=1"


def test_signing_in_does_not_lead_to_another_site(site: Site) -> None:
    assert site.anonymous().sign_in("anna", query="?next=https://elsewhere.example/") == "/"


@pytest.mark.parametrize("password", ["wrong", "", "\0"])
def test_a_wrong_password_is_refused(site: Site, password: str) -> None:
    browser = site.anonymous()
    browser.sign_in("bert", password)
    assert "anna" not in browser.client.get("/login/").text
    assert browser.client.get("/tasks/").status_code == 302


def test_five_failures_lock_the_account_by_either_name_for_a_quarter_of_an_hour(site: Site) -> None:
    browser = site.anonymous()
    with frozen_at(NOON):
        for attempt in range(5):
            browser.sign_in(("carl", "carl@example.invalid")[attempt % 2], "wrong")
    with minutes_later(14):
        for name in ("carl", "carl@example.invalid"):
            browser.sign_in(name)
            assert browser.client.get("/tasks/").status_code == 302
    assert "连续输错 5 次" in browser.get("/login/").text
    with minutes_later(16):
        assert browser.sign_in("carl") == "/"


def test_an_account_switched_off_does_not_sign_in(site: Site) -> None:
    site.account("gone", active=False)
    browser = site.anonymous()
    browser.sign_in("gone")
    assert browser.client.get("/tasks/").status_code == 302


def test_an_account_switched_off_is_out_at_once(site: Site) -> None:
    browser = site.signed_in(site.account("inactive", active=False))
    assert browser.client.get("/tasks/").status_code == 302


def test_signing_out_needs_a_form_of_ours(site: Site) -> None:
    browser = site.anonymous()
    browser.sign_in("dora")
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


def api_sign_in(site: Site, username: str, password: str, address: str = "127.0.0.1") -> tuple[int, str]:
    """Sign in as a program does; gives status and code."""
    response = site.anonymous().client.post(
        "/api/v1/security/login",
        json={"username": username, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
    )
    return response.status_code, response.json.get("code", "")


def test_form_and_api_of_all_processes_count_together(site: Site, tmp_path: Path) -> None:
    other = Site(create_app(Config.load(tmp_path, {})), site.world)
    with frozen_at(NOON):
        site.anonymous().sign_in("fritz", "wrong")
        other.anonymous().sign_in("fritz", "wrong")
        assert api_sign_in(site, "fritz", "wrong") == (401, "invalid_credentials")
        assert api_sign_in(other, "FRITZ", "wrong") == (401, "invalid_credentials")
        site.anonymous().sign_in("fritz", "wrong")
        for place in (site, other):
            assert api_sign_in(place, "fritz", PASSWORD) == (401, "invalid_credentials")
            assert place.anonymous().sign_in("fritz") != "/"
    with minutes_later(15):
        assert api_sign_in(other, "fritz", PASSWORD) == (200, "")


def test_a_name_that_nobody_has_is_refused_just_as_one_that_somebody_has(site: Site) -> None:
    answers = {}
    for name in ("gerda", "nobody-at-all"):
        browser = site.anonymous()
        for attempt in range(7):
            browser.sign_in(name, "wrong")
            page = browser.get("/login/")
            answers.setdefault(attempt, set()).add((page.text, *api_sign_in(site, name, "wrong", "10.9.9.9")))
    assert {len(several) for several in answers.values()} == {1}


def test_a_success_starts_the_count_anew(site: Site) -> None:
    for _round in range(3):
        for _attempt in range(4):
            api_sign_in(site, "hans", "wrong")
        assert api_sign_in(site, "hans", PASSWORD) == (200, "")


def test_an_address_from_which_too_much_fails_is_not_heard_for_a_while(site: Site) -> None:
    office, home = "10.1.2.3", "10.3.2.1"
    with frozen_at(NOON):
        for number in range(50):
            assert api_sign_in(site, f"guess{number}", "wrong", office)[0] == 401
        assert api_sign_in(site, "ida", PASSWORD, office) == (429, "too_many_failures")
        assert api_sign_in(site, "ida", PASSWORD, home) == (200, "")
    with minutes_later(15):
        assert api_sign_in(site, "ida", PASSWORD, office) == (200, "")


def test_colleagues_at_one_address_who_get_in_do_not_count(site: Site) -> None:
    for _morning in range(60):
        assert api_sign_in(site, "ida", PASSWORD, "10.1.1.1") == (200, "")


def test_programs_of_one_person_that_sign_in_at_once_all_get_in(site: Site) -> None:
    """Their beginnings and ends meet at the same address and the same account, and never wait for each other in a ring."""

    def sign_in(_number: int) -> int:
        return api_sign_in(site, "ida", PASSWORD, "10.5.5.5")[0]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(sign_in, range(40))) == [200] * 40


def test_of_ipv6_the_network_counts(site: Site) -> None:
    for number in range(50):
        api_sign_in(site, f"guess{number}", "wrong", f"2001:db8::{number:x}")
    assert api_sign_in(site, "ida", PASSWORD, "2001:db8::ffff")[0] == 429
    assert api_sign_in(site, "ida", PASSWORD, "2001:db8:1::1")[0] == 200


@pytest.mark.parametrize("named", ["", "unknown", "10.8.8.8:4711"])
def test_an_address_that_is_none_counts_as_it_stands(site: Site, named: str) -> None:
    assert api_sign_in(site, "ida", "wrong", named)[0] == 401
    assert api_sign_in(site, "ida", PASSWORD, named) == (200, "")


def test_a_page_says_so_when_the_address_is_blocked(site: Site) -> None:
    browser = site.anonymous()
    browser.client.environ_base["REMOTE_ADDR"] = "10.7.7.7"
    for number in range(51):
        api_sign_in(site, f"guess{number}", "wrong", "10.7.7.7")
    browser.sign_in("ida")
    assert "从您所在的网络登录失败的次数太多" in browser.get("/login/").text
