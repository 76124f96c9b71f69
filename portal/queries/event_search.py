"""Events (what happened), as far as the actor may know of them."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.submissions import SubmissionKey
from portal.models import Event
from portal.queries.events import EventRow, event_of
from portal.queries.paging import Page, PageOf, read_page
from portal.queries.units import get_unit

_KNOWN_ABOVE = ("submission_", "collection_")
"""How the kinds begin that a superior knows of: moves, not what is in a draft."""


def search_events(
    session: Session, actor: Actor, *, unit: str, submission: SubmissionKey | None = None, page: PageOf
) -> Page[EventRow]:
    """What happened to a unit, or to one submission of it; newest first.

    A superior does not see the events that would tell the figures of a draft.

    Raises:
        NotFound: there is no such unit.
        NotPermitted: the unit is another's, and the actor is neither its auditor nor its reviewer.
    """
    row = get_unit(session, unit, period=submission.period if submission else None)
    require(actor, Permission.SEE_EVENTS, Subject(row.path))
    query = select(Event).where(Event.root_id == row.root_id, Event.unit_path == row.path).order_by(Event.number.desc())
    if submission is not None:
        query = query.where(Event.subject == str(submission))
    if row.path != actor.place.path:
        query = query.where(or_(*(Event.kind.startswith(beginning, autoescape=True) for beginning in _KNOWN_ABOVE)))
    found = read_page(session, query, page)
    return Page([event_of(event) for (event,) in found.items], found.count)
