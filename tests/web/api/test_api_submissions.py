"""Submissions through the API: found, moved along, explained, with receipt and workbook."""

import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import MISSING, Value
from portal.services.explanations import attach, explain
from portal.web.api.findings import FindingsAnswer

GOOD = {
    "T101": {"number": "10"},
    "T102": {"number": "4"},
    "T103": {"number": "6"},
    "T105": {"text": "是"},
    "T106": {"text": "良好"},
    "T107": {"number": "7"},
    "T201": {"number": "100"},
    "T202": {"number": "650.5"},
    "T203": {"number": "1.25"},
}


def fill(api, unit, **changes):
    response = api.caller(unit).patch(
        f"submissions/{unit}-2023-T/values", json={"values": GOOD | changes}, headers={"If-Match": "*"}
    )
    assert response.status_code == 200


def take(api, unit, verb, by=None, **body):
    return api.caller(by or unit).post(f"submissions/{unit}-2023-T/actions/{verb}", json=body)


class TestFinding:
    def test_by_unit_period_form_and_state(self, api):
        found = api.caller("p1").get("submissions?unit=d121&period=2023&form=T&state=assigned").json
        assert [item["key"] for item in found["items"]] == ["d121-2023-T"]

    def test_none_of_another_period(self, api):
        assert api.caller("p1").get("submissions?period=2022").json["count"] == 0

    def test_in_pages(self, api):
        whole = api.caller("p1").get("submissions").json["items"]
        second = api.caller("p1").get("submissions?page=2&page_size=3").json
        assert second["items"] == whole[3:6]
        assert (second["count"], second["page"], second["page_size"]) == (7, 2, 3)


class TestWay:
    def test_from_receipt_to_acceptance_and_back(self, api):
        assert take(api, "d112", "receive").json["state"] == "drafting"
        fill(api, "d112")
        assert take(api, "d112", "check").json["code"] == "same_person"
        for role, verb, state in ((Role.CHECKER, "check", "checked"), (Role.HEAD, "sign", "signed")):
            moved = api.caller("d112", role).post(f"submissions/d112-2023-T/actions/{verb}", json={})
            assert moved.json["state"] == state
        assert take(api, "d112", "submit").json["state"] == "submitted"
        assert take(api, "d112", "accept", by="c11").json["state"] == "accepted"
        refused = take(api, "d112", "reopen", by="c11")
        assert (refused.status_code, refused.json["field"]) == (422, "reason")
        reopened = take(api, "d112", "reopen", by="c11", reason="第三项漏报").json
        assert (reopened["state"], reopened["version"], reopened["returned_reason"]) == ("sent_back", 2, "第三项漏报")

    def test_a_move_that_the_state_does_not_allow(self, api):
        response = take(api, "d121", "accept", by="c12")
        assert (response.status_code, response.json["code"], response.json["state"]) == (
            409,
            "invalid_move",
            "assigned",
        )

    def test_what_is_wrong_blocks(self, api):
        fill(api, "c12", T101={"number": "11"})
        response = take(api, "c12", "submit")
        assert (response.status_code, response.json["code"], response.json["count"]) == (422, "blocked_by_findings", 1)

    def test_an_unknown_verb_is_not_found(self, api):
        assert take(api, "d111", "destroy").status_code == 404

    def test_a_move_may_depend_on_what_was_seen(self, api):
        path = "submissions/c13-2023-T"
        tag = api.caller("c13").get(path).headers["ETag"]
        fill(api, "c13")
        response = api.caller("c13", Role.CHECKER).post(f"{path}/actions/check", headers={"If-Match": tag})
        assert (response.status_code, response.json["code"]) == (412, "conflict")

    def test_it_is_told_what_may_be_done_now(self, api):
        assert api.caller("d111", Role.FILLER).get("submissions/d111-2023-T").json["actions"] == ["receive"]


class TestReceipt:
    def test_it_proves_the_version_handed_in(self, api):
        fill(api, "d121")
        take(api, "d121", "submit")
        receipt = api.caller("d121").get("submissions/d121-2023-T/receipt").json
        assert receipt["number"].startswith("d121-2023-T-V1-")
        assert len(receipt["sha256"]) == 64
        [version] = api.caller("d121").get("submissions/d121-2023-T").json["versions"]
        assert version["sha256"] == receipt["sha256"]

    def test_there_is_none_before(self, api):
        assert api.caller("p1").get("submissions/p1-2023-T/receipt").status_code == 404


class TestFindings:
    def test_a_finding_is_explained(self, api):
        fill(api, "d111", T107={"number": "0"})
        path = "submissions/d111-2023-T"
        [finding] = api.caller("d111").get(f"{path}/findings").json["findings"]
        assert (finding["rule"], finding["severity"], finding["blocks"]) == ("T107-E1", "explain", True)
        body = {name: finding[name] for name in ("code", "rule", "indicator")}
        body |= {"reason_code": "business", "words": "本年没有行政许可事项，已与业务科核对"}
        response = api.caller("d111").post(f"{path}/explanations", json=body)
        assert response.status_code == 201
        [explained] = response.json["findings"]
        given = explained["explanation"]
        assert (explained["blocks"], given["reason_code"], given["decision"]) == (False, "business", None)

    def test_a_finding_tells_its_cause_and_its_explanation_the_file(self, api):
        unit, key = "d112", ("rule_broken", "T107-E1", "T107")
        api.world.fill(unit, T107=Value.of(0), T102=MISSING)
        actor, path = api.world.actor(unit), f"submissions/{unit}-2023-T"
        with transaction(actor) as session:
            explain(session, actor, api.world.key(unit), key, "other", "本年机构调整，职责已移交")
            attach(session, actor, api.world.key(unit), key, "清单.pdf", b"%PDF-1.7", limit=100)
        answer = api.caller(unit).get(f"{path}/findings").json
        assert FindingsAnswer().validate(answer) == {}  # what the description says, and nothing else
        found = {each["rule"] or each["code"]: each for each in answer["findings"]}
        given = found["T107-E1"]["explanation"]
        assert (given["file"]["filename"], len(given["file"]["sha256"])) == ("清单.pdf", 64)
        assert (found["required"]["cause"], found["required"]["last_year"]) == (None, "")
        where = f"{path}/explanations/{'~'.join(key)}/file"
        assert api.caller(unit).get(where).data == b"%PDF-1.7"
        assert api.caller("c11").get(where).status_code == 403  # a draft
        assert api.caller("d211").get(where).status_code == 404
        described = api.caller(unit).get("_openapi").json
        answers = described["paths"]["/api/v1/submissions/{key}/findings"]["get"]["responses"]["200"]
        assert answers["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/FindingsAnswer"}
        assert "cause" in described["components"]["schemas"]["Found"]["properties"]

    @pytest.mark.parametrize(
        ("words", "problem"), [("核实无误", "says_nothing"), ("太短", "too_short"), ("长" * 2000, "too_long")]
    )
    def test_empty_words_are_refused(self, api, words, problem):
        body = {"code": "rule_broken", "rule": "T107-E1", "indicator": "T107", "reason_code": "policy", "words": words}
        response = api.caller("d111").post("submissions/d111-2023-T/explanations", json=body)
        assert (response.status_code, response.json["problem"]) == (422, problem)


def test_the_workbook_carries_the_draft(api):
    response = api.caller("p1").get("submissions/p1-2023-T/workbook")
    assert response.status_code == 200
    assert response.data.startswith(b"PK")
    assert "p1-2023-T.xlsx" in response.headers["Content-Disposition"]
