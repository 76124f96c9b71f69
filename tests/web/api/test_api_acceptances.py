"""Many submissions accepted at once through the API."""

import pytest

from portal.domain.policy import Role

ROAD = "submissions/acceptances"


@pytest.fixture(scope="module")
def handed_in(api):
    """Two districts of a city, and one of another tenant, have handed in."""
    for unit in ("d111", "d112", "d211"):
        api.world.submit(unit)
    return api


def test_those_that_can_be_are_accepted_and_the_others_told(handed_in):
    reviewer = handed_in.caller("c11", Role.REVIEWER)
    seen = int(reviewer.get("submissions/d111-2023-T").headers["ETag"].strip('"'))
    body = {"collection": "T-2023", "seen": {"d111": seen, "d112": seen + 7, "d211": None, "d121": None}}
    found = reviewer.post(ROAD, json=body | {"reason": "已核"})
    assert found.status_code == 200
    assert found.json["accepted"] == ["d111"]
    codes = {each["unit"]: each["code"] for each in found.json["refused"]}
    assert codes == {"d112": "conflict", "d211": "not_found", "d121": "not_found"}
    assert all(each["detail"] for each in found.json["refused"])
    again = reviewer.post(ROAD, json=body).json
    assert (again["accepted"], again["refused"][0]["code"]) == ([], "invalid_move")
    assert handed_in.caller("d112").get("submissions/d112-2023-T").json["state"] == "submitted"


@pytest.mark.parametrize("role", [Role.FILLER, Role.HEAD, Role.AUDITOR, Role.PARTNER])
def test_others_accept_nothing(handed_in, role):
    found = handed_in.caller("c11", role).post(ROAD, json={"collection": "T-2023", "seen": {"d112": None}})
    assert (found.status_code, found.json["accepted"]) == (200, [])
    assert found.json["refused"][0]["code"] in {"not_permitted", "not_found"}


@pytest.mark.parametrize(
    "body",
    [
        {"seen": {}},
        {"collection": "T", "seen": {}},
        {"collection": "T-2023"},
        {"collection": "T-2023", "seen": ["d112"]},
        {"collection": "T-2023", "seen": {"d112": "1"}},
        {"collection": "T-2023", "seen": {}, "more": 1},
    ],
)
def test_what_is_no_request_is_refused(handed_in, body):
    assert handed_in.caller("c11", Role.REVIEWER).post(ROAD, json=body).status_code == 400
    assert handed_in.caller("d112").get("submissions/d112-2023-T").json["state"] == "submitted"


def test_a_reason_has_an_end(handed_in):
    body = {"collection": "T-2023", "seen": {"d112": None}, "reason": "长" * 2001}
    refused = handed_in.caller("c11", Role.REVIEWER).post(ROAD, json=body)
    assert (refused.status_code, refused.json["field"]) == (422, "reason")
    assert handed_in.caller("d112").get("submissions/d112-2023-T").json["state"] == "submitted"
