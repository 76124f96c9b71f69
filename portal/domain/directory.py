"""What a directory (an OIDC provider or an LDAP server) says of a person, and the file that turns it into memberships.

The file is YAML:

    role_names:
      - {name: 填报员, role: filler}
    rules:
      - {attribute: memberOf, value: "cn={unit}-{role},ou=huizong,dc=example,dc=cn"}
      - {attribute: groups, value: hz-audit, unit: "440000", role: auditor}
      - {attribute: huizong_roles, value: "{role}", unit_attribute: unit_code}

A rule looks at every value of its attribute. `{unit}` stands for a unit's code and `{role}` for the name of a role. A
value that does not fit is none of the portal's business; one that fits, but names a role that does not exist, refuses
the person: nothing is guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from portal.domain.careful_yaml import PlainPath, load
from portal.domain.policy import Role
from portal.domain.record_kinds import Choice, Mistakes, Several, Word
from portal.domain.records import Field, Record
from portal.errors import PortalError

_UNIT, _ROLE = "{unit}", "{role}"
_PLACEHOLDER = re.compile(r"[{}]")
# A partner's membership needs an end and its forms, which no directory knows.
_NOT_FROM_A_DIRECTORY = frozenset({Role.PARTNER})
# Whoever may name groups in a directory must not be able to name one that administers the portal.
_NOT_BY_NAME = _NOT_FROM_A_DIRECTORY | {Role.SYSTEM_ADMIN}


class Origin(StrEnum):
    """Which kind of directory a person came from."""

    OIDC = "oidc"
    LDAP = "ldap"


@dataclass(frozen=True)
class DirectoryPerson:
    """A person whom a directory vouches for.

    Attributes:
        issuer: who vouches: the OIDC issuer's address, or `ldap`.
        subject: what the issuer never gives to anybody else: OIDC's `sub`, LDAP's entryUUID. Names and e-mail addresses
            move from one person to another.
        full_name: where given and family name are not told apart.
        email: empty if the directory has none, or has not verified it.
        attributes: all that was said, each as a list of texts.
    """

    origin: Origin
    issuer: str
    subject: str
    username: str
    first_name: str
    last_name: str
    full_name: str
    email: str
    attributes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, order=True)
class Grant:
    """A role in a unit, by the unit's code."""

    unit: str
    role: Role


class Refusal(StrEnum):
    """Why somebody whom the directory knows is not admitted."""

    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_UNIT = "unknown_unit"
    NO_MEMBERSHIP = "no_membership"
    NAME_TAKEN = "name_taken"
    SWITCHED_OFF = "switched_off"
    INCOMPLETE = "incomplete"


class NotAdmitted(PortalError):
    """The directory knows the person, but the portal does not let them in; `value` is what it stumbled over."""

    code = "not_admitted"

    def __init__(self, reason: Refusal, value: str = "") -> None:
        super().__init__(f"{reason} {value}".strip())
        self.reason = reason
        self.value = value


class DirectoryUnavailable(PortalError):
    """The directory does not answer, or not in a way that can be relied on."""

    code = "directory_unavailable"


class AnswerRefused(PortalError):
    """What the directory sent does not prove who anybody is."""

    code = "answer_refused"


class DirectoryMappingInvalid(ValueError):
    """The file has mistakes; the message names each with its line."""


@dataclass(frozen=True)
class RoleName:
    """What the directory calls a role of the portal."""

    name: str
    role: Role


@dataclass(frozen=True)
class GrantRule:
    """One rule. The unit and the role are each said once: in the value, or beside it.

    Attributes:
        unit: the unit's code.
        unit_attribute: the attribute whose only value is the unit's code.
    """

    attribute: str
    value: str
    unit: str = ""
    unit_attribute: str = ""
    role: Role | None = None


@dataclass(frozen=True)
class DirectoryMapping:
    """The whole file."""

    rules: tuple[GrantRule, ...]
    role_names: tuple[RoleName, ...] = ()

    def grants(self, person: DirectoryPerson) -> frozenset[Grant]:
        """The memberships that the person's attributes give.

        Raises:
            NotAdmitted: an attribute names a role that does not exist, or no unit.
        """
        return frozenset(
            Grant(_unit_of(rule, found, person), self._role_of(rule, found))
            for rule in self.rules
            for value in person.attributes.get(rule.attribute, ())
            if (found := _pattern(rule.value, person.origin).fullmatch(value))
        )

    def attributes(self) -> frozenset[str]:
        """What the rules look at."""
        return frozenset(name for rule in self.rules for name in (rule.attribute, rule.unit_attribute) if name)

    def _role_of(self, rule: GrantRule, found: re.Match[str]) -> Role:
        if rule.role is not None:
            return rule.role
        name = found["role"]
        named = next((each.role for each in self.role_names if each.name == name), None)
        if named is not None:
            return named
        if name in set(Role) - _NOT_BY_NAME:
            return Role(name)
        raise NotAdmitted(Refusal.UNKNOWN_ROLE, found[0])


def _unit_of(rule: GrantRule, found: re.Match[str], person: DirectoryPerson) -> str:
    if rule.unit:
        return rule.unit
    if not rule.unit_attribute:
        return found["unit"]
    codes = person.attributes.get(rule.unit_attribute, ())
    if len(codes) != 1:
        raise NotAdmitted(Refusal.UNKNOWN_UNIT, "、".join(codes))
    return codes[0]


def _pattern(template: str, origin: Origin) -> re.Pattern[str]:
    """LDAP compares names without regard to case, OIDC's claims differ by it."""
    text = re.escape(template)
    text = text.replace(re.escape(_UNIT), "(?P<unit>[A-Za-z0-9_]+)").replace(re.escape(_ROLE), "(?P<role>.+)")
    return re.compile(text, re.IGNORECASE if origin is Origin.LDAP else 0)


_MAPPING = Record(
    DirectoryMapping,
    (
        Field("role_names", Several(Record(RoleName, (Field("name", Word()), Field("role", Choice(Role)))))),
        Field(
            "rules",
            Several(
                Record(
                    GrantRule,
                    (
                        Field("attribute", Word()),
                        Field("value", Word()),
                        Field("unit", Word()),
                        Field("unit_attribute", Word()),
                        Field("role", Choice(Role)),
                    ),
                )
            ),
        ),
    ),
)


def read_mapping(text: str) -> DirectoryMapping:
    """Read the file.

    Raises:
        DirectoryMappingInvalid: with every mistake and its line.
    """
    document = load(text)
    mapping, problems = DirectoryMapping(()), list(document.problems)
    if not problems:
        mistakes = Mistakes()
        mapping = _MAPPING.read(document.content, (), mistakes)
        if not mistakes.found:
            _examine(mapping, mistakes)
        problems = [(_line(path, document.lines), problem) for path, problem in mistakes.found]
    if problems:
        listed = sorted(problems, key=itemgetter(0))
        raise DirectoryMappingInvalid(
            "; ".join(f"line {line}: {problem.zh} / {problem.en}" for line, problem in listed)
        )
    return mapping


def _line(path: PlainPath, lines: dict[PlainPath, int]) -> int:
    return next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 1)


def _examine(mapping: DirectoryMapping, mistakes: Mistakes) -> None:
    if not mapping.rules:
        mistakes.add(("rules",), "至少要有一条规则", "there must be at least one rule")
    for position, named in enumerate(mapping.role_names):
        _examine_role(named.role, ("role_names", position), mistakes)
    for position, rule in enumerate(mapping.rules):
        path = ("rules", position)
        _examine_role(rule.role, path, mistakes)
        units = [rule.value.count(_UNIT), bool(rule.unit), bool(rule.unit_attribute)]
        if sum(units) != 1:
            mistakes.add(
                path, "须且只须写明一次单位", "the unit must be said once: {unit} in value, or unit, or unit_attribute"
            )
        if rule.value.count(_ROLE) + (rule.role is not None) != 1:
            mistakes.add(path, "须且只须写明一次任职", "the role must be said once: {role} in value, or role")
        if not rule.value or _PLACEHOLDER.search(rule.value.replace(_UNIT, "").replace(_ROLE, "")):
            mistakes.add((*path, "value"), "只认识 {unit} 和 {role}", "value knows {unit} and {role} only")


def _examine_role(role: Role | None, path: PlainPath, mistakes: Mistakes) -> None:
    if role in _NOT_FROM_A_DIRECTORY:
        mistakes.add(path, "协同单位人员须由管理员逐人授予", "a partner's role is given by hand")
