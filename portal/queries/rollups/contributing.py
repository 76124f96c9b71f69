"""What submissions add to the roll-ups: read for any number of them in a bounded number of statements."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from portal.domain.bases import Basis, completed_on
from portal.domain.forms import FormVersion
from portal.domain.rollup import Contribution, behind_the_rest, contributions, contributions_beside_copies, copied
from portal.domain.units import Level
from portal.domain.values import Values
from portal.models import Submission
from portal.queries.bases import kept_bases
from portal.queries.bases_now import bases_now
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Figures, Key, key_of, open_rows, typed_figures
from portal.queries.list_rows import lists_of


def contributing(
    session: Session, rows: Sequence[Submission], wanted: Collection[str] | None = None
) -> Iterator[tuple[Submission, list[Contribution]]]:
    """Each submission with what its current version contributes, or would contribute if it were accepted now.

    Those whose figures the session's actor may not read are left out: what they carry over contributes nothing either.

    Args:
        session: the transaction.
        rows: which.
        wanted: codes of the indicators that matter; None for all. Of what is `copied` nothing else is read.
    """
    rows = open_rows(session, rows)
    versions = answered_forms(session, rows)
    typed_alone = [row for row in rows if asked_of(versions[key_of(row)], wanted) <= copied_by(versions, row)]
    typed = typed_figures(session, typed_alone, wanted)
    for row in typed_alone:
        yield row, contributions(versions[key_of(row)], Level(row.level), typed[key_of(row)], wanted)
    known = {key_of(row) for row in typed_alone}
    rest = [row for row in rows if key_of(row) not in known]
    kept = kept_bases(session, rest, versions)
    bases = kept | bases_now(session, [row for row in rest if key_of(row) not in kept], versions)
    for row, values in _worked_out(session, rest, versions, typed_figures(session, rest), bases):
        yield row, contributions(versions[key_of(row)], Level(row.level), values, wanted)


def asked_of(form: FormVersion, wanted: Collection[str] | None) -> frozenset[str]:
    """Codes of the form's indicators that matter."""
    return frozenset(form.by_code) if wanted is None else frozenset(form.by_code.keys() & set(wanted))


def copied_by(versions: Mapping[Key, FormVersion], row: Submission) -> frozenset[str]:
    """What a submission adds as it was typed."""
    return copied(versions[key_of(row)], Level(row.level))


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
