"""People and roles: what an administrator may do, and every way to get more than that."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select, text

from portal.clock import frozen_at
from portal.db import identity_transaction, transaction
from portal.domain.people import NewPerson, NewRole
from portal.domain.policy import Actor, Role
from portal.errors import Duplicate, InvalidInput, NotFound, NotPermitted
from portal.models import Account, Membership
from portal.queries.paging import PageOf
from portal.queries.people import find_actor
from portal.queries.person_search import Standing, get_person, search_people
from portal.services import accounts, people
from portal.services.administering import change_account
from portal.services.passwords import verify
from tests.world import World

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)
LATER = date(2026, 12, 31)


@pytest.fixture(autouse=True)
def fixed_day():
    with frozen_at(NOW):
        yield


def admin(world: World, unit: str, *roles: Role) -> Actor:
    return world.actor(unit, *(roles or (Role.UNIT_ADMIN,)))


def add(world: World, unit: str, *roles: Role, username: str = "", by: Actor | None = None, **role) -> int:
    """Somebody with these roles in a unit, added by the system administrator."""
    actor = by or admin(world, "p1", Role.SYSTEM_ADMIN)
    wanted = [NewRole(unit, each, **{"valid_from": date(2020, 1, 1)} | role) for each in roles or (Role.FILLER,)]
    name = username or f"{unit}-{'-'.join(roles)}"
    with transaction(actor) as session:
        return people.add_person(session, actor, NewPerson("张三", name.lower()), wanted)[0]


def acting(user_id: int, unit: str | None = None) -> Actor:
    """The person as they sign in."""
    with identity_transaction() as session:
        found = find_actor(session, user_id, "某人", unit_code=unit)
    assert found is not None
    return found


def held(user_id: int) -> list[Membership]:
    with identity_transaction() as session:
        return list(session.scalars(select(Membership).where(Membership.user_id == user_id).order_by(Membership.id)))


def events(world: World, unit: str) -> list[str]:
    with transaction(world.actor(unit)) as session:
        return list(session.scalars(text("select kind from event order by number")))


class TestAdding:
    def test_a_person_is_there_with_roles_and_a_first_password_to_change(self, world: World) -> None:
        actor = admin(world, "c11")
        roles = [NewRole("d111", Role.FILLER, TODAY), NewRole("d112", Role.CHECKER, TODAY, LATER)]
        with transaction(actor) as session:
            new = NewPerson(" 欧阳  娜娜 ", "OuYang", "O@Example.org", "020-123 456")
            user_id, password = people.add_person(session, actor, new, roles)
        with transaction(actor) as session:
            person = get_person(session, actor, user_id)
            stored = session.scalar(select(User.password).where(User.id == user_id))
        assert (person.name, person.username, person.email) == ("欧阳 娜娜", "ouyang", "o@example.org")
        assert (person.phone, person.active) == ("020-123 456", True)
        assert [(each.unit, each.role, each.valid_to) for each in person.roles] == [
            ("d111", Role.FILLER, None),
            ("d112", Role.CHECKER, LATER),
        ]
        assert verify(stored, password)
        with identity_transaction() as session:
            assert session.get(Account, user_id).must_change_password
        assert events(world, "p1")[-3:] == ["person_added", "role_granted", "role_granted"]

    def test_a_password_is_never_the_same_twice(self, world: World) -> None:
        actor = admin(world, "d111")
        passwords = set()
        for number in range(3):
            with transaction(actor) as session:
                role = NewRole("d111", Role.FILLER, TODAY)
                passwords.add(people.add_person(session, actor, NewPerson("李四", f"li{number}"), [role])[1])
        assert len(passwords) == 3

    @pytest.mark.parametrize("username", ["taken", "TAKEN"])
    def test_a_user_name_belongs_to_one_person_in_the_whole_portal(self, world: World, username: str) -> None:
        add(world, "d211", username="taken")
        with pytest.raises(Duplicate) as refused:
            add(world, "d111", username=username, by=admin(world, "c11"))
        assert refused.value.kind == "username"

    def test_two_people_without_an_email_address_do_not_clash(self, world: World) -> None:
        add(world, "d111", username="one")
        add(world, "d111", username="two")

    def test_what_will_not_do_is_named(self, world: World) -> None:
        actor = admin(world, "d111")
        for field, typed in (
            ("name", " "),
            ("name", "长" * 65),
            ("username", ""),
            ("username", "a@b.cn"),
            ("email", "nowhere"),
            ("email", "x@no-email.invalid"),
            ("phone", "none"),
        ):
            new = NewPerson(**{"name": "张三", "username": "zhangsan"} | {field: typed})
            with pytest.raises(InvalidInput) as refused, transaction(actor) as session:
                people.add_person(session, actor, new, [NewRole("d111", Role.FILLER, TODAY)])
            assert refused.value.field == field

    def test_an_account_without_a_role_is_not_made(self, world: World) -> None:
        actor = admin(world, "d111")
        with pytest.raises(InvalidInput), transaction(actor) as session:
            people.add_person(session, actor, NewPerson("张三", "zhangsan"), [])


class TestRoles:
    def test_days_and_forms_must_fit_the_role(self, world: World) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        for field, role in (
            ("until", NewRole("d111", Role.PARTNER, TODAY, forms=("T",))),
            ("forms", NewRole("d111", Role.PARTNER, TODAY, LATER)),
            ("forms", NewRole("d111", Role.PARTNER, TODAY, LATER, ("NONE",))),
            ("forms", NewRole("d111", Role.FILLER, TODAY, forms=("T",))),
            ("until", NewRole("d111", Role.FILLER, TODAY, TODAY - timedelta(days=1))),
            ("until", NewRole("d111", Role.FILLER, LATER, LATER - timedelta(days=1))),
            ("until", NewRole("d111", Role.FILLER, TODAY, date.max)),
        ):
            with pytest.raises(InvalidInput) as refused, transaction(actor) as session:
                people.grant(session, actor, user_id, role)
            assert refused.value.field == field

    def test_a_partner_sees_the_chosen_forms_until_the_last_day(self, world: World) -> None:
        partner = add(world, "d111", Role.PARTNER, valid_to=LATER, forms=("T",))
        assert acting(partner).forms == {"T"}
        with frozen_at(NOW + timedelta(days=400)), identity_transaction() as session:
            assert find_actor(session, partner, "某人") is None

    def test_the_same_role_is_not_held_twice_at_once(self, world: World) -> None:
        user_id, actor = add(world, "d111", valid_to=LATER), admin(world, "c11")
        with pytest.raises(Duplicate), transaction(actor) as session:
            people.grant(session, actor, user_id, NewRole("d111", Role.FILLER, LATER))
        with transaction(actor) as session:
            people.grant(session, actor, user_id, NewRole("d111", Role.FILLER, LATER + timedelta(days=1)))
        assert len(held(user_id)) == 2

    def test_a_form_sent_twice_gives_one_role(self, world: World) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        for _click in range(2):
            with transaction(actor) as session:
                people.grant(session, actor, user_id, NewRole("d112", Role.HEAD, TODAY, LATER))
        assert [each.role for each in held(user_id)] == [Role.FILLER, Role.HEAD]

    def test_a_role_ends_at_once_or_after_a_day(self, world: World) -> None:
        user_id, actor = add(world, "d111", Role.FILLER, Role.HEAD, Role.CHECKER), admin(world, "c11")
        filler, head, checker = (each.id for each in held(user_id))
        with transaction(actor) as session:
            people.end(session, actor, user_id, filler)
            people.end(session, actor, user_id, head, TODAY)
            people.end(session, actor, user_id, checker, LATER)
        assert acting(user_id).roles == {Role.HEAD, Role.CHECKER}
        with frozen_at(NOW + timedelta(days=1)):
            assert acting(user_id).roles == {Role.CHECKER}

    def test_a_role_revoked_before_it_began_was_never_held(self, world: World) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        for begin in (TODAY, LATER):
            with transaction(actor) as session:
                people.grant(session, actor, user_id, NewRole("d111", Role.HEAD, begin))
                people.end(session, actor, user_id, get_person(session, actor, user_id).roles[1].id)
            assert acting(user_id).roles == {Role.FILLER}

    def test_ending_twice_is_ending_once(self, world: World) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        role = held(user_id)[0].id
        for _click in range(2):
            with transaction(actor) as session:
                people.end(session, actor, user_id, role)
        assert events(world, "p1").count("role_ended") == 1

    def test_an_end_is_not_put_off_nor_put_into_the_past(self, world: World) -> None:
        user_id, actor = add(world, "d111", valid_to=LATER), admin(world, "c11")
        role = held(user_id)[0].id
        for day in (TODAY - timedelta(days=1), LATER + timedelta(days=1)):
            with pytest.raises(InvalidInput), transaction(actor) as session:
                people.end(session, actor, user_id, role, day)


class TestDeputies:
    def test_a_deputy_has_the_roles_for_the_days_of_leave(self, world: World) -> None:
        absent = add(world, "d111", Role.FILLER, Role.HEAD)
        deputy = add(world, "d112", Role.FILLER, username="deputy")
        actor = admin(world, "c11")
        leave = {"valid_from": TODAY + timedelta(days=7), "valid_to": TODAY + timedelta(days=14)}
        with transaction(actor) as session:
            assert people.deputise(session, actor, absent, unit="d111", deputy="Deputy ", **leave) == 2
        with frozen_at(NOW + timedelta(days=7)):
            assert acting(deputy, "d111").roles == {Role.FILLER, Role.HEAD}
        with frozen_at(NOW + timedelta(days=15)), identity_transaction() as session:
            assert find_actor(session, deputy, "某人", unit_code="d111") is None
        with transaction(actor) as session:
            assert {each.deputy_for for each in get_person(session, actor, deputy).roles} == {"", "张三"}

    def test_a_deputy_for_an_administrator_gets_no_more_than_the_actor_may_give(self, world: World) -> None:
        absent = add(world, "p1", Role.HEAD, Role.SYSTEM_ADMIN)
        deputy = add(world, "p1", Role.CHECKER, username="deputy")
        actor = admin(world, "p1")
        with transaction(actor) as session:
            people.deputise(session, actor, absent, unit="p1", deputy="deputy", valid_from=TODAY, valid_to=LATER)
        assert acting(deputy).roles == {Role.CHECKER, Role.HEAD}

    def test_what_the_deputy_is_already_is_left_out(self, world: World) -> None:
        absent, _deputy = add(world, "d111"), add(world, "d111", username="deputy")
        actor = admin(world, "c11")
        with pytest.raises(InvalidInput) as refused, transaction(actor) as session:
            people.deputise(session, actor, absent, unit="d111", deputy="deputy", valid_from=TODAY, valid_to=LATER)
        assert refused.value.problem == "nothing_to_take_over"

    @pytest.mark.parametrize("deputy", ["nobody", "stranger", "absent"])
    def test_a_deputy_is_somebody_else_within_sight(self, world: World, deputy: str) -> None:
        absent = add(world, "d111", username="absent")
        add(world, "d211", username="stranger")
        actor = admin(world, "c11")
        with pytest.raises(InvalidInput) as refused, transaction(actor) as session:
            people.deputise(session, actor, absent, unit="d111", deputy=deputy, valid_from=TODAY, valid_to=LATER)
        assert refused.value.field == "deputy"


ACCOUNT_VERBS = (
    accounts.switch_off,
    accounts.switch_on,
    accounts.reset_password,
    accounts.unlock,
    accounts.end_sessions,
    accounts.reset_second_factor,
    accounts.revoke_keys,
)


def change(session, actor: Actor, user_id: int) -> None:
    people.change_person(session, actor, user_id, name="李四", email="new@example.org", phone="")


class TestAccounts:
    def test_a_new_password_is_random_and_to_be_changed(self, world: World) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        with transaction(actor) as session:
            password = accounts.reset_password(session, actor, user_id)
        with identity_transaction() as session:
            assert verify(session.get(User, user_id).password, password)
            assert session.get(Account, user_id).must_change_password
        assert events(world, "p1")[-1] == "password_reset"
        with transaction(world.actor("p1")) as session:
            assert password not in "".join(session.scalars(text("select body from event")))

    def test_off_and_on(self, world: World) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        for verb, active in ((accounts.switch_off, False), (accounts.switch_on, True)):
            for _click in range(2):
                with transaction(actor) as session:
                    verb(session, actor, user_id)
            with transaction(actor) as session:
                assert get_person(session, actor, user_id).active is active
        assert events(world, "p1")[-2:] == ["account_switched_off", "account_switched_on"]

    def test_a_correction_says_what_was(self, world: World) -> None:
        user_id, actor = add(world, "d111", username="zhang"), admin(world, "c11")
        for _click in range(2):
            with transaction(actor) as session:
                people.change_person(session, actor, user_id, name="章三", email="Z@example.org", phone="1234567")
        with transaction(actor) as session:
            person = get_person(session, actor, user_id)
        assert (person.name, person.email, person.phone) == ("章三", "z@example.org", "1234567")
        assert events(world, "p1").count("person_changed") == 1

    def test_an_account_is_changed_by_who_administers_all_of_the_person(self, world: World) -> None:
        """A deputy from elsewhere, a system administrator, somebody who will come back: not this administrator's."""
        actor, portal = admin(world, "c11"), admin(world, "p1", Role.SYSTEM_ADMIN)
        for username, elsewhere in {
            "reviewer": NewRole("p1", Role.REVIEWER, date(2020, 1, 1)),
            "next_year": NewRole("d121", Role.FILLER, date(2027, 1, 1)),
            "system_admin": NewRole("c11", Role.SYSTEM_ADMIN, date(2020, 1, 1)),
        }.items():
            with transaction(portal) as session:
                roles = [NewRole("d111", Role.FILLER, date(2020, 1, 1)), elsewhere]
                user_id, _password = people.add_person(session, portal, NewPerson("王五", username), roles)
            for verb in (*ACCOUNT_VERBS, change):
                with pytest.raises(NotPermitted), transaction(actor) as session:
                    verb(session, actor, user_id)
            with transaction(actor) as session:  # but what they are here is for the administrator here to end
                people.end(session, actor, user_id, get_person(session, actor, user_id).roles[-1].id)

    @pytest.mark.parametrize("unit", ["p1", "c12", "d211"])
    def test_a_stranger_does_not_exist(self, world: World, unit: str) -> None:
        stranger, actor = add(world, unit), admin(world, "c11")
        for verb in (*ACCOUNT_VERBS, change):
            with pytest.raises(NotFound), transaction(actor) as session:
                verb(session, actor, stranger)

    def test_nobody_else_changes_accounts(self, world: World) -> None:
        user_id = add(world, "d111")
        for role in set(Role) - {Role.UNIT_ADMIN, Role.SYSTEM_ADMIN}:
            actor = admin(world, "p1", role)
            for verb in (*ACCOUNT_VERBS, change):
                with pytest.raises(NotPermitted), transaction(actor) as session:
                    verb(session, actor, user_id)

    def test_the_own_account_is_not_changed_here(self, world: World) -> None:
        actor = acting(add(world, "c11", Role.UNIT_ADMIN))
        for verb in ACCOUNT_VERBS:
            with pytest.raises(InvalidInput) as refused, transaction(actor) as session:
                verb(session, actor, actor.user_id)
            assert refused.value.problem == "own_account"

    def test_the_database_itself_keeps_to_accounts_within_the_scope(self, world: World) -> None:
        both, actor = add(world, "d111"), admin(world, "c11")
        with transaction(actor) as session:
            change_account(session, both, phone="1")
        portal = admin(world, "p1", Role.SYSTEM_ADMIN)
        with transaction(portal) as session:
            people.grant(session, portal, both, NewRole("d211", Role.FILLER, TODAY))
        for user_id in (both, add(world, "p2")):
            with pytest.raises(NotPermitted), transaction(actor) as session:
                change_account(session, user_id, phone="2")


class TestEscalation:
    @pytest.mark.parametrize("unit", ["c11", "d111"])
    def test_no_unit_administrator_makes_a_system_administrator(self, world: World, unit: str) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        role = NewRole(unit, Role.SYSTEM_ADMIN, TODAY)
        with pytest.raises(NotPermitted), transaction(actor) as session:
            people.grant(session, actor, user_id, role)
        with pytest.raises(NotPermitted), transaction(actor) as session:
            people.add_person(session, actor, NewPerson("李四", "li"), [NewRole("d111", Role.FILLER, TODAY), role])

    @pytest.mark.parametrize("unit", ["p1", "c12", "d121", "p2", "d211"])
    def test_no_role_outside_the_subtree(self, world: World, unit: str) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        for role in (Role.FILLER, Role.UNIT_ADMIN, Role.AUDITOR):
            with pytest.raises(NotPermitted), transaction(actor) as session:
                people.grant(session, actor, user_id, NewRole(unit, role, TODAY))
        with pytest.raises(NotPermitted), transaction(actor) as session:
            people.deputise(session, actor, user_id, unit=unit, deputy="anybody", valid_from=TODAY, valid_to=LATER)

    @pytest.mark.parametrize("unit", ["p1", "c12", "d211"])
    def test_no_stranger_is_pulled_into_the_subtree(self, world: World, unit: str) -> None:
        """Else whoever holds no role just now would become the administrator's, password and all."""
        stranger, actor = add(world, unit), admin(world, "c11")
        with pytest.raises(NotFound), transaction(actor) as session:
            people.grant(session, actor, stranger, NewRole("d111", Role.FILLER, TODAY))

    def test_no_role_of_a_stranger_is_ended(self, world: World) -> None:
        stranger, own, actor = add(world, "c12"), add(world, "d111"), admin(world, "c11")
        role = held(stranger)[0].id
        for user_id in (stranger, own):
            with pytest.raises(NotFound), transaction(actor) as session:
                people.end(session, actor, user_id, role)

    def test_no_unit_administrator_ends_a_system_administrator(self, world: World) -> None:
        user_id = add(world, "p1", Role.FILLER, Role.SYSTEM_ADMIN)
        actor = admin(world, "p1")
        role = next(each.id for each in held(user_id) if each.role == Role.SYSTEM_ADMIN)
        with pytest.raises(NotPermitted), transaction(actor) as session:
            people.end(session, actor, user_id, role)

    def test_rows_of_others_are_not_written_even_by_sql(self, world: World) -> None:
        stranger, actor = add(world, "c12"), admin(world, "c11")
        for statement in (
            "update membership set valid_to = current_date where user_id = :user",
            "delete from membership where user_id = :user",
            "update ab_user set password = 'x' where id = :user",
            "delete from ab_user where id = :user",
        ):
            with transaction(actor) as session:
                assert session.execute(text(statement), {"user": stranger}).rowcount == 0
        with pytest.raises(NotPermitted), transaction(actor) as session:
            session.execute(
                text(
                    "insert into membership (user_id, unit_id, unit_path, role, valid_from)"
                    " select :user, id, path, 'head', current_date from unit where code = 'c12'"
                ),
                {"user": stranger},
            )

    @pytest.mark.parametrize("table", ["ab_user", "membership"])
    def test_without_a_scope_there_are_no_people(self, world: World, table: str) -> None:
        add(world, "d111")
        with transaction(None) as session:
            assert session.scalar(text(f"select count(*) from {table}")) == 0
        with pytest.raises(NotPermitted), transaction(None) as session:
            session.execute(
                text("insert into ab_user (id, first_name, last_name, username, email) values (0, '', '', 'x', 'x')")
            )


class TestTheLastOne:
    def test_nobody_gives_up_the_own_administration(self, world: World) -> None:
        actor = acting(add(world, "c11", Role.UNIT_ADMIN, Role.FILLER))
        administrator, filler = (each.id for each in held(actor.user_id))
        for last_day in (None, LATER):
            with pytest.raises(InvalidInput) as refused, transaction(actor) as session:
                people.end(session, actor, actor.user_id, administrator, last_day)
            assert refused.value.problem == "own_rights"
        with transaction(actor) as session:
            people.end(session, actor, actor.user_id, filler)

    def test_somebody_else_takes_it(self, world: World) -> None:
        user_id, colleague = (
            add(world, "c11", Role.UNIT_ADMIN),
            acting(add(world, "c11", Role.UNIT_ADMIN, username="colleague")),
        )
        role = held(user_id)[0].id
        with transaction(colleague) as session:
            people.end(session, colleague, user_id, role)
        with identity_transaction() as session:
            assert find_actor(session, user_id, "某人") is None

    def test_one_system_administrator_stays(self, world: World) -> None:
        ids = [add(world, "p1", Role.SYSTEM_ADMIN, username=f"admin{number}") for number in range(2)]
        first, second = (acting(user_id) for user_id in ids)
        roles = {user_id: held(user_id)[0].id for user_id in ids}
        with transaction(first) as session:
            accounts.switch_off(session, first, second.user_id)
        portal = admin(world, "p1", Role.SYSTEM_ADMIN)
        for last_day in (None, LATER):
            with pytest.raises(InvalidInput) as refused, transaction(portal) as session:
                people.end(session, portal, first.user_id, roles[first.user_id], last_day)
            assert refused.value.problem == "last_administrator"
        with pytest.raises(InvalidInput), transaction(portal) as session:
            accounts.switch_off(session, portal, first.user_id)
        with transaction(portal) as session:
            accounts.switch_on(session, portal, second.user_id)
            people.end(session, portal, first.user_id, roles[first.user_id])

    def test_two_who_remove_each_other_at_once_leave_one(self, committed_world: World) -> None:
        ids = [add(committed_world, "p1", Role.SYSTEM_ADMIN, username=f"admin{number}") for number in range(2)]
        roles = {user_id: held(user_id)[0].id for user_id in ids}
        actors = [acting(user_id) for user_id in ids]
        start = Barrier(2)

        def remove(actor: Actor, victim: int) -> bool:
            with frozen_at(NOW), suppress(InvalidInput), transaction(actor) as session:
                get_person(session, actor, victim)
                start.wait()
                people.end(session, actor, victim, roles[victim])
                return True
            return False

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(remove, actors, reversed(ids))) == [False, True]


class TestScope:
    def test_an_administrator_lists_only_the_own_subtree(self, world: World) -> None:
        for unit in ("p1", "c11", "d111", "d112", "c12", "d121", "p2"):
            add(world, unit, username=f"{unit}_filler")
        for unit, below in (("d111", {"d111"}), ("c11", {"c11", "d111", "d112"}), ("p2", {"p2"})):
            actor = admin(world, unit)
            with transaction(actor) as session:
                found = search_people(session, actor, page=PageOf())
            assert {person.username for person in found.items} == {f"{each}_filler" for each in below}
            assert found.count == len(below)

    def test_roles_elsewhere_are_not_shown(self, world: World) -> None:
        user_id, actor = add(world, "d111"), admin(world, "c11")
        portal = admin(world, "p1", Role.SYSTEM_ADMIN)
        with transaction(portal) as session:
            people.grant(session, portal, user_id, NewRole("d211", Role.HEAD, TODAY))
        with transaction(actor) as session:
            assert [each.unit for each in get_person(session, actor, user_id).roles] == ["d111"]
        with transaction(portal) as session:
            assert [each.unit for each in get_person(session, portal, user_id).roles] == ["d111", "d211"]

    @pytest.mark.parametrize("unit", ["c12", "p1", "d211", "p2"])
    def test_no_list_of_another_unit(self, world: World, unit: str) -> None:
        actor = admin(world, "c11")
        with pytest.raises(NotPermitted), transaction(actor) as session:
            search_people(session, actor, unit=unit, page=PageOf())

    def test_nobody_else_lists_people(self, world: World) -> None:
        for role in set(Role) - {Role.UNIT_ADMIN, Role.SYSTEM_ADMIN}:
            actor = admin(world, "p1", role)
            with pytest.raises(NotPermitted), transaction(actor) as session:
                search_people(session, actor, page=PageOf())

    def test_people_are_found_by_unit_role_name_and_standing(self, world: World) -> None:
        actor = admin(world, "p1")
        filler, head = add(world, "d111", username="x_filler"), add(world, "d112", Role.HEAD, username="x_head")
        former = add(world, "c11", username="x_former")
        off = add(world, "c12", username="x_off")
        role = held(former)[0].id
        with transaction(actor) as session:
            people.end(session, actor, former, role)
            accounts.switch_off(session, actor, off)

        def found(**wanted) -> set[int]:
            with transaction(actor) as session:
                return {person.id for person in search_people(session, actor, page=PageOf(), **wanted).items}

        assert found() == {filler, head}
        assert found(unit="c11") == {filler, head}
        assert found(unit="d112") == {head}
        assert found(role=Role.HEAD) == {head}
        assert found(role=Role.HEAD, unit="d111") == set()
        assert found(text="x_f") == {filler}
        assert found(text="张 三") == {filler, head}
        assert found(text="%") == set()
        assert found(standing=Standing.FORMER) == {former}
        assert found(standing=Standing.OFF) == {off}
        assert found(standing=None, text="x_") == {filler, head, former, off}

    def test_pages_follow_each_other(self, world: World) -> None:
        actor = admin(world, "p1")
        ids = [add(world, unit, username=f"n{unit}") for unit in ("c11", "d111", "d112", "c12")]
        listed = []
        for number in (1, 2, 3):
            with transaction(actor) as session:
                page = search_people(session, actor, page=PageOf(number, 2))
            assert page.count == len(ids)
            listed += [person.id for person in page.items]
        assert listed == ids
