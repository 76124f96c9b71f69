"""From tables to one place per indicator, by code column and header words; what cannot be placed is said."""

from dataclasses import dataclass, field, replace

from importers import table_findings as wrong
from importers.grid_entries import Crossings, crossings_of, entries_of, hidden_in, strays_of
from importers.grids import Grid
from importers.identity import SHEETS_WITHOUT_ANSWERS
from importers.left_over import beside, comments, merged_answers, stray_row
from importers.listings import listings_on
from importers.lost_tables import headless, is_named, unreadable
from importers.measures import tidy
from importers.report_text import is_report_text
from importers.tables import Column, Entry, Row, Table
from importers.workbook import ReadWorkbook, Visibility, column_letters
from portal.domain.findings import Cell, Finding
from portal.domain.forms import FormVersion, Indicator, Sheet, Source, Text


@dataclass
class Extraction:
    """What was found in the tables.

    Attributes:
        entries: by indicator code, for every indicator whose row was found and is unambiguous.
        lost: codes whose row was found in contradiction or not at all, though the unit has to fill it.
        not_checked: what was not read, in words.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    not_checked: list[Text] = field(default_factory=list)


def extract(workbook: ReadWorkbook, tables: list[Table | Grid], form: FormVersion, typed: frozenset[str]) -> Extraction:
    """Find every indicator's row.

    Args:
        workbook: as read, for what is not in any table.
        tables: its report tables.
        form: whose indicators are looked for.
        typed: codes the unit has to fill; only their absence is a mistake.
    """
    extraction = Extraction()
    rows: dict[str, list[Entry]] = {}
    lists = [table for table in tables if isinstance(table, Table)]
    grids = [table for table in tables if isinstance(table, Grid)]
    for table in lists:
        if table.readable:
            _report_hidden(table, extraction)
            extraction.findings += merged_answers(table, form.by_code)
            extraction.not_checked += beside(table, form.by_code)
        for row in table.rows if table.readable else ():
            if row.code in form.by_code:
                rows.setdefault(row.code, []).append(_entry(form, table, row))
            elif stray := stray_row(table, row):
                extraction.findings.append(stray)
    crossings = crossings_of(form)
    for grid in grids:
        extraction.findings += _about_grid(grid, crossings)
        for code, entry in entries_of(grid, crossings) if grid.readable else ():
            rows.setdefault(code, []).append(entry)
    for code, entries in rows.items():
        _settle(form, code, entries, extraction)
    _report_repeats(rows, extraction)
    found = extraction.entries.keys() | extraction.lost
    extraction.findings += [*unreadable(lists, form, found), *headless(workbook, tables, form, found)]
    extraction.findings += comments(workbook.sheets, extraction.entries.values())
    _report_missing(form, typed, {code for each in extraction.findings for code in each.hides}, extraction)
    _report_other_sheets(workbook, tables, extraction)
    return extraction


def _entry(form: FormVersion, table: Table, row: Row) -> Entry:
    name = row.cells[Column.NAME].text.strip() if Column.NAME in row.cells else ""
    misnamed = name if _names_another(form, form.indicator(row.code), name) else ""
    return Entry(_place(table, row), row.cells, misnamed)


def _place(table: Table, row: Row) -> Cell:
    return Cell(table.sheet.name, f"{column_letters(table.columns[Column.THIS_YEAR])}{row.number}")


def _about_grid(grid: Grid, crossings: Crossings) -> list[Finding]:
    hidden = [] if grid.sheet.visibility is Visibility.VISIBLE else [wrong.hidden_sheet(grid.sheet.name)]
    if not grid.readable:
        missing = wrong.grid_codes_missing(Cell(grid.sheet.name, f"A{grid.header_row}"))
        return [*hidden, replace(missing, hides=_cells_of(grid, crossings))]
    return [*hidden, *hidden_in(grid), *strays_of(grid, crossings)]


def _cells_of(grid: Grid, crossings: Crossings) -> frozenset[str]:
    """Codes of the form's cells in the rows of a cross table."""
    rows = {row.code for row in grid.rows}
    return frozenset(code for (row, _column), code in crossings.cells.items() if row in rows)


def _settle(form: FormVersion, code: str, entries: list[Entry], extraction: Extraction) -> None:
    """Take the only answer there is; several different ones, or another indicator's name beside it, contradict it."""
    answered = [entry for entry in entries if entry.answer is not None and entry.answer.text.strip()]
    contents = list(dict.fromkeys(entry.answer.text for entry in answered if entry.answer))
    indicator = form.indicator(code)
    misnamed = next((entry for entry in answered if entry.misnamed), None)
    if misnamed is not None:
        extraction.findings.append(wrong.name_of_another(indicator, misnamed.place, misnamed.misnamed))
        extraction.lost.add(code)
    elif len(contents) > 1 and indicator.typed:
        places = [entry.place for entry in answered]
        extraction.findings.append(wrong.duplicate_code(indicator, places, contents))
        extraction.lost.add(code)
    else:
        extraction.entries[code] = (answered or entries)[0]


def _names_another(form: FormVersion, indicator: Indicator, found: str) -> bool:
    """Whether a row to fill in bears another indicator's name: names and figures were sorted without their codes."""
    name = {tidy(found)} - {""}
    return (
        indicator.source is Source.COLLECTED
        and not is_named(indicator, name)
        and any(is_named(other, name) for other in form.by_code.values())
    )


def _report_repeats(rows: dict[str, list[Entry]], extraction: Extraction) -> None:
    repeats: dict[str, int] = {}
    for code, entries in rows.items():
        if code in extraction.entries:
            for entry in entries:
                if entry is not extraction.entries[code]:
                    repeats[entry.place.sheet] = repeats.get(entry.place.sheet, 0) + 1
    extraction.findings += [wrong.repeated_rows(sheet, count) for sheet, count in repeats.items()]


def _report_missing(form: FormVersion, typed: frozenset[str], unread: set[str], extraction: Extraction) -> None:
    """Rows the unit has to fill and that are not there: once per sheet when the whole sheet is gone."""
    for sheet in form.sheets:
        wanted = [indicator for indicator in sheet.indicators if indicator.code in typed]
        missing = [i for i in wanted if i.code not in extraction.entries and i.code not in extraction.lost]
        extraction.lost.update(indicator.code for indicator in missing)
        to_say = [indicator for indicator in missing if indicator.code not in unread]
        if to_say and len(missing) == len(wanted):
            hides = frozenset(indicator.code for indicator in missing)
            extraction.findings.append(replace(wrong.sheet_missing(sheet), hides=hides))
        else:
            extraction.findings += _lines_missing(sheet, to_say, wanted)


def _lines_missing(sheet: Sheet, missing: list[Indicator], wanted: list[Indicator]) -> list[Finding]:
    """What is gone of a sheet; of a cross table each row, then each column, that is gone whole is said once."""
    left, findings = [indicator.code for indicator in missing], []
    crossings = sheet.cross.crossings if sheet.cross else ()
    for axis in (0, 1):
        cells: dict[str, list[str]] = {}
        for crossing, indicator in zip(crossings, sheet.indicators, strict=False):
            if indicator in wanted:
                cells.setdefault(crossing[axis].code, []).append(indicator.code)
        for crossing in crossings:
            codes = cells.pop(crossing[axis].code, [])
            if codes and set(codes) <= set(left):
                gone = wrong.line_missing(sheet, crossing[axis], codes[0])
                findings.append(replace(gone, hides=frozenset(codes)))
                left = [code for code in left if code not in codes]
    return findings + [wrong.row_missing(indicator) for indicator in missing if indicator.code in left]


def _report_hidden(table: Table, extraction: Extraction) -> None:
    sheet = table.sheet
    if sheet.visibility is not Visibility.VISIBLE:
        extraction.findings.append(wrong.hidden_sheet(sheet.name))
    if table.columns[Column.THIS_YEAR] in sheet.hidden_columns:
        extraction.findings.append(wrong.hidden_column(sheet.name, table.columns[Column.THIS_YEAR]))
    hidden = [row.number for row in table.rows if row.number in sheet.hidden_rows and Column.THIS_YEAR in row.cells]
    if hidden:
        extraction.findings.append(wrong.hidden_rows(sheet.name, hidden))


def _report_other_sheets(workbook: ReadWorkbook, tables: list[Table | Grid], extraction: Extraction) -> None:
    with_tables = {table.sheet.name for table in tables}
    for sheet in workbook.sheets:
        known = sheet.name in with_tables | SHEETS_WITHOUT_ANSWERS or listings_on(sheet) or is_report_text(sheet)
        if sheet.cells and not known:
            extraction.not_checked.append(wrong.sheet_not_read(sheet.name))
    extraction.not_checked += [wrong.NOTICES[notice] for notice in workbook.header.notices]
