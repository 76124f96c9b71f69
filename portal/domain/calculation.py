"""Figures nobody types: calculated from others, or carried in from last year."""

from dataclasses import replace
from fractions import Fraction

from portal.domain.expressions import Context, decimal_of
from portal.domain.form_expressions import worked_out_from
from portal.domain.forms import FormVersion, Indicator, Source
from portal.domain.surroundings import ALONE, Surroundings
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, Values, ValueStatus


def calculated(
    form: FormVersion,
    values: Values,
    last_year: Values | None = None,
    previous: Values | None = None,
    around: Surroundings = ALONE,
) -> dict[str, Value]:
    """The values of the form's carried and calculated indicators; the latter rest on what is carried in now.

    A figure is exact if its decimals end, else it has 28 significant digits. It is missing when it cannot be told (an
    operand is missing, a denominator is 0); it is not applicable when every operand is, or every one of a side.
    """
    context = around.context(values, last_year, previous)
    carried = _carried(form, context)
    return carried | _calculated(form, replace(context, values={**values, **carried}))


def completed(
    form: FormVersion,
    level: Level,
    values: Values,
    last_year: Values | None,
    previous: Values | None = None,
    around: Surroundings = ALONE,
) -> dict[str, Value]:
    """Every indicator of the form with its value at a unit of that level, in form order.

    What the level does not fill is not applicable, unless a figure stands there all the same. A carried figure that
    stands there is kept; what is calculated is always calculated anew.
    """
    context = around.context(values, last_year, previous)
    carried = _carried(form, context)
    standing = {
        indicator.code: _standing(indicator, level, values, carried)
        for indicator in form
        if indicator.source is not Source.CALCULATED
    }
    found = standing | _calculated(form, replace(context, values=standing))
    return {code: found[code] for code in form.codes}


def _standing(indicator: Indicator, level: Level, values: Values, carried: Values) -> Value:
    value = values.get(indicator.code, MISSING)
    if value.answered:
        return value
    return carried.get(indicator.code, MISSING) if level in indicator.filled_by else NOT_APPLICABLE


def _carried(form: FormVersion, context: Context) -> dict[str, Value]:
    return {each.code: _worked_out(form, each, context) for each in form if each.source is Source.CARRIED}


def _calculated(form: FormVersion, context: Context) -> dict[str, Value]:
    """The calculated indicators, each after those that it rests on; a published form has no cycles among them."""
    found: dict[str, Value] = {}
    pending = {each.code: each for each in form if each.source is Source.CALCULATED}
    table = {code: value for code, value in context.values.items() if code not in pending}
    context = replace(context, values=table)

    def work_out(indicator: Indicator) -> None:
        for expression in worked_out_from(form, indicator):
            for code in expression.codes:
                if code in pending:
                    work_out(pending.pop(code))
        found[indicator.code] = table[indicator.code] = _worked_out(form, indicator, context)

    while pending:
        work_out(pending.pop(next(iter(pending))))
    return found


def _worked_out(form: FormVersion, indicator: Indicator, context: Context) -> Value:
    """The figure as a value; it does not apply where nothing does that it, or that one side of it, comes from."""
    sources = worked_out_from(form, indicator)
    for source in sources:
        if {context.value(reference).status for reference in source.references} == {ValueStatus.NOT_APPLICABLE}:
            return NOT_APPLICABLE
    amounts = [source.amount(context) for source in sources]
    amount = amounts[0]
    if indicator.aggregation.denominator and amount is not None:
        below = amounts[1]
        amount = Fraction(indicator.aggregation.multiplier) * amount / below if below else None
    return MISSING if amount is None else Value.of(decimal_of(amount))
