"""From extracted cells to values: the parse stage over a whole form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from importers import table_findings as wrong
from importers.extract import Extraction
from importers.notes import read_note
from importers.parse import Parsed, parse_cell
from importers.tables import Column, Entry
from portal.domain.entry_checks import admissible
from portal.domain.findings import Cell, Finding
from portal.domain.forms import FormVersion, Indicator, Source
from portal.domain.units import Level
from portal.domain.values import Value, Values, ValueStatus, exact_text, rounded


@dataclass
class Answers:
    """What the cells say.

    Attributes:
        values: of every indicator the unit fills and whose cell was understood; a blank cell is a missing value.
        unread: what stands, as written, in cells that were not understood or hold a mere placeholder, by code.
        notes: what stands in the notes beside cells that were not understood, by code.
        findings: about single cells, each with its place.
    """

    values: dict[str, Value] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_answers(form: FormVersion, level: Level, extraction: Extraction) -> Answers:
    """Read the answers a unit of that level gives; figures it does not fill are reported, not taken."""
    answers = Answers()
    for code, entry in extraction.entries.items():
        indicator = form.indicator(code)
        if indicator.source is not Source.COLLECTED:
            continue
        parsed = parse_cell(indicator, entry.answer, stated_unit=_stated_unit(indicator, entry))
        if level in indicator.filled_by:
            _take(indicator, entry, parsed, answers)
        elif parsed.value is not None and (mistake := admissible(indicator, level, parsed.value)):
            answers.findings.append(replace(mistake, cell=entry.place))
    return answers


def _take(indicator: Indicator, entry: Entry, parsed: Parsed, answers: Answers) -> None:
    answers.findings += [replace(finding, cell=entry.place) for finding in parsed.findings]
    if parsed.value is None or parsed.placeholder:
        answers.unread[indicator.code] = parsed.findings[0].found
    note = entry.text(Column.NOTE)
    if parsed.value is None:
        answers.notes[indicator.code] = note
    else:
        as_of_on, note = read_note(note) if indicator.stock and parsed.value.reported else (None, note)
        answers.values[indicator.code] = replace(parsed.value, note=note, as_of_on=as_of_on)


def _stated_unit(indicator: Indicator, entry: Entry) -> str:
    return entry.text(Column.UNIT) if indicator.type.is_number else ""


def changed_columns(
    form: FormVersion, rows: Mapping[str, Entry], last_year: Values | None, worked_out: Values
) -> list[Finding]:
    """Figures typed over in columns and rows that are the portal's: last year's, and what it works out itself."""
    findings: list[Finding] = []
    for code, entry in rows.items():
        indicator = form.indicator(code)
        if last_year is not None:
            findings += _changed_last_year(indicator, entry, last_year)
        if indicator.source is not Source.COLLECTED:
            findings += _overwritten(indicator, entry, worked_out)
    return findings


def _changed_last_year(indicator: Indicator, entry: Entry, last_year: Values) -> list[Finding]:
    cell = entry.cells.get(Column.LAST_YEAR)
    kept = last_year.get(indicator.code)
    if cell is None or cell.has_formula or kept is None or kept.number is None:
        return []
    found = parse_cell(indicator, cell).value
    if found is None or found.status is ValueStatus.MISSING or found.number == kept.number:
        return []
    place = Cell(cell.sheet, cell.address)
    return [replace(wrong.last_year_changed(indicator, cell.raw, exact_text(kept.number)), cell=place)]


def _overwritten(indicator: Indicator, entry: Entry, worked_out: Values) -> list[Finding]:
    cell, value = entry.answer, worked_out.get(indicator.code)
    if cell is None or cell.has_formula or value is None or value.number is None:
        return []
    found = parse_cell(indicator, cell).value
    shown = rounded(value.number, indicator.decimals)
    if found is None or found.number is None or rounded(found.number, indicator.decimals) == shown:
        return []
    return [replace(wrong.calculated_overwritten(indicator, cell.raw, exact_text(shown)), cell=entry.place)]
