"""Which of the submissions handed in a reviewer may accept now, and what stands in the way of the others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import and_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.domain.collections import CollectionKey
from portal.domain.findings import Finding
from portal.domain.lifecycle import COUNTED, Action, State
from portal.domain.moves import step
from portal.domain.policy import Actor, Permission, permits
from portal.domain.submissions import SubmissionKey
from portal.errors import Blocked, Conflict, InvalidMove, NotFound, PortalError
from portal.models import Explanation, Submission, Unit
from portal.queries.collections import settings_of
from portal.queries.figures import Key, key_of, these
from portal.queries.fillers import fillers_of, possibly_filled_by
from portal.queries.findings import Decision, FindingKey, findings_of
from portal.queries.submissions import same_submission, subject_of

_ROWS = (
    select(Unit.code, Submission)
    .join(Unit, Unit.id == Submission.unit_id)
    .where(Unit.code == bindparam("units", type_=ARRAY(Unit.code.type)).any_(), Submission.root_id == Unit.root_id)
    .where(Submission.period_code == bindparam("period"), Submission.form_code == bindparam("form"))
    .order_by(Submission.unit_id)
    .execution_options(populate_existing=True)
)
_ROWS_TO_CHANGE = _ROWS.with_for_update(of=Submission)


@dataclass(frozen=True)
class Waiting:
    """What a reviewer is to know before accepting a submission.

    Attributes:
        row_version: of the submission as it is told here.
        refusal: why it cannot be accepted now; then nothing is told of what is found.
        findings: what is found in it.
        undecided: explanations that nobody decided about, of what is found.
    """

    key: SubmissionKey
    row_version: int
    refusal: PortalError | None
    findings: Sequence[Finding] = ()
    undecided: int = 0

    @property
    def accepted(self) -> bool:
        """Whether it is accepted already."""
        return isinstance(self.refusal, InvalidMove) and self.refusal.state in COUNTED


Explained = dict[Decision | None, set[FindingKey]]
"""What was explained in a submission, by what was decided about it; None: nothing yet."""


def get_rows(
    session: Session, actor: Actor, key: CollectionKey, units: Sequence[str], *, for_update: bool = False
) -> dict[str, Submission]:
    """The rows of these units' submissions that the actor may know of, by code; locked in the units' order if asked."""
    # As `submissions.get_row` does: rows are locked only for those who may write them.
    query = _ROWS_TO_CHANGE if for_update and actor.writes else _ROWS
    asked = {"units": list(units), "period": str(key.period), "form": key.form}
    found = session.execute(query, asked)
    return {code: row for code, row in found if permits(actor, Permission.SEE_SUBMISSION, subject_of(row))}


def obstacles(
    session: Session,
    actor: Actor,
    key: CollectionKey,
    rows: Mapping[str, Submission],
    seen: Mapping[str, int | None],
) -> dict[str, PortalError]:
    """What stands in the way of accepting, by unit code; units that nothing stands in the way of are left out.

    Args:
        session: the transaction.
        actor: who would accept.
        key: the collection.
        rows: as `get_rows` gives them.
        seen: the units asked about, each with the row version that the actor looked at; None: that does not matter.
    """
    found = _moves_refused(session, actor, key, rows, seen)
    open_ = {code: row for code, row in rows.items() if code in seen and code not in found}
    given = explained(session, list(open_.values()))
    some = {code: row for code, row in open_.items() if given[key_of(row)].get(Decision.REFUSED)}
    findings = findings_of(session, list(some.values())) if some else {}
    return found | _explanations_refused(some, given, findings)


def list_waiting(session: Session, actor: Actor, key: CollectionKey, seen: Mapping[str, int | None]) -> list[Waiting]:
    """What is to be known of submissions, by `seen` as `obstacles` takes it, before they are accepted."""
    rows = get_rows(session, actor, key, list(seen))
    refusals = _moves_refused(session, actor, key, rows, seen)
    open_ = {code: row for code, row in rows.items() if code not in refusals}
    given = explained(session, list(open_.values()))
    findings = findings_of(session, list(open_.values()))
    refusals |= _explanations_refused(open_, given, findings)
    told = []
    for code in seen:
        name = SubmissionKey(code, key.period, key.form)
        if code in refusals:
            told.append(Waiting(name, seen[code] or 0, refusals[code]))
        else:
            place, version = key_of(rows[code]), rows[code].row_version
            undecided = sum(each.key in given[place].get(None, ()) for each in findings[place])
            told.append(Waiting(name, version, None, findings[place], undecided))
    return told


def explained(session: Session, rows: Sequence[Submission]) -> dict[Key, Explained]:
    """What was explained in the current versions of submissions of one collection."""
    found: dict[Key, Explained] = {key_of(row): defaultdict(set) for row in rows}
    if not rows:
        return found
    query = (
        select(Explanation)
        .join(
            Submission,
            and_(*same_submission(Explanation, Submission), Explanation.version_number == Submission.version_number),
        )
        .where(*these(Submission, rows))
    )
    for each in session.scalars(query.execution_options(populate_existing=True)):
        decision = None if each.decision is None else Decision(each.decision)
        place = (each.root_id, each.period_code, each.form_code, each.unit_id)
        found[place][decision].add((each.finding_code, each.rule, each.indicator))
    return found


def _moves_refused(
    session: Session,
    actor: Actor,
    key: CollectionKey,
    rows: Mapping[str, Submission],
    seen: Mapping[str, int | None],
) -> dict[str, PortalError]:
    """Which of them are not this actor's to accept, or not in this state, or not as they were looked at."""
    found: dict[str, PortalError] = {}
    if rows:
        settings = settings_of(session, actor.place.root_id, key)
        fillers = fillers_of(session, possibly_filled_by(session, actor.user_id, list(rows.values())))
    for code, version in seen.items():
        name = SubmissionKey(code, key.period, key.form)
        try:
            if code not in rows:
                raise NotFound("submission", name)
            row = rows[code]
            subject = replace(subject_of(row), settings=settings, filled_by=fillers.get(key_of(row), frozenset()))
            step(actor, Action.ACCEPT, subject, State(row.state), exempt=row.exempt_reason is not None)
            if version not in {None, row.row_version}:
                raise Conflict("submission", name)
        except PortalError as error:
            found[code] = error
    return found


def _explanations_refused(
    rows: Mapping[str, Submission], given: Mapping[Key, Explained], findings: Mapping[Key, Sequence[Finding]]
) -> dict[str, PortalError]:
    """Nothing is accepted while the explanation of something that is still found stands refused."""
    counts = {
        code: sum(each.key in given[key_of(row)].get(Decision.REFUSED, ()) for each in findings[key_of(row)])
        for code, row in rows.items()
    }
    return {code: Blocked(count) for code, count in counts.items() if count}
