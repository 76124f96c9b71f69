"""The form designer: from a draft with mistakes to a version that can be sent down, and what it refuses."""

import io
import re
from importlib.resources import files

import pytest
from openpyxl import load_workbook

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.policy import Role
from portal.errors import NotPermitted
from portal.queries.form_drafts import get_draft
from portal.queries.forms import find_form
from portal.services import form_drafts, forms
from tests.web.conftest import Browser, Site, sound

DRAFT = "/forms/T/draft"


@pytest.fixture(scope="module")
def author(site: Site) -> Browser:
    """An administrator of the portal, who works in a top unit."""
    return site.person("p1", Role.SYSTEM_ADMIN, Role.UNIT_ADMIN)


@pytest.fixture
def drafted(site: Site, author: Browser) -> Browser:
    """With a fresh draft of the form."""
    if author.client.get(f"{DRAFT}/").status_code == 200:
        author.post(f"{DRAFT}/drop", {"version": version(author)})
    assert author.post("/forms/drafts", {"code": "T"}).location == f"{DRAFT}/"
    return author


def version(browser: Browser, path: str = f"{DRAFT}/") -> str:
    """The row version that a page of the draft carries."""
    return browser.get(path).all("input", name="version")[0]["value"]


def document(browser: Browser) -> str:
    page = browser.client.get(f"{DRAFT}/text").text
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found
    return found[1].replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")


def save(browser: Browser, text: str, seen: str | None = None):
    return browser.post(f"{DRAFT}/text", {"document": text, "version": seen or version(browser)})


def indicator(browser: Browser, place: str) -> dict[str, str]:
    """What the page of an indicator would send."""
    page = browser.get(f"{DRAFT}/parts/{place}")
    fields = {each["name"]: each.get("value", "") for each in page.all("input", type="text")}
    chosen = re.findall(
        r'<select id="([^"]+)".*?</select>', browser.client.get(f"{DRAFT}/parts/{place}").text, re.DOTALL
    )
    html = browser.client.get(f"{DRAFT}/parts/{place}").text
    for name in chosen:
        body = re.search(rf'<select id="{re.escape(name)}".*?</select>', html, re.DOTALL)
        assert body
        picked = re.search(r'value="([^"]*)" selected', body[0])
        fields[name] = picked[1] if picked else ""
    ticked = {each["name"]: each["value"] for each in page.all("input", type="checkbox") if "checked" in each}
    return fields | ticked | {"version": page.all("input", name="version")[0]["value"]}


def test_a_draft_goes_from_a_mistake_to_a_version_that_is_sent_down(site: Site, drafted: Browser) -> None:
    broken = document(drafted).replace("numerator: T102", "numerator: T999")
    line = next(number for number, each in enumerate(broken.splitlines(), start=1) if "T999" in each)
    response = save(drafted, broken)
    assert response.location == f"{DRAFT}/text"
    page = drafted.get(response.location)
    assert f"第 {line} 行" in page.text
    assert {"href": f"#line-{line}"} in page.all("a")
    assert page.all("li", id=f"line-{line}")

    overview = drafted.get(f"{DRAFT}/")
    assert {"href": f"{DRAFT}/parts/sheets.0.indicators.3"} in overview.all("a")
    for page_name in ("preview", "preview.xlsx", "trial", "publish"):
        assert drafted.client.get(f"{DRAFT}/{page_name}").location == f"{DRAFT}/"
    refused = drafted.post(f"{DRAFT}/publish", {"version": version(drafted), "number": "2"})
    assert refused.location == f"{DRAFT}/"

    place = f"{DRAFT}/parts/sheets.0.indicators.3"
    fields = indicator(drafted, "sheets.0.indicators.3") | {"roll_up.numerator": "T102", "name.zh": "甲的占比"}
    assert drafted.post(place, fields).location == f"{DRAFT}/#sheets.0.indicators.3"
    assert "没有错误" in drafted.get(f"{DRAFT}/").text

    new = {"code": "T204", "name.zh": "新增指标", "unit": "个", "type": "count", "roll_up.how": "sum", "core": "1"}
    drafted.post(f"{DRAFT}/parts/sheets.1.indicators.3", new | {"version": version(drafted)})
    preview = drafted.get(f"{DRAFT}/preview?sheet=T2&level=district")
    assert "新增指标" in preview.text
    assert all("disabled" in each for each in preview.all("input", type="text"))
    assert "本级不填" in drafted.get(f"{DRAFT}/preview?sheet=T2&level=city").text
    listed = drafted.get(f"{DRAFT}/preview?sheet=T3&level=district")
    assert listed.all("fieldset", disabled="")
    assert "案件" in listed.text
    book = load_workbook(io.BytesIO(drafted.client.get(f"{DRAFT}/preview.xlsx?level=district").data))
    assert "新增指标" in {cell.value for sheet in book for row in sheet for cell in row}

    compared = drafted.get(f"{DRAFT}/publish")
    assert "T204 新增 新增指标" in compared.text
    assert "T104 修改 甲的占比 名称" in compared.text
    fields = {"version": version(drafted), "number": "2"}
    assert drafted.post(f"{DRAFT}/publish", fields).status_code == 422  # where does T204 come from?
    assert "没有接替谁的记为新增： T204 新增指标" in compared.text
    drafted.post(f"{DRAFT}/changes", {"version": version(drafted)})
    fields = {"version": version(drafted), "number": "2"}
    assert drafted.post(f"{DRAFT}/publish", fields).location == "/forms/"
    assert drafted.client.get(f"{DRAFT}/").status_code == 404
    assert "第 2 版" in drafted.get("/forms/").text
    assert drafted.post(f"{DRAFT}/publish", fields).status_code == 404  # sent twice

    sender = site.person("p1", Role.UNIT_ADMIN)
    sent = {"form": "T@2", "period": "2021", "opens_on": "2022-01-01", "due_on": "2022-01-31"}
    assert sender.post("/collections/new", sent).location == "/collections/T-2021"
    filler = site.person("d111", Role.FILLER)
    assert "新增指标" in filler.get("/submissions/d111-2021-T/sheets/T2").text
    assert "新增指标" not in filler.get("/submissions/d111-2023-T/sheets/T2").text


def test_a_mistake_is_shown_at_its_box_and_its_character(drafted: Browser) -> None:
    rule = {"id": "T107-E9", "severity": "explain", "indicator": "T107", "expression": "T107 >= T999 + 1"}
    at = f"{DRAFT}/parts/rules.2"
    assert drafted.post(at, rule | {"version": version(drafted)}).location == at
    page = drafted.get(at)
    assert '<code class="pointed">T107 &gt;= <mark>T999</mark> + 1</code>' in page.source
    assert {"href": "#expression"} in page.all("a")
    (box,) = page.all("textarea", id="expression")
    assert (box["aria-invalid"], box["aria-describedby"]) == ("true", "expression-hint expression-mistake")
    assert "表达式第 9 个字符处没有指标“T999”" in page.text

    fields = indicator(drafted, "sheets.0.indicators.0") | {"source": "calculated"}
    drafted.post(f"{DRAFT}/parts/sheets.0.indicators.0", fields | {"version": version(drafted)})
    page = drafted.get(f"{DRAFT}/parts/sheets.0.indicators.0")
    assert "“自动计算”的指标须有“计算公式”或按“分子合计÷分母合计”汇总" in page.text.replace(" ", "")
    assert "calculated 的" not in drafted.get(f"{DRAFT}/").text


def test_a_new_piece_begins_with_the_next_code(drafted: Browser) -> None:
    page = drafted.get(f"{DRAFT}/parts/sheets.0.indicators.7")
    assert page.all("input", id="code")[0]["value"] == "T108"
    assert page.all("input", id="min")[0]["value"] == "0"
    assert drafted.get(f"{DRAFT}/parts/rules.2").all("input", id="id")[0]["value"] == "T107-E2"
    assert drafted.get(f"{DRAFT}/parts/sheets.3").all("input", id="code")[0]["value"] == "T4"


def test_sheets_and_the_forms_own_name_are_changed_on_the_page(drafted: Browser) -> None:
    drafted.post(f"{DRAFT}/parts/sheets.3", {"code": "T9", "name.zh": "第九表", "version": version(drafted)})
    assert "indicators 或" not in drafted.get(f"{DRAFT}/").text
    moved = {"to": "sheets.3.indicators.0", "version": version(drafted)}
    after = drafted.post(f"{DRAFT}/parts/sheets.0.indicators.6/transfer", moved)
    assert after.location == f"{DRAFT}/#sheets.3.indicators.0"
    drafted.post(f"{DRAFT}/parts/sheets.3/up", {"version": version(drafted)})
    form = {"name.zh": "改名的表", "period": "year", "levels": ["province", "city", "district"]}
    drafted.post(f"{DRAFT}/parts/form", form | {"version": version(drafted)})
    page = drafted.get(f"{DRAFT}/preview?sheet=T9")
    assert "改名的表" in page.text
    assert "T107 事项数" in page.text
    text = document(drafted)
    assert text.startswith("code: T\nnumber:")
    assert text.index("code: T9") < text.index("code: T3")
    for verb in ("up", "remove"):
        assert drafted.post(f"{DRAFT}/parts/form/{verb}", {"version": version(drafted)}).status_code == 404
    for to in ("rules.0", "sheets.9.indicators.0", "x", ""):
        answer = drafted.post(f"{DRAFT}/parts/sheets.0.indicators.0/transfer", {"to": to, "version": version(drafted)})
        assert answer.status_code == 404
    assert document(drafted) == text


def test_what_took_the_place_of_what_is_said_on_the_page(drafted: Browser) -> None:
    text = document(drafted)
    text = text.replace("code: T203", "code: T213").replace("code: T107", "code: T117").replace("T107", "T117")
    save(drafted, text)
    page = drafted.get(f"{DRAFT}/publish")
    assert page.all("select", id="to-T203")
    tangled = {"to-T203": ["T213", "T117"], "to-T107": ["T117"], "version": version(drafted)}
    refused = drafted.post(f"{DRAFT}/changes", tangled)
    assert refused.status_code == 422
    assert "分不清去向" in sound(refused).text
    said = {"to-T203": ["T213"], "to-T107": ["T101"], "version": version(drafted)}
    drafted.post(f"{DRAFT}/changes", said)
    page = drafted.get(f"{DRAFT}/publish")
    assert "更名 T203 → T213" in page.text
    assert "合并 T101, T107 → T101" in page.text
    assert "新增 T117" in page.text
    assert "确认发布" in page.text
    drafted.post(f"{DRAFT}/changes", {"forget": "1", "version": version(drafted)})
    assert "mapping" not in document(drafted)


def test_a_cross_table_is_previewed_as_the_table_and_the_workbook(site: Site, author: Browser) -> None:
    form = read_form(files("portal").joinpath("reference", "forms", "XG.yaml").read_text(encoding="utf-8"))
    with transaction(None) as session:
        forms.publish(session, form)
    author.post("/forms/drafts", {"code": "XG"})
    for sheet in form.sheets:
        page = author.get(f"/forms/XG/draft/preview?sheet={sheet.code}&level=district")
        if sheet.cross:
            assert page.all("fieldset", disabled="")
            assert page.all("th", scope="colgroup") or page.all("th", scope="col")
            typed = [each.code for each in sheet.indicators if each.typed]
            assert [each["name"] for each in page.all("input", type="text")] == [f"answer-{code}" for code in typed]
    book = load_workbook(io.BytesIO(author.client.get("/forms/XG/draft/preview.xlsx?level=district").data))
    assert all(any(sheet.name.zh in name for name in book.sheetnames) for sheet in form.sheets)
    author.post("/forms/XG/draft/drop", {"version": version(author, "/forms/XG/draft/")})


def test_a_number_that_is_not_the_next_one_is_refused(site: Site, drafted: Browser) -> None:
    save(drafted, document(drafted).replace("检查次数", "检查的次数"))
    with transaction(None) as session:
        newest = find_form(session, "T")
    assert newest is not None
    for number in ("0", "1", str(newest.number), "99"):
        response = drafted.post(f"{DRAFT}/publish", {"version": version(drafted), "number": number})
        assert response.status_code == 409
    for number in ("", "-1", "x", "9" * 30):
        response = drafted.post(f"{DRAFT}/publish", {"version": version(drafted), "number": number})
        assert response.status_code == 422
    with transaction(None) as session:
        assert find_form(session, "T") == newest


def test_the_number_and_code_in_the_text_decide_nothing(drafted: Browser) -> None:
    text = re.sub(r"number: \d+", "number: 77", document(drafted))
    save(drafted, text)
    assert "相同" in drafted.get(f"{DRAFT}/publish").text
    next_number = drafted.get(f"{DRAFT}/publish").text.split("发布 T 第 ")[1].split(" ")[0]
    response = drafted.post(f"{DRAFT}/publish", {"version": version(drafted), "number": next_number})
    assert response.status_code == 422
    assert "不必发布" in sound(response).text
    save(drafted, text.replace("code: T\n", "code: U\n"))
    response = drafted.post(f"{DRAFT}/publish", {"version": version(drafted), "number": next_number})
    assert response.location == f"{DRAFT}/"
    assert "代码须为 T" in drafted.get(f"{DRAFT}/").text


class TestTwoTabs:
    def test_the_text_of_the_second_is_kept_on_the_page(self, drafted: Browser) -> None:
        seen, text = version(drafted), document(drafted)
        save(drafted, text.replace("检查次数", "先改的"), seen)
        response = save(drafted, text.replace("检查次数", "后改的"), seen)
        assert response.status_code == 409
        page = sound(response)
        assert "别人同时改过" in page.text
        assert "后改的" in page.text
        assert "先改的" in document(drafted)
        again = page.all("input", name="version")[0]["value"]
        assert save(drafted, text.replace("检查次数", "后改的"), again).location == f"{DRAFT}/"
        assert "后改的" in document(drafted)

    def test_so_is_what_was_typed_of_an_indicator(self, drafted: Browser) -> None:
        place = "sheets.0.indicators.0"
        fields = indicator(drafted, place)
        drafted.post(f"{DRAFT}/parts/{place}", fields | {"name.zh": "先改的"})
        response = drafted.post(f"{DRAFT}/parts/{place}", fields | {"name.zh": "后改的"})
        assert response.status_code == 409
        assert sound(response).all("input", id="name.zh")[0]["value"] == "后改的"
        assert "先改的" in document(drafted)

    def test_a_stale_move_removal_or_drop_does_nothing(self, drafted: Browser) -> None:
        seen = version(drafted)
        moved = drafted.post(f"{DRAFT}/parts/sheets.0.indicators.0/down", {"version": seen})
        assert moved.location == f"{DRAFT}/#sheets.0.indicators.1"
        before = document(drafted)
        for path in ("parts/sheets.0.indicators.0/down", "parts/rules.0/remove", "drop"):
            assert drafted.post(f"{DRAFT}/{path}", {"version": seen}).status_code == 409
        assert document(drafted) == before

    def test_a_second_draft_of_the_form_is_refused(self, drafted: Browser) -> None:
        assert drafted.post("/forms/drafts", {"code": "T"}).status_code == 409


def test_a_rule_is_removed_where_it_stands(drafted: Browser) -> None:
    drafted.post(f"{DRAFT}/parts/rules.0/remove", {"version": version(drafted)})
    assert "T101-B1" not in document(drafted)
    assert "T107-E1" in document(drafted)


def test_text_that_is_no_yaml_is_kept_and_shown_as_such(drafted: Browser) -> None:
    save(drafted, "code: [T\n")
    page = drafted.get(f"{DRAFT}/")
    assert "不是有效的 YAML" in page.text
    assert drafted.client.get(f"{DRAFT}/parts/rules.0").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "sheets: []",
        "sheets: [1, {}, {indicators: 3}, {cross: 1}]",
        "sheets: [{name: [a], indicators: [1, null, {type: [a], name: 3, code: {a: b}, unit: [x], roll_up: [y]}]}]",
        "sheets: []\nrules: [{id: [a], severity: {a: b}, expression: 1, levels: 3, passes: 4, words: [b]}]",
        "mapping: 3",
    ],
)
def test_any_text_can_be_looked_at(drafted: Browser, text: str) -> None:
    save(drafted, text)
    drafted.get(f"{DRAFT}/")
    drafted.get(f"{DRAFT}/text")
    for place in ("sheets.0.indicators.2", "rules.0"):
        response = drafted.client.get(f"{DRAFT}/parts/{place}")
        assert response.status_code in {200, 404}
    assert drafted.post(f"{DRAFT}/changes", {"version": version(drafted)}).status_code == 404


def test_the_draft_is_tried_on_what_was_accepted(site: Site, drafted: Browser) -> None:
    site.world.accept("d111")
    site.world.accept("d112")
    site.world.submit("d121")  # not accepted: its figures do not count
    save(drafted, document(drafted) + "- {id: T107-X, severity: explain, indicator: T107, expression: T107 > 7}\n")
    page = drafted.get(f"{DRAFT}/trial")
    assert "2023 已验收 2 个单位，试算了 2 个" in page.text
    assert "T107-X T107 事项数 ? 须说明 2" in page.text
    assert "T101-B1" not in page.text
    assert drafted.client.get(f"{DRAFT}/trial?period=nonsense").status_code == 422


def test_a_new_form_is_drafted_and_published(site: Site, author: Browser) -> None:
    assert author.post("/forms/drafts", {"code": "new"}).status_code == 422
    assert author.post("/forms/drafts", {"code": "NEW", "name": " "}).status_code == 422
    assert author.post("/forms/drafts", {"code": "NEW", "name": "新报表"}).location == "/forms/NEW/draft/"
    assert "还没有发布" in author.get("/forms/").text
    assert "第一版" in author.get("/forms/NEW/draft/publish").text
    fields = {"version": version(author, "/forms/NEW/draft/"), "number": "1"}
    author.post("/forms/NEW/draft/publish", fields)
    with transaction(None) as session:
        form = find_form(session, "NEW")
    assert form is not None
    assert (form.number, form.name.zh) == (1, "新报表")


class TestOthers:
    def test_another_top_unit_does_not_see_the_draft(self, site: Site, drafted: Browser) -> None:
        stranger = site.person("p2", Role.UNIT_ADMIN)
        for path in ("", "text", "parts/rules.0", "preview", "preview.xlsx", "trial", "publish"):
            assert stranger.client.get(f"{DRAFT}/{path}").status_code == 404
        for path in ("text", "parts/rules.0", "parts/rules.0/remove", "publish", "drop"):
            response = stranger.post(f"{DRAFT}/{path}", {"version": "1", "number": "2", "document": ""})
            assert response.status_code == 404
        assert "草稿</a>" not in stranger.client.get("/forms/").text

    def test_it_can_draft_but_not_publish_what_others_use_too(self, site: Site) -> None:
        stranger = site.person("p2", Role.UNIT_ADMIN)
        stranger.post("/forms/drafts", {"code": "T"})
        save(stranger, document(stranger).replace("检查次数", "他们的次数"))
        assert "请系统管理员发布" in stranger.get(f"{DRAFT}/publish").text
        with transaction(None) as session:
            newest = find_form(session, "T")
        assert newest is not None
        fields = {"version": version(stranger), "number": str(newest.number + 1)}
        assert stranger.post(f"{DRAFT}/publish", fields).status_code == 403

    def test_administrators_below_the_top_read_only(self, site: Site) -> None:
        admin = site.person("c11", Role.UNIT_ADMIN)
        assert "起草一张新报表" not in admin.get("/forms/").text
        assert admin.post("/forms/drafts", {"code": "T"}).status_code == 403
        assert admin.client.get(f"{DRAFT}/").status_code == 403

    def test_whoever_edits_no_forms_does_not_open_it(self, site: Site) -> None:
        assert site.person("d111", Role.FILLER).client.get("/forms/").status_code == 403

    def test_the_database_shows_a_draft_to_its_unit_alone(self, site: Site, drafted: Browser) -> None:
        below = site.world.actor("c11", Role.SYSTEM_ADMIN)
        with transaction(below) as session, pytest.raises(Exception, match="no form_draft"):
            get_draft(session, below, "T")
        filler = site.world.actor("p1", Role.FILLER)
        with transaction(filler) as session, pytest.raises(NotPermitted):
            form_drafts.save(session, filler, "T", "", 1)


def test_what_was_done_is_on_record(author: Browser) -> None:
    page = author.get("/audit/")
    for words in ("起草报表制度", "修改报表制度草稿", "删除报表制度草稿"):
        assert words in page.text
