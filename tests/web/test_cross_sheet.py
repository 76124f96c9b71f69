"""A sheet that is a cross table: laid out as one, filled in, read and printed."""

import io
from datetime import date
from uuid import UUID

import openpyxl
import pytest

from portal.db import transaction
from portal.domain.policy import Role
from portal.domain.submissions import SubmissionKey
from portal.domain.values import NOT_APPLICABLE, Value, Values
from portal.jobs.uploads import process
from portal.queries.people import portal_actor
from portal.queries.submissions import get_submission
from portal.services import collections, forms
from portal.services.values import save_values
from tests.web.conftest import Browser, Site
from tests.workbooks.test_cross_tables import crossed_form
from tests.world import PERIOD

ADDRESS = "/submissions/d111-2023-JC/sheets/JC1"


@pytest.fixture(scope="module")
def crossed(site: Site) -> Site:
    """The site, with a cross table sent down in the first province."""
    with transaction(None) as session:
        forms.publish(session, crossed_form())
        actor = portal_actor(session, "p1")
    with transaction(actor) as session:
        days = {"opens_on": PERIOD.ends_on, "due_on": date(2024, 1, 31)}
        collections.send_down(session, actor, crossed_form(), PERIOD, **days)
    return site


def stored(site: Site) -> Values:
    actor = site.world.actor("d111")
    with transaction(actor) as session:
        return get_submission(session, actor, SubmissionKey("d111", PERIOD, "JC")).values


def boxes(browser: Browser) -> dict[str, str]:
    """All boxes of the sheet as the page holds them."""
    page = browser.get(ADDRESS)
    return {box["name"]: box.get("value", "") for box in page.all("input") if box.get("type") in {"hidden", "text"}}


def test_rows_and_columns_have_heads(crossed: Site) -> None:
    page = crossed.person("d111", Role.FILLER).get(ADDRESS)
    heads = [(head.get("scope"), head.get("colspan"), head.get("rowspan")) for head in page.all("th")]
    assert heads[:5] == [
        ("col", None, "2"),
        ("col", None, "2"),
        ("col", "1", "2"),
        ("colgroup", "2", "1"),
        ("col", "1", "2"),
    ]
    assert [scope for scope, *_ in heads[7:12]] == ["row", "row", "rowgroup", "row", "row"]
    assert len([box for box in page.all("input") if box["name"].startswith("answer-")]) == 4 * 3 - 1
    assert "此处不填" in page.text


def test_cells_are_saved_and_totals_worked_out(crossed: Site) -> None:
    browser = crossed.person("d111", Role.FILLER)
    typed = {"answer-JC10101": "3", "answer-JC10102": "4", "answer-JC10103": "0", "na-JC10201": "on", "go": "stay"}
    assert browser.client.post(ADDRESS, data=boxes(browser) | typed).location == ADDRESS
    values = stored(crossed)
    assert values["JC10104"] == Value.of(7)
    assert values["JC10201"] == NOT_APPLICABLE
    assert "JC10304" not in values or not values["JC10304"].answered
    read = crossed.person("d111", Role.HEAD).get("/submissions/d111-2023-JC/submit")
    assert '<th scope="colgroup" colspan="2" rowspan="1">法人</th>' in read.source


def test_what_is_refused_stays_in_its_cell(crossed: Site) -> None:
    browser = crossed.person("d111", Role.FILLER)
    response = browser.client.post(ADDRESS, data=boxes(browser) | {"answer-JC10101": "三十个半", "go": "stay"})
    assert response.status_code == 422
    assert 'value="三十个半"' in response.text
    assert 'id="problem-JC10101"' in response.text


def test_a_cell_saved_while_typing_says_what_its_total_is(crossed: Site) -> None:
    browser = crossed.person("d111", Role.FILLER)
    cells = {f"JC1030{column}": {"answer": "1", "row_version": 0} for column in (1, 2, 3)}
    answer = browser.patch(ADDRESS, {"cells": cells}).get_json()
    assert answer["rows"]["JC10304"]["shown"] == "3"
    assert answer["problems"] == {}


def test_a_workbook_without_notes_keeps_those_of_the_draft(crossed: Site) -> None:
    actor, key = crossed.world.actor("d111"), SubmissionKey("d111", PERIOD, "JC")
    noted = {"JC10101": Value.of(3, note="甲"), "JC10102": Value.of(4, note="乙"), "JC10103": Value.of(5)}
    with transaction(actor) as session:
        save_values(session, actor, key, noted)
    browser = crossed.person("d111", Role.FILLER)
    with browser.client.get(f"/submissions/{key}/template.xlsx") as response:
        book = openpyxl.load_workbook(io.BytesIO(response.data))
    sheet = book["JC1 申请"]
    notes = {cell.value: cell for (cell,) in sheet.iter_rows(min_row=14, max_col=1) if cell.value in noted}
    sheet[f"B{notes['JC10102'].row}"] = "丙"
    notes["JC10101"].value = sheet[f"B{notes['JC10101'].row}"].value = None
    sheet["C9"] = 30
    stream = io.BytesIO()
    book.save(stream)
    sent = browser.post(f"/submissions/{key}/upload", {"file": (io.BytesIO(stream.getvalue()), "报表.xlsx")})
    process("d111", UUID(sent.location.rsplit("/", 1)[1]))
    codes = [box["value"] for box in browser.get(sent.location).all("input", name="codes")]
    assert codes == ["JC10101", "JC10102"]
    browser.post(f"{sent.location}/apply", {"codes": codes})
    values = stored(crossed)
    assert values["JC10101"] == Value.of(30, note="甲")
    assert values["JC10102"] == Value.of(4, note="丙")
