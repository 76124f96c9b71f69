"""Checks the figures of one submission against its form: the form's own rules, and what holds for every form.

Every check that could be made is made; what could not be, and why, is said too. A missing figure is reported once,
where it is missing: the rules that would need it are not evaluated rather than broken.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from portal.domain.breaches import broken
from portal.domain.calculation import calculated, completed
from portal.domain.column_rules import verdicts
from portal.domain.comparisons import compared, surely_usual, unchanged
from portal.domain.entry_checks import admissible, required, unfit
from portal.domain.expressions import Context, Expression
from portal.domain.findings import Finding
from portal.domain.form_expressions import condition_of, references_of, worked_out_from
from portal.domain.forms import FormVersion, Rule, Severity, Text
from portal.domain.implied_rules import rules_of
from portal.domain.list_checks import check_lists
from portal.domain.periods import Period
from portal.domain.quantities import Reference, When
from portal.domain.root_causes import counted, with_causes, without_echoes
from portal.domain.sure_checks import at_a_glance, surely_sound
from portal.domain.surroundings import ALONE, Surroundings
from portal.domain.units import Level
from portal.domain.values import MISSING, Values, ValueStatus, exact_text
from portal.domain.wording import listed
from portal.errors import NotFound

__all__ = [
    "CheckResult",
    "NotEvaluated",
    "admissible",
    "breaks",
    "calculated",
    "check",
    "completed",
    "finds_no_more",
    "finds_nothing",
    "get_rule",
]


class NotEvaluated(NamedTuple):
    """A rule that concerns the unit but could not be evaluated, or was not to be."""

    rule: str
    reason: Text


@dataclass(frozen=True)
class CheckResult:
    """What a check found, in form order and heaviest first at each indicator, and what it could not look at."""

    findings: tuple[Finding, ...]
    not_evaluated: tuple[NotEvaluated, ...]


def check(
    form: FormVersion,
    level: Level,
    values: Values,
    last_year: Values | None,
    previous: Values | None = None,
    around: Surroundings = ALONE,
) -> CheckResult:
    """Check what a unit of that level answered.

    Args:
        form: says which indicators the level fills, and which rules hold.
        level: the unit's.
        values: this period's; a code that is absent is missing, or not applicable if the level does not fill it.
        last_year: the accepted values of the same period a year ago, if there are any.
        previous: the accepted values of the period right before, if there are any.
        around: what else is known, and what was ordered about the rules.
    """
    table = completed(form, level, values, last_year, previous, around)
    context = around.context(table, last_year, previous)
    seen = at_a_glance(form, level, table)
    breaches, not_evaluated = _apply_rules(form, level, context, around, seen.held)
    figures = _check_figures(form, level, context, around, seen.fit)
    findings = [*figures, *check_lists(form, level, around.lists), *breaches]
    order = form.order
    findings.sort(key=lambda finding: (order[finding.subject], finding.severity.rank, finding.rule))
    told = counted(with_causes(form, without_echoes([_weighed(form, finding) for finding in findings])))
    return CheckResult(tuple(_with_last_year(finding, context) for finding in told), tuple(not_evaluated))


def finds_nothing(form: FormVersion, level: Level, units: Sequence[Values], period: Period) -> list[bool]:
    """For each of many units of a level whether `check` surely finds nothing, whatever was ordered about the rules.

    Args:
        form: says which indicators the level fills, and which rules hold.
        level: the units'.
        units: what each answered; a code that is absent is missing, and nothing else is known (`Surroundings.bare`).
        period: decides which rules are in force.
    """
    if any(check_lists(form, level, {})):
        return [False] * len(units)
    rules = [(rule, verdict) for rule, verdict in verdicts(form, level) if rule.applies_to(level, period)]
    others = [rule for rule, verdict in rules if verdict is None]
    sound = surely_sound(form, level, units, [verdict for _rule, verdict in rules if verdict is not None])
    return [seen and _breaks_none(form, level, others, values) for seen, values in zip(sound, units, strict=True)]


def finds_no_more(form: FormVersion, values: Values, last_year: Values, previous: Values) -> bool:
    """Whether accepted figures of earlier periods surely give no cause for a finding where `finds_nothing` is sure.

    They do not where nothing in the form looks at them, and each figure is near last year's.
    """
    if not (last_year or previous):
        return True
    if not {When.LAST_YEAR, When.PREVIOUS}.isdisjoint(each.when for each in references_of(form)):
        return False
    for code, value in values.items():
        before = last_year.get(code, MISSING).number
        if value.number is not None and not surely_usual(form.by_code[code], value.number, before):
            return False
    return not (form.explain_unchanged and unchanged(form, values, last_year))


def _breaks_none(form: FormVersion, level: Level, rules: list[Rule], values: Values) -> bool:
    if not rules:
        return True
    context = ALONE.context(completed(form, level, values, None), None, None)
    return all(_judged(form, level, rule, context, ALONE) is not False for rule in rules)


def _weighed(form: FormVersion, finding: Finding) -> Finding:
    """What a unit added to the form only asks, whatever is found there."""
    at = form.by_code.get(finding.indicator)
    too_heavy = at is not None and at.added_by and finding.severity.rank < Severity.EXPLAIN.rank
    return replace(finding, severity=Severity.EXPLAIN) if too_heavy else finding


def _check_figures(
    form: FormVersion, level: Level, context: Context, around: Surroundings, fit: Container[str]
) -> Iterable[Finding]:
    """Checks of single figures, with their own figure of last year and their peers' at most."""
    last_year, peers = context.last_year or {}, around.peers
    for indicator in form:
        code = indicator.code
        value = context.values.get(code, MISSING)
        if code in fit and code not in peers:
            before = last_year.get(code, MISSING).number
            if value.number is not None and surely_usual(indicator, value.number, before):
                continue
        found: list[Finding | None] = []
        if indicator.typed:
            found += [required(indicator, value) if level in indicator.filled_by else None, unfit(indicator, value)]
        if not any(found):
            found += compared(indicator, level, value, last_year.get(code, MISSING), peers.get(code))
        yield from (finding for finding in found if finding)
    if form.explain_unchanged and (same := unchanged(form, context.values, last_year)):
        yield same


def get_rule(form: FormVersion, rule_id: str) -> Rule:
    """The form's own rule of that id, or one that follows from its indicators.

    Raises:
        NotFound: there is none.
    """
    for rule in rules_of(form):
        if rule.id == rule_id:
            return rule
    raise NotFound("rule", rule_id)


def breaks(form: FormVersion, level: Level, rule: Rule, context: Context, around: Surroundings) -> bool:
    """Whether completed figures break a rule, were it not changed or switched off; a waiver still lets them off."""
    unchanged_rules = replace(around, changes={})
    return _judged(form, level, rule, context, unchanged_rules) is False


def _apply_rules(
    form: FormVersion, level: Level, context: Context, around: Surroundings, held: Container[str]
) -> tuple[list[Finding], list[NotEvaluated]]:
    breaches, not_evaluated = [], []
    for rule in rules_of(form):
        verdict = _judged(form, level, rule, context, around, held)
        if verdict is False:
            breaches.append(broken(form, around.ordered(rule), context))
        elif isinstance(verdict, Text):
            not_evaluated.append(NotEvaluated(rule.id, verdict))
    return breaches, not_evaluated


def _judged(
    form: FormVersion, level: Level, rule: Rule, context: Context, around: Surroundings, held: Container[str] = ()
) -> bool | Text:
    """Whether a rule holds, as it does where it does not concern the unit; or why that is not told.

    `held` are ids of rules of which that is known.
    """
    expression = condition_of(form, rule)
    if not rule.applies_to(level, around.period) or not _concerns(form, level, expression, context):
        return True
    excuse = around.excused(rule)
    if excuse is not None:
        return excuse
    if rule.id in held:
        return True
    holds = expression.evaluate(context)
    if holds:
        return True
    return _obstacle(form, level, expression, context, known=holds is not None) or False


def _concerns(form: FormVersion, level: Level, expression: Expression, context: Context) -> bool:
    """Whether the level fills any figure of the rule, or reported one all the same."""
    codes = expression.codes
    return not codes or any(level in form.indicator(code).filled_by or context.values[code].reported for code in codes)


def _obstacle(form: FormVersion, level: Level, expression: Expression, context: Context, *, known: bool) -> Text | None:
    """What stands in the way of a verdict: the first kind of obstacle that there is.

    With the verdict `known`, because blank cells counted as 0, only cells that must not be blank are in its way.
    """
    now = [reference for reference in expression.references if reference.own]
    if known:
        blank = [reference for reference in now if _must_be_filled(form, level, reference.code, context)]
        return _no_figure(form, blank) if blank else None
    unanswered = [reference for reference in now if reference.amount(context) is None]
    if unanswered:
        return _no_figure(form, unanswered)
    unknown = [reference for reference in expression.references if reference.amount(context) is None]
    if unknown:
        return _unknown(form, unknown)
    inapplicable = [r for r in now if context.value(r).status is ValueStatus.NOT_APPLICABLE]
    if inapplicable:
        names = listed(form, inapplicable)
        return Text(f"不适用：{names.zh}", f"not applicable: {names.en}")
    return Text("除数为 0", "division by zero")


def _must_be_filled(form: FormVersion, level: Level, code: str, context: Context) -> bool:
    """Whether a figure is blank that the unit has to give, or rests on such a one."""
    indicator = form.indicator(code)
    if context.values[code].answered:
        return False
    if indicator.typed:
        return level in indicator.filled_by and required(indicator, MISSING) is not None
    sources = (each for source in worked_out_from(form, indicator) for each in source.codes)
    return any(_must_be_filled(form, level, each, context) for each in sources)


def _no_figure(form: FormVersion, references: list[Reference]) -> Text:
    names = listed(form, references)
    return Text(f"缺数：{names.zh}", f"no figure: {names.en}")


def _unknown(form: FormVersion, references: list[Reference]) -> Text:
    """What is not in this form, and is not there: the first kind of it in the rule."""
    foreign = [each for each in references if each.form]
    if foreign:
        names = listed(form, foreign)
        return Text(f"另一报表没有已验收的数：{names.zh}", f"no accepted figure of another form: {names.en}")
    when = references[0].when
    names = listed(form, [each for each in references if each.when is when])
    match when:
        case When.BELOW:
            return Text(f"下级还没有全部验收：{names.zh}", f"not all units below are accepted: {names.en}")
        case When.LISTED | When.TOTALLED:
            return Text(f"清单还没有填：{names.zh}", f"the list is not filled in: {names.en}")
        case _:
            return Text(f"没有可比的往期数：{names.zh}", f"no figure of an earlier period: {names.en}")


def _with_last_year(finding: Finding, context: Context) -> Finding:
    number = context.value(Reference(finding.indicator, When.LAST_YEAR)).number
    return finding if number is None else replace(finding, last_year=exact_text(number))
