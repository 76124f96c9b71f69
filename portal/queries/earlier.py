"""Accepted figures of earlier periods, as `LY(x)` and `PREV(x)` look at them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.domain.bases import as_accepted
from portal.domain.forms import FormVersion
from portal.domain.mapping import broken, carried_over, terms
from portal.domain.periods import Period
from portal.domain.recalculation import narrowed
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import Values
from portal.queries.bases import kept_bases
from portal.queries.effective_forms import answered_forms
from portal.queries.figures import Key, counted_rows, typed_figures
from portal.queries.forms import way_to
from portal.queries.list_rows import lists_of


@dataclass(frozen=True)
class Earlier:
    """A unit's accepted figures of earlier periods, with what is calculated from them; empty if none were accepted.

    Attributes:
        last_year: of the same period a year ago.
        previous: of the period right before.
        demo: last year's are made up (演示数据).
        broken: indicators of which last year's form asked nothing comparable.
        versions: of the answers that last year's and the previous figures stand in; None: none was accepted.
    """

    last_year: Values = field(default_factory=dict)
    previous: Values = field(default_factory=dict)
    demo: bool = False
    broken: frozenset[str] = frozenset()
    versions: tuple[int | None, int | None] = (None, None)


def earlier_values(
    session: Session,
    asked: Mapping[Key, FormVersion],
    codes: Callable[[FormVersion], Collection[str]] | None = None,
) -> dict[Key, Earlier]:
    """For each submission, be it there or not, what was accepted before it; by the form it answers.

    What was worked out is as it was accepted. `codes` tells which indicators of a form are wanted, where not all are.
    """
    accepted = _Accepted(session, asked, codes)

    def earlier(key: Key, form: FormVersion) -> Earlier:
        year_before, period_before = _year_before(key), _period_before(key)
        last_year = accepted.values(year_before, form)
        previous = last_year if period_before == year_before else accepted.values(period_before, form)
        known = accepted.rows.get(year_before)
        breaks = broken(accepted.way(year_before, form)) if known else frozenset()
        versions = accepted.version(year_before), accepted.version(period_before)
        return Earlier(last_year, previous, known is not None and known.demo, breaks, versions)

    return {key: earlier(key, form) for key, form in asked.items()}


class _Accepted:
    """What was accepted in the periods before, told in the words of the forms that ask for it."""

    def __init__(
        self,
        session: Session,
        asked: Mapping[Key, FormVersion],
        codes: Callable[[FormVersion], Collection[str]] | None,
    ) -> None:
        self.session = session
        self.codes = codes
        self.ways: dict[tuple[int, int], list[FormVersion]] = {}
        places = {(place, id(form)): form for key, form in asked.items() for place in _before(key)}
        self.rows = counted_rows(session, {place for place, _form in places})
        rows = list(self.rows.values())
        self.answered = answered_forms(session, rows) if rows else {}
        read = [self.part(place, form) for (place, _form), form in places.items() if place in self.rows]
        wanted = None if codes is None else {code for each in read for code in each.codes}
        self.typed = typed_figures(session, rows, wanted)
        self.lists = lists_of(session, rows, self.answered)
        self.bases = kept_bases(session, rows, self.answered)

    def way(self, key: Key, form: FormVersion) -> list[FormVersion]:
        """From a form to the one that was answered."""
        ends = (id(form), id(self.answered[key]))
        if ends not in self.ways:
            self.ways[ends] = way_to(self.session, form, self.answered[key])
        return self.ways[ends]

    def part(self, key: Key, form: FormVersion) -> FormVersion:
        """The form that was answered, as far as another wants to know of it."""
        answered = self.answered[key]
        if self.codes is None:
            return answered
        there = (term.code for code in self.codes(form) for term in terms(self.way(key, form), code))
        return narrowed(answered, there)

    def values(self, key: Key, form: FormVersion) -> Values:
        """By the codes of the form; nothing if nothing was accepted."""
        row = self.rows.get(key)
        if row is None:
            return {}
        around = Surroundings(lists=self.lists[key])
        then = self.part(key, form)
        worked_out = as_accepted(self.bases.get(key), then, Level(row.level), self.typed[key], None, None, around)
        return carried_over(self.way(key, form), worked_out)

    def version(self, key: Key) -> int | None:
        """Number of the version; None if none was accepted."""
        return self.rows[key].version_number if key in self.rows else None


def _before(key: Key) -> tuple[Key, Key]:
    return _year_before(key), _period_before(key)


def _year_before(key: Key) -> Key:
    return (key[0], str(Period.parse(key[1]).last_year), *key[2:])


def _period_before(key: Key) -> Key:
    return (key[0], str(Period.parse(key[1]).previous), *key[2:])
