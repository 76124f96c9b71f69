"""Files for many units, and with their answers, by the API: ordered, handed in, checked, polled, cancelled, fetched."""

import io
import zipfile
from uuid import UUID

import openpyxl
import pytest

from portal.db import transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.policy import Role
from portal.jobs import batches
from portal.queries.batches import get_batch
from portal.queries.people import portal_actor, portal_within
from portal.services.collection_changes import change_settings
from tests.world import PERIOD


@pytest.fixture(autouse=True, scope="module")
def _let_enter(api) -> None:
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        change_settings(session, sender, CollectionKey("T", PERIOD), CollectionSettings(entered_above=True))


def work_on(batch_id: str, unit: str = "c11") -> None:
    """Do the job that a request enqueued."""
    with transaction(None) as session:
        portal = portal_within(session, unit)
    with transaction(portal) as session:
        batch = get_batch(session, portal, UUID(batch_id))
    batches.process(portal, batch)


@pytest.fixture(scope="module")
def clerk(api):
    return api.caller("c11", Role.FILLER)


@pytest.fixture(scope="module")
def table(clerk) -> bytes:
    response = clerk.post("batches/files", json={"collection": "T-2023", "kind": "table"})
    assert (response.status_code, response.json["state"]) == (202, "waiting")
    assert response.headers["Location"] == f"/api/v1/batches/{response.json['id']}"
    work_on(response.json["id"])
    return clerk.get(f"batches/{response.json['id']}/file").data


def hand_in(caller, content: bytes, name: str = "汇总.xlsx", **fields: str):
    data = {"file": (io.BytesIO(content), name), "collection": "T-2023"} | fields
    return caller.post("batches/answers", data=data, content_type="multipart/form-data")


def with_answer(table: bytes, answer: object) -> bytes:
    book, stream = openpyxl.load_workbook(io.BytesIO(table)), io.BytesIO()
    book.worksheets[1]["I10"] = answer  # T107 of d111
    book.worksheets[1]["I11"] = "很多"  # of d112
    book.save(stream)
    return stream.getvalue()


def test_a_table_is_checked_entered_and_reported(clerk, table) -> None:
    checked = hand_in(clerk, with_answer(table, 5), check_only="true")
    assert (checked.status_code, checked.json["kind"]) == (202, "check")
    address = f"batches/{checked.json['id']}"
    assert clerk.post(f"{address}/enter").status_code == 409  # it is not checked yet
    work_on(checked.json["id"])
    done = clerk.get(address).json
    assert (done["state"], done["outcomes"]) == ("done", {"empty": 1, "stored": 1, "mistaken": 1})
    entered = clerk.post(f"{address}/enter")
    assert (entered.status_code, entered.json["kind"], entered.json["sha256"]) == (202, "answers", done["sha256"])
    work_on(entered.json["id"])
    lines = clerk.get(f"batches/{entered.json['id']}/lines", query_string={"outcome": "mistaken"}).json
    assert lines["count"] == 1
    (line,) = lines["items"]
    assert (line["name"], line["stored"], line["counts"]) == ("d112", 0, {"blocking": 1})
    assert line["findings"][0]["indicator"] == "T107"
    assert "很多" in line["findings"][0]["message"]
    assert [each["id"] for each in clerk.get("batches?collection=T-2023").json["items"]][:1] == [entered.json["id"]]
    second = clerk.get(f"batches/{entered.json['id']}/lines", query_string={"page": 2, "page_size": 2}).json
    assert (second["count"], len(second["items"])) == (3, 1)


def test_a_zip_of_templates_comes_out_and_goes_in(clerk) -> None:
    made = clerk.post("batches/files", json={"collection": "T-2023", "kind": "templates"}).json["id"]
    assert clerk.get(f"batches/{made}/file").status_code == 404
    work_on(made)
    content = clerk.get(f"batches/{made}/file").data
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 4
    handed_in = hand_in(clerk, content, "模板.zip").json["id"]
    work_on(handed_in)
    assert clerk.get(f"batches/{handed_in}").json["outcomes"] == {"empty": 3}
    assert clerk.get(f"batches/{handed_in}/file").data == content


def test_it_is_cancelled_once(clerk, table) -> None:
    batch = hand_in(clerk, table).json["id"]
    assert clerk.post(f"batches/{batch}/cancel").json["state"] == "cancelling"
    work_on(batch)
    assert clerk.get(f"batches/{batch}").json["state"] == "cancelled"
    assert clerk.post(f"batches/{batch}/cancel").status_code == 409


def test_what_is_no_workbook_says_why(clerk) -> None:
    batch = hand_in(clerk, b"%PDF-1.7").json["id"]
    work_on(batch)
    report = clerk.get(f"batches/{batch}", headers={"Accept-Language": "en"}).json["report"]
    assert (report["outcome"], report["code"]) == ("refused", "is_pdf")
    assert "PDF" in report["message"]


@pytest.mark.parametrize("body", [{}, {"kind": "answers"}, {"kind": "table", "collection": "nothing"}])
def test_an_order_of_something_else_is_not_understood(clerk, body) -> None:
    assert clerk.post("batches/files", json={"collection": "T-2023"} | body).status_code == 400


def test_others_have_no_such_batch_and_the_head_enters_nothing(api, clerk, table) -> None:
    batch = hand_in(clerk, table, check_only="1").json["id"]
    for path in (f"batches/{batch}", f"batches/{batch}/lines", f"batches/{batch}/file"):
        assert api.caller("c12", Role.FILLER).get(path).status_code == 404
        assert api.nobody().get(path).status_code == 401
    for verb in ("cancel", "enter"):
        assert api.caller("p1", Role.FILLER).post(f"batches/{batch}/{verb}").status_code == 404
    refused = hand_in(api.caller("c11", Role.HEAD), table)
    assert (refused.status_code, refused.json["permission"]) == (403, "enter_below")
    assert clerk.post(f"batches/{batch}/cancel").status_code == 200
