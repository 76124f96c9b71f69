"""What one figure was: every change of it in this report, and what was accepted in the years before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import cast, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from portal.domain.bases import as_accepted
from portal.domain.lifecycle import COUNTED
from portal.domain.mapping import terms, value_across
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import SubmissionKey
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import MISSING, Value
from portal.models import Event, Submission
from portal.queries.bases import kept_bases
from portal.queries.effective_forms import answered_forms, form_of
from portal.queries.events import EventRow, event_of
from portal.queries.figures import key_of, typed_figures
from portal.queries.forms import way_to
from portal.queries.list_rows import lists_of
from portal.queries.submissions import get_row, whole_subject_of

YEARS = 5
CHANGES = 30


@dataclass(frozen=True)
class CellHistory:
    """The past of one figure.

    Attributes:
        changes: events in which it changed, newest first; those of drafts only for the unit itself.
        earlier: what was accepted, by period, newest first; None where the form asked nothing comparable.
    """

    code: str
    changes: list[EventRow]
    earlier: Mapping[str, Value | None]

    def before(self, event: EventRow) -> Any:
        """What stood there before the change, as the record shows it; None: nothing."""
        return event.before.get(self.code)

    def after(self, event: EventRow) -> Any:
        """What stood there from then on."""
        return event.after.get(self.code)


def get_cell_history(session: Session, actor: Actor, key: SubmissionKey, code: str) -> CellHistory:
    """The past of a figure.

    Raises:
        NotFound: no such submission within the actor's reach.
        NotPermitted: the actor may not see its figures yet, or nothing but the figures.
    """
    row = get_row(session, actor, key)
    subject = whole_subject_of(session, row)
    require(actor, Permission.SEE_VALUES, subject)
    require(actor, Permission.SEE_ORIGINS, subject)
    body = cast(Event.body, JSONB)
    changes = (
        select(Event)
        .where(Event.root_id == row.root_id, Event.subject == str(key))
        .where(body["kind"].astext == "values_changed")
        .where(or_(body["after"].has_key(code), body["before"].has_key(code)))
        .order_by(Event.number.desc())
        .limit(CHANGES)
    )
    return CellHistory(code, [event_of(each) for each in session.scalars(changes)], _accepted(session, row, code))


def _accepted(session: Session, row: Submission, code: str) -> dict[str, Value | None]:
    query = (
        select(Submission)
        .where(
            Submission.root_id == row.root_id,
            Submission.unit_id == row.unit_id,
            Submission.form_code == row.form_code,
            Submission.period_code < row.period_code,
            Submission.state.in_(COUNTED),
        )
        .order_by(Submission.period_code.desc())
        .limit(YEARS)
    )
    rows = list(session.scalars(query))
    if not rows:
        return {}
    typed, answered = typed_figures(session, rows), answered_forms(session, rows)
    lists, bases = lists_of(session, rows, answered), kept_bases(session, rows, answered)
    now = form_of(session, row)
    found: dict[str, Value | None] = {}
    for each in (each for each in rows if typed[key_of(each)]):
        key = key_of(each)
        then = answered[key]
        way = way_to(session, now, then)
        if not terms(way, code):
            found[each.period_code] = None
            continue
        around = Surroundings(lists=lists[key])
        figures = as_accepted(bases.get(key), then, Level(each.level), typed[key], None, None, around)
        found[each.period_code] = value_across(way, code, figures) or MISSING
    return found
