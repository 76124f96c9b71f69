"""Classes of a choropleth: five of about equally many units, each named by what is really in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

CLASSES = 5


@dataclass(frozen=True)
class ValueClass:
    """A class of values.

    Attributes:
        lowest: the smallest value in the class, exact.
        highest: the largest value in the class, exact.
        count: how many of the values are in it.
    """

    lowest: Decimal
    highest: Decimal
    count: int

    def holds(self, value: Decimal) -> bool:
        """Whether a value belongs to the class."""
        return self.lowest <= value <= self.highest


def quantile_classes(values: Iterable[Decimal], classes: int = CLASSES) -> list[ValueClass]:
    """Divide values into at most `classes` classes of about equally many, lowest first.

    Equal values are never in different classes, so there are fewer classes where many units report the same.
    """
    ordered = sorted(values)
    found: list[ValueClass] = []
    start = 0
    while start < len(ordered):
        left = max(classes - len(found), 1)
        end = start + -(-(len(ordered) - start) // left)
        while end < len(ordered) and ordered[end] == ordered[end - 1]:
            end += 1
        found.append(ValueClass(ordered[start], ordered[end - 1], end - start))
        start = end
    return found


def class_of(value: Decimal, classes: Sequence[ValueClass]) -> int:
    """Number of the class that a value is in, 0 for the lowest.

    Raises:
        ValueError: the classes were not made from this value.
    """
    for number, each in enumerate(classes):
        if each.holds(value):
            return number
    raise ValueError(f"{value} is in no class")
