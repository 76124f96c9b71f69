"""A city adds indicators to a form on the pages, lets them join what is under way, and its districts fill them in."""

import io

import pytest
from openpyxl import load_workbook

from portal.domain.policy import Role
from portal.domain.values import Value
from tests.additions import addition_text
from tests.web.conftest import Browser, Site, sound

ADDITION = "/forms/T/addition"
DRAFT = "/forms/T+c11/draft"


@pytest.fixture(scope="module")
def administrator(site: Site) -> Browser:
    """Of a city."""
    return site.person("c11", Role.UNIT_ADMIN)


def version(browser: Browser) -> str:
    """The row version that the draft's page carries."""
    return browser.get(f"{DRAFT}/text").all("input", name="version")[0]["value"]


def test_from_a_draft_to_what_districts_fill_in(site: Site, administrator: Browser) -> None:
    assert "补充" in administrator.get("/forms/").text
    assert administrator.post(f"{ADDITION}/draft").location == f"{DRAFT}/"
    assert administrator.post(f"{ADDITION}/draft").status_code == 409  # twice
    overview = administrator.get(f"{DRAFT}/")
    assert "没有错误" in overview.text

    wrong = addition_text("c11").replace("UC11_T_02", "T101")
    save = {"document": wrong, "version": version(administrator)}
    assert administrator.post(f"{DRAFT}/text", save).location == f"{DRAFT}/text"
    line = next(number for number, each in enumerate(wrong.splitlines(), start=1) if "T101, name" in each)
    assert f"第 {line} 行" in administrator.get(f"{DRAFT}/text").text
    assert administrator.post(f"{DRAFT}/publish", {"version": version(administrator)}).location == f"{DRAFT}/"

    save = {"document": addition_text("c11"), "version": version(administrator)}
    assert administrator.post(f"{DRAFT}/text", save).location == f"{DRAFT}/"
    assert administrator.post(f"{DRAFT}/text", save).status_code == 409  # the other tab
    third = {"code": "UC11_T_03", "name.zh": "巡查次数", "unit": "次", "type": "count", "roll_up.how": "sum"}
    at = f"{DRAFT}/parts/sheets.1.indicators.1"
    assert administrator.get(at).all("input", name="code")[0]["value"] == "UC11_T_03"  # suggested
    kept = administrator.post(at, third | {"version": version(administrator)})
    assert kept.location == f"{DRAFT}/#sheets.1.indicators.1"
    preview = administrator.get(f"{DRAFT}/preview?sheet=T1&level=district")
    assert "检查次数" in preview.text
    assert "夜间检查次数" in preview.text
    assert administrator.client.get(f"{DRAFT}/preview.xlsx").status_code == 200
    assert administrator.get(f"{DRAFT}/trial").text
    confirming = administrator.get(f"{DRAFT}/publish")
    assert "UC11_T_03 巡查次数" in confirming.text
    assert "T107" not in confirming.text
    published = {"version": version(administrator)}
    assert administrator.post(f"{DRAFT}/publish", published).location == f"{ADDITION}/"
    assert administrator.post(f"{DRAFT}/publish", published).status_code == 404  # sent twice

    filler, neighbour = site.person("d111", Role.FILLER), site.person("d121", Role.FILLER)
    assert "夜间检查次数" not in filler.get("/submissions/d111-2023-T/sheets/T1").text
    page = administrator.get(f"{ADDITION}/")
    assert "加入后 3 个单位要填" in page.text
    joining = {"period": "2023", "number": "1"}
    assert administrator.post(f"{ADDITION}/join", joining).location == f"{ADDITION}/"
    assert administrator.post(f"{ADDITION}/join", joining).status_code == 409  # sent twice
    assert "确认加入" not in administrator.get(f"{ADDITION}/").text

    sheet = filler.get("/submissions/d111-2023-T/sheets/T1")
    assert "夜间检查次数" in sheet.text
    cell = {"cells": {"UC11_T_01": {"answer": "5", "row_version": 0}}}
    assert filler.patch("/submissions/d111-2023-T/sheets/T1", cell).status_code == 200
    assert "巡查次数" in filler.get("/submissions/d111-2023-T/sheets/UC11_T_S1").text
    assert neighbour.client.get("/submissions/d121-2023-T/sheets/UC11_T_S1").status_code == 404
    assert "夜间检查次数" not in neighbour.get("/submissions/d121-2023-T/sheets/T1").text


def test_the_template_and_the_pages_above_have_it(site: Site, administrator: Browser) -> None:
    filler = site.person("d112", Role.FILLER)
    book = load_workbook(io.BytesIO(filler.client.get("/submissions/d112-2023-T/template.xlsx").data))
    assert "UC11_T_01" in {cell.value for sheet in book for row in sheet for cell in row}
    site.world.accept("d112", UC11_T_01=Value.of(4))
    reviewer, province = site.person("c11", Role.REVIEWER), site.person("p1", Role.REVIEWER)
    assert "夜间检查次数" in reviewer.get("/rollups/c11?period=2023").text
    assert "夜间检查次数" in reviewer.get("/rollups/c11?period=2023&indicator=UC11_T_01").text
    assert "夜间检查次数" not in province.get("/rollups/p1?period=2023").text
    assert province.client.get("/rollups/p1?period=2023&indicator=UC11_T_01").status_code == 404
    assert "夜间检查次数" in province.get("/rollups/c11?period=2023").text


@pytest.mark.parametrize("page", ["", "text", "preview", "publish", "parts/sheets.0"])
def test_nobody_else_sees_the_draft(site: Site, page: str) -> None:
    administrator = site.person("c12", Role.UNIT_ADMIN)
    administrator.post(f"{ADDITION}/draft")
    assert administrator.client.get(f"/forms/T+c12/draft/{page}").status_code in {200, 302}
    for unit in ("c11", "d121", "p1", "c21"):
        assert site.person(unit, Role.UNIT_ADMIN).client.get(f"/forms/T+c12/draft/{page}").status_code == 404
    assert site.person("c12", Role.SYSTEM_ADMIN).client.get(f"/forms/T+c12/draft/{page}").status_code == 403


def test_a_draft_of_ones_own_cannot_say_what_another_adds(site: Site) -> None:
    administrator = site.person("c12", Role.UNIT_ADMIN)
    administrator.post(f"{ADDITION}/draft")
    at = "/forms/T+c12/draft"
    seen = administrator.get(f"{at}/text").all("input", name="version")[0]["value"]
    administrator.post(f"{at}/text", {"document": addition_text("c11"), "version": seen})
    assert "这份草稿须是 T+c12 的补充" in administrator.get(f"{at}/text").text
    seen = administrator.get(f"{at}/text").all("input", name="version")[0]["value"]
    assert administrator.post(f"{at}/publish", {"version": seen}).location == f"{at}/"


def test_a_unit_with_none_below_is_told_so(site: Site) -> None:
    administrator = site.person("d111", Role.UNIT_ADMIN)
    response = administrator.post(f"{ADDITION}/draft")
    assert response.status_code == 422
    assert "没有下级" in sound(response).text
