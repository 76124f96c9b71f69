"""Turns a broken rule into a finding: which two quantities clash, where it is shown, and what it says."""

from dataclasses import dataclass
from fractions import Fraction

from portal.domain.conditions import Alternative, Comparison, Condition, Conjunction, Implication, Pair
from portal.domain.expressions import Expression, decimal_of
from portal.domain.findings import Finding
from portal.domain.form_expressions import condition_of, parse_in, worked_out_from
from portal.domain.forms import FormVersion, Rule, Severity, Text
from portal.domain.quantities import Arithmetic, Context, Node, Quantity, Reference
from portal.domain.values import exact_text
from portal.domain.wording import JUST_CONFIRMED, figure, given, minus, named, shown, spelled

_RELATIONS = {
    "==": Text("应等于", "must equal"),
    "!=": Text("不应等于", "must not equal"),
    "<=": Text("应不大于", "must not exceed"),
    ">=": Text("应不小于", "must not be less than"),
    "<": Text("应小于", "must be less than"),
    ">": Text("应大于", "must be more than"),
}
_MARKS = {"==": "", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}
_TURNED = {"==": "==", "!=": "!=", "<=": ">=", ">=": "<=", "<": ">", ">": "<"}
_ADVICE = {
    Severity.BLOCKING: Text("请核对并改正所列各数", "Check the figures named and correct them"),
    Severity.CONSENT: Text(
        "请核对；确实如此的请写明原因，经上级同意后方可上报",
        "Check the figures; if they are right, give the reason: the superior must consent before submission",
    ),
    Severity.EXPLAIN: Text(
        f"请核对；无误的请说明原因，{JUST_CONFIRMED.zh}",
        f"Check the figures; if they are right, explain. {JUST_CONFIRMED.en}",
    ),
    Severity.INFO: Text("请留意", "Please note"),
}


def broken(form: FormVersion, rule: Rule, context: Context) -> Finding:
    """The finding for a rule that these figures break."""
    expression = condition_of(form, rule)
    pair = _clash(expression.root, context)
    return Finding(
        code="rule_broken",
        severity=rule.severity,
        message=_message(form, rule, pair, context),
        indicator=place(form, rule),
        rule=rule.id,
        found=exact_text(decimal_of(pair.left)) if pair else "",
        expected=_MARKS[pair.sign] + exact_text(decimal_of(pair.right)) if pair else "",
        difference=minus(pair.left, pair.right) if pair and pair.sign != "!=" else "",
        advice=rule.advice if rule.advice.zh else _ADVICE[rule.severity],
        operands=_operands(expression, context),
    )


def place(form: FormVersion, rule: Rule) -> str:
    """Where a breach is shown: at the rule's indicator or, if that is worked out, at the first one typed."""
    if form.indicator(rule.indicator).typed:
        return rule.indicator
    return next(iter(_typed_sources(form, parse_in(form, rule.expression))), rule.indicator)


def _typed_sources(form: FormVersion, expression: Expression) -> list[str]:
    """Typed indicators that the expression looks at, be it through what is calculated, from left to right."""
    codes: list[str] = []
    for code in expression.codes:
        indicator = form.indicator(code)
        if indicator.typed:
            codes.append(code)
        else:
            codes += [code for source in worked_out_from(form, indicator) for code in _typed_sources(form, source)]
    return codes


@dataclass(frozen=True)
class _Clash:
    """Two quantities that do not stand to each other as they should, with what they come to."""

    pair: Pair
    left: Fraction
    right: Fraction

    @property
    def sign(self) -> str:
        return self.pair.sign


def _clash(condition: Node, context: Context) -> _Clash | None:
    """What makes a failing condition fail; None if that is not one comparison (`or`, `not`, a nested `if`)."""
    match condition:
        case Implication():
            return _clash(condition.conclusion, context)
        case Alternative():
            return _clash(_followed(condition, context), context)
        case Conjunction():
            failing = [part for part in condition.conditions if part.holds(context) is False]
            return None if isinstance(failing[0], Implication | Alternative) else _clash(failing[0], context)
        case Comparison():
            return next(clash for pair in condition.pairs if (clash := _measured(pair, context)))
    return None


def _followed(condition: Alternative, context: Context) -> Condition:
    return condition.conclusion if condition.premise.holds(context) else condition.otherwise


def _measured(pair: Pair, context: Context) -> _Clash | None:
    """The pair as a clash, if it is one; with a constant on its right, so that the sentence is about a figure."""
    amounts = pair.amounts(context)
    if amounts is None or pair.terms.satisfied(amounts[0], pair.sign, amounts[1]):
        return None
    if any(pair.left.references):
        return _Clash(pair, *amounts)
    turned = Pair(pair.right, _TURNED[pair.sign], pair.left, pair.terms, pair.left_blank)
    return _Clash(turned, amounts[1], amounts[0])


def _operands(expression: Expression, context: Context) -> dict[str, str]:
    numbers = {str(reference): context.value(reference).number for reference in expression.references}
    return {name: exact_text(number) for name, number in numbers.items() if number is not None}


def _message(form: FormVersion, rule: Rule, clash: _Clash | None, context: Context) -> Text:
    """`因 A 为 1，B 填报 28，应等于 其中各项之和 30（27+2+1），相差 -2`, after the author's words if any."""
    root = condition_of(form, rule).root
    relation = _relation(form, clash, context) if clash else _unmet(form, rule, context)
    zh, en = relation.zh, relation.en
    if clash and isinstance(root, Implication | Alternative):
        premise = given(form, root.premise.references, context)
        zh, en = f"因 {premise.zh}，{zh}", f"Given {premise.en}, {en}"
    if rule.words.zh:
        zh, en = f"{rule.words.zh}：{zh}", f"{rule.words.in_language('en')}: {en}"
    return Text(zh, en)


def _relation(form: FormVersion, clash: _Clash, context: Context) -> Text:
    found, wanted, relation = _found(form, clash, context), _wanted(form, clash, context), _RELATIONS[clash.sign]
    zh, en = f"{found.zh}，{relation.zh} {wanted.zh}", f"{found.en}, {relation.en} {wanted.en}"
    if clash.sign == "!=":
        return Text(zh, en)
    difference = shown(clash.left - clash.right)
    zh, en = f"{zh}，相差 {difference}", f"{en}; difference {difference}"
    tolerance = clash.pair.terms.tolerance
    if tolerance:
        zh, en = f"{zh}（允许 {shown(tolerance)}）", f"{en} ({shown(tolerance)} allowed)"
    return Text(zh, en)


def _unmet(form: FormVersion, rule: Rule, context: Context) -> Text:
    """A relation that is not a comparison is shown as it was written, with its figures."""
    expression = parse_in(form, rule.expression)
    figures = given(form, expression.references, context)
    return Text(f"不满足 {expression}（{figures.zh}）", f"{expression} is not met ({figures.en})")


def _found(form: FormVersion, clash: _Clash, context: Context) -> Text:
    quantity = clash.pair.left
    name, workings = _name(form, quantity), _workings(quantity, context)
    typed = isinstance(quantity, Reference) and quantity.own and form.indicator(quantity.code).typed
    verb = Text("填报", "reported ") if typed else Text("为", "")
    total = shown(clash.left)
    zh, en = f"{name.zh} {verb.zh} {total}", f"{name.en}: {verb.en}{total}"
    return Text(f"{zh}（{workings}）", f"{en} ({workings})") if workings else Text(zh, en)


def _wanted(form: FormVersion, clash: _Clash, context: Context) -> Text:
    quantity, total = clash.pair.right, shown(clash.right)
    if not any(quantity.references):
        return Text(total, total)
    name = Text("其中各项之和", "the sum of its parts") if _is_sum_of_parts(form, clash.pair) else _name(form, quantity)
    workings = Text(_workings(quantity, context), _workings(quantity, context))
    if not quantity.applies(context):
        workings = Text("不适用，按 0 计", "not applicable, counted as 0")
    if not workings.zh:
        return Text(f"{name.zh} {total}", f"{name.en} {total}")
    return Text(f"{name.zh} {total}（{workings.zh}）", f"{name.en} {total} ({workings.en})")


def _name(form: FormVersion, quantity: Quantity) -> Text:
    return Text(
        spelled(quantity, lambda reference: named(form, reference).zh),
        spelled(quantity, lambda reference: named(form, reference).en, " "),
    )


def _workings(quantity: Quantity, context: Context) -> str:
    """The figures a quantity is worked out from, written out; empty for a single figure."""
    return "" if isinstance(quantity, Reference) else spelled(quantity, lambda reference: figure(reference, context))


def _is_sum_of_parts(form: FormVersion, pair: Pair) -> bool:
    """Whether a figure is compared with the sum of what the form calls its parts."""
    if not isinstance(pair.left, Reference) or not isinstance(pair.right, Arithmetic):
        return False
    terms = [term for term in pair.right.operands if isinstance(term, Reference) and term.own]
    parts = [term for term in terms if form.indicator(term.code).parent == pair.left.code]
    return set(pair.right.operators) == {"+"} and len(parts) == len(pair.right.operands)
