"""What submissions add to the roll-ups: read for any number of them in a bounded number of statements."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from portal.domain.calculation import completed
from portal.domain.forms import FormVersion
from portal.domain.rollup import Contribution, behind_the_rest, contributions, contributions_beside_copies
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import Values
from portal.models import Submission
from portal.queries.earlier import earlier_values
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Figures, Key, key_of, typed_figures
from portal.queries.list_rows import lists_of


def contributing(session: Session, rows: Sequence[Submission]) -> Iterator[tuple[Submission, list[Contribution]]]:
    """Each submission with what its current version contributes.

    Figures that row-level security hides from the session's actor contribute nothing.
    """
    versions = answered_forms(session, rows)
    for row, values in _worked_out(session, rows, versions, typed_figures(session, rows)):
        yield row, contributions(versions[key_of(row)], Level(row.level), values)


def contributing_beside_copies(
    session: Session, rows: Sequence[Submission], versions: Mapping[Key, FormVersion]
) -> Iterator[tuple[Submission, list[Contribution]]]:
    """The same without what is `copied`, by the forms that the submissions answer; only what it comes from is read."""
    behind = {key_of(row): behind_the_rest(versions[key_of(row)], Level(row.level)) for row in rows}
    rows = [row for row in rows if behind[key_of(row)]]
    if rows:
        typed = typed_figures(session, rows, frozenset().union(*behind.values()))
        for row, values in _worked_out(session, rows, versions, typed):
            yield row, contributions_beside_copies(versions[key_of(row)], Level(row.level), values)


def _worked_out(
    session: Session, rows: Sequence[Submission], versions: Mapping[Key, FormVersion], typed: Figures
) -> Iterator[tuple[Submission, Values]]:
    """Each submission with its typed figures and what is worked out from them."""
    asked = {key_of(row): versions[key_of(row)] for row in rows}
    earlier = earlier_values(session, asked)
    lists = lists_of(session, rows, asked)
    for row in rows:
        form, level, before = asked[key_of(row)], Level(row.level), earlier[key_of(row)]
        around = Surroundings(lists=lists[key_of(row)])
        yield row, completed(form, level, typed[key_of(row)], before.last_year, before.previous, around)
