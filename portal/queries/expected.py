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
from portal.queries.parameters import joined, texts
from portal.queries.units import UnitRow


@dataclass(frozen=True)
class Expected:
    """What is expected of units for a period.

    Attributes:
        answers: how many, by unit id, form and level of those that answer; exempt ones are not counted.
        demo: ids of the units that made-up figures count for.
    """

    forms: Sequence[FormVersion]
    answers: Mapping[tuple[int, str, str], int] = field(default_factory=dict)
    demo: Collection[int] = ()

    def of(self, units: Sequence[UnitRow], indicators: Sequence[Indicator]) -> Iterator[list[int]]:
        """For each unit how many (it and those below it) ought to answer each of the indicators."""
        kinds: dict[tuple[str, frozenset[Level]], int] = {}
        asked = []
        for indicator in indicators:
            code = next(form.code for form in self.forms if indicator.code in form.by_code)
            asked.append(kinds.setdefault((code, indicator.filled_by), len(kinds)))
        for unit in units:
            known = [sum(self.answers.get((unit.id, form, level), 0) for level in levels) for form, levels in kinds]
            yield [known[kind] for kind in asked]


def expected_then(
    periods: Iterable[Period], forms: Mapping[Period, Sequence[FormVersion]], told: Iterable[Sequence[str]]
) -> dict[Period, Expected]:
    """What is expected for periods of units in the periods' own trees; `told` as it was read."""
    answers: dict[str, dict[tuple[int, str, str], int]] = defaultdict(dict)
    demo: dict[str, set[int]] = defaultdict(set)
    for period, unit_id, form, level, number, made_up, *_nothing in told:
        answers[period][int(unit_id), form, level] = int(number)
        if made_up == "true":
            demo[period].add(int(unit_id))
    return {period: Expected(forms[period], answers[str(period)], demo[str(period)]) for period in periods}


def expected_restated(
    session: Session,
    root_id: int,
    targets: Mapping[Period, Targets],
    forms: Mapping[Period, Sequence[FormVersion]],
) -> dict[Period, Expected]:
    """The same, where `targets` says for which units a unit of a period counts; one statement too."""
    answers: dict[str, Counter[tuple[int, str, str]]] = defaultdict(Counter)
    demo: dict[str, set[int]] = defaultdict(set)
    counting = {str(period): each for period, each in targets.items()}
    for row in session.execute(_ONE_BY_ONE, {"root": root_id, "periods": joined(counting)}):
        units = counting[row.code](row.unit_id)
        if not row.exempt:
            answers[row.code].update((unit, row.form_code, row.level) for unit in units)
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
