"""Enter what a consolidated workbook, or a zip of templates, holds."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
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
from portal.domain.rules import check, finds_no_more, finds_nothing
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
from portal.services.entering import Entry, enter_answers

UNITS_AT_ONCE = 250
BLOCKS_AT_ONCE = 2
"""Blocks of units done at the same time: while the database stores one, the next is read and checked."""

_NAMED = 20


def enter_file(work: Work) -> None:
    """Enter a batch's file, and say what became of every unit in it."""
    with transaction(work.person) as session:
        collection = get_collection(session, work.person, work.batch.key)
        form = get_form(session, collection.form, collection.version)
        asked = {row.unit.code: row.unit for row in list_answers(session, work.person, work.batch.key)}
    with tempfile.TemporaryFile() as file:
        with transaction(work.portal) as session:
            file.writelines(stored.content_of(session, work.portal, work.batch.id))
        try:
            if is_bundle(file):
                report = enter_bundle(work, form, Bundle(file), asked)
            else:
                file.seek(0)
                expected = Expected(form.code, work.person.place.code, str(work.batch.key.period), form.number)
                report = _enter_table(work, form, read_consolidated(file.read(), form, expected), asked)
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
    blocks = [units[first : first + UNITS_AT_ONCE] for first in range(0, len(units), UNITS_AT_ONCE)]
    contexts = [copy_context() for _block in blocks]  # from which machine the portal acts goes along
    with ThreadPoolExecutor(BLOCKS_AT_ONCE) as threads:
        for _done in threads.map(lambda context, *block: context.run(table.do, *block), contexts, count(), blocks):
            pass  # what a block raises is raised here, and those that wait are not begun
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
class _Read:
    """A unit of the file.

    Attributes:
        known: the unit, if the collection asks it.
        outcome: what becomes of it, if nothing is to be entered.
        sound: whether nothing is found in its answers, as far as that can be told without others.
    """

    number: int
    unit: UnitRows
    known: UnitRow | None
    answers: UnitAnswers
    outcome: LineOutcome | None
    sound: bool = False

    def line(self, outcome: LineOutcome, stored_count: int, findings: Iterable[Finding]) -> Line:
        """What the report says of it."""
        counts, listed = finding_lines(findings)
        return Line(self.unit.code, self.number, self.unit.place, outcome, stored_count, counts, listed)


@dataclass(frozen=True)
class _Table:
    """A consolidated workbook that is being entered; `asked` are the units of the collection, by code."""

    work: Work
    form: FormVersion
    reader: RowReader
    asked: Mapping[str, UnitRow]

    @cached_property
    def names(self) -> set[str]:
        """Of all units that are asked."""
        return {unit.name for unit in self.asked.values()}

    def do(self, number: int, units: Sequence[tuple[int, UnitRows]]) -> None:
        """Read a block of units, and enter those that have no line yet."""
        work, rows = self.work, self.read(units)
        with work.part(number) as session:
            done = stored.names_done(session, work.portal, work.batch.id, [row.unit.code for row in rows])
            lines = self.enter(session, [row for row in rows if row.unit.code not in done])
            batches.write_lines(session, work.portal, work.batch.id, lines)

    def read(self, units: Sequence[tuple[int, UnitRows]]) -> list[_Read]:
        """Read some units; nothing is asked of the database."""
        rows = [self._read(number, unit) for number, unit in units]
        levels = {row.known.level for row in rows if row.known and row.outcome is None}
        sound: set[int] = set()
        for level in levels:
            alike = [row for row in rows if row.known and row.outcome is None and row.known.level is level]
            nothing = finds_nothing(self.form, level, [row.answers.values for row in alike], self.work.batch.key.period)
            sound |= {row.number for row, each in zip(alike, nothing, strict=True) if each}
        return [replace(row, sound=row.number in sound) for row in rows]

    def _read(self, number: int, unit: UnitRows) -> _Read:
        known = self.asked.get(unit.code)
        if known is None or (odd := self._odd(unit, known)):
            return _Read(number, unit, known, UnitAnswers(), None if known is None else odd)
        answers = self.reader.answers(unit, known.level)
        if answers.understood and answers.values:
            return _Read(number, unit, known, answers, None)
        return _Read(number, unit, known, answers, LineOutcome.EMPTY if answers.understood else LineOutcome.MISTAKEN)

    def enter(self, session: Session, rows: Sequence[_Read]) -> list[Line]:
        """Enter some units; gives a line for each."""
        unknown = find_units(session, [row.unit.code for row in rows if row.known is None])
        lines = [row.line(self._outside(row.unit, unknown), 0, ()) for row in rows if row.known is None]
        lines += [row.line(row.outcome, 0, row.answers.findings) for row in rows if row.known and row.outcome]
        with self.work.entering(session):
            return lines + self._stored(session, {row.known.id: row for row in rows if row.known and not row.outcome})

    def _outside(self, unit: UnitRows, known: Mapping[str, UnitRow]) -> LineOutcome:
        if unit.code not in known:
            return LineOutcome.UNKNOWN_UNIT
        below = self.work.person.place.covers(known[unit.code].path)
        return LineOutcome.NOT_ASKED if below else LineOutcome.NOT_BELOW

    def _odd(self, unit: UnitRows, known: UnitRow) -> LineOutcome | None:
        """What makes a row of a unit that is asked no row of it: it stands twice, or is called like another."""
        if unit.repeated:
            return LineOutcome.REPEATED
        return LineOutcome.MISNAMED if unit.names & self.names - {known.name} else None

    def _stored(self, session: Session, answered: Mapping[int, _Read]) -> list[Line]:
        if not answered:
            return []
        work = self.work
        entered = enter_answers(
            session,
            work.portal,
            work.person,
            work.batch.key,
            [Entry(each, row.unit.code, row.answers.values, row.answers.places) for each, row in answered.items()],
            source=work.batch.id,
            replaces=work.batch.with_figures,
        )
        written = [unit_id for unit_id, each in entered.items() if each.outcome in WRITTEN]
        found = self._checked(session, {unit_id: answered[unit_id] for unit_id in written})
        return [
            row.line(entered[unit_id].outcome, entered[unit_id].stored, found.get(unit_id, ()))
            for unit_id, row in answered.items()
        ]

    def _checked(self, session: Session, written: Mapping[int, _Read]) -> dict[int, list[Finding]]:
        """What is to be said about the file's answers alone: what else stands in a draft is the unit's own affair."""
        submissions = stored.list_rows(session, self.work.portal, self.work.batch.key, list(written))
        earlier = earlier_values(session, {key_of(each): self.form for each in submissions})
        around = surroundings(session, submissions, self.form)
        found: dict[int, list[Finding]] = {}
        for each in submissions:
            key, row = key_of(each), written[each.unit_id]
            before, beside, known = earlier[key], around[key], row.known
            found[each.unit_id] = row.answers.findings
            values = row.answers.values
            bare = row.sound and beside.bare
            if known and not (bare and finds_no_more(self.form, values, before.last_year, before.previous)):
                result = check(
                    self.form, known.level, values, before.last_year or None, before.previous or None, beside
                )
                found[each.unit_id] = [*row.answers.findings, *result.findings]
        return found
