"""One indicator of one unit over the years, with the marks where reorganisations break it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.domain.periods import Period, PeriodKind
from portal.domain.policy import Actor
from portal.domain.series_breaks import Break, BreakKind, Spot, Spots, find_breaks, list_changes, names_of
from portal.domain.texts import Text
from portal.models import Placement, Reorganisation, Succession, Unit
from portal.queries.rollups.coverage import covered_then
from portal.queries.rollups.over_time import list_shown_periods, roll_ups_made
from portal.queries.rollups.restated import heirs_in
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, list_periods, roll_ups
from portal.queries.unit_names import read_unit_names
from portal.queries.units import PublishedTree, published_tree, published_trees


@dataclass(frozen=True)
class SeriesBreak:
    """A mark in a series: figures from `period` on are not of the same units as those before.

    Attributes:
        kind: of `BreakKind`.
        words: what happened, with the day and the legal basis as far as it is known.
        within: it happened between the shorter periods that the period's own figure is made of.
    """

    period: Period
    kind: BreakKind
    words: Text
    within: bool = False


@dataclass(frozen=True)
class Series:
    """The figures of the periods in which the unit stood in the tree and the indicator was collected, oldest first."""

    points: Sequence[tuple[Period, RollUpRow]]
    breaks: Sequence[SeriesBreak]


def get_series(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    indicator: str,
    tree: str = REPORTED_TREE,
    pending: bool = False,
    kind: PeriodKind | None = None,
) -> Series:
    """The roll-up of each period; in today's tree a split breaks what cannot be told apart, and nothing else.

    Of one `kind` of periods, those made from shorter ones too; else of every period that the indicator was sent down
    for.

    Raises:
        NotFound: no tree has such a unit, or no period such an indicator.
        NotPermitted: the unit is not within the actor's reach.
        InvalidInput: `tree` is no such thing.
    """
    known = map(Period.parse, list_periods(session) if kind is None else list_shown_periods(session))
    periods = sorted((each for each in known if kind in {None, each.kind}), key=lambda each: each.ends_on)
    read = roll_ups if kind is None else roll_ups_made
    found = read(session, actor, unit=unit, periods=periods, indicators=[indicator], tree=tree, pending=pending)
    points = [(period, row) for period in periods if period in found for row in found[period]]
    if points:
        rows = covered_then(session, actor, points[-1][1].unit, found, pending=pending)
        points = [(period, row) for period, _row in points for row in rows[period]]
    marks = _torn(session, points) if tree == CURRENT_TREE else breaks_of(session, unit, points)
    return Series(points, marks)


def breaks_of(session: Session, unit: str, points: Sequence[tuple[Period, RollUpRow]]) -> list[SeriesBreak]:
    """Where figures of a unit, by the tree of each period, break; points in order of time.

    What happened within a period breaks also the step to the next one: its figure is of the units of both trees.
    """
    spans = [(period, row.counted or (period,)) for period, row in points]
    parts = sorted({part for _period, several in spans for part in several}, key=lambda each: each.ends_on)
    marks = breaks_between(session, [unit], parts).get(unit, ())
    found: list[SeriesBreak] = []
    for (_before, earlier), (period, own) in pairwise([*spans[:1], *spans]):
        since, first, last = earlier[0].ends_on, own[0].ends_on, own[-1].ends_on
        found += [
            replace(mark, period=period, within=mark.period.ends_on > first)
            for mark in marks
            if since < mark.period.ends_on <= last
        ]
    return found


def breaks_between(session: Session, units: Collection[str], periods: Sequence[Period]) -> dict[str, list[SeriesBreak]]:
    """The same for several units, by code; units whose figures do not break are left out."""
    codes = {code: unit_id for unit_id, code in session.execute(select(Unit.id, Unit.code).where(Unit.code.in_(units)))}
    found: dict[str, list[SeriesBreak]] = {}
    known = published_trees(session, periods)
    trees = [(period, known.get(period) or published_tree(session, period)) for period in periods]
    for (period, tree), (later, next_tree) in pairwise(trees):
        if tree.id == next_tree.id:
            continue
        before, after = _spots(tree), _spots(next_tree)
        heirs = partial(heirs_in(session, after, later.ends_on).after, day=period.ends_on)
        kinds, days = _followed(session, period.ends_on, later.ends_on)
        changes = list_changes(before, after, heirs, kinds)
        broken = {code: find_breaks(unit_id, before, after, changes) for code, unit_id in codes.items()}
        words = _told(session, {each for breaks in broken.values() for each in breaks}, days, (period, later))
        for code, breaks in broken.items():
            found.setdefault(code, []).extend(SeriesBreak(later, each.kind, words[each]) for each in breaks)
    return {code: marks for code, marks in found.items() if marks}


def breaks_within(session: Session, rows: Sequence[RollUpRow]) -> list[Sequence[SeriesBreak]]:
    """For each row that was made from shorter periods, where in between others began to count; today's tree has none.

    Their number is of the units of both trees.
    """
    made = [row for row in rows if len(row.counted) > 1 and row.tree == REPORTED_TREE]
    periods = sorted({part for row in made for part in row.counted}, key=lambda each: each.ends_on)
    marks = breaks_between(session, list({row.unit_code for row in made}), periods) if made else {}
    return [
        [
            replace(mark, within=True)
            for mark in marks.get(row.unit_code, ())
            if row.tree == REPORTED_TREE and row.counted
            if row.counted[0].ends_on < mark.period.ends_on <= row.counted[-1].ends_on
        ]
        for row in rows
    ]


def _spots(tree: PublishedTree) -> Spots:
    ids = {unit.code: unit.id for unit in tree.units}
    places = enumerate(zip(tree.units, tree.ends, strict=True))
    return {unit.id: Spot(ids.get(unit.parent_code), place, end - 1) for place, (unit, end) in places}


def _followed(session: Session, since: date, until: date) -> tuple[dict[int, BreakKind], dict[int, date]]:
    """How units gave way to others after one day and until another, and when."""
    kinds: dict[int, BreakKind] = {}
    days: dict[int, date] = {}
    query = (
        select(Succession.old_id, Succession.kind, Succession.effective_on)
        .where(Succession.effective_on > since, Succession.effective_on <= until)
        .order_by(Succession.effective_on)
    )
    for old_id, kind, day in session.execute(query):
        kinds.setdefault(old_id, BreakKind(kind))
        days.setdefault(old_id, day)
    return kinds, days


def _torn(session: Session, points: Iterable[tuple[Period, RollUpRow]]) -> list[SeriesBreak]:
    """A mark at the first period after those whose figures cannot be told apart."""
    marks: list[SeriesBreak] = []
    before: tuple[str, ...] = ()
    for period, row in points:
        healed = [code for code in before if code not in row.torn]
        if healed:
            names = "、".join(each.name for each in read_unit_names(session, healed).on(period.ends_on).values())
            words = Text(f"以前的数含后来拆分的{names}，分不开", f"before, {names} was not yet split")
            marks.append(SeriesBreak(period, BreakKind.SPLIT, words))
        before = row.torn
    return marks


def _told(
    session: Session, breaks: Collection[Break], days: Mapping[int, date], span: tuple[Period, Period]
) -> dict[Break, Text]:
    """Each in words."""
    if not breaks:
        return {}
    called = read_unit_names(session, ids=names_of(breaks)).on(span[1].ends_on)
    names = {each.id: each.name for each in called.values()}
    placed = _placed(session, {each.unit for each in breaks}, span)
    bases = _bases(session, span)
    told = {}
    for each in breaks:
        day = days.get(each.unit) or placed.get(each.unit)
        words, basis = _words(each, names), bases.get(day, "") if day else ""
        told[each] = Text(
            " ".join(filter(None, [str(day or ""), words.zh])) + (f"（{basis}）" if basis else ""),
            " ".join(filter(None, [str(day or ""), words.en])) + (f" ({basis})" if basis else ""),
        )
    return told


def _words(each: Break, names: Mapping[int, str]) -> Text:
    unit = names.get(each.unit, "")
    others = [names.get(other, "") for other in each.others]
    listed, listed_en = "、".join(others), ", ".join(others)
    match each.kind:
        case BreakKind.RENAME:
            return Text(f"{unit}改为{listed}", f"{unit} became {listed_en}")
        case BreakKind.MERGE:
            return Text(f"{unit}并入{listed}", f"{unit} was merged into {listed_en}")
        case BreakKind.SPLIT:
            return Text(f"{unit}拆分为{listed}", f"{unit} was split into {listed_en}")
        case BreakKind.MOVE:
            return Text(f"{unit}改变隶属：{' → '.join(others)}", f"{unit} moved: {' → '.join(others)}")
        case BreakKind.NEW:
            return Text(f"新设{unit}", f"{unit} is new")
        case BreakKind.DISSOLVE:
            return Text(f"撤销{unit}", f"{unit} was dissolved")


def _placed(session: Session, ids: Collection[int], span: tuple[Period, Period]) -> dict[int, date]:
    """By unit, the last day in between on which a placement of it began or ended."""
    first, last = (period.ends_on for period in span)
    query = select(Placement.unit_id, func.lower(Placement.valid), func.upper(Placement.valid)).order_by(
        Placement.valid
    )
    return {
        unit_id: day
        for unit_id, *days in session.execute(query.where(Placement.unit_id.in_(ids)))
        for day in days
        if day is not None and first < day <= last
    }


def _bases(session: Session, span: tuple[Period, Period]) -> dict[date, str]:
    """Legal bases of the reorganisations in between, as far as the actor knows of them."""
    first, last = (period.ends_on for period in span)
    query = select(Reorganisation.effective_on, Reorganisation.basis).where(
        Reorganisation.effective_on > first,
        Reorganisation.effective_on <= last,
        Reorganisation.state.in_(["applied", "published"]),
    )
    return dict(session.execute(query).all())
