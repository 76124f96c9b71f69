"""Who may ask, and that nobody gets at another tenant's rows by any endpoint."""

import re

import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.jobs.uploads import keep
from portal.web.api import RESOURCES
from tests.web.conftest import PASSWORD

OWN = "d111-2023-T"
FOREIGN = "d211-2023-T"


@pytest.fixture(scope="module")
def foreign_upload(api):
    """An upload of another tenant."""
    actor = api.world.actor("d211")
    with transaction(actor) as session:
        return keep(session, actor, api.world.key("d211"), "d211.xlsx", b"content")


def routes(api):
    names = {resource.__name__ for resource in RESOURCES}
    return [rule for rule in api.app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in names]


def test_every_route_asks_who_is_there(api):
    for rule in routes(api):
        path = re.sub("<uuid:[a-z_]+>", "7c6b2f2e-7f0b-4f6f-8a5d-0d6c0c0f2d11", rule.rule.removeprefix("/api/v1/"))
        for name, sample in {"<key>": OWN, "<verb>": "submit", "<code>": "d111"}.items():
            path = path.replace(name, sample)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            # A bearer token that is no good stands in for a CSRF token, without which nothing may be written at all.
            response = api.nobody().ask(method, path, headers={"Authorization": "Bearer x.y.z"})
            assert (response.status_code, response.json["code"]) == (401, "not_signed_in"), rule


def test_without_token_nothing_is_read(api):
    response = api.nobody().get("units")
    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "units/d211",
        "units?under=d211",
        "units?under=p2",
        "submissions?unit=d211",
        f"submissions/{FOREIGN}",
        f"submissions/{FOREIGN}/values",
        f"submissions/{FOREIGN}/findings",
        f"submissions/{FOREIGN}/receipt",
        f"submissions/{FOREIGN}/workbook",
        "rollups?period=2023&unit=d211",
        "rollups?period=2023&unit=p2",
        "rollups/differences?period=2023&unit=p2",
        "completeness?period=2023&unit=p2",
        "lineage?period=2023&unit=d211&indicator=T101",
        "events?unit=d211",
        f"events?submission={FOREIGN}",
        "uploads/{upload}",
        "uploads/{upload}/annotated",
    ],
)
@pytest.mark.parametrize("unit", ["d111", "p1"])
def test_another_tenant_is_out_of_reach(api, foreign_upload, unit, path):
    response = api.caller(unit).get(path.format(upload=foreign_upload))
    assert response.status_code in {403, 404}
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"submissions/{FOREIGN}/values", {"values": {"T101": {"number": "1"}}, "row_versions": {"T101": 0}}),
        ("POST", f"submissions/{FOREIGN}/actions/receive", {}),
        ("POST", f"submissions/{FOREIGN}/actions/send_back", {"reason": "x"}),
        ("POST", f"submissions/{FOREIGN}/explanations", {"code": "x", "reason_code": "policy", "words": "x" * 20}),
        ("POST", "uploads/{upload}/apply", {}),
    ],
)
def test_nothing_is_written_for_another_tenant(api, foreign_upload, method, path, body):
    response = api.caller("d111").ask(method, path.format(upload=foreign_upload), json=body)
    assert response.status_code == 404


def test_lists_hold_only_what_is_below(api):
    units = [item["code"] for item in api.caller("c11").get("units").json["items"]]
    submissions = {item["unit"] for item in api.caller("c11").get("submissions").json["items"]}
    collections = api.caller("c11").get("collections").json["items"]
    assert units == ["c11", "d111", "d112"]
    assert submissions == {"c11", "d111", "d112"}
    assert [(item["form"], item["period"], item["sender"]) for item in collections] == [("T", "2023", "p1")]


def test_a_sibling_is_out_of_reach(api):
    assert api.caller("d112").get(f"submissions/{OWN}").status_code == 404


def test_a_role_that_may_not_is_told(api):
    response = api.caller("d111", Role.HEAD).patch(
        f"submissions/{OWN}/values", json={"values": {"T101": {"number": "1"}}, "row_versions": {"T101": 0}}
    )
    assert response.status_code == 403
    assert response.json["permission"] == "edit_values"


class TestSigningIn:
    def test_a_password_gives_a_token(self, api):
        api.site.person("d121")
        client = api.app.test_client()
        credentials = {"username": "d121", "password": PASSWORD, "provider": "db"}
        token = client.post("/api/v1/security/login", json=credentials).json["access_token"]
        response = client.get("/api/v1/units", headers={"Authorization": f"Bearer {token}"})
        assert [item["code"] for item in response.json["items"]] == ["d121"]

    def test_a_refresh_token_gives_new_ones(self, api):
        api.site.person("c12")
        client = api.app.test_client()
        credentials = {"username": "c12", "password": PASSWORD, "refresh": True}
        refresh = client.post("/api/v1/security/login", json=credentials).json["refresh_token"]
        headers = {"Authorization": f"Bearer {refresh}"}
        assert client.post("/api/v1/security/refresh", headers=headers).json["access_token"]
        assert client.get("/api/v1/units", headers=headers).status_code == 401

    def test_a_wrong_password_is_answered_with_a_problem(self, api):
        api.site.person("d112")
        client = api.app.test_client()
        for password in ["wrong"] * 5 + [PASSWORD]:  # at last the account is locked
            response = client.post("/api/v1/security/login", json={"username": "d112", "password": password})
            assert (response.status_code, response.json["code"]) == (401, "invalid_credentials")

    @pytest.mark.parametrize(
        "body",
        [{}, {"username": "a"}, {"username": "a\x00", "password": "b"}, {"username": "\ud800", "password": "b"}, []],
    )
    def test_a_wrong_request_is_refused(self, api, body):
        response = api.app.test_client().post("/api/v1/security/login", json=body)
        assert (response.status_code, response.json["code"]) == (400, "invalid_request")

    def test_the_unit_acted_for_is_named_in_a_header(self, api):
        response = api.caller("d111").get("units", headers={"Huizong-Unit": "d111"})
        assert response.status_code == 200
        response = api.caller("d111").get("units", headers={"Huizong-Unit": "d211"})
        assert response.status_code == 403


class TestWithTheSessionOfThePages:
    def test_it_may_read(self, site):
        assert site.person("c13").client.get("/api/v1/units").json["items"][0]["code"] == "c13"

    def test_it_writes_only_with_the_csrf_token(self, site):
        browser, path = site.person("c13"), "/api/v1/submissions/c13-2023-T/actions/receive"
        refused = browser.client.post(path, json={})
        assert (refused.status_code, refused.json["code"]) == (400, "csrf")
        received = browser.client.post(path, json={}, headers={"X-CSRFToken": browser.token()})
        assert received.json["state"] == "drafting"


class TestDescription:
    def test_it_names_every_route(self, api):
        described = api.caller("d111").get("_openapi").json["paths"]
        expected = {
            rule.rule.replace("<uuid:", "<").replace("<", "{").replace(">", "}")
            for rule in routes(api)
            if not rule.rule.endswith("/")
        }
        assert expected <= set(described)

    def test_it_names_parameters_bodies_and_security(self, api):
        description = api.caller("d111").get("_openapi").json
        rollups = description["paths"]["/api/v1/rollups"]["get"]
        write = description["paths"]["/api/v1/submissions/{key}/values"]["patch"]
        assert {"unit", "period", "indicator", "by", "tree", "pending"} == {p["name"] for p in rollups["parameters"]}
        assert write["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ValuesBody")
        assert write["security"] == [{"jwt": []}, {"api_key": []}]

    def test_it_is_for_people_who_are_signed_in(self, api):
        assert api.nobody().get("_openapi").status_code == 401

    def test_another_version_is_not_there(self, api):
        response = api.app.test_client().get("/api/v9/_openapi", headers=api.caller("d111").headers)
        assert response.status_code == 404

    def test_an_administrator_reads_it_in_the_browser(self, site):
        page = site.person("p1", Role.SYSTEM_ADMIN).client.get("/swagger/v1").text
        assert "swagger-ui-bundle.js" in page
        assert "//" not in "".join(part.partition('"')[0] for part in page.split('src="')[1:])

    def test_nobody_else_does(self, site):
        assert site.person("p1", Role.FILLER).client.get("/swagger/v1").status_code in {302, 403}


class TestPeople:
    def test_an_administrator_reads_the_people_of_the_own_subtree(self, api):
        api.caller("d211", Role.HEAD)
        api.caller("d111", Role.HEAD)
        asked = api.caller("c11", Role.UNIT_ADMIN)
        found = asked.get("people?role=head").json
        units = {role["unit"] for item in found["items"] for role in item["roles"]}
        assert "d111" in units
        assert units <= {"c11", "d111", "d112"}
        assert found["count"] == len(found["items"])
        assert asked.get("people?unit=d211").status_code == 403
        assert asked.get("people?standing=gone").status_code == 400

    def test_nobody_else_reads_people(self, api):
        for role in (Role.FILLER, Role.HEAD, Role.REVIEWER, Role.AUDITOR):
            assert api.caller("c11", role).get("people").status_code == 403
