"""Figures through the API: exact, told apart when missing, guarded against lost updates."""

import pytest

KEY = "d111-2023-T"
VALUES = f"submissions/{KEY}/values"


@pytest.fixture
def filler(api):
    return api.caller("d111")


def write(caller, values, **request):
    return caller.patch(VALUES, json={"values": values}, headers={"If-Match": "*"}, **request)


def read(caller, code):
    return caller.get(VALUES).json["values"][code]


def test_numbers_stay_exact(filler):
    digits = "123456789012345678901234567.8901234567890123"
    assert write(filler, {"T203": {"number": digits}}).json["changed"] == 1
    assert read(filler, "T203")["number"] == digits


def test_a_json_number_is_read_by_its_digits(filler):
    body = '{"values": {"T203": {"number": 0.1000000000000000055}}}'
    filler.patch(VALUES, data=body, content_type="application/json", headers={"If-Match": "*"})
    assert read(filler, "T203")["number"] == "0.1000000000000000055"


def test_missing_zero_and_not_applicable_are_three_things(filler):
    write(filler, {"T101": {"number": "0"}, "T102": {"status": "not_applicable"}, "T103": None})
    values = filler.get(VALUES).json["values"]
    assert (values["T101"]["status"], values["T101"]["number"]) == ("reported", "0")
    assert values["T102"]["status"] == "not_applicable"
    assert values["T103"]["status"] == "missing"
    assert "number" not in values["T102"] | values["T103"]


def test_null_clears(filler):
    write(filler, {"T107": {"number": "3"}})
    write(filler, {"T107": None})
    assert read(filler, "T107")["status"] == "missing"


def test_extras_are_kept(filler):
    value = {"number": "12", "approximate": True, "as_of_on": "2023-06-30", "note": "据台账"}
    write(filler, {"T201": value})
    assert value.items() <= read(filler, "T201").items()


def test_it_is_said_who_entered_a_value(filler):
    write(filler, {"T107": {"number": "4"}})
    origin = read(filler, "T107")["origin"]
    assert (origin["entered_by"], origin["upload"], origin["cell"]) == ("张某", None, None)


def test_what_the_portal_works_out_has_no_origin(filler):
    write(filler, {"T101": {"number": "8"}, "T102": {"number": "2"}})
    assert read(filler, "T104") == {"status": "reported", "number": "25", "row_version": 0, "origin": None}


def test_an_impossible_answer_is_refused_and_the_rest_is_written(filler):
    saved = write(filler, {"T101": {"number": "-1"}, "T107": {"number": "9"}}).json
    assert [(each["indicator"], each["code"]) for each in saved["refused"]] == [("T101", "below_minimum")]
    assert read(filler, "T107")["number"] == "9"


def test_sentences_come_in_the_language_asked_for(filler):
    headers = {"If-Match": "*", "Accept-Language": "en-GB,en;q=0.9"}
    body = {"values": {"T101": {"number": "-1"}}}
    [finding] = filler.patch(VALUES, json=body, headers=headers).json["refused"]
    assert "must not be less than" in finding["message"]


def test_an_unknown_indicator_is_not_found(filler):
    assert write(filler, {"X999": {"number": "1"}}).status_code == 404


class TestLostUpdates:
    def test_a_blind_write_is_refused(self, filler):
        response = filler.patch(VALUES, json={"values": {"T107": {"number": "1"}}})
        assert (response.status_code, response.json["code"]) == (428, "precondition_required")

    def test_each_value_needs_its_row_version(self, filler):
        body = {"values": {"T107": None, "T101": None}, "row_versions": {"T107": 0}}
        assert filler.patch(VALUES, json=body).status_code == 428

    def test_the_etag_of_the_reading_lets_write_once(self, filler):
        tag = filler.get(VALUES).headers["ETag"]
        body = {"values": {"T107": {"number": "21"}}}
        first = filler.patch(VALUES, json=body, headers={"If-Match": tag})
        second = filler.patch(VALUES, json={"values": {"T107": {"number": "22"}}}, headers={"If-Match": tag})
        assert first.status_code == 200
        assert (second.status_code, second.json["code"]) == (412, "conflict")
        assert read(filler, "T107")["number"] == "21"

    def test_the_etag_of_a_writing_lets_write_again(self, filler):
        first = write(filler, {"T107": {"number": "31"}})
        headers = {"If-Match": first.headers["ETag"]}
        assert filler.patch(VALUES, json={"values": {"T107": {"number": "32"}}}, headers=headers).status_code == 200

    def test_row_versions_guard_single_values(self, filler):
        write(filler, {"T107": {"number": "41"}, "T203": {"number": "1"}})
        seen = read(filler, "T107")["row_version"]
        write(filler, {"T203": {"number": "2"}})  # another value changes meanwhile
        body = {"values": {"T107": {"number": "42"}}, "row_versions": {"T107": seen}}
        assert filler.patch(VALUES, json=body).status_code == 200
        response = filler.patch(VALUES, json={**body, "values": {"T107": {"number": "43"}}})
        assert (response.status_code, response.json["code"]) == (409, "conflict")
        assert read(filler, "T107")["number"] == "42"


class TestWhoReads:
    def test_a_superior_does_not_see_a_draft(self, api, filler):
        write(filler, {"T101": {"number": "777"}})
        assert api.caller("c11").get(VALUES).status_code == 403
        assert "777" not in api.caller("c11").get(f"submissions/{KEY}").text

    def test_last_year_is_empty_without_an_accepted_report(self, filler):
        assert filler.get(VALUES).json["last_year"] == {}
