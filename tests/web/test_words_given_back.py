"""What somebody wrote is given back whenever it cannot be kept: the work of writing it is not lost with the refusal."""

import pytest

from portal.db import transaction
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.services import explanations
from tests.web.conftest import Browser, Site
from tests.web.html import Page

WHY = "第三项与上年相差过大，请附说明再报"
FINDING = ("rule_broken", "T107-E1", "T107")


@pytest.fixture(scope="module", autouse=True)
def handed_in(site: Site) -> None:
    """One unit has handed in, with an explanation; another's report is accepted."""
    site.world.fill("d111", T107=Value.of(0))
    filler = site.world.actor("d111")
    with transaction(filler) as session:
        explanations.explain(session, filler, site.world.key("d111"), FINDING, "other", "本年机构调整，职责已移交")
    site.world.take("d111", Action.SUBMIT)
    site.world.accept("d112")


def given_back(browser: Browser, path: str, fields: dict[str, str], status: int) -> str:
    """What the refusal says; all that was written must be in it."""
    answered = browser.post(path, fields)
    assert answered.status_code == status
    text = Page(answered.text).text
    assert (fields.get("reason") or fields["words"]) in text
    return text


@pytest.mark.parametrize(
    ("path", "changed", "status"),
    [
        ("d111-2023-T/actions/send_back", {"seen": "1"}, 409),
        ("d111-2023-T/actions/send_back", {"seen": "x"}, 422),
        ("d111-2023-T/actions/send_back", {"reason": WHY * 500}, 422),
        ("d112-2023-T/actions/send_back", {}, 409),
        ("d112-2023-T/actions/reopen", {"seen": "1"}, 409),
        ("d112-2023-T/actions/reopen", {"reason": WHY * 500}, 422),
        ("d111-2023-T/actions/reopen", {}, 409),
        ("d121-2023-T/actions/send_back", {}, 404),
    ],
)
def test_why_a_report_goes_back(site: Site, path: str, changed: dict[str, str], status: int) -> None:
    given_back(site.person("c11", Role.REVIEWER), f"/submissions/{path}", {"reason": WHY} | changed, status)


def test_why_an_explanation_will_not_do_though_the_report_has_changed(site: Site) -> None:
    fields = {"finding": "~".join(FINDING), "decision": "refused", "reason": WHY, "seen": "1"}
    given_back(site.person("c11", Role.REVIEWER), "/review/d111-2023-T/explanations", fields, 409)


def test_a_section_of_the_text_though_the_report_was_handed_in_meanwhile(site: Site) -> None:
    fields = {"words": "本年共检查十次。\n" * 50, "row_version": "0"}
    answered = site.person("d111").post("/submissions/d111-2023-T/text/W1", fields)
    assert answered.status_code == 409
    assert fields["words"].strip() in answered.text


def test_nothing_else_is_repeated(site: Site) -> None:
    fields = {"password": "geheim-22", "reason": "", "x": "nichts"}
    answered = site.person("c11", Role.REVIEWER).post("/submissions/d121-2023-T/actions/send_back", fields)
    assert answered.status_code == 404
    assert not {"geheim-22", "nichts"} & set(answered.text.split())
    assert "textarea" not in answered.text


def test_what_is_written_is_no_markup(site: Site) -> None:
    fields = {"reason": "</textarea><script>alert(1)</script>"}
    answered = site.person("c11", Role.REVIEWER).post("/submissions/d121-2023-T/actions/send_back", fields)
    assert "&lt;/textarea&gt;&lt;script&gt;" in answered.text
    assert "<script>alert" not in answered.text


def test_why_a_unit_is_let_off(site: Site) -> None:
    fields = {"do": "exempt", "reason": WHY * 500}
    given_back(site.person("p1"), "/collections/T-2023/units/c13", fields, 422)
