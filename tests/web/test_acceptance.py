"""Many submissions of the units below: looked over, chosen, accepted at once, and what became of each."""

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.domain.lifecycle import Action, State
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.queries.submissions import get_submission
from portal.services import collection_changes, explanations
from portal.web.pages import parts
from tests.web.conftest import Browser, Site
from tests.web.html import Page

LIST, PAGE = "/review/?unit=c11&period=2023", "/review/acceptance/"
ASKED = f"{PAGE}?unit=c11&period=2023"
FINDING = ("rule_broken", "T107-E1", "T107")


@pytest.fixture(scope="module", autouse=True)
def elsewhere(site: Site) -> None:
    """In another province somebody has handed in too."""
    site.world.submit("d211")


@pytest.fixture
def reviewer(site: Site) -> Browser:
    """A city's reviewer; of its districts one has nothing to be found, one explained what is."""
    for unit in ("d111", "d112"):
        give_back(site, unit)
    site.world.submit("d111")
    site.world.fill("d112", T107=Value.of(0))
    filler = site.world.actor("d112")
    with transaction(filler) as session:
        words = "本年机构调整，职责已移交"
        explanations.explain(session, filler, site.world.key("d112"), FINDING, "other", words)
    site.world.take("d112", Action.SUBMIT)
    return site.person("c11", Role.REVIEWER)


def give_back(site: Site, unit: str) -> None:
    """Let a unit write again, whatever became of what it handed in before."""
    actor = site.world.actor("c11")
    with transaction(actor) as session:
        view = get_submission(session, actor, site.world.key(unit))
    verb = {State.SUBMITTED: Action.SEND_BACK, State.ACCEPTED: Action.REOPEN, State.LOCKED: Action.REOPEN}.get(
        view.state
    )
    if verb:
        site.world.take(unit, verb, by="c11", reason="请核对")


def choices(page: Page, *, ticked: bool | None = None) -> list[str]:
    """What can be chosen on a page, or what is or is not ticked already."""
    boxes = page.all("input", type="checkbox", name="chosen")
    return [each["value"] for each in boxes if ticked is None or ("checked" in each) is ticked]


def links(page: Page) -> set[str]:
    return {each.get("href", "") for each in page.all("a")}


def send(browser: Browser, *chosen: str) -> str:
    """Accept these; gives where the result is told."""
    answer = browser.post(ASKED, {"chosen": list(chosen)})
    assert answer.status_code == 303
    return answer.location


def told(browser: Browser, *chosen: str) -> str:
    """What the result says of these."""
    return browser.get(send(browser, *chosen)).text


def acceptances(site: Site) -> int:
    """How many are on record."""
    with transaction(site.world.actor("p1")) as session:
        return session.scalar(text("select count(*) from event where kind = 'submission_accepted'")) or 0


class TestTheWay:
    def test_from_the_list_to_what_became_of_each(self, site: Site, reviewer: Browser) -> None:
        listed = reviewer.get(f"{LIST}&show=waiting")
        assert "等您验收的有 2 件" in listed.text
        [address] = [link for link in links(listed) if link.startswith(PAGE)]
        page = reviewer.get(address)
        assert "没有问题的 1 件，有提示或说明的 1 件，现在不能验收的 0 件" in page.text
        assert [each.split(":")[0] for each in choices(page, ticked=True)] == ["d111-2023-T"]
        assert [each.split(":")[0] for each in choices(page, ticked=False)] == ["d112-2023-T"]
        answer = reviewer.post(page.all("form", method="post")[-1]["action"], {"chosen": choices(page)})
        done = reviewer.get(answer.location)
        assert "已验收 2 件，没有验收 0 件" in done.text
        assert "/rollups/c11?period=2023" in links(done)
        assert any(link.startswith("/review/?") and "show=waiting" in link for link in links(done))
        assert not any(link.startswith(PAGE) for link in links(reviewer.get(LIST)))
        assert "现在没有可以验收的报送件" in reviewer.get(ASKED).text

    def test_what_was_ticked_can_be_unticked_all_at_once(self, reviewer: Browser) -> None:
        [without] = [link for link in links(reviewer.get(ASKED)) if "mark=none" in link]
        page = reviewer.get(without)
        assert len(choices(page, ticked=False)) == 2
        [again] = [link for link in links(page) if link.startswith(PAGE)]
        assert len(choices(reviewer.get(again), ticked=True)) == 1

    def test_the_totals_change_with_it_and_change_back(self, site: Site, reviewer: Browser) -> None:
        total = "/rollups/c11?period=2023&indicator=T101"
        assert "20 次" not in reviewer.get(total).text
        done = send(reviewer, *choices(reviewer.get(ASKED)))
        assert "20 次" in reviewer.get(total).text
        reopen = {"reason": "验收错了"}
        reopened = reviewer.post("/submissions/d112-2023-T/actions/reopen", reopen, follow_redirects=True)
        assert "汇总已减去这一份的数" in reopened.text
        assert "20 次" not in reviewer.get(total).text
        page = reviewer.get(done)
        assert "已验收 1 件，没有验收 1 件" in page.text
        assert "现在是“已退回”" in page.text

    def test_what_explanations_stand_refused_in_is_told_apart(self, site: Site, reviewer: Browser) -> None:
        decide = {"finding": "~".join(FINDING), "decision": "refused", "reason": "请写明", "seen": "0"}
        decide["seen"] = choices(reviewer.get(ASKED), ticked=False)[0].split(":")[1]
        assert reviewer.post("/review/d112-2023-T/explanations", decide).status_code == 303
        page = reviewer.get(ASKED)
        assert "没有问题的 1 件，有提示或说明的 0 件，现在不能验收的 1 件" in page.text
        assert "/review/d112-2023-T" in links(page)


class TestThousands:
    """What takes long to look over comes in parts, as many as there are; here of one or two."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parts, "SIZES", (1, 2))

    def test_a_part_is_looked_over_and_accepted_and_the_next_follows(self, reviewer: Browser) -> None:
        page = reviewer.get(ASKED)
        assert "等您验收的共 2 件，这一页 1 件：没有问题的 1 件，有提示或说明的 0 件" in page.text
        assert "第 1 页，共 2 页" in page.text
        [shown] = choices(page)
        [following] = [link for link in links(page) if "page=2" in link]
        [other] = choices(reviewer.get(following))
        assert "已验收 1 件，没有验收 0 件" in told(reviewer, shown)
        last = reviewer.get(ASKED)
        assert choices(last) == [other]
        assert "共 2 页" not in last.text

    def test_ticks_are_taken_away_on_the_page_one_is_on(self, reviewer: Browser) -> None:
        [without] = [link for link in links(reviewer.get(f"{ASKED}&size=2")) if "mark=none" in link]
        assert len(choices(reviewer.get(without), ticked=False)) == 2

    @pytest.mark.parametrize(
        ("asked", "shown"),
        [
            ("size=2", 2), ("size=2&page=2", 2),
            ("page=9", 1), ("page=-1", 1), ("page=0", 1), ("page=x", 1), pytest.param("page=" + "9" * 5000, 1, id="9…"),
            ("size=0", 1), ("size=-1", 1), ("size=5000", 1), ("size=x", 1),
        ],
    )  # fmt: skip
    def test_whatever_is_asked_for_there_is_a_part(self, reviewer: Browser, asked: str, shown: int) -> None:
        for path in (ASKED, f"{LIST}&show=waiting"):
            page = reviewer.get(f"{path}&{asked}")
            assert (
                len({link for link in links(page) if link in {"/review/d111-2023-T", "/review/d112-2023-T"}}) == shown
            )

    def test_the_list_goes_on_with_what_it_was_asked_for(self, reviewer: Browser) -> None:
        page = reviewer.get(f"{LIST}&show=waiting&reach=all")
        assert "共 2 件" in page.text
        [following] = [link for link in links(page) if "page=2" in link]
        assert all(part in following for part in ("unit=c11", "period=2023", "show=waiting", "reach=all", "size=1"))
        assert "第 2 页，共 2 页" in reviewer.get(following).text
        [larger] = [link for link in links(page) if "size=2" in link]
        assert "共 2 页" not in reviewer.get(larger).text


class TestAgain:
    def test_a_form_sent_twice_is_told_once(self, site: Site, reviewer: Browser) -> None:
        chosen, before = choices(reviewer.get(ASKED)), acceptances(site)
        first, second = send(reviewer, *chosen), send(reviewer, *chosen)
        assert first == second
        for _time in range(2):
            assert "已验收 2 件，没有验收 0 件" in reviewer.get(first).text
        assert acceptances(site) == before + 2

    def test_two_tabs(self, site: Site, reviewer: Browser) -> None:
        chosen, before = choices(reviewer.get(ASKED)), acceptances(site)
        one = send(reviewer, chosen[0])
        assert "已验收 2 件，没有验收 0 件" in told(reviewer, *chosen)
        assert acceptances(site) == before + 2
        late = reviewer.client.get(one)
        assert late.location == LIST
        assert "不再保留" in reviewer.get(LIST).text

    def test_a_result_is_nobody_elses(self, site: Site, reviewer: Browser) -> None:
        address = send(reviewer, *choices(reviewer.get(ASKED)))
        assert site.person("c12", Role.REVIEWER).client.get(address).status_code == 302
        assert site.anonymous().client.get(address).location.startswith("/login/")

    def test_nothing_chosen_leads_back(self, reviewer: Browser) -> None:
        answer = reviewer.post(ASKED)
        assert (answer.status_code, answer.location) == (303, ASKED)
        assert "什么都没有验收" in reviewer.get(ASKED).text


class TestMeanwhile:
    def test_what_changed_since_the_page_was_drawn_is_left_alone(self, site: Site, reviewer: Browser) -> None:
        chosen = choices(reviewer.get(ASKED))
        site.world.take("d111", Action.WITHDRAW)
        site.world.take("d111", Action.SUBMIT)
        page = reviewer.get(send(reviewer, *chosen))
        assert "已验收 1 件，没有验收 1 件" in page.text
        assert "有了变化，没有验收" in page.text
        assert "/review/d111-2023-T" in links(page)
        [again] = [link for link in links(page) if link.startswith(PAGE)]
        assert "已验收 1 件，没有验收 0 件" in told(reviewer, *choices(reviewer.get(again)))

    @pytest.mark.parametrize(
        ("verb", "by", "now"), [(Action.WITHDRAW, None, "填报中"), (Action.SEND_BACK, "c11", "已退回")]
    )
    def test_what_went_back_is_left_alone(
        self, site: Site, reviewer: Browser, verb: Action, by: str | None, now: str
    ) -> None:
        chosen = choices(reviewer.get(ASKED))
        site.world.take("d111", verb, by=by, reason="请核对" if by else "")
        text = told(reviewer, *chosen)
        assert "已验收 1 件，没有验收 1 件" in text
        assert f"现在是“{now}”，单位再次上报以后才能验收" in text

    def test_what_was_let_off(self, site: Site, reviewer: Browser) -> None:
        chosen, sender = choices(reviewer.get(ASKED)), site.world.actor("p1")
        site.world.take("d111", Action.WITHDRAW)
        with transaction(sender) as session:
            collection_changes.exempt(session, sender, site.world.key("d111"), "机构撤并")
        try:
            assert "免报" in told(reviewer, *chosen)
        finally:
            with transaction(sender) as session:
                collection_changes.include(session, sender, site.world.key("d111"))

    def test_what_was_accepted_and_closed_by_a_colleague(self, site: Site, reviewer: Browser) -> None:
        chosen = choices(reviewer.get(ASKED))
        for verb in (Action.ACCEPT, Action.LOCK):
            site.world.take("d111", verb, by="c11")
        assert "已验收 2 件，没有验收 0 件" in told(reviewer, *chosen)

    def test_whoever_lost_the_role_accepts_nothing(self, site: Site, reviewer: Browser) -> None:
        chosen = choices(reviewer.get(ASKED))
        head = site.person("c11", Role.HEAD)
        assert choices(head.get(ASKED)) == []
        assert "已验收 0 件，没有验收 2 件" in told(head, *chosen)
        above = site.person("p1", Role.REVIEWER)
        assert choices(above.get(f"{ASKED}&reach=all")) == []
        assert "已验收 0 件，没有验收 2 件" in told(above, *chosen)
        assert choices(reviewer.get(ASKED)) == chosen


class TestForged:
    @pytest.mark.parametrize(
        ("chosen", "status"),
        [
            ("d111-2023-T", 404), ("d111-2023-T:x", 422), ("d111:1", 404), ("d111-2023-T:-1", 422), ("", 404),
            (f"d111-2023-T:{'9' * 10}", 422),
            ("d111-9999999999-T:1", 404), ("民政局-2023-T:1", 404),
            ("d111-2023-T:1\x00", 400),
        ],
    )  # fmt: skip
    def test_what_names_no_submission_is_refused_whole(
        self, site: Site, reviewer: Browser, chosen: str, status: int
    ) -> None:
        before = acceptances(site)
        assert reviewer.post(ASKED, {"chosen": [*choices(reviewer.get(ASKED)), chosen]}).status_code == status
        assert acceptances(site) == before

    @pytest.mark.parametrize("unit", ["9" * 3000, "0", "x", "d121", "d211"])
    def test_units_that_are_not_below_are_told_and_the_rest_is_accepted(self, reviewer: Browser, unit: str) -> None:
        text = told(reviewer, *choices(reviewer.get(ASKED)), f"{unit}-2023-T:3")
        assert "已验收 2 件，没有验收 1 件" in text
        assert f"{unit} 民政局" not in text

    @pytest.mark.parametrize("key", ["d111-1901-T", "d111-2023M01-T", "d111-2023-X"])
    def test_collections_there_never_were(self, reviewer: Browser, key: str) -> None:
        text = told(reviewer, *choices(reviewer.get(ASKED)), f"{key}:1")
        assert "已验收 2 件，没有验收 1 件" in text
        assert key in text

    def test_three_thousand_at_once(self, reviewer: Browser) -> None:
        chosen = [f"x{number}-2023-T:{number}" for number in range(3000)]
        assert "已验收 2 件，没有验收 3000 件" in told(reviewer, *chosen, *choices(reviewer.get(ASKED)))

    @pytest.mark.parametrize(
        "chosen",
        [
            ["d111-2023-T:1"] * 5001,
            ["d111-2023-T:1"] * 100_000,
            [f"d111-{year}-T:1" for year in range(1900, 1951)],
        ],
        ids=len,
    )
    def test_too_much_at_once(self, site: Site, reviewer: Browser, chosen: list[str]) -> None:
        before = acceptances(site)
        answer = reviewer.post(ASKED, {"chosen": chosen})
        assert answer.status_code == 422
        assert "分几次" in answer.text
        assert acceptances(site) == before

    @pytest.mark.parametrize("token", ["", "x"])
    def test_a_form_without_its_token_is_refused(self, reviewer: Browser, token: str) -> None:
        chosen = choices(reviewer.get(ASKED))
        answer = reviewer.client.post(ASKED, data={"chosen": chosen, "csrf_token": token})
        assert answer.status_code == 400
        assert "刷新后再提交" in answer.text
        assert choices(reviewer.get(ASKED)) == chosen

    def test_a_unit_named_twice(self, reviewer: Browser) -> None:
        assert reviewer.post(ASKED, {"chosen": choices(reviewer.get(ASKED)), "unit": "c12"}).status_code >= 400
        assert len(choices(reviewer.get(ASKED))) == 2

    @pytest.mark.parametrize("name", ["x", "0" * 5000, "民政局"])
    def test_results_there_never_were(self, reviewer: Browser, name: str) -> None:
        assert reviewer.client.get(f"{PAGE}{name}").location == "/review/"
