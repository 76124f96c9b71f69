"""Published numbers beside what a newer formula makes of them, as they are shown and written out."""

from collections.abc import Sequence

from importers.list_workbook import Content
from portal.clock import CHINA
from portal.domain.numbers import signed
from portal.queries.editions import Edition
from portal.queries.recalculations import Recalculated
from portal.web.figures import MISSING_SIGN
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.present.coverage import coverage_cells, coverage_columns
from portal.web.present.rollups import decimals_of, rollup_unit


def edition_name(edition: Edition, form: str) -> str:
    """What was published, and when: `FZ 第 2 版 2026-11-22`, or what a unit added to the form."""
    day = f"{edition.published_at.astimezone(CHINA):%Y-%m-%d}"
    if edition.unit:
        return (
            _("%(unit)s 补充 %(form)s 第 %(number)s 号", unit=edition.unit, form=form, number=edition.number)
            + f" {day}"
        )
    return f"{form} " + _("第 %(number)s 版", number=edition.number) + f" {day}"


def difference(row: Recalculated) -> str:
    """The difference with its sign, rounded for reading; a dash where there is none."""
    return MISSING_SIGN if row.difference is None else signed(row.difference, decimals_of(row.indicator))


def lines(rows: Sequence[Recalculated]) -> tuple[Sequence[tuple[str, int]], Sequence[Sequence[Content]]]:
    """Columns, and a row for each number."""
    columns = [
        (_("报告期"), 10),
        (_("单位代码"), 12),
        (_("单位"), 28),
        (_("报表"), 8),
        (_("指标代码"), 12),
        (_("指标"), 30),
        (_("原指标代码"), 12),
        (_("公布数"), 18),
        (_("原计量单位"), 10),
        (_("新公式数"), 18),
        (_("计量单位"), 10),
        (_("差额"), 18),
        (_("重算单位数"), 10),
        *coverage_columns(),
        (_("原公式"), 30),
        (_("新公式"), 30),
        (_("改动来自"), 30),
    ]
    return columns, [_line(row) for row in rows]


def _line(row: Recalculated) -> list[Content]:
    return [
        str(row.period),
        row.published.unit_code,
        rollup_unit(row.published),
        row.form,
        row.indicator.code,
        say(row.indicator.name),
        row.collected.code,
        row.published.value,
        row.collected.unit,
        row.anew.value,
        row.indicator.unit,
        row.difference,
        row.anew.reported,
        *coverage_cells(row.published.coverage),
        *row.formulas,
        "；".join(edition_name(each, row.form) for each in row.editions),
    ]
