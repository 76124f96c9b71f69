"""Expressions of a form: read once, with what only the form knows (its ranges) spelled out."""

from fractions import Fraction

from portal.domain.conditions import Terms
from portal.domain.expressions import Expression, parse
from portal.domain.forms import FormVersion, Indicator, Rule
from portal.domain.implied_rules import rules_of
from portal.domain.lists import ListColumn
from portal.domain.quantities import Reference, When


def parse_in(form: FormVersion, text: str) -> Expression:
    """Read an expression of a form; reading the same text again costs nothing.

    Raises:
        ExpressionInvalid: it is not one; or it is longer or deeper than any sensible rule.
    """
    return form.kept((parse_in, text), lambda: parse(text).within(form.codes))


def condition_of(form: FormVersion, rule: Rule) -> Expression:
    """What a rule demands, on its own terms."""

    def on_its_terms() -> Expression:
        terms = Terms(Fraction(rule.tolerance), rule.left_blank, rule.right_blank)
        return parse_in(form, rule.expression).on_terms(terms)

    key = (condition_of, rule.expression, rule.tolerance, rule.left_blank, rule.right_blank)
    return form.kept(key, on_its_terms)


def worked_out_from(form: FormVersion, indicator: Indicator) -> tuple[Expression, ...]:
    """What a calculated or carried indicator is worked out from; nothing for a typed one."""
    way = indicator.aggregation
    texts = (indicator.formula, indicator.carried_from, way.numerator, way.denominator)
    return tuple(parse_in(form, text) for text in texts if text)


def looks_elsewhere(form: FormVersion, indicator: Indicator) -> bool:
    """Whether an indicator is worked out from other forms or from the units below."""
    references = (each for source in worked_out_from(form, indicator) for each in source.references)
    return any(each.form or each.when is When.BELOW for each in references)


def list_column(form: FormVersion, name: str) -> ListColumn | None:
    """The column of a list that the rule language writes so: `problems.spent`."""
    table, _, column = name.partition(".")
    return form.lists[table][1].by_code.get(column) if table in form.lists else None


def is_listed(form: FormVersion, reference: Reference) -> bool:
    """Whether the form has the list whose rows are counted, or the column of numbers that is added up."""
    if reference.when is When.LISTED:
        return reference.code in form.lists
    column = list_column(form, reference.code) if reference.of_list else None
    return column is not None and column.indicator.type.is_number


def references_of(form: FormVersion) -> frozenset[Reference]:
    """Every figure that the form's rules look at, or that anything in it is worked out from."""

    def found() -> frozenset[Reference]:
        expressions = [parse_in(form, rule.expression) for rule in rules_of(form)]
        expressions += [each for indicator in form for each in worked_out_from(form, indicator)]
        return frozenset(reference for expression in expressions for reference in expression.references)

    return form.kept(references_of, found)
