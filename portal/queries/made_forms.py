"""Forms that were sent down for shorter periods than the one asked about, and which periods make it up."""

from collections import defaultdict
from collections.abc import Collection as Collected
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion
from portal.domain.periods import Period, PeriodKind
from portal.models import Collection
from portal.queries.effective_forms import InTree, forms_then

_KINDS = list(PeriodKind)


@dataclass(frozen=True)
class Made:
    """A form that was sent down for shorter periods than the one asked about.

    Attributes:
        form: as the last of them was sent it.
        periods: all that make up the one asked about, in order of time, whether the form was sent down for them or not.
    """

    form: FormVersion
    periods: tuple[Period, ...]


def made_forms(session: Session, unit: InTree, period: Period) -> list[Made]:
    """The forms that the unit was not sent for the period, but for shorter ones within it; by code."""
    return forms_made(session, unit, [period])[period]


def forms_made(session: Session, unit: InTree, periods: Collected[Period]) -> dict[Period, list[Made]]:
    """The same for each of several periods.

    Of a form that was sent down for shorter periods of several kinds, the longest are taken, and shorter ones where
    there are none of those: a half-year and two quarters make a year.
    """
    query = select(Collection.form_code, Collection.period_code).where(Collection.root_id == unit.root_id)
    sent: defaultdict[str, list[Period]] = defaultdict(list)
    for code, named in session.execute(query):
        sent[code].append(Period.parse(named))
    parts = {
        (period, code): _parts(period, several)
        for period in periods
        for code, several in sent.items()
        if period not in several
    }
    last = {
        key: max(those, key=lambda each: each.ends_on)
        for key, every in parts.items()
        if (those := [each for each in every if each in sent[key[1]]])
    }
    forms = forms_then(session, unit, set(last.values())) if last else {}
    found: dict[Period, list[Made]] = {period: [] for period in periods}
    for (period, code), part in sorted(last.items(), key=lambda item: item[0][1]):
        form = next(form for form in forms[part] if form.code == code)
        found[period].append(Made(form, parts[period, code]))
    return found


def _parts(period: Period, sent: Collected[Period]) -> tuple[Period, ...]:
    """What makes up a period that a form was not sent down for; itself if there is nothing shorter."""
    kinds = {each.kind for each in sent if each.within(period)} - {PeriodKind.DAY}
    if not kinds:
        return (period,)
    every = period.parts(min(kinds, key=_KINDS.index))
    return tuple(each for part in every for each in ((part,) if part in sent else _parts(part, sent)))
