"""Numbers as people read them: one unit of measure per column, 万 and 亿, rounded half up. For display only."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.domain.expressions import decimal_of
from portal.domain.forms import Language
from portal.domain.values import EXACT, exact_text, rounded

_WAN = Decimal(10_000)
_YI = Decimal(100_000_000)
_SCALED_DECIMALS = 2

# A unit of measure may itself be counted in 万 or 亿 (万元): what it is called ten thousand, or a hundred million, up.
_STEPS: dict[str, tuple[str, str]] = {"": ("万", "亿"), "万": ("亿", "万亿"), "亿": ("万亿", "亿亿")}


@dataclass(frozen=True)
class Scale:
    """How the numbers of one column, axis or sentence are shown.

    Attributes:
        divisor: what an exact number is divided by.
        unit: unit of measure of the quotient, for the heading: `万元`; empty if the numbers have none.
        decimals: digits after the point.
    """

    divisor: Decimal
    unit: str
    decimals: int

    def show(self, number: Decimal) -> str:
        """The number on this scale, with thousands commas and without the unit: `1,234.50`.

        Zero is `0`, and nothing else is: what would be rounded to zero is `<0.01`.
        """
        if not number:
            return "0"
        quotient = rounded(EXACT.divide(number, self.divisor), self.decimals)
        if quotient:
            return f"{quotient:,f}"
        least = _least(self.decimals)
        return f"<{least}" if number > 0 else f">-{least}"

    def show_with_unit(self, number: Decimal) -> str:
        """The same with the unit behind it: `1,234.50 万元`, `95.6%`."""
        return self._with_unit(self.show(number))

    def show_range(self, lowest: Decimal, highest: Decimal, dash: str) -> str:
        """Two numbers without the unit; zero has as many decimals as the other: `-1.50–0.00`."""
        zero = "0" if lowest == highest else str(rounded(Decimal(0), self.decimals))
        return dash.join(self.show(each) if each else zero for each in (lowest, highest))

    def show_range_with_unit(self, lowest: Decimal, highest: Decimal, dash: str) -> str:
        """The same with the unit behind it; a single number if they are one: `0.00–1.50 万元`."""
        return self._with_unit(self.show(lowest) if lowest == highest else self.show_range(lowest, highest, dash))

    def _with_unit(self, text: str) -> str:
        if not self.unit:
            return text
        return f"{text}{self.unit}" if is_share(self.unit) else f"{text} {self.unit}"


def is_share(unit: str) -> bool:
    """Whether numbers in a unit of measure are parts of a whole: they differ by points, not by a share of a share."""
    return unit.startswith(("%", "‰"))


def scaled_unit(numbers: Iterable[Decimal | None], unit: str, decimals: int, language: Language = "zh") -> Scale:
    """One scale for all of `numbers`, chosen by the largest: from 1 万 in 万, from 1 亿 in 亿, with two decimals.

    Shares (%, ‰) and English, which does not count in 万, keep the unit of measure as it is.

    Args:
        numbers: exact, in `unit`; None stands for a missing one.
        unit: the indicator's unit of measure.
        decimals: digits after the point of a number that is not scaled.
        language: of the reader.
    """
    largest = max((abs(number) for number in numbers if number is not None), default=Decimal(0))
    if largest < _WAN or language != "zh" or is_share(unit):
        return Scale(Decimal(1), unit, decimals)
    prefix, measure = (unit[0], unit[1:]) if unit[:1] in {"万", "亿"} else ("", unit)
    wan, yi = _STEPS[prefix]
    if largest < _YI:
        return Scale(_WAN, wan + measure, _SCALED_DECIMALS)
    return Scale(_YI, yi + measure, _SCALED_DECIMALS)


def chinese_number(number: Decimal, unit: str = "", decimals: int = 0, language: Language = "zh") -> str:
    """A single number with its unit, as in a sentence: `1.23 亿元`, `9,999 人`."""
    return scaled_unit([number], unit, decimals, language).show_with_unit(number)


def percent(part: int | Decimal, whole: int | Decimal) -> str:
    """`part` of `whole` as a percentage with one decimal, rounded half up; a dash if there is no whole."""
    return f"{rounded(percentage(part, whole), 1):f}%" if whole else "—"


def percentage(part: int | Decimal, whole: int | Decimal) -> Decimal:
    """`part` in percent of the size of `whole`, which is not 0; to 28 significant digits if they never end."""
    return decimal_of(Fraction(part) * 100 / abs(Fraction(whole)))


def signed(number: Decimal, decimals: int) -> str:
    """A difference with its sign, thousands commas, rounded half up: `+1,234.5`, `-3`, `0`.

    What would be rounded to zero is `<+0.1` or `>-0.1`.
    """
    text = rounded(number, decimals)
    if text or not number:
        return f"{text:+,f}" if text else "0"
    return f"<+{_least(decimals)}" if number > 0 else f">-{_least(decimals)}"


def decimals_in(number: Decimal) -> int:
    """Digits after the point that show the number in full."""
    _, _, places = exact_text(number).partition(".")
    return len(places)


def _least(decimals: int) -> Decimal:
    """What the last digit counts."""
    return Decimal(1).scaleb(-decimals)
