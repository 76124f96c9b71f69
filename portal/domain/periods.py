"""Periods (报告期): `2023`, `2023H1`, `2023Q4`, `2023M11`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from portal.errors import InvalidInput


class PeriodKind(StrEnum):
    """How long a period is."""

    YEAR = "year"
    HALF = "half"
    QUARTER = "quarter"
    MONTH = "month"


_MONTHS = {PeriodKind.YEAR: 12, PeriodKind.HALF: 6, PeriodKind.QUARTER: 3, PeriodKind.MONTH: 1}
_LETTER = {PeriodKind.YEAR: "", PeriodKind.HALF: "H", PeriodKind.QUARTER: "Q", PeriodKind.MONTH: "M"}
_KIND = {letter: kind for kind, letter in _LETTER.items()}
_PATTERN = re.compile(r"(?P<year>(?:19|20|21)\d\d)(?:(?P<letter>[HQM])(?P<number>\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, order=True)
class Period:
    """A calendar span; `number` counts from 1 within the year."""

    year: int
    kind: PeriodKind = PeriodKind.YEAR
    number: int = 1

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a period code.

        Raises:
            InvalidInput: the code is not of the form, or counts more parts than a year has.
        """
        match = _PATTERN.fullmatch(code)
        if match is None:
            raise InvalidInput("period", "not_a_period", code)
        kind = _KIND[match["letter"] or ""]
        number = int(match["number"] or 1)
        if not 1 <= number <= 12 // _MONTHS[kind]:
            raise InvalidInput("period", "not_a_period", code)
        return cls(int(match["year"]), kind, number)

    def __str__(self) -> str:
        if self.kind is PeriodKind.YEAR:
            return str(self.year)
        width = 2 if self.kind is PeriodKind.MONTH else 1
        return f"{self.year}{_LETTER[self.kind]}{self.number:0{width}d}"

    @property
    def starts_on(self) -> date:
        """First day."""
        return date(self.year, (self.number - 1) * _MONTHS[self.kind] + 1, 1)

    @property
    def ends_on(self) -> date:
        """Last day, inclusive."""
        return self.next.starts_on - timedelta(days=1)

    @property
    def next(self) -> "Period":
        """The period right after this one."""
        if self.number < 12 // _MONTHS[self.kind]:
            return Period(self.year, self.kind, self.number + 1)
        return Period(self.year + 1, self.kind)

    @property
    def previous(self) -> "Period":
        """The period right before this one: `PREV(x)` in rules."""
        if self.number > 1:
            return Period(self.year, self.kind, self.number - 1)
        return Period(self.year - 1, self.kind, 12 // _MONTHS[self.kind])

    @property
    def last_year(self) -> "Period":
        """The same part of the year before: `LY(x)` in rules."""
        return Period(self.year - 1, self.kind, self.number)
