"""The one permission map, enumerated: permission × role × where the actor stands × state."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.actors import Actor, Key, KeyScope, Role
from portal.domain.collections import CollectionSettings
from portal.domain.lifecycle import COUNTED, EDITABLE, HANDED_IN, State
from portal.domain.policy import KEY_PERMISSIONS, PERMISSIONS, Permission, Subject, permits, require
from portal.domain.units import Level, Place
from portal.errors import NotPermitted, SamePerson

UNIT = "440000.441800.441802"
PLACES = {
    # where the actor stands, seen from the unit that is acted upon
    "own": UNIT,
    "parent": "440000.441800",
    "two_up": "440000",
    "sibling": "440000.441800.441803",
    "child": f"{UNIT}.441802001",
    "grandchild": f"{UNIT}.441802001.441802001001",
    "foreign": "640000",
}

PEOPLE = {each.value for each in Role} - {"partner"}  # everybody who stands within the tree
UPWARD = {"own", "parent", "two_up"}
ANY_STATE = set(State)

TABLE = {
    # permission: who, standing where, in which states
    Permission.SEE_UNIT: [(PEOPLE | {"partner", "portal"}, UPWARD, ANY_STATE)],
    Permission.SEE_PROGRESS: [(PEOPLE | {"portal"}, UPWARD, ANY_STATE)],
    Permission.SEE_SUBMISSION: [(PEOPLE | {"portal"}, UPWARD, ANY_STATE), ({"partner"}, UPWARD, COUNTED)],
    Permission.SEE_VALUES: [
        (PEOPLE | {"portal"}, {"own"}, ANY_STATE),
        (PEOPLE | {"portal"}, {"parent"}, HANDED_IN),
        (PEOPLE | {"portal"}, {"two_up"}, COUNTED),
        ({"partner"}, UPWARD, COUNTED),
    ],
    Permission.SEE_ORIGINS: [(PEOPLE | {"portal"}, UPWARD, ANY_STATE)],
    Permission.SEE_ROLLUP: [(PEOPLE | {"partner", "portal"}, UPWARD, ANY_STATE)],
    Permission.COMPARE_SIBLINGS: [(PEOPLE | {"portal"}, {"own"}, ANY_STATE)],
    Permission.SEE_EVENTS: [
        (PEOPLE | {"portal"}, {"own"}, ANY_STATE),
        ({"reviewer", "auditor"}, UPWARD, ANY_STATE),
    ],
    Permission.AUDIT: [({"unit_admin", "auditor", "system_admin"}, UPWARD, ANY_STATE)],
    Permission.AUDIT_PORTAL: [({"system_admin"}, set(PLACES), ANY_STATE)],
    Permission.EDIT_VALUES: [({"filler"}, {"own"}, EDITABLE)],
    Permission.EXPLAIN: [({"filler"}, {"own"}, EDITABLE)],
    Permission.ASSIGN_WORK: [({"filler", "head", "unit_admin"}, {"own"}, ANY_STATE)],
    Permission.DECIDE_EXPLANATION: [({"reviewer"}, {"parent"}, HANDED_IN)],
    Permission.UPLOAD: [({"filler"}, {"own"}, ANY_STATE)],
    Permission.ENTER_BELOW: [],  # only where the collection says so, see below
    Permission.ORDER_FILES: [({"filler", "head", "reviewer", "unit_admin"}, {"own"}, ANY_STATE)],
    Permission.RECEIVE: [({"filler"}, {"own"}, ANY_STATE)],
    Permission.CHECK: [({"checker"}, {"own"}, ANY_STATE)],
    Permission.LEGAL_REVIEW: [({"legal_reviewer"}, {"own"}, ANY_STATE)],
    Permission.SIGN: [({"head"}, {"own"}, ANY_STATE)],
    Permission.SUBMIT: [({"filler", "head"}, {"own"}, ANY_STATE)],
    Permission.WITHDRAW: [({"filler", "head"}, {"own"}, ANY_STATE)],
    Permission.SEND_BACK: [({"reviewer"}, {"parent"}, ANY_STATE)],
    Permission.ACCEPT: [({"reviewer"}, {"parent"}, ANY_STATE)],
    Permission.REOPEN: [({"reviewer"}, {"parent"}, ANY_STATE)],
    Permission.LOCK: [({"reviewer"}, {"parent"}, ANY_STATE)],
    Permission.PUBLISH: [({"publisher"}, {"own"}, ANY_STATE)],
    Permission.SEE_COLLECTIONS: [(PEOPLE | {"portal"}, {"own"}, ANY_STATE)],
    Permission.SEND_DOWN: [({"reviewer", "unit_admin", "portal"}, {"own"}, ANY_STATE)],
    Permission.CHANGE_RULES: [({"reviewer", "unit_admin"}, {"own"}, ANY_STATE)],
    Permission.WAIVE_RULES: [({"reviewer"}, {"parent"}, ANY_STATE)],
    Permission.ADJUST_ROLLUPS: [({"reviewer", "unit_admin"}, UPWARD, ANY_STATE)],
    Permission.MANAGE_USERS: [({"unit_admin"}, UPWARD, ANY_STATE), ({"system_admin"}, set(PLACES), ANY_STATE)],
    Permission.MANAGE_SYSTEM_ADMINS: [({"system_admin"}, set(PLACES), ANY_STATE)],
    Permission.MANAGE_REFERENCE: [({"system_admin"}, set(PLACES), ANY_STATE)],
    Permission.REORGANISE: [({"unit_admin", "system_admin", "portal"}, UPWARD, ANY_STATE)],
    Permission.EDIT_FORMS: [({"system_admin"}, {"own"}, ANY_STATE)],  # unit_admin: of a top unit, see below
    Permission.ADD_TO_FORMS: [({"unit_admin", "portal"}, {"own"}, ANY_STATE)],
    Permission.HOLD_KEYS: [(PEOPLE | {"partner", "portal"}, {"own"}, ANY_STATE)],
}


def actor(role: str, where: str, *, user_id: int | None = 7, **more) -> Actor:
    path = PLACES[where]
    place = Place(1, path.rpartition(".")[2], path, Level.CITY, path, 1)
    if role == "portal":
        return Actor(None, "汇总系统", place, frozenset())
    forms = frozenset({"FZ"}) if role == "partner" else None
    return Actor(user_id, "某人", place, frozenset({Role(role)}), **({"forms": forms} | more))


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_is_as_the_table_says(permission: Permission) -> None:
    wrong = []
    for role, where, state in product([*Role, "portal"], PLACES, State):
        expected = any(
            role in roles and where in places and state in states for roles, places, states in TABLE[permission]
        )
        if permits(actor(role, where), permission, Subject(UNIT, state, "FZ")) is not expected:
            wrong.append((role, where, str(state), f"expected {expected}"))
    assert wrong == []


def test_a_collection_may_let_every_level_read_what_is_submitted() -> None:
    def seen(where: str, state: State, *, skip_level: bool) -> bool:
        subject = Subject(UNIT, state, "FZ", CollectionSettings(skip_level=skip_level))
        return permits(actor("reviewer", where), Permission.SEE_VALUES, subject)

    assert not seen("two_up", State.SUBMITTED, skip_level=False)
    assert seen("two_up", State.SUBMITTED, skip_level=True)
    assert not seen("two_up", State.SENT_BACK, skip_level=True)
    assert not seen("sibling", State.SUBMITTED, skip_level=True)


def test_a_collection_may_let_fillers_above_enter_answers() -> None:
    entered = CollectionSettings(entered_above=True)
    for role, where, state in product([*Role, "portal"], PLACES, State):
        expected = role == "filler" and where in {"parent", "two_up"} and state in EDITABLE
        subject = Subject(UNIT, state, "FZ", entered)
        assert permits(actor(role, where), Permission.ENTER_BELOW, subject) is expected


def test_the_administrator_of_a_top_unit_edits_forms() -> None:
    top = PLACES["two_up"]
    assert permits(actor("unit_admin", "two_up"), Permission.EDIT_FORMS, Subject(top))
    assert not permits(actor("unit_admin", "foreign"), Permission.EDIT_FORMS, Subject(top))
    assert not permits(actor("reviewer", "two_up"), Permission.EDIT_FORMS, Subject(top))


def test_a_partner_sees_the_forms_given_and_no_other() -> None:
    for permission in (Permission.SEE_SUBMISSION, Permission.SEE_VALUES):
        assert permits(actor("partner", "two_up"), permission, Subject(UNIT, State.ACCEPTED, "FZ"))
        assert not permits(actor("partner", "two_up"), permission, Subject(UNIT, State.ACCEPTED, "XJ"))


class TestSeparationOfDuties:
    DECISIONS = (
        (Permission.CHECK, "checker", "own"),
        (Permission.LEGAL_REVIEW, "legal_reviewer", "own"),
        (Permission.SIGN, "head", "own"),
        (Permission.ACCEPT, "reviewer", "parent"),
        (Permission.SEND_BACK, "reviewer", "parent"),
    )

    @pytest.mark.parametrize(("permission", "role", "where"), DECISIONS)
    def test_nobody_decides_on_what_they_filled_in(self, permission: Permission, role: str, where: str) -> None:
        filled = Subject(UNIT, State.SUBMITTED, "FZ", filled_by=frozenset({7, 8}))
        with pytest.raises(SamePerson):
            require(actor(role, where), permission, filled)
        require(actor(role, where, user_id=9), permission, filled)

    @pytest.mark.parametrize(("permission", "role", "where"), DECISIONS)
    def test_a_bureau_of_one_person_signs_but_does_not_judge_others(
        self, permission: Permission, role: str, where: str
    ) -> None:
        subject = Subject(UNIT, State.SUBMITTED, "FZ", CollectionSettings(one_person=True), frozenset({7}))
        assert permits(actor(role, where), permission, subject) is (where == "own")

    def test_who_lacks_the_role_is_told_so_first(self) -> None:
        filled = Subject(UNIT, State.DRAFTING, "FZ", filled_by=frozenset({7}))
        with pytest.raises(NotPermitted) as refused:
            require(actor("filler", "own"), Permission.SIGN, filled)
        assert not isinstance(refused.value, SamePerson)


class TestReading:
    def test_auditors_and_partners_write_nothing(self) -> None:
        reading = {role for role in Role if not actor(role, "own").writes}
        assert reading == {Role.AUDITOR, Role.PARTNER}
        assert {role for role in Role if actor(role, "own").read_only} == reading

    def test_another_role_makes_an_auditor_write(self) -> None:
        place = actor("filler", "own").place
        assert Actor(7, "某人", place, frozenset({Role.AUDITOR, Role.FILLER})).writes

    def test_the_portal_writes(self) -> None:
        assert actor("portal", "own").writes

    @pytest.mark.parametrize("scope", KeyScope)
    def test_a_key_gives_no_more_than_the_person_has(self, scope: KeyScope) -> None:
        for role, permission in product(Role, Permission):
            subject = Subject(UNIT, State.DRAFTING, "FZ")
            with_key = permits(actor(role, "own", key=Key("hz_1", scope)), permission, subject)
            allowed = permission in KEY_PERMISSIONS[scope] and permits(actor(role, "own"), permission, subject)
            assert with_key is allowed

    def test_a_key_for_reading_does_not_write(self) -> None:
        assert not actor("filler", "own", key=Key("hz_1", KeyScope.READ)).writes
        assert actor("filler", "own", key=Key("hz_1", KeyScope.SUBMIT)).writes


@given(st.sets(st.sampled_from(list(Role))), st.sampled_from(list(Permission)), st.sampled_from(list(State)))
def test_roles_only_add_up(roles: set[Role], permission: Permission, state: State) -> None:
    """What several roles may is what one of them may, but for a partner: another role takes the partner's limits off."""
    subject = Subject(UNIT, state, "FZ")
    place = actor("filler", "own").place
    together = permits(Actor(7, "某人", place, frozenset(roles)), permission, subject)
    if roles - {Role.PARTNER}:
        assert together is any(permits(actor(role, "own"), permission, subject) for role in roles)


def test_every_permission_has_a_row() -> None:
    assert set(TABLE) == set(PERMISSIONS) == set(Permission)
