"""Units of measure in expressions: 元 is not added to 万元, nor 人 to 件; 家, 间 and 个 count the same.

A pure number goes with everything. What is multiplied or divided by one (`FZ0607*10000`) keeps what it measures, but no
longer how many of it at a time: the author has converted it.
"""

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from portal.domain.conditions import Choice, Comparison
from portal.domain.quantities import Arithmetic, Call, Negative, Node, Quantity, Reference

_SAME = (
    frozenset({"个", "家", "间"}),
    frozenset({"件", "宗", "起"}),
    frozenset({"人", "名", "位"}),
    frozenset({"次", "回"}),
    frozenset({"场", "场次"}),
    frozenset({"批", "批次"}),
    frozenset({"份", "册"}),
    frozenset({"期", "班次"}),
    frozenset({"工作日", "个工作日"}),
)
_SHARES = {"%": 100, "百分比": 100, "‰": 1000}
_MULTIPLES = {"万亿": 10**12, "千万": 10**7, "百万": 10**6, "十万": 10**5, "亿": 10**8, "万": 10**4}
_MONTHS = {"月": 1, "季度": 3, "年": 12}
_NOT_COUNTED = frozenset({"元", "月"})


@dataclass(frozen=True)
class Measure:
    """What a quantity measures.

    Attributes:
        text: as people write it, `万元`, `元/人·月`.
        tops: what stands above the line, each by all words that mean the same.
        bottoms: what stands below it.
        scale: how many of it at a time, 10000 for 万元; None once a pure number had a hand in it.
    """

    text: str
    tops: tuple[frozenset[str], ...] = ()
    bottoms: tuple[frozenset[str], ...] = ()
    scale: Fraction | None = Fraction(1)

    @property
    def is_count(self) -> bool:
        """Whether it counts things one by one: counts of different things may be compared, but not added."""
        return len(self.tops) == 1 and not self.bottoms and self.scale == 1 and not self.tops[0] & _NOT_COUNTED

    def same_as(self, other: "Measure") -> bool:
        """Whether the two may be added."""
        if None not in (self.scale, other.scale) and self.scale != other.scale:
            return False
        return _matching(self.tops, other.tops) and _matching(self.bottoms, other.bottoms)

    def times(self, other: "Measure") -> "Measure":
        """What a product of the two measures."""
        tops, bottoms = _cancelled((*self.tops, *other.tops), (*self.bottoms, *other.bottoms))
        return Measure(f"{self.text}·{other.text}", tops, bottoms, _joined(self.scale, other.scale))

    def over(self, other: "Measure") -> "Measure":
        """What a quotient of the two measures."""
        tops, bottoms = _cancelled((*self.tops, *other.bottoms), (*self.bottoms, *other.tops))
        inverse = None if other.scale is None else 1 / other.scale
        return Measure(f"{self.text}/{other.text}", tops, bottoms, _joined(self.scale, inverse))


def read_measure(unit: str, synonyms: tuple[str, ...] = ()) -> Measure | None:
    """The measure that a unit's text means; None for none. `synonyms` are other words for the same."""
    text = unicodedata.normalize("NFKC", unit).strip()
    if not text:
        return None
    if text in _SHARES:
        return Measure(text, scale=Fraction(1, _SHARES[text]))
    top, *rest = text.split("/")
    above, tops = _read_side(top)
    below, bottoms = _read_side("·".join(rest))
    scale = above / below
    if len(tops) == 1 and not bottoms and scale == 1:
        tops = (tops[0].union(synonyms),)
    return Measure(text, tops, bottoms, scale)


@dataclass(frozen=True)
class MeasureClash(Exception):
    """Two quantities that do not go together; `position` is that of the second, counted from 1."""

    position: int
    left: str
    right: str


def check_measures(root: Node, measure_of: Callable[[Reference], Measure | None]) -> Measure | None:
    """What an expression measures; None for a pure number or a condition.

    Raises:
        MeasureClash: it adds or compares what cannot be.
    """
    if isinstance(root, Quantity):
        return _measured(root, measure_of)
    if isinstance(root, Comparison):
        _agreed(root.operands, measure_of, compared=True)
    else:
        for part in root.parts():
            check_measures(part, measure_of)
    return None


def _measured(quantity: Quantity, measure_of: Callable[[Reference], Measure | None]) -> Measure | None:
    match quantity:
        case Reference():
            return measure_of(quantity)
        case Negative():
            return _measured(quantity.quantity, measure_of)
        case Call():
            return _agreed(quantity.arguments, measure_of)
        case Choice():
            check_measures(quantity.premise, measure_of)
            return _agreed((quantity.consequent, quantity.otherwise), measure_of)
        case Arithmetic() if quantity.is_product:
            return _product(quantity, measure_of)
        case Arithmetic():
            return _agreed(quantity.operands, measure_of)
    return None


def _agreed(
    operands: tuple[Quantity, ...], measure_of: Callable[[Reference], Measure | None], *, compared: bool = False
) -> Measure | None:
    """The measure of all of them, pure numbers aside."""
    agreed: Measure | None = None
    for operand in operands:
        measure = _measured(operand, measure_of)
        if agreed is None or measure is None:
            agreed = agreed or measure
        elif agreed.same_as(measure):
            agreed = _common(agreed, measure)
        elif not (compared and agreed.is_count and measure.is_count):
            raise MeasureClash(operand.position, agreed.text, measure.text)
    return agreed


def _product(product: Arithmetic, measure_of: Callable[[Reference], Measure | None]) -> Measure | None:
    first, *others = product.operands
    result = _measured(first, measure_of)
    for sign, operand in zip(product.operators, others, strict=True):
        measure = _measured(operand, measure_of)
        if result is None and measure is not None and sign == "/":
            result = replace(Measure("").over(measure), scale=None)
        elif result is None or measure is None:
            known = result or measure
            result = None if known is None else replace(known, scale=None)
        else:
            result = result.times(measure) if sign == "*" else result.over(measure)
    return result


def _read_side(text: str) -> tuple[Fraction, tuple[frozenset[str], ...]]:
    """What stands above the line, or below it, and how many of it at a time."""
    words = [_base(word) for word in text.split("·") if word]
    scale = math.prod((many for many, _ in words), start=Fraction(1))
    return scale, tuple(_meaning_the_same(base) for _, base in words)


def _base(word: str) -> tuple[Fraction, str]:
    for prefix, many in _MULTIPLES.items():
        if word.startswith(prefix) and word != prefix:
            return Fraction(many), word.removeprefix(prefix)
    if word in _MONTHS:
        return Fraction(_MONTHS[word]), "月"
    return (Fraction(1000), "元") if word == "千元" else (Fraction(1), word)


def _meaning_the_same(word: str) -> frozenset[str]:
    return next((group for group in _SAME if word in group), frozenset({word}))


def _matching(ours: tuple[frozenset[str], ...], theirs: tuple[frozenset[str], ...]) -> bool:
    left, right = _cancelled(ours, theirs)
    return not left and not right


def _cancelled(
    tops: tuple[frozenset[str], ...], bottoms: tuple[frozenset[str], ...]
) -> tuple[tuple[frozenset[str], ...], tuple[frozenset[str], ...]]:
    """Both without what stands on both sides."""
    left, right = [], list(bottoms)
    for top in tops:
        same = next((bottom for bottom in right if top & bottom), None)
        if same is None:
            left.append(top)
        else:
            right.remove(same)
    return tuple(left), tuple(right)


def _common(one: Measure, other: Measure) -> Measure:
    """The measure of a sum: of words that mean the same only those that do for both."""
    scale = one.scale if other.scale is not None else None
    if len(one.tops) == len(other.tops) == 1:
        return replace(one, tops=(one.tops[0] & other.tops[0],), scale=scale)
    return replace(one, scale=scale)


def _joined(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or other is None else one * other
