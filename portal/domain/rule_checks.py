"""Whether the rules of a form make sense, and do what their own examples say."""

from decimal import Decimal

from portal.domain.calculation import calculated
from portal.domain.careful_yaml import PlainPath
from portal.domain.expression_checks import ExpressionChecks
from portal.domain.expressions import Expression, ExpressionInvalid, parse
from portal.domain.form_expressions import condition_of, is_listed
from portal.domain.forms import Example, FormVersion, Rule
from portal.domain.quantities import Context, Reference, When
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, ValueStatus

_WORDS = {str(ValueStatus.MISSING): MISSING, "na": NOT_APPLICABLE}


def check_rule(checks: ExpressionChecks, rule: Rule, path: PlainPath) -> Expression | None:
    """Note what is wrong with a rule; gives its expression if that can be read."""
    form, mistakes = checks.form, checks.mistakes
    checks.known(rule.indicator, (*path, "indicator"))
    if not rule.levels <= form.levels:
        mistakes.add((*path, "levels"), "须是本报表填报层级中的若干级", "must be some of the levels of the form")
    if rule.valid_from and rule.valid_to and rule.valid_from > rule.valid_to:
        mistakes.add((*path, "to"), "早于 from", "is before from")
    if rule.tolerance < 0:
        mistakes.add((*path, "tolerance"), "不能小于 0", "must not be less than 0")
    return checks.condition(rule.expression, (*path, "expression"))


def try_examples(checks: ExpressionChecks, rule: Rule, path: PlainPath) -> None:
    """Run a rule's examples: a passing one must pass, a failing one must fail."""
    for key, examples, expected in (("passes", rule.passes, True), ("fails", rule.fails, False)):
        for position, example in enumerate(examples):
            at = (*path, key, position)
            context = _context(checks, example, at)
            result = None if context is None else condition_of(checks.form, rule).evaluate(context)
            if context is not None and result is not expected:
                came = {True: "通过", False: "不通过", None: "无法判断"}[bool(result) if result is not None else None]
                said = {True: "passes", False: "fails", None: "cannot be told"}
                zh = f"规则 {rule.id} 的示例应{'通过' if expected else '不通过'}，实际{came}"
                outcome = said[None if result is None else bool(result)]
                checks.mistakes.add(at, zh, f"example of rule {rule.id} should be one that {said[expected]}: {outcome}")


def _context(checks: ExpressionChecks, example: Example, path: PlainPath) -> Context | None:
    """The figures of an example, each put where its reference takes it from; None if one is no reference."""
    now: dict[str, Value] = {}
    tables: dict[tuple[str, When], dict[str, Value]] = {("", When.NOW): now}
    for name, answer in example.figures:
        reference = _reference(name)
        if reference is None or not _is_known(checks.form, reference):
            checks.mistakes.add((*path, name), f"“{name}”不是数的写法", f'"{name}" names no figure')
            return None
        tables.setdefault((reference.form, reference.when), {})[reference.code] = _value(answer)
    last_year, previous = tables.get(("", When.LAST_YEAR)), tables.get(("", When.PREVIOUS))
    worked_out = calculated(checks.form, now, last_year, previous)
    return Context(
        {**worked_out, **now},
        last_year,
        previous,
        {form: _other(tables, form) for form, _ in tables if form},
        tables.get(("", When.BELOW), {}),
        tables.get(("", When.LISTED), {}) | tables.get(("", When.TOTALLED), {}),
    )


def _other(tables: dict[tuple[str, When], dict[str, Value]], form: str) -> Context:
    return Context(
        tables.get((form, When.NOW), {}), tables.get((form, When.LAST_YEAR)), tables.get((form, When.PREVIOUS))
    )


def _reference(name: str) -> Reference | None:
    try:
        root = parse(name).root
    except ExpressionInvalid:
        return None
    return root if isinstance(root, Reference) else None


def _is_known(form: FormVersion, reference: Reference) -> bool:
    return bool(reference.form) or reference.code in form.by_code or is_listed(form, reference)


def _value(answer: Decimal | str) -> Value:
    return _WORDS.get(answer) or Value.of(answer) if isinstance(answer, str) else Value.of(answer)
