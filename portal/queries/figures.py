"""Typed figures of submissions, read for any number of them in a bounded number of statements."""

from collections import defaultdict
from collections.abc import Collection as Several
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion
from portal.domain.lifecycle import COUNTED
from portal.domain.values import Value, ValueStatus
from portal.models import Collection, Submission
from portal.models import Value as ValueRow
from portal.queries import forms

Key = tuple[int, str, str, int]
"""Top unit, period, form and unit of a submission."""

Figures = defaultdict[Key, dict[str, Value]]
"""Typed figures by submission and indicator."""


def key_of(row: Submission) -> Key:
    """What names a submission's row."""
    return (row.root_id, row.period_code, row.form_code, row.unit_id)


VALUE_COLUMNS = (
    ValueRow.status,
    ValueRow.number,
    ValueRow.text,
    ValueRow.approximate,
    ValueRow.as_of_on,
    ValueRow.note,
)
"""What `value_of` needs: of hundreds of figures that are only read no objects are made."""


def value_of(row: Any) -> Value:
    """The value that a row stores, or one of `VALUE_COLUMNS`."""
    return Value(ValueStatus(row.status), row.number, row.text, row.approximate, row.as_of_on, row.note)


def typed_figures(session: Session, rows: Sequence[Submission]) -> Figures:
    """The typed figures of each submission's current version, as far as row-level security shows them."""
    columns = (ValueRow.root_id, ValueRow.period_code, ValueRow.form_code, ValueRow.unit_id, ValueRow.version_number)
    query = select(*columns[:-1], ValueRow.indicator, *VALUE_COLUMNS).where(
        tuple_(*columns).in_([(*key_of(row), row.version_number) for row in rows])
    )
    found: Figures = defaultdict(dict)
    for value in session.execute(query):
        found[value.root_id, value.period_code, value.form_code, value.unit_id][value.indicator] = value_of(value)
    return found


def counted_rows(session: Session, keys: Several[Key]) -> dict[Key, Submission]:
    """Those of the submissions whose figures are accepted."""
    columns = (Submission.root_id, Submission.period_code, Submission.form_code, Submission.unit_id)
    query = select(Submission).where(tuple_(*columns).in_(keys), Submission.state.in_(COUNTED))
    return {key_of(row): row for row in session.scalars(query)}


def answered_forms(session: Session, rows: Sequence[Submission]) -> dict[tuple[int, str, str], FormVersion]:
    """The form versions that the submissions answer, by top unit, period and form."""
    columns = (Collection.root_id, Collection.period_code, Collection.form_code)
    query = select(*columns, Collection.form_version_id).where(tuple_(*columns).in_({key_of(row)[:3] for row in rows}))
    return {
        (root_id, period, form): forms.version(session, version_id)
        for root_id, period, form, version_id in session.execute(query)
    }
