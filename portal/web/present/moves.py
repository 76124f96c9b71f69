"""What a person may do with a submission now."""

from portal.domain.lifecycle import EDITABLE, MOVES, Action
from portal.domain.policy import PERMISSION_OF, Actor, Permission, Subject, permits
from portal.queries.submissions import SubmissionView


def subject(view: SubmissionView) -> Subject:
    """What rights are asked about."""
    return Subject(view.unit.path, view.state)


def may_edit(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may type figures now."""
    return view.task.exempt_reason is None and permits(actor, Permission.EDIT_VALUES, subject(view))


def may_explain(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may give explanations now."""
    return view.task.exempt_reason is None and permits(actor, Permission.EXPLAIN, subject(view))


def may_upload(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may bring in a workbook now."""
    open_now = view.task.exempt_reason is None and view.state in EDITABLE
    return open_now and permits(actor, Permission.UPLOAD, subject(view))


def open_actions(actor: Actor, view: SubmissionView) -> list[Action]:
    """The actions that both the submission's state and the person's rights allow; those asking for a reason last."""
    if view.task.exempt_reason is not None:
        return []
    possible = [
        action
        for action, move in MOVES.items()
        if view.state in move.sources and permits(actor, PERMISSION_OF[action], subject(view))
    ]
    return sorted(possible, key=lambda action: MOVES[action].needs_reason)
