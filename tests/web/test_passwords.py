"""Passwords on the page: the first one must be changed, a bad one is refused, a new one ends everything else."""

from itertools import count

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from werkzeug.security import generate_password_hash

from dashboards.guard import CALLBACKS
from portal.db import identity_transaction
from portal.domain.policy import Role
from portal.services.passwords import set_first_password
from tests.web.conftest import PASSWORD, Browser, Site, sound

NEW = "三只老虎 跑得快 2024 年"

_numbers = count()


@pytest.fixture
def name(site: Site) -> str:
    """User name of a person who nobody else is."""
    made = f"person{next(_numbers)}"
    site.employ(site.account(made), "d111", Role.FILLER)
    return made


def id_of(name: str) -> int:
    with identity_transaction() as session:
        return session.scalars(select(User.id).where(User.username == name)).one()


def first_password(name: str) -> str:
    with identity_transaction() as session:
        return set_first_password(session, id_of(name))


def change(browser: Browser, old: str, new: str, again: str | None = None) -> tuple[int, str]:
    """Fill in the form; gives the status, and what the page says or where it leads."""
    page = browser.get("/account/password")
    fields = {"csrf_token": page.all("input", name="csrf_token")[0]["value"], "old": old, "new": new}
    response = browser.client.post("/account/password", data=fields | {"again": new if again is None else again})
    return response.status_code, response.location or sound(response).text


class TestTheFirstPassword:
    def test_opens_nothing_until_it_is_changed(self, site: Site, name: str) -> None:
        browser = site.anonymous()
        assert browser.sign_in(name, first_password(name)) == "/"
        pages = sorted(
            rule.rule
            for rule in site.app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "account.password"
        )
        assert {"/", "/tasks/", "/account/", "/dashboards/", "/admin/"} <= set(pages)
        for path in (*pages, "/nowhere", "/users/show/1"):
            response = browser.client.get(path)
            if response.location == "/" and path == "/login/":
                continue
            if path.startswith("/api/"):
                assert (response.status_code, response.json["code"]) == (403, "password_change_required"), path
            else:
                assert response.location == "/account/password", path

    def test_opens_no_callback_of_the_dashboards_either(self, site: Site, name: str) -> None:
        browser = site.anonymous()
        browser.sign_in(name, first_password(name))
        token = browser.get("/account/password").all("input", name="csrf_token")[0]["value"]
        response = browser.client.post(CALLBACKS, json={}, headers={"X-CSRFToken": token})
        assert (response.status_code, response.json["code"]) == (403, "password_change_required")

    def test_gives_no_token(self, site: Site, name: str) -> None:
        body = {"username": name, "password": first_password(name)}
        response = site.anonymous().client.post("/api/v1/security/login", json=body)
        assert (response.status_code, response.json["code"]) == (403, "password_change_required")

    def test_shows_the_form_and_no_menu_and_lets_one_leave(self, site: Site, name: str) -> None:
        browser = site.anonymous()
        browser.sign_in(name, first_password(name))
        page = browser.get("/account/password")
        assert "别人也知道" in page.text
        assert not page.all("a", href="/tasks/")
        token = page.all("input", name="csrf_token")[0]["value"]
        assert browser.client.post("/logout/", data={"csrf_token": token}).location == "/"
        assert browser.client.get("/account/password").location.startswith("/login/")

    def test_once_changed_opens_everything(self, site: Site, name: str) -> None:
        browser, first = site.anonymous(), first_password(name)
        browser.sign_in(name, first)
        assert change(browser, first, NEW) == (302, "/")
        assert "d111 民政局" in browser.get("/tasks/").text
        assert site.anonymous().sign_in(name, NEW) == "/"
        assert site.anonymous().sign_in(name, first) != "/"

    def test_ends_what_was_signed_in_and_unlocks(self, site: Site, name: str) -> None:
        there, token = site.signed_in(id_of(name)), site.token(id_of(name))
        for _attempt in range(5):
            site.anonymous().sign_in(name, "wrong")
        password = first_password(name)
        assert there.client.get("/tasks/").location.startswith("/login/")
        ask = {"Authorization": f"Bearer {token}"}
        assert site.anonymous().client.get("/api/v1/units", headers=ask).status_code == 401
        assert site.anonymous().sign_in(name, password) == "/"


class TestANewPassword:
    @pytest.mark.parametrize(
        ("new", "chinese", "english"),
        [
            ("kurz", "密码至少 12 个字符", "at least 12 characters"),
            ("x" * 129, "密码最多 128 个字符", "at most 128 characters"),
            ("1qaz2wsx3edc", "太常见", "too common"),
            ("Password2024!", "太常见", "too common"),
            ("d111 民政局 2024-2024", "不能有您的姓名", "may not contain your name"),
            (PASSWORD, "不能与现在的密码相同", "differ from the present one"),
        ],
    )
    def test_that_is_no_good_is_refused_in_either_language(
        self, site: Site, name: str, new: str, chinese: str, english: str
    ) -> None:
        browser = site.signed_in(id_of(name))
        for language, said in (("zh", chinese), ("en", english)):
            browser.client.get(f"/language/{language}")
            status, text = change(browser, PASSWORD, new)
            assert status == 422
            assert said in text
        assert site.anonymous().sign_in(name) == "/"

    def test_is_typed_twice_and_after_the_old_one(self, site: Site, name: str) -> None:
        browser = site.signed_in(id_of(name))
        assert "两次输入的密码不一样" in change(browser, PASSWORD, NEW, NEW + "x")[1]
        assert "现在的密码不对" in change(browser, "wrong", NEW)[1]
        assert site.anonymous().sign_in(name) == "/"

    def test_signs_out_everything_else_at_once(self, site: Site, name: str) -> None:
        here, there, token = site.signed_in(id_of(name)), site.signed_in(id_of(name)), site.token(id_of(name))
        assert change(here, PASSWORD, NEW) == (302, "/account/")
        assert "其他地方的登录都已退出" in here.get("/account/").text
        assert there.client.get("/tasks/").location.startswith("/login/")
        ask = {"Authorization": f"Bearer {token}"}
        assert site.anonymous().client.get("/api/v1/units", headers=ask).status_code == 401

    def test_takes_a_form_of_ours(self, site: Site, name: str) -> None:
        fields = {"old": PASSWORD, "new": NEW, "again": NEW}
        assert site.signed_in(id_of(name)).client.post("/account/password", data=fields).status_code == 400

    def test_does_not_let_the_old_one_be_guessed(self, site: Site, name: str) -> None:
        browser = site.signed_in(id_of(name))
        said = [change(browser, "wrong", NEW)[1] for _attempt in range(6)]
        assert "现在的密码不对" in said[4]
        assert "次数太多" in said[5]
        assert "次数太多" in change(browser, PASSWORD, NEW)[1]
        assert site.anonymous().sign_in(name) != "/"

    def test_refused_ones_do_not_lock_anybody_out(self, site: Site, name: str) -> None:
        browser = site.signed_in(id_of(name))
        for _attempt in range(6):
            change(browser, PASSWORD, "kurz")
        assert change(browser, PASSWORD, NEW) == (302, "/account/")


@pytest.mark.parametrize("method", ["scrypt", "pbkdf2:sha256:1000"])
def test_an_old_hash_is_renewed_at_sign_in(site: Site, method: str) -> None:
    name = f"old{next(_numbers)}"
    user_id = site.account(name, password=generate_password_hash(PASSWORD, method=method))
    for password, renewed in (("wrong", False), (PASSWORD, True)):
        site.anonymous().sign_in(name, password)
        with identity_transaction() as session:
            stored = session.scalars(select(User.password).where(User.id == user_id)).one()
        assert str(stored).startswith("$argon2id$") == renewed
    assert site.anonymous().sign_in(name) == "/"
