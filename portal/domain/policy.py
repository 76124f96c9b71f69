"""Who may do what: every permission of the portal on one page.

A permission is granted if, in any one of its rows, every predicate holds for the actor and the place (and state) in
question. FAB's roles decide which screens open; this page decides about rows. PostgreSQL's row-level security holds
the same line once more, underneath.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from portal.domain.actors import Actor, Key, KeyScope, Role
from portal.domain.collections import STRICTEST, CollectionSettings
from portal.domain.lifecycle import COUNTED, EDITABLE, HANDED_IN, Action, State
from portal.errors import NotPermitted, SamePerson

__all__ = [
    "PERMISSIONS",
    "PERMISSION_OF",
    "Actor",
    "Key",
    "KeyScope",
    "Permission",
    "Role",
    "Subject",
    "is_same_person",
    "permits",
    "require",
]


@dataclass(frozen=True)
class Subject:
    """What is acted upon: a unit's path and, for a submission, what decides who may do what with it.

    Attributes:
        form: code of the submission's form; empty where no form in particular is asked about.
        settings: of the submission's collection.
        filled_by: ids of the people whose answers stand in its current version (`queries.fillers`).
    """

    path: str
    state: State | None = None
    form: str = ""
    settings: CollectionSettings = STRICTEST
    filled_by: frozenset[int] = frozenset()

    @property
    def parent_path(self) -> str:
        """Path of the superior unit; empty for a top unit."""
        return self.path.rpartition(".")[0]


class Permission(StrEnum):
    """Everything that is asked of `permits`."""

    SEE_UNIT = "see_unit"
    SEE_PROGRESS = "see_progress"
    SEE_SUBMISSION = "see_submission"
    SEE_VALUES = "see_values"
    SEE_ORIGINS = "see_origins"
    SEE_ROLLUP = "see_rollup"
    COMPARE_SIBLINGS = "compare_siblings"
    SEE_EVENTS = "see_events"
    AUDIT = "audit"
    AUDIT_PORTAL = "audit_portal"
    EDIT_VALUES = "edit_values"
    EXPLAIN = "explain"
    ASSIGN_WORK = "assign_work"
    DECIDE_EXPLANATION = "decide_explanation"
    UPLOAD = "upload"
    ENTER_BELOW = "enter_below"
    ORDER_FILES = "order_files"
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
    SEE_COLLECTIONS = "see_collections"
    SEND_DOWN = "send_down"
    CHANGE_RULES = "change_rules"
    WAIVE_RULES = "waive_rules"
    ADJUST_ROLLUPS = "adjust_rollups"
    MANAGE_USERS = "manage_users"
    MANAGE_SYSTEM_ADMINS = "manage_system_admins"
    MANAGE_REFERENCE = "manage_reference"
    REORGANISE = "reorganise"
    EDIT_FORMS = "edit_forms"
    ADD_TO_FORMS = "add_to_forms"
    HOLD_KEYS = "hold_keys"


Predicate = Callable[[Actor, Subject], bool]


def own_unit(actor: Actor, subject: Subject) -> bool:
    """The actor's own unit."""
    return actor.place.path == subject.path


def subtree(actor: Actor, subject: Subject) -> bool:
    """The actor's unit or one below it."""
    return actor.place.covers(subject.path)


def top_unit(_actor: Actor, subject: Subject) -> bool:
    """A unit that has no superior."""
    return not subject.parent_path


def superior(actor: Actor, subject: Subject) -> bool:
    """The unit directly above; a top unit is its own superior."""
    return actor.place.path == (subject.parent_path or subject.path)


def editable(_actor: Actor, subject: Subject) -> bool:
    """The figures may still be changed."""
    return subject.state in EDITABLE


def handed_in(_actor: Actor, subject: Subject) -> bool:
    """The unit has submitted."""
    return subject.state in HANDED_IN


def accepted(_actor: Actor, subject: Subject) -> bool:
    """The figures are accepted, and count."""
    return subject.state in COUNTED


def skip_level(_actor: Actor, subject: Subject) -> bool:
    """The collection lets every level above read at once what is submitted."""
    return subject.settings.skip_level


def above(actor: Actor, subject: Subject) -> bool:
    """A unit above, directly or further up."""
    return actor.place.path != subject.path and actor.place.covers(subject.path)


def entered_above(_actor: Actor, subject: Subject) -> bool:
    """The collection lets units above enter answers for those below."""
    return subject.settings.entered_above


def the_portal(actor: Actor, _subject: Subject) -> bool:
    """The portal itself: a job, or a command of the person at the machine."""
    return actor.user_id is None and not actor.roles


def insider(actor: Actor, _subject: Subject) -> bool:
    """Somebody of the unit (its auditor too), or the portal; not a partner, who stands outside the tree."""
    return actor.depth > 0


def partner(actor: Actor, _subject: Subject) -> bool:
    """A partner and nothing else."""
    return actor.depth == 0


def given_form(actor: Actor, subject: Subject) -> bool:
    """The form is one of those the actor was given, or none in particular is asked about."""
    return actor.forms is None or not subject.form or subject.form in actor.forms


def another_person(actor: Actor, subject: Subject) -> bool:
    """Nobody signs or decides on what they filled in, unless in their own bureau of one person."""
    alone = subject.settings.one_person and own_unit(actor, subject)
    return actor.user_id not in subject.filled_by or alone


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
orderer = role(Role.FILLER, Role.HEAD, Role.REVIEWER, Role.UNIT_ADMIN)

PERMISSIONS: dict[Permission, list[list[Predicate]]] = {
    Permission.SEE_UNIT: [[subtree]],
    Permission.SEE_PROGRESS: [[insider, subtree]],
    Permission.SEE_SUBMISSION: [[insider, subtree, given_form], [partner, subtree, given_form, accepted]],
    Permission.SEE_VALUES: [
        [insider, own_unit, given_form],
        [insider, superior, given_form, handed_in],
        [insider, subtree, given_form, handed_in, skip_level],
        [subtree, given_form, accepted],
    ],
    Permission.SEE_ORIGINS: [[insider, subtree, given_form]],  # who entered a figure and from where, once it is seen
    Permission.SEE_ROLLUP: [[subtree]],
    Permission.COMPARE_SIBLINGS: [[insider, own_unit]],
    Permission.SEE_EVENTS: [[insider, own_unit], [subtree, auditor], [subtree, reviewer]],
    Permission.AUDIT: [[subtree, unit_admin], [subtree, auditor], [subtree, system_admin]],
    Permission.AUDIT_PORTAL: [[system_admin]],
    Permission.EDIT_VALUES: [[own_unit, filler, editable]],
    Permission.EXPLAIN: [[own_unit, filler, editable]],
    Permission.ASSIGN_WORK: [[own_unit, filler], [own_unit, head], [own_unit, unit_admin]],
    Permission.DECIDE_EXPLANATION: [[superior, reviewer, handed_in, another_person]],
    Permission.UPLOAD: [[own_unit, filler]],
    Permission.ENTER_BELOW: [[above, filler, editable, entered_above]],  # 代报: into the draft, never beyond
    Permission.ORDER_FILES: [[own_unit, orderer]],  # templates and tables for all units below
    Permission.RECEIVE: [[own_unit, filler]],
    Permission.CHECK: [[own_unit, checker, another_person]],
    Permission.LEGAL_REVIEW: [[own_unit, legal_reviewer, another_person]],
    Permission.SIGN: [[own_unit, head, another_person]],
    Permission.SUBMIT: [[own_unit, submitter]],
    Permission.WITHDRAW: [[own_unit, submitter]],
    Permission.SEND_BACK: [[superior, reviewer, another_person]],
    Permission.ACCEPT: [[superior, reviewer, another_person]],
    Permission.REOPEN: [[superior, reviewer]],
    Permission.LOCK: [[superior, reviewer]],
    Permission.PUBLISH: [[own_unit, publisher]],
    Permission.SEE_COLLECTIONS: [[insider, own_unit]],
    Permission.SEND_DOWN: [[own_unit, reviewer], [own_unit, unit_admin], [own_unit, the_portal]],
    Permission.CHANGE_RULES: [[own_unit, reviewer], [own_unit, unit_admin]],  # of what one's unit sent down
    Permission.WAIVE_RULES: [[superior, reviewer]],
    Permission.ADJUST_ROLLUPS: [[subtree, reviewer], [subtree, unit_admin]],  # 冲抵、调整
    Permission.MANAGE_USERS: [[subtree, unit_admin], [system_admin]],
    Permission.MANAGE_SYSTEM_ADMINS: [[system_admin]],
    Permission.MANAGE_REFERENCE: [[system_admin]],
    Permission.REORGANISE: [[subtree, unit_admin], [subtree, system_admin], [subtree, the_portal]],  # what is below
    Permission.EDIT_FORMS: [[own_unit, top_unit, unit_admin], [own_unit, system_admin]],  # in a draft of one's own unit
    Permission.ADD_TO_FORMS: [[own_unit, unit_admin], [own_unit, the_portal]],  # for one's own subtree
    Permission.HOLD_KEYS: [[own_unit]],
}

_SEE = frozenset(
    {
        Permission.SEE_UNIT,
        Permission.SEE_PROGRESS,
        Permission.SEE_SUBMISSION,
        Permission.SEE_VALUES,
        Permission.SEE_ORIGINS,
        Permission.SEE_ROLLUP,
        Permission.COMPARE_SIBLINGS,
        Permission.SEE_EVENTS,
        Permission.SEE_COLLECTIONS,
    }
)

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
    return _key_allows(actor, permission) and _granted(actor, permission, subject, without=None)


def require(actor: Actor, permission: Permission, subject: Subject) -> None:
    """Stop unless `permits`.

    Raises:
        NotPermitted: the actor may not.
        SamePerson: the actor might, but filled in what is to be decided about.
    """
    if not permits(actor, permission, subject):
        raise SamePerson(permission) if is_same_person(actor, permission, subject) else NotPermitted(permission)


def is_same_person(actor: Actor, permission: Permission, subject: Subject) -> bool:
    """Whether nothing but having filled it in oneself stands in the way."""
    allowed = _key_allows(actor, permission) and _granted(actor, permission, subject, without=another_person)
    return allowed and not permits(actor, permission, subject)


def _key_allows(actor: Actor, permission: Permission) -> bool:
    return actor.key is None or permission in KEY_PERMISSIONS[actor.key.scope]


def _granted(actor: Actor, permission: Permission, subject: Subject, *, without: Predicate | None) -> bool:
    return any(all(holds(actor, subject) for holds in row if holds is not without) for row in PERMISSIONS[permission])
