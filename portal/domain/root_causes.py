"""Which findings say the same, and which go back to the same figure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from portal.domain.findings import Finding
from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import FormVersion

_COMPARING = {"rule_broken", "below_minimum", "above_maximum", "yoy_change", "magnitude_slip", "outlier"}
"""Findings that hold a figure against others, or against a bound."""

_Subject = tuple[str, frozenset[str]]
"""Where a finding stands, and which figures it looked at."""

_WRONG_FIGURE = {"not_a_number", "not_whole", "below_minimum", "above_maximum", "magnitude_slip"}
"""Findings that a figure is wrong, whatever stands beside it."""


def without_echoes(findings: list[Finding]) -> list[Finding]:
    """Findings without those that compare the same figures at the same place as a heavier one does.

    A total smaller than its parts also differs from their sum; a standard that fell has also changed. One explanation,
    or one correction, answers both. A form's own rule goes before a built-in check of the same weight.
    """
    comparing: dict[_Subject, list[tuple[int, bool]]] = {}
    for finding in findings:
        if finding.code in _COMPARING:
            comparing.setdefault(_subject(finding), []).append(_lightness(finding))
    kept = []
    for finding in findings:
        if finding.code not in _COMPARING:
            kept.append(finding)
        elif _lightness(finding) == (heaviest := min(comparing[_subject(finding)])):
            echoes = [weight for weight in comparing[_subject(finding)] if weight != heaviest]
            kept.append(replace(finding, echoes=len(echoes)))
            comparing[_subject(finding)] = [heaviest]
    return kept


def with_causes(form: FormVersion, findings: list[Finding]) -> list[Finding]:
    """Findings with the indicator that each most likely goes back to, where several go back to the same.

    A rule that looks at a wrong figure is broken because of it. Of rules broken without one, those that share a figure
    are put together under the one that most of them share.
    """
    wrong = {finding.indicator for finding in findings if finding.code in _WRONG_FIGURE}
    looked_at = {position: _figures(form, each) for position, each in enumerate(findings) if each.code == "rule_broken"}
    found = {position: next((code for code in codes if code in wrong), "") for position, codes in looked_at.items()}
    causes = {position: code for position, code in found.items() if code}
    alone = {position: codes for position, codes in looked_at.items() if position not in causes}
    while alone:
        shared = Counter(code for codes in alone.values() for code in codes)
        code, count = max(shared.items(), key=lambda item: item[1], default=("", 0))
        if count <= 1:
            break
        causes |= dict.fromkeys((position for position, codes in alone.items() if code in codes), code)
        alone = {position: codes for position, codes in alone.items() if code not in codes}
    return [
        replace(each, cause=causes[position]) if position in causes else each for position, each in enumerate(findings)
    ]


def counted(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with how many a correction of each settles: it, those of the same cause, and what only echoes them."""
    told = list(findings)
    reach = Counter[str]()
    for finding in told:
        reach[_cause(finding)] += 1 + finding.echoes
    return [replace(each, clears=reach[cause] if (cause := _cause(each)) else 1 + each.echoes) for each in told]


def _cause(finding: Finding) -> str:
    """The indicator whose figure is to be corrected for it; empty where it is not known to be a single one."""
    return finding.cause or (finding.indicator if finding.code in _WRONG_FIGURE else "")


def _figures(form: FormVersion, finding: Finding) -> list[str]:
    """Typed figures of this form and period that a broken rule looked at, be it through what is calculated."""
    found: dict[str, None] = {}
    for name in finding.operands:
        if name in form.by_code:
            found |= dict.fromkeys(_typed_behind(form, name))
    return list(found)


def _typed_behind(form: FormVersion, code: str) -> list[str]:
    indicator = form.indicator(code)
    if indicator.typed:
        return [code]
    behind = (each for source in worked_out_from(form, indicator) for each in source.codes)
    return [typed for each in behind for typed in _typed_behind(form, each)]


def _subject(finding: Finding) -> _Subject:
    return finding.indicator, frozenset(finding.operands or {finding.indicator})


def _lightness(finding: Finding) -> tuple[int, bool]:
    return finding.severity.rank, not finding.rule
