"""Accept what units handed in: submissions of one collection, any number of them in a bounded number of statements."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.collections import CollectionKey
from portal.domain.lifecycle import State, open_to
from portal.domain.moves import REASON_LENGTH
from portal.domain.policy import Actor
from portal.domain.reasons import sound_reason
from portal.domain.submissions import SubmissionKey
from portal.errors import PortalError
from portal.models import Submission
from portal.queries.acceptable import get_rows, obstacles
from portal.queries.figures import these
from portal.services import events, explanations, versions
from portal.services.collections import hold_settings
from portal.services.observing import observe


@dataclass(frozen=True)
class Verdict:
    """What became of a unit's submission: it is accepted, or `refusal` says why it was left as it is."""

    unit: str
    refusal: PortalError | None


def accept(
    session: Session, actor: Actor, key: CollectionKey, seen: Mapping[str, int | None], *, reason: str = ""
) -> list[Verdict]:
    """Accept the submissions of some units, and leave those alone that cannot be accepted; gives what became of each.

    Nobody else can accept, reopen or change one of them until the commit. Explanations that nobody decided about are
    accepted together with the submission.

    Args:
        session: the transaction.
        actor: who accepts.
        key: the collection.
        seen: by unit code, the submission's row version that the actor looked at; None: that does not matter.
        reason: in the actor's words, if there is anything to say.

    Raises:
        InvalidInput: the reason is too long.
    """
    hold_settings(session, key)
    rows = get_rows(session, actor, key, list(seen), for_update=True)
    refusals = obstacles(session, actor, key, rows, seen)
    accepted = {code: row for code, row in rows.items() if code not in refusals}
    reason = sound_reason(reason, REASON_LENGTH, required=False)
    if accepted:
        _accept(session, actor, key, accepted, {"reason": reason} if reason else {})
    return [Verdict(code, refusals.get(code)) for code in seen]


def _accept(
    session: Session, actor: Actor, key: CollectionKey, accepted: Mapping[str, Submission], said: dict[str, str]
) -> None:
    rows = list(accepted.values())
    explanations.accept_undecided(session, actor, rows)
    now = clock.now()
    session.execute(
        update(Submission)
        .where(*these(Submission, rows))
        .values(
            state=State.ACCEPTED,
            accepted_at=now,
            returned_reason=None,
            last_activity_at=now,
            row_version=Submission.row_version + 1,
        ),
        execution_options={"synchronize_session": "fetch"},
    )
    versions.show(session, rows, open_to(State.ACCEPTED, 0))
    observe(session, rows)
    for code, row in accepted.items():
        events.record(
            session,
            actor,
            "submission_accepted",
            str(SubmissionKey(code, key.period, key.form)),
            unit_code=code,
            root_id=row.root_id,
            before={"state": State.SUBMITTED},
            after={"state": State.ACCEPTED, "version": row.version_number} | said,
        )
