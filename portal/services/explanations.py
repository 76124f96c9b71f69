"""Give a reason for a finding, and decide whether it is one.

Words are asked for, not a formula: a bare 核实无误 is refused.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import State, open_to
from portal.domain.policy import Actor, Permission, require
from portal.domain.reasons import sound_reason
from portal.domain.submissions import SubmissionKey
from portal.errors import Conflict, InvalidInput, InvalidMove, NotFound
from portal.models import Explanation, Submission
from portal.queries.figures import these
from portal.queries.findings import EXPLAINED, Decision, FindingKey, check_submission
from portal.queries.submissions import get_row, same_submission, subject_of, whole_subject_of
from portal.services import events, versions
from portal.services.stored_files import keep

REASON_CODES = ("policy", "business", "caliber", "late_data", "error_last_year", "other")
MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 1000
_EMPTY_WORDS = re.compile(
    r"(经|已|数据|情况|核对|核实|核查|属实|无误|正确|准确|真实|没有问题|如实|填报|确认|[\s，。,.；;！!、])*"
)


def explain(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    finding: FindingKey,
    reason_code: str,
    words: str,
) -> None:
    """Explain a finding, named by `Finding.key`; a second explanation replaces the first and what was decided about it.

    The file of the first stays (`attach`, `detach`).

    Raises:
        NotPermitted: the actor does not fill this submission, or it is handed in.
        InvalidInput: the reason is unknown, or the words say nothing.
        NotFound: there is no such finding that an explanation could answer.
    """
    row = get_row(session, actor, key, for_update=True)
    require(actor, Permission.EXPLAIN, subject_of(row))
    words = words.strip()
    _require_sense(reason_code, words)
    checked = check_submission(session, actor, key)
    if not any(each.key == finding and each.severity in EXPLAINED for each in checked.findings):
        raise NotFound("finding", ":".join(finding))
    versions.ensure_version(session, row)
    code, rule, indicator = finding
    before = _standing(session, row, finding)
    given = {"reason_code": reason_code, "words": words, "given_by": actor.name, "given_at": clock.now()}
    given |= dict.fromkeys(("decision", "decision_reason", "decided_by", "decided_at"))
    statement = insert(Explanation).values(
        root_id=row.root_id,
        period_code=row.period_code,
        form_code=row.form_code,
        unit_id=row.unit_id,
        unit_path=row.unit_path,
        version_number=row.version_number,
        finding_code=code,
        rule=rule,
        indicator=indicator,
        open_to=open_to(State.DRAFTING, versions.depth_of(row)),
        **given,
    )
    session.execute(statement.on_conflict_do_update(constraint="pk_explanation", set_=given))
    row.last_activity_at = clock.now()
    events.record(
        session,
        actor,
        "finding_explained",
        str(key),
        unit_code=key.unit,
        root_id=row.root_id,
        before=before,
        after={"finding": ":".join(finding), "reason_code": reason_code, "words": words},
    )


def attach(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    finding: FindingKey,
    filename: str,
    content: bytes,
    *,
    limit: int,
) -> None:
    """Put a file with an explanation of the draft, in place of the one that was there.

    Raises:
        NotPermitted: the actor does not fill this submission, or it is handed in.
        InvalidInput: the file is empty, larger than `limit` bytes, or of no kind that is taken in.
        NotFound: nobody explained such a finding.
    """
    row = get_row(session, actor, key, for_update=True)
    require(actor, Permission.EXPLAIN, subject_of(row))
    given = _get_given(session, row, finding)
    kept = keep(session, row, filename, content, limit=limit)
    given.filename, given.sha256 = kept.filename, kept.sha256
    _file_changed(session, actor, key, row, given, "evidence_added", after=kept._asdict())


def detach(session: Session, actor: Actor, key: SubmissionKey, finding: FindingKey) -> None:
    """Take the file away from an explanation of the draft; versions handed in with it keep it.

    Raises:
        NotPermitted: the actor does not fill this submission, or it is handed in.
        NotFound: nobody explained such a finding, or no file goes with it.
    """
    row = get_row(session, actor, key, for_update=True)
    require(actor, Permission.EXPLAIN, subject_of(row))
    given = _get_given(session, row, finding)
    if given.filename is None:
        raise NotFound("explanation_file", ":".join(finding))
    before = {"filename": given.filename, "sha256": given.sha256}
    given.filename = given.sha256 = None
    _file_changed(session, actor, key, row, given, "evidence_removed", before=before)


def _about(finding: FindingKey) -> ColumnElement[bool]:
    return tuple_(Explanation.finding_code, Explanation.rule, Explanation.indicator) == finding


def _get_given(session: Session, row: Submission, finding: FindingKey) -> Explanation:
    query = select(Explanation).where(
        *same_submission(Explanation, row), Explanation.version_number == row.version_number, _about(finding)
    )
    given = session.scalar(query.execution_options(populate_existing=True))
    if given is None:
        raise NotFound("explanation", ":".join(finding))
    return given


def _file_changed(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    given: Explanation,
    kind: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """What was accepted with another file is no longer accepted; what was refused is still to be explained anew."""
    if given.decision == Decision.ACCEPTED:
        given.decision = given.decision_reason = given.decided_by = given.decided_at = None
    row.last_activity_at = clock.now()
    session.flush()
    about = {"finding": f"{given.finding_code}:{given.rule}:{given.indicator}"}
    events.record(
        session,
        actor,
        kind,
        str(key),
        unit_code=key.unit,
        root_id=row.root_id,
        before=before and about | before,
        after=after and about | after,
    )


def decide(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    finding: FindingKey,
    decision: Decision,
    reason: str = "",
    seen: int | None = None,
) -> None:
    """Accept or refuse the explanation of a finding; until the submission is accepted, the last decision holds.

    What is refused has to be explained anew, or put right, before the submission is handed in again. `seen` is the
    submission's row version the actor looked at, if that matters.

    Raises:
        NotPermitted: the actor is not the superior's reviewer, or the submission is not handed in.
        SamePerson: the actor filled in what is explained.
        InvalidMove: the submission is accepted already.
        InvalidInput: a refusal gives no reason, or the reason is too long.
        NotFound: nobody explained such a finding.
        Conflict: the submission changed since it was looked at.
    """
    row = get_row(session, actor, key, for_update=True)
    require(actor, Permission.DECIDE_EXPLANATION, whole_subject_of(session, row))
    if State(row.state) is not State.SUBMITTED:
        raise InvalidMove("decide_explanation", row.state)
    if seen is not None and seen != row.row_version:
        raise Conflict("submission", key)
    reason = sound_reason(reason, MAXIMUM_LENGTH, required=decision is Decision.REFUSED)
    if not _decide(session, actor, [row], _about(finding), decision, reason):
        raise NotFound("explanation", ":".join(finding))
    events.record(
        session,
        actor,
        f"explanation_{decision}",
        str(key),
        unit_code=key.unit,
        root_id=row.root_id,
        after={"finding": ":".join(finding)} | ({"reason": reason} if reason else {}),
    )


def accept_undecided(session: Session, actor: Actor, rows: Sequence[Submission]) -> None:
    """Who accepts submissions accepts the explanations in them that were not decided one by one; of one collection."""
    _decide(session, actor, rows, Explanation.decision.is_(None), Decision.ACCEPTED, "")


def _decide(
    session: Session,
    actor: Actor,
    rows: Sequence[Submission],
    which: ColumnElement[bool],
    decision: Decision,
    reason: str,
) -> int:
    """Write the decision down; gives the number of explanations it is about."""
    statement = (
        update(Explanation)
        .where(*these(Submission, rows), *same_submission(Explanation, Submission), which)
        .where(Explanation.version_number == Submission.version_number)
        .values(decision=decision, decision_reason=reason or None, decided_by=actor.name, decided_at=clock.now())
        .returning(Explanation.indicator)
    )
    return len(session.scalars(statement).all())


def _standing(session: Session, row: Submission, finding: tuple[str, str, str]) -> dict[str, str]:
    """The explanation given before, if there is one."""
    query = select(Explanation.reason_code, Explanation.words).where(
        *same_submission(Explanation, row),
        Explanation.version_number == row.version_number,
        _about(finding),
    )
    found = session.execute(query).one_or_none()
    return {} if found is None else dict(found._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def _require_sense(reason_code: str, words: str) -> None:
    if reason_code not in REASON_CODES:
        raise InvalidInput("reason_code", "unknown", reason_code)
    if _EMPTY_WORDS.fullmatch(words):
        raise InvalidInput("words", "says_nothing", words)
    if len(words) < MINIMUM_LENGTH:
        raise InvalidInput("words", "too_short", words)
    if len(words) > MAXIMUM_LENGTH:
        raise InvalidInput("words", "too_long")
