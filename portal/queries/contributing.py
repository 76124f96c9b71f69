"""What submissions add to the roll-ups: read for any number of them in a bounded number of statements."""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from portal.domain.calculation import completed
from portal.domain.rollup import Contribution, contributions
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.models import Submission
from portal.queries.earlier import earlier_values
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import key_of, typed_figures
from portal.queries.list_rows import lists_of


def contributing(session: Session, rows: Sequence[Submission]) -> Iterator[tuple[Submission, list[Contribution]]]:
    """Each submission with what its current version contributes.

    Figures that row-level security hides from the session's actor contribute nothing.
    """
    versions = answered_forms(session, rows)
    earlier = earlier_values(session, versions)
    typed = typed_figures(session, rows)
    lists = lists_of(session, rows, versions)
    for row in rows:
        form, level, before = versions[key_of(row)], Level(row.level), earlier[key_of(row)]
        around = Surroundings(lists=lists[key_of(row)])
        values = completed(form, level, typed[key_of(row)], before.last_year, before.previous, around)
        yield row, contributions(form, level, values)
