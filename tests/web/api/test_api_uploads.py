"""A workbook in by the API: kept, examined in the background, given back marked, written into the draft."""

import io
from decimal import Decimal
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import text

from importers.identity import UnitName
from importers.template import template
from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.units import Level
from portal.domain.values import Value
from portal.jobs.uploads import process
from tests.world import PERIOD, good_answers


def workbook(api, unit, **changes):
    """The unit's template, filled in well but for the changes."""
    name = UnitName(unit, f"{unit} 民政局", Level.DISTRICT)
    return template(api.world.form, name, PERIOD, current=good_answers() | changes)


def send(caller, content, name="报表.xlsx", **fields):
    data = {"file": (io.BytesIO(content), name)} | fields
    return caller.post("uploads", data=data, content_type="multipart/form-data")


def sent(api, sender, content, **fields):
    """The address of an upload that was examined."""
    response = send(api.caller(sender), content, **fields)
    assert response.status_code == 202
    process(sender, UUID(response.json["id"]))
    return f"uploads/{response.json['id']}"


class TestReceiving:
    def test_the_file_is_kept_and_a_job_waits(self, api):
        response = send(api.caller("d111"), workbook(api, "d111"), unit="d111", period="2023", form="T")
        assert response.status_code == 202
        assert response.headers["Location"] == f"/api/v1/uploads/{response.json['id']}"
        assert (response.json["state"], response.json["report"]) == ("waiting", None)
        with transaction(None) as session:
            jobs = session.execute(text("select args from procrastinate_jobs where task_name = 'process_upload'"))
        assert {"unit": "d111", "upload_id": response.json["id"]} in [job for (job,) in jobs]

    def test_the_file_tells_period_and_form(self, api):
        response = send(api.caller("d111"), workbook(api, "d111"))
        assert (response.status_code, response.json["submission"]) == (202, "d111-2023-T")

    def test_a_file_without_marks_needs_to_be_told(self, api):
        book = io.BytesIO()
        openpyxl.Workbook().save(book)
        response = send(api.caller("d111"), book.getvalue())
        assert (response.status_code, response.json["code"]) == (422, "not_a_template")
        assert response.json["advice"]

    def test_somebody_elses_file_is_refused(self, api):
        response = send(api.caller("d111"), workbook(api, "d112"))
        assert (response.status_code, response.json["code"]) == (422, "wrong_unit")

    def test_a_file_that_cannot_be_read_is_kept_all_the_same_when_it_is_said_what_it_is(self, api):
        address = sent(api, "d111", b"%PDF-1.7", unit="d111", period="2023", form="T")
        upload = api.caller("d111").get(address).json
        assert (upload["state"], upload["report"]["outcome"], upload["report"]["code"]) == (
            "done",
            "unreadable",
            "is_pdf",
        )

    def test_a_unit_uploads_for_itself_only(self, api):
        response = send(api.caller("c11"), workbook(api, "d111"), unit="d111", period="2023", form="T")
        assert (response.status_code, response.json["permission"]) == (403, "upload")

    def test_only_a_filler_uploads(self, api):
        response = send(api.caller("d111", Role.HEAD), workbook(api, "d111"))
        assert (response.status_code, response.json["permission"]) == (403, "upload")

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"file": (io.BytesIO(b"x"), "")},
            {"workbook": (io.BytesIO(b"x"), "a.xlsx")},
            {"file": [(io.BytesIO(b"x"), "a.xlsx"), (io.BytesIO(b"x"), "b.xlsx")]},
            {"file": (io.BytesIO(b"x"), "a.xlsx"), "period": "20233"},
            {"file": (io.BytesIO(b"x"), "a.xlsx"), "colour": "red"},
        ],
        ids=["none", "unnamed", "misnamed", "two", "no period", "unknown field"],
    )
    def test_a_wrong_form_is_refused(self, api, data):
        response = api.caller("d111").post("uploads", data=data, content_type="multipart/form-data")
        assert (response.status_code, response.json["code"]) == (400, "invalid_request")

    def test_a_huge_file_is_refused(self, api):
        response = api.caller("d111").post(
            "uploads", data=b"x" * (21 * 1024**2), content_type="multipart/form-data; boundary=y"
        )
        assert (response.status_code, response.mimetype) == (413, "application/problem+json")

    def test_a_folder_in_the_name_is_dropped(self, api):
        response = send(api.caller("d111"), workbook(api, "d111"), name="..\\..\\x/报表.xlsx")
        assert response.json["filename"] == "报表.xlsx"


class TestExamination:
    def test_the_report_says_everything_at_once(self, api):
        content = workbook(api, "d111", T101=Value.of(11), T107=Value.of(0))
        upload = api.caller("d111").get(sent(api, "d111", content)).json
        report = upload["report"]
        assert (upload["state"], upload["done"], report["outcome"]) == ("done", upload["total"], "checked")
        assert [(f["rule"], f["severity"]) for f in report["findings"]] == [
            ("T101-B1", "blocking"),
            ("T107-E1", "explain"),
        ]
        assert report["values"]["T101"] == {"status": "reported", "number": "11"}
        assert report["places"]["T101"].endswith("!E8")

    def test_the_report_speaks_english_too(self, api):
        address = sent(api, "d111", workbook(api, "d111", T101=Value.of(11)))
        report = api.caller("d111").get(address, headers={"Accept-Language": "en"}).json["report"]
        assert "must equal" in report["findings"][0]["message"]
        assert "en" not in report

    def test_the_workbook_comes_back_marked(self, api):
        address = sent(api, "d111", workbook(api, "d111", T101=Value.of(11)))
        response = api.caller("d111").get(f"{address}/annotated")
        book = openpyxl.load_workbook(io.BytesIO(response.data))
        comments = [cell.comment.text for sheet in book for row in sheet for cell in row if cell.comment]
        assert any("必须改正" in comment for comment in comments)

    def test_a_superior_does_not_see_what_is_in_a_draft(self, api):
        address = sent(api, "d111", workbook(api, "d111"))
        assert api.caller("c11").get(address).status_code == 404


class TestApplying:
    def test_the_figures_come_with_file_and_cell(self, api):
        address = sent(api, "d112", workbook(api, "d112"))
        applied = api.caller("d112").post(f"{address}/apply").json
        assert (applied["changed"], applied["state"]) == (9, "drafting")
        value = api.caller("d112").get("submissions/d112-2023-T/values").json["values"]["T101"]
        assert value["number"] == "10"
        assert (value["origin"]["upload"], value["origin"]["cell"]) == (address.partition("/")[2], "T1 第一表!E8")

    def test_some_of_the_figures(self, api):
        address = sent(api, "d121", workbook(api, "d121"))
        applied = api.caller("d121").post(f"{address}/apply", json={"codes": ["T107", "T203"]}).json
        assert sorted(applied["row_versions"]) == ["T107", "T203"]

    def test_not_before_it_is_examined(self, api):
        response = send(api.caller("d111"), workbook(api, "d111"))
        refused = api.caller("d111").post(f"uploads/{response.json['id']}/apply")
        assert (refused.status_code, refused.json["code"]) == (409, "invalid_move")


def test_a_rolled_up_number_leads_to_the_cell(api):
    """From the province's sum to the district's workbook."""
    address = sent(api, "d112", workbook(api, "d112", T201=Value.of(200), T202=Value.of(Decimal("700.25"))))
    api.caller("d112").post(f"{address}/apply")
    api.caller("d112").post("submissions/d112-2023-T/actions/submit")
    assert api.caller("c11").post("submissions/d112-2023-T/actions/accept").status_code == 200

    [total] = api.caller("p1").get("rollups?period=2023&indicator=T202").json["items"]
    assert (total["value"], total["reported"], total["expected"], total["partial"]) == ("700.25", 1, 3, True)
    [contribution] = api.caller("p1").get("lineage?period=2023&indicator=T202").json["items"]
    assert (contribution["unit"], contribution["amount"], contribution["weight"]) == ("d112", "140050", "200")
    figures = {figure["indicator"]: figure for figure in contribution["figures"]}
    assert list(figures) == ["T201", "T202"]
    assert figures["T202"]["number"] == "700.25"
    assert (figures["T202"]["file"], figures["T202"]["entered_by"]) == ("报表.xlsx", "张某")
    assert figures["T202"]["cell"] == "T2 第二表!E9"
    assert figures["T202"]["upload"] == address.partition("/")[2]
