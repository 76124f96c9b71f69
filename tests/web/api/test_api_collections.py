"""Collections over the API: sent down once, by those who may, with settings that hold."""

from portal.domain.policy import Role
from tests.web.api.conftest import Api

BODY = {
    "form": "T",
    "period": "2022",
    "opens_on": "2023-01-01",
    "due_on": "2023-01-31",
    "settings": {"skip_level": True, "sign_offs": ["sign", "check"]},
    "exempt": {"d111": "当年新设机构"},
}


def test_a_form_is_sent_down_once(api: Api) -> None:
    sender = api.caller("p1", Role.REVIEWER)
    sent = sender.post("collections", json=BODY)
    assert sent.status_code == 201, sent.text
    assert (sent.json["form"], sent.json["period"], sent.json["sender"]) == ("T", "2022", "p1")
    settings = {"skip_level": True, "names_siblings": False, "one_person": False}
    settings |= {"entered_above": False, "sign_offs": ["check", "sign"]}
    assert sent.json["settings"] == settings
    assert sender.post("collections", json=BODY).json["code"] == "duplicate"
    assert api.caller("d111", Role.FILLER).get("submissions/d111-2022-T").json["exempt_reason"] == "当年新设机构"


def test_settings_are_replaced_by_the_sender_alone(api: Api) -> None:
    changed = api.caller("p1", Role.REVIEWER).ask("PUT", "collections/T-2023/settings", json={"one_person": True})
    assert changed.json["settings"]["one_person"] is True
    for unit, status in (("c11", 403), ("d111", 403)):
        assert api.caller(unit, Role.REVIEWER).ask("PUT", "collections/T-2023/settings", json={}).status_code == status
    assert api.caller("p1", Role.FILLER).ask("PUT", "collections/T-2023/settings", json={}).status_code == 403
    assert api.caller("p1", Role.REVIEWER).ask("PUT", "collections/T-2031/settings", json={}).status_code == 404


def test_what_makes_no_sense_is_refused(api: Api) -> None:
    sender = api.caller("p1", Role.REVIEWER)
    for wrong, code in (
        ({"settings": {"sign_offs": ["submit"]}}, "invalid_request"),
        ({"due_on": "2022-12-31"}, "invalid_input"),
        ({"period": "2021Q1"}, "invalid_input"),
        ({"form": "ZZ"}, "not_found"),
        ({"colour": "red"}, "invalid_request"),
    ):
        assert sender.post("collections", json=BODY | {"period": "2021"} | wrong).json["code"] == code
    assert api.caller("p1", Role.FILLER).post("collections", json=BODY | {"period": "2021"}).status_code == 403
