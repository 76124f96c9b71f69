"""Sending down and changing what was sent; sign-offs on the submission's page; what partners and auditors are shown."""

from datetime import date

import pytest

from portal.db import transaction
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.queries.collections import get_collection
from portal.queries.submissions import get_task
from tests.web.conftest import Browser, Site, sound
from tests.world import PERIOD

SENT = {"form": "T@1", "period": "2022", "opens_on": "2023-01-01", "due_on": "2023-01-31"}


@pytest.fixture(scope="module")
def sender(site: Site) -> Browser:
    return site.person("p1", Role.UNIT_ADMIN)


@pytest.fixture(scope="module")
def partner(site: Site) -> Browser:
    site.world.accept("c13")
    user_id = site.account("sifa")
    site.employ(user_id, "p1", Role.PARTNER, until=date(2099, 12, 31), forms=["T"])
    return site.signed_in(user_id)


@pytest.fixture(scope="module")
def auditor(site: Site) -> Browser:
    user_id = site.account("shenji")
    site.employ(user_id, "c11", Role.AUDITOR, until=date(2099, 12, 31))
    return site.signed_in(user_id)


def settings_of(site: Site, period: int = 2023) -> dict[str, object]:
    actor = site.world.actor("p1")
    with transaction(actor) as session:
        return vars(get_collection(session, actor, CollectionKey("T", PERIOD.__class__(period))).settings)


def steps_shown(browser: Browser, unit: str) -> str:
    return browser.get(f"/submissions/{unit}-2023-T/").text


class TestSending:
    def test_a_form_is_sent_down_with_settings_and_exemptions(self, site: Site, sender: Browser) -> None:
        assert "下达报送任务" in sender.get("/collections/").text
        chosen = {"skip_level": "1", "sign_offs": ["check", "sign"], "exempt": "d111 当年新设\n\nd112 撤并"}
        response = sender.post("/collections/new", SENT | chosen)
        assert response.location == "/collections/T-2022"
        page = sender.get(response.location)
        assert "已下达给 7 个单位" in page.text
        assert "当年新设" in page.text
        assert {each["value"] for each in page.all("input", name="sign_offs") if "checked" in each} == {"check", "sign"}
        assert settings_of(site, 2022)["skip_level"] is True

    def test_a_second_time_is_refused(self, sender: Browser) -> None:
        assert sender.post("/collections/new", SENT | {"period": "2023"}).status_code == 409

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"due_on": "2022-12-31"}, "截止日期不能早于开始日期"),
            ({"due_on": "bald"}, "请填日期"),
            ({"period": "2021Q1"}, "不按这种报告期填报"),
            ({"period": "übermorgen"}, "报告期的写法不对"),
            ({"exempt": "d211 不在本省"}, "不在这项任务的范围内"),
            ({"exempt": "d111"}, "请写明理由"),
            ({"form": "T@9999999999999"}, "请从列出的选项中选择"),
        ],
    )
    def test_what_was_typed_stays_when_it_is_refused(self, sender: Browser, changes: dict, words: str) -> None:
        typed = SENT | {"period": "2020", "names_siblings": "1"} | changes
        response = sender.post("/collections/new", typed)
        page = sound(response)
        assert response.status_code == 422
        assert words in page.text
        assert page.all("input", id="names_siblings-1", checked="")
        assert page.all("input", name="opens_on", value="2023-01-01")

    def test_an_unknown_form_is_not_found(self, sender: Browser) -> None:
        assert sender.post("/collections/new", SENT | {"form": "T@77"}).status_code == 404


class TestChanging:
    def test_settings_hold_at_once(self, site: Site, sender: Browser) -> None:
        assert sender.post("/collections/T-2023/settings", {"names_siblings": "1"}).status_code == 303
        assert settings_of(site)["names_siblings"] is True
        assert sender.post("/collections/T-2023/settings", {"sign_offs": ["submit"]}).status_code == 422
        assert sender.post("/collections/T-2023/settings").status_code == 303
        assert settings_of(site)["names_siblings"] is False

    def test_another_day_and_an_exemption_for_one_unit(self, site: Site, sender: Browser) -> None:
        unit = "/collections/T-2023/units/d121"
        assert sender.post(unit, {"do": "due", "due_on": "2024-03-01"}).status_code == 303
        assert sound(sender.post(unit, {"do": "exempt", "reason": " "})).text.startswith("2023 试验表")
        assert sender.post(unit, {"do": "exempt", "reason": "本年机构合并"}).status_code == 303
        actor = site.world.actor("d121")
        with transaction(actor) as session:
            task = get_task(session, actor, site.world.key("d121"))
        assert (task.due_on, task.exempt_reason) == (date(2024, 3, 1), "本年机构合并")
        page = sender.get("/collections/T-2023?q=d121")
        assert page.all("button", value="include")
        assert not page.all("button", value="exempt")
        assert sender.post(unit, {"do": "include"}).status_code == 303
        assert sender.post(unit, {"do": "burn"}).status_code == 422

    def test_a_city_sees_what_was_sent_to_it_and_changes_nothing(self, site: Site) -> None:
        city = site.person("c11", Role.UNIT_ADMIN)
        page = city.get("/collections/T-2023")
        assert "由下达任务的单位修改" in page.text
        assert "d121" not in page.text
        assert page.all("button", name="do") == []
        assert city.post("/collections/T-2023/settings", {"skip_level": "1"}).status_code == 403
        assert city.post("/collections/T-2023/units/d111", {"do": "exempt", "reason": "想免就免"}).status_code == 403
        assert city.post("/collections/T-2023/units/d211", {"do": "exempt", "reason": "想免就免"}).status_code == 404

    @pytest.mark.parametrize("key", ["T-2031", "X-2023", "T", "T-", "-2023", "T-2023-T"])
    def test_what_was_never_sent_is_not_there(self, sender: Browser, key: str) -> None:
        assert sender.client.get(f"/collections/{key}").status_code == 404


class TestSignOffs:
    def test_the_page_says_what_is_to_be_done_first_and_by_whom(self, site: Site, sender: Browser) -> None:
        sender.post("/collections/T-2023/settings", {"sign_offs": ["check", "sign"]})
        filler_id = site.account("schmidt")
        site.employ(filler_id, "d112", Role.FILLER, Role.CHECKER, Role.HEAD)
        filler, head = site.signed_in(filler_id), site.person("d112", Role.CHECKER, Role.HEAD)
        site.world.fill("d112")
        saved = filler.patch(
            "/submissions/d112-2023-T/sheets/T1", {"cells": {"T107": {"answer": "9", "row_version": 1}}}
        )
        assert saved.status_code == 200, saved.text
        assert "○ 审核通过（本单位）" in steps_shown(filler, "d112")
        assert "须由别人办理：审核通过（本单位）" in steps_shown(filler, "d112")
        assert (
            "还不能上报。这项任务要求先办完：审核通过（本单位）、签发。"
            in filler.get("/submissions/d112-2023-T/submit").text
        )
        refused = filler.post("/submissions/d112-2023-T/actions/check")
        assert refused.status_code == 403
        assert "填报与签审须是不同的人" in refused.text
        early = head.post("/submissions/d112-2023-T/actions/sign")
        assert early.status_code == 409
        assert "要求先办完：审核通过（本单位），然后才能签发" in early.text
        assert head.post("/submissions/d112-2023-T/actions/check").status_code == 303
        assert head.post("/submissions/d112-2023-T/actions/sign").status_code == 303
        assert "✓ 签发" in steps_shown(head, "d112")
        assert filler.post("/submissions/d112-2023-T/submit", {"declared": "1"}).status_code == 303
        sender.post("/collections/T-2023/settings")


class TestReaders:
    def test_a_partner_opens_totals_and_nothing_else(self, partner: Browser) -> None:
        page = partner.get("/rollups/p1?period=2023")
        assert "只读 · 至 2099-12-31" in page.text
        assert "1/7" in page.text
        assert page.all("ul", **{"class": "tiles"}) == []
        for closed in ("/tasks/", "/review/", "/collections/", "/people/", "/submissions/c13-2023-T/"):
            assert partner.client.get(closed).status_code == 403, closed

    def test_a_partner_of_another_form_finds_nothing(self, site: Site) -> None:
        user_id = site.account("sifa2")
        site.employ(user_id, "p1", Role.PARTNER, forms=["X"])
        assert "1/7" not in site.signed_in(user_id).get("/rollups/p1?period=2023").text

    def test_an_auditor_sees_what_the_unit_sees_without_buttons(self, site: Site, auditor: Browser) -> None:
        site.world.fill("c11")
        for path in ("/tasks/", "/submissions/c11-2023-T/", "/review/", "/collections/T-2023"):
            page = auditor.get(path)
            assert "只读 · 至 2099-12-31" in page.text
            own = [form for form in page.all("form", method="post") if form["action"] not in {"/logout/", "/unit"}]
            assert [form["action"] for form in own] in ([], ["/collections/T-2023/settings"])
            assert "继续填报" not in page.text
        assert "现在没有需要您办理的" in auditor.get("/submissions/c11-2023-T/").text
        assert auditor.client.get("/submissions/c11-2023-T/sheets/T1").status_code == 200
        assert auditor.client.get("/collections/new").status_code == 403

    @pytest.mark.parametrize("verb", [*Action, "upload"])
    def test_an_auditor_does_nothing(self, auditor: Browser, verb: str) -> None:
        reason = {"reason": "不该成功的操作"}
        assert auditor.post(f"/submissions/c11-2023-T/actions/{verb}", reason).status_code in {403, 404}

    def test_the_grant_ends_with_its_last_day(self, site: Site) -> None:
        user_id = site.account("vorbei")
        site.employ(user_id, "p1", Role.AUDITOR, until=date(2020, 1, 1))
        assert site.signed_in(user_id).client.get("/rollups/p1").status_code == 403
