"""The administration screens: Flask-AppBuilder's, in our look and within our bounds."""

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from portal.db import transaction
from portal.domain.policy import Role
from tests.web.conftest import Browser, Site, sound

pytestmark = pytest.mark.filterwarnings("ignore:Yielding raw tuples")  # Flask-AppBuilder's fields of many choices

NEWCOMER = {
    "last_name": "李",
    "first_name": "建国",
    "username": "lijianguo",
    "email": "lijianguo@example.invalid",
    "active": "y",
    "password": "GutesKennwort#22",
    "conf_password": "GutesKennwort#22",
}


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.person("p1", Role.SYSTEM_ADMIN)


def account(username: str) -> User | None:
    with transaction(None) as session:
        return session.scalar(select(User).where(User.username == username))


def test_the_page_leads_to_every_screen(admin: Browser) -> None:
    page = admin.get("/admin/")
    links = [link["href"] for link in page.all("a")]
    for address in ("/users/list/", "/roles/list/", "/admin/forms/list/", "/admin/form-versions/list/", "/admin/units"):
        assert address in links
        admin.get(address)


def test_an_account_is_made_changed_and_switched_off(site: Site, admin: Browser) -> None:
    assert admin.post("/users/add", NEWCOMER).status_code == 302
    made = account("lijianguo")
    assert made is not None
    assert made.password != NEWCOMER["password"]
    assert "李" in admin.get(f"/users/show/{made.id}").text
    kept = {name: NEWCOMER[name] for name in ("last_name", "first_name", "username", "email")}
    admin.post(f"/users/edit/{made.id}", kept)  # the box for active is not ticked
    assert account("lijianguo").active is False
    assert site.signed_in(made.id).client.get("/tasks/").status_code == 302


def test_a_form_with_mistakes_comes_back_with_them(admin: Browser) -> None:
    response = admin.post("/users/add", NEWCOMER | {"username": "", "conf_password": "other"})
    page = sound(response)
    assert "没有保存" in page.text
    assert page.all("input", name="first_name")[0]["value"] == "建国"


def test_accounts_are_found_by_a_part_of_their_name(site: Site, admin: Browser) -> None:
    site.account("somebody-special")
    page = admin.get("/users/list/?_flt_2_username=special")
    assert "somebody-special" in page.text
    assert "共 1 个" in page.text


@pytest.mark.parametrize("path", ["/users/delete/1", "/roles/delete/1"])
def test_nothing_is_deleted(admin: Browser, path: str) -> None:
    before = account("p1-system_admin")
    admin.post(path)
    assert before is not None
    assert account("p1-system_admin") is not None


def test_units_are_listed_in_tree_order(admin: Browser) -> None:
    page = admin.get("/admin/units?q=d1")
    assert page.text.index("d111 民政局") < page.text.index("d112 民政局") < page.text.index("d121 民政局")
    assert "c11 民政局" not in page.text
