"""Typed figures of submissions, read for any number of them in a bounded number of statements."""

from collections import defaultdict
from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.domain.lifecycle import COUNTED
from portal.domain.values import Value, ValueStatus
from portal.models import Submission, SubmissionVersion
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


# Submissions are found by joining what is asked for: PostgreSQL goes through a list of keys for every row of the units.
_PARTS = {
    "root_id": integers,
    "period_code": texts,
    "form_code": texts,
    "unit_id": integers,
    "version_number": integers,
}
_KEY = tuple(_PARTS)[:-1]


def _named(keys: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    return dict(zip(_PARTS, (joined(map(str, part)) for part in zip(*keys, strict=True)), strict=False))


_keys = func.unnest(*(_PARTS[name](name) for name in _KEY)).table_valued(*_KEY, name="asked").render_derived()
_NAMED = select(Submission).join(_keys, and_(*(getattr(Submission, column.name) == column for column in _keys.c)))
_COUNTED = _NAMED.where(Submission.state.in_(COUNTED))


def of_versions(table: Any, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Those columns of what belongs to versions, after the keys; to be read by `rows_of_versions`.

    Nothing is joined: the planner takes row-level security to let next to nothing pass, and would go through thousands
    of rows again for each version asked for.
    """
    named = (getattr(table, name) == any_(array(name)) for name, array in _PARTS.items())
    return select(*(getattr(table, name) for name in _PARTS), *columns).where(*named)


def rows_of_versions(
    session: Session,
    query: Select[*tuple[Any, ...]],
    rows: Sequence[Submission],
    *,
    version: int | None = None,
    **more: str,
) -> Iterator[tuple[Key, Any]]:
    """What such a query finds of submissions' current versions, or of the one named; `more` are parameters it has."""
    asked = {key_of(row): row.version_number if version is None else version for row in rows}
    parts = zip(*((*key, number) for key, number in asked.items()), strict=True)
    named = {name: joined(map(str, set(part))) for name, part in zip(_PARTS, parts, strict=True)}
    for found in session.execute(query, named | more):
        key = (found.root_id, found.period_code, found.form_code, found.unit_id)
        if asked.get(key) == found.version_number:
            yield key, found


_VERSION = {name: getattr(SubmissionVersion, name) for name in _KEY} | {"version_number": SubmissionVersion.number}
_DEPTH = cast(func.nullif(func.current_setting("huizong.depth", True), ""), Integer)
_OPEN = select(*_VERSION.values()).where(
    *(column == any_(_PARTS[name](name)) for name, column in _VERSION.items()), SubmissionVersion.open_to <= _DEPTH
)
_TYPED = of_versions(ValueRow, ValueRow.indicator, *VALUE_COLUMNS)
_TYPED_OF_SOME = _TYPED.where(ValueRow.indicator == any_(texts("indicators")))


def typed_figures(
    session: Session,
    rows: Sequence[Submission],
    indicators: Several[str] | None = None,
    *,
    version: int | None = None,
) -> Figures:
    """The typed figures of each submission's current version, unless one is named, as far as one may see them.

    Of some `indicators` only, where not all are wanted.
    """
    found: Figures = defaultdict(dict)
    if not rows:
        return found
    query, more = (_TYPED, {}) if indicators is None else (_TYPED_OF_SOME, {"indicators": joined(indicators)})
    for key, value in rows_of_versions(session, query, rows, version=version, **more):
        found[key][value.indicator] = value_of(value)
    return found


def open_rows(session: Session, rows: Sequence[Submission]) -> list[Submission]:
    """Those of the submissions whose figures the session's actor may read; those above may not before they accept."""
    if not rows:
        return []
    asked = {(*key_of(row), row.version_number): row for row in rows}
    named = {name: joined(map(str, set(part))) for name, part in zip(_PARTS, zip(*asked, strict=True), strict=True)}
    return [asked[key] for each in session.execute(_OPEN, named) if (key := tuple(each)) in asked]


def named_rows(session: Session, keys: Several[Key]) -> dict[Key, Submission]:
    """Those of the submissions that there are."""
    return {key_of(row): row for row in session.scalars(_NAMED, _named(keys))} if keys else {}


def counted_rows(session: Session, keys: Several[Key]) -> dict[Key, Submission]:
    """Those of the submissions whose figures are accepted."""
    return {key_of(row): row for row in session.scalars(_COUNTED, _named(keys))} if keys else {}
