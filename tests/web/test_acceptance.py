"""Many submissions of the units below, chosen in the list, looked over, and accepted at once."""

import pytest

from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.submissions import get_submission
from portal.services import explanations
from tests.web.conftest import Browser, Site, sound
from tests.web.html import Page

LIST = "/review/?unit=c11&period=2023"
CONFIRM, DONE = "/review/acceptance/", "/review/acceptance/done"


@pytest.fixture
def reviewer(site: Site) -> Browser:
    """A city's reviewer; of its districts one has nothing to be found, one explained what is."""
    for unit in ("d111", "d112"):
        send_back(site, unit)
    site.world.submit("d111")
    site.world.fill("d112", T107=Value.of(0))
    filler = site.world.actor("d112")
    with transaction(filler) as session:
        finding = ("rule_broken", "T107-E1", "T107")
        words = "本年机构调整，职责已移交"
        explanations.explain(session, filler, site.world.key("d112"), finding, "other", words)
    site.world.take("d112", Action.SUBMIT)
    return site.person("c11", Role.REVIEWER)


def send_back(site: Site, unit: str) -> None:
    """Let a unit write again, whatever became of what it handed in before."""
    actor = site.world.actor("c11")
    with transaction(actor) as session:
        view = get_submission(session, actor, site.world.key(unit))
    verb = {State.SUBMITTED: Action.SEND_BACK, State.ACCEPTED: Action.REOPEN}.get(view.state)
    if verb:
        site.world.take(unit, verb, by="c11", reason="请核对")


def choices(page: Page, *, ticked: bool | None = None) -> list[str]:
    """What can be chosen on a page, or what is or is not ticked already."""
    boxes = page.all("input", type="checkbox", name="chosen")
    return [each["value"] for each in boxes if ticked is None or ("checked" in each) is ticked]


def send(browser: Browser, path: str, *chosen: str) -> Page:
    return sound(browser.post(path, {"chosen": list(chosen), "unit": "c11", "period": "2023"}))


def test_from_the_list_to_what_became_of_each(site: Site, reviewer: Browser) -> None:
    listed = reviewer.get(LIST)
    assert choices(listed, ticked=False) == choices(listed) != []
    marked = next(each["href"] for each in listed.all("a") if "mark=all" in each.get("href", ""))
    chosen = choices(reviewer.get(marked), ticked=True)
    assert chosen == choices(listed)
    told = send(reviewer, CONFIRM, *chosen)
    assert "没有问题的 1 件，有提示或说明的 1 件，现在不能验收的 0 件" in told.text
    assert [each.split(":")[0] for each in choices(told, ticked=True)] == ["d111-2023-T"]
    assert [each.split(":")[0] for each in choices(told, ticked=False)] == ["d112-2023-T"]
    done = send(reviewer, DONE, *choices(told))
    assert "已验收 2 件，没有验收 0 件" in done.text
    assert choices(reviewer.get(LIST)) == []
    again = send(reviewer, DONE, *choices(told))
    assert "已验收 0 件，没有验收 2 件" in again.text
    assert "已验收" in again.text


def test_what_changed_since_the_page_was_drawn_is_left_alone(site: Site, reviewer: Browser) -> None:
    chosen = choices(reviewer.get(LIST))
    site.world.take("d111", Action.WITHDRAW)
    site.world.take("d111", Action.SUBMIT)
    told = send(reviewer, CONFIRM, *chosen)
    assert "有了变化，没有验收" in told.text
    assert choices(told, ticked=True) == []
    done = send(reviewer, DONE, *chosen)
    assert "已验收 1 件，没有验收 1 件" in done.text
    assert "/review/d111-2023-T" in {each.get("href") for each in done.all("a")}


def test_whoever_comes_back_begins_with_the_list(reviewer: Browser) -> None:
    for path in (CONFIRM, DONE):
        answer = reviewer.client.get(path)
        assert (answer.status_code, answer.location) == (302, "/review/")


def test_nothing_chosen_leads_back_to_the_list(reviewer: Browser) -> None:
    for path in (CONFIRM, DONE):
        answer = reviewer.post(path, {"unit": "c11", "period": "2023", "show": "waiting"})
        assert (answer.status_code, answer.location) == (303, "/review/?unit=c11&period=2023&show=waiting")


@pytest.mark.parametrize(
    ("chosen", "status"),
    [("d111-2023-T", 404), ("d111-2023-T:x", 422), ("d111:1", 404), ("d111-2023-T:-1", 422), ("", 404)],
)
def test_a_forged_choice_is_refused(reviewer: Browser, chosen: str, status: int) -> None:
    assert reviewer.post(DONE, {"chosen": chosen}).status_code == status


def test_too_many_at_once(reviewer: Browser) -> None:
    answer = reviewer.post(DONE, {"chosen": ["d111-2023-T:1"] * 5001})
    assert answer.status_code == 422
    assert "分几次" in answer.text


def test_others_units_and_those_who_may_not(site: Site, reviewer: Browser) -> None:
    site.world.submit("d211")
    strange = send(reviewer, DONE, "d211-2023-T:3")
    assert "已验收 0 件，没有验收 1 件" in strange.text
    assert "d211 民政局" not in strange.text
    head = site.person("c11", Role.HEAD)
    assert choices(head.get(LIST)) == []
    assert "已验收 0 件，没有验收 1 件" in send(head, DONE, *choices(reviewer.get(LIST))[:1]).text
    above = site.person("p1", Role.REVIEWER)
    assert choices(above.get(f"{LIST}&reach=all")) == []
    assert len(choices(reviewer.get(LIST))) == 2


def test_a_form_without_its_token_is_refused(reviewer: Browser) -> None:
    chosen = choices(reviewer.get(LIST))
    assert reviewer.client.post(DONE, data={"chosen": chosen}).status_code == 400
    assert choices(reviewer.get(LIST)) == chosen
