"""Who may do what: every permission of the portal on one page.

A permission is granted if, in any one of its rows, every predicate holds for the actor and the place (and state) in
question. FAB's roles decide which screens open; this page decides about rows. PostgreSQL's row-level security holds
the same line once more, underneath.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from portal.domain.lifecycle import EDITABLE, HANDED_IN, Action, State
from portal.domain.units import Place
from portal.errors import NotPermitted


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
    """

    user_id: int | None
    name: str
    place: Place
    roles: frozenset[Role]
    address: str = ""
    forms: frozenset[str] | None = None
    key: Key | None = None

    @property
    def depth(self) -> int:
        """The depth of the tree from which figures are read (1: top unit); 0: accepted ones only."""
        return 0 if self.roles == {Role.PARTNER} else self.place.path.count(".") + 1


@dataclass(frozen=True)
class Subject:
    """What is acted upon: a unit's path and, for a submission, its state."""

    path: str
    state: State | None = None

    @property
    def parent_path(self) -> str:
        """Path of the superior unit; empty for a top unit."""
        return self.path.rpartition(".")[0]


class Permission(StrEnum):
    """Everything that is asked of `permits`."""

    SEE_UNIT = "see_unit"
    SEE_VALUES = "see_values"
    SEE_ROLLUP = "see_rollup"
    SEE_EVENTS = "see_events"
    EDIT_VALUES = "edit_values"
    EXPLAIN = "explain"
    DECIDE_EXPLANATION = "decide_explanation"
    UPLOAD = "upload"
    RECEIVE = "receive"
    CHECK = "check"
    LEGAL_REVIEW = "legal_review"
    SIGN = "sign"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    ACCEPT = "accept"
    REOPEN = "reopen"
    LOCK = "lock"
    PUBLISH = "publish"
    MANAGE_USERS = "manage_users"
    MANAGE_SYSTEM_ADMINS = "manage_system_admins"
    MANAGE_REFERENCE = "manage_reference"
    HOLD_KEYS = "hold_keys"


Predicate = Callable[[Actor, Subject], bool]


def own_unit(actor: Actor, subject: Subject) -> bool:
    """The actor's own unit."""
    return actor.place.path == subject.path


def subtree(actor: Actor, subject: Subject) -> bool:
    """The actor's unit or one below it."""
    return actor.place.covers(subject.path)


def superior(actor: Actor, subject: Subject) -> bool:
    """The unit directly above; a top unit is its own superior."""
    return actor.place.path == (subject.parent_path or subject.path)


def editable(_actor: Actor, subject: Subject) -> bool:
    """The figures may still be changed."""
    return subject.state in EDITABLE


def handed_in(_actor: Actor, subject: Subject) -> bool:
    """The unit has submitted."""
    return subject.state in HANDED_IN


def role(*roles: Role) -> Predicate:
    """The actor holds one of these roles."""

    def holds(actor: Actor, _subject: Subject) -> bool:
        return bool(actor.roles.intersection(roles))

    holds.__name__ = f"role_{'_or_'.join(roles)}"
    return holds


filler = role(Role.FILLER)
checker = role(Role.CHECKER)
legal_reviewer = role(Role.LEGAL_REVIEWER)
head = role(Role.HEAD)
reviewer = role(Role.REVIEWER)
auditor = role(Role.AUDITOR)
unit_admin = role(Role.UNIT_ADMIN)
system_admin = role(Role.SYSTEM_ADMIN)
publisher = role(Role.PUBLISHER)
submitter = role(Role.FILLER, Role.HEAD)

PERMISSIONS: dict[Permission, list[list[Predicate]]] = {
    Permission.SEE_UNIT: [[subtree]],
    # How far up an unaccepted figure may be read is the row-level policy's business (lifecycle.open_to).
    Permission.SEE_VALUES: [[own_unit], [subtree, handed_in]],
    Permission.SEE_ROLLUP: [[subtree]],
    Permission.SEE_EVENTS: [[own_unit], [subtree, auditor], [subtree, reviewer]],
    Permission.EDIT_VALUES: [[own_unit, filler, editable]],
    Permission.EXPLAIN: [[own_unit, filler, editable]],
    Permission.DECIDE_EXPLANATION: [[superior, reviewer, handed_in]],
    Permission.UPLOAD: [[own_unit, filler]],
    Permission.RECEIVE: [[own_unit, filler]],
    Permission.CHECK: [[own_unit, checker]],
    Permission.LEGAL_REVIEW: [[own_unit, legal_reviewer]],
    Permission.SIGN: [[own_unit, head]],
    Permission.SUBMIT: [[own_unit, submitter]],
    Permission.WITHDRAW: [[own_unit, submitter]],
    Permission.SEND_BACK: [[superior, reviewer]],
    Permission.ACCEPT: [[superior, reviewer]],
    Permission.REOPEN: [[superior, reviewer]],
    Permission.LOCK: [[superior, reviewer]],
    Permission.PUBLISH: [[own_unit, publisher]],
    Permission.MANAGE_USERS: [[subtree, unit_admin], [system_admin]],
    Permission.MANAGE_SYSTEM_ADMINS: [[system_admin]],
    Permission.MANAGE_REFERENCE: [[system_admin]],
    Permission.HOLD_KEYS: [[own_unit]],
}

_SEE = frozenset({Permission.SEE_UNIT, Permission.SEE_VALUES, Permission.SEE_ROLLUP, Permission.SEE_EVENTS})

KEY_PERMISSIONS: dict[KeyScope, frozenset[Permission]] = {
    KeyScope.READ: _SEE,
    # Checks and signatures are for people to give; so are decisions about the submissions of others.
    KeyScope.SUBMIT: _SEE
    | {
        Permission.EDIT_VALUES,
        Permission.EXPLAIN,
        Permission.UPLOAD,
        Permission.RECEIVE,
        Permission.SUBMIT,
        Permission.WITHDRAW,
    },
}
"""The most that an API key can be used for; what is not named here needs a person."""

PERMISSION_OF: dict[Action, Permission] = {action: Permission(action.value) for action in Action}


def permits(actor: Actor, permission: Permission, subject: Subject) -> bool:
    """Whether the actor may do this to the subject."""
    if actor.key is not None and permission not in KEY_PERMISSIONS[actor.key.scope]:
        return False
    return any(all(holds(actor, subject) for holds in row) for row in PERMISSIONS[permission])


def require(actor: Actor, permission: Permission, subject: Subject) -> None:
    """Stop unless `permits`.

    Raises:
        NotPermitted: the actor may not.
    """
    if not permits(actor, permission, subject):
        raise NotPermitted(permission)
