"""Enter what a consolidated workbook, or a zip of templates, holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from importers.bundle import Bundle, is_bundle
from importers.consolidated_reading import Consolidated, UnitRows, read_consolidated
from importers.consolidated_units import RowReader, UnitAnswers
from importers.identity import Expected
from importers.reasons import reason_advice, reason_text
from importers.recognise import NotRecognised
from portal.db import transaction
from portal.domain.batches import WRITTEN, BatchState, LineOutcome
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Text
from portal.domain.rules import check
from portal.errors import WorkbookUnreadable
from portal.jobs.batch_bundle import enter_bundle
from portal.jobs.batch_work import Work, finding_lines, read_report, refused_report
from portal.queries import batches as stored
from portal.queries.collections import get_collection
from portal.queries.earlier import earlier_values
from portal.queries.figures import key_of
from portal.queries.forms import get_form
from portal.queries.progress import list_answers
from portal.queries.surroundings import surroundings
from portal.queries.units import UnitRow, find_units
from portal.services import batches
from portal.services.batches import Line
from portal.services.entering import Entered, Entry, enter_answers

UNITS_AT_ONCE = 100
_NAMED = 20


def enter_file(work: Work) -> None:
    """Enter a batch's file, and say what became of every unit in it."""
    with transaction(work.portal) as session:
        content = b"".join(stored.content_of(session, work.portal, work.batch.id))
    with transaction(work.person) as session:
        collection = get_collection(session, work.person, work.batch.key)
        form = get_form(session, collection.form, collection.version)
        asked = {row.unit.code: row.unit for row in list_answers(session, work.person, work.batch.key)}
    try:
        if is_bundle(content):
            report = enter_bundle(work, form, Bundle(content), asked)
        else:
            expected = Expected(form.code, work.person.place.code, str(work.batch.key.period), form.number)
            report = _enter_table(work, form, read_consolidated(content, form, expected), asked)
    except WorkbookUnreadable as refusal:
        report = refused_report(
            refusal.reason, reason_text(refusal.reason, refusal.place), reason_advice(refusal.reason)
        )
    with work.step() as session:
        batches.end(session, work.portal, work.batch.id, BatchState.DONE, report=report)


def _enter_table(
    work: Work, form: FormVersion, found: Consolidated | NotRecognised, asked: Mapping[str, UnitRow]
) -> dict[str, Any]:
    if isinstance(found, NotRecognised):
        return refused_report(found.code, found.message, found.advice)
    table = _Table(work, form, RowReader(form), asked)
    units = list(enumerate(found.units.values()))
    with work.step() as session:
        before = stored.count_lines(session, work.portal, work.batch.id).total()
        batches.progress(session, work.portal, work.batch.id, before, len(units))
    for first in range(0, len(units), UNITS_AT_ONCE):
        some = units[first : first + UNITS_AT_ONCE]
        with work.step() as session:
            done = stored.names_done(session, work.portal, work.batch.id, [unit.code for _number, unit in some])
            lines = table.enter(session, [(number, unit) for number, unit in some if unit.code not in done])
            batches.write_lines(session, work.portal, work.batch.id, lines)
    return read_report([*found.remarks, *_missing(asked, found)])


def _missing(asked: Mapping[str, UnitRow], found: Consolidated) -> Iterator[Text]:
    missing = [unit for code, unit in asked.items() if code not in found.units]
    if missing:
        names, more = "、".join(unit.name for unit in missing[:_NAMED]), "…" if len(missing) > _NAMED else ""
        codes = ", ".join(unit.code for unit in missing[:_NAMED])
        yield Text(
            f"文件中没有这 {len(missing)} 个单位：{names}{more}",
            f"{len(missing)} units are not in the file: {codes}{more}",
        )


@dataclass(frozen=True)
class _Table:
    """A consolidated workbook that is being entered; `asked` are the units of the collection, by code."""

    work: Work
    form: FormVersion
    reader: RowReader
    asked: Mapping[str, UnitRow]

    def enter(self, session: Session, units: Sequence[tuple[int, UnitRows]]) -> list[Line]:
        """Enter some units; gives a line for each."""
        lines: list[Line] = []
        answered: dict[int, tuple[int, UnitRows, UnitAnswers]] = {}
        unknown = find_units(session, [unit.code for _number, unit in units if unit.code not in self.asked])
        for number, unit in units:
            known = self.asked.get(unit.code)
            outcome = self._outside(unit, unknown) if known is None else self._odd(unit, known)
            if known is None or outcome is not None:
                lines.append(Line(unit.code, number, unit.place, outcome or LineOutcome.UNKNOWN_UNIT))
                continue
            answers = self.reader.answers(unit, known.level)
            if not answers.understood or not answers.values:
                outcome = LineOutcome.EMPTY if answers.understood else LineOutcome.MISTAKEN
                lines.append(_line(unit, number, outcome, 0, answers.findings))
            else:
                answered[known.id] = (number, unit, answers)
        entries = [
            Entry(unit_id, unit.code, answers.values, answers.places)
            for unit_id, (_number, unit, answers) in answered.items()
        ]
        return lines + self._stored(session, answered, entries)

    def _outside(self, unit: UnitRows, known: Mapping[str, UnitRow]) -> LineOutcome:
        if unit.code not in known:
            return LineOutcome.UNKNOWN_UNIT
        below = self.work.person.place.covers(known[unit.code].path)
        return LineOutcome.NOT_ASKED if below else LineOutcome.NOT_BELOW

    def _odd(self, unit: UnitRows, known: UnitRow) -> LineOutcome | None:
        """What makes a row of a unit that is asked no row of it: it stands twice, or is called like another."""
        if unit.repeated:
            return LineOutcome.REPEATED
        others = {each.name for each in self.asked.values() if each.name != known.name}
        return LineOutcome.MISNAMED if unit.names & others else None

    def _stored(
        self,
        session: Session,
        answered: Mapping[int, tuple[int, UnitRows, UnitAnswers]],
        entries: Sequence[Entry],
    ) -> list[Line]:
        if not entries:
            return []
        work = self.work
        entered = enter_answers(
            session,
            work.portal,
            work.person,
            work.batch.key,
            entries,
            source=work.batch.id,
            replaces=work.batch.with_figures,
        )
        checked = self._checked(session, answered, entered)
        return [
            _line(unit, number, entered[unit_id].outcome, entered[unit_id].stored, checked.get(unit_id, ()))
            for unit_id, (number, unit, _answers) in answered.items()
        ]

    def _checked(
        self,
        session: Session,
        answered: Mapping[int, tuple[int, UnitRows, UnitAnswers]],
        entered: Mapping[int, Entered],
    ) -> dict[int, list[Finding]]:
        """What is to be said about the file's answers alone: what else stands in a draft is the unit's own affair."""
        work = self.work
        written = [unit_id for unit_id, each in entered.items() if each.outcome in WRITTEN]
        rows = stored.list_rows(session, work.portal, work.batch.key, written)
        earlier = earlier_values(session, {key_of(row): self.form for row in rows})
        around = surroundings(session, rows, self.form)
        found: dict[int, list[Finding]] = {}
        for row in rows:
            key = key_of(row)
            _number, unit, answers = answered[row.unit_id]
            level = self.asked[unit.code].level
            before = earlier[key]
            result = check(
                self.form, level, answers.values, before.last_year or None, before.previous or None, around[key]
            )
            found[row.unit_id] = [*answers.findings, *result.findings]
        return found


def _line(unit: UnitRows, number: int, outcome: LineOutcome, stored_count: int, findings: Iterable[Finding]) -> Line:
    counts, listed = finding_lines(findings)
    return Line(unit.code, number, unit.place, outcome, stored_count, counts, listed)
