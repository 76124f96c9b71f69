"""People of a directory: one account each, and memberships that keep out of the way of those given by hand."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from portal.clock import frozen_at
from portal.db import identity_transaction, transaction
from portal.domain.directory import DirectoryMapping, DirectoryPerson, GrantRule, NotAdmitted, Origin, Refusal
from portal.domain.policy import Role
from portal.errors import Duplicate, NotFound
from portal.models import DirectoryAccount, Event, Membership
from portal.queries.units import get_unit
from portal.services import directory
from tests.world import World

MAPPING = DirectoryMapping((GrantRule("groups", "{unit}/{role}"),))
ISSUER = "https://id.example"


def person(*groups: str, subject: str = "1", **changes: str) -> DirectoryPerson:
    said = {"username": "anna", "first_name": "安娜", "last_name": "张", "full_name": "", "email": ""} | changes
    return DirectoryPerson(Origin.OIDC, ISSUER, subject, attributes={"groups": groups}, **said)


def admit(*groups: str, **changes: str) -> int:
    with identity_transaction() as session:
        return directory.admit(session, person(*groups, **changes), MAPPING)


@pytest.fixture
def on() -> Callable[[int], object]:
    """Let it be that day of March 2024."""
    return lambda day: frozen_at(datetime(2024, 3, day, 4, tzinfo=UTC))


def days(user_id: int) -> list[tuple[str, date, date | None, str | None]]:
    with identity_transaction() as session:
        query = select(Membership).where(Membership.user_id == user_id).order_by(Membership.valid_from, Membership.id)
        return [(held.role, held.valid_from, held.valid_to, held.origin) for held in session.scalars(query)]


def by_hand(user_id: int, role: Role, valid_from: date, valid_to: date | None = None) -> None:
    with identity_transaction() as session:
        unit = get_unit(session, "d111")
        session.add(
            Membership(
                user_id=user_id,
                unit_id=unit.id,
                unit_path=unit.path,
                role=role,
                valid_from=valid_from,
                valid_to=valid_to,
            )
        )


def march(day: int) -> date:
    return date(2024, 3, day)


def test_a_role_taken_away_ends_the_day_before_and_may_come_back(world: World, on: Callable[[int], object]) -> None:
    with on(1):
        user_id = admit("d111/filler", "d111/head")
    with on(9):
        assert admit("d111/head") == user_id
        admit("d111/head", "d111/filler")
    assert days(user_id) == [
        ("filler", march(1), march(8), "oidc"),
        ("head", march(1), None, "oidc"),
        ("filler", march(9), None, "oidc"),
    ]


def test_a_role_given_and_taken_on_one_day_leaves_an_empty_one(world: World, on: Callable[[int], object]) -> None:
    with on(5):
        user_id = admit("d111/filler", "d111/head")
        admit("d111/head")
        admit("d111/head", "d111/filler")
    assert [row for row in days(user_id) if row[0] == "filler"] == [
        ("filler", march(5), march(4), "oidc"),
        ("filler", march(5), None, "oidc"),
    ]


def test_the_directory_keeps_out_of_the_way_of_what_is_given_by_hand(world: World, on: Callable[[int], object]) -> None:
    with on(1):
        user_id = admit("d111/head")
        by_hand(user_id, Role.FILLER, march(1), march(20))
        by_hand(user_id, Role.CHECKER, march(10))
        admit("d111/head", "d111/filler", "d111/checker")
        admit("d111/head")
    assert days(user_id) == [
        ("head", march(1), None, "oidc"),
        ("filler", march(1), march(20), None),
        ("checker", march(1), date(2024, 2, 29), "oidc"),
        ("checker", march(10), None, None),
    ]
    with on(2):
        admit("d111/head", "d111/checker")
    assert ("checker", march(2), march(9), "oidc") in days(user_id)
    with on(21):
        admit("d111/head", "d111/filler", "d111/checker")
    assert ("filler", march(21), None, "oidc") in days(user_id)


def test_every_change_is_on_record(world: World, on: Callable[[int], object]) -> None:
    with on(1):
        admit("d111/filler")
    with on(2):
        admit("d111/head")
        admit("d111/head")
    actor = world.actor("p1")
    with transaction(actor) as session:
        kinds = session.scalars(select(Event.kind).where(Event.subject == "anna").order_by(Event.number)).all()
    assert kinds == ["person_added", "role_granted", "role_ended", "role_granted"]


def test_two_tabs_of_a_new_person_make_one_account(committed_world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _tab: admit("d111/filler"), range(8)))
    assert len(ids) == 1
    assert len(days(ids.pop())) == 1
    with identity_transaction() as session:
        assert session.scalar(select(func.count()).select_from(User).where(User.username == "anna")) == 1


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ("安娜", "张")),
        ({"first_name": "", "full_name": "张安娜"}, ("安娜", "张")),
        ({"first_name": "", "last_name": "", "full_name": "Anna Zhang"}, ("Anna", "Zhang")),
        ({"first_name": "", "last_name": ""}, ("anna", "")),
        ({"first_name": "安\n\x00娜", "last_name": "张" * 100}, ("安娜", "张" * 64)),
    ],
)
def test_names_fit_the_account(world: World, changes: dict[str, str], names: tuple[str, str]) -> None:
    user_id = admit("d111/filler", **changes)
    with identity_transaction() as session:
        user = session.get_one(User, user_id)
        assert (user.first_name, user.last_name) == names


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\x00b", "a\nb"])
def test_somebody_whom_the_directory_does_not_name_is_nobody(world: World, subject: str) -> None:
    with pytest.raises(NotAdmitted) as refusal:
        admit("d111/filler", subject=subject)
    assert refusal.value.reason is Refusal.INCOMPLETE


class TestLinking:
    """An account made here whose owner moves to the directory."""

    @pytest.fixture
    def account(self, world: World) -> int:
        with identity_transaction() as session:
            user = User(
                username="anna", first_name="安娜", last_name="张", email="a@example.invalid", active=True, password="x"
            )
            session.add(user)
            session.flush()
            user_id = int(user.id)
        by_hand(user_id, Role.FILLER, march(1))
        return user_id

    def test_the_owner_keeps_the_account_and_has_no_password_any_more(self, account: int) -> None:
        with pytest.raises(NotAdmitted) as refusal:
            admit("d111/head")
        assert refusal.value.reason is Refusal.NAME_TAKEN
        with identity_transaction() as session:
            directory.link(session, "anna", ISSUER, "1")
        assert admit("d111/head") == account
        with identity_transaction() as session:
            assert session.get_one(User, account).password is None
            assert directory.has_directory(session, account)
        assert {role for role, *_days in days(account)} == {"filler", "head"}

    def test_neither_is_linked_twice(self, account: int) -> None:
        with identity_transaction() as session:
            directory.link(session, "anna", ISSUER, "1")
        with pytest.raises(Duplicate), identity_transaction() as session:
            directory.link(session, "anna", ISSUER, "2")
        with pytest.raises(NotFound), identity_transaction() as session:
            directory.link(session, "nobody", ISSUER, "3")


def test_links_are_seen_by_nobody_but_the_portal_finding_out_who_somebody_is(world: World) -> None:
    admit("d111/filler")
    with transaction(world.actor("p1")) as session:
        assert session.scalars(select(DirectoryAccount)).all() == []
