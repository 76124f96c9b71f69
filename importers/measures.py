"""Units of measure as people write them: 万元 and 元 count the same thing, 万元 ten thousand at a time."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from portal.domain.forms import Indicator

_POWERS = {"千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "万亿": 12, "百": 2}
_COUNTED_BY = ("万亿", "千万", "百万", "十万", "亿", "万")  # 千 and 百 are left out: 千克, 百分点
_AMOUNT = re.compile(
    r"(?P<more>余|多)?(?P<magnitude>万亿|千万|百万|十万|亿|万|千|百)?(?P<still_more>余|多)?(?P<unit>.*?)(?P<around>左右|上下)?"
)


@dataclass(frozen=True)
class Measure:
    """What is counted, and ten to which power of it at a time."""

    base: str
    power: int = 0


@dataclass(frozen=True)
class Amount:
    """What stands behind a figure in a cell.

    Attributes:
        factor: by which the figure becomes one in the indicator's unit of measure.
        stated: the unit of measure as read, `万` or `万元`; empty if none was given.
        approximate: 余, 多, 左右: the figure is not exact.
    """

    factor: Decimal
    stated: str
    approximate: bool


def tidy(text: str) -> str:
    """One spelling of full-width letters, spaces and signs; no spaces around."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def conversion(indicator: Indicator, stated_unit: str) -> Decimal | None:
    """The factor from a unit of measure to the indicator's own; None when the two do not measure the same."""
    stated = tidy(stated_unit)
    if stated in _own_words(indicator):
        return Decimal(1)
    measure, own = _measure(stated), _measure(tidy(indicator.unit))
    if measure.base not in {_measure(word).base for word in _own_words(indicator)}:
        return None
    return Decimal(10) ** (measure.power - own.power)


def read_amount(indicator: Indicator, behind: str) -> Amount | None:
    """Understand what follows the digits: `万`, `余人`, `万元左右`; None when it is no unit of this indicator."""
    match = _AMOUNT.fullmatch(behind.strip())
    if match is None:
        return None
    approximate = any(match[mark] for mark in ("more", "still_more", "around"))
    magnitude, unit = match["magnitude"] or "", match["unit"].strip()
    whole_unit = magnitude + unit
    if not whole_unit:
        return Amount(Decimal(1), "", approximate)
    if {whole_unit, whole_unit.removeprefix("个")} & _own_words(indicator):  # 7.5个工作日
        return Amount(Decimal(1), whole_unit, approximate)
    factor = conversion(indicator, unit or _measure(tidy(indicator.unit)).base)
    if factor is None:
        return None
    return Amount(factor * Decimal(10) ** _POWERS.get(magnitude, 0), whole_unit, approximate)


def counts_in_multiples(indicator: Indicator) -> bool:
    """Whether the indicator's unit of measure is itself a multiple, such as 万元."""
    return _measure(tidy(indicator.unit)).power > 0


def _own_words(indicator: Indicator) -> set[str]:
    return {tidy(word) for word in (indicator.unit, *indicator.unit_synonyms)}


def _measure(word: str) -> Measure:
    for prefix in _COUNTED_BY:
        if word.startswith(prefix):
            return Measure(word.removeprefix(prefix), _POWERS[prefix])
    return Measure(word)
