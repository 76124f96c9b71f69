"""Roll-ups as flat records, the same on the command line and in the API: exact texts, and what each number rests on."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.forms import Indicator
from portal.domain.periods import Period
from portal.domain.values import exact_text
from portal.models import Unit
from portal.queries.over_time import forms_shown
from portal.queries.rollup_rows import RollUpRow

COLUMNS = (
    "unit", "unit_name", "level", "period", "indicator", "name", "unit_of_measure", "value", "minimum", "maximum",
    "mean", "reported", "expected", "not_applicable", "scope", "tree", "partial", "pending", "demo", "torn",
    "periods", "missing", "original", "eliminated", "adjusted",
)  # fmt: skip

Record = dict[str, str | int | bool | None]


def records(session: Session, unit: str, period: Period, rows: Sequence[RollUpRow]) -> list[Record]:
    """A record per row, in the order of the rows.

    `unit` is the code of the one that was asked about. A number that does not exist is None: nothing was reported, or
    the indicator is not added up.
    """
    top = session.scalars(select(Unit).where(Unit.code == unit)).one()
    indicators = {indicator.code: indicator for form in forms_shown(session, top, period) for indicator in form}
    return [_record(period, row, indicators[row.indicator]) for row in rows]


def _record(period: Period, row: RollUpRow, indicator: Indicator) -> Record:
    return {
        "unit": row.unit_code,
        "unit_name": row.unit_name,
        "level": str(row.level),
        "period": str(period),
        "indicator": row.indicator,
        "name": indicator.name.zh,
        "unit_of_measure": indicator.unit,
        "value": row.text or None,
        "minimum": _text(row.minimum),
        "maximum": _text(row.maximum),
        "mean": _text(row.mean),
        "reported": row.reported,
        "expected": row.expected,
        "not_applicable": row.not_applicable,
        "scope": str(row.scope),
        "tree": row.tree,
        "partial": row.partial,
        "pending": row.pending,
        "demo": row.demo,
        "torn": " ".join(row.torn),
        "periods": " ".join(map(str, row.periods)),
        "missing": " ".join(map(str, row.missing)),
        "original": _text(row.original),
        "eliminated": _text(row.total.eliminated),
        "adjusted": _text(row.total.adjusted),
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else exact_text(number)
