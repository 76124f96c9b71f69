"""What one figure was: every change of it in this report, and what was accepted in the years before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, cast, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED
from portal.domain.policy import Actor, Permission, require
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.models import Event, Submission
from portal.models import Value as ValueRow
from portal.queries.events import EventRow, event_of
from portal.queries.figures import value_of
from portal.queries.submissions import get_row, same_submission, whole_subject_of

YEARS = 5
CHANGES = 30


@dataclass(frozen=True)
class CellHistory:
    """The past of one figure.

    Attributes:
        changes: events in which it changed, newest first; those of drafts only for the unit itself.
        earlier: what was accepted, by period, newest first.
    """

    code: str
    changes: list[EventRow]
    earlier: Mapping[str, Value]

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


def _accepted(session: Session, row: Submission, code: str) -> dict[str, Value]:
    query = (
        select(ValueRow)
        .join(
            Submission,
            and_(*same_submission(ValueRow, Submission), ValueRow.version_number == Submission.version_number),
        )
        .where(ValueRow.root_id == row.root_id, ValueRow.unit_id == row.unit_id, ValueRow.form_code == row.form_code)
        .where(ValueRow.indicator == code, ValueRow.period_code < row.period_code, Submission.state.in_(COUNTED))
        .order_by(ValueRow.period_code.desc())
        .limit(YEARS)
    )
    return {each.period_code: value_of(each) for each in session.scalars(query)}
