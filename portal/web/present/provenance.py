"""Where a rolled-up number comes from, as it is shown and written out."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from importers.list_workbook import Content
from portal.clock import CHINA
from portal.domain.forms import AggregationKind
from portal.domain.rollup import Total
from portal.domain.rollup_entries import EntryKind
from portal.domain.values import Value, ValueStatus, exact_text
from portal.queries.rollups.lineage import Contribution, Figure
from portal.queries.rollups.made_provenance import MadeProvenance
from portal.queries.rollups.provenance import Provenance
from portal.web.figures import MISSING_SIGN, typed
from portal.web.language import gettext as _
from portal.web.language import say
from portal.web.present.rollup_entries import ENTRY_KINDS
from portal.web.present.units import unit_name
from portal.web.words import ABSENCES

_FIGURE_COLUMNS = 9


def exact(number: Decimal | None) -> str:
    """The number in full, never rounded: what is added up must be seen to add up."""
    return MISSING_SIGN if number is None else exact_text(number)


def answer_in_words(value: Value) -> str:
    """A typed answer in full."""
    return _("不适用") if value.status is ValueStatus.NOT_APPLICABLE else typed(value)


def reckoned(found: Provenance) -> str:
    """How the number comes of the sums of its parts: `16 ÷ 40 × 100 = 40`; empty where there is none."""
    total, way = found.total, found.indicator.aggregation
    value = None if found.withheld else total.figure(found.indicator)
    if value is None:
        return ""
    if total.weight is not None:
        times = f" × {exact_text(way.multiplier)}" if way.multiplier != 1 else ""
        return f"{exact(total.amount)} ÷ {exact(total.weight)}{times} = {exact(value)}"
    if total.entered is not None:
        entered = [each for each in (total.eliminated, total.adjusted) if each]
        terms = [exact(total.amount), *(f"{'−' if each < 0 else '+'} {exact(abs(each))}" for each in entered)]
        return f"{' '.join(terms)} = {exact(value)}"
    sign = {AggregationKind.MINIMUM: "min", AggregationKind.MAXIMUM: "max"}.get(way.kind, "Σ")
    return f"{sign} = {exact(value)}"


def lines(found: Provenance | MadeProvenance) -> tuple[Sequence[tuple[str, int]], Sequence[Sequence[Content]]]:
    """Columns, and a row for each typed figure and for each unit that is not in the number.

    Of a number made of shorter periods they are those of each of these, whose name comes first.
    """
    if isinstance(found, MadeProvenance):
        made_of = [[str(part.period), *row] for part in found.parts for row in _lines(part)]
        return [(_("计入的报告期"), 14), *_columns()], made_of
    return _columns(), _lines(found)


def _lines(found: Provenance) -> list[Sequence[Content]]:
    rows: list[Sequence[Content]] = []
    for one in found.contributions:
        figures: Sequence[Figure | None] = one.figures or [None]
        for place, figure in enumerate(figures):
            # What is added is said once for each unit, so that the column adds up to the number.
            rows.append([*_unit_cells(one, first=place == 0), *_figure_cells(found, figure)])
    rows += [cells + [""] * (len(_columns()) - len(cells)) for cells in _entry_cells(found)]
    for each in found.absent:
        cells: list[Content] = [each.unit.code, unit_name(each.unit), str(ABSENCES[each.absence].name), each.reason]
        rows.append(cells + [""] * (len(_columns()) - len(cells)))
    return rows


def _columns() -> list[tuple[str, int]]:
    return [
        (_("单位代码"), 12),
        (_("单位"), 28),
        (_("情形"), 14),
        (_("理由"), 20),
        (_("本单位数"), 16),
        (_("计入"), 16),
        (_("分母或权数"), 16),
        (_("报表"), 20),
        (_("版本"), 8),
        (_("指标代码"), 12),
        (_("指标"), 30),
        (_("填报数"), 16),
        (_("报告期"), 10),
        (_("填报版本"), 10),
        (_("文件"), 30),
        (_("单元格"), 14),
        (_("填报人"), 12),
        (_("填报时间"), 20),
    ]


def _entry_cells(found: Provenance) -> Iterator[list[Content]]:
    """What was eliminated and adjusted; with a line for what the reader sees no more of than the amount."""
    counting = [each for each in found.entries if each.withdrawal is None]
    for each in counting:
        word = str(ENTRY_KINDS[each.entry.kind].name)
        yield [each.unit.code, unit_name(each.unit), word, each.reason, None, each.entry.amount]
    listed = sum((each.entry.total for each in counting), Total())
    for kind, whole, part in (
        (EntryKind.ELIMINATION, found.total.eliminated, listed.eliminated),
        (EntryKind.ADJUSTMENT, found.total.adjusted, listed.adjusted),
    ):
        if whole is not None and whole != part:
            rest = whole - (part or 0)
            yield [found.unit.code, unit_name(found.unit), str(ENTRY_KINDS[kind].name), "", None, rest]


def _unit_cells(one: Contribution, *, first: bool) -> list[Content]:
    figure: Content = one.number if one.number is not None else one.category
    how = _("计入，待验收") if one.pending else _("计入")
    added = [figure, one.amount, one.weight] if first else [None, None, None]
    return [one.unit.code, unit_name(one.unit), how, "", *added, str(one.submission), one.version]


def _figure_cells(found: Provenance, figure: Figure | None) -> list[Content]:
    if figure is None:
        return [""] * _FIGURE_COLUMNS
    asked = found.form.by_code.get(figure.indicator)
    return [
        figure.indicator,
        say(asked.name) if asked else "",
        figure.value.number if figure.value.number is not None else answer_in_words(figure.value),
        str(figure.submission.period),
        figure.version,
        figure.filename or "",
        figure.cell or "",
        figure.entered_by,
        f"{figure.entered_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
    ]
