"""Sign-offs in their order, by others than those who filled in; and what a sender may change."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import text

from portal import clock
from portal.db import identity_transaction, transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.lifecycle import SIGN_OFFS, Action, State
from portal.domain.policy import Actor, Role
from portal.domain.values import Value
from portal.errors import Duplicate, InvalidInput, InvalidMove, NotFound, NotPermitted, SamePerson, SignOffsMissing
from portal.models import Membership
from portal.queries.collections import get_collection
from portal.queries.events import list_history
from portal.queries.people import portal_actor
from portal.queries.rollups.totals import roll_up
from portal.queries.submissions import get_task
from portal.services import collections, moves, values
from portal.services.collection_changes import change_due, change_settings, exempt, include
from tests.world import PERIOD, World, good_answers

KEY = CollectionKey("T", PERIOD)


@pytest.fixture
def people(world: World) -> dict[str, int]:
    """Ids of three people with accounts."""
    ids = {}
    with identity_transaction() as session:
        for name in ("甲", "乙", "丙"):
            user = User(first_name=name, last_name="张", username=name, email=f"{name}@example.invalid")
            session.add(user)
            session.flush()
            ids[name] = user.id
    return ids


def person(world: World, user_id: int | None, unit: str = "d111", *roles: Role) -> Actor:
    return replace(world.actor(unit, *roles), user_id=user_id)


def fill(world: World, actor: Actor, *codes: str) -> None:
    answers = {code: value for code, value in good_answers().items() if not codes or code in codes}
    with transaction(actor) as session:
        values.save_values(session, actor, world.key(actor.place.code), answers)


def take(world: World, actor: Actor, action: Action, unit: str = "d111", reason: str = "") -> State:
    with transaction(actor) as session:
        return moves.take(session, actor, world.key(unit), action, reason=reason)


def set_settings(settings: CollectionSettings) -> None:
    with transaction(None) as session:
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        change_settings(session, sender, KEY, settings)


def demand(*steps: Action, **more: bool) -> None:
    set_settings(CollectionSettings(sign_offs=frozenset(steps), **more))


class TestSignOffs:
    def test_submitting_names_all_that_is_missing_in_order(self, world: World) -> None:
        demand(*SIGN_OFFS)
        world.fill("d111")
        with pytest.raises(SignOffsMissing) as refused:
            world.take("d111", Action.SUBMIT)
        assert refused.value.missing == ["check", "legal_review", "sign"]
        world.take("d111", Action.CHECK)
        with pytest.raises(SignOffsMissing) as refused:
            world.take("d111", Action.SIGN)
        assert (refused.value.action, refused.value.missing) == ("sign", ["legal_review"])
        for step in (Action.LEGAL_REVIEW, Action.SIGN, Action.SUBMIT):
            world.take("d111", step)

    def test_only_what_is_demanded_is_demanded(self, world: World) -> None:
        demand(Action.SIGN)
        world.fill("d111")
        world.take("d111", Action.SIGN)
        world.take("d111", Action.SUBMIT)

    def test_an_edit_takes_them_back(self, world: World) -> None:
        demand(Action.SIGN)
        world.fill("d111")
        world.take("d111", Action.SIGN)
        world.fill("d111", T107=Value.of(8))
        with pytest.raises(SignOffsMissing):
            world.take("d111", Action.SUBMIT)

    def test_a_new_demand_takes_back_what_was_given_under_other_rules(self, world: World) -> None:
        world.fill("d111")
        world.take("d111", Action.SIGN)
        demand(Action.LEGAL_REVIEW, Action.SIGN)
        actor = world.actor("d111")
        with transaction(actor) as session:
            assert get_task(session, actor, world.key("d111")).state is State.DRAFTING
            assert list_history(session, actor, world.key("d111"))[0].kind == "submission_unsigned"
        with pytest.raises(SignOffsMissing):
            world.take("d111", Action.SUBMIT)

    def test_one_demand_less_takes_nothing_back(self, world: World) -> None:
        demand(Action.CHECK, Action.SIGN)
        world.fill("d111")
        world.take("d111", Action.CHECK)
        demand(Action.CHECK)
        world.take("d111", Action.SUBMIT)


class TestSamePerson:
    @pytest.mark.parametrize("step", SIGN_OFFS)
    def test_who_typed_one_figure_signs_nothing(self, world: World, people: dict[str, int], step: Action) -> None:
        fill(world, person(world, people["甲"]))
        fill(world, person(world, people["乙"]), "T107")  # the same value again: nothing is entered
        second = person(world, people["乙"])
        take(world, second, step)  # until then the figures are all the first one's
        with transaction(second) as session:
            values.save_values(session, second, world.key("d111"), {"T107": Value.of(8)})
        for name in ("甲", "乙"):
            with pytest.raises(SamePerson):
                take(world, person(world, people[name]), step)
        take(world, person(world, people["丙"]), step)

    def test_a_cleared_figure_was_entered_too(self, world: World, people: dict[str, int]) -> None:
        fill(world, person(world, people["甲"]))
        clearing = person(world, people["乙"])
        with transaction(clearing) as session:
            values.save_values(session, clearing, world.key("d111"), {"T107": Value.of(8)})
        with transaction(clearing) as session:
            values.save_values(session, clearing, world.key("d111"), {"T107": good_answers()["T107"]})
        with pytest.raises(SamePerson):
            take(world, clearing, Action.SIGN)

    def test_the_next_version_still_holds_what_they_entered(self, world: World, people: dict[str, int]) -> None:
        fill(world, person(world, people["甲"]))
        world.take("d111", Action.SUBMIT)
        world.take("d111", Action.SEND_BACK, by="c11", reason="请核对 T101")
        with pytest.raises(SamePerson):
            take(world, person(world, people["甲"]), Action.SIGN)

    def test_whose_file_it_was_counts_as_having_filled_in(self, world: World, people: dict[str, int]) -> None:
        applying = person(world, people["甲"])
        fill(world, applying)
        with transaction(applying) as session:
            session.execute(
                text("""
                insert into upload (root_id, period_code, form_code, unit_id, unit_path, id, filename, content, size,
                    sha256, state, done, total, uploaded_by_id, uploaded_by, uploaded_at, open_to)
                select root_id, period_code, form_code, unit_id, unit_path, gen_random_uuid(), 'x.xlsx', '', 0, '',
                    'done', 4, 4, :user, '乙', now(), 3
                from submission where unit_path ~ '*.d111'"""),
                {"user": people["乙"]},
            )
            session.execute(
                text(
                    "update value v set upload_id = u.id from upload u"
                    " where (u.root_id, u.unit_id) = (v.root_id, v.unit_id)"
                )
            )
        with pytest.raises(SamePerson):
            take(world, person(world, people["乙"]), Action.SIGN)
        world.take("d111", Action.SUBMIT)
        with pytest.raises(SamePerson):
            take(world, person(world, people["乙"], "c11"), Action.ACCEPT)

    def test_nobody_accepts_or_sends_back_what_they_filled_in(self, world: World, people: dict[str, int]) -> None:
        fill(world, person(world, people["甲"]))
        world.take("d111", Action.SUBMIT)
        reviewing = person(world, people["甲"], "c11")
        for action in (Action.ACCEPT, Action.SEND_BACK):
            with pytest.raises(SamePerson):
                take(world, reviewing, action, reason="请核对 T101")
        take(world, person(world, people["乙"], "c11"), Action.ACCEPT)

    def test_a_top_unit_is_accepted_by_somebody_else_too(self, world: World, people: dict[str, int]) -> None:
        fill(world, person(world, people["甲"], "p1"), "T101", "T102", "T103", "T105", "T106", "T107", "T203")
        take(world, person(world, people["甲"], "p1"), Action.SUBMIT, "p1")
        with pytest.raises(SamePerson):
            take(world, person(world, people["甲"], "p1"), Action.ACCEPT, "p1")

    def test_a_bureau_of_one_person_may(self, world: World, people: dict[str, int]) -> None:
        demand(*SIGN_OFFS, one_person=True)
        alone = person(world, people["甲"])
        fill(world, alone)
        for step in (*SIGN_OFFS, Action.SUBMIT):
            take(world, alone, step)
        with pytest.raises(SamePerson):
            take(world, person(world, people["甲"], "c11"), Action.ACCEPT)


class TestDeputies:
    NOW = datetime(2024, 1, 10, 4, tzinfo=UTC)

    @staticmethod
    def stand_in(world: World, deputy: int, absent: int, until: date | None = None) -> None:
        place = world.actor("d111").place
        with identity_transaction() as session:
            session.add(
                Membership(
                    user_id=deputy, unit_id=place.id, unit_path=place.path, role=Role.HEAD, deputy_for_id=absent,
                    valid_from=date(2020, 1, 1), valid_to=until,
                )
            )  # fmt: skip

    @pytest.mark.parametrize(("deputy", "absent"), [("乙", "甲"), ("甲", "乙")])
    def test_one_in_anothers_place_is_no_other_person(
        self, world: World, people: dict[str, int], deputy: str, absent: str
    ) -> None:
        with clock.frozen_at(self.NOW):
            fill(world, person(world, people["甲"]))
            self.stand_in(world, people[deputy], people[absent])
            with pytest.raises(SamePerson):
                take(world, person(world, people["乙"]), Action.SIGN)
            take(world, person(world, people["丙"]), Action.SIGN)
            world.take("d111", Action.SUBMIT)
            with pytest.raises(SamePerson):
                take(world, person(world, people["乙"], "c11"), Action.ACCEPT)
            take(world, person(world, people["丙"], "c11"), Action.ACCEPT)

    def test_what_ended_before_the_figures_were_entered_does_not_count(
        self, world: World, people: dict[str, int]
    ) -> None:
        with clock.frozen_at(self.NOW):
            self.stand_in(world, people["乙"], people["甲"], until=date(2024, 1, 9))
            fill(world, person(world, people["甲"]))
            take(world, person(world, people["乙"]), Action.SIGN)
            world.take("d111", Action.SUBMIT)
            take(world, person(world, people["乙"], "c11"), Action.ACCEPT)


class TestSending:
    def test_settings_and_exemptions_are_sent_along(self, world: World) -> None:
        sender = world.actor("p1", Role.UNIT_ADMIN)
        form = replace(world.form, code="T", number=1)
        settings = CollectionSettings(
            skip_level=True, names_siblings=True, sign_offs=frozenset({Action.CHECK, Action.SIGN})
        )
        period = PERIOD.last_year
        with transaction(sender) as session:
            collections.send_down(
                session, sender, form, period, opens_on=date(2023, 1, 1), due_on=date(2023, 1, 31),
                settings=settings, exempt={"d111": "当年新设机构，没有业务"},
            )  # fmt: skip
            assert get_collection(session, sender, CollectionKey("T", period)).settings == settings
            assert get_task(session, sender, world.key("d111", period)).exempt_reason == "当年新设机构，没有业务"

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"due_on": date(2022, 12, 31)}, "before_opening"),
            ({"exempt": {"d211": "不在本省"}}, "not_addressed"),
            ({"exempt": {"d111": " "}}, "required"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, world: World, changes: dict, problem: str) -> None:
        sender = world.actor("p1")
        days = {"opens_on": date(2023, 1, 1), "due_on": date(2023, 1, 31)}
        with pytest.raises(InvalidInput) as refused, transaction(sender) as session:
            collections.send_down(session, sender, world.form, PERIOD.last_year, **(days | changes))
        assert refused.value.problem == problem

    @pytest.mark.parametrize("role", [Role.FILLER, Role.HEAD, Role.AUDITOR, Role.SYSTEM_ADMIN])
    def test_others_send_nothing_down(self, world: World, role: Role) -> None:
        sender = world.actor("p1", role)
        with pytest.raises(NotPermitted), transaction(sender) as session:
            collections.send_down(
                session, sender, world.form, PERIOD.last_year, opens_on=date(2023, 1, 1), due_on=date(2023, 1, 31)
            )


class TestChanging:
    def test_only_the_sender_changes(self, world: World) -> None:
        city = world.actor("c11")
        with pytest.raises(NotPermitted), transaction(city) as session:
            change_settings(session, city, KEY, CollectionSettings(one_person=True))
        with pytest.raises(NotPermitted), transaction(city) as session:
            exempt(session, city, world.key("d111"), "想免就免")
        with pytest.raises(NotPermitted), transaction(city) as session:
            change_due(session, city, world.key("d111"), date(2024, 3, 1))

    def test_the_other_province_does_not_even_know(self, world: World) -> None:
        stranger = world.actor("p2")
        with pytest.raises(NotFound), transaction(stranger) as session:
            exempt(session, stranger, world.key("d111"), "想免就免")

    def test_an_exempt_unit_leaves_the_denominator_and_comes_back(self, world: World) -> None:
        sender = world.actor("p1")

        def expected() -> int:
            with transaction(sender) as session:
                return roll_up(session, sender, unit="p1", period=PERIOD, indicators=["T101"])[0].expected

        assert expected() == 7
        with transaction(sender) as session:
            exempt(session, sender, world.key("d111"), "本年机构合并")
        assert expected() == 6
        with pytest.raises(Duplicate), transaction(sender) as session:
            exempt(session, sender, world.key("d111"), "本年机构合并")
        with pytest.raises(InvalidMove):
            world.fill("d111")
        with transaction(sender) as session:
            include(session, sender, world.key("d111"))
        assert expected() == 7
        with pytest.raises(NotFound), transaction(sender) as session:
            include(session, sender, world.key("d111"))

    def test_who_has_handed_in_is_not_exempt_any_more(self, world: World) -> None:
        world.submit("d111")
        sender = world.actor("p1")
        with pytest.raises(InvalidMove), transaction(sender) as session:
            exempt(session, sender, world.key("d111"), "本年机构合并")

    def test_another_day_for_one_unit(self, world: World) -> None:
        sender = world.actor("p1")
        with transaction(sender) as session:
            change_due(session, sender, world.key("d111"), date(2024, 3, 1))
        with transaction(sender) as session:
            assert get_task(session, sender, world.key("d111")).due_on == date(2024, 3, 1)
            assert get_task(session, sender, world.key("d112")).due_on == date(2024, 1, 31)
        with pytest.raises(InvalidInput), transaction(sender) as session:
            change_due(session, sender, world.key("d111"), date(2023, 1, 1))

    def test_every_change_is_told_with_what_was_before(self, world: World) -> None:
        set_settings(CollectionSettings(skip_level=True))
        set_settings(CollectionSettings(skip_level=True))  # no change, no event
        with transaction(world.actor("p1")) as session:
            bodies = session.scalars(text("select body from event where kind = 'collection_changed'")).all()
        assert len(bodies) == 1
        assert '"before":{"skip_level":false}' in bodies[0]
        assert '"after":{"skip_level":true}' in bodies[0]
