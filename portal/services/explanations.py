"""Give a reason for a finding. Words are asked for, not a formula: a bare 核实无误 is refused."""

import re

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.lifecycle import State, open_to
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import SubmissionKey
from portal.errors import InvalidInput, NotFound
from portal.models import Explanation
from portal.queries.findings import EXPLAINED, check_submission
from portal.queries.submissions import get_row, subject_of
from portal.services import events, versions

REASON_CODES = ("policy", "business", "caliber", "late_data", "error_last_year", "other")
MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 1000
_EMPTY_WORDS = re.compile(
    r"(经|已|数据|情况|核对|核实|核查|属实|无误|正确|准确|真实|没有问题|如实|填报|确认|[\s，。,.；;！!、])*"
)


def explain(
    session: Session, actor: Actor, key: SubmissionKey, finding: tuple[str, str, str], reason_code: str, words: str
) -> None:
    """Explain a finding, named by `Finding.key`; a second explanation replaces the first.

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
    given = {"reason_code": reason_code, "words": words, "given_by": actor.name, "given_at": clock.now()}
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
        after={"finding": ":".join(finding), "reason_code": reason_code, "words": words},
    )


def _require_sense(reason_code: str, words: str) -> None:
    if reason_code not in REASON_CODES:
        raise InvalidInput("reason_code", "unknown", reason_code)
    if _EMPTY_WORDS.fullmatch(words):
        raise InvalidInput("words", "says_nothing", words)
    if len(words) < MINIMUM_LENGTH:
        raise InvalidInput("words", "too_short", words)
    if len(words) > MAXIMUM_LENGTH:
        raise InvalidInput("words", "too_long")
