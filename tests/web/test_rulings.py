"""Deciding about explanations, waiving rules, and changing them in the middle of a period, on the pages."""

from datetime import timedelta

import pytest

from portal import clock
from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.services.explanations import explain
from tests.web.conftest import Browser, Site, sound
from tests.world import PERIOD

KEY = ("rule_broken", "T107-E1", "T107")
FINDING = "~".join(KEY)
WORDS = "本年机构调整，事项全部划出，职责已移交"
RULE = "/collections/T-2023/rules/T101-B1"


def hand_in(site: Site, unit: str, period: Period = PERIOD) -> None:
    """With a finding that is explained."""
    world = site.world
    world.fill(unit, period, T107=Value.of(0))
    actor = world.actor(unit)
    with transaction(actor) as session:
        explain(session, actor, world.key(unit, period), KEY, "business", WORDS)
    world.take(unit, Action.SUBMIT, period=period)


def until(days: int = 30) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def seen(browser: Browser, unit: str) -> str:
    return browser.get(f"/review/{unit}-2023-T").all("input", name="seen")[0]["value"]


def decide(browser: Browser, unit: str, decision: str, **fields: str) -> int:
    sent = {"finding": FINDING, "decision": decision, "seen": seen(browser, unit)} | fields
    return browser.post(f"/review/{unit}-2023-T/explanations", sent).status_code


@pytest.fixture(scope="module")
def superior(site: Site) -> Browser:
    return site.person("c11", Role.REVIEWER)


@pytest.fixture(scope="module")
def sender(site: Site) -> Browser:
    return site.person("p1", Role.REVIEWER)


class TestExplanations:
    def test_a_refusal_needs_a_reason_which_the_unit_reads(self, site: Site, superior: Browser) -> None:
        hand_in(site, "d111")
        page = superior.get("/review/d111-2023-T")
        assert WORDS in page.text
        assert "没有审定的，验收时一并采纳" in page.text
        response = superior.post(
            "/review/d111-2023-T/explanations",
            {"finding": FINDING, "decision": "refused", "seen": seen(superior, "d111"), "reason": "  "},
        )
        assert response.status_code == 422
        assert "请写明理由" in sound(response).text
        for _click in range(2):
            assert decide(superior, "d111", "refused", reason="没有写明移交给谁") == 303
        page = superior.get("/review/d111-2023-T")
        assert "✕ 未采纳" in page.text
        assert "有 1 条说明没有采纳，现在不能验收" in page.text
        accepted = superior.post("/submissions/d111-2023-T/actions/accept")
        assert accepted.status_code == 422
        assert "还有 1 处问题没有处理，不能办理" in accepted.text

    def test_sent_back_the_unit_explains_anew(self, site: Site, superior: Browser) -> None:
        site.world.take("d111", Action.SEND_BACK, by="c11", reason="说明不清")
        filler = site.person("d111", Role.FILLER)
        assert "有 1 条说明没有采纳，请重新说明或改正" in filler.get("/submissions/d111-2023-T/").text
        page = filler.get("/submissions/d111-2023-T/findings/")
        assert "✕ 未采纳" in page.text
        assert "没有写明移交给谁" in page.text
        fields = {"finding": FINDING, "reason_code": "business", "words": f"{WORDS}至市数据局"}
        assert filler.post("/submissions/d111-2023-T/findings/", fields).status_code == 303
        assert "未采纳" not in filler.get("/submissions/d111-2023-T/findings/").text
        site.world.take("d111", Action.SUBMIT)
        assert decide(superior, "d111", "accepted") == 303
        assert "✓ 已采纳" in superior.get("/review/d111-2023-T").text
        assert "✓ 已采纳" in filler.get("/submissions/d111-2023-T/findings/").text

    def test_what_the_reviewer_did_not_see_is_not_decided(self, site: Site, superior: Browser) -> None:
        hand_in(site, "d112")
        stale = seen(superior, "d112")
        site.world.take("d112", Action.WITHDRAW)
        site.world.take("d112", Action.SUBMIT)
        assert decide(superior, "d112", "accepted", seen=stale) == 409
        assert decide(superior, "d112", "accepted") == 303

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"decision": "maybe"}, 422),
            ({"finding": "nonsense"}, 422),
            ({"seen": "x"}, 422),
            ({"finding": "rule_broken~T101-B1~T101"}, 404),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, superior: Browser, fields: dict[str, str], status: int) -> None:
        sent = {"finding": FINDING, "decision": "accepted", "seen": seen(superior, "d112")} | fields
        assert superior.post("/review/d112-2023-T/explanations", sent).status_code == status

    def test_last_years_is_shown_to_both(self, site: Site, sender: Browser) -> None:
        year, unit = Period(2022), "c12"
        sent = {"form": "T@1", "period": "2022", "opens_on": "2023-01-01", "due_on": "2023-01-31"}
        assert sender.post("/collections/new", sent).status_code == 303
        hand_in(site, unit, year)
        site.world.take(unit, Action.ACCEPT, by="p1", period=year)
        site.world.fill(unit, T107=Value.of(0))
        expected = f"上年的说明： 业务量实际变化：{WORDS}".replace(" ", "")
        findings = site.person(unit, Role.FILLER).get(f"/submissions/{unit}-2023-T/findings/").text
        assert expected in findings.replace(" ", "")
        hand_in(site, unit)
        assert expected in sender.get(f"/review/{unit}-2023-T").text.replace(" ", "")

    def test_nobody_else_decides(self, site: Site, superior: Browser, sender: Browser) -> None:
        sent = {"finding": FINDING, "decision": "accepted", "seen": seen(superior, "d112")}
        where = "/review/d112-2023-T/explanations"
        assert superior.client.post(where, data=sent).status_code == 400  # without the token against forged requests
        assert sender.post(where, sent).status_code == 403
        assert site.person("c11", Role.HEAD).post(where, sent).status_code == 403
        assert site.person("d112", Role.HEAD).post(where, sent).status_code == 403
        assert site.person("c21", Role.REVIEWER).post(where, sent).status_code == 404
        page = site.person("c11", Role.HEAD).get("/review/d112-2023-T")
        assert page.all("button", name="decision") == []


class TestWaivers:
    def test_a_finding_is_waived_and_the_unit_sees_why(self, site: Site) -> None:
        hand_in(site, "d121")
        reviewer, where = site.person("c12", Role.REVIEWER), "/review/d121-2023-T/waivers"
        for fields, words in (
            ({"reason": " ", "expires_on": until()}, "请写明理由"),
            ({"reason": "新设单位", "expires_on": until(-1)}, "不能早于今天"),
            ({"reason": "新设单位", "expires_on": "bald"}, "请填日期"),
        ):
            response = reviewer.post(where, {"finding": FINDING} | fields)
            assert response.status_code == 422
            assert words in sound(response).text
        assert (
            reviewer.post(where, {"finding": FINDING, "reason": "新设单位", "expires_on": until()}).status_code == 303
        )
        page = reviewer.get("/review/d121-2023-T")
        assert f"已豁免至 {until()}" in page.text
        assert page.all("article", id=f"finding-{FINDING}") == []
        filler = site.person("d121", Role.FILLER)
        findings = filler.get("/submissions/d121-2023-T/findings/").text
        assert "已豁免或停用的规则" in findings
        assert "新设单位" in findings

    def test_it_is_listed_and_ended_with_a_reason(self, site: Site) -> None:
        reviewer = site.person("c12", Role.REVIEWER)
        page = reviewer.get("/collections/T-2023/rules")
        (form,) = [each for each in page.all("form", method="post") if each["action"].endswith("/end")]
        refused = reviewer.post(form["action"], {"reason": " "})
        assert refused.status_code == 422
        assert "请写明理由" in sound(refused).text
        assert "豁免 1 项" in reviewer.get("/collections/T-2023").text
        province = site.person("p1", Role.REVIEWER)
        assert "d121" in province.get("/collections/T-2023/rules").text
        assert province.post(form["action"], {"reason": "不该成功"}).status_code == 403
        assert site.person("c21", Role.REVIEWER).post(form["action"], {"reason": "不该成功"}).status_code == 404
        for _click in range(2):
            assert reviewer.post(form["action"], {"reason": "已能填报"}).status_code == 303
        assert "已到期或终止" in reviewer.get("/collections/T-2023/rules").text
        assert "豁免 0 项" in reviewer.get("/collections/T-2023").text

    def test_only_the_direct_superiors_reviewer_waives(self, site: Site, sender: Browser) -> None:
        fields = {"finding": FINDING, "reason": "不该成功", "expires_on": until()}
        where = "/review/d112-2023-T/waivers"
        assert sender.post(where, fields).status_code == 403
        assert site.person("c11", Role.HEAD).post(where, fields).status_code == 403
        assert site.person("c21", Role.REVIEWER).post(where, fields).status_code == 404
        unruled = {"finding": "required~~T101", "reason": "没有规则", "expires_on": until()}
        assert site.person("c11", Role.REVIEWER).post(where, unruled).status_code == 404


class TestChanges:
    def test_the_sender_sees_whom_it_touches_before_and_changes_it(self, site: Site, sender: Browser) -> None:
        site.world.fill("c13", T101=Value.of(11))
        assert {"href": f"{RULE}", "class": "button button-small"} in sender.get("/collections/T-2023/rules").all("a")
        page = sender.get(RULE)
        assert "没有单位不满足这条规则" in page.text
        assert "您还不能查看" in page.text
        assert {each["value"] for each in page.all("input", type="radio")} == {"consent", "explain", "info", "off"}
        for fields in ({"severity": "info", "reason": " "}, {"severity": "", "reason": "口径有误"}):
            refused = sender.post(RULE, fields)
            assert refused.status_code == 422
            assert fields["reason"] in sound(refused).text
        assert sender.post(RULE, {"severity": "info", "reason": "口径有误，待修订"}).status_code == 303
        city = site.person("c13", Role.FILLER)
        assert 'id="info"' in city.client.get("/submissions/c13-2023-T/findings/").text
        site.world.take("c13", Action.SUBMIT)
        page = sender.get(RULE)
        assert "现在有 1 个单位的数不满足这条规则，其中 0 个已作说明" in page.text
        assert "c13 民政局" in page.text

    def test_it_is_switched_off_and_put_back(self, site: Site, sender: Browser) -> None:
        assert sender.post(RULE, {"severity": "off", "reason": "本期不用"}).status_code == 303
        findings = site.person("c13", Role.FILLER).get("/submissions/c13-2023-T/findings/").text
        assert "本期停用：本期不用" in findings
        assert "恢复后，这 1 处问题重新出现" in sender.get(RULE).text
        page = sender.get("/collections/T-2023/rules")
        assert "已被后来的调整取代" in page.text
        assert "本期调整 1 条" in sender.get("/collections/T-2023").text
        for _click in range(2):
            assert sender.post(RULE, {"severity": "blocking", "reason": "制度已修订"}).status_code == 303
        assert "本期调整 0 条" in sender.get("/collections/T-2023").text
        assert len(sender.get(RULE).all("blockquote")) == 3

    def test_of_two_tabs_the_second_is_shown_what_the_first_did(self, sender: Browser) -> None:
        other = "/collections/T-2023/rules/T107-E1"
        seen = sender.get(other).all("input", name="seen")[0]["value"]
        first = {"severity": "info", "reason": "先按提示", "seen": seen}
        assert sender.post(other, first).status_code == 303
        response = sender.post(other, {"severity": "off", "reason": "另一个窗口", "seen": seen})
        assert response.status_code == 409
        page = sound(response)
        assert "别人同时改了同一处" in page.text
        assert "先按提示" in page.text
        assert "另一个窗口" in page.text  # what was typed is still there
        again = page.all("input", name="seen")[0]["value"]
        back = {"severity": "explain", "reason": "核对后恢复", "seen": again}
        assert sender.post(other, back).status_code == 303
        assert sender.post(other, back | {"seen": "x"}).status_code == 422

    def test_nothing_is_made_heavier_and_nothing_unknown_changed(self, sender: Browser) -> None:
        heavier = sender.post("/collections/T-2023/rules/T107-E1", {"severity": "blocking", "reason": "要严"})
        assert heavier.status_code == 422
        assert "不能改重" in sound(heavier).text
        for where in ("/collections/T-2023/rules/T999", "/collections/T-2031/rules/T101-B1"):
            assert sender.post(where, {"severity": "off", "reason": "没有"}).status_code == 404
            assert sender.client.get(where).status_code == 404

    def test_those_below_read_what_was_changed(self, site: Site) -> None:
        city = site.person("c11", Role.REVIEWER)
        page = city.get("/collections/T-2023/rules?q=T107")
        assert "由下达任务的单位调整" in page.text
        assert "T107-E1" in page.text
        assert "制度已修订" in page.text
        assert not [each for each in page.all("a") if each["href"].endswith("/rules/T107-E1")]
        assert city.client.get(RULE).status_code == 403
        assert city.post(RULE, {"severity": "off", "reason": "不该成功"}).status_code == 403

    def test_another_province_changes_its_own(self, site: Site, sender: Browser) -> None:
        other = site.person("p2", Role.UNIT_ADMIN)
        assert other.post(RULE, {"severity": "off", "reason": "只在本省"}).status_code == 303
        assert "只在本省" not in sender.get("/collections/T-2023/rules").text
        assert site.person("p2", Role.AUDITOR).post(RULE, {"severity": "off", "reason": "无权"}).status_code == 403
        assert other.client.post(RULE, data={"severity": "off", "reason": "无令牌"}).status_code == 400
