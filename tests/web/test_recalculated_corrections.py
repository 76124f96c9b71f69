"""An accepted figure that rests on last year's, which was corrected since: on every page it stays as it was accepted."""

import csv
import io
from datetime import date

import pytest
import yaml
from openpyxl import load_workbook

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.people import portal_actor
from portal.services import collections, forms
from tests.integration.test_corrected_earlier_year import form_text
from tests.statements import statements
from tests.web.api.conftest import Api
from tests.web.conftest import Site

NOW = Period(2024)
PAGE = "/rollups/c11/recalculated/"
SUBMISSION = "/submissions/d111-2024-T"
MOST = 60


@pytest.fixture(scope="module", autouse=True)
def corrected(site: Site) -> None:
    """Two districts grew by 5; then what one of them had reported the year before turned out to be 12, not 10."""
    content = yaml.safe_load(form_text()) | {"number": 2, "mapping": [{"how": "new", "new": ["T108", "T109"]}]}
    form, world = read_form(yaml.safe_dump(content, allow_unicode=True)), site.world
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
        forms.publish(session, form)
    with transaction(sender) as session:
        collections.send_down(session, sender, form, NOW, opens_on=NOW.ends_on, due_on=date(2025, 1, 31))
    for unit in ("d111", "d112"):
        world.accept(unit)
        world.accept(unit, NOW, T101=Value.of(15), T102=Value.of(9))
    world.take("d111", Action.REOPEN, by="c11", reason="更正")
    world.accept("d111", T101=Value.of(12), T103=Value.of(8))


def test_the_page_names_the_correction_and_leads_to_it(site: Site) -> None:
    page = site.person("c11", Role.REVIEWER).get(PAGE)
    assert "T108 比上年增加 c11 民政局" in page.text
    assert "10 次 8 次 -2" in page.text.replace("−", "-")
    assert "d111 民政局 2023年 上年“检查次数”：10 → 12（第 1 版 → 第 2 版）" in page.text
    assert page.all("a", href="/submissions/d111-2023-T/")
    below = site.person("c11", Role.REVIEWER).get(f"{PAGE}?indicator=T108")
    assert "d111 民政局" in below.text
    assert "d112 民政局" not in below.text


def test_it_is_written_out_and_told_to_programs(site: Site) -> None:
    with site.person("c11", Role.REVIEWER).client.get(f"{PAGE}export.csv") as response:
        rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))
    assert [(row["指标代码"], row["公布数"], row["现算数"], row["差额"]) for row in rows] == [
        ("T108", "10", "8", "-2"),
        ("T109", "20", "16", "-4"),
    ]
    assert rows[0]["原因"] == "d111 民政局 d111-2023-T 上年“检查次数”：10 → 12（第 1 版 → 第 2 版）"
    item = Api(site).caller("c11").get("rollups/recalculated?indicator=T108").json["items"][0]
    assert (item["published"], item["anew"], item["own"], item["changed_by"]) == ("10", "8", False, [])
    assert item["corrected"] == [
        {
            "unit": "d111",
            "submission": "d111-2023-T",
            "figure": "LY(T101)",
            "name": {"zh": "上年“检查次数”", "en": '"检查次数" of last year'},
            "version_before": 1,
            "version": 2,
            "before": {"status": "reported", "number": "10"},
            "now": {"status": "reported", "number": "12"},
        }
    ]


def test_an_accepted_version_shows_what_was_accepted_everywhere(site: Site) -> None:
    clerk = site.person("d111", Role.FILLER)
    for path in (f"{SUBMISSION}/sheets/T1", f"{SUBMISSION}/print", "/review/d111-2024-T"):
        person = site.person("c11", Role.REVIEWER) if path.startswith("/review") else clerk
        row = person.get(path).text.split("T108", 1)[1]
        assert "比上年增加" in row[:60]
        assert " 5 " in row[:60], path
    api = Api(site).caller("d111")
    values = api.get("submissions/d111-2024-T/values").json["values"]
    assert (values["T108"]["number"], values["T109"]["number"]) == ("5", "10")
    content = api.get("submissions/d111-2024-T/workbook").data
    sheet = load_workbook(io.BytesIO(content))["T1 第一表"]
    cells = {row[0].value: row[4].value for row in sheet.iter_rows(min_row=8, max_col=5)}
    assert (cells["T108"], cells["T109"]) == (5, 10)
    assert str(cells["T104"]).startswith("=IF(")


def test_the_page_costs_no_more_than_it_must(site: Site) -> None:
    reviewer = site.person("p1", Role.REVIEWER)
    sent = statements(lambda: reviewer.get("/rollups/p1/recalculated/?indicator=T108"))
    assert len(sent) <= MOST, "\n".join(sent)
