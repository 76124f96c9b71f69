"""Every page, as every role of two provinces: what opens, what is refused, what does not exist for them."""

import pytest

from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from tests.web.conftest import Site
from tests.world import INSIDERS

REPORTING = {Role.FILLER, Role.CHECKER, Role.LEGAL_REVIEWER, Role.HEAD, Role.PUBLISHER}
REVIEWING = {Role.REVIEWER, Role.HEAD, Role.AUDITOR}
EVERYBODY = set(Role)
ADMIN = {Role.SYSTEM_ADMIN}

OWN = "/submissions/d111-2023-T"
ACCESS = {
    # what is asked for: by which roles it is opened (a person of d111 about their own submission)
    "/tasks/": REPORTING,
    f"{OWN}/": REPORTING | REVIEWING,
    f"{OWN}/sheets/T1": REPORTING | REVIEWING,
    f"{OWN}/findings/": REPORTING | REVIEWING,
    f"{OWN}/submit": REPORTING | REVIEWING,
    f"{OWN}/receipt": REPORTING | REVIEWING,
    f"{OWN}/template.xlsx": REPORTING,
    "/review/": REVIEWING,
    "/review/d111-2023-T": REVIEWING,
    "/rollups/d111": EVERYBODY,
    "/dashboards/": EVERYBODY,
    "/admin/": ADMIN,
    "/admin/units": ADMIN,
    "/admin/forms/list/": ADMIN,
    "/admin/form-versions/list/": ADMIN,
    "/users/list/": ADMIN,
    "/users/add": ADMIN,
    "/roles/list/": ADMIN,
    "/groups/list/": ADMIN,
    "/users/userinfo/": EVERYBODY,
    "/resetmypassword/form": EVERYBODY,
}
CHANGES = [
    f"{OWN}/sheets/T1",
    f"{OWN}/findings/",
    f"{OWN}/submit",
    f"{OWN}/upload",
    f"{OWN}/actions/receive",
    "/uploads/00000000-0000-0000-0000-000000000000/apply",
    "/unit",
    "/logout/",
]
OTHERS = ["d112", "c11", "p1", "c12", "d211", "p2"]


@pytest.fixture(scope="module", autouse=True)
def submitted(site: Site) -> None:
    site.world.submit("d111")


@pytest.mark.filterwarnings("ignore:Yielding raw tuples")  # Flask-AppBuilder's fields of many choices
@pytest.mark.parametrize("path", ACCESS)
@pytest.mark.parametrize("role", Role)
def test_screens_open_to_the_roles_that_need_them(site: Site, role: Role, path: str) -> None:
    status = site.person("d111", role).client.get(path).status_code
    assert status == (200 if role in ACCESS[path] else 403)


@pytest.mark.parametrize("path", ACCESS)
def test_nobody_gets_in_without_signing_in(site: Site, path: str) -> None:
    response = site.anonymous().client.get(path)
    assert response.status_code == 302
    assert response.location.startswith("/login/")


@pytest.mark.parametrize("path", CHANGES)
def test_nothing_changes_without_the_token(site: Site, path: str) -> None:
    assert site.person("d111", Role.FILLER).client.post(path).status_code == 400
    assert site.anonymous().client.post(path).status_code == 400


@pytest.mark.parametrize("unit", OTHERS)
@pytest.mark.parametrize("page", ["", "sheets/T1", "findings/", "submit", "receipt", "template.xlsx"])
def test_the_submissions_of_others_do_not_exist(site: Site, unit: str, page: str) -> None:
    browser = site.person("d111", *sorted(REPORTING | REVIEWING))
    assert browser.client.get(f"/submissions/{unit}-2023-T/{page}").status_code == 404
    assert browser.client.get(f"/review/{unit}-2023-T").status_code == 404


@pytest.mark.parametrize("unit", OTHERS)
def test_the_roll_ups_of_others_are_refused(site: Site, unit: str) -> None:
    assert site.person("d111").client.get(f"/rollups/{unit}").status_code == 403
    assert site.person("d111").client.get(f"/review/?unit={unit}").status_code == 403


def test_the_other_province_sees_nothing(site: Site) -> None:
    browser = site.person("p2")
    assert browser.client.get("/review/d111-2023-T").status_code == 404
    assert browser.client.get("/rollups/p1").status_code == 403
    assert "d111" not in browser.client.get("/review/?reach=all").text


def test_a_superior_sees_no_draft(site: Site) -> None:
    site.world.fill("d112")
    browser = site.person("c11", Role.REVIEWER)
    assert "看不到数据" in browser.get("/review/d112-2023-T").text
    assert browser.client.get("/submissions/d112-2023-T/sheets/T1").status_code == 403


def test_the_level_above_the_superior_sees_no_figures_before_acceptance(site: Site) -> None:
    province, city = site.person("p1", Role.REVIEWER), site.person("c11", Role.REVIEWER)
    assert "100.00" not in province.get("/review/d111-2023-T").text
    assert "检查次数" in city.get("/review/d111-2023-T").text


@pytest.mark.parametrize("verb", Action)
def test_actions_ask_for_rights(site: Site, verb: Action) -> None:
    stranger = site.person("d112", *INSIDERS)
    assert stranger.post(f"{OWN}/actions/{verb}", {"reason": "不该成功的操作"}).status_code == 404
    powerless = site.person("d111", Role.AUDITOR)
    assert powerless.post(f"{OWN}/actions/{verb}", {"reason": "不该成功的操作"}).status_code == 403


def test_every_page_of_ours_is_in_the_table(site: Site) -> None:
    """Pages of other origin (API, dashboards, Flask-AppBuilder) have their own tests; a new one of ours belongs here."""
    ours = {"tasks", "submissions", "sheets", "findings", "handing_in", "review", "rollups", "uploads", "admin"}
    asked = {_endpoint(site, path, method) for method, paths in (("GET", ACCESS), ("POST", CHANGES)) for path in paths}
    there = {rule.endpoint for rule in site.app.url_map.iter_rules() if rule.endpoint.split(".")[0] in ours}
    elsewhere = {  # need an upload, redirect, or answer scripts: test_uploads_page, test_sheet_page
        "rollups.index",
        "sheets.next_unfinished",
        "sheets.autosave",
        "uploads.show",
        "uploads.progress",
        "uploads.annotated_copy",
    }
    assert there - asked == elsewhere


def _endpoint(site: Site, path: str, method: str) -> str:
    return site.app.url_map.bind("localhost").match(path, method)[0]
