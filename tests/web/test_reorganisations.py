"""The pages of a reorganisation: describe, look, apply, undo, publish; and what they refuse."""

import io

import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.units import get_unit
from tests.integration.test_reorganisations import AFTER, HALVES, apply
from tests.web.conftest import Browser, Site

DAY, BASIS = "2024-02-01", "民函〔2024〕1号"


def begun(browser: Browser, **fields: object) -> str:
    """Address of a new draft."""
    answer = browser.post("/reorganisations/", {"effective_on": DAY, "basis": BASIS, **fields})
    assert answer.status_code == 303, answer.text
    return answer.location


def send(browser: Browser, at: str, verb: str, **fields: str):
    version = browser.get(at).all("input", name="version")[0]["value"]
    return browser.post(f"{at}/{verb}", {"version": version, **fields})


def parent(code: str) -> str:
    with transaction(None) as session:
        return get_unit(session, code).parent_code


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.person("p1", Role.UNIT_ADMIN)


def test_described_looked_at_applied_and_undone(site: Site, browser: Browser) -> None:
    site.world.accept("d112", T203=Value.of(2))
    at = begun(browser, effective_on="2023-07-01")
    assert send(browser, at, "changes", change="move", code="d112", parent_code="c12").status_code == 303
    text = browser.get(at).text
    assert "d112-2023-T" in text
    assert "T203" in text
    assert send(browser, at, "apply").status_code == 303
    assert parent("d112") == "c12"
    assert send(browser, at, "undo").status_code == 303
    assert parent("d112") == "c11"


def test_published_is_final(browser: Browser) -> None:
    at = begun(browser)
    send(browser, at, "changes", change="rename", code="d112", name="新名")
    send(browser, at, "apply")
    send(browser, at, "publish")
    assert browser.get(at).all("input", name="version") == []
    assert browser.post(f"{at}/undo", {"version": "4"}).status_code == 409


def test_taken_from_a_file(browser: Browser) -> None:
    lines = f"change,code,sources,parent_code,level,name,name_en,effective_on,basis\n合并,d111,d112,,,,,{DAY},{BASIS}\n"
    answer = browser.client.post(
        "/reorganisations/", data={"csrf_token": browser.token(), "file": (io.BytesIO(lines.encode()), "r.csv")}
    )
    assert "合并" in browser.get(answer.location).text


@pytest.mark.parametrize(
    "fields", [{"effective_on": "morgen"}, {"basis": " "}, {"file": (io.BytesIO(b"change\n"), "r.csv")}]
)
def test_what_is_wrong_is_said(browser: Browser, fields: dict[str, object]) -> None:
    answer = browser.post("/reorganisations/", {"effective_on": DAY, "basis": BASIS, **fields})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_what_cannot_be_offers_no_button_and_is_refused(browser: Browser) -> None:
    at = begun(browser)
    send(browser, at, "changes", change="move", code="c11", parent_code="d111")
    assert "还不能实施" in browser.get(at).text
    assert f"{at}/apply" not in browser.get(at).text
    assert send(browser, at, "apply").status_code == 422
    assert parent("c11") == "p1"


def test_a_line_is_taken_away_again(browser: Browser) -> None:
    at = begun(browser)
    send(browser, at, "changes", change="rename", code="d112", name="新名")
    assert send(browser, at, "changes/1/remove").status_code == 404
    assert send(browser, at, "changes/0/remove").status_code == 303
    assert "还没有写变动" in browser.get(at).text


def test_twice_and_from_another_tab_happens_once(browser: Browser) -> None:
    at = begun(browser)
    send(browser, at, "changes", change="move", code="d112", parent_code="c12")
    version = browser.get(at).all("input", name="version")[0]["value"]
    assert [browser.post(f"{at}/apply", {"version": version}).status_code for _time in range(2)] == [303, 409]


@pytest.mark.parametrize("unit", ["c11", "p2"])
def test_another_units_reorganisation_is_not_there(site: Site, browser: Browser, unit: str) -> None:
    at = begun(browser)
    other = site.person(unit, Role.UNIT_ADMIN)
    assert other.client.get(at).status_code == 404
    assert {other.post(f"{at}/{verb}", {"version": "1"}).status_code for verb in ("apply", "drop", "describe")} == {404}


def test_by_todays_tree_a_part_has_a_page_without_number_and_the_top_has_one(site: Site) -> None:
    site.world.accept("d111", T203=Value.of(10))
    apply(site.world, *HALVES, on=AFTER)
    browser = site.person("p1")
    asked = "?period=2023&indicator=T203"
    assert "拆分，不可比" in browser.get(f"/rollups/d122{asked}&tree=current").text
    assert browser.client.get(f"/rollups/d122{asked}").status_code == 404
    top = browser.client.get(f"/rollups/p1{asked}&tree=current").text.split("<tbody>")[1].split("</tr>")[0]
    assert "拆分，不可比" not in top
