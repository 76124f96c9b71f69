"""The rows of a sheet as they are filled in or read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from importers.notes import note_text
from portal.domain.findings import Finding
from portal.domain.forms import Indicator, Severity, Sheet
from portal.domain.lists import ListAnswer, ListTable
from portal.domain.submissions import SubmissionKey
from portal.domain.values import MISSING, Value, ValueStatus
from portal.queries.submissions import SubmissionView
from portal.web import figures
from portal.web.answers import Entry
from portal.web.language import gettext as _

UNFILLED = "required"
"""Code of the finding for an empty cell. While filling in, an empty cell is no mistake yet."""


@dataclass(frozen=True)
class Row:
    """One indicator of a sheet.

    Attributes:
        asked: whether a unit of this level answers it at all.
        editable: whether this person may type here now.
        entry: what stands in the boxes: what was just typed if it could not be saved, else the stored answer.
        row_version: of the stored value the person sees; 0 for none.
        remarks: findings at this indicator, heaviest first.
        problem: why what was typed was not saved; empty if nothing was in the way.
        theirs: for a conflict, what somebody else put there meanwhile, and who and when.
        broken: last year's form asked nothing comparable.
    """

    indicator: Indicator
    value: Value
    last_year: Value
    asked: bool
    editable: bool
    entry: Entry
    row_version: int
    remarks: tuple[Finding, ...] = ()
    problem: str = ""
    theirs: str = ""
    broken: bool = False

    @property
    def code(self) -> str:
        """The indicator's code, which also names the input boxes."""
        return self.indicator.code

    @property
    def shown(self) -> str:
        """The value for reading."""
        return figures.shown(self.value, self.indicator)

    @property
    def shown_last_year(self) -> str:
        """Last year's accepted value for reading; a word where the series breaks."""
        return _("不可比") if self.broken else figures.shown(self.last_year, self.indicator)

    @property
    def change(self) -> str:
        """Change on last year."""
        return figures.change(self.value, self.last_year, self.indicator)

    @property
    def worst(self) -> Severity | None:
        """Severity of the heaviest remark."""
        return self.remarks[0].severity if self.remarks else None


def sheet_rows(
    view: SubmissionView,
    sheet: Sheet,
    findings: Sequence[Finding] = (),
    *,
    editable: bool = False,
    entries: Mapping[str, Entry] | None = None,
    problems: Mapping[str, str] | None = None,
    theirs: Mapping[str, str] | None = None,
) -> list[Row]:
    """The rows of `sheet`, in form order.

    Args:
        view: the submission.
        sheet: of its form.
        findings: of the whole submission; each is shown at its own indicator.
        editable: whether this person may type now.
        entries: what was just typed and is to stay in the boxes, by code.
        problems: why typed answers were not saved, by code.
        theirs: answers that somebody else changed meanwhile, in words, by code.
    """
    remarks = _by_indicator(findings)
    return [
        _row(view, indicator, remarks.get(indicator.code, ()), editable, entries or {}, problems or {}, theirs or {})
        for indicator in sheet.indicators
    ]


def _by_indicator(findings: Sequence[Finding]) -> dict[str, tuple[Finding, ...]]:
    found: dict[str, tuple[Finding, ...]] = {}
    for finding in sorted(findings, key=lambda each: each.severity.rank):
        if finding.code != UNFILLED:
            found[finding.indicator] = (*found.get(finding.indicator, ()), finding)
    return found


def _row(
    view: SubmissionView,
    indicator: Indicator,
    remarks: tuple[Finding, ...],
    editable: bool,
    entries: Mapping[str, Entry],
    problems: Mapping[str, str],
    theirs: Mapping[str, str],
) -> Row:
    code = indicator.code
    value = view.values.get(code, MISSING)
    asked = view.level in indicator.filled_by
    origin = view.origins.get(code)
    return Row(
        indicator=indicator,
        value=value,
        last_year=view.last_year.get(code, MISSING),
        asked=asked,
        editable=editable and asked and indicator.typed,
        entry=entries.get(code) or stored_entry(value),
        row_version=origin.row_version if origin else 0,
        remarks=remarks,
        problem=problems.get(code, ""),
        theirs=theirs.get(code, ""),
        broken=code in view.earlier.broken,
    )


def stored_entry(value: Value) -> Entry:
    """A stored value as it stands in the boxes."""
    return Entry(figures.typed(value), value.status is ValueStatus.NOT_APPLICABLE, note_text(value))


@dataclass(frozen=True)
class SheetProgress:
    """How far a sheet is.

    Attributes:
        answered: typed indicators with an answer; of a list, 1 once nothing more need be said.
        of: typed indicators that this level answers; 1 for a list.
        counts: findings by severity, heaviest first; empty cells are not among them.
        listed: what a list says; None for other sheets.
    """

    sheet: Sheet
    answered: int
    of: int
    counts: Mapping[Severity, int]
    listed: ListAnswer | None = None

    @property
    def complete(self) -> bool:
        """Everything has an answer, and nothing must be corrected."""
        return self.answered == self.of and not self.counts.get(Severity.BLOCKING)


def sheet_progress(view: SubmissionView, findings: Sequence[Finding]) -> list[SheetProgress]:
    """How far every sheet of the submission is; sheets that this level does not fill are left out."""
    progress = []
    for sheet in view.form.sheets:
        if sheet.table is not None and view.level in sheet.table.filled_by:
            progress.append(_list_progress(view, sheet, sheet.table, findings))
        asked = [each for each in sheet.indicators if each.typed and view.level in each.filled_by]
        if not asked:
            continue
        codes = {indicator.code for indicator in sheet.indicators}
        found = [each.severity for each in findings if each.indicator in codes and each.code != UNFILLED]
        counts = {severity: found.count(severity) for severity in Severity if severity in found}
        answered = sum(view.values.get(each.code, MISSING).answered for each in asked)
        progress.append(SheetProgress(sheet, answered, len(asked), counts))
    return progress


def _list_progress(view: SubmissionView, sheet: Sheet, table: ListTable, findings: Sequence[Finding]) -> SheetProgress:
    answer = view.around.lists.get(table.code) or ListAnswer(table)
    about = [each for each in findings if each.subject == table.code]
    found = [each.severity for each in about if each.code != UNFILLED or (each.listed and each.listed.row)]
    counts = {severity: found.count(severity) for severity in Severity if severity in found}
    asked = any(each.code == UNFILLED and each.listed and not each.listed.row for each in about)
    return SheetProgress(sheet, int(not asked), 1, counts, answer)


def sheet_address(key: SubmissionKey, sheet: Sheet) -> str:
    """The page of a sheet."""
    if sheet.table is not None:
        return url_for("lists.show", key=key, code=sheet.table.code)
    return url_for("sheets.show", key=key, code=sheet.code)
