"""The template workbook: generated from the form, stamped in four ways with whose answers it is for."""

import io
from collections.abc import Mapping
from dataclasses import replace

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.protection import WorkbookProtection

from importers import template_styles as style
from importers.identity import CONSTANT_NAME, META_SHEET, PROPERTY_PREFIX, UnitName, constant, hidden_pairs
from importers.template_cross import write_cross_table
from importers.template_guide import write_definitions, write_guide, write_relations
from importers.template_job import Job
from importers.template_list import write_list
from importers.template_styles import put_text
from importers.template_table import write_table
from importers.template_text import write_report_text
from portal.domain.forms import FormVersion, Language
from portal.domain.lists import Lists
from portal.domain.periods import Period
from portal.domain.values import Values


def template(
    form: FormVersion,
    unit: UnitName,
    period: Period,
    *,
    last_year: Values | None = None,
    previous: Values | None = None,
    current: Values | None = None,
    lists: Lists | None = None,
    texts: Mapping[str, str] | None = None,
    language: Language = "zh",
    demo: bool = False,
) -> bytes:
    """A workbook for a unit to fill in for a period.

    Args:
        form: the published version.
        unit: whose answers; its level decides what is open.
        period: printed, and stamped.
        last_year: accepted values of a year ago, for the column 上年数.
        previous: accepted values of the period right before, from which figures may be carried in.
        current: what has been answered so far.
        lists: what has been listed so far.
        texts: what is written under the sections of the text so far, by their codes.
        language: of everything printed.
        demo: print on every sheet that the figures are invented.

    Returns:
        the bytes of an .xlsx file.
    """
    job = Job(
        form,
        unit,
        period,
        language=language,
        last_year=last_year or {},
        previous=previous,
        current=current or {},
        lists=lists or {},
        texts=texts or {},
        demo=demo,
    )
    return workbook_bytes(build(job))


def build(job: Job) -> Workbook:
    """The workbook of a job: guide, tables, definitions, hidden stamp."""
    book = Workbook()
    write_guide(book.worksheets[0], job)
    for sheet in job.form.sheets:
        if sheet.table is not None:
            write_list(book.create_sheet(), job, sheet, sheet.table)
        elif sheet.cross is not None:
            write_cross_table(book.create_sheet(), job, sheet, sheet.cross)
        else:
            write_table(book.create_sheet(), job, sheet)
    if job.form.outline:
        write_report_text(book.create_sheet(), job)
    write_definitions(book.create_sheet(), job)
    write_relations(book.create_sheet(), job)
    _stamp(book, job)
    book.security = WorkbookProtection(lockStructure=True)
    return book


def workbook_bytes(book: Workbook) -> bytes:
    """The workbook as a file."""
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _stamp(book: Workbook, job: Job) -> None:
    """The hidden sheet, the document properties and the defined name; the visible lines stand in the tables."""
    hidden = book.create_sheet(META_SHEET)
    for row, (name, text) in enumerate(hidden_pairs(job.identity, job.mark).items(), start=1):
        put_text(hidden[f"A{row}"], name, style.PLAIN)
        put_text(hidden[f"B{row}"], text, replace(style.PLAIN, number_format="@"))
    hidden.sheet_state = "veryHidden"
    mark_properties(book, job)


def mark_properties(book: Workbook, job: Job) -> None:
    """The stamps that are in no sheet: document properties and a defined name."""
    properties = book.custom_doc_props  # type: ignore[attr-defined]  # openpyxl has it, its stubs do not
    for name, text in hidden_pairs(job.identity, job.mark).items():
        properties.append(StringProperty(name=f"{PROPERTY_PREFIX}{name}", value=text))
    content = constant(job.identity, job.mark)
    book.defined_names[CONSTANT_NAME] = DefinedName(CONSTANT_NAME, attr_text=f'"{content}"')
    book.properties.title = f"{job.say(job.form.name)} {job.unit.name} {job.period}"
    book.properties.creator = "Huizong"
