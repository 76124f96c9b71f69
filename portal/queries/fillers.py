"""Who filled in a submission, told by what is stored and not by roles: nobody signs or decides on their own figures."""

from sqlalchemy import CompoundSelect, Date, bindparam, cast, func, or_, select, union, union_all
from sqlalchemy.orm import Session

from portal import clock
from portal.models import ListRow, Membership, Passage, Submission, Upload, Value
from portal.queries.figures import in_version, version_named


def _fillers() -> CompoundSelect[int, int]:
    entered = [select(table.entered_by_id).where(*in_version(table)) for table in (Value, ListRow, Passage)]
    imported = [
        select(Upload.uploaded_by_id)
        .join(table, (table.root_id == Upload.root_id) & (table.upload_id == Upload.id))
        .where(*in_version(table))
        for table in (Value, ListRow)
    ]
    people = union(*entered, *imported).cte("people")
    person = people.c[0]
    begun = select(func.min(Value.entered_at)).where(*in_version(Value)).scalar_subquery()
    stand_ins = select(Membership.user_id, Membership.deputy_for_id).where(
        Membership.deputy_for_id.is_not(None),
        or_(Membership.user_id.in_(select(person)), Membership.deputy_for_id.in_(select(person))),
        or_(
            Membership.valid_to.is_(None),
            Membership.valid_to >= cast(func.timezone(str(clock.CHINA), func.coalesce(begun, bindparam("now"))), Date),
        ),
    )
    return union_all(select(person, person).where(person.is_not(None)), stand_ins)


_FILLERS = _fillers()


def list_fillers(session: Session, row: Submission) -> frozenset[int]:
    """Ids of the people whose answers stand in the current version: typed, written, or read from a file they uploaded.

    Whoever has stood in for another since the figures were entered counts as that other, and the other way round.
    """
    found = session.execute(_FILLERS, {**version_named(row), "now": clock.now()})
    return frozenset(person for pair in found for person in pair)
