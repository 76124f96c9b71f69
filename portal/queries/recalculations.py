"""Accepted figures beside what they would be today (重算对照). What was accepted stays.

They differ where a newer formula works them out otherwise, and where something that they were worked out from is
accepted otherwise by now: last year's figure, another form's, a sum over units below.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import any_, select
from sqlalchemy.orm import Session

from portal.domain.bases import looked_at
from portal.domain.forms import FormVersion
from portal.domain.lifecycle import COUNTED
from portal.domain.mapping import Term
from portal.domain.periods import Period
from portal.domain.policy import Actor, Permission, Subject, require
from portal.models import Submission
from portal.queries.ancestors import Targets
from portal.queries.editions import Ways
from portal.queries.effective_forms import forms_then
from portal.queries.parameters import integers, joined, texts
from portal.queries.recalculated_rows import Figure, Recalculated, beside, corrected, owned, totals_of
from portal.queries.reworked import Reworked, reworked
from portal.queries.rollups.coverage import covered_then
from portal.queries.rollups.parts import Totals, observed_then, targets_in
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.totals import list_periods, roll_ups, units_by
from portal.queries.units import PublishedTree, UnitRow, get_unit, published_trees


def list_recalculated(
    session: Session,
    actor: Actor,
    *,
    unit: str,
    period: Period | None = None,
    indicators: Collection[str] | None = None,
    by: str = "self",
) -> list[Recalculated]:
    """The accepted numbers that would be others by now, in one period or in all, newest first.

    Numbers that a newer formula works out are there even if they come to the same. Figures that are not added up over
    units follow with `by` self: one of each unit, itself or below it, whose own figure would be another.

    Args:
        session: the transaction.
        actor: who asks.
        unit: whose numbers; `by` as in `roll_up`.
        period: None for all.
        indicators: by their newest codes; None for all.
        by: `self`, `children` or `level:district`.

    Raises:
        NotFound: the tree of the period, or today's, has no such unit.
        NotPermitted: the unit is not within the actor's reach, or the actor sees numbers only, not their origins.
        InvalidInput: `by` is no such thing.
    """
    top = get_unit(session, unit, period=period)
    require(actor, Permission.SEE_ORIGINS, Subject(top.path))
    periods = [period] if period else [Period.parse(each) for each in list_periods(session)]
    trees = {each: tree for each, tree in published_trees(session, periods).items() if unit in tree.places}
    asked = [_Asked(each, trees[each], units_by(trees[each], unit, by)) for each in periods if each in trees]
    if not asked:
        return []
    return _Comparing(session, actor, top, by, asked).rows(None if indicators is None else set(indicators))


@dataclass(frozen=True)
class _Asked:
    """A period, with its tree and the units whose numbers are wanted."""

    period: Period
    tree: PublishedTree
    units: Sequence[UnitRow]


@dataclass(frozen=True)
class _Comparing:
    """Holds published numbers against what they would be: as many statements for all periods as for one."""

    session: Session
    actor: Actor
    top: UnitRow
    by: str
    asked: Sequence[_Asked]

    @cached_property
    def below(self) -> dict[Period, dict[int, UnitRow]]:
        """The unit and those below it in each period, by id."""
        return {each.period: {one.id: one for one in each.tree.under(self.top.code)} for each in self.asked}

    @cached_property
    def ids(self) -> set[int]:
        """Of all of them."""
        return {unit_id for several in self.below.values() for unit_id in several}

    def rows(self, wanted: Collection[str] | None) -> list[Recalculated]:
        """Of the indicators wanted, by their newest codes."""
        figures = {
            period: [each for each in several if wanted is None or each.code in wanted]
            for period, several in self._figures().items()
        }
        added = {period: [each for each in several if not each.own] for period, several in figures.items()}
        published = self._published({period: several for period, several in added.items() if several})
        standing = self._standing(added)
        found: list[Recalculated] = []
        for each in self.asked:
            targets = targets_in(each.tree, each.units)
            for figure in added[each.period]:
                totals = totals_of(figure, standing.get(each.period, {}), targets)
                touched = {target for unit_id in figure.found for target in targets(unit_id)}
                for one in each.units:
                    if figure.way or one.id in touched:
                        there = published[each.period, one.code, figure.was.code]
                        parts = corrected(figure, each.tree.under(one.code))
                        found.append(beside(each.period, figure, one, there, totals, parts))
            if self.by == "self":
                alone = (figure for figure in figures[each.period] if figure.own)
                found += [one for figure in alone for one in owned(each.period, figure, self.below[each.period])]
        return found

    def _figures(self) -> dict[Period, list[Figure]]:
        """In form order."""
        ways = Ways(self.session, self.top.root_id)
        collected = forms_then(self.session, self.top, self.below)
        by_place: defaultdict[tuple[str, str, str], dict[int, Reworked]] = defaultdict(dict)
        for one in reworked(self.session, self._accepted(collected, ways), ways):
            by_place[one.row.period_code, one.row.form_code, one.code][one.row.unit_id] = one
        found: dict[Period, list[Figure]] = {}
        for period, forms in collected.items():
            found[period] = []
            for form in forms:
                way = ways.of(form)
                otherwise = {code: each.was for code, each in way.reckoned.items()}
                gone = {was.code for was in otherwise.values()}
                alike = {code: Term(code) for code in form.codes if code not in gone}
                for code, was in (otherwise | alike).items():
                    there = by_place.get((str(period), form.code, code), {})
                    if there or code in otherwise:
                        found[period].append(Figure(form, code, was, way if code in otherwise else None, there))
        return found

    def _accepted(self, collected: Mapping[Period, Sequence[FormVersion]], ways: Ways) -> Sequence[Submission]:
        """The answers to forms of which something can be another by now."""
        forms = {
            (str(period), form.code)
            for period, several in collected.items()
            for form in several
            if looked_at(form) or ways.of(form).reckoned
        }
        if not forms:
            return []
        query = select(Submission).where(
            Submission.root_id == self.top.root_id,
            Submission.period_code == any_(texts("periods")),
            Submission.form_code == any_(texts("forms")),
            Submission.unit_id == any_(integers("units")),
            Submission.state.in_(COUNTED),
        )
        periods, codes = map(set, zip(*forms, strict=True))
        named = {"periods": joined(periods), "forms": joined(codes), "units": joined(map(str, self.ids))}
        return [
            row
            for row in self.session.scalars(query, named)
            if (row.period_code, row.form_code) in forms and row.unit_id in self.below[Period.parse(row.period_code)]
        ]

    def _published(self, figures: Mapping[Period, Sequence[Figure]]) -> dict[tuple[Period, str, str], RollUpRow]:
        """The numbers that stand, by period, unit and indicator as it was collected."""
        together: defaultdict[frozenset[str], list[Period]] = defaultdict(list)
        for period, several in figures.items():
            together[frozenset(each.was.code for each in several)].append(period)
        rows: dict[Period, list[RollUpRow]] = {}
        for codes, periods in together.items():
            rows |= roll_ups(
                self.session, self.actor, unit=self.top.code, periods=periods, indicators=sorted(codes), by=self.by
            )
        told = covered_then(self.session, self.actor, self.top, rows)
        return {(period, row.unit_code, row.indicator): row for period, several in told.items() for row in several}

    def _standing(self, figures: Mapping[Period, Sequence[Figure]]) -> dict[Period, Totals]:
        """What every unit's own accepted figures add, where those of some would be others."""
        codes = {each.code for several in figures.values() for each in several if not each.way}
        if not codes:
            return {}
        each_its_own: dict[Period, Targets] = {
            period: lambda unit_id: (unit_id,) for period, several in figures.items() if any(not f.way for f in several)
        }
        return observed_then(self.session, self.top.root_id, each_its_own, codes, self.ids)
