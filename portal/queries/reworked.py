"""What accepted answers would come to today: by what is accepted elsewhere now, and by the newest formulas."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.domain.bases import Basis, Seen, behind, completed_on, looked_at, resting_elsewhere
from portal.domain.forms import FormVersion, Source
from portal.domain.mapping import carried_over, value_across
from portal.domain.quantities import Reference, When
from portal.domain.recalculation import narrowed
from portal.domain.rollup import Contribution, contributions_beside_copies
from portal.domain.units import Level
from portal.domain.values import MISSING, Value
from portal.models import Submission
from portal.queries.bases import kept_bases
from portal.queries.bases_now import bases_now, source_of
from portal.queries.editions import Way, Ways
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, counted_rows, key_of, typed_figures
from portal.queries.forms import version_meant, way_to
from portal.queries.list_rows import lists_of


@dataclass(frozen=True)
class Correction:
    """A figure that an accepted one was worked out from, and that is accepted otherwise by now.

    Attributes:
        source: the submission that it stands in; for a sum over units below, the one that looks at them.
        reference: what the formula calls it.
        versions: of the source, when it was looked at and now; None: nothing was accepted, or it is a sum.
        values: what it was, and what it is.
    """

    source: Key
    reference: Reference
    versions: tuple[int | None, int | None]
    values: tuple[Value, Value]


@dataclass(frozen=True)
class Reworked:
    """A calculated figure of one accepted answer, as it was accepted and as it would be today.

    Attributes:
        row: the answer.
        form: in whose words it is: the one that it answers, or the newest.
        was: the indicator's code there.
        code: its code by now; the same, unless it is worked out by another formula.
        values: each in the unit of measure of its form; the first is told only where it is not added up over units.
        contribution: what it would add to roll-ups; None: nothing.
        corrections: figures elsewhere that make it another.
    """

    row: Submission
    form: FormVersion
    was: str
    code: str
    values: tuple[Value, Value]
    contribution: Contribution | None
    corrections: Sequence[Correction]


def reworked(session: Session, rows: Sequence[Submission], ways: Ways) -> list[Reworked]:
    """Every figure that comes of others elsewhere and would be another, and those worked out otherwise, be they or not.

    The number of statements depends on that of different forms the answers are of. What is not accepted elsewhere at
    the moment is taken as it was looked at.
    """
    forms = answered_forms(session, rows)
    kept = kept_bases(session, rows, forms)
    outdated = _outdated(session, [row for row in rows if key_of(row) in kept], kept)
    otherwise = [row for row in rows if ways.of(forms[key_of(row)]).reckoned]
    return [*_by_inputs(session, outdated, forms, kept), *_by_formulas(session, otherwise, forms, kept, ways)]


def _outdated(session: Session, rows: Sequence[Submission], kept: Mapping[Key, Basis]) -> list[Submission]:
    """Those of which something looked at is accepted in another version now, or may be another sum by now."""
    accepted = {key_of(row): row.version_number for row in rows}
    sources = {source_of(key_of(row), each) for row in rows for each in kept[key_of(row)]}
    others = counted_rows(session, sources - accepted.keys())
    accepted |= {key: row.version_number for key, row in others.items()}

    def differs(row: Submission, reference: Reference, seen: Seen) -> bool:
        if reference.when is When.BELOW:
            return True
        return accepted.get(source_of(key_of(row), reference), seen.version) != seen.version

    return [row for row in rows if any(differs(row, *each) for each in kept[key_of(row)].items())]


def _by_inputs(
    session: Session, rows: Sequence[Submission], forms: Mapping[Key, FormVersion], kept: Mapping[Key, Basis]
) -> Iterator[Reworked]:
    """What is another because something elsewhere is."""
    if not rows:
        return
    parts = {key_of(row): _resting(forms[key_of(row)]) for row in rows}
    bases = bases_now(session, rows, parts)
    typed = typed_figures(session, rows, {code for form in parts.values() for code in form.codes})
    lists = lists_of(session, rows, parts)
    for row in rows:
        key, level = key_of(row), Level(row.level)
        form, basis = parts[key], _standing(bases.get(key, {}), kept[key])
        then, now = (completed_on(each, form, level, typed[key], lists[key]) for each in (kept[key], basis))
        added_then, added_now = (
            {each.indicator: each for each in contributions_beside_copies(form, level, values)}
            for values in (then, now)
        )
        for code in form.codes:
            values, adds = (then[code], now[code]), added_now.get(code)
            if values[0] != values[1] or added_then.get(code) != adds:
                found = _corrections(key, kept[key], basis, behind(form, code))
                yield Reworked(row, forms[key], code, code, values, adds, found)


def _by_formulas(
    session: Session,
    rows: Sequence[Submission],
    forms: Mapping[Key, FormVersion],
    kept: Mapping[Key, Basis],
    ways: Ways,
) -> Iterator[Reworked]:
    """What is worked out otherwise, by the newest formulas and what is accepted elsewhere now."""
    if not rows:
        return
    by_row = {key_of(row): ways.of(forms[key_of(row)]) for row in rows}
    answered, newest = ({key: getattr(way, side) for key, way in by_row.items()} for side in ("answered", "newest"))
    bases_then, bases_newest = bases_now(session, rows, answered), bases_now(session, rows, newest)
    in_words = _InWords(session)
    needed = {code for way in by_row.values() for code in (*way.answered.codes, *way.alone.codes)}
    typed = typed_figures(session, rows, needed)
    lists = lists_of(session, rows, answered)
    for row in rows:
        key, level = key_of(row), Level(row.level)
        way, was = by_row[key], kept.get(key, {})
        seen = in_words.of(way, was)
        today, basis = _standing(bases_then.get(key, {}), was), _standing(bases_newest.get(key, {}), seen)
        carried = carried_over(way.across, completed_on(today, way.answered, level, typed[key], lists[key]))
        now = completed_on(basis, way.newest, level, carried, lists[key])
        alone = completed_on(was, way.alone, level, typed[key], lists[key]) if way.alone.codes else {}
        added = {each.indicator: each for each in contributions_beside_copies(way.newest, level, now)}
        for code, reckoned in way.reckoned.items():
            values = alone.get(reckoned.was.code, MISSING), now[code]
            found = _corrections(key, seen, basis, behind(way.newest, code))
            yield Reworked(row, way.whole, reckoned.was.code, code, values, added.get(code), found)


def _resting(form: FormVersion) -> FormVersion:
    codes = resting_elsewhere(form)
    return narrowed(form, (code for code in codes if form.by_code[code].source is not Source.COLLECTED))


def _standing(now: Basis, then: Basis) -> dict[Reference, Seen]:
    """What is accepted elsewhere; where nothing is at the moment, what was when it was looked at."""
    return {
        reference: seen if seen.version is not None or seen.value.answered else then.get(reference, seen)
        for reference, seen in now.items()
    }


class _InWords:
    """Tells what was looked at in the words and measures of the newest version of the form that looked at it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.ways: dict[tuple[int, Reference], Sequence[FormVersion]] = {}

    def of(self, way: Way, basis: Basis) -> dict[Reference, Seen]:
        """As far as the newest version looks at it."""
        found = {}
        for reference in looked_at(way.newest):
            beside = {each: seen for each, seen in basis.items() if _source(each) == _source(reference)}
            values = {each.code: seen.value for each, seen in beside.items()}
            across = self._across(way, reference, beside) if beside else []
            told = value_across(across, reference.code, values) if across else None
            if told is not None:
                found[reference] = Seen(told, next(iter(beside.values())).version)
        return found

    def _across(self, way: Way, reference: Reference, beside: Iterable[Reference]) -> Sequence[FormVersion]:
        """The versions of the form that a figure is of along which it is carried over; empty if none has it."""
        if not reference.form:
            return way.across
        key = (id(way), reference)
        if key not in self.ways:
            meant = version_meant(self.session, way.newest, reference.form, reference.code)
            then = [version_meant(self.session, way.answered, each.form, each.code) for each in beside]
            last = max((each for each in then if each), key=lambda each: each.number, default=None)
            self.ways[key] = way_to(self.session, meant, last) if meant and last else []
        return self.ways[key]


def _source(reference: Reference) -> tuple[str, When]:
    return reference.form, reference.when


def _corrections(key: Key, then: Basis, now: Basis, behind_it: frozenset[Reference]) -> list[Correction]:
    return [
        Correction(
            source_of(key, each), each, (then[each].version, now[each].version), (then[each].value, now[each].value)
        )
        for each in sorted(behind_it & then.keys() & now.keys(), key=str)
        if then[each].value != now[each].value and (each.when is When.BELOW or then[each].version != now[each].version)
    ]
