"""The cells that a unit fills in, in whatever table they stand, and those that are the portal's."""

from dataclasses import replace

from openpyxl.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from importers import template_styles as style
from importers.cell_values import escaped
from importers.template_formulas import NOT_APPLICABLE, display_formula, validation
from importers.template_job import Job
from importers.template_styles import Look, dress, lines_of, put_text
from portal.domain.forms import Indicator, Source
from portal.domain.values import Value, ValueStatus, exact_text

_LONGEST_COMMENT = 300


def write_answer(worksheet: Worksheet, job: Job, indicator: Indicator) -> None:
    """This year's cell: open where the unit types, grey where it does not."""
    cell = worksheet[job.places[indicator.code].answer]
    value = job.value(indicator)
    if job.fills(indicator):
        look = numeric(style.INPUT, indicator, value)
        if indicator.code in job.written:
            put_text(cell, job.written[indicator.code], look)
        else:
            put_value(cell, value, job, look)
        rule = validation(job, indicator, cell.coordinate)
        if rule is not None:
            rule.add(cell.coordinate)
            worksheet.add_data_validation(rule)
        return
    locked = numeric(style.LOCKED, indicator, None if indicator.source is Source.CALCULATED else value)
    formula = display_formula(job, indicator)
    if formula:
        dress(cell, locked)
        cell.value = formula
    else:
        put_value(cell, value, job, locked)


def put_value(cell: SheetCell, value: Value | None, job: Job, look: Look) -> None:
    """Write a value, or leave the cell blank for a missing one."""
    if value is None or value.status is ValueStatus.MISSING:
        dress(cell, look)
    elif value.status is ValueStatus.NOT_APPLICABLE:
        put_text(cell, NOT_APPLICABLE[job.language], replace(look, horizontal="center"))
    elif value.number is None:
        put_text(cell, value.text or "", replace(look, horizontal="center"))
    elif value.approximate:
        put_text(cell, f"约{exact_text(value.number)}", look)
    else:
        dress(cell, look)
        cell.value = value.number


def numeric(look: Look, indicator: Indicator, value: Value | None = None) -> Look:
    """The look with the indicator's decimals, or all that a value has, so that no figure is shown other than it is."""
    if not indicator.type.is_number:
        return replace(look, horizontal="center")
    decimals = indicator.decimals
    if value is not None and value.number is not None:
        decimals = max(decimals, len(exact_text(value.number).partition(".")[2]))
    return replace(look, number_format=f"#,##0.{'0' * decimals}" if decimals else "#,##0")


def comment(text: str) -> Comment:
    """A comment of a size that shows it whole."""
    short = text if len(text) <= _LONGEST_COMMENT else text[: _LONGEST_COMMENT - 1] + "…"
    return Comment(escaped(short), "汇总", height=30 + 18 * lines_of(short, 42), width=320)
