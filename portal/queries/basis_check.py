"""Hold what was kept of figures looked at elsewhere against the versions that these stood in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from portal.domain.bases import Seen, as_accepted, basis_from_json, behind
from portal.domain.forms import FormVersion, Indicator
from portal.domain.mapping import value_across
from portal.domain.periods import Period
from portal.domain.quantities import Reference, When
from portal.domain.rollup import Total, contributions, total
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import MISSING, Value, Values, ValueStatus
from portal.models import AcceptedBasis, Submission
from portal.queries.bases import kept_bases
from portal.queries.bases_now import source_of
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, key_of, named_rows, typed_figures
from portal.queries.forms import version_meant, way_to
from portal.queries.list_rows import lists_of
from portal.queries.submissions import same_submission

Name = tuple[int, str]
"""A unit's id; and the form, the number of the version, and what is looked at: `T-2 LY(T101)`."""

Version = tuple[Key, int]
_Answer = tuple[FormVersion, Level, Values]
"""All figures of a version, with the form that it answers and the level of the unit."""


def checked_bases(session: Session, root_id: int, period: Period) -> tuple[dict[Name, Total], dict[Name, Total]]:
    """The figures that accepted versions of a period looked at, as they were kept and as they stand in their versions.

    Left out are figures that were not there; and sums over units below if it was not kept of which versions they are,
    or if what they add up comes itself of figures elsewhere.
    """
    kept: dict[Name, Total] = {}
    found: dict[Name, Total] = {}
    seen = list(_seen(session, root_id, period))
    answers = _answers(session, {version for *_rest, versions in seen for version in versions})
    ways = _Ways(session)
    for name, form, reference, each, versions in seen:
        there = [answers[version] for version in versions if version in answers]
        if reference.when is When.BELOW:
            value = _sum(form.by_code[reference.code], there)
        else:
            value = next((ways.told(form, reference, then, values) for then, _level, values in there), MISSING)
        kept[name], found[name] = _told(each.value), _told(value)
    return kept, found


def _sum(indicator: Indicator, answers: Iterable[_Answer]) -> Value:
    added = (each for answer in answers for each in contributions(*answer) if each.indicator == indicator.code)
    figure = total(added).figure(indicator)
    return MISSING if figure is None else Value.of(figure)


def _seen(
    session: Session, root_id: int, period: Period
) -> Iterator[tuple[Name, FormVersion, Reference, Seen, list[Version]]]:
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
            name = (row.unit_id, f"{row.form_code}-{basis.version_number} {reference}")
            if each.version is not None:
                yield name, forms[key], reference, each, [(source_of(key, reference), each.version)]
            elif each.below and not behind(forms[key], reference.code):
                below: list[Version] = [((*key[:3], unit_id), number) for unit_id, number in each.below.items()]
                yield name, forms[key], reference, each, below


def _answers(session: Session, versions: set[Version]) -> Mapping[Version, _Answer]:
    """Accepted versions."""
    by_number: defaultdict[int, set[Key]] = defaultdict(set)
    for key, number in versions:
        by_number[number].add(key)
    found: dict[Version, _Answer] = {}
    for number, keys in by_number.items():
        rows = list(named_rows(session, keys).values())
        forms = answered_forms(session, rows) if rows else {}
        typed, lists = typed_figures(session, rows, version=number), lists_of(session, rows, forms, version=number)
        bases = kept_bases(session, rows, forms, version=number)
        for row in rows:
            key, level = key_of(row), Level(row.level)
            around = Surroundings(lists=lists[key])
            values = as_accepted(bases.get(key), forms[key], level, typed[key], None, None, around)
            found[key, number] = forms[key], level, values
    return found


class _Ways:
    """From what a formula means to the version of a form that was answered; each is read once for all units."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.known: dict[tuple[int, Reference, int], list[FormVersion]] = {}

    def told(self, form: FormVersion, reference: Reference, then: FormVersion, values: Values) -> Value:
        """A figure of the version that was answered, as a formula of the form means it."""
        way = self._of(form, reference, then)
        return (value_across(way, reference.code, values) if way else None) or MISSING

    def _of(self, form: FormVersion, reference: Reference, then: FormVersion) -> list[FormVersion]:
        """Empty if no version has such an indicator."""
        key = (id(form), reference, id(then))
        if key not in self.known:
            meant: FormVersion | None = form
            if reference.form:
                meant = version_meant(self.session, form, reference.form, reference.code)
            self.known[key] = way_to(self.session, meant, then) if meant else []
        return self.known[key]


def _told(value: Value) -> Total:
    """As the verdict tells it; what does not apply is no figure."""
    applies = value.status is not ValueStatus.NOT_APPLICABLE
    return Total(int(value.reported), int(not applies), amount=value.number)
