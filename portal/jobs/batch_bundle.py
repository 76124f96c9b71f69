"""Enter a zip of templates: each file is kept with its unit and goes the road of a single upload."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from importers.bundle import Bundle, BundledFile
from importers.identity import Expected
from importers.pipeline import Examination, Outcome, unreadable
from portal.domain.batches import WRITTEN, LineOutcome
from portal.domain.entry_checks import admissible
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Severity, Text
from portal.domain.submissions import SubmissionKey
from portal.domain.values import Value
from portal.errors import WorkbookUnreadable
from portal.jobs.batch_work import Work, finding_lines, read_report
from portal.jobs.examining import examine_workbook
from portal.jobs.uploads import report_of
from portal.queries import batches as stored
from portal.queries.people import portal_actor
from portal.queries.units import UnitRow
from portal.services import batches, uploads
from portal.services.batches import Line
from portal.services.entering import Entry, enter_answers

_NAMED = 20
_TEXT_LEFT_OUT = Finding(
    "text_left_out",
    Severity.INFO,
    Text("文字报告不由上级代填，没有写入", "The report text is the unit's own to write; it was not entered"),
)


def enter_bundle(work: Work, form: FormVersion, bundle: Bundle, asked: Mapping[str, UnitRow]) -> dict[str, Any]:
    """Enter every file of a bundle; gives what is to be said about the whole."""
    names = [file.name for file in bundle.files]
    with work.step() as session:
        done = stored.names_done(session, work.portal, work.batch.id, names)
        batches.progress(session, work.portal, work.batch.id, len(done), len(names))
    for number, file in enumerate(bundle.files):
        if file.name not in done:
            _enter(work, form, number, file, bundle, asked)
    others = "、".join(bundle.others[:_NAMED])
    return read_report([Text(f"这些文件没有读取：{others}", f"These files were not read: {others}")] if others else [])


def _enter(
    work: Work, form: FormVersion, number: int, file: BundledFile, bundle: Bundle, asked: Mapping[str, UnitRow]
) -> None:
    try:
        content = bundle.read(file)
    except WorkbookUnreadable as refusal:
        content, examination = b"", unreadable(refusal)
    else:
        expected = Expected(form.code, "", str(work.batch.key.period), form.number)
        examination = examine_workbook(content, expected, within=work.person.place)
    code = examination.identity.unit if examination.identity else ""
    unit = asked.get(code)
    with work.step() as session:
        outcome, values = _judged(session, work, examination, unit)
        count = 0
        if outcome is None and unit is not None:
            with work.entering(session):
                outcome, count = _written(session, work, file, content, examination, unit, values)
        findings = examination.findings or (_whole(examination),) if examination.message.zh else examination.findings
        findings = (*findings, *([_TEXT_LEFT_OUT] if examination.texts else []))
        counts, listed = finding_lines(findings)
        line = Line(file.name, number, code, outcome or LineOutcome.NOT_ASKED, count, counts, listed)
        batches.write_lines(session, work.portal, work.batch.id, [line])


def _judged(
    session: Session, work: Work, examination: Examination, unit: UnitRow | None
) -> tuple[LineOutcome | None, dict[str, Value]]:
    """Why nothing of a file is entered, if so; and its answers, blank cells left out."""
    if examination.outcome is Outcome.UNREADABLE:
        return LineOutcome.UNREADABLE, {}
    if examination.outcome is Outcome.NOT_RECOGNISED or examination.form is None:
        return LineOutcome.NOT_RECOGNISED, {}
    if unit is None:
        return LineOutcome.NOT_ASKED, {}
    if stored.is_written(session, work.portal, work.batch.id, unit.code):
        return LineOutcome.REPEATED, {}
    values = {code: value for code, value in examination.values.items() if value.answered}
    form = examination.form
    fitting = all(admissible(form.indicator(code), unit.level, value) is None for code, value in values.items())
    lost = examination.unread.keys() - examination.values.keys()
    if lost or not fitting:
        return LineOutcome.MISTAKEN, {}
    return (None, values) if values else (LineOutcome.EMPTY, {})


def _written(
    session: Session,
    work: Work,
    file: BundledFile,
    content: bytes,
    examination: Examination,
    unit: UnitRow,
    values: dict[str, Value],
) -> tuple[LineOutcome, int]:
    """Enter a file's answers; if they may be, the file stays with the unit as one uploaded for it."""
    source = uuid4()
    places = {code: f"{place.sheet}!{place.address}" for code, place in examination.places.items()}
    entered = enter_answers(
        session,
        work.portal,
        work.person,
        work.batch.key,
        [Entry(unit.id, unit.code, values, places)],
        source=source,
        replaces=work.batch.with_figures,
    )[unit.id]
    if entered.outcome in WRITTEN:
        key = SubmissionKey(unit.code, work.batch.key.period, work.batch.key.form)
        (row,) = stored.list_rows(session, work.portal, work.batch.key, [unit.id])
        uploads.add(session, work.person, key, row, file.name, content, upload_id=source)
        uploads.finish(session, portal_actor(session, unit.code), source, report_of(examination))
    return entered.outcome, entered.stored


def _whole(examination: Examination) -> Finding:
    """Why a file was not read, as a finding about the whole of it."""
    return Finding(examination.code, Severity.BLOCKING, examination.message, advice=examination.advice)
