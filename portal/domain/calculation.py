"""Figures nobody types: ratios calculated from collected figures, and figures carried in from last year."""

from fractions import Fraction

from portal.domain.expressions import Context, Expression, decimal_of, parse
from portal.domain.forms import FormVersion, Indicator, Source
from portal.domain.units import Level
from portal.domain.values import MISSING, NOT_APPLICABLE, Value, Values, ValueStatus


def calculated(
    form: FormVersion, values: Values, last_year: Values | None = None, previous: Values | None = None
) -> dict[str, Value]:
    """The values of the form's carried and calculated indicators; ratios rest on what is carried in now.

    A ratio is exact if its decimals end, else it has 28 significant digits. It is missing when an operand is, or when
    the denominator is 0; it is not applicable when every operand is.
    """
    carried = _carried(form, Context(values, last_year, previous))
    return carried | _ratios(form, Context({**values, **carried}, last_year, previous))


def completed(
    form: FormVersion, level: Level, values: Values, last_year: Values | None, previous: Values | None = None
) -> dict[str, Value]:
    """Every indicator of the form with its value at a unit of that level, in form order.

    What the level does not fill is not applicable, unless a figure stands there all the same. A carried figure that
    stands there is kept; ratios are always calculated anew.
    """
    carried = _carried(form, Context(values, last_year, previous))
    standing = {
        indicator.code: _standing(indicator, level, values, carried)
        for indicator in form
        if indicator.source is not Source.CALCULATED
    }
    ratios = _ratios(form, Context(standing, last_year, previous))
    return {indicator.code: (standing | ratios)[indicator.code] for indicator in form}


def _standing(indicator: Indicator, level: Level, values: Values, carried: Values) -> Value:
    value = values.get(indicator.code, MISSING)
    if value.answered:
        return value
    return carried.get(indicator.code, MISSING) if level in indicator.filled_by else NOT_APPLICABLE


def _carried(form: FormVersion, context: Context) -> dict[str, Value]:
    carried = {}
    for indicator in form:
        if indicator.source is Source.CARRIED:
            expression = parse(indicator.carried_from)
            carried[indicator.code] = _value(context, expression.amount(context), expression)
    return carried


def _ratios(form: FormVersion, context: Context) -> dict[str, Value]:
    ratios = {}
    for indicator in form:
        if indicator.source is Source.CALCULATED:
            way = indicator.aggregation
            numerator, denominator = parse(way.numerator), parse(way.denominator)
            above, below = numerator.amount(context), denominator.amount(context)
            ratio = Fraction(way.multiplier) * above / below if above is not None and below else None
            ratios[indicator.code] = _value(context, ratio, numerator, denominator)
    return ratios


def _value(context: Context, amount: Fraction | None, *sources: Expression) -> Value:
    """The amount as a value; without one, it depends on whether anything it comes from is applicable."""
    statuses = {context.value(reference).status for source in sources for reference in source.references}
    if statuses == {ValueStatus.NOT_APPLICABLE}:
        return NOT_APPLICABLE
    return MISSING if amount is None else Value.of(decimal_of(amount))
