"""From the findings over explanations and the declaration to the receipt, and what the superior does with it."""

import hashlib
import re

from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.submissions import digest, receipt_number
from portal.domain.values import Value
from portal.queries.submissions import get_row, get_task, list_versions, typed_values
from portal.services.evidence import add_evidence, remove_evidence
from portal.services.passages import write_passage
from tests.web.conftest import Site, sound

FINDING = "rule_broken~T107-E1~T107"
WORDS = "今年没有开展这项工作，已报上级同意"


def state_of(site: Site, unit: str) -> State:
    actor = site.world.actor(unit)
    with transaction(actor) as session:
        return get_task(session, actor, site.world.key(unit)).state


def test_tasks_are_listed_with_what_is_due(site: Site) -> None:
    page = site.person("d111", Role.FILLER).get("/tasks/")
    assert "2023 年" in page.text
    assert "待签收" in page.text
    assert "0/9" in page.text
    assert re.search(r"逾期 \d+ 天", page.text)


def test_empty_cells_are_gathered_in_the_findings(site: Site) -> None:
    page = site.person("d111", Role.FILLER).get("/submissions/d111-2023-T/findings/")
    assert "8 项没有填" in page.text
    assert {"href": "/submissions/d111-2023-T/sheets/T1#answer-T101"} in page.all("a")


def test_a_finding_is_explained_in_words(site: Site) -> None:
    site.world.fill("d111", T107=Value.of(0))
    browser = site.person("d111", Role.FILLER)
    page = browser.get("/submissions/d111-2023-T/findings/")
    assert page.all("input", name="finding")[0]["value"] == FINDING
    for fields, reason in (
        ({"reason_code": "business", "words": "核实无误，数据属实"}, "不能只写“核实无误”"),
        ({"reason_code": "business", "words": "没有开展"}, "至少写 10 个字"),
        ({"reason_code": "", "words": WORDS}, "请从列出的选项中选择"),
    ):
        response = browser.post("/submissions/d111-2023-T/findings/", {"finding": FINDING, **fields})
        refused = sound(response)
        assert response.status_code == 422
        assert reason in refused.text
        assert fields["words"] in refused.text
    response = browser.post(
        "/submissions/d111-2023-T/findings/", {"finding": FINDING, "reason_code": "business", "words": WORDS}
    )
    assert response.status_code == 303
    assert "可以上报了" in browser.get("/submissions/d111-2023-T/findings/").text


def test_a_finding_that_is_none_is_refused(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    for key, status in (("nonsense", 422), ("a~b~c", 404)):
        fields = {"finding": key, "reason_code": "other", "words": WORDS}
        assert browser.post("/submissions/d111-2023-T/findings/", fields).status_code == status


def test_blocking_findings_stand_in_the_way(site: Site) -> None:
    site.world.fill("d112", T101=Value.of(11))
    browser = site.person("d112", Role.FILLER)
    page = browser.get("/submissions/d112-2023-T/submit")
    assert "还有 1 处问题没有处理" in page.text
    assert page.all("input", name="declared") == []
    response = browser.post("/submissions/d112-2023-T/submit", {"declared": "1"})
    assert response.status_code == 422
    assert state_of(site, "d112") is State.DRAFTING


def test_handing_in_needs_the_declaration_and_gives_a_receipt(site: Site) -> None:
    site.world.fill("d121")
    browser = site.person("d121", Role.FILLER)
    page = browser.get("/submissions/d121-2023-T/submit")
    seen = page.all("input", name="seen")[0]["value"]
    assert sound(browser.post("/submissions/d121-2023-T/submit", {"seen": seen})).text.startswith("出错：")
    response = browser.post("/submissions/d121-2023-T/submit", {"seen": seen, "declared": "1"})
    assert response.location == "/submissions/d121-2023-T/receipt"
    receipt = browser.get(response.location)
    actor, key = site.world.actor("d121"), site.world.key("d121")
    with transaction(actor) as session:
        version = list_versions(session, actor, key)[0]
    assert version.sha256 is not None
    assert receipt_number(key, 1, version.sha256) in receipt.text
    assert version.sha256 in receipt.text
    assert version.sm3 in receipt.text
    assert len(receipt.all("path")) > 2  # the QR code
    assert "9/9" in receipt.text


def test_the_receipt_lists_texts_and_files_by_their_digests(site: Site) -> None:
    world, unit, words, proof = site.world, "c12", "做了三件事", b"%PDF-1.7"
    world.fill(unit)
    actor, key = world.actor(unit), world.key(unit)
    with transaction(actor) as session:
        write_passage(session, actor, key, "W1", f"{words}\x0b\u200b\r\n", seen=0)
        add_evidence(session, actor, key, "T101", "纪要.pdf", proof, limit=100)
    world.take(unit, Action.SUBMIT)
    receipt = site.person(unit, Role.FILLER).get(f"/submissions/{unit}-2023-T/receipt").text
    for content in (words.encode(), proof):
        assert hashlib.sha256(content).hexdigest() in receipt
    assert "纪要.pdf" in receipt
    assert "二、不足" not in receipt  # nothing is written there
    world.take(unit, Action.SEND_BACK, by="p1", reason="换附件")
    with transaction(actor) as session:
        remove_evidence(session, actor, key, "T101", hashlib.sha256(proof).hexdigest())
    world.take(unit, Action.SUBMIT)
    browser = site.person("p1", Role.REVIEWER)
    assert "纪要.pdf" in browser.get(f"/submissions/{unit}-2023-T/receipt?version=1").text
    assert "纪要.pdf" not in browser.get(f"/submissions/{unit}-2023-T/receipt").text


def test_a_page_left_open_does_not_hand_in_what_it_did_not_show(site: Site) -> None:
    site.world.fill("c13")
    browser = site.person("c13", Role.FILLER)
    seen = browser.get("/submissions/c13-2023-T/submit").all("input", name="seen")[0]["value"]
    site.world.fill("c13", T107=Value.of(8))
    response = browser.post("/submissions/c13-2023-T/submit", {"seen": seen, "declared": "1"})
    assert response.status_code == 409
    assert state_of(site, "c13") is State.DRAFTING


def test_there_is_no_receipt_before_handing_in(site: Site) -> None:
    assert site.person("d211", Role.FILLER).client.get("/submissions/d211-2023-T/receipt").status_code == 404


def test_the_superior_sends_back_with_a_reason_and_accepts(site: Site) -> None:
    site.world.submit("d211")
    reviewer, filler = site.person("c21", Role.REVIEWER), site.person("d211", Role.FILLER)
    listed = reviewer.get("/review/?show=waiting")
    assert "d211 民政局" in listed.text
    page = reviewer.get("/review/d211-2023-T")
    assert "没有发现问题" in page.text
    act = "/submissions/d211-2023-T/actions"
    assert reviewer.post(f"{act}/send_back", {"reason": " "}).status_code == 422
    assert reviewer.post(f"{act}/send_back", {"reason": "支出与决算不符，请核对", "seen": "x"}).status_code == 422
    assert reviewer.post(f"{act}/send_back", {"reason": "支出与决算不符，请核对"}).status_code == 303
    assert "支出与决算不符，请核对" in filler.get("/tasks/").text
    assert "支出与决算不符，请核对" in filler.get("/submissions/d211-2023-T/").text
    site.world.take("d211", Action.SUBMIT)
    assert reviewer.post(f"{act}/accept").status_code == 303
    assert state_of(site, "d211") is State.ACCEPTED
    first, second = (filler.get(f"/submissions/d211-2023-T/receipt?version={number}") for number in (1, 2))
    assert "第 1 版" in first.text
    assert "第 2 版" in second.text


def test_an_unknown_action_is_not_found(site: Site) -> None:
    assert site.person("d111", Role.FILLER).post("/submissions/d111-2023-T/actions/burn").status_code == 404


def test_digests_on_the_receipt_are_those_of_the_figures(site: Site) -> None:
    actor, key = site.world.actor("d121"), site.world.key("d121")
    with transaction(actor) as session:
        figures = typed_values(session, get_row(session, actor, key))
    assert (
        digest(key, 1, figures).sha256 in site.person("d121", Role.FILLER).get("/submissions/d121-2023-T/receipt").text
    )
