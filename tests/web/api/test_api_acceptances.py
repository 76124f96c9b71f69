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
    assert again["accepted"] == []
    assert [again["refused"][0][name] for name in ("unit", "code", "state")] == ["d111", "invalid_move", "accepted"]
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
        {"collection": "T-2023", "seen": {"d112\x00": 1}},
        {"collection": "T-2023", "seen": {"d112": True}},
        {"collection": "T-99999", "seen": {"d112": 1}},
    ],
)
def test_what_is_no_request_is_refused(handed_in, body):
    assert handed_in.caller("c11", Role.REVIEWER).post(ROAD, json=body).status_code == 400
    assert handed_in.caller("d112").get("submissions/d112-2023-T").json["state"] == "submitted"


@pytest.mark.parametrize(
    ("collection", "seen", "codes"),
    [
        ("T-2023", {"d112": 10**30}, {"conflict"}),
        ("T-2023", {"d112": -1}, {"conflict"}),
        ("T-2023", dict.fromkeys(["", "9" * 10_000, "民政局"]), {"not_found"}),
        ("T-2023", {f"x{number}": number for number in range(20_000)}, {"not_found"}),
        ("T-2023", {"c11": None}, {"not_permitted"}),
        ("T-1901", {"d112": None}, {"not_found"}),
        ("X-2023", {"d112": None}, {"not_found"}),
    ],
)
def test_what_names_nothing_to_accept_is_told_one_by_one(handed_in, collection, seen, codes):
    found = handed_in.caller("c11", Role.REVIEWER).post(ROAD, json={"collection": collection, "seen": seen})
    assert (found.status_code, found.json["accepted"]) == (200, [])
    assert {each["unit"] for each in found.json["refused"]} == set(seen)
    assert {each["code"] for each in found.json["refused"]} == codes
    assert handed_in.caller("d112").get("submissions/d112-2023-T").json["state"] == "submitted"


def test_more_than_a_body_holds(handed_in):
    seen = dict.fromkeys(f"x{number}" for number in range(100_000))
    found = handed_in.caller("c11", Role.REVIEWER).post(ROAD, json={"collection": "T-2023", "seen": seen})
    assert found.status_code == 413
    assert "分几次" in found.json["detail"]


def test_a_reason_has_an_end(handed_in):
    body = {"collection": "T-2023", "seen": {"d112": None}, "reason": "长" * 2001}
    refused = handed_in.caller("c11", Role.REVIEWER).post(ROAD, json=body)
    assert (refused.status_code, refused.json["field"]) == (422, "reason")
    assert handed_in.caller("d112").get("submissions/d112-2023-T").json["state"] == "submitted"
