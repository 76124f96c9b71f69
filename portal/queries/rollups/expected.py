"""How many answers ought to be in a number, and whether made-up figures are: of units with everything below them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select, true
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion, Indicator
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.queries.ancestors import Targets
from portal.queries.parameters import NEXT, joined, texts
from portal.queries.units import UnitRow


@dataclass(frozen=True)
class Expected:
    """What is expected of units for a period.

    Attributes:
        answers: how many, by form and level of those that answer, and by unit id; exempt ones are not counted.
        demo: ids of the units that made-up figures count for.
    """

    forms: Sequence[FormVersion]
    answers: Mapping[tuple[str, str], Mapping[int, int]] = field(default_factory=dict)
    demo: Collection[int] = ()

    def of(self, units: Sequence[UnitRow], indicators: Sequence[Indicator]) -> Iterator[int]:
        """For each unit, and for each of the indicators, how many (it and those below it) ought to answer it."""
        form_of = {code: form.code for form in reversed(self.forms) for code in form.by_code}
        kinds: dict[tuple[str, frozenset[Level]], int] = {}
        asked = [kinds.setdefault((form_of[each.code], each.filled_by), len(kinds)) for each in indicators]
        columns = [self._answering(units, form, levels) for form, levels in kinds]
        for known in zip(*columns, strict=True):
            yield from map(known.__getitem__, asked)

    def _answering(self, units: Sequence[UnitRow], form: str, levels: Iterable[Level]) -> list[int]:
        known = [self.answers[form, level] for level in levels if (form, level) in self.answers]
        return [sum(each.get(unit.id, 0) for each in known) for unit in units]


_Answers = defaultdict[tuple[str, str], Counter[int]]


def _no_answers() -> _Answers:
    return defaultdict(Counter)


def expected_then(
    periods: Iterable[Period], forms: Mapping[Period, Sequence[FormVersion]], told: Iterable[Sequence[str]]
) -> dict[Period, Expected]:
    """What is expected for periods of units in the periods' own trees; `told` as it was read."""
    answers: dict[str, _Answers] = defaultdict(_no_answers)
    demo: dict[str, set[int]] = defaultdict(set)
    for period, *columns in told:
        units, codes, levels, numbers, made_up = (column.split(NEXT) for column in columns[:5])
        for unit_id, form, level, number in zip(map(int, units), codes, levels, numbers, strict=True):
            answers[period][form, level][unit_id] += int(number)
        demo[period].update(int(unit_id) for unit_id, one in zip(units, made_up, strict=True) if one == "1")
    return {period: Expected(forms[period], answers[str(period)], demo[str(period)]) for period in periods}


def expected_restated(
    session: Session,
    root_id: int,
    targets: Mapping[Period, Targets],
    forms: Mapping[Period, Sequence[FormVersion]],
) -> dict[Period, Expected]:
    """The same, where `targets` says for which units a unit of a period counts; one statement too."""
    answers: dict[str, _Answers] = defaultdict(_no_answers)
    demo: dict[str, set[int]] = defaultdict(set)
    counting = {str(period): each for period, each in targets.items()}
    for row in session.execute(_ONE_BY_ONE, {"root": root_id, "periods": joined(counting)}):
        units = counting[row.code](row.unit_id)
        if not row.exempt:
            answers[row.code][row.form_code, row.level].update(units)
        if row.demo:
            demo[row.code].update(units)
    return {period: Expected(forms[period], answers[str(period)], demo[str(period)]) for period in targets}


_periods = func.unnest(texts("periods")).table_valued("code", name="asked").render_derived()
# By a function, because a partner sees no submission that is not accepted, but the coverage of every number.
_submissions = (
    func.expected_submissions(bindparam("root"), _periods.c.code)
    .table_valued("unit_id", "form_code", "level", "exempt", "demo")
    .lateral()
)
_ONE_BY_ONE = select(_periods.c.code, _submissions).select_from(_periods.join(_submissions, true()))
