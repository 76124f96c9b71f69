"""Who sees what, asked of the database itself: plain SQL as the application's role, no code of ours in between."""

from dataclasses import replace
from datetime import date

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import text

from portal.db import identity_transaction, transaction
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.lifecycle import Action
from portal.domain.policy import Actor, Role
from portal.models import Membership
from portal.queries.people import find_actor, portal_actor
from portal.queries.rollups.totals import roll_up
from portal.queries.units import get_place
from portal.services import units
from portal.services.collection_changes import change_settings
from tests.world import PERIOD, World, placements

TENANT_TABLES = (
    "submission", "submission_version", "value", "explanation", "upload", "observation", "rollup", "collection",
    "event", "event_chain", "membership", "ab_user",
)  # fmt: skip
KEY = CollectionKey("T", PERIOD)


def of(world: World, unit: str, *roles: Role, forms: set[str] | None = None) -> Actor:
    return replace(world.actor(unit, *roles), forms=None if forms is None else frozenset(forms))


def partner(world: World, unit: str, form: str = "T") -> Actor:
    return of(world, unit, Role.PARTNER, forms={form})


def auditor(world: World, unit: str) -> Actor:
    return of(world, unit, Role.AUDITOR)


def counts(actor: Actor, unit: str = "d111") -> dict[str, int]:
    """How many rows of the unit the actor can select, by table."""
    with transaction(actor) as session:
        return {
            table: session.scalar(text(f"select count(*) from {table} where unit_path ~ '*.{unit}'"))
            for table in ("submission", "submission_version", "value", "observation", "event")
        }


def set_settings(world: World, settings: CollectionSettings, by: str = "p1") -> None:
    with transaction(None) as session:
        sender = portal_actor(session, by)
    with transaction(sender) as session:
        change_settings(session, sender, KEY, settings)


def values_seen(world: World, unit: str = "d111") -> dict[str, bool]:
    return {who: counts(world.actor(who), unit)["value"] > 0 for who in ("d111", "d112", "c11", "c12", "p1", "p2")}


def only(*units: str) -> dict[str, bool]:
    return {who: who in units for who in ("d111", "d112", "c11", "c12", "p1", "p2")}


class TestTheWayUp:
    def test_a_draft_is_the_units_own_and_its_existence_is_known_above(self, world: World) -> None:
        world.fill("d111")
        assert values_seen(world) == only("d111")
        assert [counts(world.actor(who))["submission"] for who in ("d111", "c11", "p1", "d112", "p2")] == [
            1,
            1,
            1,
            0,
            0,
        ]

    def test_submitted_figures_open_to_the_direct_superior(self, world: World) -> None:
        world.submit("d111")
        assert values_seen(world) == only("d111", "c11")

    def test_accepted_figures_open_all_the_way_up(self, world: World) -> None:
        world.accept("d111")
        assert values_seen(world) == only("d111", "c11", "p1")

    def test_what_is_sent_back_is_a_draft_again(self, world: World) -> None:
        world.submit("d111")
        world.take("d111", Action.SEND_BACK, by="c11", reason="请核对 T101")
        with transaction(world.actor("c11")) as session:
            versions = set(session.scalars(text("select version_number from value where unit_path ~ '*.d111'")))
        assert versions == {1}
        assert values_seen(world)["p1"] is False


class TestSkipLevel:
    def test_submitted_figures_open_all_the_way_up_at_once(self, world: World) -> None:
        set_settings(world, CollectionSettings(skip_level=True))
        world.fill("d111")
        assert values_seen(world) == only("d111")
        world.take("d111", Action.SUBMIT)
        assert values_seen(world) == only("d111", "c11", "p1")

    def test_changing_it_opens_and_shuts_what_is_submitted_and_nothing_else(self, world: World) -> None:
        world.submit("d111")
        world.fill("d112")
        world.accept("d121")
        set_settings(world, CollectionSettings(skip_level=True))
        assert values_seen(world) == only("d111", "c11", "p1")
        assert values_seen(world, "d112") == only("d112")
        set_settings(world, CollectionSettings())
        assert values_seen(world) == only("d111", "c11")
        assert values_seen(world, "d121") == only("c12", "p1")

    def test_the_version_the_explanation_and_the_file_open_with_the_values(self, world: World) -> None:
        world.submit("d111")
        upload(world, "d111")
        set_settings(world, CollectionSettings(skip_level=True))
        with transaction(world.actor("p1")) as session:
            depths = [
                session.scalar(text(f"select open_to from {table} where unit_path ~ '*.d111'"))
                for table in ("submission_version", "value", "upload")
            ]
        assert depths == [1, 1, 1]

    def test_only_the_sender_changes_it(self, world: World) -> None:
        with transaction(world.actor("c11")) as session:
            assert session.execute(text("update collection set skip_level = true")).rowcount == 0

    def test_opening_figures_does_no_more_than_what_is_stored_says(self, world: World) -> None:
        world.fill("d111")
        stranger = world.actor("p2")
        unit, root = world.actor("d111").place.id, world.actor("d111").place.root_id
        with transaction(stranger) as session:
            session.execute(text("select open_figures(:root, array[:unit]::int[])"), {"root": root, "unit": unit})
        assert values_seen(world) == only("d111")


def upload(world: World, unit: str) -> None:
    """A file that the unit's figures are said to come from."""
    with transaction(world.actor(unit)) as session:
        session.execute(
            text("""
            insert into upload (root_id, period_code, form_code, unit_id, unit_path, id, filename, content, size, sha256,
                                state, done, total, uploaded_by, uploaded_at, open_to)
            select root_id, period_code, form_code, unit_id, unit_path, gen_random_uuid(), 'x.xlsx', '', 0, '',
                   'done', 4, 4, '某人', now(), 2
            from submission where unit_path ~ ('*.' || :unit)::lquery"""),
            {"unit": unit},
        )
        session.execute(
            text("""
            update value v set upload_id = u.id from upload u
            where (u.root_id, u.unit_id) = (v.root_id, v.unit_id) and v.unit_path ~ ('*.' || :unit)::lquery"""),
            {"unit": unit},
        )


class TestReorganisation:
    def test_a_draft_stays_shut_when_its_unit_comes_to_stand_lower(self, world: World) -> None:
        world.fill("c13")
        with transaction(None) as session:
            moved = [replace(each, parent_code="c12") if each.code == "c13" else each for each in placements()]
            units.import_units(session, moved, [])
        assert counts(world.actor("c12"), "c13")["value"] == 0
        assert counts(world.actor("c13"), "c13")["value"] > 0

    def test_a_draft_stays_open_to_its_unit_when_that_comes_to_stand_higher(self, world: World) -> None:
        world.fill("d111")
        world.accept("d112")
        with transaction(None) as session:
            moved = [replace(each, parent_code="p1") if each.code[:3] == "d11" else each for each in placements()]
            units.import_units(session, moved, [])
        assert counts(world.actor("d111"))["value"] > 0
        assert counts(world.actor("p1"))["value"] == 0
        assert counts(world.actor("p1"), "d112")["value"] > 0


class TestPartner:
    def test_accepted_figures_of_the_form_and_nothing_around_them(self, world: World) -> None:
        world.accept("d111")
        seen = counts(partner(world, "p1"))
        assert (seen["value"] > 0, seen["observation"] > 0, seen["submission"]) == (True, True, 1)
        assert (seen["submission_version"], seen["event"]) == (0, 0)

    @pytest.mark.parametrize("unit", ["c11", "d111"])
    def test_no_draft_and_nothing_submitted(self, world: World, unit: str) -> None:
        world.fill("d111")
        assert not any(counts(partner(world, unit)).values())
        world.take("d111", Action.SUBMIT)
        assert not any(counts(partner(world, unit)).values())

    def test_no_form_but_those_given(self, world: World) -> None:
        world.accept("d111")
        with transaction(partner(world, "p1", "X")) as session:
            seen = {table: session.scalar(text(f"select count(*) from {table}")) for table in TENANT_TABLES}
        assert seen == dict.fromkeys(TENANT_TABLES, 0)

    def test_a_form_whose_code_begins_alike_is_another(self, world: World) -> None:
        world.accept("d111")
        for given in ("TT", "t", "", "%", "T|X"):
            assert not any(counts(partner(world, "p1", given)).values())

    def test_no_people_and_no_record(self, world: World) -> None:
        world.accept("d111")
        with transaction(partner(world, "p1")) as session:
            for table in ("membership", "ab_user", "event", "event_chain", "upload", "explanation"):
                assert session.scalar(text(f"select count(*) from {table}")) == 0, table

    def test_roll_ups_within_the_granting_unit_with_true_coverage(self, world: World) -> None:
        world.accept("d111")
        world.submit("d112")
        actor = partner(world, "c11")
        with transaction(actor) as session:
            row = roll_up(session, actor, unit="c11", period=PERIOD, indicators=["T101"], pending=True)[0]
            assert session.scalar(text("select count(*) from rollup where unit_path = 'p1'")) == 0
        assert (row.value, row.reported, row.expected, row.partial, row.pending) == (10, 1, 3, True, False)

    def test_nothing_can_be_written(self, world: World) -> None:
        world.accept("d111")
        writes_nothing(partner(world, "d111"))

    def test_an_expired_grant_lets_nobody_in(self, world: World) -> None:
        user_id = employ(world, "p1", Role.PARTNER, date(2020, 1, 1), forms=["T"])
        with identity_transaction() as session:
            assert find_actor(session, user_id, "某人") is None
            session.get_one(Membership, membership_of(session, user_id)).valid_to = date(2999, 12, 31)
            session.flush()
            actor = find_actor(session, user_id, "某人")
        assert actor is not None
        assert (actor.depth, actor.forms, actor.until, actor.read_only) == (0, {"T"}, date(2999, 12, 31), True)


class TestAuditor:
    def test_sees_what_the_unit_sees(self, world: World) -> None:
        world.fill("d111")
        world.submit("d112")
        for unit in ("d111", "c11", "p1"):
            for of_unit in ("d111", "d112"):
                assert counts(auditor(world, unit), of_unit) == counts(of(world, unit, Role.FILLER), of_unit)

    def test_writes_nothing(self, world: World) -> None:
        world.fill("d111")
        writes_nothing(auditor(world, "d111"))

    def test_the_last_day_counts_and_the_next_does_not(self, world: World) -> None:
        user_id = employ(world, "p1", Role.AUDITOR, date(2020, 1, 1))
        with identity_transaction() as session:
            assert find_actor(session, user_id, "某人") is None


def writes_nothing(actor: Actor) -> None:
    statements = (
        "update submission set answered = 0",
        "update submission_version set opened_reason = 'x'",
        "update value set note = 'x'",
        "delete from value",
        "delete from observation",
        "update collection set one_person = true",
    )
    for statement in statements:
        with transaction(actor) as session:
            assert session.execute(text(statement)).rowcount == 0, statement
    key = "root_id, period_code, form_code, unit_id, unit_path"
    insertions = (
        f"""insert into submission_version ({key}, number, opened_at, opened_reason, open_to)
            select {key}, 99, now(), '', 3 from submission""",
        f"""insert into observation ({key}, indicator, version_number, status, category)
            select {key}, 'T999', 1, 'reported', '' from submission""",
    )
    for statement in insertions:
        with pytest.raises(Exception, match="row_level_security"), transaction(actor) as session:
            session.execute(text(statement))


def employ(world: World, unit: str, role: Role, until: date, forms: list[str] | None = None) -> int:
    """An account with a membership that ends; gives the person's id."""
    with transaction(None) as session:
        place = get_place(session, unit)
    with identity_transaction() as session:
        user = User(first_name="某", last_name="张", username=f"{unit}{role}", email=f"{unit}{role}@example.invalid")
        session.add(user)
        session.flush()
        session.add(
            Membership(
                user_id=user.id, unit_id=place.id, unit_path=place.path, role=role, valid_from=date(2000, 1, 1),
                valid_to=until, forms=forms,
            )
        )  # fmt: skip
        return user.id


def membership_of(session, user_id: int) -> int:
    return session.scalar(text("select id from membership where user_id = :user"), {"user": user_id})
