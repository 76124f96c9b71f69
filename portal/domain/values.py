"""Values (填报值): missing, zero and not applicable are three different things."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

YES = "是"
NO = "否"


class ValueStatus(StrEnum):
    """Whether there is an answer."""

    REPORTED = "reported"
    NOT_APPLICABLE = "not_applicable"
    MISSING = "missing"


@dataclass(frozen=True)
class Value:
    """One answer of one unit to one indicator.

    Exactly one of `number` and `text` is set when the status is reported, none otherwise.

    Attributes:
        number: exact, in the indicator's unit of measure.
        text: a rating, 是 or 否, a date (ISO) or free text.
        approximate: 约数, the reporter says "about".
        as_of_on: the day of a stock figure when it is not the period's last.
    """

    status: ValueStatus
    number: Decimal | None = None
    text: str | None = None
    approximate: bool = False
    as_of_on: date | None = None
    note: str = ""

    def __post_init__(self) -> None:
        answers = (self.number is not None) + (self.text is not None)
        if answers != (self.status is ValueStatus.REPORTED):
            message = f"a {self.status} value carries {answers} answers"
            raise ValueError(message)

    @classmethod
    def of(cls, answer: Decimal | int | str, *, note: str = "", approximate: bool = False) -> "Value":
        """A reported value: a number, or a text when given a str."""
        if isinstance(answer, str):
            return cls(ValueStatus.REPORTED, text=answer, note=note, approximate=approximate)
        return cls(ValueStatus.REPORTED, number=Decimal(answer), note=note, approximate=approximate)

    @property
    def reported(self) -> bool:
        """Whether there is a number or a text."""
        return self.status is ValueStatus.REPORTED

    @property
    def answered(self) -> bool:
        """Whether the reporter said anything: a value, or that it does not apply."""
        return self.status is not ValueStatus.MISSING


MISSING = Value(ValueStatus.MISSING)
NOT_APPLICABLE = Value(ValueStatus.NOT_APPLICABLE)

Values = Mapping[str, Value]
"""Indicator code → value; a code that is absent is missing."""


def rounded(number: Decimal, decimals: int) -> Decimal:
    """Round half up, for display only."""
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def exact_text(number: Decimal) -> str:
    """The number in full, plain digits, without trailing zeros after the point: `9.027178`, `100`."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
