"""Filling in a sheet: by the plain form, and cell by cell."""

from typing import Any

import pytest

from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.values import Value, ValueStatus
from portal.queries.submissions import SubmissionView, get_submission
from tests.web.conftest import Browser, Site, sound
from tests.world import World

GOOD = {"T101": "10", "T102": "4", "T103": "6", "T105": "是", "T106": "良好", "T107": "7"}


@pytest.fixture
def world(site: Site) -> World:
    return site.world


def stored(site: Site, unit: str) -> SubmissionView:
    """The submission as its own unit sees it."""
    actor = site.world.actor(unit)
    with transaction(actor) as session:
        return get_submission(session, actor, site.world.key(unit))


def sheet_form(browser: Browser, unit: str, sheet: str = "T1", **answers: str) -> dict[str, str]:
    """All boxes of the sheet as the page holds them, with these answers typed in."""
    page = browser.get(f"/submissions/{unit}-2023-T/sheets/{sheet}")
    boxes = {box["name"]: box.get("value", "") for box in page.all("input") if box.get("type") in {"hidden", "text"}}
    return boxes | {f"answer-{code}": text for code, text in answers.items()}


def save(browser: Browser, unit: str, fields: dict[str, str], sheet: str = "T1") -> Any:
    return browser.client.post(f"/submissions/{unit}-2023-T/sheets/{sheet}", data=fields)


def cell(answer: str = "", version: int = 0, **more: Any) -> dict[str, Any]:
    return {"answer": answer, "row_version": version} | more


def test_the_whole_sheet_is_saved_without_scripts(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    fields = sheet_form(browser, "d111", **GOOD) | {"note-T101": "截至2023-12-30；含联合检查", "go": "stay"}
    response = save(browser, "d111", fields)
    view = stored(site, "d111")
    assert response.location == "/submissions/d111-2023-T/sheets/T1"
    assert view.state is State.DRAFTING
    assert view.values["T101"].number == 10
    assert view.values["T101"].note == "含联合检查"
    assert str(view.values["T101"].as_of_on) == "2023-12-30"
    assert view.values["T106"].text == "良好"
    page = browser.get(response.location)
    assert "已保存" in page.text
    assert "40.00" in page.text  # T104, worked out
    assert page.all("input", name="note-T101")[0]["value"] == "截至2023-12-30；含联合检查"


def test_saving_leads_on(site: Site) -> None:
    browser = site.person("d112", Role.FILLER)
    fields = sheet_form(browser, "d112", **GOOD)
    assert save(browser, "d112", fields | {"go": "next"}).location == "/submissions/d112-2023-T/sheets/T2"
    fields = sheet_form(browser, "d112", **GOOD)
    assert save(browser, "d112", fields | {"go": "check"}).location == "/submissions/d112-2023-T/findings/"
    fields = sheet_form(browser, "d112", "T2", T203="1.25")
    assert save(browser, "d112", fields | {"go": "next"}, "T2").location == "/submissions/d112-2023-T/sheets/T3"
    assert browser.client.get("/submissions/d112-2023-T/sheets/T3").location == "/submissions/d112-2023-T/lists/cases"
    unfinished = browser.client.get("/submissions/d112-2023-T/sheets/").location
    assert unfinished == "/submissions/d112-2023-T/sheets/T2"


def test_zero_missing_and_not_applicable_stay_apart(site: Site) -> None:
    browser = site.person("d121", Role.FILLER)
    fields = sheet_form(browser, "d121", **GOOD | {"T102": "0", "T103": ""}) | {"na-T107": "on", "answer-T107": ""}
    save(browser, "d121", fields)
    values = stored(site, "d121").values
    assert values["T102"].number == 0
    assert values["T103"].status is ValueStatus.MISSING
    assert values["T107"].status is ValueStatus.NOT_APPLICABLE
    page = browser.get("/submissions/d121-2023-T/sheets/T1")
    assert "checked" in page.all("input", name="na-T107")[0]
    assert page.all("input", name="answer-T102")[0]["value"] == "0"
    assert page.all("input", name="answer-T103")[0]["value"] == ""


def test_what_cannot_be_understood_stays_in_its_box_and_the_rest_is_saved(site: Site) -> None:
    browser = site.person("c13", Role.FILLER)
    fields = sheet_form(browser, "c13", T101="十来次", T102="1.5", T103="6")
    response = save(browser, "c13", fields)
    page = sound(response)
    assert response.status_code == 422
    assert page.text.startswith("出错：")
    assert stored(site, "c13").values["T103"].number == 6
    assert not stored(site, "c13").values["T101"].answered
    assert [link["href"] for link in page.all("a") if link["href"].startswith("#answer")] == [
        "#answer-T101",
        "#answer-T102",
    ]
    for code, typed in (("T101", "十来次"), ("T102", "1.5")):
        box = page.all("input", name=f"answer-{code}")[0]
        assert box["value"] == typed
        assert box["aria-invalid"] == "true"
        assert f"problem-{code}" in box["aria-describedby"]


def test_a_cell_that_somebody_else_changed_is_shown_and_nothing_is_lost(site: Site) -> None:
    browser = site.person("d211", Role.FILLER)
    mine = sheet_form(browser, "d211", T101="11", T102="5")
    site.world.fill("d211", T101=Value.of(99), T102=Value.of(5))
    response = save(browser, "d211", mine)
    page = sound(response)
    assert response.status_code == 409
    assert "d211 的人 于" in page.text
    assert "改为：99" in page.text
    assert page.all("input", name="answer-T101")[0]["value"] == "11"
    again = {box["name"]: box.get("value", "") for box in page.all("input") if box.get("type") in {"hidden", "text"}}
    again |= {"answer-T105": "是", "answer-T106": "良好"}
    assert save(browser, "d211", again).status_code == 303
    assert stored(site, "d211").values["T101"].number == 11


def test_a_cell_is_saved_while_typing(site: Site) -> None:
    site.world.fill("c11")
    version = stored(site, "c11").origins["T101"].row_version
    browser = site.person("c11", Role.FILLER)
    response = browser.patch("/submissions/c11-2023-T/sheets/T1", {"cells": {"T101": cell("１２", version)}})
    body = response.get_json()
    assert response.status_code == 200
    assert body["problems"] == {}
    assert body["rows"]["T101"]["answer"] == "12"
    assert body["rows"]["T101"]["row_version"] == version + 1
    assert body["rows"]["T104"]["shown"] == "33.33"
    assert [each["severity"] for each in body["rows"]["T101"]["remarks"]] == ["blocking"]
    assert stored(site, "c11").values["T101"].number == 12


def test_a_cell_that_says_nothing_is_named_and_not_saved(site: Site) -> None:
    browser = site.person("p1", Role.FILLER)
    cells = {"T101": cell("abc"), "T102": cell("3", not_applicable=True), "T105": cell("也许")}
    response = browser.patch("/submissions/p1-2023-T/sheets/T1", {"cells": cells})
    assert response.status_code == 200
    assert response.get_json()["problems"].keys() == cells.keys()
    assert not any(stored(site, "p1").values[code].answered for code in cells)


def test_an_autosave_of_a_stale_cell_shows_theirs(site: Site) -> None:
    site.world.fill("c12")
    browser = site.person("c12", Role.FILLER)
    response = browser.patch(
        "/submissions/c12-2023-T/sheets/T1", {"cells": {"T101": cell("1", 0), "T102": cell("4", 1)}}
    )
    body = response.get_json()
    assert response.status_code == 409
    assert response.mimetype == "application/problem+json"
    assert body["code"] == "conflict"
    assert body["cells"].keys() == {"T101"}
    assert body["cells"]["T101"]["answer"] == "10"
    assert "c12 的人" in body["cells"]["T101"]["theirs"]
    assert stored(site, "c12").values["T101"].number == 10


@pytest.mark.parametrize("body", [[], {}, {"cells": []}, {"cells": {"T101": 5}}, {"cells": {"T203": cell("1")}}])
def test_an_autosave_of_another_shape_is_refused(site: Site, body: Any) -> None:
    response = site.person("p2", Role.FILLER).patch("/submissions/p2-2023-T/sheets/T1", body)
    assert response.status_code == 422
    assert response.get_json()["code"] == "invalid_input"


def test_a_version_that_is_no_number_is_refused(site: Site) -> None:
    cells = {"T101": {"answer": "1", "row_version": "x"}}
    response = site.person("p2", Role.FILLER).patch("/submissions/p2-2023-T/sheets/T1", {"cells": cells})
    assert response.status_code == 422


def test_an_autosave_without_a_session_is_told_so(site: Site) -> None:
    browser = site.anonymous()
    response = browser.client.patch("/submissions/d111-2023-T/sheets/T1", json={"cells": {}})
    assert response.status_code == 400
    assert response.get_json()["code"] == "csrf"


def test_only_the_filler_finds_boxes(site: Site) -> None:
    site.world.fill("c21")
    page = site.person("c21", Role.HEAD).get("/submissions/c21-2023-T/sheets/T1")
    assert page.all("input", name="answer-T101") == []
    assert "只读" in page.text


def test_a_submitted_sheet_is_read_only(site: Site) -> None:
    site.world.fill("c21")
    site.world.take("c21", Action.SUBMIT)
    browser = site.person("c21", Role.FILLER)
    page = browser.get("/submissions/c21-2023-T/sheets/T1")
    assert page.all("button", name="go") == []
    response = browser.patch("/submissions/c21-2023-T/sheets/T1", {"cells": {"T101": cell("1", 1)}})
    assert response.status_code == 409
    assert response.get_json()["code"] == "invalid_move"


def test_what_the_level_does_not_fill_has_no_boxes(site: Site) -> None:
    page = site.person("p1", Role.FILLER).get("/submissions/p1-2023-T/sheets/T2")
    assert page.all("input", name="answer-T201") == []
    assert page.all("input", name="answer-T203") != []
    assert "本级不填" in page.text


def test_a_sheet_that_is_not_of_the_form_is_not_found(site: Site) -> None:
    assert site.person("d111", Role.FILLER).client.get("/submissions/d111-2023-T/sheets/T9").status_code == 404
