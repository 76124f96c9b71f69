"""Who filled in submissions, told by what is stored and not by roles: nobody signs or decides on their own figures."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Date, Integer, bindparam, cast, column, func, null, or_, select, union, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal import clock
from portal.models import ListRow, Membership, Passage, Submission, Upload, Value
from portal.queries.figures import Key, key_of, versions_named


def _fillers() -> CompoundSelect[int, int, int]:
    asked = (
        func.unnest(bindparam("units", type_=ARRAY(Integer)), bindparam("versions", type_=ARRAY(Integer)))
        .table_valued(column("unit_id", Integer), column("number", Integer), name="asked")
        .render_derived()
    )
    parts = []
    tables: tuple[Any, ...] = (Value, ListRow, Passage)
    for table in tables:
        source = [] if table is Passage else [table.upload_id]
        first = func.min(table.entered_at) if table is Value else null()
        parts.append(
            select(
                table.unit_id,
                table.entered_by_id.label("person"),
                cast(source[0] if source else null(), Upload.id.type).label("upload_id"),
                cast(first, Value.entered_at.type).label("begun"),
            )
            .join(asked, (table.unit_id == asked.c.unit_id) & (table.version_number == asked.c.number))
            .where(table.root_id == bindparam("root"))
            .where(table.period_code == bindparam("period"), table.form_code == bindparam("form"))
            .group_by(table.unit_id, table.entered_by_id, *source)
        )
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


_FILLERS = _fillers()


def list_fillers(session: Session, row: Submission) -> frozenset[int]:
    """Ids of the people whose answers stand in the current version: typed, written, or read from a file they uploaded.

    Whoever has stood in for another since the figures were entered counts as that other, and the other way round.
    """
    return fillers_of(session, [row])[key_of(row)]


def fillers_of(session: Session, rows: Sequence[Submission]) -> dict[Key, frozenset[int]]:
    """The same of submissions of one collection, in one statement."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    if rows:
        for unit_id, *people in session.execute(_FILLERS, versions_named(rows) | {"now": clock.now()}):
            found[unit_id].update(people)
    return {key_of(row): frozenset(found[row.unit_id]) for row in rows}
