"""API keys on the account page: made with the password, shown once, revoked by their owner only."""

import re
from datetime import timedelta

import pytest

from portal.clock import today
from portal.domain.policy import Role
from tests.web.conftest import PASSWORD, Browser, Site, sound


def person(site: Site, name: str, *units: str) -> int:
    user_id = site.account(name)
    for unit in units or ("d111",):
        site.employ(user_id, unit, Role.FILLER)
    return user_id


def fields(**changed: str) -> dict[str, str]:
    until = (today() + timedelta(days=90)).isoformat()
    made = {"name": "区政务数据平台", "unit": "d111", "scope": "read", "expires_on": until, "password": PASSWORD}
    return made | changed


def make(browser: Browser, **changed: str) -> str:
    """Make a key; gives what the page shows."""
    page = sound(browser.post("/account/keys/new", fields(**changed)))
    return page.all("input", id="key")[0]["value"]


def revoke_path(browser: Browser) -> str:
    return next(form["action"] for form in browser.get("/account/").all("form") if "/revoke" in form.get("action", ""))


def works(site: Site, key: str) -> bool:
    headers = {"Authorization": f"Bearer {key}"}
    return site.app.test_client().get("/api/v1/units", headers=headers).status_code == 200


def test_a_key_is_shown_once_and_listed_by_its_beginning(site: Site) -> None:
    browser = site.signed_in(person(site, "anna"))
    assert browser.get("/account/").all("a", href="/account/keys/new")
    key = make(browser)
    assert works(site, key)
    listed = browser.get("/account/").source
    assert key not in listed
    assert key[:10] in listed
    assert "区政务数据平台" in listed


def test_a_person_of_two_units_chooses(site: Site) -> None:
    browser = site.signed_in(person(site, "bert", "d111", "d112"))
    options = browser.get("/account/keys/new").all("option")
    assert [option["value"] for option in options] == ["d111", "d112"]
    key = make(browser, unit="d112")
    headers = {"Authorization": f"Bearer {key}"}
    units = site.app.test_client().get("/api/v1/units", headers=headers).json["items"]
    assert [unit["code"] for unit in units] == ["d112"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "  "}, "请写一个名称"),
        ({"name": "长" * 61}, "内容太长"),
        ({"unit": "d211"}, "请从列出的选项中选择"),
        ({"unit": ""}, "请从列出的选项中选择"),
        ({"scope": "everything"}, "请从列出的选项中选择"),
        ({"expires_on": "tomorrow"}, "请填日期"),
        ({"expires_on": ""}, "请填日期"),
        ({"expires_on": "2001-01-01"}, "一年以内"),
        ({"expires_on": "2199-01-01"}, "一年以内"),
        ({"password": "wrong"}, "密码不对"),
        ({"password": ""}, "密码不对"),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_is_kept(site: Site, changed: dict[str, str], said: str) -> None:
    browser = site.signed_in(person(site, f"wrong-{sorted(changed.items())}"))
    response = browser.post("/account/keys/new", fields(**changed))
    assert response.status_code == 422
    page = sound(response)
    assert said in page.text
    assert page.all("input", name="password")[0].get("value") is None
    assert page.all("input", name="expires_on")[0]["value"] == fields(**changed)["expires_on"]
    assert not re.search(r"hzk_\w", browser.client.get("/account/").text)


def test_revoked_it_stays_in_the_list_and_works_no_more(site: Site) -> None:
    browser = site.signed_in(person(site, "carl"))
    key = make(browser)
    path = revoke_path(browser)
    assert browser.client.get(path).status_code == 405
    assert browser.client.post(path).status_code == 400
    assert works(site, key)
    for _twice in range(2):
        assert browser.post(path).location == "/account/"
    assert not works(site, key)
    assert "已撤销" in browser.get("/account/").text


def test_the_keys_of_others_do_not_exist(site: Site) -> None:
    owner, other = site.signed_in(person(site, "dora")), site.signed_in(person(site, "emil"))
    key = make(owner)
    assert other.post(revoke_path(owner)).status_code == 404
    assert other.post("/account/keys/99999999999999999999/revoke").status_code == 404
    assert key[:10] not in other.get("/account/").source
    assert works(site, key)


def test_without_a_unit_there_is_nothing_to_make_a_key_for(site: Site) -> None:
    browser = site.signed_in(site.account("nowhere"))
    assert not browser.get("/account/").all("a", href="/account/keys/new")
    assert browser.client.get("/account/keys/new").status_code == 403
    assert browser.post("/account/keys/new", fields()).status_code == 422


def test_a_token_makes_no_key(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token(person(site, 'frank'))}"}
    assert site.app.test_client().get("/account/keys/new", headers=headers).status_code == 302


def test_guessing_the_password_here_locks_the_account(site: Site) -> None:
    browser = site.signed_in(person(site, "gina"))
    for _attempt in range(5):
        browser.post("/account/keys/new", fields(password="wrong"))
    assert browser.post("/account/keys/new", fields()).status_code == 422
