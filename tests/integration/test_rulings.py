"""What is decided about rules and explanations, and what checks look at beyond the form, in the database."""

from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.db import engine, transaction
from portal.domain.collections import CollectionKey
from portal.domain.form_file import read_form
from portal.domain.forms import Severity
from portal.domain.lifecycle import Action, State
from portal.domain.periods import Period
from portal.domain.policy import Role
from portal.domain.values import Value
from portal.errors import Blocked, Conflict, FormInvalid, InvalidInput, InvalidMove, NotFound, NotPermitted
from portal.queries.findings import Checked, Decision, check_submission, explanation_file
from portal.queries.people import portal_actor
from portal.queries.rulings import list_rule_changes, list_waivers, touched_by
from portal.services import collections, forms, moves, values
from portal.services.explanations import attach, decide, detach, explain
from portal.services.rules import change_rule, end_waiver, waive_rule
from tests.world import FORM, PERIOD, World, build_world, good_answers

COLLECTION = CollectionKey("T", PERIOD)
EXPLAINED = ("rule_broken", "T107-E1", "T107")
WORDS = "本年机构调整，事项全部划出，职责已移交"


@pytest.fixture
def twice(database: None) -> World:
    """The small world with last year as well."""
    return build_world((Period(2022), PERIOD))


def checked(world: World, unit: str, by: str | None = None, period: Period = PERIOD) -> Checked:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        return check_submission(session, actor, world.key(unit, period))


def rules_broken(world: World, unit: str, by: str | None = None, period: Period = PERIOD) -> dict[str, Severity]:
    return {finding.rule: finding.severity for finding in checked(world, unit, by, period).findings if finding.rule}


def change(
    world: World, rule: str, severity: Severity | None, reason: str = "口径有误，待修订", by: str = "p1"
) -> None:
    actor = world.actor(by)
    with transaction(actor) as session:
        change_rule(session, actor, COLLECTION, rule, severity, reason)


def waive(
    world: World, unit: str, rule: str, by: str, days: int = 0, reason: str = "新设单位", period: Period = PERIOD
) -> UUID:
    actor = world.actor(by)
    with transaction(actor) as session:
        return waive_rule(session, actor, world.key(unit, period), rule, reason, clock.today() + timedelta(days=days))


def say(world: World, unit: str, words: str = WORDS) -> None:
    actor = world.actor(unit)
    with transaction(actor) as session:
        explain(session, actor, world.key(unit), EXPLAINED, "business", words)


def send(world: World, unit: str, content: bytes, by: str | None = None, limit: int = 1000) -> None:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        attach(session, actor, world.key(unit), EXPLAINED, "移交清单.pdf", content, limit=limit)


def take_away(world: World, unit: str, by: str | None = None) -> None:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        detach(session, actor, world.key(unit), EXPLAINED)


def file_of(world: World, unit: str, by: str | None = None) -> tuple[str, bytes]:
    actor = world.actor(by or unit)
    with transaction(actor) as session:
        return explanation_file(session, actor, world.key(unit), EXPLAINED)


def judge(world: World, unit: str, decision: Decision, reason: str = "", by: str = "c11") -> None:
    actor = world.actor(by)
    with transaction(actor) as session:
        decide(session, actor, world.key(unit), EXPLAINED, decision, reason)


class TestRuleChanges:
    def test_a_rule_is_demoted_switched_off_and_put_back(self, world: World) -> None:
        world.fill("d111", T101=Value.of(11))
        assert rules_broken(world, "d111") == {"T101-B1": Severity.BLOCKING}
        change(world, "T101-B1", Severity.INFO)
        assert rules_broken(world, "d111") == {"T101-B1": Severity.INFO}
        assert checked(world, "d111").blocking == []
        change(world, "T101-B1", None)
        result = checked(world, "d111")
        assert [rule for rule, _reason in result.not_evaluated] == ["T101-B1"]
        assert result.not_evaluated[0][1].zh == "本期停用：口径有误，待修订"
        change(world, "T101-B1", Severity.BLOCKING, "已修订")
        assert rules_broken(world, "d111") == {"T101-B1": Severity.BLOCKING}

    def test_every_change_is_kept_with_its_reason_and_is_an_event(self, world: World) -> None:
        change(world, "T101-B1", Severity.CONSENT, "试行")
        change(world, "T101-B1", None)
        change(world, "T101-B1", None)  # the same once more
        actor = world.actor("d111")
        with transaction(actor) as session:
            rows = list_rule_changes(session, actor, COLLECTION)
        assert [(row.rule, row.severity, row.reason) for row in rows] == [
            ("T101-B1", None, "口径有误，待修订"),
            ("T101-B1", Severity.CONSENT, "试行"),
        ]
        with transaction(world.actor("p1")) as session:
            kinds = list(session.scalars(text("select kind from event where kind = 'rule_changed'")))
        assert len(kinds) == 2

    def test_of_two_who_looked_at_the_same_the_second_is_told(self, world: World) -> None:
        actor = world.actor("p1")

        def change_seen(severity: Severity | None, seen: int) -> None:
            with transaction(actor) as session:
                change_rule(session, actor, COLLECTION, "T101-B1", severity, "口径有误，待修订", seen=seen)

        change_seen(Severity.INFO, 0)
        change_seen(Severity.INFO, 0)  # the button pressed twice
        with pytest.raises(Conflict):
            change_seen(None, 0)
        change_seen(None, 1)
        world.fill("d111", T101=Value.of(11))
        assert rules_broken(world, "d111") == {}

    def test_it_is_of_one_collection_alone(self, world: World) -> None:
        change(world, "T101-B1", None)
        world.fill("d211", T101=Value.of(11))
        assert rules_broken(world, "d211") == {"T101-B1": Severity.BLOCKING}

    @pytest.mark.parametrize("by", ["c11", "d111"])
    def test_only_the_sender_decides(self, world: World, by: str) -> None:
        with pytest.raises(NotPermitted):
            change(world, "T101-B1", None, by=by)
        filler = world.actor("p1", Role.FILLER)
        with pytest.raises(NotPermitted), transaction(filler) as session:
            change_rule(session, filler, COLLECTION, "T101-B1", None, "x")

    @pytest.mark.parametrize("by", ["c11", "d111", "p2"])
    def test_the_database_holds_it_too(self, world: World, by: str) -> None:
        """Not even with SQL, neither in the sender's name nor in one's own."""
        sender, actor = world.actor("p1").place, world.actor(by)
        statement = text(
            "insert into rule_change values"
            " (:root, '2023', 'T', 'T101-B1', 9, :id, :path, 'off', 'x', null, 'x', now())"
        )
        for unit, refusal in ((sender, NotPermitted), (actor.place, DBAPIError)):
            with pytest.raises(refusal), transaction(actor) as session:
                session.execute(statement, {"root": sender.root_id, "id": unit.id, "path": unit.path})

    def test_what_makes_no_sense_is_refused(self, world: World) -> None:
        with pytest.raises(InvalidInput, match="heavier"):
            change(world, "T107-E1", Severity.BLOCKING)
        with pytest.raises(InvalidInput, match="required"):
            change(world, "T107-E1", None, "  ")
        with pytest.raises(NotFound):
            change(world, "T999", None)
        actor = world.actor("p1")
        with pytest.raises(NotFound), transaction(actor) as session:
            change_rule(session, actor, CollectionKey("T", Period(2031)), "T101-B1", None, "x")

    def test_what_it_touches_is_shown_before(self, world: World) -> None:
        world.fill("d121", T107=Value.of(0))
        change(world, "T101-B1", Severity.INFO)
        world.submit("d111", T101=Value.of(11))
        world.accept("d112", T101=Value.of(12))
        world.accept("c12")
        actor = world.actor("p1")
        with transaction(actor) as session:
            touched = touched_by(session, actor, COLLECTION, "T101-B1")
        seen = {each.unit_code: (each.state, each.breaks) for each in touched}
        assert seen["d112"] == (State.ACCEPTED, True)
        assert seen["d111"] == (State.SUBMITTED, None)  # handed in to the city, not to be read by the province yet
        assert seen["d121"] == (State.DRAFTING, None)
        assert "c12" not in seen
        city = world.actor("c11")
        with pytest.raises(NotPermitted), transaction(city) as session:
            touched_by(session, city, COLLECTION, "T101-B1")


class TestWaivers:
    def test_a_unit_is_let_off_a_rule_until_a_day(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.fill("d111", T101=Value.of(11))
        waive(world, "d111", "T101-B1", "c11")
        result = checked(world, "d111")
        assert result.findings == []
        assert "c11 的人批准" in result.not_evaluated[0][1].zh
        world.take("d111", Action.SUBMIT)
        tomorrow = clock.today() + timedelta(days=1)
        monkeypatch.setattr(clock, "today", lambda: tomorrow)
        assert rules_broken(world, "d111") == {}  # it was handed in while the waiver lasted
        world.fill("d112", T101=Value.of(11))
        waive(world, "d112", "T101-B1", "c11")
        day_after = tomorrow + timedelta(days=1)
        monkeypatch.setattr(clock, "today", lambda: day_after)
        assert rules_broken(world, "d112") == {"T101-B1": Severity.BLOCKING}

    def test_it_counts_for_its_period_and_later_ones_but_for_none_before(self, twice: World) -> None:
        year = Period(2022)
        for period in (year, PERIOD):
            twice.fill("d111", period, T101=Value.of(11))
        waive(twice, "d111", "T101-B1", "c11", days=9)
        assert rules_broken(twice, "d111") == {}
        assert rules_broken(twice, "d111", period=year) == {"T101-B1": Severity.BLOCKING}
        with pytest.raises(Blocked):
            twice.take("d111", Action.SUBMIT, period=year)
        waive(twice, "d112", "T101-B1", "c11", days=9, period=year)
        for period in (year, PERIOD):
            twice.fill("d112", period, T101=Value.of(11))
            assert rules_broken(twice, "d112", period=period) == {}

    def test_the_rule_is_that_of_the_form_which_the_period_answers(self, world: World) -> None:
        """A newer version without the rule, or with another one, does not matter."""
        lines = [line for line in FORM.splitlines() if "T107-E1" not in line]
        later = "\n".join(lines).replace("number: 1", "number: 2", 1)
        later += "\n  - {id: T107-E2, severity: explain, indicator: T107, expression: T107 >= 2}\n"
        with transaction(None) as session:
            forms.publish(session, read_form(later))
        world.fill("d111", T107=Value.of(0))
        waive(world, "d111", "T107-E1", "c11")
        assert rules_broken(world, "d111") == {}
        with pytest.raises(NotFound):
            waive(world, "d111", "T107-E2", "c11")

    def test_it_can_be_ended_and_is_listed(self, world: World) -> None:
        world.fill("d111", T101=Value.of(11))
        waiver = waive(world, "d111", "T101-B1", "c11", days=90)
        actor = world.actor("c11")
        with transaction(actor) as session:
            (row,) = list_waivers(session, actor, unit="d111")
            assert (row.rule, row.reason, row.approved_by, row.in_force) == ("T101-B1", "新设单位", "c11 的人", True)
            end_waiver(session, actor, waiver, "已能填报")
        assert rules_broken(world, "d111") == {"T101-B1": Severity.BLOCKING}
        with transaction(actor) as session:
            assert [row.in_force for row in list_waivers(session, actor)] == [False]
            end_waiver(session, actor, waiver, "再点一次")
        with transaction(world.actor("p1")) as session:
            kinds = list(session.scalars(text("select kind from event where kind like '%waive%' order by number")))
        assert kinds == ["rule_waived", "waiver_ended"]

    @pytest.mark.parametrize(("unit", "by"), [("d111", "d111"), ("d111", "p1"), ("c11", "d111"), ("d211", "p1")])
    def test_only_the_direct_superior_waives(self, world: World, unit: str, by: str) -> None:
        with pytest.raises((NotPermitted, NotFound)):
            waive(world, unit, "T101-B1", by)

    def test_another_units_waiver_is_not_ended(self, world: World) -> None:
        waiver = waive(world, "d111", "T101-B1", "c11", days=9)
        for by in ("d111", "c21"):
            actor = world.actor(by)
            with pytest.raises((NotPermitted, NotFound)), transaction(actor) as session:
                end_waiver(session, actor, waiver, "x")

    def test_the_database_lets_nobody_off_by_themselves(self, world: World) -> None:
        waiver = waive(world, "d111", "T101-B1", "c11", days=9)
        own = world.actor("d111").place
        with transaction(world.actor("d111")) as session:
            assert session.execute(text("update waiver set reason = 'x'")).rowcount == 0
            assert session.scalar(text("select count(*) from waiver")) == 1
        with transaction(world.actor("d112")) as session:
            assert session.scalar(text("select count(*) from waiver")) == 0
        with pytest.raises(NotPermitted), transaction(world.actor("d111")) as session:
            session.execute(
                text(
                    "insert into waiver values (:root, :id, :unit, 'T', 'T101-B1', 'x', null, 'x', now(), now(), :path, '2023')"
                ),
                {"root": own.root_id, "id": uuid4(), "unit": own.id, "path": own.path},
            )
        assert waiver

    def test_what_makes_no_sense_is_refused(self, world: World) -> None:
        with pytest.raises(InvalidInput, match="past"):
            waive(world, "d111", "T101-B1", "c11", days=-1)
        with pytest.raises(InvalidInput, match="required"):
            waive(world, "d111", "T101-B1", "c11", reason=" ")
        with pytest.raises(NotFound):
            waive(world, "d111", "T999", "c11")


class TestExplanations:
    def test_a_refused_one_stands_in_the_way_until_it_is_given_anew(self, world: World) -> None:
        world.fill("d111", T107=Value.of(0))
        say(world, "d111")
        world.take("d111", Action.SUBMIT)
        judge(world, "d111", Decision.REFUSED, "没有写明移交给谁")
        with pytest.raises(Blocked):
            world.take("d111", Action.ACCEPT, by="c11")
        world.take("d111", Action.SEND_BACK, by="c11", reason="说明不清")
        result = checked(world, "d111")
        given = result.explanations[EXPLAINED]
        assert (given.decision, given.decision_reason, given.decided_by) == (
            Decision.REFUSED, "没有写明移交给谁", "c11 的人",
        )  # fmt: skip
        with pytest.raises(Blocked):
            world.take("d111", Action.SUBMIT)
        say(world, "d111", WORDS + "，移交市数据局")
        assert checked(world, "d111").explanations[EXPLAINED].decision is None
        world.take("d111", Action.SUBMIT)
        judge(world, "d111", Decision.ACCEPTED)
        world.take("d111", Action.ACCEPT, by="c11")

    def test_a_refusal_for_what_was_put_right_is_in_nobodys_way(self, world: World) -> None:
        world.fill("d111", T107=Value.of(0))
        say(world, "d111")
        world.take("d111", Action.SUBMIT)
        judge(world, "d111", Decision.REFUSED, "没有写明")
        world.take("d111", Action.SEND_BACK, by="c11", reason="说明不清")
        world.accept("d111", T107=Value.of(3))

    def test_accepting_the_submission_accepts_what_was_not_decided(self, world: World) -> None:
        world.fill("d111", T107=Value.of(0))
        say(world, "d111")
        world.take("d111", Action.SUBMIT)
        world.take("d111", Action.ACCEPT, by="c11")
        given = checked(world, "d111").explanations[EXPLAINED]
        assert (given.decision, given.decided_by) == (Decision.ACCEPTED, "c11 的人")
        with pytest.raises(InvalidMove):
            judge(world, "d111", Decision.REFUSED, "太晚了")

    def test_who_decides_and_about_what(self, world: World) -> None:
        world.fill("d111", T107=Value.of(0))
        say(world, "d111")
        with pytest.raises(NotPermitted):
            judge(world, "d111", Decision.ACCEPTED)  # a draft
        world.take("d111", Action.SUBMIT)
        for by in ("d111", "p1"):
            with pytest.raises((NotPermitted, NotFound)):
                judge(world, "d111", Decision.ACCEPTED, by=by)
        with pytest.raises(NotFound):
            judge(world, "d111", Decision.ACCEPTED, by="c21")
        with pytest.raises(InvalidInput, match="required"):
            judge(world, "d111", Decision.REFUSED)
        actor = world.actor("c11")
        with pytest.raises(NotFound), transaction(actor) as session:
            decide(session, actor, world.key("d111"), ("rule_broken", "T101-B1", "T101"), Decision.ACCEPTED)

    def test_a_file_goes_with_it_and_stays(self, world: World) -> None:
        content = b"%PDF-1.7" + bytes(range(256))
        world.fill("d111", T107=Value.of(0))
        say(world, "d111")
        send(world, "d111", b"%PDF-1.7 an older one")
        send(world, "d111", content)
        say(world, "d111", WORDS + "。")
        assert checked(world, "d111").explanations[EXPLAINED].filename == "移交清单.pdf"
        with pytest.raises((NotPermitted, NotFound)):
            file_of(world, "d111", "c11")
        world.take("d111", Action.SUBMIT)
        with pytest.raises(NotPermitted):
            send(world, "d111", content)
        world.take("d111", Action.SEND_BACK, by="c11", reason="再看看")
        world.take("d111", Action.SUBMIT)
        assert file_of(world, "d111", "c11") == ("移交清单.pdf", content)
        for by in ("p1", "d112", "c21"):
            with pytest.raises((NotPermitted, NotFound)):
                file_of(world, "d111", by)
        with transaction(world.actor("p1")) as session:
            assert session.scalar(text("select count(*) from stored_file")) == 0

    def test_the_file_of_a_draft_is_taken_away_and_the_sealed_version_keeps_it(self, world: World) -> None:
        world.fill("d111", T107=Value.of(0))
        say(world, "d111")
        with pytest.raises(NotFound):
            take_away(world, "d111")
        send(world, "d111", b"%PDF-1.7")
        world.take("d111", Action.SUBMIT)
        judge(world, "d111", Decision.ACCEPTED)
        with pytest.raises(NotPermitted):
            take_away(world, "d111")
        world.take("d111", Action.SEND_BACK, by="c11", reason="再看看")
        for by in ("c11", "d112"):
            with pytest.raises((NotPermitted, NotFound)):
                take_away(world, "d111", by)
        take_away(world, "d111")
        given = checked(world, "d111").explanations[EXPLAINED]
        assert (given.filename, given.decision) == (None, None)  # what was accepted had a file
        with pytest.raises(NotFound):
            file_of(world, "d111")
        with transaction(world.actor("d111")) as session:
            query = text("select version_number, filename, sha256 is null from explanation order by version_number")
            assert [tuple(row) for row in session.execute(query)] == [(1, "移交清单.pdf", False), (2, None, True)]

    def test_another_file_does_not_undo_a_refusal(self, world: World) -> None:
        world.fill("d111", T107=Value.of(0))
        say(world, "d111")
        send(world, "d111", b"%PDF-1.7")
        world.take("d111", Action.SUBMIT)
        judge(world, "d111", Decision.REFUSED, "没有写明")
        world.take("d111", Action.SEND_BACK, by="c11", reason="说明不清")
        take_away(world, "d111")
        send(world, "d111", b"%PDF-1.7 another")
        assert checked(world, "d111").explanations[EXPLAINED].decision is Decision.REFUSED
        with pytest.raises(Blocked):
            world.take("d111", Action.SUBMIT)

    @pytest.mark.parametrize(
        ("content", "problem"), [(b"", "empty_file"), (b"MZ", "kind_not_taken"), (b"%PDF-" + b"0" * 1000, "too_large")]
    )
    def test_a_file_that_does_not_fit_is_refused(self, world: World, content: bytes, problem: str) -> None:
        world.fill("d111", T107=Value.of(0))
        with pytest.raises(NotFound):
            send(world, "d111", b"%PDF-1.7")  # nothing is explained yet
        say(world, "d111")
        with pytest.raises(InvalidInput, match=problem):
            send(world, "d111", content)
        with pytest.raises(NotFound):
            file_of(world, "d111")

    def test_last_years_is_shown(self, twice: World) -> None:
        year = Period(2022)
        twice.fill("d111", year, T107=Value.of(0))
        actor = twice.actor("d111")
        with transaction(actor) as session:
            explain(session, actor, twice.key("d111", year), EXPLAINED, "policy", WORDS)
        twice.take("d111", Action.SUBMIT, period=year)
        twice.fill("d111", T107=Value.of(0))
        assert checked(twice, "d111").last_year == {}  # not accepted yet
        twice.take("d111", Action.ACCEPT, by="c11", period=year)
        result = checked(twice, "d111")
        assert result.last_year[EXPLAINED].words == WORDS
        assert EXPLAINED not in result.explanations
        assert [finding.last_year for finding in result.findings if finding.rule == "T107-E1"] == ["0"]


BEYOND = """
code: B
number: 1
name: {zh: 附表, en: Beside}
period: year
levels: [province, city, district]
sheets:
  - code: B1
    name: 附表
    indicators:
      - {code: B101, name: 检查次数, unit: 次, type: count, roll_up: sum, children: at_least}
      - {code: B102, name: 支出, unit: 万元, type: amount, roll_up: sum, decimals: 2, outlier: 3}
      - {code: B103, name: 两项之和, unit: 次, type: count, roll_up: sum, source: calculated, formula: B101+LY(B101)*1}
rules:
  - {id: SAME, severity: explain, indicator: B101, expression: B101==T.T101}
"""


@pytest.fixture
def beyond(world: World) -> World:
    """The world with a second form sent down in the first province."""
    form = read_form(BEYOND)
    with transaction(None) as session:
        forms.publish(session, form)
        actor = portal_actor(session, "p1")
    with transaction(actor) as session:
        collections.send_down(session, actor, form, PERIOD, opens_on=PERIOD.ends_on, due_on=clock.today())
    return World(form)


def fill_beside(world: World, unit: str, *, accept: bool = False, **answers: int) -> None:
    actor = world.actor(unit)
    with transaction(actor) as session:
        values.save_values(
            session, actor, world.key(unit), {code: Value.of(number) for code, number in answers.items()}
        )
    if accept:
        with transaction(actor) as session:
            moves.take(session, actor, world.key(unit), Action.SUBMIT)
        superior = world.actor({"d111": "c11", "d112": "c11", "d121": "c12"}.get(unit, "p1"))
        with transaction(superior) as session:
            moves.take(session, superior, world.key(unit), Action.ACCEPT)


class TestBeyondTheForm:
    @pytest.mark.parametrize("code", ["T999", "T106"])
    def test_what_another_form_does_not_have_is_refused_on_publishing(self, world: World, code: str) -> None:
        form = read_form(BEYOND.replace("T.T101", f"T.{code}"))
        with pytest.raises(FormInvalid, match=code), transaction(None) as session:
            forms.publish(session, form)

    def test_another_form_counts_once_accepted_whoever_looks(self, world: World, beyond: World) -> None:
        world.submit("d111")
        fill_beside(beyond, "d111", B101=11, B102=1)
        assert rules_broken(beyond, "d111") == {}
        world.take("d111", Action.ACCEPT, by="c11")
        assert rules_broken(beyond, "d111") == {"SAME": Severity.EXPLAIN}
        actor = beyond.actor("d111")
        with transaction(actor) as session:
            explain(session, actor, beyond.key("d111"), ("rule_broken", "SAME", "B101"), "caliber", WORDS)
            moves.take(session, actor, beyond.key("d111"), Action.SUBMIT)
        assert rules_broken(beyond, "d111", by="c11") == {"SAME": Severity.EXPLAIN}

    def test_a_sum_over_all_below_is_there_when_all_are_accepted(self, beyond: World) -> None:
        fill_beside(beyond, "d111", accept=True, B101=5, B102=1)
        fill_beside(beyond, "c11", B101=9, B102=1)
        assert "B101-children" in dict(checked(beyond, "c11").not_evaluated)
        fill_beside(beyond, "d112", accept=True, B101=6, B102=1)
        assert rules_broken(beyond, "c11") == {"B101-children": Severity.EXPLAIN}
        (finding,) = (f for f in checked(beyond, "c11").findings if f.rule)
        assert (finding.found, finding.expected) == ("9", "≥11")
        fill_beside(beyond, "c11", B101=11)
        assert rules_broken(beyond, "c11") == {}

    def test_peers_are_held_against_from_five_up(self, beyond: World) -> None:
        for number, unit in enumerate(("d111", "d112", "d121")):
            fill_beside(beyond, unit, accept=True, B101=0, B102=10 + number)
        root = beyond.actor("p1").place.root_id
        place = beyond.actor("c11").place
        query = text("select peers, median, deviation from peer_spread(:root, '2023', 'B', :unit, array['B102'])")
        with transaction(beyond.actor("c11")) as session:
            assert session.execute(query, {"root": root, "unit": place.id}).all() == []
        with transaction(beyond.actor("d111")) as session:  # three peers are too few
            assert session.execute(query, {"root": root, "unit": beyond.actor("d111").place.id}).all() == []

    def test_a_formula_rolls_up_with_what_it_rests_on(self, beyond: World) -> None:
        fill_beside(beyond, "d111", B101=5, B102=1)
        view = checked(beyond, "d111").view
        assert not view.values["B103"].answered  # there is no last year


def test_the_middle_of_the_peers_and_nothing_else_is_told(world: World) -> None:
    """Six districts, made where the world has three; seen by one of them, and by nobody from elsewhere."""
    form = world.form
    numbers = {"d111": 90, "d112": 10, "d121": 12}
    for unit, number in numbers.items():
        world.accept(unit, T203=Value.of(number))
    portal = world.actor("p1")
    with transaction(portal) as session:
        session.execute(text("update submission set level = 'district' where unit_path ~ 'p1.*'"))
    for unit, number in {"c12": 14, "c13": 16, "p1": 18}.items():
        actor = world.actor(unit)
        answers = {i.code: good_answers()[i.code] for i in form.typed_at(actor.place.level)}
        with transaction(actor) as session:
            values.save_values(session, actor, world.key(unit), answers | {"T203": Value.of(number)})
        world.take(unit, Action.SUBMIT)
        world.take(unit, Action.ACCEPT, by="p1")
    root, unit_id = portal.place.root_id, world.actor("d111").place.id
    query = text("select peers, median, deviation from peer_spread(:root, '2023', 'T', :unit, array['T203'])")
    with transaction(world.actor("d111")) as session:
        assert session.execute(query, {"root": root, "unit": unit_id}).all() == [(5, 14, 2)]
    with transaction(world.actor("c11")) as session:
        assert session.execute(query, {"root": root, "unit": unit_id}).all() == [(5, 14, 2)]
    for other in ("d112", "d211", "p2"):
        with transaction(world.actor(other)) as session:
            assert session.execute(query, {"root": root, "unit": unit_id}).all() == []


@contextmanager
def counted(connection: Engine):
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(connection, "before_cursor_execute", note)


def test_a_check_takes_few_statements_and_a_preview_no_more_for_more_units(world: World) -> None:
    world.fill("d111")
    with counted(engine()) as statements:
        checked(world, "d111")
    assert len(statements) <= 30, "\n".join(statements)
    actor = world.actor("p1")
    lengths = []
    for unit in ("d112", "d121"):
        world.accept(unit, T107=Value.of(3))
        with counted(engine()) as statements, transaction(actor) as session:
            touched_by(session, actor, COLLECTION, "T107-E1")
        lengths.append(len(statements))
    assert lengths[0] == lengths[1] <= 12
