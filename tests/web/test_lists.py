"""A list table in the browser: rows added, changed and deleted, with JavaScript and without."""

import io
from collections.abc import Iterator
from datetime import date
from importlib import resources
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from importers.identity import UnitName
from importers.template import template
from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.lists import ListAnswer, numbered
from portal.domain.policy import Role
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level
from portal.domain.values import Value
from portal.jobs.uploads import keep, process
from portal.queries.people import portal_actor
from portal.services import collections, forms, moves
from portal.services.list_rows import RowChange, save_rows, state_none
from portal.services.values import save_values
from tests.web.conftest import Browser, Site
from tests.world import PERIOD

ROW = {"title": "执法力量不足", "category": "执法力量", "cases": "3", "measure": "增加编制", "closed": "否"}


@pytest.fixture(scope="module")
def listing(site: Site) -> Site:
    """The site, with the form that has lists sent down as well."""
    form = read_form(resources.files("portal.reference.forms").joinpath("ZG.yaml").read_text("utf-8"))
    with transaction(None) as session:
        forms.publish(session, form)
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        collections.send_down(session, sender, form, PERIOD, opens_on=PERIOD.ends_on, due_on=date(2024, 1, 31))
    return site


@pytest.fixture
def emptied(listing: Site) -> Iterator[Site]:
    """After the test the unit has listed nothing."""
    yield listing
    with transaction(listing.world.actor("d111")) as session:
        session.execute(text("delete from list_row"))


def at(unit: str = "d111", code: str = "problems") -> str:
    return f"/submissions/{unit}-2023-ZG/lists/{code}"


def fields(number: int, version: int = 0, **cells: str) -> dict[str, str]:
    return {f"version-{number}": str(version)} | {f"cell-{number}-{code}": each for code, each in cells.items()}


def box(browser: Browser, number: int, column: str) -> dict[str, Any]:
    page = browser.get(at())
    return next(
        each for each in page.all("input") + page.all("textarea") if each.get("id") == f"cell-{number}-{column}"
    )


class TestWithoutJavaScript:
    def test_rows_are_written_and_come_back(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        assert "version-3" in filler.client.get(at()).text  # blank rows to write into
        answer = filler.post(at(), fields(1, **ROW) | fields(2, title="普法形式单一") | fields(3))
        assert (answer.status_code, answer.location) == (303, at())
        page = filler.get(at())
        assert "执法力量不足" in page.text
        assert box(filler, 1, "cases")["value"] == "3"
        assert "第 2 行 类别 未填报" in page.text
        assert "version-5" in page.source

    def test_what_cannot_be_saved_stays_in_its_box_and_the_rest_is_saved(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        answer = filler.post(at(), fields(1, **ROW | {"cases": "三件", "due_on": "2024年2月30日"}))
        assert answer.status_code == 422
        assert 'value="三件"' in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert 'href="#cell-1-cases"' in answer.text
        assert box(filler, 1, "cases")["value"] == ""
        assert "增加编制" in filler.get(at()).text

    def test_a_ticked_row_is_deleted(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        filler.post(at(), fields(1, **ROW) | fields(2, **ROW | {"title": "另一个"}))
        filler.post(at(), fields(1, 1, **ROW) | {"drop-1": "1"} | fields(2, 1, **ROW | {"title": "另一个"}))
        page = filler.get(at())
        assert "另一个" in page.text
        assert "执法力量不足" not in page.text
        assert "version-3" in page.source  # the number of the deleted row is not used again

    def test_nothing_to_list_is_said_with_a_button_and_taken_back(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        assert filler.post(f"{at()}/none", {"none": "1"}).status_code == 303
        assert "已标明本期没有" in filler.get(at()).text
        assert "本期没有" in filler.get("/submissions/d111-2023-ZG/").text
        filler.post(f"{at()}/none", {"none": "0"})
        assert "已标明本期没有" not in filler.get(at()).text

    def test_who_comes_second_sees_both_rows_and_loses_nothing(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        filler.post(at(), fields(1, **ROW))
        filler.post(at(), fields(1, 1, **ROW | {"measure": "先到的措施"}))
        answer = filler.post(at(), fields(1, 1, **ROW | {"measure": "后到的措施"}))
        assert answer.status_code == 409
        assert "先到的措施" in answer.text
        assert "后到的措施" in answer.text
        assert filler.post(at(), fields(1, 2, **ROW | {"measure": "后到的措施"})).status_code == 303
        assert "后到的措施" in filler.get(at()).text

    def test_two_who_add_a_row_at_once_do_not_overwrite_each_other(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        assert filler.post(at(), fields(1, **ROW)).status_code == 303
        assert filler.post(at(), fields(1, **ROW)).status_code == 303  # the same sent twice is one row
        assert filler.post(at(), fields(1, **ROW | {"title": "我的"})).status_code == 409

    @pytest.mark.parametrize(
        "extra", [{"version-x": "0"}, {"version-0": "0"}, {"version-1": "x"}, {"version-99999": "0"}]
    )
    def test_a_forged_form_changes_nothing(self, emptied: Site, extra: dict[str, str]) -> None:
        filler = emptied.person("d111")
        forged = extra | {f"cell-{name.removeprefix('version-')}-title": "x" for name in extra}
        assert filler.post(at(), forged).status_code in {400, 422}
        assert 'name="version-1" value="0"' in filler.get(at()).source
        assert filler.client.post(at(), data=fields(1, **ROW)).status_code == 400  # without the token


class TestAutosave:
    def test_rows_are_saved_and_what_is_wrong_is_said_at_once(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        body = {"rows": {"1": {"cells": ROW | {"due_on": "2024年3月1日"}, "row_version": "0"}}}
        answer = filler.patch(at(), body).get_json()
        assert answer["versions"] == {"1": 1}
        assert answer["rows"]["1"]["cells"]["due_on"] == "2024-03-01"
        body = {"rows": {"2": {"cells": {"title": "执法力量不足", "cases": "多"}, "row_version": "0"}}}
        answer = filler.patch(at(), body).get_json()
        assert "cases" in answer["problems"]["2"]
        assert any("与第 1 行" in each["message"] for each in answer["rows"]["2"]["remarks"])

    def test_a_conflict_names_what_stands_there(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        filler.patch(at(), {"rows": {"1": {"cells": ROW, "row_version": "0"}}})
        answer = filler.patch(at(), {"rows": {"1": {"cells": {"title": "我的"}, "row_version": "0"}}})
        assert answer.status_code == 409
        theirs = answer.get_json()["rows"]["1"]
        assert (theirs["row_version"], theirs["cells"]["title"]) == (1, "执法力量不足")

    @pytest.mark.parametrize(
        "body", [[], {"rows": 1}, {"rows": {"1": []}}, {"rows": {"1": {"cells": {"strange": "x"}}}},
                 {"rows": {"x": {"cells": {}, "row_version": "0"}}}, {"rows": {"1": {"cells": {"title": "\x00"}}}}]
    )  # fmt: skip
    def test_what_is_no_row_is_refused(self, emptied: Site, body: Any) -> None:
        assert emptied.person("d111").patch(at(), body).status_code in {400, 422}

    def test_another_units_list_is_not_there(self, emptied: Site) -> None:
        stranger = emptied.person("d112")
        body = {"rows": {"1": {"cells": ROW, "row_version": "0"}}}
        assert stranger.patch(at("d111"), body).status_code == 404
        assert stranger.client.get(at("d111")).status_code == 404
        assert emptied.person("d111", Role.CHECKER).patch(at(), body).status_code == 403
        assert emptied.person("d111").patch(at(), body | {"unit": "d112"}).status_code in {400, 403, 422}


class TestAround:
    def test_the_task_list_and_the_findings_lead_to_the_list(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        filler.post(at(), fields(1, title="只有问题"))
        assert f'href="{at()}"' in filler.get("/submissions/d111-2023-ZG/").source
        assert "1 行" in filler.get("/submissions/d111-2023-ZG/").text
        findings = filler.get("/submissions/d111-2023-ZG/findings/").source
        assert f'href="{at()}#row-1"' in findings
        assert f'href="{at(code="plans")}#list"' in findings
        assert filler.client.get("/submissions/d111-2023-ZG/sheets/ZG2").location == at()
        assert "整改情况" in filler.get(at()).text

    def test_it_is_handed_in_and_read_above(self, listing: Site) -> None:
        actor, key = listing.world.actor("d121"), SubmissionKey("d121", PERIOD, "ZG")
        cells = {code: Value.of(each) for code, each in ROW.items() if code != "cases"} | {"cases": Value.of(3)}
        with transaction(actor) as session:
            save_rows(session, actor, key, "problems", [RowChange(1, cells, 0)])
            state_none(session, actor, key, "plans", none=True)
            numbers = {"ZG101": 1, "ZG102": 0, "ZG103": 0}
            save_values(session, actor, key, {code: Value.of(number) for code, number in numbers.items()})
        assert "增加编制" in listing.person("d121").get("/submissions/d121-2023-ZG/submit").text
        with transaction(actor) as session:
            moves.take(session, actor, key, Action.SUBMIT)
        assert "1 行" in listing.person("d121").get("/submissions/d121-2023-ZG/receipt").text
        above = listing.person("c12").get("/review/d121-2023-ZG").text
        assert "增加编制" in above
        assert "<textarea" not in listing.person("d121").get(at("d121")).source


class TestFiles:
    def workbook(self, site: Site, *rows: dict[str, Any], none: bool = False) -> bytes:
        form = read_form(resources.files("portal.reference.forms").joinpath("ZG.yaml").read_text("utf-8"))
        table = form.lists["problems"][1]
        said = [{code: Value.of(each) for code, each in row.items()} for row in rows]
        answer = ListAnswer(table, numbered(said), none=none)
        unit = UnitName("d111", "d111 民政局", Level.DISTRICT)
        return template(form, unit, PERIOD, lists={"problems": answer})

    def uploaded(self, site: Site, content: bytes) -> str:
        actor, key = site.world.actor("d111"), SubmissionKey("d111", PERIOD, "ZG")
        with transaction(actor) as session:
            upload_id = keep(session, actor, key, "问题.xlsx", content)
        process("d111", upload_id)
        return f"/uploads/{upload_id}"

    def test_the_rows_of_a_file_are_shown_beside_those_of_the_draft_and_written(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        filler.post(at(), fields(1, title="草稿里的", category="制度", measure="改", closed="否"))
        good = {"title": "文件里的", "category": "制度", "measure": "改", "closed": "否"}
        where = self.uploaded(emptied, self.workbook(emptied, good, good | {"title": "又一个", "cases": 4}))
        page = filler.get(where)
        assert "2 行不同" in page.text
        assert 'value="problems"' in page.source
        filler.post(f"{where}/apply", {"codes": "problems"})
        shown = filler.get(at()).text
        assert "文件里的" in shown
        assert "草稿里的" not in shown
        assert "2 行不同" not in filler.get(where).text

    def test_an_empty_list_in_a_file_clears_only_when_it_is_ticked(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        filler.post(at(), fields(1, **ROW))
        where = self.uploaded(emptied, self.workbook(emptied))
        assert "空表（清空）" in filler.get(where).text
        filler.post(f"{where}/apply", {})
        assert "执法力量不足" in filler.get(at()).text
        where = self.uploaded(emptied, self.workbook(emptied, none=True))
        filler.post(f"{where}/apply", {"codes": "problems"})
        assert "已标明本期没有" in filler.get(at()).text

    def test_the_template_holds_what_is_listed(self, emptied: Site) -> None:
        filler = emptied.person("d111")
        filler.post(at(), fields(1, **ROW))
        content = filler.client.get("/submissions/d111-2023-ZG/template.xlsx").data
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert [cell.value for cell in book["ZG2 问题清单"][8]][1:4] == ["执法力量不足", "执法力量", 3]


class TestBelow:
    def test_a_superior_sees_the_rows_that_were_handed_in_as_one_table(self, emptied: Site) -> None:
        emptied.person("d111").post(at(), fields(1, **ROW))
        actor, key = emptied.world.actor("d112"), SubmissionKey("d112", PERIOD, "ZG")
        cells = {code: Value.of(each) for code, each in ROW.items() if code != "cases"} | {
            "title": Value.of("=已上报的")
        }
        with transaction(actor) as session:
            save_rows(session, actor, key, "problems", [RowChange(1, cells, 0)])
            state_none(session, actor, key, "plans", none=True)
            numbers = {"ZG101": 1, "ZG102": 0, "ZG103": 0}
            save_values(session, actor, key, {code: Value.of(number) for code, number in numbers.items()})
            moves.take(session, actor, key, Action.SUBMIT)
        above = emptied.person("c11")
        where = "/review/lists/ZG/problems/"
        assert f'href="{where}?' in above.get("/review/?period=2023").source
        page = above.get(f"{where}?period=2023")
        assert "=已上报的" in page.text
        assert "执法力量不足" not in page.text
        assert "可看到 1/3 个单位" in page.text
        written = above.client.get(f"{where}export.csv?period=2023").text
        assert "\ufeff单位代码" in written
        assert ",'=已上报的," in written
        assert emptied.person("p1").client.get(f"{where}export.csv?period=2023").text.count("\n") == 1
        assert above.client.get(f"{where}?unit=d121").status_code == 403
        assert above.client.get("/review/lists/ZG/strange/?period=2023").status_code == 404
