"""Accepted figures of earlier periods, as `LY(x)` and `PREV(x)` look at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.domain.calculation import completed
from portal.domain.forms import FormVersion
from portal.domain.mapping import broken, carried_over
from portal.domain.periods import Period
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.domain.values import Values
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
    """

    last_year: Values = field(default_factory=dict)
    previous: Values = field(default_factory=dict)
    demo: bool = False
    broken: frozenset[str] = frozenset()


def earlier_values(session: Session, asked: Mapping[Key, FormVersion]) -> dict[Key, Earlier]:
    """For each submission, be it there or not, what was accepted before it; by the form it answers."""
    wanted = {each for key in asked for each in (_year_before(key), _period_before(key))}
    rows = counted_rows(session, wanted)
    typed = typed_figures(session, list(rows.values()))
    answered = answered_forms(session, list(rows.values())) if rows else {}
    lists = lists_of(session, list(rows.values()), answered)
    ways: dict[tuple[int, int], list[FormVersion]] = {}

    def way(key: Key, form: FormVersion) -> list[FormVersion]:
        ends = (id(form), id(answered[key]))
        if ends not in ways:
            ways[ends] = way_to(session, form, answered[key])
        return ways[ends]

    def values(key: Key, form: FormVersion) -> Values:
        row = rows.get(key)
        if row is None:
            return {}
        around = Surroundings(lists=lists[key])
        worked_out = completed(answered[key], Level(row.level), typed[key], None, around=around)
        return carried_over(way(key, form), worked_out)

    def earlier(key: Key, form: FormVersion) -> Earlier:
        year_before, period_before = _year_before(key), _period_before(key)
        last_year = values(year_before, form)
        previous = last_year if period_before == year_before else values(period_before, form)
        known = rows.get(year_before)
        breaks = broken(way(year_before, form)) if known else frozenset()
        return Earlier(last_year, previous, demo=known is not None and known.demo, broken=breaks)

    return {key: earlier(key, form) for key, form in asked.items()}


def _year_before(key: Key) -> Key:
    return (key[0], str(Period.parse(key[1]).last_year), *key[2:])


def _period_before(key: Key) -> Key:
    return (key[0], str(Period.parse(key[1]).previous), *key[2:])
