"""What submissions add to the roll-ups: read for any number of them in a bounded number of statements."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from portal.domain.calculation import completed
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import COUNTED
from portal.domain.periods import Period
from portal.domain.rollup import Contribution, contributions
from portal.domain.units import Level
from portal.domain.values import Value as Answer
from portal.models import Collection, Submission, Value
from portal.queries import forms
from portal.queries.submissions import value_of

Key = tuple[int, str, str, int]
"""Top unit, period, form and unit of a submission."""


def contributing(session: Session, rows: Sequence[Submission]) -> Iterator[tuple[Submission, list[Contribution]]]:
    """Each submission with what its current version contributes.

    Figures that row-level security hides from the session's actor contribute nothing.
    """
    versions = _versions(session, rows)
    earlier = _counted(session, [_year_before(row) for row in rows])
    typed = _typed(session, [*rows, *earlier.values()])
    for row in rows:
        form, level = versions[_key(row)[:3]], Level(row.level)
        before = earlier.get(_year_before(row))
        last_year = completed(form, Level(before.level), typed[_key(before)], None) if before is not None else None
        yield row, contributions(form, level, completed(form, level, typed[_key(row)], last_year))


def _key(row: Submission) -> Key:
    return (row.root_id, row.period_code, row.form_code, row.unit_id)


def _year_before(row: Submission) -> Key:
    return (row.root_id, str(Period.parse(row.period_code).last_year), row.form_code, row.unit_id)


def _versions(session: Session, rows: Sequence[Submission]) -> dict[tuple[int, str, str], FormVersion]:
    wanted = {_key(row)[:3] for row in rows}
    columns = (Collection.root_id, Collection.period_code, Collection.form_code)
    query = select(*columns, Collection.form_version_id).where(tuple_(*columns).in_(wanted))
    return {
        (root_id, period, form): forms.version(session, version_id)
        for root_id, period, form, version_id in session.execute(query)
    }


def _counted(session: Session, keys: Sequence[Key]) -> dict[Key, Submission]:
    columns = (Submission.root_id, Submission.period_code, Submission.form_code, Submission.unit_id)
    query = select(Submission).where(tuple_(*columns).in_(keys), Submission.state.in_(COUNTED))
    return {_key(row): row for row in session.scalars(query)}


def _typed(session: Session, rows: Sequence[Submission]) -> defaultdict[Key, dict[str, Answer]]:
    columns = (Value.root_id, Value.period_code, Value.form_code, Value.unit_id, Value.version_number)
    query = select(Value).where(tuple_(*columns).in_([(*_key(row), row.version_number) for row in rows]))
    found: defaultdict[Key, dict[str, Answer]] = defaultdict(dict)
    for value in session.scalars(query):
        found[value.root_id, value.period_code, value.form_code, value.unit_id][value.indicator] = value_of(value)
    return found
