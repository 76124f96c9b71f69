"""Published numbers beside what they would be today, as they are shown and written out."""

from collections.abc import Sequence

from importers.list_workbook import Content
from portal.clock import CHINA
from portal.domain.numbers import signed
from portal.domain.values import Value, ValueStatus
from portal.queries.editions import Edition
from portal.queries.recalculated_rows import Corrected, Recalculated
from portal.web.figures import MISSING_SIGN, NOT_APPLICABLE_SIGN, typed
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.present.coverage import coverage_cells, coverage_columns
from portal.web.present.rollups import decimals_of, rollup_unit
from portal.web.present.units import unit_name


def edition_name(edition: Edition, form: str) -> str:
    """What was published, and when: `FZ 第 2 版 2026-11-22`, or what a unit added to the form."""
    day = f"{edition.published_at.astimezone(CHINA):%Y-%m-%d}"
    if edition.unit:
        return (
            _("%(unit)s 补充 %(form)s 第 %(number)s 号", unit=edition.unit, form=form, number=edition.number)
            + f" {day}"
        )
    return f"{form} " + _("第 %(number)s 版", number=edition.number) + f" {day}"


def correction_text(one: Corrected) -> str:
    """What became of the figure: `上年“检查次数”：10 → 12（第 1 版 → 第 2 版）`."""
    then, now = (figure_text(value) for value in one.correction.values)
    said = _("%(figure)s：%(then)s → %(now)s", figure=say(one.name), then=then, now=now)
    before, since = one.correction.versions
    if since is None:
        return said
    if before is None:
        return said + _("（后来才验收，第 %(since)s 版）", since=since)
    return said + _("（第 %(before)s 版 → 第 %(since)s 版）", before=before, since=since)


def figure_text(value: Value) -> str:
    """The figure in full, whatever its unit of measure."""
    if value.status is ValueStatus.NOT_APPLICABLE:
        return NOT_APPLICABLE_SIGN
    return typed(value) or MISSING_SIGN


def causes(row: Recalculated) -> list[str]:
    """What makes it another number: newer versions of the form, and corrections with the answers they were made in."""
    editions = [edition_name(each, row.form) for each in row.editions]
    return editions + [f"{unit_name(each.unit)} {each.submission} {correction_text(each)}" for each in row.corrections]


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
        (_("现算数"), 18),
        (_("计量单位"), 10),
        (_("差额"), 18),
        (_("重算单位数"), 10),
        *coverage_columns(),
        (_("原公式"), 30),
        (_("现公式"), 30),
        (_("原因"), 40),
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
        _("；").join(causes(row)),
    ]
