"""Try a form out on figures that were accepted: what would its checks have found?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.domain.findings import Finding
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import COUNTED, State
from portal.domain.mapping import carried_over
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, permits, require
from portal.domain.rules import check
from portal.domain.units import Level
from portal.models import Submission
from portal.queries.earlier import earlier_values
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import key_of, typed_figures
from portal.queries.forms import find_form, way_to
from portal.queries.surroundings import surroundings

MOST_UNITS = 500
"""Submissions tried at most; each is checked as a whole while the person waits."""

REQUIRED = "required"
"""Code of the finding for an empty cell: nobody could fill in last year what is asked only now."""


@dataclass(frozen=True)
class RuleTrial:
    """What one rule, or one of the checks that hold for every form, found; `example` is the first of it."""

    example: Finding
    units: int


@dataclass(frozen=True)
class Trial:
    """What a form's checks found in a period's accepted figures.

    Attributes:
        period: None if nothing was ever accepted.
        periods: from which to choose, newest first.
        units: submissions that were tried.
        of: accepted submissions.
        found: the most frequent first.
        not_evaluated: at how many units a rule could not be evaluated, by rule.
    """

    period: Period | None
    periods: list[Period]
    units: int = 0
    of: int = 0
    found: Sequence[RuleTrial] = ()
    not_evaluated: Sequence[tuple[str, int]] = ()


def try_form(session: Session, actor: Actor, form: FormVersion, period: Period | None = None) -> Trial:
    """Check accepted figures of the actor's unit and all below it against a form, whether it is published or not.

    Raises:
        NotPermitted: the actor edits no forms, or adds nothing to any.
    """
    may = Permission.ADD_TO_FORMS if form.additions else Permission.EDIT_FORMS
    require(actor, may, Subject(actor.place.path))
    accepted = (
        Submission.root_id == actor.place.root_id,
        Submission.form_code == form.code,
        Submission.state.in_(COUNTED),
    )
    codes = select(Submission.period_code).where(*accepted).distinct()
    periods = sorted((Period.parse(code) for code in session.scalars(codes)), key=lambda p: p.ends_on, reverse=True)
    if not periods:
        return Trial(None, [])
    chosen = period if period in periods else periods[0]
    here = (*accepted, Submission.period_code == str(chosen))
    total = session.scalar(select(func.count()).select_from(Submission).where(*here)) or 0
    query = select(Submission).where(*here).order_by(Submission.unit_path).limit(MOST_UNITS)
    rows = [row for row in session.scalars(query) if permits(actor, Permission.SEE_VALUES, _subject(row))]
    found, silent = _check(session, form, rows)
    return Trial(chosen, periods, len(rows), total, found, sorted(silent.items(), key=lambda each: (-each[1], each[0])))


def _subject(row: Submission) -> Subject:
    return Subject(row.unit_path, State(row.state), row.form_code)


def _check(session: Session, form: FormVersion, rows: Sequence[Submission]) -> tuple[list[RuleTrial], Counter[str]]:
    """What was decided about rules of the published version does not count: the draft is tried as it stands.

    It is tried as the version it would become, whatever number it says.
    """
    newest = find_form(session, form.code)
    form = replace(form, number=newest.number + 1 if newest else 1)
    typed = typed_figures(session, rows)
    forms = answered_forms(session, rows) if rows else {}
    ways = {id(each): way_to(session, form, each) for each in forms.values()}
    earlier = earlier_values(session, {key_of(row): form for row in rows})
    around = surroundings(session, rows, form)
    times: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], Finding] = {}
    silent: Counter[str] = Counter()
    for row in rows:
        key = key_of(row)
        carried = carried_over(ways[id(forms[key])], typed[key])
        values = {code: value for code, value in carried.items() if code in form.by_code}
        bare = replace(around[key], changes={}, waivers={})
        result = check(form, Level(row.level), values, earlier[key].last_year, earlier[key].previous, bare)
        for finding in result.findings:
            if finding.code != REQUIRED:
                times[finding.key] += 1
                examples.setdefault(finding.key, finding)
        silent.update({each.rule for each in result.not_evaluated})
    return [RuleTrial(examples[key], count) for key, count in times.most_common()], silent
