"""What submissions add to the roll-ups: read for any number of them in a bounded number of statements."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from portal.domain.bases import Basis, completed_on
from portal.domain.forms import FormVersion
from portal.domain.rollup import Contribution, behind_the_rest, contributions, contributions_beside_copies
from portal.domain.units import Level
from portal.domain.values import Values
from portal.models import Submission
from portal.queries.bases import kept_bases
from portal.queries.bases_now import bases_now
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Figures, Key, key_of, open_rows, typed_figures
from portal.queries.list_rows import lists_of


def contributing(session: Session, rows: Sequence[Submission]) -> Iterator[tuple[Submission, list[Contribution]]]:
    """Each submission with what its current version contributes, or would contribute if it were accepted now.

    Those whose figures the session's actor may not read are left out: what they carry over contributes nothing either.
    """
    rows = open_rows(session, rows)
    versions = answered_forms(session, rows)
    kept = kept_bases(session, rows, versions)
    bases = kept | bases_now(session, [row for row in rows if key_of(row) not in kept], versions)
    for row, values in _worked_out(session, rows, versions, typed_figures(session, rows), bases):
        yield row, contributions(versions[key_of(row)], Level(row.level), values)


def contributing_beside_copies(
    session: Session, rows: Sequence[Submission], versions: Mapping[Key, FormVersion], bases: Mapping[Key, Basis]
) -> Iterator[tuple[Submission, list[Contribution]]]:
    """The same without what is `copied`, by the forms that the submissions answer and what these look at elsewhere.

    Only what it comes from is read.
    """
    behind = {key_of(row): behind_the_rest(versions[key_of(row)], Level(row.level)) for row in rows}
    rows = [row for row in rows if behind[key_of(row)]]
    if rows:
        typed = typed_figures(session, rows, frozenset().union(*behind.values()))
        for row, values in _worked_out(session, rows, versions, typed, bases):
            yield row, contributions_beside_copies(versions[key_of(row)], Level(row.level), values)


def _worked_out(
    session: Session,
    rows: Sequence[Submission],
    versions: Mapping[Key, FormVersion],
    typed: Figures,
    bases: Mapping[Key, Basis],
) -> Iterator[tuple[Submission, Values]]:
    """Each submission with its typed figures and what is worked out from them."""
    lists = lists_of(session, rows, versions)
    for row in rows:
        key = key_of(row)
        yield row, completed_on(bases.get(key, {}), versions[key], Level(row.level), typed[key], lists[key])
