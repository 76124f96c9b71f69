"""What is wrong with a submission now: checked afresh each time, because a finding follows from the figures."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from portal.domain.bases import as_accepted
from portal.domain.entry_checks import unwritten
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Severity, Text
from portal.domain.policy import Actor, Permission, require
from portal.domain.rules import check
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level
from portal.errors import NotFound
from portal.models import Explanation, StoredFile, Submission
from portal.queries.bases import kept_bases
from portal.queries.earlier import earlier_values
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, key_of, typed_figures
from portal.queries.report import passages_of
from portal.queries.submissions import SubmissionView, get_row, same_submission, view_of, whole_subject_of
from portal.queries.surroundings import surroundings, with_peers

EXPLAINED = frozenset({Severity.CONSENT, Severity.EXPLAIN})
"""Severities that an explanation answers."""


class Decision(StrEnum):
    """What the superior makes of an explanation."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


FindingKey = tuple[str, str, str]
"""`Finding.key`: what an explanation refers to."""


@dataclass(frozen=True)
class ExplanationRow:
    """The reason given for a finding, and what the superior decided about it.

    Attributes:
        filename: of the attached file, if there is one.
        sha256: of its bytes.
        decision: accepted or refused; None: not decided yet.
        decision_reason: why, in the reviewer's words.
    """

    reason_code: str
    words: str
    given_by: str
    given_at: datetime
    filename: str | None = None
    sha256: str | None = None
    decision: Decision | None = None
    decision_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Examined:
    """A submission, and its findings in form order."""

    view: SubmissionView
    findings: list[Finding]
    not_evaluated: list[tuple[str, Text]]


@dataclass(frozen=True)
class Checked(Examined):
    """The same with the explanations given, by `Finding.key`.

    Attributes:
        last_year: the explanations with which a year ago's answer was accepted.
    """

    explanations: dict[FindingKey, ExplanationRow]
    last_year: dict[FindingKey, ExplanationRow] = field(default_factory=dict)

    def stands_in_the_way(self, finding: Finding) -> bool:
        """Whether the submission cannot be handed in because of it."""
        if finding.severity is Severity.BLOCKING:
            return True
        if finding.severity not in EXPLAINED:
            return False
        explanation = self.explanations.get(finding.key)
        return explanation is None or explanation.decision is Decision.REFUSED

    @property
    def blocking(self) -> list[Finding]:
        """The findings that stand in the way of submitting."""
        return [finding for finding in self.findings if self.stands_in_the_way(finding)]

    @property
    def refused(self) -> list[Finding]:
        """The findings whose explanations the superior refused: they stand in the way of accepting."""
        return [
            finding
            for finding in self.findings
            if (given := self.explanations.get(finding.key)) and given.decision is Decision.REFUSED
        ]


def check_submission(session: Session, actor: Actor, key: SubmissionKey) -> Checked:
    """Check the current version.

    Raises:
        NotFound: no such submission within the actor's reach.
        NotPermitted: the actor may not see its figures yet, or nothing but the figures.
    """
    row = get_row(session, actor, key)
    seen = examine(session, actor, key, row)
    given = _explanations(session, row, key.last_year)
    return Checked(
        seen.view,
        [*seen.findings, *_about_the_text(session, row, seen.view.form)],
        seen.not_evaluated,
        given[row.period_code],
        given[str(key.period.last_year)] if seen.view.last_year else {},
    )


def examine(
    session: Session, actor: Actor, key: SubmissionKey, row: Submission, form: FormVersion | None = None
) -> Examined:
    """The same without explanations, of a row (`get_row`) and the form that it answers, if that was read too.

    Raises:
        NotPermitted: the actor may not see its figures yet, or nothing but the figures.
    """
    view = view_of(session, actor, key, row, form=form)
    require(actor, Permission.SEE_VALUES, view.subject)
    require(actor, Permission.SEE_ORIGINS, view.subject)
    around = with_peers(session, [row], view.form, {key_of(row): view.around})[key_of(row)]
    result = check(view.form, view.level, view.values, view.last_year, view.earlier.previous, around)
    return Examined(view, list(result.findings), list(result.not_evaluated))


def findings_of(session: Session, rows: Sequence[Submission]) -> dict[Key, list[Finding]]:
    """What is found in the figures of handed-in submissions of one collection, which the actor is known to see.

    Their texts were complete when they were handed in. The number of statements depends on that of different forms
    they answer, with what was added to each.
    """
    forms = answered_forms(session, rows)
    earlier = earlier_values(session, forms)
    typed, bases = typed_figures(session, rows), kept_bases(session, rows, forms)
    together: defaultdict[int, list[Submission]] = defaultdict(list)
    for row in rows:
        together[id(forms[key_of(row)])].append(row)
    found: dict[Key, list[Finding]] = {}
    for some in together.values():
        form = forms[key_of(some[0])]
        around = with_peers(session, some, form, surroundings(session, some, form))
        for key, level in ((key_of(row), Level(row.level)) for row in some):
            before = earlier[key]
            last_year, previous = before.last_year, before.previous
            values = as_accepted(bases.get(key), form, level, typed[key], last_year, previous, around[key])
            found[key] = list(check(form, level, values, last_year, previous, around[key]).findings)
    return found


def _about_the_text(session: Session, row: Submission, form: FormVersion) -> list[Finding]:
    if not any(section.required for section in form.outline):
        return []
    written = {code for code, passage in passages_of(session, row).items() if passage.words}
    missing = unwritten(form, written)
    return [missing] if missing else []


def explanation_file(session: Session, actor: Actor, key: SubmissionKey, finding: FindingKey) -> tuple[str, bytes]:
    """Name and bytes of the file attached to an explanation of the current version.

    Raises:
        NotFound: there is none, or not within the actor's reach.
        NotPermitted: the actor may not see the figures yet, or nothing but the figures.
    """
    row = get_row(session, actor, key)
    subject = whole_subject_of(session, row)
    require(actor, Permission.SEE_VALUES, subject)
    require(actor, Permission.SEE_ORIGINS, subject)
    query = (
        select(Explanation.filename, StoredFile.content)
        .join(
            StoredFile,
            (StoredFile.root_id == Explanation.root_id)
            & (StoredFile.unit_id == Explanation.unit_id)
            & (StoredFile.sha256 == Explanation.sha256),
        )
        .where(*same_submission(Explanation, row), Explanation.version_number == row.version_number)
        .where(tuple_(Explanation.finding_code, Explanation.rule, Explanation.indicator) == finding)
    )
    for filename, content in session.execute(query):
        return str(filename), content
    raise NotFound("explanation_file", ":".join(finding))


def _explanations(
    session: Session, row: Submission, last_year: SubmissionKey
) -> defaultdict[str, dict[FindingKey, ExplanationRow]]:
    """The explanations in the current versions of this period's and last year's answer, by period."""
    query = (
        select(Explanation)
        .join(
            Submission,
            and_(*same_submission(Explanation, Submission), Explanation.version_number == Submission.version_number),
        )
        .where(
            Explanation.root_id == row.root_id,
            Explanation.form_code == row.form_code,
            Explanation.unit_id == row.unit_id,
            Explanation.period_code.in_([row.period_code, str(last_year.period)]),
        )
    )
    found: defaultdict[str, dict[FindingKey, ExplanationRow]] = defaultdict(dict)
    for each in session.scalars(query):
        found[each.period_code][each.finding_code, each.rule, each.indicator] = ExplanationRow(
            each.reason_code,
            each.words,
            each.given_by,
            each.given_at,
            each.filename,
            each.sha256,
            None if each.decision is None else Decision(each.decision),
            each.decision_reason,
            each.decided_by,
            each.decided_at,
        )
    return found
