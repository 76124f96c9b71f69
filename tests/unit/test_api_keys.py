"""API keys as such, and what they open."""

from dataclasses import replace

import pytest

from portal.domain import api_keys
from portal.domain.actors import Actor, Key, KeyScope, Role
from portal.domain.lifecycle import State
from portal.domain.policy import KEY_PERMISSIONS, Permission, Subject, permits
from portal.domain.units import Level, Place

PERSON = Actor(1, "张某", Place(1, "d111", "d111 民政局", Level.DISTRICT, "p1.c11.d111", 1), frozenset(Role))
OWN = Subject("p1.c11.d111", State.DRAFTING)


def with_key(scope: KeyScope) -> Actor:
    return replace(PERSON, key=Key("hzk_abcdef", scope))


def test_a_key_has_at_least_192_secret_bits_beside_what_is_shown() -> None:
    key = api_keys.new_key()
    secret = key.removeprefix(api_keys.beginning(key))
    assert len(secret) * 6 >= 192
    assert api_keys.is_key(key)
    assert len({api_keys.new_key() for _ in range(100)}) == 100


def test_what_is_stored_does_not_tell_the_key() -> None:
    key = api_keys.new_key()
    assert key not in api_keys.digest(key)
    assert api_keys.digest(key) != api_keys.digest(api_keys.new_key())


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("scope", KeyScope)
def test_a_key_never_opens_what_its_scope_does_not(scope: KeyScope, permission: Permission) -> None:
    if permits(with_key(scope), permission, OWN):
        assert permission in KEY_PERMISSIONS[scope]
        assert permits(PERSON, permission, OWN)


@pytest.mark.parametrize("scope", KeyScope)
def test_a_key_opens_no_more_than_the_person(scope: KeyScope) -> None:
    nobody = replace(with_key(scope), roles=frozenset())
    assert not permits(nobody, Permission.EDIT_VALUES, OWN)
    assert not permits(nobody, Permission.SUBMIT, OWN)


def test_reading_writes_nothing_and_submitting_does() -> None:
    opened = {scope: {each for each in Permission if permits(with_key(scope), each, OWN)} for scope in KeyScope}
    assert Permission.SEE_VALUES in opened[KeyScope.READ]
    assert {each for each in opened[KeyScope.READ] if not each.startswith("see_")} == {Permission.COMPARE_SIBLINGS}
    assert opened[KeyScope.SUBMIT] - opened[KeyScope.READ] == {
        Permission.EDIT_VALUES,
        Permission.EXPLAIN,
        Permission.UPLOAD,
        Permission.RECEIVE,
        Permission.SUBMIT,
        Permission.WITHDRAW,
    }


@pytest.mark.parametrize("scope", KeyScope)
@pytest.mark.parametrize(
    "permission",
    [Permission.HOLD_KEYS, Permission.MANAGE_USERS, Permission.MANAGE_REFERENCE, Permission.SIGN, Permission.ACCEPT],
)
def test_keys_people_and_signatures_need_a_person(scope: KeyScope, permission: Permission) -> None:
    assert not permits(with_key(scope), permission, OWN)
