"""人员: the pages on which a unit's administrator looks after its people."""

import re

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Engine, event, select

from portal.db import identity_transaction
from portal.domain.policy import Role
from portal.models import Membership
from tests.web.conftest import Browser, Site, sound

NEW = {
    "name": "李建国",
    "username": "lijianguo",
    "phone": "020-1234567",
    "unit": "d111",
    "roles": ["filler", "checker"],
}


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.person("c11", Role.UNIT_ADMIN)


def account(username: str) -> User | None:
    with identity_transaction() as session:
        return session.scalar(select(User).where(User.username == username))


def roles_of(user_id: int) -> list[Membership]:
    with identity_transaction() as session:
        return list(session.scalars(select(Membership).where(Membership.user_id == user_id).order_by(Membership.id)))


def newcomer(site: Site, username: str, unit: str = "d111", *roles: Role) -> int:
    user_id = site.account(username)
    site.employ(user_id, unit, *(roles or (Role.FILLER,)))
    return user_id


def first_password(text: str) -> str:
    found = re.search(r'class="code first-password">([^<]+)<', text)
    assert found
    return found[1]


class TestAdding:
    def test_an_administrator_lands_on_the_people(self, site: Site, admin: Browser) -> None:
        assert admin.client.get("/").location == "/people/"
        assert "人员" in admin.get("/people/").text

    def test_somebody_new_signs_in_with_the_slip_and_must_change_the_password(self, site: Site, admin: Browser) -> None:
        page = admin.get("/people/new?unit=d111")
        assert page.all("input", name="username")[0]["value"] == "d111_01"
        response = admin.post("/people/new", NEW)
        assert "李建国" in sound(response).text
        assert response.headers["Cache-Control"] == "no-store"
        browser = site.anonymous()
        assert browser.sign_in("lijianguo", first_password(response.text)) == "/"
        assert browser.client.get("/tasks/").location == "/account/password"
        assert {each.role for each in roles_of(account("lijianguo").id)} == {Role.FILLER, Role.CHECKER}

    def test_the_same_form_twice_makes_one_account(self, site: Site, admin: Browser) -> None:
        fields = NEW | {"username": "twice"}
        assert admin.post("/people/new", fields).status_code == 200
        again = admin.post("/people/new", fields)
        assert again.status_code == 422
        assert "已经有人用了" in sound(again).text

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"name": ""}, "姓名：请填写"),
            ({"username": "张三"}, "用户名：只能用"),
            ({"email": "x"}, "邮箱：不是邮箱"),
            ({"roles": []}, "角色：请填写"),
            ({"roles": ["emperor"]}, "角色：请从列出"),
            ({"until": "tomorrow"}, "最后一天：请填日期"),
            ({"roles": ["partner"]}, "最后一天：请填写"),
            ({"forms": ["T"]}, "可看的报表：只有协同"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, admin: Browser, changes: dict[str, str], problem: str
    ) -> None:
        response = admin.post("/people/new", NEW | {"username": "nobody", "phone": "1234567"} | changes)
        assert response.status_code == 422
        page = sound(response)
        assert problem in page.text
        assert page.all("input", name="phone")[0]["value"] == "1234567"
        assert account("nobody") is None

    @pytest.mark.parametrize("unit", ["p1", "c12", "d211"])
    def test_no_account_in_a_unit_of_others(self, admin: Browser, unit: str) -> None:
        response = admin.post("/people/new", NEW | {"username": "spy", "unit": unit})
        assert response.status_code == 403
        assert account("spy") is None

    def test_no_system_administrator_is_made_by_another(self, site: Site, admin: Browser) -> None:
        assert not admin.get("/people/new").all("input", value="system_admin")
        assert admin.post("/people/new", NEW | {"username": "root", "roles": ["system_admin"]}).status_code == 403
        assert account("root") is None
        assert site.person("p1", Role.SYSTEM_ADMIN).get("/people/new").all("input", value="system_admin")


class TestOnePerson:
    def test_roles_come_and_go(self, site: Site, admin: Browser) -> None:
        user_id = newcomer(site, "wang")
        role = {"unit": "d112", "role": "head", "from": "2020-01-01", "until": "2090-12-31"}
        for _click in range(2):
            assert admin.post(f"/people/{user_id}/roles", role).status_code == 303
        assert "2020-01-01 至 2090-12-31" in admin.get(f"/people/{user_id}").text
        filler, head = roles_of(user_id)
        for _click in range(2):
            assert admin.post(f"/people/{user_id}/roles/{head.id}/end").status_code == 303
        admin.post(f"/people/{user_id}/roles/{filler.id}/end", {"until": "2090-01-01"})
        assert "已结束" in admin.get(f"/people/{user_id}").text
        assert str(roles_of(user_id)[0].valid_to) == "2090-01-01"

    def test_an_overlapping_role_is_refused(self, site: Site, admin: Browser) -> None:
        user_id = newcomer(site, "zhao")
        response = admin.post(f"/people/{user_id}/roles", {"unit": "d111", "role": "filler", "from": "2020-01-01"})
        assert response.status_code == 422
        assert "已有相同的任职" in sound(response).text

    def test_a_deputy_is_named(self, site: Site, admin: Browser) -> None:
        absent, deputy = newcomer(site, "absent", "d111", Role.HEAD), newcomer(site, "standin")
        fields = {"unit": "d111", "deputy": "standin", "until": "2090-12-31"}
        assert admin.post(f"/people/{absent}/deputies", fields).status_code == 303
        assert "代理 张某" in admin.get(f"/people/{deputy}").text
        again = admin.post(f"/people/{absent}/deputies", fields)
        assert "代理人已经有了" in sound(again).text
        assert "最后一天：请填写" in sound(admin.post(f"/people/{absent}/deputies", {"unit": "d111"})).text

    def test_name_and_number_are_corrected(self, site: Site, admin: Browser) -> None:
        user_id = newcomer(site, "typo")
        admin.post(f"/people/{user_id}/details", {"name": "欧阳娜娜", "phone": "13800000000", "email": ""})
        page = admin.get(f"/people/{user_id}")
        assert "欧阳娜娜" in page.text
        assert page.all("input", name="phone")[0]["value"] == "13800000000"
        refused = admin.post(f"/people/{user_id}/details", {"name": "", "phone": "1", "email": ""})
        assert "姓名：请填写" in sound(refused).text

    def test_an_account_switched_off_is_out_at_once(self, site: Site, admin: Browser) -> None:
        user_id = newcomer(site, "leaving")
        browser = site.signed_in(user_id)
        assert browser.client.get("/tasks/").status_code == 200
        admin.post(f"/people/{user_id}/account/off")
        assert browser.client.get("/tasks/").status_code == 302
        assert "账号已停用" in admin.get(f"/people/{user_id}").text
        assert "leaving" not in admin.get("/people/").text
        assert "leaving" in admin.get("/people/?standing=off").text
        admin.post(f"/people/{user_id}/account/on")
        assert browser.client.get("/tasks/").status_code == 302  # the old browser stays out

    def test_a_new_password_is_shown_once(self, site: Site, admin: Browser) -> None:
        user_id = newcomer(site, "forgetful")
        old = site.signed_in(user_id)
        response = admin.post(f"/people/{user_id}/password")
        password = first_password(response.text)
        assert site.anonymous().sign_in("forgetful", password) == "/"
        assert old.client.get("/tasks/").status_code == 302
        page = admin.get(f"/people/{user_id}")
        assert password not in page.source
        assert "初始密码，还没有改" in page.text

    def test_a_locked_account_is_unlocked(self, site: Site, admin: Browser) -> None:
        user_id = newcomer(site, "clumsy")
        for _attempt in range(5):
            site.anonymous().sign_in("clumsy", "wrong")
        assert "锁定到" in admin.get(f"/people/{user_id}").text
        admin.post(f"/people/{user_id}/account/unlock")
        assert site.anonymous().sign_in("clumsy") == "/"

    @pytest.mark.parametrize("verb", ["sign-out", "second-factor", "keys"])
    def test_the_other_verbs_answer(self, site: Site, admin: Browser, verb: str) -> None:
        user_id = newcomer(site, f"somebody-{verb}")
        assert admin.post(f"/people/{user_id}/account/{verb}").status_code == 303
        assert admin.post(f"/people/{user_id}/account/nonsense").status_code == 404


class TestOthers:
    PATHS = ("details", "roles", "deputies", "password", "account/off", "account/second-factor")

    @pytest.mark.parametrize("unit", ["p1", "c12", "p2", "d211"])
    def test_people_of_others_do_not_exist(self, site: Site, admin: Browser, unit: str) -> None:
        stranger = newcomer(site, f"stranger-{unit}", unit)
        role = roles_of(stranger)[0]
        assert admin.client.get(f"/people/{stranger}").status_code == 404
        for path in (*self.PATHS, f"roles/{role.id}/end"):
            fields = {"unit": "d111", "role": "filler", "name": "x", "deputy": "y", "until": "2090-01-01"}
            assert admin.post(f"/people/{stranger}/{path}", fields).status_code == 404, path
        assert [(each.id, each.valid_to) for each in roles_of(stranger)] == [(role.id, None)]
        assert admin.client.get(f"/people/?unit={unit}").status_code == 403
        assert f"stranger-{unit}" not in admin.get("/people/?standing=all&q=stranger").text

    def test_a_number_that_is_none(self, admin: Browser) -> None:
        for number in ("0", "999999", "99999999999999999999"):
            assert admin.client.get(f"/people/{number}").status_code == 404

    def test_somebody_who_is_more_elsewhere_keeps_the_account(self, site: Site, admin: Browser) -> None:
        user_id = newcomer(site, "greater")
        site.employ(user_id, "p1", Role.REVIEWER)
        page = admin.get(f"/people/{user_id}")
        assert "范围以外也有任职" in page.text
        assert "p1 民政局" not in page.text
        for path in ("details", "password", "account/off", "account/second-factor"):
            assert admin.post(f"/people/{user_id}/{path}", {"name": "李四"}).status_code == 403, path
        assert admin.post(f"/people/{user_id}/roles/{roles_of(user_id)[0].id}/end").status_code == 303

    def test_the_own_account_and_the_own_role_stay(self, site: Site) -> None:
        user_id = newcomer(site, "boss", "c11", Role.UNIT_ADMIN)
        browser = site.signed_in(user_id)
        for path in ("account/off", "password", f"roles/{roles_of(user_id)[0].id}/end"):
            response = browser.post(f"/people/{user_id}/{path}")
            assert response.status_code == 422
            sound(response)
        assert browser.client.get("/people/").status_code == 200

    @pytest.mark.parametrize(
        "path", ["/users/list/", "/users/add", "/users/action_post", "/groups/list/", "/roles/add"]
    )
    def test_the_framework_offers_no_way_around(self, site: Site, path: str) -> None:
        assert site.person("p1", Role.SYSTEM_ADMIN).client.get(path).status_code == 404


def test_the_list_is_filtered_and_asks_a_bounded_number_of_times(site: Site) -> None:
    browser = site.person("p2", Role.UNIT_ADMIN)
    newcomer(site, "p2-one", "d211")
    browser.get("/people/")

    def statements() -> int:
        sent: list[str] = []

        def note(*args: object) -> None:
            sent.append(str(args[2]))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            browser.get("/people/")
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return len(sent)

    def listed() -> int:
        return int(re.search(r"共 (\d+) 人", browser.get("/people/").text)[1])

    before, people = statements(), listed()
    for number in range(60):
        newcomer(site, f"p2-many-{number:02}", "d211", Role.FILLER, Role.HEAD)
    assert statements() == before
    assert listed() == people + 60
    assert "p2-many-59" in browser.get("/people/?page=2").text
    assert "p2-many-07" in browser.get("/people/?q=many-07&role=head&unit=d211").text
    assert "没有符合条件" in browser.get("/people/?role=auditor&page=x&standing=x").text
