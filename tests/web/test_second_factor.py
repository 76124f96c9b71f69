"""Signing in with a second factor, and setting one up, as people and attackers do it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.clock import frozen_at
from portal.db import identity_transaction
from portal.domain.policy import Role
from portal.models import Event
from portal.services import second_factor
from tests.web.conftest import PASSWORD, Browser, Site, sound
from tests.web.second_factors import Authenticator, enrol, give_password, send, shown_codes, shown_secret

NOON = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def at_noon():
    with frozen_at(NOON):
        yield


def person(site: Site, name: str) -> int:
    user_id = site.account(name)
    site.employ(user_id, "d111", Role.FILLER)
    return user_id


def half_way(site: Site, name: str, query: str = "") -> tuple[Browser, Authenticator, int]:
    """A browser whose person gave the password and owes the code."""
    user_id = person(site, name)
    phone, browser = enrol(site, user_id), site.anonymous()
    assert give_password(browser, name, query=query).location == "/login/code"
    return browser, phone, user_id


class TestSigningIn:
    def test_the_code_follows_the_password(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "anna", "?next=/submissions/d111-2023-T/")
        assert "动态口令" in browser.get("/login/code").text
        assert send(browser, "/login/code", {"code": phone.code()}).location == "/submissions/d111-2023-T/"
        assert browser.client.get("/tasks/").status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/tasks/",
            "/account/",
            "/account/second-factor/set-up",
            "/account/keys/new",
            "/dashboards/",
            "/swagger/v1",
            "/",
        ],
    )
    def test_half_way_in_nothing_opens(self, site: Site, path: str) -> None:
        browser, _phone, _ = half_way(site, f"half{path.replace('/', '-')}")
        response = browser.client.get(path)
        assert response.status_code == 302
        assert response.location.startswith("/login/")
        assert browser.client.get("/api/v1/units").status_code == 401

    def test_half_way_in_nothing_is_changed(self, site: Site) -> None:
        browser, _phone, user_id = half_way(site, "half")
        token = browser.get("/login/code").all("input", name="csrf_token")[0]["value"]
        for path in ("start", "confirm", "off", "recovery-codes"):
            fields = {"csrf_token": token, "code": "000000"}
            assert browser.client.post(f"/account/second-factor/{path}", data=fields).location.startswith("/login/")
        with identity_transaction() as session:
            assert second_factor.standing(session, user_id).enrolled

    def test_a_wrong_code_is_named_and_may_be_tried_again(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "bert")
        wrong = send(browser, "/login/code", {"code": "000000"})
        assert wrong.status_code == 422
        assert "动态口令不对" in sound(wrong).text
        assert send(browser, "/login/code", {"code": f" {phone.code()[:3]} {phone.code()[3:]} "}).status_code == 302
        assert browser.client.get("/tasks/").status_code == 200

    def test_a_code_signs_in_once(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "carl")
        code = phone.code()
        send(browser, "/login/code", {"code": code})
        thief = site.anonymous()
        give_password(thief, "carl")
        assert send(thief, "/login/code", {"code": code}).status_code == 422
        assert thief.client.get("/tasks/").status_code == 302

    def test_the_cookie_of_half_way_is_worth_nothing_afterwards(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "cora")
        before = browser.client.get_cookie("huizong").value
        send(browser, "/login/code", {"code": phone.code()})
        assert browser.client.get_cookie("huizong").value != before
        thief = site.anonymous()
        thief.client.set_cookie("huizong", before)
        assert thief.client.get("/tasks/").status_code == 302
        assert thief.client.get("/login/code").location == "/login/"

    def test_a_recovery_code_stands_in_once(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "dora")
        assert browser.get("/login/code").all("a", href="/login/recovery-code")
        assert send(browser, "/login/recovery-code", {"code": phone.recovery_codes[0].lower()}).location == "/"
        assert "还剩 9 个" in browser.get("/account/").text
        again = site.anonymous()
        give_password(again, "dora")
        assert "已经用过" in sound(send(again, "/login/recovery-code", {"code": phone.recovery_codes[0]})).text

    def test_after_five_wrong_codes_none_is_looked_at_for_a_quarter_of_an_hour(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "emil")
        for _attempt in range(5):
            assert send(browser, "/login/code", {"code": "000000"}).status_code == 422
        assert send(browser, "/login/code", {"code": phone.code()}).status_code == 429
        other = site.anonymous()
        give_password(other, "emil")
        assert send(other, "/login/code", {"code": phone.recovery_codes[0]}).status_code == 429
        with frozen_at(NOON + timedelta(minutes=16)):
            give_password(other, "emil")
            assert send(other, "/login/code", {"code": phone.code()}).status_code == 302

    def test_ten_minutes_later_the_password_is_asked_for_again(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "finn")
        token = browser.get("/login/code").all("input", name="csrf_token")[0]["value"]
        with frozen_at(NOON + timedelta(minutes=11)):
            response = browser.client.post("/login/code", data={"csrf_token": token, "code": phone.code()})
            assert response.status_code == 400
            assert browser.client.get("/login/code").location == "/login/"

    def test_without_a_password_there_is_no_code_to_give(self, site: Site) -> None:
        assert site.anonymous().client.get("/login/code").location == "/login/"

    def test_another_account_may_sign_in_instead(self, site: Site) -> None:
        browser, _phone, _ = half_way(site, "gina")
        token = browser.get("/login/code").all("input", name="csrf_token")[0]["value"]
        browser.client.post("/logout/", data={"csrf_token": token})
        assert browser.client.get("/login/code").location == "/login/"

    def test_the_form_needs_the_token(self, site: Site) -> None:
        browser, phone, _ = half_way(site, "hans")
        assert browser.client.post("/login/code", data={"code": phone.code()}).status_code == 400


class TestSettingUp:
    def test_from_the_password_to_the_recovery_codes(self, site: Site) -> None:
        user_id = person(site, "ida")
        browser, elsewhere = site.signed_in(user_id), site.signed_in(user_id)
        assert browser.get("/account/").all("a", href="/account/second-factor/set-up")
        assert browser.post("/account/second-factor/start", {"password": PASSWORD}).status_code == 303
        phone = Authenticator(shown_secret(browser), [])
        assert browser.post("/account/second-factor/confirm", {"code": "000000"}).status_code == 422
        phone.recovery_codes = shown_codes(browser.post("/account/second-factor/confirm", {"code": phone.code()}))
        assert len(phone.recovery_codes) == 10
        assert "恢复码还剩 10 个" in browser.get("/account/").text
        assert elsewhere.client.get("/tasks/").status_code == 302
        assert phone.secret not in browser.client.get("/account/second-factor/set-up").text
        again = site.anonymous()
        assert give_password(again, "ida").location == "/login/code"

    def test_it_starts_with_the_right_password_only(self, site: Site) -> None:
        browser = site.signed_in(person(site, "jack"))
        assert browser.post("/account/second-factor/start", {"password": "wrong"}).status_code == 422
        assert not browser.get("/account/second-factor/set-up").all("svg", version="1.1")

    def test_what_counts_is_not_started_again(self, site: Site) -> None:
        user_id = person(site, "kate")
        phone, browser = enrol(site, user_id), site.signed_in(user_id)
        assert browser.post("/account/second-factor/start", {"password": PASSWORD}).status_code == 409
        page = browser.post("/account/second-factor/confirm", {"code": phone.code()})
        assert shown_codes(page) == []

    def test_new_recovery_codes_cost_a_code_and_end_the_old_ones(self, site: Site) -> None:
        user_id = person(site, "lena")
        phone, browser = enrol(site, user_id), site.signed_in(user_id)
        assert browser.post("/account/second-factor/recovery-codes", {"code": "1"}).status_code == 422
        codes = shown_codes(browser.post("/account/second-factor/recovery-codes", {"code": phone.code()}))
        assert len(set(codes) - set(phone.recovery_codes)) == 10
        assert browser.post("/account/second-factor/off", {"code": phone.recovery_codes[0]}).status_code == 422

    def test_turning_off_costs_a_code(self, site: Site) -> None:
        user_id = person(site, "mona")
        phone, browser = enrol(site, user_id), site.signed_in(user_id)
        browser.get("/account/second-factor/off")
        assert browser.post("/account/second-factor/off", {"code": "000000"}).status_code == 422
        assert browser.post("/account/second-factor/off", {"code": phone.code()}).location == "/account/"
        assert "动态口令已停用" in browser.get("/account/").text
        assert give_password(site.anonymous(), "mona").location == "/"

    @pytest.mark.parametrize("page", ["off", "recovery-codes"])
    def test_without_one_the_other_pages_lead_to_setting_up(self, site: Site, page: str) -> None:
        browser = site.signed_in(person(site, f"nils-{page}"))
        assert browser.client.get(f"/account/second-factor/{page}").location == "/account/second-factor/set-up"
        for _attempt in range(6):  # none of them is a failure
            response = browser.post(f"/account/second-factor/{page}", {"code": "000000"})
            assert response.location == "/account/second-factor/set-up"

    def test_a_token_is_no_browser(self, site: Site) -> None:
        headers = {"Authorization": f"Bearer {site.token(person(site, 'olaf'))}"}
        response = site.app.test_client().get("/account/second-factor/set-up", headers=headers)
        assert response.status_code == 302

    def test_it_is_on_record_without_its_secrets(self, site: Site) -> None:
        user_id = person(site, "paul")
        phone, browser = enrol(site, user_id), site.signed_in(user_id)
        code = phone.code()
        browser.post("/account/second-factor/recovery-codes", {"code": "000000"})
        browser.post("/account/second-factor/off", {"code": code})
        with identity_transaction() as session:
            session.connection().exec_driver_sql("set local huizong.scope = 'p1'; set local huizong.forms = '*'")
            query = select(Event).where(Event.subject.in_(["paul", str(user_id)])).order_by(Event.number)
            bodies = [row.body for row in session.scalars(query)]
        kinds = [
            kind for body in bodies for kind in ("enabled", "failed", "disabled") if f"second_factor_{kind}" in body
        ]
        assert kinds == ["enabled", "failed", "disabled"]
        assert not any(secret in body for body in bodies for secret in (code, phone.secret, *phone.recovery_codes))


class TestPrograms:
    def sign_in(self, site: Site, name: str, **more: str):
        body = {"username": name, "password": PASSWORD, **more}
        return site.app.test_client().post("/api/v1/security/login", json=body)

    def test_a_program_gives_the_code_with_the_password(self, site: Site) -> None:
        phone = enrol(site, person(site, "prog"))
        without = self.sign_in(site, "prog")
        assert (without.status_code, without.json["code"]) == (401, "second_factor_required")
        wrong = self.sign_in(site, "prog", code="000000")
        assert (wrong.status_code, wrong.json["code"]) == (401, "wrong_code")
        code = phone.code()
        headers = {"Authorization": f"Bearer {self.sign_in(site, 'prog', code=code).json['access_token']}"}
        assert site.app.test_client().get("/api/v1/units", headers=headers).status_code == 200
        assert self.sign_in(site, "prog", code=code).json["code"] == "wrong_code"

    def test_a_recovery_code_does_too(self, site: Site) -> None:
        phone = enrol(site, person(site, "prog2"))
        assert self.sign_in(site, "prog2", code=phone.recovery_codes[5]).status_code == 200

    def test_a_wrong_password_does_not_tell_of_the_second_factor(self, site: Site) -> None:
        enrol(site, person(site, "prog3"))
        assert self.sign_in(site, "prog3", password="wrong").json["code"] == "invalid_credentials"

    def test_wrong_codes_are_counted_with_those_of_the_form(self, site: Site) -> None:
        phone = enrol(site, person(site, "prog4"))
        for _attempt in range(5):
            self.sign_in(site, "prog4", code="000000")
        assert self.sign_in(site, "prog4", code=phone.code()).json["code"] == "too_many_codes"

    def test_without_a_second_factor_nothing_is_asked(self, site: Site) -> None:
        person(site, "prog5")
        assert self.sign_in(site, "prog5").status_code == 200
