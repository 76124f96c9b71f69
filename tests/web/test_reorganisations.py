"""The pages of a reorganisation: describe, look, apply, undo, publish; and what they refuse."""

import io
from datetime import date

import openpyxl
import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.units import get_unit
from tests.clamd import SIGNATURE, running_clamd
from tests.integration.test_reorganisations import AFTER, HALVES, apply
from tests.web.conftest import Browser, Site
from tests.web.html import Page
from tests.web.test_dashboards import shown as dashboard

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


def test_problems_name_units_by_code_and_name_in_the_readers_language(browser: Browser) -> None:
    at = begun(browser, basis="撤销 c12")
    send(browser, at, "changes", change="dissolve", code="c12")
    assert "没有上级，或上级在自己之下：d121 d121 民政局" in browser.get(at).text
    browser.client.get("/language/en")
    assert "without a superior: d121 Bureau d121" in browser.get(at).text
    browser.client.get("/language/zh")


def test_the_list_says_where_units_move_and_the_preview_what_they_become(browser: Browser) -> None:
    at = begun(browser, basis="拆分 d121")
    for part in ("d122", "d123"):
        send(browser, at, "changes", change="split", code=part, sources="d121", name=f"{part} 民政局")
    send(browser, at, "changes", change="move", code="d112", parent_code="c12")
    assert "拆分为 d122 、 d123" in browser.get(at).text
    assert "改变隶属 d112 d112 民政局 → c12 c12 民政局" in browser.get("/reorganisations/").text


def test_published_is_final(browser: Browser) -> None:
    at = begun(browser)
    send(browser, at, "changes", change="rename", code="d112", name="新名")
    send(browser, at, "apply")
    send(browser, at, "publish")
    assert browser.get(at).all("input", name="version") == []
    for verb in ("undo", "apply", "publish", "drop", "describe", "changes", "changes/0/remove"):
        fields = {"change": "rename", "code": "d112", "name": "又一名"}
        refused = browser.post(f"{at}/{verb}", {"version": "4", "effective_on": DAY, "basis": BASIS, **fields})
        assert (refused.status_code, "已经公布" in refused.get_data(as_text=True)) == (409, True), verb
    with transaction(None) as session:
        assert get_unit(session, "d112").name == "新名"


def test_taken_from_a_file(browser: Browser) -> None:
    lines = f"change,code,sources,parent_code,level,name,name_en,effective_on,basis\n合并,d111,d112,,,,,{DAY},{BASIS}\n"
    answer = browser.client.post(
        "/reorganisations/", data={"csrf_token": browser.token(), "file": (io.BytesIO(lines.encode()), "r.csv")}
    )
    assert "合并" in browser.get(answer.location).text


def handed_in(browser: Browser, content: bytes, name: str = "r.csv", **fields: str):
    data = {"csrf_token": browser.token(), "file": (io.BytesIO(content), name), **fields}
    return browser.client.post("/reorganisations/", data=data)


def test_the_empty_file_is_filled_in_and_taken(browser: Browser) -> None:
    with browser.client.get("/reorganisations/template.xlsx") as response:
        book = openpyxl.load_workbook(io.BytesIO(response.data))
    assert "更名、改变隶属、改变层级、新设、合并、拆分、撤销" in [row[1] for row in book["说明"].values]
    book["区划调整"].append(["更名", "d112", None, None, None, "填表改名", None, date(2024, 2, 1), BASIS])
    filled = io.BytesIO()
    book.save(filled)
    answer = handed_in(browser, filled.getvalue(), "r.xlsx")
    assert "更名 d112" in browser.get(answer.location).text


def test_mistakes_of_a_file_are_told_in_the_language_of_the_page(browser: Browser) -> None:
    content = b"change,code,sources,parent_code,level,name,name_en,effective_on,basis\nrename,d 1,,,,x,,,\n"
    told = "第 2 行：单位代码只能是字母、数字和下划线，最多 32 位：“d 1” 第 2 行：缺少生效日期 第 2 行：缺少依据"
    page = Page(handed_in(browser, content).text).text
    assert told in page
    assert "line" not in page
    browser.client.get("/language/en")
    english = Page(handed_in(browser, content).text).text
    assert "line 2: no legal basis" in english
    assert "第 2 行" not in english


def test_a_file_that_says_otherwise_than_the_boxes_is_not_taken(browser: Browser) -> None:
    lines = f"change,code,sources,parent_code,level,name,name_en,effective_on,basis\nrename,d111,,,,x,,{DAY},{BASIS}\n"
    answer = handed_in(browser, lines.encode(), effective_on="2025-01-01", basis=BASIS)
    assert answer.status_code == 422
    assert f"生效日期：页面上填的是“2025-01-01”，文件里是“{DAY}”" in answer.text


def test_a_file_is_shown_to_the_virus_scanner_first(
    site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_clamd() as clamd:
        monkeypatch.setitem(site.app.config, "VIRUS_SCANNER", clamd.scanner)
        answer = handed_in(browser, SIGNATURE)
    assert answer.status_code == 422
    assert "病毒扫描认为这个文件有害" in answer.text


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


def test_a_merged_unit_keeps_its_name_wherever_it_is_told(site: Site, browser: Browser) -> None:
    at = begun(browser, basis="并县")
    send(browser, at, "changes", change="merge", code="d111", sources="d121")
    looked_at = browser.get(at).text
    assert "d121 d121 民政局 区县级 ← c12 c12 民政局 并入 d111 d111 民政局" in looked_at
    send(browser, at, "apply")
    assert "合并 d111 d111 民政局 d121 d121 民政局" in browser.get(at).text
    assert "合并 d121 d121 民政局 → d111 d111 民政局" in browser.get("/reorganisations/").text
    auditor = site.person("p1", Role.AUDITOR)
    recorded = auditor.get("/audit/").text
    assert "变动的单位 d121 d121 民政局" in recorded
    assert "变动 合并 d111 d121" in recorded
    send(browser, at, "undo")


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
    first, second = (browser.post(f"{at}/apply", {"version": version}) for _time in range(2))
    assert (first.status_code, second.status_code) == (303, 409)
    assert "现在是“已实施”" in second.get_data(as_text=True)
    assert f"{at}/undo" in second.get_data(as_text=True)


def test_drafts_that_are_out_of_sight_do_not_stand_in_the_way(site: Site, browser: Browser) -> None:
    addresses = {begun(person, basis="各自的") for person in (browser, site.person("c12", Role.UNIT_ADMIN))}
    city = site.person("c11", Role.UNIT_ADMIN)
    assert begun(city, basis="各自的") not in addresses
    assert city.get("/reorganisations/").text.count("各自的") == 1


def test_a_second_click_begins_no_second_draft(browser: Browser) -> None:
    assert begun(browser, basis="点两次") == begun(browser, basis="点两次")
    assert begun(browser, basis="点两次", effective_on="2024-03-01") != begun(browser, basis="点两次")


@pytest.mark.parametrize(("who", "code"), [("p1", "d211"), ("c11", "d121")])
def test_a_preview_tells_nothing_of_units_that_are_not_below(site: Site, who: str, code: str) -> None:
    browser = site.person(who, Role.UNIT_ADMIN)
    at = begun(browser, basis="不归我管的")
    send(browser, at, "changes", change="move", code=code, parent_code="c11")
    text = browser.get(at).text
    assert "不在您的管辖范围" in text
    assert "区县级 ←" not in text
    if who == "p1":
        assert f"{code} 民政局" not in text


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
    shown = browser.get(f"/rollups/d122{asked}&tree=current").text
    assert "拆分，不可比 含后来拆分的单位，分不开：d111 民政局 d111" in shown
    assert browser.client.get(f"/rollups/d122{asked}").status_code == 404
    top = browser.client.get(f"/rollups/p1{asked}&tree=current").text.split("<tbody>")[1].split("</tr>")[0]
    assert "拆分，不可比" not in top
    for view, told in (
        ("ranking", "乙 c12 民政局 拆分，不可比 看哪些单位"),
        ("map", "乙 — — 拆分，不可比"),
        ("", "支出 T203 — 拆分，不可比 看哪些单位"),
    ):
        unit = "p1" if view else "d122"
        asked = f"?u={unit}&y=2023&i=T203&t=current&l=district&k=total"
        assert told in dashboard(browser.client, view, asked), view
