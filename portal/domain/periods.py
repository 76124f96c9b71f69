"""Periods (报告期): `2023`, `2023H1`, `2023Q4`, `2023M11`, and `2023M11D05` for what is asked once (专项)."""

import re
from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from portal.domain.texts import Text
from portal.errors import InvalidInput


class PeriodKind(StrEnum):
    """How long a period is."""

    YEAR = "year"
    HALF = "half"
    QUARTER = "quarter"
    MONTH = "month"
    DAY = "day"


_MONTHS = {PeriodKind.YEAR: 12, PeriodKind.HALF: 6, PeriodKind.QUARTER: 3, PeriodKind.MONTH: 1}
_LETTER = {PeriodKind.YEAR: "", PeriodKind.HALF: "H", PeriodKind.QUARTER: "Q", PeriodKind.MONTH: "M"}
_KIND = {letter: kind for kind, letter in _LETTER.items()}
_PATTERN = re.compile(
    r"(?P<year>(?:19|20|21)\d\d)(?:(?P<letter>[HQM])(?P<number>\d{1,2})|M(?P<month>\d\d)D(?P<day>\d\d))?", re.ASCII
)


@dataclass(frozen=True, order=True)
class Period:
    """A calendar span; `number` counts from 1 within the year, for a day as for a month."""

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
        if match["day"]:
            return cls._of_day(code, *map(int, match.group("year", "month", "day")))
        kind = _KIND[match["letter"] or ""]
        number = int(match["number"] or 1)
        if not 1 <= number <= 12 // _MONTHS[kind]:
            raise InvalidInput("period", "not_a_period", code)
        return cls(int(match["year"]), kind, number)

    @classmethod
    def _of_day(cls, code: str, year: int, month: int, day: int) -> Self:
        try:
            return cls(year, PeriodKind.DAY, date(year, month, day).timetuple().tm_yday)
        except ValueError:
            raise InvalidInput("period", "not_a_period", code) from None

    def __str__(self) -> str:
        if self.kind is PeriodKind.YEAR:
            return str(self.year)
        if self.kind is PeriodKind.DAY:
            return f"{self.starts_on:%YM%mD%d}"
        width = 2 if self.kind is PeriodKind.MONTH else 1
        return f"{self.year}{_LETTER[self.kind]}{self.number:0{width}d}"

    @property
    def starts_on(self) -> date:
        """First day."""
        if self.kind is PeriodKind.DAY:
            return date(self.year, 1, 1) + timedelta(self.number - 1)
        return date(self.year, (self.number - 1) * _MONTHS[self.kind] + 1, 1)

    @property
    def ends_on(self) -> date:
        """Last day, inclusive."""
        return self.next.starts_on - timedelta(days=1)

    @property
    def months(self) -> int:
        """How many months it has; a day has none."""
        return _MONTHS.get(self.kind, 0)

    @property
    def next(self) -> "Period":
        """The period right after this one."""
        if self.number < _how_many(self.kind, self.year):
            return Period(self.year, self.kind, self.number + 1)
        return Period(self.year + 1, self.kind)

    @property
    def previous(self) -> "Period":
        """The period right before this one: `PREV(x)` in rules."""
        if self.number > 1:
            return Period(self.year, self.kind, self.number - 1)
        return Period(self.year - 1, self.kind, _how_many(self.kind, self.year - 1))

    def within(self, longer: "Period") -> bool:
        """Whether it is a part of the longer period, and not all of it."""
        inside = longer.starts_on <= self.starts_on and self.ends_on <= longer.ends_on
        return inside and self.kind is not longer.kind

    def parts(self, kind: PeriodKind) -> tuple["Period", ...]:
        """The periods of a shorter kind that make it up, in order of time."""
        every = (Period(self.year, kind, number + 1) for number in range(_how_many(kind, self.year)))
        return tuple(each for each in every if each.within(self))

    def longer(self) -> tuple["Period", ...]:
        """The quarters, half-years and years that it is a part of, the longest first."""
        month = self.starts_on.month - 1
        around = (Period(self.year, kind, month // months + 1) for kind, months in _MONTHS.items())
        return tuple(each for each in around if self.within(each))

    @property
    def last_year(self) -> "Period":
        """The same part of the year before: `LY(x)` in rules."""
        if self.kind is not PeriodKind.DAY:
            return Period(self.year - 1, self.kind, self.number)
        day = self.starts_on
        last = 28 if (day.month, day.day) == (2, 29) else day.day
        return Period(self.year - 1, self.kind, date(self.year - 1, day.month, last).timetuple().tm_yday)


def _how_many(kind: PeriodKind, year: int) -> int:
    """Periods of a kind in a year."""
    return 365 + isleap(year) if kind is PeriodKind.DAY else 12 // _MONTHS[kind]


def period_text(period: Period) -> Text:
    """The period as a title says it: `2023年`, `2023年上半年`."""
    year = f"{period.year}年"
    match period.kind:
        case PeriodKind.HALF:
            return Text(f"{year}{'上' if period.number == 1 else '下'}半年", str(period))
        case PeriodKind.QUARTER:
            return Text(f"{year}第{period.number}季度", str(period))
        case PeriodKind.MONTH:
            return Text(f"{year}{period.number}月", str(period))
        case PeriodKind.DAY:
            day = period.starts_on
            return Text(f"{year}{day.month}月{day.day}日", str(period))
    return Text(year, str(period))
