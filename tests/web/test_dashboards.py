"""The dashboards in the application: who gets in, what each page shows, and that nobody sees more than their rows."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboards.guard import CSRF_COOKIE
from dashboards.mount import mount
from portal import db
from portal.app import create_app
from portal.config import Config
from portal.db import transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.rollup_entries import Entry, EntryKind
from portal.domain.values import Value
from portal.queries.people import portal_actor
from portal.services import collections, rollup_entries
from portal.services.collection_changes import change_settings
from portal.web.permissions import sync_permissions
from tests.databases import TestServer
from tests.web.conftest import Site
from tests.world import PERIOD, World, build_world

PAGES = ("", "progress", "ranking", "map", "differences")


class Dashboards:
    """The application on a committed world of its own, and browsers in it."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app = app
        self.world = world

    def nobody(self) -> FlaskClient:
        return self.app.test_client()

    def person(self, unit: str, *roles: Role) -> FlaskClient:
        """A browser in which a person of the unit is signed in; with all roles if none is named."""
        return Site(self.app, self.world).person(unit, *roles).client


@pytest.fixture(scope="module")
def dashboards(
    test_server: TestServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboards]:
    with test_server.database("huizong_dashboards", template_database) as target:
        engine = db.connect(target.app_url)
        app = create_app(Config.load(tmp_path_factory.mktemp("dashboards"), {}))
        sync_permissions(app)
        world = build_world()
        world.accept("d111", T101=Value.of(30), T102=Value.of(12), T103=Value.of(18))
        world.accept("d112")
        world.accept("c13", T101=Value.of(0), T102=Value.of(0), T103=Value.of(0))
        world.submit("d121")
        world.take("d121", Action.SEND_BACK, by="c12", reason="请补充第二表的数")
        yield Dashboards(app, world)
        engine.dispose()


def open_page(client: FlaskClient, page: str, search: str = "", **request) -> TestResponse:
    """What Dash asks for when the address is `/dashboards/<page><search>`."""
    client.get("/dashboards/")
    cookie = client.get_cookie(CSRF_COOKIE, path="/dashboards/")
    headers = {"X-CSRFToken": cookie.value} if cookie else {}
    values = [("pathname", f"/dashboards/{page}"), ("search", search)]
    body = {
        "output": "content.children",
        "outputs": {"id": "content", "property": "children"},
        "inputs": [{"id": "location", "property": name, "value": value} for name, value in values],
        "changedPropIds": ["location.pathname"],
    }
    return client.post("/dashboards/_dash-update-component", json=body, headers=headers | request.get("headers", {}))


def shown(client: FlaskClient, page: str, search: str = "") -> str:
    """The text of a page, without its tags; charts are left out."""
    response = open_page(client, page, search)
    assert response.status_code == 200, response.text

    def texts(child) -> str:
        if isinstance(child, list):
            return "".join(texts(each) for each in child)
        props = child["props"]
        return props["markup"] if child["type"] == "Markup" else texts(props.get("children") or [])

    return " ".join(re.sub(r"<[^>]*>", " ", texts(response.json["response"]["content"]["children"])).split())


class TestDoor:
    @pytest.mark.parametrize("page", PAGES)
    def test_nobody_is_led_to_the_sign_in_page(self, dashboards: Dashboards, page: str) -> None:
        response = dashboards.nobody().get(f"/dashboards/{page}")
        assert response.status_code == 302
        assert "/login" in response.location

    def test_no_route_of_dash_answers_nobody(self, dashboards: Dashboards) -> None:
        """Besides published program code, every address below `/dashboards/` asks who it is."""
        client = dashboards.nobody()
        rules = [rule for rule in dashboards.app.url_map.iter_rules() if rule.rule.startswith("/dashboards")]
        assert len(rules) >= 8
        for rule in rules:
            if "_dash-component-suites" in rule.rule:
                continue
            path = re.sub(r"<[^>]*>", "x", rule.rule)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answer = client.open(path, method=method, json={} if method == "POST" else None)
                assert answer.status_code in {302, 400, 401}, (method, path, answer.status_code)

    @pytest.mark.parametrize("path", ["_dash-layout", "_dash-dependencies", "assets/dashboards.css"])
    def test_a_program_is_told_401_not_sent_to_a_form(self, dashboards: Dashboards, path: str) -> None:
        assert dashboards.nobody().get(f"/dashboards/{path}").status_code == 401

    def test_program_code_of_dash_is_open(self, dashboards: Dashboards) -> None:
        page = dashboards.person("p1").get("/dashboards/").text
        code = re.search(r'src="(/dashboards/_dash-component-suites/[^"]+)"', page)
        assert code is not None
        assert dashboards.nobody().get(code[1]).status_code == 200

    def test_code_that_is_none_of_dash_is_not_there(self, dashboards: Dashboards) -> None:
        answer = dashboards.nobody().get("/dashboards/_dash-component-suites/nothing/nothing.js")
        assert answer.status_code == 404

    def test_without_the_permission_a_person_is_refused(self, dashboards: Dashboards) -> None:
        site = Site(dashboards.app, dashboards.world)
        client = site.signed_in(site.account("li")).client
        assert client.get("/dashboards/").status_code == 403
        assert client.get("/dashboards/_dash-layout").status_code == 403

    def test_a_callback_without_the_token_is_refused(self, dashboards: Dashboards) -> None:
        client = dashboards.person("p1")
        assert open_page(client, "").status_code == 200
        assert client.post("/dashboards/_dash-update-component", json={}).status_code == 400


class TestFrame:
    def test_every_inline_script_carries_the_nonce(self, dashboards: Dashboards) -> None:
        response = dashboards.person("p1").get("/dashboards/")
        nonce = re.search(r"'nonce-([^']+)'", response.headers["Content-Security-Policy"])
        assert nonce is not None
        scripts = re.findall(r"<script[^>]*>", response.text)
        assert scripts
        assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
        assert "unsafe-inline" not in response.headers["Content-Security-Policy"].replace("unsafe-hashes", "")

    def test_the_page_asks_nothing_of_another_host(self, dashboards: Dashboards) -> None:
        page = dashboards.person("p1").get("/dashboards/").text
        assert [
            address for address in re.findall(r'(?:src|href)="([^"]+)"', page) if not address.startswith(("/", "#"))
        ] == []

    def test_plotly_is_our_bundle(self, dashboards: Dashboards) -> None:
        client = dashboards.person("p1")
        address = re.search(r'name="plotly-bundle" content="([^"]+)"', client.get("/dashboards/").text)
        assert address is not None
        with client.get(address[1], headers={"Accept-Encoding": "gzip"}) as bundle:
            assert bundle.content_encoding == "gzip"
            assert bundle.content_length < 600_000
            assert "immutable" in bundle.headers["Cache-Control"]

    def test_every_callback_is_bound_once(self, dashboards: Dashboards) -> None:
        """The router, and the clicks on the two charts; also in a second application of the same process."""
        assert len(dashboards.person("p1").get("/dashboards/_dash-dependencies").json) == 3
        other = Flask("other")
        assert len(mount(other).callback_map) == 3


class TestPages:
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("unit", ["p1", "c11", "d111"])
    def test_every_page_opens_for_every_level(self, dashboards: Dashboards, page: str, unit: str) -> None:
        assert "2023" in shown(dashboards.person(unit), page)

    def test_the_overview_says_how_much_it_rests_on(self, dashboards: Dashboards) -> None:
        text = shown(dashboards.person("p1"), "")
        assert "检查次数 T101 40 次 3/7（42.9%） 部分" in text
        assert "甲占比 T104 40.00 %" in text

    def test_the_overview_says_whose_figures_a_total_counts(self, dashboards: Dashboards) -> None:
        row = re.search(r"检查次数 T101 40 .*?(本级|属地|全辖)", shown(dashboards.person("p1"), ""))
        assert row
        assert row[1] == "全辖"

    def test_progress_counts_and_names_who_is_late(self, dashboards: Dashboards) -> None:
        text = shown(dashboards.person("p1"), "progress")
        assert "7 应报 3 已报（42.9%） 3 已验收 1 退回" in text

    def test_progress_of_a_form_that_a_unit_sent_down_by_itself(self, dashboards: Dashboards) -> None:
        sender, year = dashboards.world.actor("c11", Role.UNIT_ADMIN), PERIOD.last_year
        with transaction(sender) as session:
            days = {"opens_on": date(2023, 1, 1), "due_on": date(2023, 1, 31)}
            collections.send_down(session, sender, dashboards.world.form, year, **days)
        text = shown(dashboards.person("p1"), "progress", f"?u=p1&y={year}")
        assert "3 应报" in text

    def test_ranking_ranks_reporters_only(self, dashboards: Dashboards) -> None:
        text = shown(dashboards.person("p1"), "ranking", "?i=T101&l=district")
        assert "2/3 个单位参加排名（66.7%）" in text
        ranked, unranked = text.split("未参加排名的")
        assert "1 d111" in ranked
        assert "d121" in unranked

    def test_a_partial_total_is_not_ranked(self, dashboards: Dashboards) -> None:
        text = shown(dashboards.person("p1"), "ranking", "?i=T101&l=city")
        ranked, unranked = text.split("未参加排名的")
        assert "1 c13" in ranked
        assert "c11" in unranked

    def test_zero_is_shown_and_missing_is_not_zero(self, dashboards: Dashboards) -> None:
        text = shown(dashboards.person("p1"), "ranking", "?i=T101&l=city&k=own")
        assert re.search(r"1 c13 民政局 p1 民政局 0 ", text)
        assert re.search(r"c11 民政局 p1 民政局 未报", text)

    def test_without_boundaries_the_table_says_the_same(self, dashboards: Dashboards) -> None:
        text = shown(dashboards.person("p1"), "map", "?i=T101&l=district")
        assert "没有这一级的边界文件" in text
        assert "d111" in text

    def test_differences_say_that_own_figures_add_up(self, dashboards: Dashboards) -> None:
        text = shown(dashboards.person("c11"), "differences")
        assert "检查次数 T101 对账 次 本级 — 未报 40 2/2 — — 本级未报" in text
        assert "由区县填报，全辖数即下级合计" in text

    def test_the_english_pages_have_no_chinese_of_ours(self, dashboards: Dashboards) -> None:
        client = dashboards.person("p1")
        client.get("/language/en")
        text = shown(client, "progress")
        assert "Progress: Bureau p1" in text
        assert "逾期" not in text

    @pytest.mark.parametrize("search", ["?u=%00", "?u=%ED%A0%80", 5, ["?u=p1"], {"u": "p1"}])
    def test_an_odd_address_shows_something(self, dashboards: Dashboards, search: object) -> None:
        assert open_page(dashboards.person("p1"), "", search).status_code == 200

    def test_a_page_that_is_not_there(self, dashboards: Dashboards) -> None:
        assert "没有这个页面" in shown(dashboards.person("p1"), "nothing")


class TestRows:
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("foreign", ["p1", "c12", "d121", "p2", "d211"])
    def test_another_unit_is_not_found(self, dashboards: Dashboards, page: str, foreign: str) -> None:
        text = shown(dashboards.person("c11"), page, f"?u={foreign}")
        assert "没有找到您要的内容，或者您无权查看" in text
        assert "检查次数" not in text

    @pytest.mark.parametrize("page", PAGES)
    def test_a_page_names_no_unit_beside_or_below_another(self, dashboards: Dashboards, page: str) -> None:
        text = shown(dashboards.person("c11"), page)
        assert re.findall(r"\b(?:c12|c13|d121|p2|c21|d211)\b", text) == []

    def test_nothing_is_shown_of_a_draft(self, dashboards: Dashboards) -> None:
        dashboards.world.fill("c11", T101=Value.of(777), T102=Value.of(700), T103=Value.of(77))
        for page in PAGES:
            assert "777" not in shown(dashboards.person("p1"), page, "?i=T101&b=pending&l=city&k=own")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"output": "content.children"},
        {"output": 1, "outputs": {}, "inputs": []},
        {"output": "content.children", "outputs": {}, "inputs": "x"},
        {"output": "content.children", "outputs": {}, "inputs": [1]},
        {"output": "content.children", "outputs": {}, "inputs": []},
        {"output": "nothing.here", "outputs": {"id": "nothing", "property": "here"}, "inputs": []},
        {"output": "content.children", "outputs": {"id": "content", "property": "children"}, "inputs": [{}, {}]},
    ],
)
def test_a_request_that_no_program_of_ours_sends_is_refused(dashboards: Dashboards, body) -> None:
    client = dashboards.person("p1")
    client.get("/dashboards/")
    cookie = client.get_cookie(CSRF_COOKIE, path="/dashboards/")
    answer = client.post("/dashboards/_dash-update-component", json=body, headers={"X-CSRFToken": cookie.value})
    assert 400 <= answer.status_code < 500, answer.text


def test_a_property_without_a_value_yet_is_understood(dashboards: Dashboards) -> None:
    """As on the way to a page whose chart nobody has clicked."""
    client = dashboards.person("p1")
    client.get("/dashboards/")
    cookie = client.get_cookie(CSRF_COOKIE, path="/dashboards/")
    dash = dashboards.app.extensions["dashboards"]
    output, declared = next(
        (name, each) for name, each in dash.callback_map.items() if name.startswith("location.search")
    )
    body = {
        "output": output,
        "outputs": {"id": "location", "property": output.partition(".")[2]},
        "inputs": [{"id": each["id"], "property": each["property"]} for each in declared["inputs"]],
        "state": [{"id": each["id"], "property": each["property"], "value": ""} for each in declared["state"]],
        "changedPropIds": [],
    }
    answer = client.post("/dashboards/_dash-update-component", json=body, headers={"X-CSRFToken": cookie.value})
    assert answer.status_code in {200, 204}, answer.text


class TestSiblings:
    def test_a_unit_with_none_below_it_stands_among_its_siblings(self, dashboards: Dashboards) -> None:
        """d112 and d111 have figures: too few to be shown without names."""
        text = shown(dashboards.person("d111", Role.FILLER), "ranking", "?i=T101")
        assert "同级比较：检查次数" in text
        assert "同一上级的其他 1 个单位中，1 个有已验收的数。" in text
        assert "不足 5 个" in text
        assert "d112" not in text

    def test_names_and_ranks_where_the_collection_says_so(self, dashboards: Dashboards) -> None:
        with transaction(None) as session:
            sender = portal_actor(session, "p1")
        key = CollectionKey("T", PERIOD)
        with transaction(sender) as session:
            change_settings(session, sender, key, CollectionSettings(names_siblings=True))
        client = dashboards.person("d111", Role.FILLER)
        numbers, rating = shown(client, "ranking", "?i=T101"), shown(client, "ranking", "?i=T106")
        with transaction(sender) as session:
            change_settings(session, sender, key, CollectionSettings())
        assert "1/2 本单位位次" in numbers
        assert "2 d112 民政局 10" in numbers
        assert "良好 本单位 2 100.0% d112 民政局" in rating

    @pytest.mark.parametrize("search", ["?u=d112&i=T101", "?u=c11&i=T101"])
    def test_no_other_unit_can_be_asked_for(self, dashboards: Dashboards, search: str) -> None:
        assert "没有找到您要的内容" in shown(dashboards.person("d111", Role.FILLER), "ranking", search)


class TestPartner:
    def test_sees_totals_and_is_not_offered_progress(self, dashboards: Dashboards) -> None:
        client = dashboards.person("p1", Role.PARTNER)
        text = shown(client, "")
        assert "报送进度" not in text
        assert [word for word in ("逾期", "待审核", "退回") if word in text] == []
        assert "3/7（42.9%）" in text
        for page in ("progress", "differences"):
            assert "您的权限不包括" in shown(client, page)
        assert "第一位d111 民政局" in shown(client, "ranking", "?i=T101")


def test_totals_with_entries_are_marked_wherever_they_are_compared(dashboards: Dashboards) -> None:
    actor, about = dashboards.world.actor("c11"), {"unit": "c11", "period": PERIOD, "indicator": "T102"}
    province, others = (dashboards.person(unit, Role.REVIEWER) for unit in ("p1", "p2"))
    with transaction(actor) as session:
        entry = Entry(EntryKind.ELIMINATION, Decimal(-3))
        rollup_entries.enter(session, actor, **about, entry=entry, reason="转办重复", seen=0)
    for page in ("ranking", "map"):
        search = "?u=p1&y=2023&i=T102&k=total&l=city&v=table"
        text = shown(province, page, search)
        assert text.count("± 含冲抵") == 1
        assert "上报合计 16，冲抵 -3" in text.replace("−", "-")
        assert "应报 3 已报 2" in text
        assert "c11\\u002fentries" in open_page(province, page, search).text
        assert "c11\\u002fentries" not in open_page(others, page, search).text
    with transaction(actor) as session:
        rollup_entries.withdraw(session, actor, **about, number=1, reason="试验完毕", seen=1)
    assert "含冲抵" not in shown(province, "ranking", search)
