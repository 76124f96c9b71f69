"""An installation that asks heads and administrators for a second factor."""

from datetime import date

import pytest
from werkzeug.test import TestResponse

from portal.clock import today
from portal.config import Config
from portal.db import identity_transaction
from portal.domain.actors import KeyScope
from portal.domain.policy import Role
from portal.environment import ConfigInvalid
from portal.queries.people import find_actor
from portal.services import api_keys
from portal.services.sign_in_events import Account
from portal.web.second_factor import install
from tests.web.conftest import PASSWORD, Browser, Site, sound
from tests.web.second_factors import Authenticator, enrol, give_password, shown_codes, shown_secret

SET_UP = "/account/second-factor/set-up"
ELSEWHERE = [
    "/",
    "/tasks/",
    "/review/",
    "/rollups/d111",
    "/dashboards/",
    "/account/",
    "/account/keys/new",
    "/swagger/v1",
]


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    return {"HUIZONG_SECOND_FACTOR": "head, unit_admin,system_admin"}


def person(site: Site, name: str, *roles: Role, until: date | None = None) -> int:
    user_id = site.account(name)
    site.employ(user_id, "d111", *roles, until=until)
    return user_id


def send(browser: Browser, path: str, **fields: str) -> TestResponse:
    """Send a form from the only page that opens."""
    token = browser.get(SET_UP).all("input", name="csrf_token")[0]["value"]
    return browser.client.post(path, data={"csrf_token": token, **fields})


def set_up(browser: Browser) -> Authenticator:
    send(browser, "/account/second-factor/start", password=PASSWORD)
    phone = Authenticator(shown_secret(browser), [])
    phone.recovery_codes = shown_codes(send(browser, "/account/second-factor/confirm", code=phone.code()))
    return phone


@pytest.mark.parametrize("role", [Role.HEAD, Role.UNIT_ADMIN, Role.SYSTEM_ADMIN])
def test_who_must_have_one_is_led_to_it_and_nowhere_else(site: Site, role: Role) -> None:
    person(site, f"must-{role}", role)
    browser = site.anonymous()
    give_password(browser, f"must-{role}")
    for path in ELSEWHERE:
        assert browser.client.get(path).location == SET_UP
    asked = browser.client.get("/api/v1/units")
    assert (asked.status_code, asked.json["code"]) == (403, "second_factor_enrolment_required")
    assert browser.client.get("/dashboards/_dash-layout").status_code in {302, 403}
    assert send(browser, "/submissions/d111-2023-T/actions/sign").location == SET_UP
    page = browser.get(SET_UP)
    assert "您的岗位登录时须用动态口令" in page.text
    assert not page.all("a", href="/review/")


def test_set_up_everything_opens(site: Site) -> None:
    person(site, "willing", Role.HEAD)
    browser = site.anonymous()
    give_password(browser, "willing")
    assert len(set_up(browser).recovery_codes) == 10
    assert browser.client.get("/review/").status_code == 200
    assert give_password(site.anonymous(), "willing").location == "/login/code"


def test_others_are_asked_for_nothing(site: Site) -> None:
    browser = site.signed_in(person(site, "filler", Role.FILLER))
    assert browser.client.get("/tasks/").status_code == 200
    over = person(site, "was-head", Role.HEAD, until=date(2001, 1, 1))
    site.employ(over, "d111", Role.FILLER)
    assert site.signed_in(over).client.get("/tasks/").status_code == 200


def test_a_role_given_meanwhile_counts_at_once_in_every_unit_acted_for(site: Site) -> None:
    user_id = person(site, "promoted", Role.FILLER)
    browser, token = site.signed_in(user_id), site.token(user_id)
    browser.get("/tasks/")
    site.employ(user_id, "c12", Role.HEAD)
    assert browser.client.get("/tasks/").location == SET_UP
    answer = site.app.test_client().get("/api/v1/units", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (403, "second_factor_enrolment_required")


def test_programs_get_no_token_before(site: Site) -> None:
    person(site, "program", Role.HEAD)
    answer = site.app.test_client().post("/api/v1/security/login", json={"username": "program", "password": PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (403, "second_factor_enrolment_required")


def test_keys_of_before_rest_until_it_is_set_up(site: Site) -> None:
    user_id = person(site, "keeper", Role.HEAD)
    with identity_transaction() as session:
        actor = find_actor(session, user_id, "张某")
        account = Account(user_id, "keeper")
        key = api_keys.make(session, actor, account, "程序", KeyScope.READ, today())
    ask = {"path": "/api/v1/units", "headers": {"Authorization": f"Bearer {key}"}}
    assert site.app.test_client().get(**ask).json["code"] == "second_factor_enrolment_required"
    enrol(site, user_id)
    assert site.app.test_client().get(**ask).status_code == 200


def test_who_must_have_one_may_change_the_telephone(site: Site) -> None:
    user_id = person(site, "mover", Role.HEAD)
    phone, browser = enrol(site, user_id), site.signed_in(user_id)
    assert "换手机" in browser.get("/account/").text
    browser.post("/account/second-factor/off", {"code": phone.code()})
    assert browser.client.get("/review/").location == SET_UP
    set_up(browser)
    assert browser.client.get("/review/").status_code == 200


def test_signing_out_and_the_language_stay_open(site: Site) -> None:
    browser = site.signed_in(person(site, "leaving", Role.HEAD))
    assert browser.client.get("/language/en?next=/account/second-factor/set-up").location == SET_UP
    assert "one-time codes" in sound(browser.client.get(SET_UP)).text.lower()
    send(browser, "/logout/")
    assert browser.client.get(SET_UP).location.startswith("/login/")


def test_a_role_that_is_none_is_named(site: Site) -> None:
    with pytest.raises(ConfigInvalid, match="HUIZONG_SECOND_FACTOR .* not chief"):
        install(site.app, {"head", "chief"})


def test_by_default_nobody_must(tmp_path) -> None:
    assert Config.load(tmp_path, {}).sign_in.second_factor_roles == frozenset()
