"""What a person may do with a submission now."""

from portal.domain.lifecycle import EDITABLE, MOVES, SIGN_OFFS, Action, State, missing_sign_offs
from portal.domain.policy import PERMISSION_OF, Actor, Permission, Subject, is_same_person, permits
from portal.queries.progress import ProgressRow
from portal.queries.submissions import SubmissionView


def may_edit(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may type figures now."""
    return view.task.exempt_reason is None and permits(actor, Permission.EDIT_VALUES, view.subject)


def may_explain(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may give explanations now."""
    return view.task.exempt_reason is None and permits(actor, Permission.EXPLAIN, view.subject)


def may_decide(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may decide about explanations now."""
    return view.state is State.SUBMITTED and permits(actor, Permission.DECIDE_EXPLANATION, view.subject)


def may_accept(actor: Actor, row: ProgressRow) -> bool:
    """Whether a submission in a list waits for the person's decision, as far as can be told without looking into it."""
    subject = Subject(row.unit.path, row.task.state, row.key.form)
    waits = row.task.state is State.SUBMITTED and row.task.exempt_reason is None
    return waits and permits(actor, Permission.ACCEPT, subject)


def may_waive(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may let the unit off a rule."""
    return permits(actor, Permission.WAIVE_RULES, view.subject)


def may_upload(actor: Actor, view: SubmissionView) -> bool:
    """Whether the person may bring in a workbook now."""
    open_now = view.task.exempt_reason is None and view.state in EDITABLE
    return open_now and permits(actor, Permission.UPLOAD, view.subject)


def open_actions(actor: Actor, view: SubmissionView) -> list[Action]:
    """The actions that the submission's state, its collection and the person's rights allow.

    Those asking for a reason come last.
    """
    if view.task.exempt_reason is not None:
        return []
    possible = [
        action
        for action, move in MOVES.items()
        if view.state in move.sources
        and not missing_sign_offs(view.state, action, view.subject.settings.sign_offs)
        and permits(actor, PERMISSION_OF[action], view.subject)
    ]
    return sorted(possible, key=lambda action: MOVES[action].needs_reason)


def withheld_actions(actor: Actor, view: SubmissionView) -> list[Action]:
    """The actions that would be the person's to take now, had they not filled in the figures themselves."""
    return [
        action
        for action, move in MOVES.items()
        if view.state in move.sources and is_same_person(actor, PERMISSION_OF[action], view.subject)
    ]


def sign_off_standing(view: SubmissionView) -> list[tuple[Action, bool]]:
    """The sign-offs that the collection demands before handing in, in their order, and whether each is given."""
    demanded = view.subject.settings.sign_offs
    missing = missing_sign_offs(view.state, Action.SUBMIT, demanded)
    return [(step, step not in missing) for step in SIGN_OFFS if step in demanded]
