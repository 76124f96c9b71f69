"""Who filled in a submission, told by what is stored and not by roles: nobody signs or decides on their own figures."""

from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Membership, Passage, Submission, Upload, Value


def list_fillers(session: Session, row: Submission) -> frozenset[int]:
    """Ids of the people whose answers stand in the current version: typed, written, or read from a file they uploaded.

    Whoever has stood in for another since the figures were entered counts as that other, and the other way round.
    """
    current = (
        Value.root_id == row.root_id,
        Value.period_code == row.period_code,
        Value.form_code == row.form_code,
        Value.unit_id == row.unit_id,
        Value.version_number == row.version_number,
    )
    typed = select(Value.entered_by_id).where(*current)
    imported = (
        select(Upload.uploaded_by_id)
        .join(Value, (Value.root_id == Upload.root_id) & (Value.upload_id == Upload.id))
        .where(*current)
    )
    written = select(Passage.entered_by_id).where(
        Passage.root_id == row.root_id,
        Passage.period_code == row.period_code,
        Passage.form_code == row.form_code,
        Passage.unit_id == row.unit_id,
        Passage.version_number == row.version_number,
    )
    people = {person for person in session.scalars(typed.union(imported, written)) if person is not None}
    if not people:
        return frozenset()
    begun = session.scalar(select(func.min(Value.entered_at)).where(*current)) or clock.now()
    return frozenset(people | _stand_ins(session, people, begun.astimezone(clock.CHINA).date()))


def _stand_ins(session: Session, people: set[int], since: date) -> set[int]:
    """Those who stand in for one of the people, and those for whom one of them does."""
    query = select(Membership.user_id, Membership.deputy_for_id).where(
        Membership.deputy_for_id.is_not(None),
        or_(Membership.user_id.in_(people), Membership.deputy_for_id.in_(people)),
        or_(Membership.valid_to.is_(None), Membership.valid_to >= since),
    )
    return {person for pair in session.execute(query) for person in pair}
