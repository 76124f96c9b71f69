"""Roll-ups as flat records, the same on the command line and in the API: exact texts, and what each number rests on."""

from collections.abc import Sequence
from decimal import Decimal

from portal.domain.coverage import Coverage
from portal.domain.periods import Period
from portal.domain.values import exact_text
from portal.queries.rollups.rows import RollUpRow
from portal.queries.rollups.series import SeriesBreak

COLUMNS = (
    "unit", "unit_name", "level", "period", "indicator", "name", "unit_of_measure", "value", "minimum", "maximum",
    "mean", "reported", "expected", "not_applicable", "scope", "tree", "partial", "pending", "demo", "torn",
    "periods", "missing", "breaks", "original", "eliminated", "adjusted", "exempt", "late", "awaiting", "in_time",
    "unanswered",
)  # fmt: skip

Record = dict[str, str | int | bool | None]


def records(period: Period, rows: Sequence[RollUpRow], breaks: Sequence[Sequence[SeriesBreak]]) -> list[Record]:
    """A record per row, in the order of the rows; `breaks` are those within each row's own period, in words.

    A number that does not exist is None: nothing was reported, or the indicator is not added up; or, of the coverage,
    it is no business of whoever asks.
    """
    return [
        _record(period, row) | {"breaks": "；".join(each.words.zh for each in marks)} | coverage_record(row.coverage)
        for row, marks in zip(rows, breaks, strict=True)
    ]


def coverage_record(coverage: Coverage | None) -> Record:
    """What became of the answers that are not in a number; `awaiting`: handed in, and not accepted yet."""
    return {
        "exempt": coverage.exempt if coverage else None,
        "late": coverage.late if coverage else None,
        "awaiting": coverage.pending if coverage else None,
        "in_time": coverage.in_time if coverage else None,
        "unanswered": coverage.unanswered if coverage else None,
    }


def _record(period: Period, row: RollUpRow) -> Record:
    return {
        "unit": row.unit_code,
        "unit_name": row.unit_name,
        "level": str(row.level),
        "period": str(period),
        "indicator": row.indicator,
        "name": row.what.name.zh,
        "unit_of_measure": row.what.unit,
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
