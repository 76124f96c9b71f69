"""What is wrong with a submission now: checked afresh each time, because a finding follows from the figures."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.findings import Finding
from portal.domain.forms import Severity, Text
from portal.domain.policy import Actor
from portal.domain.rules import check
from portal.domain.submissions import SubmissionKey
from portal.models import Explanation
from portal.queries.submissions import SubmissionView, get_readable, get_row, same_submission

EXPLAINED = frozenset({Severity.CONSENT, Severity.EXPLAIN})
"""Severities that an explanation answers."""


@dataclass(frozen=True)
class ExplanationRow:
    """The reason given for a finding."""

    reason_code: str
    words: str
    given_by: str
    given_at: datetime


@dataclass(frozen=True)
class Checked:
    """A submission, its findings in form order, and the explanations given, by `Finding.key`."""

    view: SubmissionView
    findings: list[Finding]
    not_evaluated: list[tuple[str, Text]]
    explanations: dict[tuple[str, str, str], ExplanationRow]

    def stands_in_the_way(self, finding: Finding) -> bool:
        """Whether the submission cannot be handed in because of it."""
        if finding.severity is Severity.BLOCKING:
            return True
        return finding.severity in EXPLAINED and finding.key not in self.explanations

    @property
    def blocking(self) -> list[Finding]:
        """The findings that stand in the way of submitting."""
        return [finding for finding in self.findings if self.stands_in_the_way(finding)]


def check_submission(session: Session, actor: Actor, key: SubmissionKey) -> Checked:
    """Check the current version.

    Raises:
        NotFound: no such submission within the actor's reach.
        NotPermitted: the actor may not see its figures yet.
    """
    view = get_readable(session, actor, key)
    result = check(view.form, view.level, view.values, view.last_year)
    row = get_row(session, actor, key)
    query = select(Explanation).where(
        *same_submission(Explanation, row), Explanation.version_number == row.version_number
    )
    explanations = {
        (each.finding_code, each.rule, each.indicator): ExplanationRow(
            each.reason_code, each.words, each.given_by, each.given_at
        )
        for each in session.scalars(query)
    }
    return Checked(view, list(result.findings), list(result.not_evaluated), explanations)
