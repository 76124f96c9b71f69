"""Values (填报值): missing, zero and not applicable are three different things."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

YES = "是"
NO = "否"

MAXIMUM_DIGITS = 30
"""Digits before or after the point beyond which a text is not a figure."""

EXACT = Context(prec=1000)
"""Sums, differences and products of figures have fewer digits: in it nothing is rounded."""


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

    @cached_property
    def exact(self) -> Fraction | None:
        """The number to reckon with, if there is one and it is finite."""
        return None if self.number is None or not self.number.is_finite() else Fraction(self.number)

    @cached_property
    def written(self) -> str:
        """The answer, a number in plain digits; the status if there is none."""
        answer = self.text if self.number is None else exact_text(self.number)
        return str(self.status) if answer is None else answer


MISSING = Value(ValueStatus.MISSING)
NOT_APPLICABLE = Value(ValueStatus.NOT_APPLICABLE)

Values = Mapping[str, Value]
"""Indicator code → value; a code that is absent is missing."""


def rounded(number: Decimal, decimals: int) -> Decimal:
    """Round half up, for display only."""
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, EXACT)


def exact_text(number: Decimal) -> str:
    """The number in full, plain digits, without trailing zeros after the point: `9.027178`, `100`."""
    text = str(number)
    if text.isdigit():
        return text  # as most are, in a third of the time
    if not number:
        return "0"  # not -0 either
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_to_json(value: Value) -> dict[str, object]:
    """The value as JSON keeps and exchanges it: numbers as exact text, defaults left out."""
    extras = {
        "approximate": value.approximate,
        "as_of_on": value.as_of_on.isoformat() if value.as_of_on else None,
        "note": value.note,
    }
    answer = (
        {"number": exact_text(value.number)}
        if value.number is not None
        else {"text": value.text}
        if value.text is not None
        else {}
    )
    return {"status": str(value.status), **answer, **{name: extra for name, extra in extras.items() if extra}}


def value_from_json(body: Mapping[str, object]) -> Value:
    """The value that `value_to_json` wrote.

    Raises:
        ValueError: it is no such thing; `KeyError` and `ArithmeticError` are turned into it.
    """
    try:
        number, text, as_of_on = body.get("number"), body.get("text"), body.get("as_of_on")
        return Value(
            ValueStatus(str(body["status"])),
            number=None if number is None else finite(str(number)),
            text=None if text is None else str(text),
            approximate=bool(body.get("approximate", False)),
            as_of_on=None if as_of_on is None else date.fromisoformat(str(as_of_on)),
            note=str(body.get("note", "")),
        )
    except (KeyError, ArithmeticError) as error:
        raise ValueError(str(error)) from error


def finite(text: str) -> Decimal:
    """A number of sensible size, exactly.

    Raises:
        ValueError: it is none, or has more digits than any figure.
    """
    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(text) from error
    if not number.is_finite() or abs(number.adjusted()) > MAXIMUM_DIGITS or len(text) > 2 * MAXIMUM_DIGITS:
        raise ValueError(text)
    return number
