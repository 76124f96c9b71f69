"""Who filled in submissions, told by what is stored and not by roles: nobody signs or decides on their own figures."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Date,
    Integer,
    Select,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    func,
    null,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal import clock
from portal.models import ListRow, Membership, Passage, Submission, Upload, Value
from portal.queries.figures import Key, key_of, versions_named

_TABLES: tuple[Any, ...] = (Value, ListRow, Passage)
"""Where answers stand; of these the last are read from no file."""


def _of_versions(table: Any, *columns: Any) -> Select[*tuple[Any, ...]]:
    """The unit and columns of what stands in the versions asked for."""
    asked = (
        func.unnest(bindparam("units", type_=ARRAY(Integer)), bindparam("versions", type_=ARRAY(Integer)))
        .table_valued(column("unit_id", Integer), column("number", Integer), name="asked")
        .render_derived()
    )
    return (
        select(table.unit_id, *columns)
        .join(asked, (table.unit_id == asked.c.unit_id) & (table.version_number == asked.c.number))
        .where(table.root_id == bindparam("root"))
        .where(table.period_code == bindparam("period"), table.form_code == bindparam("form"))
    )


def _fillers() -> CompoundSelect[int, int, int]:
    parts = []
    for table in _TABLES:
        source = [] if table is Passage else [table.upload_id]
        first = func.min(table.entered_at) if table is Value else null()
        columns = (
            table.entered_by_id.label("person"),
            cast(source[0] if source else null(), Upload.id.type).label("upload_id"),
            cast(first, Value.entered_at.type).label("begun"),
        )
        parts.append(_of_versions(table, *columns).group_by(table.unit_id, table.entered_by_id, *source))
    entered = union_all(*parts).cte("entered")
    of_upload = (Upload.root_id == bindparam("root")) & (Upload.id == entered.c.upload_id)
    people = union(
        select(entered.c.unit_id, entered.c.person).where(entered.c.person.is_not(None)),
        select(entered.c.unit_id, Upload.uploaded_by_id)
        .join(Upload, of_upload)
        .where(Upload.uploaded_by_id.is_not(None)),
    ).cte("people")
    begun = select(entered.c.unit_id, func.min(entered.c.begun).label("begun")).group_by(entered.c.unit_id).cte("begun")
    since = cast(func.timezone(str(clock.CHINA), func.coalesce(begun.c.begun, bindparam("now"))), Date)
    stand_ins = (
        select(people.c.unit_id, Membership.user_id, Membership.deputy_for_id)
        .join(people, people.c.person.in_([Membership.user_id, Membership.deputy_for_id]))
        .join(begun, begun.c.unit_id == people.c.unit_id)
        .where(Membership.deputy_for_id.is_not(None))
        .where(or_(Membership.valid_to.is_(None), Membership.valid_to >= since))
    )
    return union_all(select(people.c.unit_id, people.c.person, people.c.person), stand_ins)


def _touched() -> CompoundSelect[int]:
    """Units of the versions in which something is of one of these people, or from one of these uploads.

    Arrays are compared before row-level security asks of each row, and of hundreds of thousands hardly any is left.
    """
    people, uploads = (bindparam(name, type_=ARRAY(of)) for name, of in (("people", Integer), ("uploads", Uuid)))
    parts = []
    for table in _TABLES:
        read = [] if table is Passage else [table.upload_id == any_(uploads)]
        parts.append(_of_versions(table).where(or_(table.entered_by_id == any_(people), *read)))
    return union_all(*parts)


_FILLERS = _fillers()
_TOUCHED = _touched()
_TIED = select(Membership.user_id, Membership.deputy_for_id).where(
    Membership.deputy_for_id.is_not(None),
    or_(Membership.user_id == bindparam("person"), Membership.deputy_for_id == bindparam("person")),
)
_UPLOADED = select(Upload.id).where(
    Upload.root_id == bindparam("root"), Upload.uploaded_by_id == any_(bindparam("people", type_=ARRAY(Integer)))
)


def list_fillers(session: Session, row: Submission) -> frozenset[int]:
    """Ids of the people whose answers stand in the current version: typed, written, or read from a file they uploaded.

    Whoever has stood in for another since the figures were entered counts as that other, and the other way round.
    """
    return fillers_of(session, [row])[key_of(row)]


def possibly_filled_by(session: Session, person: int | None, rows: Sequence[Submission]) -> list[Submission]:
    """Those of submissions of one collection that the person may be among the fillers of: of no other are they one.

    Of thousands that is told sooner than who filled in each.
    """
    if person is None or not rows:
        return []
    people = list({person}.union(*session.execute(_TIED, {"person": person})))
    uploads = session.scalars(_UPLOADED, {"root": rows[0].root_id, "people": people}).all()
    units = set(session.scalars(_TOUCHED, versions_named(rows) | {"people": people, "uploads": uploads}))
    return [row for row in rows if row.unit_id in units]


def fillers_of(session: Session, rows: Sequence[Submission]) -> dict[Key, frozenset[int]]:
    """The same of submissions of one collection, in one statement."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    if rows:
        for unit_id, *people in session.execute(_FILLERS, versions_named(rows) | {"now": clock.now()}):
            found[unit_id].update(people)
    return {key_of(row): frozenset(found[row.unit_id]) for row in rows}
