"""Reconciliation (差额) written out: a line for each indicator, with the amount of each unit below in a column."""

from collections.abc import Sequence

from importers.list_workbook import Content
from portal.domain.values import rounded
from portal.queries.rollups.differences import DifferenceRow
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.present.coverage import coverage_cells, coverage_columns
from portal.web.present.units import unit_name
from portal.web.words import DIFFERENCE_VERDICTS, SCOPES

_PERCENT_DECIMALS = 2


def lines(rows: Sequence[DifferenceRow]) -> tuple[Sequence[tuple[str, int]], Sequence[Sequence[Content]]]:
    """Columns, and a row for each indicator; numbers are exact, but for the difference in percent."""
    below = {part.unit_code: part.unit for row in rows for part in row.parts}
    columns = [
        (_("指标代码"), 12),
        (_("指标"), 34),
        (_("计量单位"), 10),
        (_("口径"), 8),
        (_("本级上报"), 16),
        (_("下级合计"), 16),
        (_("差额"), 16),
        (_("差率（%）"), 10),
        (_("冲抵数"), 12),
        (_("调整数"), 12),
        (_("全辖数"), 16),
        (_("判定"), 30),
        *coverage_columns(),
        (_("未报齐的下级"), 90),  # a province names two dozen
        *((f"{unit_name(unit)} {code}", 16) for code, unit in below.items()),
    ]
    return columns, [_line(row, list(below)) for row in rows]


def _line(row: DifferenceRow, below: Sequence[str]) -> list[Content]:
    parts = {part.unit_code: part for part in row.parts}
    amounts = [parts[code].value if code in parts else None for code in below]
    partial = [f"{unit_name(part.unit)} {part.reported}/{part.expected}" for part in row.parts if part.partial]
    return [
        row.indicator.code,
        say(row.indicator.name),
        row.indicator.unit,
        str(SCOPES[row.indicator.scope]),
        row.own,
        row.children,
        row.difference,
        None if row.percent is None else rounded(row.percent, _PERCENT_DECIMALS),
        row.eliminated,
        row.adjusted,
        row.whole,
        str(DIFFERENCE_VERDICTS[row.verdict].name),
        *coverage_cells(row.coverage),
        _("；").join(partial),
        *amounts,
    ]
