"""An examination as JSON: what `huizong check --format json` prints and the API answers."""

from typing import Any

from importers.pipeline import Examination
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Language, Severity


def examination_json(examination: Examination, language: Language = "zh") -> dict[str, Any]:
    """The examination with all its sentences in one language; numbers are exact texts."""
    identity = examination.identity
    return {
        "outcome": examination.outcome.value,
        "code": examination.code,
        "message": examination.message.in_language(language),
        "advice": examination.advice.in_language(language),
        "form": identity.form if identity else None,
        "version": identity.version if identity else None,
        "unit": identity.unit if identity else None,
        "period": identity.period if identity else None,
        "counts": {severity.value: examination.count(severity) for severity in Severity},
        "findings": [finding_json(finding, examination.form, language) for finding in examination.findings],
        "not_checked": [text.in_language(language) for text in examination.not_checked],
    }


def finding_json(finding: Finding, form: FormVersion | None, language: Language = "zh") -> dict[str, Any]:
    """One finding; `sheet` and `cell` are null for one about the whole file, `list` for one that is in no list."""
    indicator, listed = form.by_code.get(finding.indicator) if form else None, finding.listed
    return {
        "code": finding.code,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "sheet": finding.cell.sheet if finding.cell else None,
        "cell": finding.cell.address if finding.cell else None,
        "indicator": finding.indicator or None,
        "list": listed.list if listed else None,
        "row": listed.row or None if listed else None,
        "column": listed.column or None if listed else None,
        "name": indicator.name.in_language(language) if indicator else None,
        "found": finding.found,
        "expected": finding.expected,
        "difference": finding.difference,
        "last_year": finding.last_year,
        "cause": finding.cause or None,
        "clears": finding.clears,
        "message": finding.message.in_language(language),
        "advice": finding.advice.in_language(language),
    }
