"""What submissions add to the roll-ups: read for any number of them in a bounded number of statements."""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from portal.domain.calculation import completed
from portal.domain.rollup import Contribution, contributions
from portal.domain.units import Level
from portal.models import Submission
from portal.queries.earlier import earlier_values
from portal.queries.figures import answered_forms, key_of, typed_figures


def contributing(session: Session, rows: Sequence[Submission]) -> Iterator[tuple[Submission, list[Contribution]]]:
    """Each submission with what its current version contributes.

    Figures that row-level security hides from the session's actor contribute nothing.
    """
    versions = answered_forms(session, rows)
    earlier = earlier_values(session, {key_of(row): versions[key_of(row)[:3]] for row in rows})
    typed = typed_figures(session, rows)
    for row in rows:
        form, level, before = versions[key_of(row)[:3]], Level(row.level), earlier[key_of(row)]
        values = completed(form, level, typed[key_of(row)], before.last_year, before.previous)
        yield row, contributions(form, level, values)
