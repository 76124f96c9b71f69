"""One upload from bytes to everything a page, the API and the command line say about it. Writes nothing."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum

from importers.answers import changed_columns, read_answers
from importers.carry_over import FindForm, carried, typed_in_file
from importers.extract import Extraction, extract
from importers.foreign import UNCONFIRMED, UNCONFIRMED_WORDS, Asked, FindConfirmed, ask, extraction_of
from importers.foreign_layout import read_layout
from importers.identity import Context, Expected, Identity, UnitName
from importers.list_answers import ListReading, read_lists
from importers.listings import find_listings
from importers.reasons import reason_advice, reason_text
from importers.recognise import NOT_A_TEMPLATE, NotRecognised, Recognised, recognise
from importers.report_text import read_report_text
from importers.sandbox import read_workbook
from importers.tables import find_tables
from importers.workbook import ReadWorkbook
from importers.wrong_file import FindUnit
from portal.domain.findings import Cell, Finding
from portal.domain.form_expressions import condition_of
from portal.domain.forms import FormVersion, Severity, Text
from portal.domain.implied_rules import rules_of
from portal.domain.lists import ListAnswer
from portal.domain.periods import Period
from portal.domain.root_causes import counted
from portal.domain.rules import check, completed
from portal.domain.values import Value
from portal.errors import InvalidInput, WorkbookUnreadable

FindContext = Callable[[Identity], Context | UnitName | None]
"""What is known of the unit of an identity; its mere name if it has nothing to report there; None if there is none."""


class Outcome(StrEnum):
    """How far an upload came."""

    CHECKED = "checked"
    NOT_RECOGNISED = "not_recognised"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Examination:
    """What an upload says and what is wrong with it.

    Attributes:
        code: why it was not recognised or not readable; empty when it was checked.
        message: the same in words.
        values: of the indicators the unit fills and whose cell was understood; a blank cell is a missing value, a code
            that is absent was not understood and keeps whatever it has in the portal.
        lists: what the lists of the file say, by code; a list that is absent keeps whatever it has in the portal.
        texts: what stands under the sections of the text, by their codes; a blank one keeps what it has in the portal.
        unread: what stands, as written, in cells that were not understood or hold a mere placeholder, by code; in
            cells of lists by list, row and column.
        notes: what stands in the notes beside cells that were not understood, by code.
        places: where each indicator stands in the file; each list, row and cell of a row too.
        findings: in form order, heaviest first at each indicator; those about the whole file come first.
        not_checked: what was not read or evaluated, and why.
        asked: what a person has to confirm before sheets that are no template can be read.
    """

    outcome: Outcome
    code: str = ""
    message: Text = Text("")
    advice: Text = Text("")
    identity: Identity | None = None
    form: FormVersion | None = None
    context: Context | None = None
    values: dict[str, Value] = field(default_factory=dict)
    lists: dict[str, ListAnswer] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    places: dict[str, Cell] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[Text, ...] = ()
    asked: Asked | None = None

    @property
    def unit(self) -> UnitName | None:
        """Whose answers they are, once that is known."""
        return self.context.unit if self.context else None

    def count(self, *severities: Severity) -> int:
        """How many findings are of these severities."""
        return sum(finding.severity in severities for finding in self.findings)

    @property
    def needs_correction(self) -> bool:
        """Whether something blocks the submission, or may only pass with the superior's consent."""
        return self.count(Severity.BLOCKING, Severity.CONSENT) > 0


def examine(
    content: bytes,
    filename: str = "",
    *,
    find_form: FindForm,
    find_context: FindContext,
    expected: Expected | None = None,
    find_confirmed: FindConfirmed = lambda _identity, _fingerprint: None,
) -> Examination:
    """Read, recognise, extract, parse and check an upload; never raises for what a file may hold.

    Args:
        content: the bytes of the file.
        filename: by which a CSV is known.
        find_form: gives a published form by code and version.
        find_context: gives unit, level and last year's accepted values for an identity.
        expected: what the person who uploads has chosen, if anything.
        find_confirmed: gives what was confirmed about sheets that are no template.
    """
    try:
        workbook = read_workbook(content, filename)
    except WorkbookUnreadable as refusal:
        return unreadable(refusal)
    tables = find_tables(workbook)
    recognised = recognise(workbook, tables, find_form, unit_finder(find_context), expected or Expected())
    if isinstance(recognised, NotRecognised):
        own = _chosen(expected or Expected(), find_form) if recognised.code == NOT_A_TEMPLATE else None
        return (
            _refused(recognised) if own is None else _foreign(workbook, own, recognised, find_context, find_confirmed)
        )
    context = _context_of(recognised, find_context)
    if isinstance(context, NotRecognised):
        return _refused(context)
    recognised = recognised.as_answered(context.form or recognised.form)
    typed = typed_in_file(recognised.way, context.unit.level)
    extraction = extract(workbook, tables, recognised.form_of_file, typed)
    listed = read_lists(recognised.form, context.unit.level, find_listings(workbook))
    examination = _checked(recognised, context, extraction, listed)
    texts, not_read = read_report_text(workbook, recognised.form)
    return replace(examination, texts=texts, not_checked=(*examination.not_checked, *not_read))


def _chosen(expected: Expected, find_form: FindForm) -> Recognised | None:
    """What a file without any mark is taken for: what the person who uploads has chosen, if that is all said."""
    form = find_form(expected.form, expected.version)
    if form is None or not (expected.unit and _is_period(expected.period)):
        return None
    return Recognised(Identity(form.code, form.number, expected.unit, expected.period), (form,))


def _foreign(
    workbook: ReadWorkbook,
    chosen: Recognised,
    refusal: NotRecognised,
    find_context: FindContext,
    find_confirmed: FindConfirmed,
) -> Examination:
    """Sheets of the unit's own: read as a person confirmed it, or else what that person is to be asked."""
    context = _context_of(chosen, find_context)
    if isinstance(context, NotRecognised):
        return _refused(context)
    chosen, period = chosen.as_answered(context.form or chosen.form), Period.parse(chosen.identity.period)
    layout = read_layout(workbook, period)
    confirmed = find_confirmed(chosen.identity, layout.fingerprint) if layout.figures else None
    if confirmed is not None and confirmed.holds_for(layout, chosen.form):
        return _checked(chosen, context, extraction_of(layout, chosen.form, confirmed), ListReading())
    asked = ask(layout, chosen.form, context.unit.level, period, confirmed)
    if not asked.is_worth_while:
        return _refused(refusal)
    return Examination(Outcome.NOT_RECOGNISED, UNCONFIRMED, *UNCONFIRMED_WORDS, asked=asked)


def unit_finder(find_context: FindContext) -> FindUnit:
    """Names units by what is known of those who report."""

    def find_unit(identity: Identity) -> UnitName | None:
        found = find_context(identity) if _is_period(identity.period) else None
        return found.unit if isinstance(found, Context) else found

    return find_unit


def _context_of(recognised: Recognised, find_context: FindContext) -> Context | NotRecognised:
    identity = recognised.identity
    context = find_context(identity) if _is_period(identity.period) else None
    form, advice = recognised.form, Text("请核对单位代码", "Check the unit's code")
    if context is None:
        message = Text(f"没有代码为 {identity.unit} 的单位", f"There is no unit {identity.unit}")
        return NotRecognised("unknown_unit", message, advice)
    if isinstance(context, UnitName):
        message = Text(
            f"{context.name}（{context.code}）在 {identity.period} 不填报 {form.name.zh}",
            f"{context.name} ({context.code}) does not fill in {form.name.in_language('en')} for {identity.period}",
        )
        advice = Text("请核对单位代码和报告期", "Check the unit's code and the period")
        return NotRecognised("not_reporting", message, advice)
    if context.unit.level not in form.levels:
        message = Text(
            f"{context.unit.name}不填报 {form.name.zh}",
            f"{context.unit.name} does not fill in {form.name.in_language('en')}",
        )
        return NotRecognised("wrong_level", message, advice)
    return context


def _is_period(code: str) -> bool:
    try:
        Period.parse(code)
    except InvalidInput:
        return False
    return True


def unreadable(refusal: WorkbookUnreadable) -> Examination:
    """What is said about a file that cannot be read as a workbook."""
    message = reason_text(refusal.reason, refusal.place)
    return Examination(Outcome.UNREADABLE, refusal.reason, message, advice=reason_advice(refusal.reason))


def _refused(refusal: NotRecognised) -> Examination:
    return Examination(Outcome.NOT_RECOGNISED, refusal.code, refusal.message, refusal.advice)


def _checked(recognised: Recognised, context: Context, extraction: Extraction, listed: ListReading) -> Examination:
    form, level = recognised.form, context.unit.level
    taken = carried(recognised.way, level, read_answers(recognised.form_of_file, level, extraction), extraction)
    answers = taken.answers
    around = replace(context.around, lists={**context.around.lists, **listed.lists})
    result = check(form, level, answers.values, context.last_year, context.previous, around)
    places = {code: entry.place for code, entry in taken.entries.items()} | listed.places
    worked_out = completed(form, level, answers.values, context.last_year, context.previous, around)
    unknown = answers.unread.keys() | taken.lost | listed.unread.keys() | listed.lost
    echoes = [(each, rests) for each in result.findings if (rests := _rests_on(form, each) & unknown)]
    echoing = [finding for finding, _rests in echoes]
    of_file = [
        *recognised.findings,
        *taken.findings,
        *(finding for finding in listed.findings if finding.listed is None or not finding.listed.row),
        *changed_columns(form, taken.rows, context.last_year, worked_out),
        *_weighed([*answers.findings, *(f for f in listed.findings if f.listed and f.listed.row)], result.findings),
    ]
    findings = [
        *(replace(each, echoes=_only_echoing(each, echoes)) for each in of_file),
        *(finding for finding in result.findings if finding not in echoing),
    ]
    unread = Text("有单元格无法读取", "a cell could not be read")
    not_evaluated = [*result.not_evaluated, *((finding.rule, unread) for finding in echoing if finding.rule)]
    return Examination(
        outcome=Outcome.CHECKED,
        identity=recognised.identity,
        form=form,
        context=context,
        values=answers.values,
        lists=listed.lists,
        unread=answers.unread | listed.unread,
        notes=answers.notes,
        places=places,
        findings=_in_order(form, counted(_placed(findings, places))),
        not_checked=(
            *extraction.not_checked,
            *(
                Text(f"{rule}：没有核对，{reason.zh}", f"{rule} was not checked: {reason.en}")
                for rule, reason in not_evaluated
            ),
        ),
    )


def _weighed(of_cells: Iterable[Finding], checked: Iterable[Finding]) -> list[Finding]:
    """Findings of cells; a mere placeholder weighs as the missing answer that it is."""
    missing = {finding.spot: finding.severity for finding in checked if finding.code == "required"}
    return [
        replace(finding, severity=missing.get(finding.spot, finding.severity))
        if finding.code == "placeholder"
        else finding
        for finding in of_cells
    ]


def _rests_on(form: FormVersion, finding: Finding) -> set[str]:
    """Where a finding stands and what it looks at: of figures that were not read it says nothing but an echo."""
    rules = {rule.id: rule for rule in rules_of(form)}
    looked_at = condition_of(form, rules[finding.rule]).codes if finding.rule else ()
    return {finding.spot, finding.subject, *looked_at}


def _only_echoing(finding: Finding, echoes: Iterable[tuple[Finding, AbstractSet[str]]]) -> int:
    """How many echoes go with a finding of the file: those that rest on nothing else that could not be read."""
    unread = {finding.spot} | finding.hides
    return sum(rests <= unread for _echo, rests in echoes)


def _placed(findings: Iterable[Finding], places: dict[str, Cell]) -> list[Finding]:
    return [f if f.cell else replace(f, cell=places.get(f.spot)) for f in findings]


def _in_order(form: FormVersion, findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (form.order.get(f.subject, -1), f.severity.rank)))
