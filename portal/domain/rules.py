"""Checks the figures of one submission against its form: the form's own rules, and what holds for every form.

Every check that could be made is made; what could not be, and why, is said too. A missing figure is reported once,
where it is missing: the rules that would need it are not evaluated rather than broken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from portal.domain.breaches import broken
from portal.domain.calculation import calculated, completed
from portal.domain.entry_checks import admissible, implausibly_large, required, unfit, yoy_change
from portal.domain.expressions import Context, Expression, parse
from portal.domain.findings import Finding
from portal.domain.forms import FormVersion, Text
from portal.domain.quantities import Reference, When
from portal.domain.units import Level
from portal.domain.values import MISSING, Values, ValueStatus
from portal.domain.wording import listed

__all__ = ["CheckResult", "NotEvaluated", "admissible", "calculated", "check", "completed"]

_COMPARING = {"rule_broken", "below_minimum", "yoy_change"}
"""Findings that hold a figure against others, or against a bound."""


class NotEvaluated(NamedTuple):
    """A rule that concerns the unit but could not be evaluated."""

    rule: str
    reason: Text


@dataclass(frozen=True)
class CheckResult:
    """What a check found, in form order and heaviest first at each indicator, and what it could not look at."""

    findings: tuple[Finding, ...]
    not_evaluated: tuple[NotEvaluated, ...]


def check(
    form: FormVersion, level: Level, values: Values, last_year: Values | None, previous: Values | None = None
) -> CheckResult:
    """Check what a unit of that level answered.

    Args:
        form: says which indicators the level fills, and which rules hold.
        level: the unit's.
        values: this period's; a code that is absent is missing, or not applicable if the level does not fill it.
        last_year: the accepted values of the same period a year ago, if there are any.
        previous: the accepted values of the period right before, if there are any.
    """
    table = completed(form, level, values, last_year, previous)
    context = Context(table, last_year, previous)
    breaches, not_evaluated = _apply_rules(form, level, context)
    findings = [*_check_figures(form, level, context), *breaches]
    order = {code: position for position, code in enumerate(form.by_code)}
    findings.sort(key=lambda finding: (order[finding.indicator], finding.severity.rank, finding.rule))
    return CheckResult(tuple(_without_echoes(findings)), tuple(not_evaluated))


def _check_figures(form: FormVersion, level: Level, context: Context) -> Iterable[Finding]:
    """Checks of single figures, with their own figure of last year at most."""
    for indicator in form:
        if not indicator.typed:
            continue
        value = context.values.get(indicator.code, MISSING)
        found = [required(indicator, value) if level in indicator.filled_by else None, unfit(indicator, value)]
        if not any(found):
            last_year = context.value(Reference(indicator.code, When.LAST_YEAR))
            found += [implausibly_large(indicator, level, value), yoy_change(indicator, value, last_year)]
        yield from (finding for finding in found if finding)


def _apply_rules(form: FormVersion, level: Level, context: Context) -> tuple[list[Finding], list[NotEvaluated]]:
    breaches, not_evaluated = [], []
    for rule in form.rules:
        expression = parse(rule.expression)
        if not _concerns(form, level, expression, context):
            continue
        match expression.evaluate(context):
            case False:
                breaches.append(broken(form, rule, context))
            case None:
                not_evaluated.append(NotEvaluated(rule.id, _obstacle(form, expression, context)))
    return breaches, not_evaluated


def _concerns(form: FormVersion, level: Level, expression: Expression, context: Context) -> bool:
    """Whether the level fills any figure of the rule, or reported one all the same."""
    codes = expression.codes
    return not codes or any(level in form.indicator(code).filled_by or context.values[code].reported for code in codes)


def _obstacle(form: FormVersion, expression: Expression, context: Context) -> Text:
    """Why a rule could not be evaluated: the first kind of obstacle that stands in its way."""
    references = expression.references
    now = [reference for reference in references if reference.when is When.NOW]
    unanswered = [reference for reference in now if reference.amount(context) is None]
    if unanswered:
        names = listed(form, unanswered)
        return Text(f"缺数：{names.zh}", f"no figure: {names.en}")
    unknown = [reference for reference in references if reference.amount(context) is None]
    if unknown:
        names = listed(form, unknown)
        return Text(f"没有可比的往期数：{names.zh}", f"no figure of an earlier period: {names.en}")
    inapplicable = [r for r in now if context.value(r).status is ValueStatus.NOT_APPLICABLE]
    if inapplicable:
        names = listed(form, inapplicable)
        return Text(f"不适用：{names.zh}", f"not applicable: {names.en}")
    return Text("除数为 0", "division by zero")


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """Findings without those that compare the same figures at the same place as a heavier one does.

    A total smaller than its parts also differs from their sum; a standard that fell has also changed. One explanation,
    or one correction, answers both. A form's own rule goes before a built-in check of the same weight.
    """
    heaviest: dict[tuple[str, frozenset[str]], tuple[int, bool]] = {}
    comparing = [finding for finding in findings if finding.code in _COMPARING]
    for finding in comparing:
        subject = _subject(finding)
        heaviest[subject] = min(_lightness(finding), heaviest.get(subject, _lightness(finding)))
    return [f for f in findings if f.code not in _COMPARING or _lightness(f) == heaviest[_subject(f)]]


def _subject(finding: Finding) -> tuple[str, frozenset[str]]:
    return finding.indicator, frozenset(finding.operands or {finding.indicator})


def _lightness(finding: Finding) -> tuple[int, bool]:
    return finding.severity.rank, not finding.rule
