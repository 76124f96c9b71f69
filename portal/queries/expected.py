"""How many answers ought to be in a number, and whether made-up figures are: of units with everything below them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, ColumnClause, Integer, Text, bindparam, column, func, select
from sqlalchemy.orm import Session

from portal.domain.forms import FormVersion, Indicator
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.queries.ancestors import Targets
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
        kinds: dict[tuple[str, tuple[Level, ...]], int] = {}
        asked = []
        for indicator in indicators:
            form = next(form.code for form in self.forms if indicator.code in form.by_code)
            asked.append(kinds.setdefault((form, tuple(indicator.filled_by)), len(kinds)))
        for unit in units:
            known = [sum(self.answers.get((unit.id, form, level), 0) for level in levels) for form, levels in kinds]
            yield [known[kind] for kind in asked]


def expected_then(
    session: Session,
    root_id: int,
    units: Mapping[Period, Sequence[UnitRow]],
    forms: Mapping[Period, Sequence[FormVersion]],
) -> dict[Period, Expected]:
    """What is expected for periods of units in the periods' own trees; one statement."""
    ids = {unit.id for several in units.values() for unit in several}
    asked = {"root": root_id, "periods": [str(period) for period in units], "units": list(ids)}
    answers: dict[str, dict[tuple[int, str, str], int]] = defaultdict(dict)
    demo: dict[str, set[int]] = defaultdict(set)
    for period, unit_id, form, level, number, made_up in session.execute(_THEN, asked).all():
        answers[period][unit_id, form, level] = number
        if made_up:
            demo[period].add(unit_id)
    return {period: Expected(forms[period], answers[str(period)], demo[str(period)]) for period in units}


_THEN = select(
    func.expected_of(
        bindparam("root"), bindparam("periods", type_=ARRAY(Text)), bindparam("units", type_=ARRAY(Integer))
    ).table_valued("period_code", "unit_id", "form_code", "level", "answers", "demo")
)


def expected_restated(
    session: Session, root_id: int, period: Period, forms: Sequence[FormVersion], targets: Targets
) -> Expected:
    """The same for one period, where `targets` says for which units a unit of the period counts."""
    columns: list[ColumnClause[Any]] = [column(name) for name in ("unit_id", "form_code", "level", "exempt", "demo")]
    # By a function, because a partner sees no submission that is not accepted, but the coverage of every number.
    answers = select(func.expected_submissions(root_id, str(period)).table_valued(*columns))
    counted = [(row, targets(row.unit_id)) for row in session.execute(answers)]
    expected = Counter(
        (target, row.form_code, row.level) for row, units in counted if not row.exempt for target in units
    )
    return Expected(forms, expected, {target for row, units in counted if row.demo for target in units})
