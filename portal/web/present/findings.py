"""Findings as pages show them: in groups, each with where it is and what was said about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.domain.findings import Finding
from portal.domain.forms import Indicator, Rule, Severity, Sheet, Text
from portal.domain.rules import get_rule
from portal.errors import InvalidInput
from portal.queries.findings import EXPLAINED, Checked, ExplanationRow
from portal.web.language import gettext as _
from portal.web.language import say

_SEPARATOR = "~"  # in no code, rule id or indicator code


@dataclass(frozen=True)
class ShownFinding:
    """A finding at its indicator, or in its list.

    Attributes:
        key: what names it in addresses and forms.
        explainable: whether an explanation answers it.
        explanation: the one that was given.
        last_year: the one with which a year ago's answer was accepted.
    """

    finding: Finding
    key: str
    sheet: Sheet | None
    indicator: Indicator | None
    explanation: ExplanationRow | None = None
    last_year: ExplanationRow | None = None

    @property
    def anchor(self) -> str:
        """The place on the sheet's page."""
        listed = self.finding.listed
        if listed is None:
            return f"answer-{self.finding.indicator}"
        return f"row-{listed.number}" if listed.row else "list"

    @property
    def label(self) -> str:
        """What it is about, in a few words."""
        if self.indicator is not None:
            return f"{self.indicator.code} {say(self.indicator.name)}"
        listed = self.finding.listed
        if listed is None or self.sheet is None or self.sheet.table is None:
            return ""
        column = self.sheet.table.by_code.get(listed.column)
        row = _("第 %(n)s 行", n=listed.row) if listed.row else say(self.sheet.name)
        return f"{row} {say(column.name)}" if column else row

    @property
    def explainable(self) -> bool:
        """Whether an explanation answers it."""
        return self.finding.severity in EXPLAINED


class NotApplied(NamedTuple):
    """A rule that was not applied, and why."""

    rule: Rule
    indicator: Indicator
    reason: Text


def key_text(finding: Finding) -> str:
    """`Finding.key` in one word."""
    return _SEPARATOR.join(finding.key)


def parse_key(text: str) -> tuple[str, str, str]:
    """Back from `key_text`.

    Raises:
        InvalidInput: it is no such word.
    """
    parts = text.split(_SEPARATOR)
    if len(parts) != len(("code", "rule", "indicator")):
        raise InvalidInput("finding", "unknown", text)
    return (parts[0], parts[1], parts[2])


def shown_findings(checked: Checked) -> list[ShownFinding]:
    """The findings of a submission, in form order."""
    return [_shown(checked, finding) for finding in checked.findings]


def _shown(checked: Checked, finding: Finding) -> ShownFinding:
    """A finding at the sheet and indicator it belongs to; one about the whole return belongs to none."""
    form = checked.view.form
    known = finding.indicator in form.by_code
    sheet = form.sheet_of(finding.indicator) if known else None
    if finding.listed is not None:
        sheet = form.lists[finding.listed.list][0]
    return ShownFinding(
        finding,
        key_text(finding),
        sheet,
        form.indicator(finding.indicator) if known else None,
        checked.explanations.get(finding.key),
        checked.last_year.get(finding.key),
    )


def rules_set_aside(checked: Checked) -> tuple[list[NotApplied], list[NotApplied]]:
    """The rules that were not applied: those that somebody waived or switched off, and those that could not be."""
    form, around = checked.view.form, checked.view.around
    named = [(get_rule(form, rule), reason) for rule, reason in checked.not_evaluated]
    rules = [NotApplied(rule, form.indicator(rule.indicator), reason) for rule, reason in named]
    decided = [each for each in rules if around.excused(each.rule)]
    return decided, [each for each in rules if each not in decided]


def by_severity(shown: Sequence[ShownFinding]) -> dict[Severity, list[ShownFinding]]:
    """In groups, heaviest first; a severity without findings is left out."""
    groups = {severity: [each for each in shown if each.finding.severity is severity] for severity in Severity}
    return {severity: group for severity, group in groups.items() if group}


def by_sheet(shown: Sequence[ShownFinding]) -> list[tuple[Sheet, list[ShownFinding]]]:
    """Findings that have a place, by the sheet it is on."""
    groups: dict[str, tuple[Sheet, list[ShownFinding]]] = {}
    for each in shown:
        if each.sheet is not None:
            groups.setdefault(each.sheet.code, (each.sheet, []))[1].append(each)
    return list(groups.values())
