"""Hold what was kept of figures looked at elsewhere against the versions that these stood in."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from portal.domain.bases import Seen, as_accepted, basis_from_json
from portal.domain.forms import FormVersion
from portal.domain.mapping import value_across
from portal.domain.periods import Period
from portal.domain.quantities import Reference
from portal.domain.rollup import Total
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import MISSING, Value, Values, ValueStatus
from portal.models import AcceptedBasis, Submission
from portal.queries.bases import kept_bases
from portal.queries.bases_now import source_of
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, key_of, named_rows, typed_figures
from portal.queries.forms import newest_with, way_to
from portal.queries.list_rows import lists_of
from portal.queries.submissions import same_submission

Name = tuple[int, str]
"""A unit's id; and the form, the number of the version, and what is looked at: `T-2 LY(T101)`."""

Version = tuple[Key, int]


def checked_bases(session: Session, root_id: int, period: Period) -> tuple[dict[Name, Total], dict[Name, Total]]:
    """The figures that accepted versions of a period looked at, as they were kept and as they stand in their versions.

    Sums over units below are left out: these may have been corrected since, and so are figures that were not there.
    """
    kept: dict[Name, Total] = {}
    found: dict[Name, Total] = {}
    seen = list(_seen(session, root_id, period))
    figures = _figures(session, {version for *_rest, version in seen})
    for name, form, reference, each, version in seen:
        kept[name] = _told(each.value)
        found[name] = _told(_across(session, form, reference, figures.get(version)))
    return kept, found


def _seen(
    session: Session, root_id: int, period: Period
) -> Iterator[tuple[Name, FormVersion, Reference, Seen, Version]]:
    query = (
        select(AcceptedBasis, Submission)
        .join(Submission, and_(*same_submission(AcceptedBasis, Submission)))
        .where(AcceptedBasis.root_id == root_id, AcceptedBasis.period_code == str(period))
    )
    rows = session.execute(query).all()
    forms = answered_forms(session, [row for _basis, row in rows]) if rows else {}
    for basis, row in rows:
        key = key_of(row)
        for reference, each in basis_from_json(forms[key], basis.figures).items():
            if each.version is not None:
                name = f"{row.form_code}-{basis.version_number} {reference}"
                version = (source_of(key, reference), each.version)
                yield (row.unit_id, name), forms[key], reference, each, version


def _figures(session: Session, versions: set[Version]) -> Mapping[Version, tuple[FormVersion, Values]]:
    """All figures of accepted versions, with the forms that they answer."""
    by_number: defaultdict[int, set[Key]] = defaultdict(set)
    for key, number in versions:
        by_number[number].add(key)
    found: dict[Version, tuple[FormVersion, Values]] = {}
    for number, keys in by_number.items():
        rows = list(named_rows(session, keys).values())
        forms = answered_forms(session, rows) if rows else {}
        typed, lists = typed_figures(session, rows, version=number), lists_of(session, rows, forms, version=number)
        bases = kept_bases(session, rows, forms, version=number)
        for row in rows:
            key = key_of(row)
            around = Surroundings(lists=lists[key])
            values = as_accepted(bases.get(key), forms[key], Level(row.level), typed[key], None, None, around)
            found[key, number] = forms[key], values
    return found


def _across(
    session: Session, form: FormVersion, reference: Reference, figures: tuple[FormVersion, Values] | None
) -> Value:
    """A figure of another version as formulas of a form call it."""
    if figures is None:
        return MISSING
    then, values = figures
    meant = newest_with(session, reference.form, reference.code) if reference.form else form
    return (value_across(way_to(session, meant, then), reference.code, values) if meant else None) or MISSING


def _told(value: Value) -> Total:
    """As the verdict tells it; what does not apply is no figure."""
    applies = value.status is not ValueStatus.NOT_APPLICABLE
    return Total(int(value.reported), int(not applies), amount=value.number)
