"""People and programs that act: their roles in a unit, and what follows for what they read and write."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.domain.units import Place


class Role(StrEnum):
    """What a person is in a unit."""

    FILLER = "filler"  # 填报人
    CHECKER = "checker"  # 审核人
    LEGAL_REVIEWER = "legal_reviewer"  # 法制审核人
    HEAD = "head"  # 负责人
    REVIEWER = "reviewer"  # 上级审核员
    PUBLISHER = "publisher"  # 公布员
    UNIT_ADMIN = "unit_admin"  # 单位管理员
    AUDITOR = "auditor"  # 审计员
    PARTNER = "partner"  # 协同单位人员
    SYSTEM_ADMIN = "system_admin"  # 系统管理员


READING_ROLES = frozenset({Role.AUDITOR, Role.PARTNER})
"""Roles that read and never write."""


DEEPEST = 1_000
"""Deeper than any tree."""


class KeyScope(StrEnum):
    """What an API key is for; it never gives more than the person has."""

    READ = "read"
    SUBMIT = "submit"


@dataclass(frozen=True)
class Key:
    """The API key with which a program asks in a person's name; `beginning` tells it from others."""

    beginning: str
    scope: KeyScope


@dataclass(frozen=True)
class Actor:
    """A person acting for a unit (or the portal itself acting within one).

    Attributes:
        user_id: None when the portal acts (a job, a command).
        name: real name, written into events as of that day.
        place: the unit acted for; its path is the scope of row-level security.
        address: where the request came from, for the event.
        forms: codes of the forms seen; None: all of them.
        key: the API key used, if it is a program that asks.
        until: the last day on which the person acts for the unit; None: until further notice.
        within: the portal acting in every unit of the place, as each of them by itself: it reads their drafts.
    """

    user_id: int | None
    name: str
    place: Place
    roles: frozenset[Role]
    address: str = ""
    forms: frozenset[str] | None = None
    key: Key | None = None
    until: date | None = None
    within: bool = False

    @property
    def read_only(self) -> bool:
        """Whether the person reads and never writes; the portal itself, who has no roles, writes."""
        return bool(self.roles) and self.roles <= READING_ROLES

    @property
    def writes(self) -> bool:
        """Whether row-level security lets this actor write what belongs to a submission or a collection."""
        asks_only = self.key is not None and self.key.scope is KeyScope.READ
        return self.forms is None and not self.read_only and not asks_only

    @property
    def depth(self) -> int:
        """The depth of the tree from which figures are read (1: top unit); 0: accepted ones only."""
        if self.within:
            return DEEPEST
        return 0 if self.roles == {Role.PARTNER} else self.place.path.count(".") + 1
