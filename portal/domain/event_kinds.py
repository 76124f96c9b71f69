"""Every kind of event that the portal records: what it is about, and whether it is the unit's own affair."""

from dataclasses import dataclass
from enum import StrEnum


class EventGroup(StrEnum):
    """What an event is about."""

    FIGURES = "figures"
    PROGRESS = "progress"
    FILES = "files"
    SIGN_IN = "sign_in"
    PEOPLE = "people"
    REFERENCE = "reference"


SUBMISSION_GROUPS = frozenset({EventGroup.FIGURES, EventGroup.PROGRESS, EventGroup.FILES})
"""What everybody of a unit may know of it; the rest is for its administrators and auditors."""


@dataclass(frozen=True)
class EventKind:
    """A kind of event.

    Attributes:
        private: only the unit itself ever reads it, because it tells what is in a draft. The database holds to that.
    """

    group: EventGroup
    private: bool = False


_DRAFT = EventKind(EventGroup.FIGURES, private=True)
_PROGRESS = EventKind(EventGroup.PROGRESS)
_FILE = EventKind(EventGroup.FILES)
_SIGN_IN = EventKind(EventGroup.SIGN_IN)
_PEOPLE = EventKind(EventGroup.PEOPLE)
_REFERENCE = EventKind(EventGroup.REFERENCE)

ENTRY_MADE, ENTRY_WITHDRAWN = "rollup_entry_made", "rollup_entry_withdrawn"

KINDS: dict[str, EventKind] = {
    "values_changed": _DRAFT,
    "file_uploaded": _DRAFT,
    "upload_examined": _DRAFT,
    "upload_failed": _DRAFT,
    "upload_applied": _DRAFT,
    "layout_confirmed": _DRAFT,
    "values_entered_above": _DRAFT,
    "finding_explained": _DRAFT,
    "list_changed": _DRAFT,
    "text_changed": _DRAFT,
    "evidence_added": _DRAFT,
    "evidence_removed": _DRAFT,
    "work_assigned": _DRAFT,
    "submission_received": _PROGRESS,
    "submission_checked": _PROGRESS,
    "submission_legally_reviewed": _PROGRESS,
    "submission_signed": _PROGRESS,
    "submission_submitted": _PROGRESS,
    "submission_withdrawn": _PROGRESS,
    "submission_sent_back": _PROGRESS,
    "submission_accepted": _PROGRESS,
    "submission_reopened": _PROGRESS,
    "submission_locked": _PROGRESS,
    "submission_published": _PROGRESS,
    "submission_due_changed": _PROGRESS,
    "submission_exempted": _PROGRESS,
    "submission_included": _PROGRESS,
    "submission_unsigned": _PROGRESS,
    "collection_sent_down": _PROGRESS,
    "collection_changed": _PROGRESS,
    "addition_joined": _PROGRESS,
    "rule_changed": _PROGRESS,
    "rule_waived": _PROGRESS,
    "waiver_ended": _PROGRESS,
    "explanation_accepted": _PROGRESS,
    "explanation_refused": _PROGRESS,
    ENTRY_MADE: _PROGRESS,
    ENTRY_WITHDRAWN: _PROGRESS,
    "rollups_rebuilt": _PROGRESS,
    "demo_loaded": _PROGRESS,
    "file_downloaded": _FILE,
    "list_exported": _FILE,
    "batch_ordered": _FILE,
    "batch_cancelled": _FILE,
    "batch_ended": _FILE,
    "signed_in": _SIGN_IN,
    "sign_in_failed": _SIGN_IN,
    "signed_out": _SIGN_IN,
    "account_locked": _SIGN_IN,
    "account_unlocked": _SIGN_IN,
    "password_changed": _SIGN_IN,
    "password_reset": _SIGN_IN,
    "sessions_ended": _SIGN_IN,
    "second_factor_enabled": _SIGN_IN,
    "second_factor_disabled": _SIGN_IN,
    "second_factor_reset": _SIGN_IN,
    "second_factor_failed": _SIGN_IN,
    "recovery_codes_made": _SIGN_IN,
    "recovery_code_used": _SIGN_IN,
    "key_made": _SIGN_IN,
    "keys_revoked": _SIGN_IN,
    "key_refused": _SIGN_IN,
    "person_added": _PEOPLE,
    "person_changed": _PEOPLE,
    "account_switched_off": _PEOPLE,
    "account_switched_on": _PEOPLE,
    "role_granted": _PEOPLE,
    "role_ended": _PEOPLE,
    "deputy_named": _PEOPLE,
    "screens_changed": _PEOPLE,
    "form_draft_begun": _REFERENCE,
    "form_draft_saved": _REFERENCE,
    "form_draft_dropped": _REFERENCE,
    "form_published": _REFERENCE,
    "addition_published": _REFERENCE,
    "units_imported": _REFERENCE,
    "reorganisation_described": _REFERENCE,
    "reorganisation_dropped": _REFERENCE,
    "reorganisation_applied": _REFERENCE,
    "reorganisation_undone": _REFERENCE,
    "reorganisation_published": _REFERENCE,
    "database_backed_up": _REFERENCE,
    "database_restored": _REFERENCE,
}
"""By the name that stands in the event; past tense."""


def is_private(kind: str) -> bool:
    """Whether only the unit itself reads events of this kind; one that is not known is."""
    return kind not in KINDS or KINDS[kind].private


def kinds_of(groups: frozenset[EventGroup]) -> list[str]:
    """The kinds about any of these."""
    return [name for name, kind in KINDS.items() if kind.group in groups]
