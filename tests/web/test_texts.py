"""The text of a report: written by sections, kept by versions, sealed by the receipt, read by those above."""

import pytest

from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.policy import Role
from portal.domain.prose import LONGEST_SECTION
from portal.errors import Conflict, InvalidInput, InvalidMove, NotFound, NotPermitted
from portal.queries.events import list_history
from portal.queries.report import list_passages
from portal.queries.submissions import get_submission, list_versions
from portal.services.passages import write_passage
from tests.web.conftest import Browser, Site, sound
from tests.world import FORM, World


def write(site: Site, unit: str, section: str, words: str, seen: int = 0) -> int:
    actor = site.world.actor(unit)
    with transaction(actor) as session:
        return write_passage(session, actor, site.world.key(unit), section, words, seen=seen)


def words(world: World, unit: str, by: str | None = None, version: int | None = None) -> dict[str, str]:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        passages = list_passages(session, actor, world.key(unit), version=version)
    return {code: each.words for code, each in passages.items()}


def page(unit: str, section: str = "W1") -> str:
    return f"/submissions/{unit}-2023-T/text/{section}"


def post(browser: Browser, unit: str, text: str, version: int, **more: str) -> int:
    fields = {"words": text, "row_version": str(version)} | more
    return browser.post(page(unit), fields).status_code


def test_a_form_file_holds_its_outline() -> None:
    form = read_form(FORM)
    assert [each.code for each in form.outline] == ["W1", "W2"]
    assert form.section("W1").source.zh == "厅字〔2019〕28号"


def test_a_section_is_saved_by_its_button_and_leads_on(site: Site) -> None:
    browser = site.person("d111", Role.FILLER)
    fields = {"words": "  今年做了两件事。\r\n一是检查。 ", "row_version": "0", "go": "next"}
    response = browser.post(page("d111"), fields)
    assert response.location.endswith("/text/W2")
    assert words(site.world, "d111") == {"W1": "今年做了两件事。\n一是检查。"}
    assert "今年做了两件事" in browser.get(page("d111")).text
    assert browser.post(page("d111", "W2"), fields | {"words": "缺人"}).location.endswith("/d111-2023-T/")


def test_a_section_is_saved_while_writing(site: Site) -> None:
    browser = site.person("d112", Role.FILLER)
    answer = browser.patch(page("d112"), {"words": "初稿", "row_version": 0}).get_json()
    assert answer["row_version"] == 1
    again = browser.patch(page("d112"), {"words": "初稿", "row_version": 1}).get_json()
    assert again["row_version"] == 1


def test_two_people_writing_one_section_lose_nothing(site: Site) -> None:
    browser = site.person("d121", Role.FILLER)
    write(site, "d121", "W1", "同事写的")
    response = browser.patch(page("d121"), {"words": "我写的", "row_version": 0})
    theirs = response.get_json()["theirs"]
    assert response.status_code == 409
    assert (theirs["words"], theirs["row_version"]) == ("同事写的", 1)
    assert "d121 的人 于" in theirs["who"]
    by_form = browser.post(page("d121"), {"words": "我写的", "row_version": "0"})
    shown = sound(by_form)
    assert by_form.status_code == 409
    assert "我写的" in shown.text
    assert "同事写的" in shown.text
    assert words(site.world, "d121")["W1"] == "同事写的"
    assert post(browser, "d121", "合在一起", 1) == 303


@pytest.mark.parametrize(
    "body", [[], {}, {"words": 5, "row_version": 0}, {"words": "a\x00", "row_version": 0}, {"words": "a"}]
)
def test_a_body_of_another_shape_is_refused(site: Site, body: object) -> None:
    assert site.person("d111", Role.FILLER).patch(page("d111"), body).status_code == 422


def test_what_is_too_long_stays_in_the_box(site: Site) -> None:
    response = site.person("c13", Role.FILLER).post(
        page("c13"), {"words": "长" * (LONGEST_SECTION + 1), "row_version": "0"}
    )
    assert response.status_code == 422
    assert "长长长" in sound(response).text


def test_nobody_else_writes_or_reads_a_draft(site: Site) -> None:
    write(site, "c11", "W1", "只给自己看")
    world = site.world
    for unit in ("p1", "c12", "d111"):
        actor = world.actor(unit)
        with transaction(actor) as session, pytest.raises((NotFound, NotPermitted)):
            write_passage(session, actor, world.key("c11"), "W1", "改", seen=1)
        with pytest.raises((NotFound, NotPermitted)):
            words(world, "c11", by=unit)
    head = world.actor("c11", Role.HEAD)
    with transaction(head) as session, pytest.raises(NotPermitted):
        write_passage(session, head, world.key("c11"), "W1", "改", seen=1)


def test_the_text_goes_up_with_the_figures_and_is_sealed(site: Site) -> None:
    world = site.world
    world.fill("d211")
    write(site, "d211", "W1", "首报的话")
    world.take("d211", Action.SUBMIT)
    assert words(world, "d211", by="c21") == {"W1": "首报的话"}
    assert "首报的话" in site.person("c21", Role.REVIEWER).get("/review/d211-2023-T").text
    with pytest.raises(NotPermitted):
        words(world, "d211", by="p2")
    with pytest.raises(InvalidMove):
        write(site, "d211", "W1", "封了还改", seen=1)
    world.take("d211", Action.SEND_BACK, by="c21", reason="再写")
    write(site, "d211", "W1", "改过的话", seen=1)
    world.take("d211", Action.SUBMIT)
    world.take("d211", Action.ACCEPT, by="c21")
    assert words(world, "d211", by="p2") == {"W1": "改过的话"}
    assert words(world, "d211", by="c21", version=1) == {"W1": "首报的话"}
    assert words(world, "d211", by="p2", version=1) == {}
    actor = world.actor("d211")
    with transaction(actor) as session:
        digests = {each.sha256 for each in list_versions(session, actor, world.key("d211"))}
    assert len(digests) == 2  # not a figure differs


def test_the_record_measures_a_text_and_does_not_repeat_it(site: Site) -> None:
    write(site, "c12", "W2", "四个字的话")
    actor = site.world.actor("c12")
    with transaction(actor) as session:
        event = list_history(session, actor, site.world.key("c12"))[0]
    assert (event.kind, event.after["section"], event.after["characters"]) == ("text_changed", "W2", 5)
    assert "四个字" not in str(event.after)


def test_who_wrote_counts_among_those_who_filled_in(site: Site) -> None:
    author = site.account("writer")
    site.employ(author, "p2", Role.FILLER)
    browser = site.signed_in(author)
    assert browser.patch(page("p2"), {"words": "我写", "row_version": 0}).status_code == 200
    actor = site.world.actor("p2")
    with transaction(actor) as session:
        assert author in get_submission(session, actor, site.world.key("p2")).subject.filled_by


def test_a_stale_or_unknown_section_is_refused(site: Site) -> None:
    write(site, "p1", "W1", "甲")
    with pytest.raises(Conflict):
        write(site, "p1", "W1", "乙")
    with pytest.raises(NotFound):
        write(site, "p1", "W9", "乙")
    with pytest.raises(InvalidInput):
        write(site, "p1", "W1", "长" * (LONGEST_SECTION + 1), seen=1)


def test_the_task_list_counts_sheets_sections_and_the_declaration(site: Site) -> None:
    site.world.fill("c13")
    browser = site.person("c13", Role.FILLER)
    assert "已完成 3/6 项" in browser.get("/submissions/c13-2023-T/").text
    write(site, "c13", "W1", "写了")
    shown = browser.get("/submissions/c13-2023-T/").text
    assert "已完成 4/6 项" in shown
    assert "前面还没有完成" in shown
    assert "文字报告还有 1 节没有写" in browser.get("/submissions/c13-2023-T/submit").text
