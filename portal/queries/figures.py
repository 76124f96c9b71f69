"""Typed figures of submissions, read for any number of them in a bounded number of statements."""

from collections import defaultdict
from collections.abc import Collection as Several
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, tuple_
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED
from portal.domain.values import Value, ValueStatus
from portal.models import Submission
from portal.models import Value as ValueRow

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


def version_named(row: Submission, number: int | None = None) -> dict[str, object]:
    """The submission's current version, unless one is named, to go with such a statement."""
    return {
        "of_root_id": row.root_id,
        "of_period_code": row.period_code,
        "of_form_code": row.form_code,
        "of_unit_id": row.unit_id,
        "of_version_number": row.version_number if number is None else number,
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


_VERSION = (ValueRow.root_id, ValueRow.period_code, ValueRow.form_code, ValueRow.unit_id, ValueRow.version_number)
_TYPED = select(*_VERSION[:-1], ValueRow.indicator, *VALUE_COLUMNS).where(
    tuple_(*_VERSION).in_(bindparam("versions", expanding=True))
)
_COUNTED = select(Submission).where(
    tuple_(Submission.root_id, Submission.period_code, Submission.form_code, Submission.unit_id).in_(
        bindparam("keys", expanding=True)
    ),
    Submission.state.in_(COUNTED),
)


def typed_figures(session: Session, rows: Sequence[Submission], indicators: Several[str] | None = None) -> Figures:
    """The typed figures of each submission's current version, as far as row-level security shows them.

    Of some `indicators` only, where not all are wanted.
    """
    found: Figures = defaultdict(dict)
    if not rows:
        return found
    query = _TYPED if indicators is None else _TYPED.where(ValueRow.indicator.in_(indicators))
    for value in session.execute(query, {"versions": [(*key_of(row), row.version_number) for row in rows]}):
        found[value.root_id, value.period_code, value.form_code, value.unit_id][value.indicator] = value_of(value)
    return found


def counted_rows(session: Session, keys: Several[Key]) -> dict[Key, Submission]:
    """Those of the submissions whose figures are accepted."""
    return {key_of(row): row for row in session.scalars(_COUNTED, {"keys": list(keys)})}
