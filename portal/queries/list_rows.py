"""What units listed: the rows of their list tables, read for any number of submissions in one statement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion
from portal.domain.lists import ListAnswer, ListItem, Lists, row_from_json
from portal.domain.values import Values
from portal.models import ListRow, Submission
from portal.queries.figures import Key, key_of

NONE = 0
"""Number of the row that says that there is nothing to list."""


Row = tuple[int, dict[str, Any]]
"""A row's number and its cells, as they are stored."""


@dataclass(frozen=True)
class RowOrigin:
    """A row as it stands, and where it came from; of a row that was emptied the cells are none."""

    cells: Values
    row_version: int
    entered_by: str
    entered_at: datetime


def lists_of(
    session: Session, rows: Sequence[Submission], forms: Mapping[Key, FormVersion], *, version: int | None = None
) -> dict[Key, Lists]:
    """What submissions list, each by the form it answers, in their current versions unless one is named."""
    found: defaultdict[Key, defaultdict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    asked = [(*key_of(row), version or row.version_number) for row in rows if forms[key_of(row)].lists]
    if asked:
        columns = (ListRow.root_id, ListRow.period_code, ListRow.form_code, ListRow.unit_id)
        query = (
            select(*columns, ListRow.list_code, ListRow.number, ListRow.cells)
            .where(tuple_(*columns, ListRow.version_number).in_(asked))
            .order_by(ListRow.number)
        )
        for root_id, period, form, unit_id, code, number, cells in session.execute(query):
            found[root_id, period, form, unit_id][code].append((number, cells))
    return {key_of(row): _lists(forms[key_of(row)], found.get(key_of(row), {})) for row in rows}


def _lists(form: FormVersion, rows: Mapping[str, Sequence[Row]]) -> Lists:
    return {
        code: ListAnswer(
            table,
            tuple(ListItem(number, row_from_json(cells)) for number, cells in rows[code] if cells),
            none=rows[code][0][0] == NONE,
        )
        for code, (_sheet, table) in form.lists.items()
        if code in rows
    }


def row_origins(session: Session, row: Submission, list_code: str) -> dict[int, RowOrigin]:
    """Where the rows of a list in the current version came from, by number."""
    query = select(ListRow.number, ListRow.cells, ListRow.row_version, ListRow.entered_by, ListRow.entered_at).where(
        ListRow.root_id == row.root_id,
        ListRow.period_code == row.period_code,
        ListRow.form_code == row.form_code,
        ListRow.unit_id == row.unit_id,
        ListRow.version_number == row.version_number,
        ListRow.list_code == list_code,
    )
    return {
        number: RowOrigin(row_from_json(cells), version, by, at)
        for number, cells, version, by, at in session.execute(query)
    }
