"""Accepted figures beside what a newer formula makes of the same answers (重算对照). What was accepted stays."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.calculation import completed
from portal.domain.forms import FormVersion, Indicator
from portal.domain.lifecycle import COUNTED
from portal.domain.mapping import carried_over
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.domain.recalculation import looks_back
from portal.domain.rollup import Total, contributions
from portal.domain.surroundings import Surroundings
from portal.domain.units import Level
from portal.errors import NotFound
from portal.models import Submission
from portal.queries.ancestors import Targets
from portal.queries.coverage import covered
from portal.queries.earlier import Earlier, earlier_values
from portal.queries.editions import Edition, Way, Ways
from portal.queries.effective_forms import answered_forms, collected_forms
from portal.queries.figures import Key, key_of, typed_figures
from portal.queries.list_rows import lists_of
from portal.queries.rollup_parts import Totals, targets_of_period
from portal.queries.rollup_rows import RollUpRow, row_of
from portal.queries.rollups import list_periods, roll_up, units_by
from portal.queries.units import UnitRow, get_unit, published_tree


@dataclass(frozen=True)
class Recalculated:
    """A published number, and the number that the newest formula makes of the same accepted answers.

    Attributes:
        indicator: as the newest version has it.
        collected: as the version that was collected has it, perhaps under another code and in another unit of measure.
        formulas: that of the version that was collected, and the newest.
        editions: the versions since then that work it out otherwise, newest first.
        published: the number that stands.
        anew: the number by the newest formula, in the newest unit of measure; on no page does it count.
        difference: `anew` less `published`, in the newest unit of measure; None unless both are numbers.
    """

    period: Period
    form: str
    indicator: Indicator
    collected: Indicator
    formulas: tuple[str, str]
    editions: Sequence[Edition]
    published: RollUpRow
    anew: RollUpRow
    difference: Decimal | None


def list_recalculated(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period | None = None,
    indicators: Collection[str] | None = None,
    by: str = "self",
) -> list[Recalculated]:
    """The accepted numbers of indicators that are worked out otherwise by now, in one period or in all, newest first.

    Args:
        session: the transaction.
        actor: who asks.
        unit: whose numbers; `by` as in `roll_up`.
        period: None for all.
        indicators: by their newest codes; None for all.
        by: `self`, `children` or `level:district`.

    Raises:
        NotFound: the tree of the period, or of every period, has no such unit.
        NotPermitted: the unit is not within the actor's reach, or the actor sees numbers only, not their origins.
        InvalidInput: `by` is no such thing.
    """
    if period is not None:
        return _of_period(session, actor, unit, period, indicators, by)
    require(actor, Permission.SEE_ORIGINS, Subject(get_unit(session, unit).path))
    found: list[Recalculated] = []
    for each in map(Period.parse, list_periods(session)):
        try:
            found += _of_period(session, actor, unit, each, indicators, by)
        except NotFound:  # the unit was not there yet
            continue
    return found


def _of_period(
    session: Session, actor: Actor, unit: str, period: Period, indicators: Collection[str] | None, by: str
) -> list[Recalculated]:
    top = get_unit(session, unit, period=period)
    require(actor, Permission.SEE_ORIGINS, Subject(top.path))
    units = units_by(published_tree(session, period), unit, by)
    ways = Ways(session, top.root_id)
    found: list[Recalculated] = []
    for form in collected_forms(session, top, period):
        way = ways.of(form)
        wanted = {code: each for code, each in way.reckoned.items() if indicators is None or code in indicators}
        if not wanted:
            continue
        codes = [each.was.code for each in wanted.values()]
        rows = covered(
            session, actor, top, period, roll_up(session, actor, unit=unit, period=period, indicators=codes, by=by)
        )
        published = {(row.unit_code, row.indicator): row for row in rows}
        totals = _anew(session, top.root_id, period, form.code, targets_of_period(session, period, units), ways)
        found += [
            _beside(period, form, way, code, each, published[each.code, reckoned.was.code], totals)
            for code, reckoned in wanted.items()
            for each in units
        ]
    return found


def _anew(session: Session, root_id: int, period: Period, form: str, targets: Targets, ways: Ways) -> Totals:
    """What accepted answers to a form add up to by the newest formulas, for what is worked out otherwise by them."""
    query = select(Submission).where(
        Submission.root_id == root_id,
        Submission.period_code == str(period),
        Submission.form_code == form,
        Submission.state.in_(COUNTED),
    )
    rows = [row for row in session.scalars(query) if targets(row.unit_id)]
    by_row = {key: ways.of(form) for key, form in answered_forms(session, rows).items()}
    then, now = ({key: getattr(way, side) for key, way in by_row.items()} for side in ("answered", "newest"))
    earlier_then, earlier_now = _earlier(session, then), _earlier(session, now)
    typed = typed_figures(session, rows, {code for form in then.values() for code in form.codes})
    lists = lists_of(session, rows, then)
    totals: Totals = {}
    for row in rows:
        key, level = key_of(row), Level(row.level)
        way, around = by_row[key], Surroundings(lists=lists[key])
        was, since = earlier_then[key], earlier_now[key]
        accepted = completed(way.answered, level, typed[key], was.last_year, was.previous, around)
        carried = carried_over(way.across, accepted)
        values = completed(way.newest, level, carried, since.last_year, since.previous, around)
        for one in contributions(way.newest, level, values):
            if one.indicator in way.reckoned:
                for target in targets(row.unit_id):
                    place = target, one.indicator
                    totals[place] = totals.get(place, Total()) + Total.of(one)
    return totals


def _earlier(session: Session, forms: Mapping[Key, FormVersion]) -> Mapping[Key, Earlier]:
    """What was accepted before, where a form looks at it."""
    asked = {key: form for key, form in forms.items() if looks_back(form)}
    return dict.fromkeys(forms, Earlier()) | (earlier_values(session, asked) if asked else {})


def _beside(
    period: Period, form: FormVersion, way: Way, code: str, unit: UnitRow, published: RollUpRow, totals: Totals
) -> Recalculated:
    reckoned, indicator = way.reckoned[code], way.newest.by_code[code]
    there = published.total  # what was entered beside the answers stands, whatever the formula
    total = replace(totals.get((unit.id, code), Total()), eliminated=there.eliminated, adjusted=there.adjusted)
    expected = published.expected + published.not_applicable
    anew = row_of(unit, indicator, total, expected, tree=published.tree, torn=(), pending=False, demo=published.demo)
    stands = published.value
    return Recalculated(
        period,
        form.code,
        indicator,
        form.by_code[reckoned.was.code],
        reckoned.formulas,
        [way.editions[step] for step in reckoned.steps],
        published,
        anew,
        None if anew.value is None or stands is None else anew.value - reckoned.was.of_number(stands),
    )
