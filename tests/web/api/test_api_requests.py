"""What is not understood is refused whole, with a problem document, and never breaks anything."""

import json

import pytest

KEY = "d111-2023-T"


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("units?undre=d111", "undre"),
        ("units?level=village", "level"),
        ("submissions?page=0", "page"),
        ("submissions?page=x", "page"),
        ("submissions?page_size=1000000", "page_size"),
        ("submissions?period=20231", "period"),
        ("submissions?state=done", "state"),
        ("rollups", "period"),
        ("rollups?period=2023&tree=old", "tree"),
        ("rollups?period=2023&indicator=", "indicator"),
        ("rollups?period=2023&pending=maybe", "pending"),
        ("completeness?period=2023&by=level:district", "by"),
        ("lineage?period=2023", "indicator"),
        ("events?submission=d111", "submission"),
        ("forms/T?number=0", "number"),
        ("units/d111%00", "text"),
        ("units?under=%00", "text"),
    ],
)
def test_a_wrong_parameter_is_named(api, path, parameter):
    response = api.caller("d111").get(path)
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.json["code"] == "invalid_request"
    assert list(response.json["problems"]) == [parameter]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "null",
        '"text"',
        "{'values': {}}",
        '{"values": NaN}',
        '{"values": {"T101": {"number": Infinity}}}',
        '{"values": {}, "values": {}}',
        '{"values": [1]}',
        '{"values": {"T101": 5}}',
        '{"values": {"T101": {"number": "five"}}}',
        '{"values": {"T101": {"number": "1_000"}}}',
        '{"values": {"T101": {"number": "٣"}}}',
        '{"values": {"T101": {"number": true}}}',
        '{"values": {"T101": {"number": [1]}}}',
        '{"values": {"T101": {"number": 1e400}}}',
        '{"values": {"T101": {"number": 1, "text": "x"}}}',
        '{"values": {"T101": {"status": "reported"}}}',
        '{"values": {"T101": {"status": "missing", "number": "1"}}}',
        '{"values": {"T101": {"status": "perhaps"}}}',
        '{"values": {"T101": {"number": 1, "approximate": "yes"}}}',
        '{"values": {"T101": {"number": 1, "as_of_on": "31.12.2023"}}}',
        '{"values": {"T101": {"number": 1, "colour": "red"}}}',
        '{"values": {"T105": {"text": "\\u0000"}}}',
        '{"values": {"T105": {"text": "\\ud800"}}}',
        '{"values": {"\\u0000": null}}',
        '{"values": {}, "row_versions": {"T101": "1"}}',
        '{"values": {}, "row_versions": {"T101": 1.5}}',
        '{"values": {"T101": {"number": ' + "1" * 5000 + "}}}",
        '{"values": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"values": ' + '{"a":' * 900 + "1" + "}" * 900 + "}",
        b"\xff\xfe{}",
    ],
    ids=lambda content: str(content)[:60],
)
def test_a_wrong_body_is_refused(api, content):
    response = api.caller("d111").patch(
        f"submissions/{KEY}/values", data=content, content_type="application/json", headers={"If-Match": "*"}
    )
    assert response.status_code == 400
    assert response.json["code"] == "invalid_request"


def test_a_wrong_field_is_named_by_its_path(api):
    body = {"values": {"T101": {"number": "five"}, "T102": {"number": 4}}}
    response = api.caller("d111").patch(f"submissions/{KEY}/values", json=body, headers={"If-Match": "*"})
    assert list(response.json["problems"]) == ["values.T101.value.number"]


def test_another_media_type_is_refused(api):
    response = api.caller("d111").patch(f"submissions/{KEY}/values", data="values=1", content_type="text/plain")
    assert response.status_code == 415
    assert response.mimetype == "application/problem+json"


def test_a_huge_body_is_refused_before_it_is_read(api):
    body = json.dumps({"values": {"T105": {"text": "x" * 2_000_000}}})
    response = api.caller("d111").patch(f"submissions/{KEY}/values", data=body, content_type="application/json")
    assert response.status_code == 413
    assert response.json["code"] == "request_entity_too_large"


@pytest.mark.parametrize("tag", ["x", '"-1"', '"1", "2"', 'W/"1"', '"' + "9" * 30 + '"'])
def test_an_etag_that_is_none_of_ours_is_refused(api, tag):
    response = api.caller("d111").patch(f"submissions/{KEY}/values", json={"values": {}}, headers={"If-Match": tag})
    assert response.status_code == 400
    assert list(response.json["problems"]) == ["If-Match"]


@pytest.mark.parametrize(
    "path",
    [
        "submissions/nothing",
        "submissions/d111-2024-T",
        "submissions/d111-2023-X",
        "submissions/d111-2023-T-T",
        "uploads/1",
        "uploads/7c6b2f2e-7f0b-4f6f-8a5d-0d6c0c0f2d11",
        "forms/X",
        "forms/T?number=7",
        "units/x",
        "units/X'%20or%201=1",
        "rollups?period=2023&unit=x",
        "rollups?period=2023&indicator=X1",
        "nothing",
    ],
)
def test_what_is_not_there_is_not_found(api, path):
    response = api.caller("d111").get(path)
    assert response.status_code == 404
    assert response.json["code"] == "not_found"


def test_another_method_is_refused(api):
    response = api.caller("d111").post("units")
    assert response.status_code == 405
    assert response.mimetype == "application/problem+json"


def test_a_list_may_end_with_a_slash(api):
    assert api.caller("d111").get("units/").json == api.caller("d111").get("units").json
