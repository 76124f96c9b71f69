"""Roll-ups of half-years and years that a form was not sent down for, from those of the months or quarters it was.

First every shorter period is added up over units, each in its own tree; then those go over time
(`portal.domain.over_time`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion, Indicator, OverTime
from portal.domain.over_time import over_time as combined
from portal.domain.over_time import way_of
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Permission, Subject, require
from portal.errors import NotFound
from portal.models import Collection
from portal.queries.effective_forms import InTree, collected_forms
from portal.queries.rollups import REPORTED_TREE, RollUpRow, list_periods, roll_up, row_of, units_by
from portal.queries.units import UnitRow, get_unit

_KINDS = list(PeriodKind)


@dataclass(frozen=True)
class Made:
    """A form that was sent down for shorter periods than the one asked about.

    Attributes:
        form: as the last of them was sent it.
        periods: all that make up the one asked about, whether the form was sent down for them or not.
    """

    form: FormVersion
    periods: tuple[Period, ...]


Heard = Mapping[tuple[str, str], Mapping[Period, RollUpRow]]
"""The rows of shorter periods, by the codes of unit and indicator."""


def roll_up_made(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period,
    indicators: Sequence[str] | None = None,
    by: str = "self",
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> list[RollUpRow]:
    """What `roll_up` gives, and after it that of the forms that were sent down for shorter periods only.

    Raises:
        NotFound: as `roll_up`.
        NotPermitted: as `roll_up`.
        InvalidInput: as `roll_up`.
    """
    day = period if tree == REPORTED_TREE else None
    top = get_unit(session, unit, period=day)
    made = made_forms(session, top, period)
    there = {code for each in made for code in each.form.codes}
    own = None if indicators is None else [code for code in indicators if code not in there]
    rows: list[RollUpRow] = []
    if own is None or own:
        rows = roll_up(session, actor, unit=unit, period=period, indicators=own, by=by, tree=tree, pending=pending)
    for each in made:
        wanted = [code for code in each.form.codes if indicators is None or code in indicators]
        if wanted:
            rows += over_time(
                session, actor, each, unit=unit, period=period, indicators=wanted, by=by, tree=tree, pending=pending
            )
    return rows


def over_time(
    session: Session,
    actor: Actor,
    made: Made,
    *,
    unit: str,
    period: Period,
    indicators: Sequence[str],
    by: str = "self",
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> list[RollUpRow]:
    """A form's roll-ups of a longer period, from its accepted shorter ones; units are those of the longer period.

    Raises:
        NotFound: the tree has no such unit.
        NotPermitted: the unit is not within the actor's reach.
        InvalidInput: `by` is no such thing.
    """
    day = period if tree == REPORTED_TREE else None
    top = get_unit(session, unit, period=day)
    require(actor, Permission.SEE_ROLLUP, Subject(top.path))
    wanted = [made.form.indicator(code) for code in indicators]
    heard: defaultdict[tuple[str, str], dict[Period, RollUpRow]] = defaultdict(dict)
    for part in made.periods:
        codes = _same(session, top, part, wanted)
        if not codes:
            continue
        try:
            rows = roll_up(session, actor, unit=unit, period=part, indicators=codes, by=by, tree=tree, pending=pending)
        except NotFound:  # the unit was not there yet
            continue
        for row in rows:
            heard[row.unit_code, row.indicator][part] = row
    return [
        _row(each, made, indicator, heard[each.code, indicator.code], tree)
        for each in units_by(session, top, by, day)
        for indicator in wanted
    ]


def made_forms(session: Session, unit: InTree, period: Period) -> list[Made]:
    """The forms that the unit was not sent for the period, but for shorter ones within it; by code.

    Of a form that was sent down for shorter periods of several kinds, the longest are taken.
    """
    query = select(Collection.form_code, Collection.period_code).where(Collection.root_id == unit.root_id)
    sent: defaultdict[str, list[Period]] = defaultdict(list)
    for code, part in session.execute(query):
        sent[code].append(Period.parse(part))
    found = []
    for code, periods in sorted(sent.items()):
        parts = [each for each in periods if each.within(period) and each.kind is not PeriodKind.DAY]
        if not parts or period in periods:
            continue
        kind = min((each.kind for each in parts), key=_KINDS.index)
        last = max((each for each in parts if each.kind is kind), key=lambda each: each.ends_on)
        form = next(form for form in collected_forms(session, unit, last) if form.code == code)
        found.append(Made(form, period.parts(kind)))
    return found


def forms_shown(session: Session, unit: InTree, period: Period) -> list[FormVersion]:
    """The forms that there are roll-ups of for a period: those sent down for it, and those made from shorter ones."""
    return collected_forms(session, unit, period) + [each.form for each in made_forms(session, unit, period)]


def list_shown_periods(session: Session) -> list[str]:
    """The periods of `list_periods`, and the longer ones that they are a part of; longest first, newest first."""
    periods = [Period.parse(code) for code in list_periods(session)]
    around = {longer for each in periods if each.kind is not PeriodKind.DAY for longer in each.longer()}
    every = around.union(periods)
    return [str(each) for each in sorted(every, key=lambda each: (_KINDS.index(each.kind), -each.ends_on.toordinal()))]


def _same(session: Session, unit: InTree, period: Period, wanted: Sequence[Indicator]) -> list[str]:
    """Those that the period's form asks in the same way: a number in another unit of measure is not added to it."""
    known = {each.code: each for form in collected_forms(session, unit, period) for each in form}
    return [each.code for each in wanted if each.code in known and _terms(known[each.code]) == _terms(each)]


def _terms(indicator: Indicator) -> tuple[object, ...]:
    return indicator.type, indicator.unit, indicator.aggregation, indicator.stock


def _row(unit: UnitRow, made: Made, indicator: Indicator, rows: Mapping[Period, RollUpRow], tree: str) -> RollUpRow:
    way = way_of(made.form, indicator)
    had = tuple(each for each in made.periods if each in rows and rows[each].reported)
    missing = tuple(each for each in made.periods if each not in had and (each not in rows or rows[each].expected))
    is_last = way is OverTime.LAST
    since = had[-1] if is_last and had else made.periods[0]
    used = had[-1:] if is_last else had
    counted = [rows[each] for each in ((used or tuple(rows)[-1:]) if is_last else rows)]
    total = combined(indicator, way, [rows[each].total for each in had])
    total = replace(total, not_applicable=sum(row.not_applicable for row in counted))
    row = row_of(
        unit,
        indicator,
        total,
        sum(row.expected + row.not_applicable for row in counted),
        tree=tree,
        torn=tuple(
            dict.fromkeys(code for each, row in rows.items() if each.ends_on >= since.ends_on for code in row.torn)
        ),
        pending=any(rows[each].pending for each in used),
        demo=any(row.demo for row in counted),
        gap=made.periods[-1] in missing if is_last else bool(missing),
    )
    mean = row.mean if is_last else None  # of units, which for several periods are not the answers
    return replace(row, mean=mean, periods=used, missing=missing)
