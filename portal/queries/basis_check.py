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
from portal.queries.forms import versions_with, way_to
from portal.queries.list_rows import lists_of
from portal.queries.submissions import same_submission

Name = tuple[int, str]
"""A unit's id; and the form, the number of the version, and what is looked at: `T-2 LY(T101)`."""

Version = tuple[Key, int]


def checked_bases(session: Session, root_id: int, period: Period) -> tuple[dict[Name, Total], dict[Name, Total]]:
    """The figures that accepted versions of a period looked at, as they were kept and as they stand in their versions.

    Left out are sums over units below, which may have been corrected since, and figures that were not there.
    """
    kept: dict[Name, Total] = {}
    found: dict[Name, Total] = {}
    seen = list(_seen(session, root_id, period))
    figures = _figures(session, {version for *_rest, version in seen})
    ways = _Ways(session)
    for name, form, reference, each, version in seen:
        kept[name] = _told(each.value)
        known = [MISSING]
        if version in figures:
            then, values = figures[version]
            told = (value_across(way, reference.code, values) for way in ways.of(form, reference, then))
            known = [value or MISSING for value in told] or known
        found[name] = next((one for one in map(_told, known) if one == kept[name]), _told(known[0]))
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


class _Ways:
    """From what a formula means to the version of a form that was answered; each is read once for all units."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.known: dict[tuple[int, Reference, int], list[list[FormVersion]]] = {}

    def of(self, form: FormVersion, reference: Reference, then: FormVersion) -> list[list[FormVersion]]:
        """Of another form one from each of its versions: a formula means the newest one, which was another then."""
        key = (id(form), reference, id(then))
        if key not in self.known:
            meant = versions_with(self.session, reference.form, reference.code) if reference.form else (form,)
            self.known[key] = [way_to(self.session, each, then) for each in meant]
        return self.known[key]


def _told(value: Value) -> Total:
    """As the verdict tells it; what does not apply is no figure."""
    applies = value.status is not ValueStatus.NOT_APPLICABLE
    return Total(int(value.reported), int(not applies), amount=value.number)
