"""Roll-ups of half-years and years that a form was not sent down for, from those of the months or quarters it was.

First every shorter period is added up over units, each in its own tree; then those go over time
(`portal.domain.over_time`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as Collected
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion, Indicator, OverTime
from portal.domain.mapping import Term, terms
from portal.domain.over_time import over_time as combined
from portal.domain.over_time import way_of
from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor, Permission, Subject, require
from portal.errors import NotFound, NotPermitted
from portal.queries.effective_forms import InTree, collected_forms, forms_then
from portal.queries.forms import way_to
from portal.queries.made_forms import Made, forms_made, made_forms
from portal.queries.rollups.rows import RollUpRow, row_of
from portal.queries.rollups.totals import REPORTED_TREE, list_periods, roll_ups, tree_day, units_by
from portal.queries.units import PublishedTree, UnitRow, published_tree, published_trees

_KINDS = list(PeriodKind)


@dataclass(frozen=True)
class _Asked:
    """Some indicators of a form over a longer period.

    Attributes:
        same: by shorter period, those that its form asks in the same way.
        trees: by shorter period, the tree that its figures are grouped by, if that is its own.
    """

    made: Made
    wanted: Sequence[Indicator]
    same: Mapping[Period, tuple[str, ...]]
    trees: Mapping[Period, PublishedTree]

    def owes(self, unit: UnitRow, indicator: Indicator, part: Period) -> bool:
        """Whether a figure is missing for a shorter period that has no row: not of a unit that did not exist then."""
        asked = indicator.code in self.same.get(part, ()) and part in self.trees
        return not asked or unit.code in self.trees[part].places


_Rows = dict[Period, list[RollUpRow]]

Heard = Mapping[Period, Mapping[tuple[str, str], RollUpRow]]
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
    found = roll_ups_made(
        session, actor, unit=unit, periods=[period], indicators=indicators, by=by, tree=tree, pending=pending
    )
    return found[period]


def roll_ups_made(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    periods: Sequence[Period],
    indicators: Sequence[str] | None = None,
    by: str = "self",
    tree: str = REPORTED_TREE,
    pending: bool = False,
) -> dict[Period, list[RollUpRow]]:
    """The same for several periods; all shorter periods of all of them are read at once.

    Periods in whose tree the unit does not stand, or that have no numbers of such an indicator, are left out.

    Raises:
        NotFound: so are all of them.
        NotPermitted: as `roll_up`.
        InvalidInput: as `roll_up`.
    """
    trees = {period: published_tree(session, tree_day(period, tree)) for period in periods}
    standing = {period: published for period, published in trees.items() if unit in published.places}
    if not standing:
        raise NotFound("unit", unit)
    top = next(iter(standing.values())).get(unit)
    require(actor, Permission.SEE_ROLLUP, Subject(top.path))

    def read(wanted: Sequence[str] | None, of: Sequence[Period], unit: str = unit, by: str = by) -> _Rows:
        try:
            return roll_ups(session, actor, unit=unit, periods=of, indicators=wanted, by=by, tree=tree, pending=pending)
        except (NotFound, NotPermitted):  # of none of them; or the unit was not there yet, or out of reach
            return {}

    asked = _asked(session, top, standing, indicators, tree)
    units = {period: units_by(published, unit, by) for period, published in standing.items()}
    heard = _heard(asked, {each.code for several in units.values() for each in several}, read)
    found = _sent_down(standing, asked, indicators, read)
    if not found:
        known = {one.code for period in standing for form in forms_shown(session, top, period) for one in form}
        raise NotFound(
            "indicator", ",".join([code for code in indicators or () if code not in known] or indicators or ())
        )
    for period, rows in found.items():
        rows += [
            _row(each, one, indicator, heard, tree)
            for one in asked[period]
            for each in units[period]
            for indicator in one.wanted
        ]
    return found


def _heard(asked: Mapping[Period, Sequence[_Asked]], units: Collected[str], read: Callable[..., _Rows]) -> Heard:
    """The rows of the shorter periods, also those of units that stood elsewhere in one: these are asked for singly."""
    groups: defaultdict[tuple[str, ...], list[Period]] = defaultdict(list)
    trees: dict[Period, PublishedTree] = {}
    for one in (one for several in asked.values() for one in several):
        trees |= one.trees
        for part, codes in one.same.items():
            if part not in groups[codes]:
                groups[codes].append(part)
    heard: defaultdict[Period, dict[tuple[str, str], RollUpRow]] = defaultdict(dict)

    def hear(found: _Rows) -> None:
        for part, rows in found.items():
            heard[part] |= {(row.unit_code, row.indicator): row for row in rows}

    for codes, parts in groups.items():
        hear(read(codes, parts))
        elsewhere: defaultdict[str, list[Period]] = defaultdict(list)
        for part in parts:
            for code in units:
                if part in trees and code in trees[part].places and (code, codes[0]) not in heard[part]:
                    elsewhere[code].append(part)
        for code, those in elsewhere.items():
            hear(read(codes, those, code, "self"))
    return heard


def _asked(
    session: Session, top: InTree, periods: Collected[Period], indicators: Sequence[str] | None, tree: str
) -> dict[Period, list[_Asked]]:
    """What is to be made, by longer period."""
    made = forms_made(session, top, periods)
    parts = {part for several in made.values() for each in several for part in each.periods}
    forms = forms_then(session, top, parts) if parts else {}
    trees = published_trees(session, parts) if parts and tree == REPORTED_TREE else {}
    known = {part: {one.code: one for form in several for one in form} for part, several in forms.items()}
    found: dict[Period, list[_Asked]] = {period: [] for period in periods}
    for period, several in made.items():
        for each in several:
            wanted = [one for one in each.form if indicators is None or one.code in indicators]
            same = {part: tuple(one.code for one in wanted if _is_same(known[part], one)) for part in each.periods}
            if wanted:
                found[period].append(
                    _Asked(each, wanted, {part: codes for part, codes in same.items() if codes}, trees)
                )
    return found


def _sent_down(
    standing: Collected[Period],
    asked: Mapping[Period, Sequence[_Asked]],
    indicators: Sequence[str] | None,
    read: Callable[[Sequence[str] | None, Sequence[Period]], dict[Period, list[RollUpRow]]],
) -> dict[Period, list[RollUpRow]]:
    """What was sent down for the longer periods themselves; those are left out that lack what was asked for."""
    if indicators is None:
        return {period: [] for period in standing} | read(None, list(standing))
    groups: defaultdict[tuple[str, ...], list[Period]] = defaultdict(list)
    for period in standing:
        made = {one.code for each in asked[period] for one in each.wanted}
        groups[tuple(code for code in indicators if code not in made)].append(period)
    found: dict[Period, list[RollUpRow]] = {}
    for codes, periods in groups.items():
        found |= read(codes, periods) if codes else {period: [] for period in periods}
    return {period: found[period] for period in standing if period in found}


def periods_behind(
    session: Session, unit: InTree, periods: Collected[Period], indicator: str | None = None
) -> list[Period]:
    """The periods by whose trees figures of these periods, of one indicator or of all, were added up; oldest first."""
    found: set[Period] = set()
    for period, several in forms_made(session, unit, periods).items():
        parts = {
            part for made in several if indicator is None or _adds_up(made.form, indicator) for part in made.periods
        }
        found |= parts or {period}
    return sorted(found, key=lambda each: each.ends_on)


def _adds_up(form: FormVersion, code: str) -> bool:
    """Whether all shorter periods are in the indicator's figure, not only the last one."""
    return code in form.by_code and way_of(form, form.by_code[code]) is not OverTime.LAST


def forms_shown(session: Session, unit: InTree, period: Period) -> list[FormVersion]:
    """The forms that there are roll-ups of for a period: those sent down for it, and those made from shorter ones."""
    return collected_forms(session, unit, period) + [each.form for each in made_forms(session, unit, period)]


def indicators_then(
    session: Session, unit: InTree, code: str, period: Period, earlier: Period
) -> tuple[tuple[Indicator, Term], ...] | None:
    """The indicators of an earlier period whose sum is one of those that a unit has numbers of in a period.

    Each comes with what its figures count for. None at all where the series breaks; None where nothing of the kind was
    collected then.
    """
    now = next((form for form in forms_shown(session, unit, period) if code in form.by_code), None)
    then = next((form for form in forms_shown(session, unit, earlier) if now and form.code == now.code), None)
    if now is None or then is None or (now.by_code[code].added_by and code not in then.by_code):
        return None
    return tuple((then.indicator(each.code), each) for each in terms(way_to(session, now, then), code))


def list_shown_periods(session: Session) -> list[str]:
    """The periods of `list_periods`, and the longer ones that they are a part of; longest first, newest first."""
    periods = [Period.parse(code) for code in list_periods(session)]
    around = {longer for each in periods if each.kind is not PeriodKind.DAY for longer in each.longer()}
    every = around.union(periods)
    return [str(each) for each in sorted(every, key=lambda each: (_KINDS.index(each.kind), -each.ends_on.toordinal()))]


def _is_same(known: Mapping[str, Indicator], wanted: Indicator) -> bool:
    """Whether a period's form asks in the same way: a number in another unit of measure is not added to it."""
    return wanted.code in known and _terms(known[wanted.code]) == _terms(wanted)


def _terms(indicator: Indicator) -> tuple[object, ...]:
    return indicator.type, indicator.unit, indicator.aggregation, indicator.stock


def _row(unit: UnitRow, asked: _Asked, indicator: Indicator, heard: Heard, tree: str) -> RollUpRow:
    made, key = asked.made, (unit.code, indicator.code)
    rows = {
        part: heard[part][key]
        for part, codes in asked.same.items()
        if indicator.code in codes and part in heard and key in heard[part]
    }
    way = way_of(made.form, indicator)
    is_last = way is OverTime.LAST
    had = tuple(
        each
        for each in made.periods
        if each in rows and (rows[each].reported or (way is OverTime.SUM and rows[each].total.entered is not None))
    )
    since = had[-1] if is_last and had else made.periods[0]
    used = had[-1:] if is_last else had
    missing = tuple(
        each
        for each in made.periods
        if each not in had
        and (each.ends_on > since.ends_on if is_last and had else True)
        and (rows[each].expected if each in rows else asked.owes(unit, indicator, each))
    )
    counts = (used or tuple(rows)[-1:]) if is_last else tuple(rows)
    counted = [rows[each] for each in counts]
    total = combined(indicator, way, [rows[each].total for each in had], [each.months for each in had])
    total = total._replace(not_applicable=sum(row.not_applicable for row in counted))
    row = row_of(
        unit,
        indicator,
        total,
        sum(row.asked for row in counted),
        tree,
        torn=tuple(
            dict.fromkeys(code for each, row in rows.items() if each.ends_on >= since.ends_on for code in row.torn)
        ),
        pending=any(rows[each].pending for each in used),
        demo=any(row.demo for row in counted),
        gap=made.periods[-1] in missing if is_last else bool(missing),
    )
    return row._replace(periods=used, missing=missing, counted=counts)
