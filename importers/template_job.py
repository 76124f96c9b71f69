"""What a generated workbook is about, and where each indicator stands in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from importers.identity import Identity, UnitName, check_mark
from portal.domain.forms import FormVersion, Indicator, Language, Sheet, Text
from portal.domain.periods import Period, PeriodKind
from portal.domain.rules import completed
from portal.domain.values import Value, Values

HEADER_ROW = 6
FIRST_ROW = 8
CODE, NAME, UNIT, LAST_YEAR, THIS_YEAR, NOTE = "ABCDEF"
_LONGEST_TITLE = 31
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True)
class Place:
    """An indicator's sheet, by title, and row."""

    sheet: str
    row: int

    def address(self, column: str) -> str:
        """`E9`."""
        return f"{column}{self.row}"

    def reference(self, column: str, seen_from: str) -> str:
        """The address as a formula in another sheet, or the same, names it."""
        return self.address(column) if seen_from == self.sheet else f"'{self.sheet}'!{self.address(column)}"


@dataclass(frozen=True)
class Job:
    """A workbook to be generated.

    Attributes:
        last_year: accepted values of a year ago.
        previous: accepted values of the period right before, from which figures may be carried in.
        current: what has been answered so far.
        written: texts to stand in this year's column in place of a value, as the submitter wrote them.
        notes: notes to stand beside figures that have no value to carry them.
        demo: whether every sheet says that its figures are invented.
    """

    form: FormVersion
    unit: UnitName
    period: Period
    language: Language = "zh"
    last_year: Values = field(default_factory=dict)
    previous: Values | None = None
    current: Values = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    demo: bool = False

    @cached_property
    def identity(self) -> Identity:
        """Whose answers the workbook will hold."""
        return Identity(self.form.code, self.form.number, self.unit.code, str(self.period))

    @cached_property
    def mark(self) -> str:
        """The check mark over the identity."""
        return check_mark(self.form, self.identity)

    @cached_property
    def places(self) -> dict[str, Place]:
        """Where each indicator stands, by code."""
        return {
            indicator.code: Place(self.title_of(sheet), FIRST_ROW + position)
            for sheet in self.form.sheets
            for position, indicator in enumerate(sheet.indicators)
        }

    @cached_property
    def values(self) -> dict[str, Value]:
        """Every indicator's value, with what is carried in; what the level does not fill is not applicable."""
        return completed(self.form, self.unit.level, self.current, self.last_year or None, self.previous)

    def say(self, text: Text) -> str:
        """A text in the workbook's language."""
        return text.in_language(self.language)

    def title_of(self, sheet: Sheet) -> str:
        """The sheet's title: its code and as much of its name as fits."""
        return _NOT_IN_TITLES.sub(" ", f"{sheet.code} {self.say(sheet.name)}")[:_LONGEST_TITLE].rstrip()

    def fills(self, indicator: Indicator) -> bool:
        """Whether the unit types this indicator."""
        return indicator.typed and self.unit.level in indicator.filled_by


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
    return Text(year, str(period))
