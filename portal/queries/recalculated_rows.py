"""A published number beside what it would be today, and what makes it another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.domain.coverage import Coverage
from portal.domain.forms import FormVersion, Indicator
from portal.domain.mapping import Term
from portal.domain.periods import Period
from portal.domain.recalculation import formula_of, stands_alone
from portal.domain.rollup import Contribution, Total
from portal.domain.submissions import SubmissionKey
from portal.domain.texts import Text
from portal.domain.values import EXACT, Value
from portal.domain.wording import named
from portal.queries.ancestors import Targets
from portal.queries.editions import Edition, Way
from portal.queries.reworked import Correction, Reworked
from portal.queries.rollups.parts import Totals
from portal.queries.rollups.rows import RollUpRow, row_of
from portal.queries.rollups.totals import REPORTED_TREE
from portal.queries.units import UnitRow


@dataclass(frozen=True)
class Corrected:
    """A correction, with whose figures it is about, and what people call the one that was corrected."""

    unit: UnitRow
    name: Text
    correction: Correction

    @property
    def submission(self) -> SubmissionKey:
        """In which it stands."""
        _root, period, form, _unit = self.correction.source
        return SubmissionKey(self.unit.code, Period.parse(period), form)


@dataclass(frozen=True)
class Recalculated:
    """A published number, and what it would be today.

    Attributes:
        indicator: as the newest version has it.
        collected: as the version that was collected has it, perhaps under another code and in another unit of measure.
        formulas: that of the version that was collected, and the newest.
        editions: the versions since then that work it out otherwise, newest first.
        corrections: figures elsewhere that are accepted otherwise by now.
        own: it is one unit's own figure, and not added up over units.
        published: the number that stands.
        anew: the number by the newest formula and what is accepted by now, in the newest unit of measure; on no page
            does it count.
        difference: `anew` less `published`, in the newest unit of measure; None unless both are numbers.
    """

    period: Period
    form: str
    indicator: Indicator
    collected: Indicator
    formulas: tuple[str, str]
    editions: Sequence[Edition]
    corrections: Sequence[Corrected]
    own: bool
    published: RollUpRow
    anew: RollUpRow
    difference: Decimal | None


@dataclass(frozen=True)
class Figure:
    """An indicator of a form and period that would be another in some units, or is worked out otherwise.

    Attributes:
        was: what it was collected as.
        way: the versions since then, if one of them works it out otherwise.
        found: by unit id.
    """

    form: FormVersion
    code: str
    was: Term
    way: Way | None
    found: Mapping[int, Reworked]

    @property
    def indicator(self) -> Indicator:
        """As the newest version has it, as far as that matters."""
        return self.way.newest.by_code[self.code] if self.way else self.form.by_code[self.code]

    @property
    def collected(self) -> Indicator:
        """As it was collected."""
        return self.form.by_code[self.was.code]

    @property
    def own(self) -> bool:
        """Whether it is not added up over units."""
        return stands_alone(self.indicator, self.collected)


def totals_of(figure: Figure, standing: Totals, targets: Targets) -> dict[int, Total]:
    """What the figure would add up to, by the id of the unit asked about; of the other units what they have stands."""
    parts = [(unit_id, Total.of(one.contribution)) for unit_id, one in figure.found.items() if one.contribution]
    if not figure.way:
        others = ((unit_id, one) for (unit_id, code), one in standing.items() if code == figure.code)
        parts += [(unit_id, one) for unit_id, one in others if unit_id not in figure.found]
    totals: dict[int, Total] = {}
    for unit_id, one in parts:
        for target in targets(unit_id):
            totals[target] = totals.get(target, Total()) + one
    return totals


def corrected(figure: Figure, units: Iterable[UnitRow]) -> list[Corrected]:
    """What makes the figure another in these units."""
    return [
        Corrected(unit, named(figure.found[unit.id].form, each.reference), each)
        for unit in units
        if unit.id in figure.found
        for each in figure.found[unit.id].corrections
    ]


def beside(
    period: Period,
    figure: Figure,
    unit: UnitRow,
    published: RollUpRow,
    totals: Mapping[int, Total],
    corrections: Sequence[Corrected],
) -> Recalculated:
    """The number of a unit, with what the figure would add up to (`totals_of`)."""
    there = published.total  # what was entered beside the answers stands, whatever the formula
    total = totals.get(unit.id, Total())._replace(eliminated=there.eliminated, adjusted=there.adjusted)
    anew = row_of(unit, figure.indicator, total, published.asked, published.tree, demo=published.demo)
    return _told(period, figure, corrections, published, anew)


def owned(period: Period, figure: Figure, units: Mapping[int, UnitRow]) -> Iterator[Recalculated]:
    """Each unit's own figure that would be another."""
    for unit in units.values():
        one = figure.found.get(unit.id)
        if one and figure.was.of(one.values[0]) != one.values[1]:
            published, anew = (
                _own_row(unit, indicator, value, demo=one.row.demo)
                for indicator, value in zip((figure.collected, figure.indicator), one.values, strict=True)
            )
            yield _told(period, figure, corrected(figure, [unit]), published, anew)


def _own_row(unit: UnitRow, indicator: Indicator, value: Value, *, demo: bool) -> RollUpRow:
    total = Total.of(Contribution(indicator.code, value.status, value.number))
    asked = 1 - total.not_applicable
    told = {"exempt": 0, "pending": 0, "included": 0, "late": 0, "in_time": 0}
    coverage = Coverage(asked, total.reported, total.not_applicable, **told)
    row = RollUpRow(unit, indicator, value.number, 1, REPORTED_TREE, pending=False, demo=demo, total=total)
    return row._replace(coverage=coverage)


def _told(
    period: Period, figure: Figure, corrections: Sequence[Corrected], published: RollUpRow, anew: RollUpRow
) -> Recalculated:
    stands = published.value
    formulas, editions = (formula_of(figure.collected),) * 2, []
    if figure.way:
        reckoned = figure.way.reckoned[figure.code]
        formulas, editions = reckoned.formulas, [figure.way.editions[step] for step in reckoned.steps]
    return Recalculated(
        period,
        figure.form.code,
        figure.indicator,
        figure.collected,
        formulas,
        editions,
        corrections,
        figure.own,
        published,
        anew,
        None if anew.value is None or stands is None else EXACT.subtract(anew.value, figure.was.of_number(stands)),
    )
