"""Rules that nobody has to write: they follow from what a form says about its indicators."""

from decimal import Decimal

from portal.domain.cross_tables import rules_along
from portal.domain.forms import Balance, Below, DataType, FormVersion, Indicator, Parts, Rule, Severity

_HALF = Decimal("0.5")


def rules_of(form: FormVersion) -> tuple[Rule, ...]:
    """The rules that somebody wrote, and after them those that follow from the form's indicators, in form order."""
    return form.kept(
        rules_of, lambda: (*written_rules(form), *(rule for each in form for rule in implied_rules(form, each)))
    )


def written_rules(form: FormVersion) -> tuple[Rule, ...]:
    """The form's own rules, and those that are repeated along its cross tables."""
    tables = [(sheet.code, sheet.cross) for sheet in form.sheets if sheet.cross is not None]
    return (*form.rules, *(rule for sheet, cross in tables for _, rule in rules_along(sheet, cross)))


def implied_rules(form: FormVersion, indicator: Indicator) -> list[Rule]:
    """The rules that follow from what a form says about one indicator."""
    rules = []
    if indicator.parts is not None:
        rules.append(_sum_of_parts(form, indicator, indicator.parts))
    if indicator.balance is not None:
        rules.append(_stock(indicator, indicator.balance))
    if indicator.against_children is not None:
        sign = "==" if indicator.against_children is Below.EQUAL else ">="
        rules.append(_rule(indicator, "children", Severity.EXPLAIN, f"{sign}CHILDREN({indicator.code})"))
    return rules


def _sum_of_parts(form: FormVersion, indicator: Indicator, parts: Parts) -> Rule:
    """Amounts were rounded before they were typed: each part may be off by half of its last digit."""
    codes = [part.code for part in form.parts.get(indicator.code, [])]
    rounded = indicator.type is DataType.AMOUNT
    tolerance = _HALF.scaleb(-indicator.decimals) * len(codes) if rounded else Decimal(0)
    demand = ("==" if parts is Parts.EXHAUSTIVE else ">=") + "+".join(codes)
    return _rule(indicator, "parts", Severity.BLOCKING, demand, tolerance)


def _stock(indicator: Indicator, balance: Balance) -> Rule:
    moves = "".join(f"+{code}" for code in balance.plus) + "".join(f"-{code}" for code in balance.minus)
    return _rule(indicator, "balance", Severity.CONSENT, f"==LY({indicator.code}){moves}")


def _rule(indicator: Indicator, kind: str, severity: Severity, demand: str, tolerance: Decimal = Decimal(0)) -> Rule:
    """A rule about an indicator; `demand` is what follows its code in the expression."""
    code = indicator.code
    return Rule(f"{code}-{kind}", severity, f"{code}{demand}", code, tolerance=tolerance)
