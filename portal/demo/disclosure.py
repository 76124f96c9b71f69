"""Made-up yearly reports on information disclosure, which agree with what the same units say elsewhere."""

from portal.demo.chance import chance
from portal.demo.figures import PeriodFigures
from portal.domain.calculation import completed
from portal.domain.cross_tables import CrossTable, cell_code
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.units import Level
from portal.domain.values import Value, Values

SHEET = "XG3"
SAME = {
    "XG210201": "FZ0201",
    "XG210202": "FZ0202",
    "XG210203": "FZ0203",
    "XG2201": "FZ0406",
    "XG2202": "FZ0408",
    "XG2203": "FZ0417",
}
"""What is asked in both yearly reports."""

_RECEIVED, _BROUGHT_IN, _TOTAL = "01", "02", "24"
_MOST_REQUESTS = 6
_ANSWERED_ODDS = (0.55, 0.15)
"""How likely a request is disclosed, and disclosed in part; the others end somewhere else."""


def made_up(form: FormVersion, unit_code: str, level: Level, year: int, elsewhere: Values) -> PeriodFigures:
    """A unit's report for its first year; `elsewhere` is what it says in its report on rule-of-law government."""
    values = {each.code: Value.of(0) for each in form.typed_at(level)}
    values |= {code: elsewhere[other] for code, other in SAME.items() if other in elsewhere}
    cross = next(sheet.cross for sheet in form.sheets if sheet.code == SHEET)
    if cross is not None:
        values |= _requests(cross, unit_code, year)
    return PeriodFigures(Period(year), values, completed(form, level, values, None))


def _requests(cross: CrossTable, unit_code: str, year: int) -> dict[str, Value]:
    """What became of each request: it has one result, or is carried over to next year."""
    throw = chance(unit_code, year, "requests")
    typed = [leaf.code for leaf in cross.row_leaves if leaf.code not in {_RECEIVED, _BROUGHT_IN, _TOTAL}]
    disclosed, in_part, *others = typed
    counts: dict[str, int] = {}
    for column in [leaf.code for leaf in cross.column_leaves if not leaf.line.sum]:
        received = throw.randrange(_MOST_REQUESTS)
        counts[cell_code(SHEET, _RECEIVED, column)] = received
        for _ in range(received):
            luck = throw.random()
            row = (
                disclosed
                if luck < _ANSWERED_ODDS[0]
                else in_part
                if luck < sum(_ANSWERED_ODDS)
                else throw.choice(others)
            )
            cell = cell_code(SHEET, row, column)
            counts[cell] = counts.get(cell, 0) + 1
    return {code: Value.of(count) for code, count in counts.items()}
