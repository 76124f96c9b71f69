"""Answers in a template of an earlier version of the form, carried over by what the versions say of each other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from importers import carry_findings as say
from importers.answers import Answers
from importers.extract import Extraction
from importers.tables import Entry
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion
from portal.domain.mapping import Term, terms, value_across
from portal.domain.units import Level

FindForm = Callable[[str, int], FormVersion | None]
"""Gives a published form by code and version."""

Way = tuple[FormVersion, ...]
"""From the version to be filled in back to that of a file, each followed by the one right before it."""


def way_between(find_form: FindForm, wanted: int, form: FormVersion) -> Way:
    """The way from version `wanted` back to `form`; numbers may be left out."""
    newer = (find_form(form.code, number) for number in range(wanted, form.number, -1))
    return (*(each for each in newer if each is not None), form)


def comparable(way: Way, wanted: int) -> bool:
    """Whether the way leads to version `wanted`, and anything asked there can be told from the earlier version."""
    if way[0].number != wanted or len(way) == 1:
        return way[0].number == wanted
    same_periods = way[0].period_kind is way[-1].period_kind
    return same_periods and any(terms(way, indicator.code) for indicator in way[0] if indicator.typed)


def typed_in_file(way: Way, level: Level) -> frozenset[str]:
    """Codes that a file of the earlier version has to have for a unit of that level."""
    typed = {indicator.code for indicator in way[0].typed_at(level)}
    if len(way) == 1:
        return frozenset(typed)
    needed = {term.code for code in typed for term in terms(way, code)}
    return frozenset(needed & {indicator.code for indicator in way[-1].typed_at(level)})


@dataclass
class Carried:
    """What a file says, by the codes of the version to be filled in.

    Attributes:
        entries: where it says so; only of indicators that stand in one place.
        rows: of those, the ones whose whole row is the indicator's, last year's figure and all.
        lost: codes that the file should have told and did not.
    """

    answers: Answers = field(default_factory=Answers)
    entries: dict[str, Entry] = field(default_factory=dict)
    rows: dict[str, Entry] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def carried(way: Way, level: Level, answers: Answers, extraction: Extraction) -> Carried:
    """The answers as they are for the version to be filled in; of the same version they are as they stand."""
    if len(way) == 1:
        entries = extraction.entries
        return Carried(answers, entries, entries, extraction.lost, list(extraction.findings))
    result = Carried()
    origins = {indicator.code: terms(way, indicator.code) for indicator in way[0].typed_at(level)}
    for code, parts in origins.items():
        if parts:
            _carry(way, code, parts, answers, extraction, result)
    becomes = _successors(origins)
    result.findings += _about(way, extraction.findings, becomes)
    result.answers.findings += _about(way, answers.findings, becomes)
    result.findings += _changes(way, origins, result)
    result.findings += _left_behind(way, level, becomes, answers, extraction)
    return result


def _carry(
    way: Way, code: str, parts: tuple[Term, ...], answers: Answers, extraction: Extraction, result: Carried
) -> None:
    """Work out one indicator; with a part missing the whole is unknown, and what the draft has of it stays."""
    old = [part.code for part in parts]
    if entries := [extraction.entries[each] for each in old if each in extraction.entries]:
        result.entries[code] = entries[0]
        if parts == (Term(parts[0].code),):
            result.rows[code] = entries[0]
    if unread := [answers.unread[each] for each in old if each in answers.unread]:
        result.answers.unread[code] = "；".join(unread)
        result.answers.notes[code] = "；".join(filter(None, (answers.notes.get(each, "") for each in old)))
    values = {each: answers.values[each] for each in old if each in answers.values}
    blank = [each for each, value in values.items() if not value.answered]
    if 0 < len(blank) < len(values):
        result.findings.append(say.part_missing(way, code, blank))
    if len(values) < len(old) or 0 < len(blank) < len(values):
        result.lost.add(code)
    elif (value := value_across(way, code, values)) is not None:
        notes = "；".join(value.note for value in values.values() if value.note)
        result.answers.values[code] = replace(value, note=notes)


def _successors(origins: dict[str, tuple[Term, ...]]) -> dict[str, str]:
    """The code of the version to be filled in, by that of the file."""
    return {part.code: code for code, parts in origins.items() for part in parts}


def _about(way: Way, findings: list[Finding], becomes: dict[str, str]) -> Iterator[Finding]:
    """What was found in the file, by the new codes; what is about indicators no longer asked for is left out."""
    of_file = way[-1].by_code
    for finding in findings:
        hides = frozenset(becomes[code] for code in finding.hides if code in becomes)
        if finding.indicator in becomes:
            yield replace(finding, indicator=becomes[finding.indicator], hides=hides)
        elif finding.indicator not in of_file:
            yield replace(finding, hides=hides)


def _changes(way: Way, origins: dict[str, tuple[Term, ...]], result: Carried) -> Iterator[Finding]:
    """What moved, and what the file could not know of."""
    yield say.older_version(way, len(result.answers.values))
    for code, parts in origins.items():
        if code in result.answers.values and parts != (Term(code),):
            yield say.moved(way, code, parts)
    if missing := [code for code, parts in origins.items() if not parts]:
        yield say.to_fill_in(way, missing)


def _left_behind(
    way: Way, level: Level, becomes: dict[str, str], answers: Answers, extraction: Extraction
) -> Iterator[Finding]:
    """Answers of the file to what is no longer asked, or not in the same way."""
    for indicator in way[-1].typed_at(level):
        value = answers.values.get(indicator.code)
        if indicator.code not in becomes and value is not None and value.answered:
            entry = extraction.entries[indicator.code]
            yield say.left_behind(way, indicator, entry.place, entry.answer.text if entry.answer else "")
