"""Write the rows of list tables into a draft."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.domain.findings import Finding, ListPlace
from portal.domain.lifecycle import State, open_to
from portal.domain.list_checks import refused_cell
from portal.domain.list_form_checks import MOST_ROWS
from portal.domain.lists import ListTable, column_name, row_to_json
from portal.domain.policy import Actor
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level
from portal.domain.values import MISSING, Values
from portal.errors import Conflict, InvalidInput, NotFound
from portal.models import ListRow, Submission
from portal.queries.effective_forms import form_of
from portal.queries.list_rows import NONE, RowOrigin, row_origins
from portal.queries.submissions import get_row, same_submission
from portal.services import events, versions
from portal.services.values import Provenance, require_editable, touch

HIGHEST_NUMBER = 9_999
"""Of a row; rows come and go, and a number is not used for another one soon."""


@dataclass(frozen=True)
class RowChange:
    """A row as it is to be.

    Attributes:
        number: 1 or more; one that is not there yet is a new row.
        cells: by column; MISSING clears, and what is not named stays.
        seen: the row version that the writer saw; 0: there was none.
    """

    number: int
    cells: Values
    seen: int


@dataclass(frozen=True)
class SavedRows:
    """What became of the rows handed in.

    Attributes:
        row_versions: of every row named that is there, by number.
        refused: findings for cells that are no possible answer; they were not written.
        changed: how many rows differ from what stood there.
    """

    row_versions: dict[int, int]
    refused: list[Finding]
    changed: int


def save_rows(
    session: Session, actor: Actor, key: SubmissionKey, list_code: str, changes: Sequence[RowChange]
) -> SavedRows:
    """Write rows of a list into the draft; one without any cell left is taken away. The same once more does nothing.

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
        NotFound: the form has no such list for this unit, or no such column.
        InvalidInput: a number is no row's, or there are too many rows.
        Conflict: somebody else changed one of the rows meanwhile; nothing is written.
    """
    row, table = _editable(session, actor, key, list_code)
    before = row_origins(session, row, list_code)
    refused: list[Finding] = []
    changed: dict[int, Values] = {}
    for change in changes:
        if not 1 <= change.number <= HIGHEST_NUMBER:
            raise InvalidInput("row", "not_a_row", change.number)
        standing = before.get(change.number)
        impossible = _impossible(table, change)
        refused += impossible
        kept = {finding.listed.column for finding in impossible if finding.listed}
        cells = _merged(standing, {code: value for code, value in change.cells.items() if code not in kept})
        if cells == (standing.cells if standing else {}):
            continue
        if change.seen != (standing.row_version if standing else 0):
            raise Conflict("list_row", f"{key} {column_name(list_code, str(change.number))}")
        changed[change.number] = cells
    _write(session, actor, key, row, table, before, changed)
    now = row_origins(session, row, list_code)
    named = {change.number for change in changes} & now.keys()
    return SavedRows({number: now[number].row_version for number in named}, refused, len(changed))


def state_none(session: Session, actor: Actor, key: SubmissionKey, list_code: str, *, none: bool) -> None:
    """Say that there is nothing to list this time (本期没有), or take that back.

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
        NotFound: the form has no such list for this unit.
        Conflict: there are rows.
    """
    row, table = _editable(session, actor, key, list_code)
    before = row_origins(session, row, list_code)
    if none and any(each.cells for each in before.values()):
        raise Conflict("list", f"{key} {list_code}")
    _replace_statement(session, actor, key, row, table, before, none=none)


def replace_list(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    list_code: str,
    rows: Sequence[Values],
    *,
    none: bool,
    provenance: Provenance,
) -> int:
    """Let a list say just what a file says; gives how many rows differ from what stood there.

    Args:
        session: the transaction.
        actor: the filler.
        key: the submission.
        list_code: which list.
        rows: the rows of the file, in order; what stands in the same place is taken for the same row.
        none: whether the file says that there is nothing to list.
        provenance: the file; its `cells` say where a row begins, by list and row (`problems.1`).

    Raises:
        NotPermitted: the actor does not fill this submission.
        InvalidMove: it can no longer be edited.
        NotFound: the form has no such list for this unit.
        InvalidInput: there are too many rows.
    """
    row, table = _editable(session, actor, key, list_code)
    before = row_origins(session, row, list_code)
    filled = sorted(number for number, each in before.items() if each.cells)
    fresh = range(max(before, default=0) + 1, HIGHEST_NUMBER + 1)
    numbers = [*filled, *fresh[: max(len(rows) - len(filled), 0)]]
    wanted = dict(zip(numbers, [*rows, *({} for _ in filled[len(rows) :])], strict=True))
    changed = {number: cells for number, cells in wanted.items() if cells != _cells(before, number)}
    places = {number: place for place, number in enumerate(numbers, start=1)}
    _write(session, actor, key, row, table, before, changed, (provenance, places))
    if not rows:
        now = row_origins(session, row, list_code)
        _replace_statement(session, actor, key, row, table, now, none=none)
    return len(changed)


def _editable(session: Session, actor: Actor, key: SubmissionKey, list_code: str) -> tuple[Submission, ListTable]:
    row = get_row(session, actor, key, for_update=True)
    require_editable(actor, row)
    found = form_of(session, row).lists.get(list_code)
    if found is None or Level(row.level) not in found[1].filled_by:
        raise NotFound("list", list_code)
    return row, found[1]


def _impossible(table: ListTable, change: RowChange) -> list[Finding]:
    for code in change.cells:
        if code not in table.by_code:
            raise NotFound("column", column_name(table.code, code))
    places = ((ListPlace(table.code, change.number, code, change.number), each) for code, each in change.cells.items())
    found = (refused_cell(table, place, value) for place, value in places)
    return [finding for finding in found if finding is not None]


def _merged(standing: RowOrigin | None, given: Values) -> dict[str, Any]:
    cells = {**(standing.cells if standing else {}), **given}
    return {code: value for code, value in cells.items() if value.answered}


def _cells(before: Mapping[int, RowOrigin], number: int) -> Values:
    return before[number].cells if number in before else {}


def _write(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    table: ListTable,
    before: Mapping[int, RowOrigin],
    changed: Mapping[int, Values],
    origin: tuple[Provenance, Mapping[int, int]] | None = None,
) -> None:
    """Write the rows; `origin` is the file they come from, and their places in it by number."""
    if not changed:
        return
    after = {number: each.cells for number, each in before.items()} | dict(changed)
    if sum(bool(cells) for cells in after.values()) > MOST_ROWS:
        raise InvalidInput("list", "too_many_rows", MOST_ROWS)
    versions.ensure_version(session, row)
    session.execute(delete(ListRow).where(*_here(row, table), ListRow.number == NONE))
    statement = insert(ListRow)
    fresh = {
        column.key: statement.excluded[column.key] for column in ListRow.__table__.columns if not column.primary_key
    }
    rows = [_row(actor, row, table, before, number, cells, origin) for number, cells in changed.items()]
    session.execute(statement.on_conflict_do_update(constraint="pk_list_row", set_=fresh), rows)
    touch(session, row)
    _record(
        session,
        actor,
        key,
        row,
        before={column_name(table.code, str(n)): _in_words(_cells(before, n)) for n in changed if _cells(before, n)},
        after={column_name(table.code, str(n)): _in_words(cells) for n, cells in changed.items()},
    )


def _row(
    actor: Actor,
    row: Submission,
    table: ListTable,
    before: Mapping[int, RowOrigin],
    number: int,
    cells: Values,
    origin: tuple[Provenance, Mapping[int, int]] | None,
) -> dict[str, Any]:
    place = None if origin is None else origin[0].cells.get(column_name(table.code, str(origin[1][number])))
    return {
        **versions.of_version(row),
        "list_code": table.code,
        "number": number,
        "cells": row_to_json(cells),
        "row_version": before[number].row_version + 1 if number in before else 1,
        "entered_by_id": actor.user_id,
        "entered_by": actor.name,
        "entered_at": clock.now(),
        "upload_id": origin[0].upload_id if origin else None,
        "cell": place,
        "open_to": open_to(State.DRAFTING, versions.depth_of(row)),
    }


def _replace_statement(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    table: ListTable,
    before: Mapping[int, RowOrigin],
    *,
    none: bool,
) -> None:
    if none == (NONE in before):
        return
    versions.ensure_version(session, row)
    if none:
        session.execute(insert(ListRow).values(_row(actor, row, table, before, NONE, {}, None)))
    else:
        session.execute(delete(ListRow).where(*_here(row, table), ListRow.number == NONE))
    touch(session, row)
    _record(session, actor, key, row, before={table.code: not none}, after={table.code: none})


def _here(row: Submission, table: ListTable) -> Collection[ColumnElement[bool]]:
    return (
        *same_submission(ListRow, row),
        ListRow.version_number == row.version_number,
        ListRow.list_code == table.code,
    )


def _in_words(cells: Values) -> dict[str, str]:
    return {code: cells.get(code, MISSING).written for code in cells}


def _record(
    session: Session,
    actor: Actor,
    key: SubmissionKey,
    row: Submission,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    events.record(
        session, actor, "list_changed", str(key), unit_code=key.unit, root_id=row.root_id, before=before, after=after
    )
