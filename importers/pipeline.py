"""One upload from bytes to everything a page, the API and the command line say about it. Writes nothing."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum

from importers.answers import changed_columns, read_answers
from importers.extract import Extraction, extract
from importers.identity import Context, Expected, Identity, UnitName
from importers.reasons import reason_advice, reason_text
from importers.recognise import FindForm, NotRecognised, Recognised, recognise
from importers.sandbox import read_workbook
from importers.tables import find_tables
from portal.domain.findings import Cell, Finding
from portal.domain.form_expressions import condition_of
from portal.domain.forms import FormVersion, Severity, Text
from portal.domain.implied_rules import rules_of
from portal.domain.periods import Period
from portal.domain.rules import check, completed
from portal.domain.values import Value
from portal.errors import InvalidInput, WorkbookUnreadable

FindContext = Callable[[Identity], Context | None]
"""What is known of the unit of an identity, None if there is no such unit in that period."""


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
        unread: what stands, as written, in cells that were not understood or hold a mere placeholder, by code.
        notes: what stands in the notes beside cells that were not understood, by code.
        places: where each indicator stands in the file.
        findings: in form order, heaviest first at each indicator; those about the whole file come first.
        not_checked: what was not read or evaluated, and why.
    """

    outcome: Outcome
    code: str = ""
    message: Text = Text("")
    advice: Text = Text("")
    identity: Identity | None = None
    form: FormVersion | None = None
    context: Context | None = None
    values: dict[str, Value] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    places: dict[str, Cell] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    not_checked: tuple[Text, ...] = ()

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
    content: bytes, *, find_form: FindForm, find_context: FindContext, expected: Expected | None = None
) -> Examination:
    """Read, recognise, extract, parse and check an upload; never raises for what a file may hold.

    Args:
        content: the bytes of the file.
        find_form: gives a published form by code and version.
        find_context: gives unit, level and last year's accepted values for an identity.
        expected: what the person who uploads has chosen, if anything.
    """
    try:
        workbook = read_workbook(content)
    except WorkbookUnreadable as refusal:
        message = reason_text(refusal.reason, refusal.place)
        return Examination(Outcome.UNREADABLE, refusal.reason, message, advice=reason_advice(refusal.reason))
    tables = find_tables(workbook)
    recognised = recognise(workbook, tables, find_form, expected or Expected())
    if isinstance(recognised, NotRecognised):
        return _refused(recognised)
    context = _context_of(recognised, find_context)
    if isinstance(context, NotRecognised):
        return _refused(context)
    typed = frozenset(indicator.code for indicator in recognised.form.typed_at(context.unit.level))
    extraction = extract(workbook, tables, recognised.form, typed)
    return _checked(recognised, context, extraction)


def _context_of(recognised: Recognised, find_context: FindContext) -> Context | NotRecognised:
    identity = recognised.identity
    context = find_context(identity) if _is_period(identity.period) else None
    if context is None:
        message = Text(
            f"没有代码为 {identity.unit} 的单位，或它在 {identity.period} 不填报",
            f"There is no unit {identity.unit}, or it does not report for {identity.period}",
        )
        return NotRecognised("unknown_unit", message, Text("请核对单位代码", "Check the unit's code"))
    if context.unit.level not in recognised.form.levels:
        message = Text(
            f"{context.unit.name}不填报 {recognised.form.name.zh}",
            f"{context.unit.name} does not fill in {recognised.form.name.in_language('en')}",
        )
        return NotRecognised("wrong_level", message, Text("请核对单位代码", "Check the unit's code"))
    return context


def _is_period(code: str) -> bool:
    try:
        Period.parse(code)
    except InvalidInput:
        return False
    return True


def _refused(refusal: NotRecognised) -> Examination:
    return Examination(Outcome.NOT_RECOGNISED, refusal.code, refusal.message, refusal.advice)


def _checked(recognised: Recognised, context: Context, extraction: Extraction) -> Examination:
    form, level = recognised.form, context.unit.level
    answers = read_answers(form, level, extraction)
    result = check(form, level, answers.values, context.last_year, context.previous, context.around)
    places = {code: entry.place for code, entry in extraction.entries.items()}
    worked_out = completed(form, level, answers.values, context.last_year, context.previous, context.around)
    unknown = answers.unread.keys() | extraction.lost
    echoes = [finding for finding in result.findings if _rests_on(form, finding, unknown)]
    findings = [
        *recognised.findings,
        *extraction.findings,
        *changed_columns(form, extraction, context.last_year, worked_out),
        *_weighed(answers.findings, result.findings),
        *(finding for finding in result.findings if finding not in echoes),
    ]
    unread = Text("有单元格无法读取", "a cell could not be read")
    not_evaluated = [*result.not_evaluated, *((finding.rule, unread) for finding in echoes if finding.rule)]
    return Examination(
        outcome=Outcome.CHECKED,
        identity=recognised.identity,
        form=form,
        context=context,
        values=answers.values,
        unread=answers.unread,
        notes=answers.notes,
        places=places,
        findings=_in_order(form, _placed(findings, places)),
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
    missing = {finding.indicator: finding.severity for finding in checked if finding.code == "required"}
    return [
        replace(finding, severity=missing.get(finding.indicator, finding.severity))
        if finding.code == "placeholder"
        else finding
        for finding in of_cells
    ]


def _rests_on(form: FormVersion, finding: Finding, unknown: AbstractSet[str]) -> bool:
    """Whether a finding only echoes a figure that could not be read: it is not missing, and no rule can judge it."""
    rules = {rule.id: rule for rule in rules_of(form)}
    looked_at = set(condition_of(form, rules[finding.rule]).codes) if finding.rule else set()
    return not unknown.isdisjoint({finding.indicator, *looked_at})


def _placed(findings: Iterable[Finding], places: dict[str, Cell]) -> list[Finding]:
    return [f if f.cell else replace(f, cell=places.get(f.indicator)) for f in findings]


def _in_order(form: FormVersion, findings: list[Finding]) -> tuple[Finding, ...]:
    order = {code: position for position, code in enumerate(form.by_code)}
    return tuple(sorted(findings, key=lambda f: (order.get(f.indicator, -1), f.severity.rank)))
