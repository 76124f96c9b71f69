"""The file that turns what a directory says into memberships."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portal.reference
from portal.domain.directory import (
    DirectoryMappingInvalid,
    DirectoryPerson,
    Grant,
    NotAdmitted,
    Origin,
    Refusal,
    read_mapping,
)
from portal.domain.policy import Role

EXAMPLE = Path(portal.reference.__file__).parent / "directory.example.yaml"

MAPPING = """
role_names:
  - {name: 填报员, role: filler}
rules:
  - {attribute: memberOf, value: "cn={unit}-{role},ou=groups,dc=example"}
  - {attribute: groups, value: audit, unit: "440000", role: auditor}
  - {attribute: roles, value: "hz:{role}", unit_attribute: unit_code}
"""


def person(origin: Origin = Origin.OIDC, **attributes: tuple[str, ...]) -> DirectoryPerson:
    return DirectoryPerson(origin, "https://id.example", "1", "anna", "安娜", "张", "", "", attributes)


def grants(origin: Origin = Origin.OIDC, **attributes: tuple[str, ...]) -> set[Grant]:
    return set(read_mapping(MAPPING).grants(person(origin, **attributes)))


def test_each_kind_of_rule_gives_its_memberships() -> None:
    assert grants(
        memberOf=(
            "cn=441802-filler,ou=groups,dc=example",
            "cn=441800-填报员,ou=groups,dc=example",
            "cn=staff,dc=example",
        ),
        groups=("audit", "somebody-elses"),
        roles=("hz:checker", "offline_access"),
        unit_code=("441802",),
    ) == {
        Grant("441802", Role.FILLER),
        Grant("441800", Role.FILLER),
        Grant("440000", Role.AUDITOR),
        Grant("441802", Role.CHECKER),
    }


def test_what_no_rule_is_about_gives_nothing() -> None:
    assert grants() == set()
    assert grants(memberOf=("cn=441802-filler,ou=other,dc=example",), groups=("Audit",), email=("a@example",)) == set()


def test_ldap_names_are_compared_without_regard_to_case() -> None:
    value = ("CN=441802-filler,OU=Groups,DC=Example",)
    assert grants(Origin.LDAP, memberOf=value) == {Grant("441802", Role.FILLER)}
    assert grants(Origin.OIDC, memberOf=value) == set()


@pytest.mark.parametrize("role", ["boss", "Filler", "system_admin", "partner", "filler "])
def test_a_role_that_a_name_may_not_give_refuses(role: str) -> None:
    with pytest.raises(NotAdmitted) as refusal:
        grants(roles=(f"hz:{role}", "hz:filler"), unit_code=("441802",))
    assert (refusal.value.reason, refusal.value.value) == (Refusal.UNKNOWN_ROLE, f"hz:{role}")


@pytest.mark.parametrize("codes", [(), ("441802", "441803")])
def test_a_unit_that_is_not_said_once_refuses(codes: tuple[str, ...]) -> None:
    with pytest.raises(NotAdmitted) as refusal:
        grants(roles=("hz:filler",), unit_code=codes)
    assert refusal.value.reason is Refusal.UNKNOWN_UNIT


def test_a_system_administrator_is_named_in_the_file_or_not_at_all() -> None:
    mapping = read_mapping('rules: [{attribute: groups, value: root, unit: "440000", role: system_admin}]')
    assert mapping.grants(person(groups=("root",))) == {Grant("440000", Role.SYSTEM_ADMIN)}


@given(st.text(max_size=40))
def test_special_characters_of_a_value_mean_themselves(text: str) -> None:
    mapping = read_mapping('rules: [{attribute: groups, value: "a.b*(c)|{unit}", role: filler}]')
    for value in (text, "a.b*(c)|" + text):
        code = value.removeprefix("a.b*(c)|")
        fits = value != code and code.isascii() and code.replace("_", "x").isalnum()
        assert mapping.grants(person(groups=(value,))) == ({Grant(code, Role.FILLER)} if fits else set())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: []", "at least one rule"),
        ("rules:\n  - {attribute: a, value: b, role: filler}", "line 2: .*unit must be said once"),
        ('rules: [{attribute: a, value: "{unit}", unit: "1", role: filler}]', "unit must be said once"),
        ('rules: [{attribute: a, value: b, unit: "1", unit_attribute: c, role: filler}]', "unit must be said once"),
        ('rules: [{attribute: a, value: b, unit: "1"}]', "role must be said once"),
        ('rules: [{attribute: a, value: "{role}", unit: "1", role: filler}]', "role must be said once"),
        ('rules: [{attribute: a, value: "{name}", unit: "1", role: filler}]', "only"),
        ('rules: [{attribute: a, value: "", unit: "1", role: filler}]', "only"),
        ('rules: [{attribute: a, value: b, unit: "1", role: boss}]', "must be one of"),
        ('rules: [{attribute: a, value: b, unit: "1", role: partner}]', "given by hand"),
        (
            'role_names: [{name: x, role: partner}]\nrules: [{attribute: a, value: b, unit: "1", role: filler}]',
            "by hand",
        ),
        ("rules: [{attribute: a, value: b, unit: 1, role: filler}]", "must be a text"),
        ("rules: [", "not YAML"),
        ("[]", "must be a mapping"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, problem: str) -> None:
    with pytest.raises(DirectoryMappingInvalid, match=problem):
        read_mapping(text)


def test_the_example_that_ships_with_the_portal_is_sound() -> None:
    assert read_mapping(EXAMPLE.read_text(encoding="utf-8")).rules
