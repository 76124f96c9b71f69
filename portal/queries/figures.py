"""Typed figures of submissions, read for any number of them in a bounded number of statements."""

from collections import defaultdict
from collections.abc import Collection as Several
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, TableValuedAlias, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED
from portal.domain.values import Value, ValueStatus
from portal.models import Submission
from portal.models import Value as ValueRow
from portal.queries.parameters import integers, joined, texts

Key = tuple[int, str, str, int]
"""Top unit, period, form and unit of a submission."""

Figures = defaultdict[Key, dict[str, Value]]
"""Typed figures by submission and indicator."""


def key_of(row: Submission) -> Key:
    """What names a submission's row."""
    return (row.root_id, row.period_code, row.form_code, row.unit_id)


def in_version(table: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions, for statements that are made once: rows of `table` belong to the version that `version_named` names.

    To make a statement takes longer than to send it, where it is sent with every cell that is typed.
    """
    columns = ("root_id", "period_code", "form_code", "unit_id", "version_number")
    return tuple(getattr(table, column) == bindparam(f"of_{column}") for column in columns)


def these(table: Any, rows: Sequence[Submission]) -> tuple[ColumnElement[bool], ...]:
    """Conditions: rows of `table` belong to one of these submissions, of which there are some, of one collection."""
    units = bindparam("units", [row.unit_id for row in rows], type_=ARRAY(Integer), unique=True)
    return (
        table.root_id == rows[0].root_id,
        table.period_code == rows[0].period_code,
        table.form_code == rows[0].form_code,
        table.unit_id == units.any_(),
    )


def version_named(row: Submission, number: int | None = None) -> dict[str, object]:
    """The submission's current version, unless one is named, to go with such a statement."""
    return {
        "of_root_id": row.root_id,
        "of_period_code": row.period_code,
        "of_form_code": row.form_code,
        "of_unit_id": row.unit_id,
        "of_version_number": row.version_number if number is None else number,
    }


def versions_named(rows: Sequence[Submission]) -> dict[str, object]:
    """The current versions of submissions of one collection, of which there are some, as parameters of a statement."""
    return {
        "root": rows[0].root_id,
        "period": rows[0].period_code,
        "form": rows[0].form_code,
        "units": [row.unit_id for row in rows],
        "versions": [row.version_number for row in rows],
    }


VALUE_COLUMNS = (
    ValueRow.status,
    ValueRow.number,
    ValueRow.text,
    ValueRow.approximate,
    ValueRow.as_of_on,
    ValueRow.note,
)
"""What `value_of` needs: of hundreds of figures that are only read no objects are made."""


_STATUSES = {str(status): status for status in ValueStatus}


def value_of(row: Any) -> Value:
    """The value that a row stores, or one of `VALUE_COLUMNS`."""
    return Value(_STATUSES[row.status], row.number, row.text, row.approximate, row.as_of_on, row.note)


# Rows are found by joining what is asked for: PostgreSQL goes through a list of keys for every row of the units.
_PARTS = {
    "root_id": integers,
    "period_code": texts,
    "form_code": texts,
    "unit_id": integers,
    "version_number": integers,
}


def _asked(names: Sequence[str]) -> TableValuedAlias:
    """A table of keys, given by the parameters that `_named` makes."""
    return func.unnest(*(_PARTS[name](name) for name in names)).table_valued(*names, name="asked").render_derived()


def _named(keys: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    return dict(zip(_PARTS, (joined(map(str, part)) for part in zip(*keys, strict=True)), strict=False))


def _is(table: Any, asked: TableValuedAlias) -> ColumnElement[bool]:
    return and_(*(getattr(table, column.name) == column for column in asked.c))


_KEYS, _VERSIONS = _asked(tuple(_PARTS)[:-1]), _asked(tuple(_PARTS))
_TYPED = select(
    ValueRow.root_id, ValueRow.period_code, ValueRow.form_code, ValueRow.unit_id, ValueRow.indicator, *VALUE_COLUMNS
).join(_VERSIONS, _is(ValueRow, _VERSIONS))
_COUNTED = select(Submission).join(_KEYS, _is(Submission, _KEYS)).where(Submission.state.in_(COUNTED))


def typed_figures(session: Session, rows: Sequence[Submission], indicators: Several[str] | None = None) -> Figures:
    """The typed figures of each submission's current version, as far as row-level security shows them.

    Of some `indicators` only, where not all are wanted.
    """
    found: Figures = defaultdict(dict)
    if not rows:
        return found
    query = _TYPED if indicators is None else _TYPED.where(ValueRow.indicator.in_(indicators))
    for value in session.execute(query, _named((*key_of(row), row.version_number) for row in rows)):
        found[value.root_id, value.period_code, value.form_code, value.unit_id][value.indicator] = value_of(value)
    return found


def counted_rows(session: Session, keys: Several[Key]) -> dict[Key, Submission]:
    """Those of the submissions whose figures are accepted."""
    return {key_of(row): row for row in session.scalars(_COUNTED, _named(keys))} if keys else {}
