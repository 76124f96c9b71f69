"""Write a province's made-up reports of one period into the database, as a whole or not at all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select, text, update
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Base, transaction
from portal.demo.additions import with_answers
from portal.demo.courses import collection_days, course_of, read_plan
from portal.demo.figures import PeriodFigures
from portal.demo.filings import Filing
from portal.demo.people import username
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import COUNTED
from portal.domain.periods import Period
from portal.domain.policy import Actor, Role
from portal.models import Collection, Explanation, Submission, SubmissionVersion
from portal.queries.effective_forms import answered_forms
from portal.queries.units import UnitRow
from portal.services import collections, events
from portal.services.expecting import count_expected
from portal.services.observing import observe
from portal.services.value_rows import put_values


@dataclass(frozen=True)
class Province:
    """A top unit, and all that is needed to load reports of its tree.

    Attributes:
        actor: the portal itself, acting within the top unit.
        units: those the form addresses, in any of the years.
        user_ids: by user name.
    """

    form: FormVersion
    actor: Actor
    units: Sequence[UnitRow]
    user_ids: Mapping[str, int]


Figures = Mapping[str, PeriodFigures]
"""Of one period, by unit code."""


def list_loaded(province: Province) -> set[Period]:
    """The periods for which the form was sent down in the province already."""
    with transaction(province.actor) as session:
        query = select(Collection.period_code).where(
            Collection.root_id == province.actor.place.root_id, Collection.form_code == province.form.code
        )
        return {Period.parse(code) for code in session.scalars(query)}


def load_period(province: Province, period: Period, figures: Figures) -> None:
    """Send the form down for a period, and let every unit be as far with it as its course says.

    Args:
        province: whose units report.
        period: which.
        figures: what they report.
    """
    with transaction(province.actor) as session:
        opens_on, due_on = collection_days(period, clock.today())
        form, actor = province.form, province.actor
        sent = collections.send_down(session, actor, form, period, opens_on=opens_on, due_on=due_on, demo=True)
        asked = _asked(session, actor, form, period)
        filings = [
            _filing(replace(province, form=asked[unit.id]), unit, figures[unit.code])
            for unit in sent
            if unit.code in figures
        ]
        session.execute(update(Submission), [filing.submission() for filing in filings])
        count_expected(session, actor.place.root_id, str(period))
        _insert(session, SubmissionVersion, (row for filing in filings for row in filing.versions))
        put_values(session, [answers for filing in filings for answers in filing.answers()])
        _insert(session, Explanation, (row for filing in filings for row in filing.explanations()))
        accepted = session.scalars(_collected(actor, form, period).where(Submission.state.in_(COUNTED))).all()
        if accepted:
            observe(session, accepted)
        _record(session, actor, filings)


def _asked(session: Session, actor: Actor, form: FormVersion, period: Period) -> dict[int, FormVersion]:
    """The form as each unit was sent it, by unit id."""
    answered = answered_forms(session, session.scalars(_collected(actor, form, period)).all())
    return {unit_id: its_form for (_root, _period, _form, unit_id), its_form in answered.items()}


def _collected(actor: Actor, form: FormVersion, period: Period) -> Select[Submission]:
    """The submissions of the period, as they stand now."""
    return (
        select(Submission)
        .where(Submission.root_id == actor.place.root_id, Submission.period_code == str(period))
        .where(Submission.form_code == form.code)
        .execution_options(populate_existing=True)
    )


def _filing(province: Province, unit: UnitRow, figures: PeriodFigures) -> Filing:
    course = course_of(unit.code, unit.level, figures.period, clock.today(), seed=figures.published)
    correction = read_plan().correction
    if correction.code not in province.form.by_code and course.state in COUNTED:
        course = replace(course, returned=None)  # what was put right is of another form
    figures = with_answers(figures, province.form, unit.code, unit.level)
    user_id = province.user_ids.get(username(unit.code, Role.FILLER))
    return Filing(province.form, unit, figures, course, correction, user_id)


def _insert(session: Session, table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows by one statement, handed over as JSON, because a statement for each row keeps this side busy.

    COPY would do as well, but PostgreSQL refuses it on tables with row-level security; Citus tries it, unless there is
    something to do on a conflict.
    """
    name = table.__tablename__
    rows_of_json = f"select * from json_populate_recordset(null::{name}, cast(:rows as json))"
    session.execute(
        text(f"insert into {name} {rows_of_json} on conflict do nothing"),
        {"rows": json.dumps(list(rows), default=str, ensure_ascii=False)},
    )


def _record(session: Session, actor: Actor, filings: Sequence[Filing]) -> None:
    for filing in filings:
        events.record(
            session,
            actor,
            "demo_loaded",
            str(filing.key),
            unit_code=filing.unit.code,
            root_id=filing.unit.root_id,
            after={"state": filing.course.state, "version": filing.course.version},
        )
