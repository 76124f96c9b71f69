"""Made-up quarterly figures: the four quarters of a year come to what the same unit says in its yearly report."""

from collections import Counter
from collections.abc import Mapping
from random import Random

from portal.demo.chance import chance
from portal.demo.figures import PeriodFigures
from portal.domain.forms import FormVersion
from portal.domain.periods import Period, PeriodKind
from portal.domain.units import Level
from portal.domain.values import Value, Values

YEARS = (2022, 2023)
_BUSY = (22, 26, 28, 24)
"""How much of a year's work falls into each of its quarters."""

_PROBLEMS_FOUND = (0.08, 0.3)
"""In what share of inspections something is found: between."""

_RATINGS = {"满意": 72, "基本满意": 22, "不满意": 2, "未评价": 4}


def made_up(
    form: FormVersion, unit_code: str, level: Level, year: int, before: PeriodFigures, now: PeriodFigures
) -> Mapping[Period, PeriodFigures]:
    """A unit's figures by quarter; `before` and `now` are its yearly reports on rule-of-law government."""
    throw = chance(unit_code, year, "quarters")
    earlier, values = before.values, now.values
    inspections = _number(values, "FZ0410")
    inspected, found = _over_quarters(throw, inspections, round(inspections * throw.uniform(*_PROBLEMS_FOUND)))
    punished, _none = _over_quarters(throw, _number(values, "FZ0408"))
    registered, closed = _over_quarters(throw, _number(values, "FZ0901"), _number(values, "FZ0908"))
    figures: dict[Period, PeriodFigures] = {}
    for quarter in Period(year).parts(PeriodKind.QUARTER):
        number = quarter.number
        answers: dict[str, int | str] = {
            "JB0101": inspected[number],
            "JB0102": found[number],
            "JB0104": punished[number],
            "JB0105": _underway(earlier, values, "FZ0501", number / len(_BUSY)),
            "JB0201": registered[number],
            "JB0202": closed[number],
            "JB0204": _underway(earlier, values, "FZ0601", (number - 0.5) / len(_BUSY)),
            "JB0205": throw.choices(list(_RATINGS), list(_RATINGS.values()))[0],
        }
        asked = (each.code for each in form.typed_at(level))
        figures[quarter] = PeriodFigures(quarter, {code: Value.of(answers[code]) for code in asked})
    return figures


def _over_quarters(throw: Random, whole: int, part: int = 0) -> tuple[Counter[int], Counter[int]]:
    """How many of a year's cases fall into each quarter, and how many of `part` of them."""
    when = throw.choices(range(1, len(_BUSY) + 1), _BUSY, k=whole)
    return Counter(when), Counter(throw.sample(when, part))


def _underway(earlier: Values, now: Values, code: str, passed: float) -> int:
    """A stock when so much of the year has passed, which goes evenly from one year's end to the next."""
    start, end = _number(earlier, code), _number(now, code)
    return start + round((end - start) * passed)


def _number(values: Values, code: str) -> int:
    said = values[code].number if code in values else None
    return int(said or 0)
