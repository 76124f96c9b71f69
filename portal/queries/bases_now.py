"""What submissions would be worked out from elsewhere if they were accepted now."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from portal.domain.bases import Basis, Seen, looked_at, of_earlier
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.quantities import Reference, When
from portal.domain.surroundings import ALONE, Surroundings
from portal.models import Submission
from portal.queries.earlier import Earlier, earlier_values
from portal.queries.figures import Key, counted_rows, key_of
from portal.queries.surroundings import surroundings


def bases_now(session: Session, rows: Sequence[Submission], forms: Mapping[Key, FormVersion]) -> dict[Key, Basis]:
    """Of those submissions whose forms look elsewhere, by the forms given: what is accepted there now."""
    asked = {key_of(row): forms[key_of(row)] for row in rows if looked_at(forms[key_of(row)])}
    if not asked:
        return {}
    back = {key: form for key, form in asked.items() if of_earlier(looked_at(form))}
    earlier = earlier_values(session, back, lambda form: of_earlier(looked_at(form))) if back else {}
    around, versions = _around(session, rows, asked)
    found: dict[Key, Basis] = {}
    for key, form in asked.items():
        before = earlier.get(key, Earlier())
        there = around.get(key, ALONE)
        context = there.context({}, before.last_year, before.previous)
        found[key] = {
            reference: Seen(
                replace(context.value(reference), note=""),
                _version(key, reference, before, versions),
                there.versions_below.get(reference.code, {}) if reference.when is When.BELOW else {},
            )
            for reference in looked_at(form)
        }
    return found


def source_of(key: Key, reference: Reference) -> Key:
    """Of which submission a figure is that another looks at; itself for sums over units below."""
    period = Period.parse(key[1])
    at = {When.LAST_YEAR: period.last_year, When.PREVIOUS: period.previous}.get(reference.when, period)
    return (key[0], str(at), reference.form or key[2], key[3])


def _version(key: Key, reference: Reference, earlier: Earlier, others: Mapping[Key, int]) -> int | None:
    if reference.form:
        return others.get(source_of(key, reference))
    last_year, previous = earlier.versions
    return {When.LAST_YEAR: last_year, When.PREVIOUS: previous}.get(reference.when)


def _around(
    session: Session, rows: Sequence[Submission], asked: Mapping[Key, FormVersion]
) -> tuple[dict[Key, Surroundings], dict[Key, int]]:
    """Other forms and sums over units below, where a form is worked out from them; and the other forms' versions."""
    together: defaultdict[tuple[str, int], list[Submission]] = defaultdict(list)
    places: set[Key] = set()
    for row in rows:
        key = key_of(row)
        references = [each for each in looked_at(asked[key]) if _is_around(each)] if key in asked else []
        if references:
            together[row.period_code, id(asked[key])].append(row)
            places |= {source_of(key, each) for each in references if each.form}
    around: dict[Key, Surroundings] = {}
    for some in together.values():
        around |= surroundings(session, some, asked[key_of(some[0])])
    return around, {place: row.version_number for place, row in counted_rows(session, places).items()}


def _is_around(reference: Reference) -> bool:
    return bool(reference.form) or reference.when is When.BELOW
