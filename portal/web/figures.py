"""Figures as they are shown: rounded half up at display only, missing and not applicable never as 0."""

from decimal import Decimal

from portal.domain.forms import Indicator
from portal.domain.numbers import Scale, is_share, signed
from portal.domain.values import EXACT, Value, ValueStatus, exact_text
from portal.web.language import gettext as _

MISSING_SIGN = "—"
NOT_APPLICABLE_SIGN = "⊘"


def grouped(number: Decimal, decimals: int) -> str:
    """Rounded half up, with thousands commas: `1,234.50`; what is not zero is never shown as 0."""
    return Scale(Decimal(1), "", decimals).show(number)


def shown(value: Value | None, indicator: Indicator) -> str:
    """A value for reading, in the indicator's unit of measure."""
    if value is None or value.status is ValueStatus.MISSING:
        return MISSING_SIGN
    if value.status is ValueStatus.NOT_APPLICABLE:
        return NOT_APPLICABLE_SIGN
    if value.number is None:
        return value.text or ""
    about = "≈" if value.approximate else ""
    return about + grouped(value.number, indicator.decimals)


def typed(value: Value | None) -> str:
    """A value as it stands in an input box: exact, without commas."""
    if value is None or not value.reported:
        return ""
    if value.number is None:
        return value.text or ""
    return ("约" if value.approximate else "") + exact_text(value.number)


def points(difference: Decimal, unit: str, decimals: int) -> str:
    """The difference of two shares."""
    number = signed(difference, decimals)
    return _("%(points)s 百分点", points=number) if unit.startswith("%") else f"{number}{unit}"


def change(now: Value | None, before: Value | None, indicator: Indicator) -> str:
    """Change on last year: per cent for figures, percentage points for shares; empty without both."""
    if now is None or before is None or now.number is None or before.number is None:
        return ""
    difference = EXACT.subtract(now.number, before.number)
    if is_share(indicator.unit):
        return points(difference, indicator.unit, 1)
    if before.number == 0:
        return ""
    return f"{signed(difference / abs(before.number) * 100, 1)}%"
