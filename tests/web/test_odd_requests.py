"""What no browser of ours sends is refused with a page; it never breaks anything."""

import pytest

from portal.domain.policy import Role
from tests.web.conftest import Site, sound

OWN = "/submissions/d111-2023-T"
MANY_DIGITS = "1" * 5000


@pytest.mark.parametrize(
    "path",
    ["/rollups/%00", "/review/?unit=%00", "/people/?q=%00", "/admin/forms/list/?_flt_0_code=%00"],
)
def test_a_zero_character_in_the_address(site: Site, path: str) -> None:
    response = site.person("d111").client.get(path)
    assert response.status_code == 400
    assert "请求不完整" in sound(response).text


def test_a_zero_character_in_a_form(site: Site) -> None:
    filler = site.person("d111", Role.FILLER)
    assert filler.post("/login/", {"username": "\x00", "password": "x"}).status_code == 400
    assert filler.post(f"{OWN}/sheets/T1", {"version-T105": "0", "note-T105": "\x00"}).status_code == 400


@pytest.mark.parametrize("note", ["\x00", "\ud800"])
def test_a_character_that_no_text_may_hold_in_a_cell(site: Site, note: str) -> None:
    cell = {"answer": "1", "note": note, "row_version": 0}
    response = site.person("d111", Role.FILLER).patch(f"{OWN}/sheets/T1", {"cells": {"T101": cell}})
    assert (response.status_code, response.json["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("version", [MANY_DIGITS, "-1", "٣"])
def test_a_row_version_that_is_none(site: Site, version: str) -> None:
    filler = site.person("d111", Role.FILLER)
    assert filler.post(f"{OWN}/actions/receive", {"seen": version}).status_code == 422
    assert filler.post(f"{OWN}/submit", {"declared": "1", "seen": version}).status_code == 422
    assert filler.post(f"{OWN}/sheets/T1", {"version-T101": version}).status_code == 422
    cell = {"answer": "1", "row_version": version}
    assert filler.patch(f"{OWN}/sheets/T1", {"cells": {"T101": cell}}).status_code == 422


@pytest.mark.parametrize("number", ["abc", "-1", "9" * 30, ""])
@pytest.mark.parametrize("parameter", ["page_FormView", "psize_FormView"])
def test_a_page_of_a_list_that_is_no_number(site: Site, parameter: str, number: str) -> None:
    assert site.person("d111").client.get(f"/admin/forms/list/?{parameter}={number}").status_code == 400
