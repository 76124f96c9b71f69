"""From tables to one place per indicator, by code column and header words; what cannot be placed is said."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from importers import table_findings as wrong
from importers.identity import SHEETS_WITHOUT_ANSWERS
from importers.measures import tidy
from importers.tables import Column, Row, Table
from importers.workbook import CellKind, ReadCell, ReadWorkbook, Visibility, column_letters
from portal.domain.findings import Cell, Finding
from portal.domain.forms import FormVersion, Indicator, Sheet, Source, Text

_CODE = re.compile(r"[A-Z]{1,8}[0-9_][A-Z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """Where an indicator is answered: the place of this year's figure and what stands in its row."""

    place: Cell
    cells: dict[Column, ReadCell]

    @property
    def answer(self) -> ReadCell | None:
        """This year's cell; None when it is blank."""
        return self.cells.get(Column.THIS_YEAR)

    def text(self, column: Column) -> str:
        """What stands in another column, as text; empty when blank."""
        cell = self.cells.get(column)
        return cell.text.strip() if cell else ""


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


def extract(workbook: ReadWorkbook, tables: list[Table], form: FormVersion, typed: frozenset[str]) -> Extraction:
    """Find every indicator's row.

    Args:
        workbook: as read, for what is not in any table.
        tables: its report tables.
        form: whose indicators are looked for.
        typed: codes the unit has to fill; only their absence is a mistake.
    """
    extraction = Extraction()
    rows: dict[str, list[Entry]] = {}
    for table in tables:
        _report_hidden(table, extraction)
        for row in table.rows if table.readable else ():
            if row.code in form.by_code:
                rows.setdefault(row.code, []).append(_entry(table, row))
            else:
                _report_stray(table, row, extraction)
    for code, entries in rows.items():
        _settle(form, code, entries, extraction)
    _report_repeats(rows, extraction)
    unread = _report_unreadable(tables, form, extraction)
    _report_missing(form, typed, unread, extraction)
    _report_other_sheets(workbook, tables, extraction)
    return extraction


def _entry(table: Table, row: Row) -> Entry:
    address = f"{column_letters(table.columns[Column.THIS_YEAR])}{row.number}"
    return Entry(Cell(table.sheet.name, address), row.cells)


def _report_stray(table: Table, row: Row, extraction: Extraction) -> None:
    """Rows of another form's code, or with a number but no code; the letter row, signatures and notes are neither."""
    answer = row.cells.get(Column.THIS_YEAR)
    place = _entry(table, row).place
    if _CODE.fullmatch(row.code):
        extraction.findings.append(wrong.unknown_code(place, row.code, answer.raw if answer else ""))
    elif not row.code and answer is not None and answer.kind is CellKind.NUMBER:
        extraction.findings.append(wrong.value_without_code(place, answer.raw))


def _settle(form: FormVersion, code: str, entries: list[Entry], extraction: Extraction) -> None:
    """Take the only answer there is; several different ones, or another indicator's name beside it, contradict it."""
    answered = [entry for entry in entries if entry.answer is not None and entry.answer.raw.strip()]
    contents = list(dict.fromkeys(entry.answer.raw for entry in answered if entry.answer))
    indicator = form.indicator(code)
    misnamed = next((entry for entry in answered if _names_another(form, indicator, entry)), None)
    if misnamed is not None:
        extraction.findings.append(wrong.name_of_another(indicator, misnamed.place, misnamed.text(Column.NAME)))
        extraction.lost.add(code)
    elif len(contents) > 1:
        places = [entry.place for entry in answered]
        extraction.findings.append(wrong.duplicate_code(indicator, places, contents))
        extraction.lost.add(code)
    else:
        extraction.entries[code] = (answered or entries)[0]


def _names_another(form: FormVersion, indicator: Indicator, entry: Entry) -> bool:
    """Whether a row to fill in bears another indicator's name: names and figures were sorted without their codes."""
    name = {tidy(entry.text(Column.NAME))} - {""}
    return (
        indicator.source is Source.COLLECTED
        and not _is_named(indicator, name)
        and any(_is_named(other, name) for other in form.by_code.values())
    )


def _report_repeats(rows: dict[str, list[Entry]], extraction: Extraction) -> None:
    repeats: dict[str, int] = {}
    for code, entries in rows.items():
        if code in extraction.entries:
            for entry in entries:
                if entry is not extraction.entries[code]:
                    repeats[entry.place.sheet] = repeats.get(entry.place.sheet, 0) + 1
    extraction.findings += [wrong.repeated_rows(sheet, count) for sheet, count in repeats.items()]


def _report_unreadable(tables: list[Table], form: FormVersion, extraction: Extraction) -> set[str]:
    """Tables whose columns cannot be told; gives the codes of the form's sheets they were meant to be."""
    unread: set[str] = set()
    for table in tables:
        if table.readable:
            continue
        sheet = _sheet_by_names(table, form)
        mistake = wrong.repeated_column if table.has_codes else wrong.code_column_missing
        extraction.findings.append(mistake(table, sheet))
        if sheet:
            unread.update(indicator.code for indicator in sheet.indicators)
    return unread


def _sheet_by_names(table: Table, form: FormVersion) -> Sheet | None:
    """The form's sheet whose indicators a table names; only to say which one is lost, never to take figures from it."""
    names = {tidy(row.cells[Column.NAME].text) for row in table.rows if Column.NAME in row.cells}
    best = max(form.sheets, key=lambda sheet: _names_met(sheet, names))
    return best if _names_met(best, names) else None


def _names_met(sheet: Sheet, names: set[str]) -> int:
    return sum(_is_named(indicator, names) for indicator in sheet.indicators)


def _is_named(indicator: Indicator, names: AbstractSet[str]) -> bool:
    """Whether one of the tidied names is the indicator's, in either language."""
    return not names.isdisjoint({tidy(indicator.name.zh), tidy(indicator.name.en)})


def _report_missing(form: FormVersion, typed: frozenset[str], unread: set[str], extraction: Extraction) -> None:
    """Rows the unit has to fill and that are not there: once per sheet when the whole sheet is gone."""
    for sheet in form.sheets:
        wanted = [indicator for indicator in sheet.indicators if indicator.code in typed]
        missing = [i for i in wanted if i.code not in extraction.entries and i.code not in extraction.lost]
        extraction.lost.update(indicator.code for indicator in missing)
        to_say = [indicator for indicator in missing if indicator.code not in unread]
        if to_say and len(missing) == len(wanted):
            extraction.findings.append(wrong.sheet_missing(sheet))
        else:
            extraction.findings += [wrong.row_missing(indicator) for indicator in to_say]


def _report_hidden(table: Table, extraction: Extraction) -> None:
    sheet = table.sheet
    if sheet.visibility is not Visibility.VISIBLE:
        extraction.findings.append(wrong.hidden_sheet(sheet.name))
    if table.columns[Column.THIS_YEAR] in sheet.hidden_columns:
        extraction.findings.append(wrong.hidden_column(sheet.name, table.columns[Column.THIS_YEAR]))
    hidden = [row.number for row in table.rows if row.number in sheet.hidden_rows and Column.THIS_YEAR in row.cells]
    if hidden:
        extraction.findings.append(wrong.hidden_rows(sheet.name, hidden))


def _report_other_sheets(workbook: ReadWorkbook, tables: list[Table], extraction: Extraction) -> None:
    with_tables = {table.sheet.name for table in tables}
    for sheet in workbook.sheets:
        if sheet.cells and sheet.name not in with_tables | SHEETS_WITHOUT_ANSWERS:
            extraction.not_checked.append(wrong.sheet_not_read(sheet.name))
    extraction.not_checked += [wrong.NOTICES[notice] for notice in workbook.header.notices]
