"""The administration screens: Flask-AppBuilder's, in our look and within our bounds."""

import pytest

from portal.domain.policy import Role
from tests.web.conftest import Browser, Site

pytestmark = pytest.mark.filterwarnings("ignore:Yielding raw tuples")  # Flask-AppBuilder's fields of many choices


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.person("p1", Role.SYSTEM_ADMIN)


def test_the_page_leads_to_every_screen(admin: Browser) -> None:
    page = admin.get("/admin/")
    links = [link["href"] for link in page.all("a")]
    for address in ("/roles/list/", "/admin/forms/list/", "/admin/form-versions/list/", "/admin/units"):
        assert address in links
        admin.get(address)


def test_a_list_is_searched_by_a_part_of_a_name(admin: Browser) -> None:
    assert "共 1 个" in admin.get("/admin/forms/list/?_flt_2_name=试验").text
    assert "试验表" not in admin.get("/admin/forms/list/?_flt_2_name=别的").text


def test_roles_are_neither_made_nor_deleted(site: Site, admin: Browser) -> None:
    for path in ("/roles/add", "/roles/delete/1", "/roles/action_post", "/roles/download/x"):
        assert admin.post(path).status_code == 404
    assert site.person("d111", Role.FILLER).client.get("/tasks/").status_code == 200


def test_units_are_listed_in_tree_order(admin: Browser) -> None:
    page = admin.get("/admin/units?q=d1")
    assert page.text.index("d111 民政局") < page.text.index("d112 民政局") < page.text.index("d121 民政局")
    assert "c11 民政局" not in page.text
