"""From a unit's rows in a consolidated workbook to its answers.

Nearly every cell is a plain number in the indicator's own unit of measure; it is taken at once. All others go the road
of single uploads (`importers.parse`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from importers.consolidated_reading import Table, UnitRows
from importers.measures import conversion
from importers.parse import parse_cell
from importers.rows import Item, cell_of
from importers.workbook import column_letters
from portal.domain.entry_checks import admissible
from portal.domain.findings import Cell, Finding
from portal.domain.forms import DataType, FormVersion, Indicator, Severity
from portal.domain.units import Level
from portal.domain.values import Value, ValueStatus

_MOST_DIGITS = 15
_REPORTED = ValueStatus.REPORTED


@dataclass
class UnitAnswers:
    """What a unit's rows answer.

    Attributes:
        values: every answer that was understood; blank cells are left out.
        places: where each stands, `表4!E12`.
        findings: about single cells, each with its place.
    """

    values: dict[str, Value] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def understood(self) -> bool:
        """Whether every cell could be read as a possible answer."""
        return all(finding.severity is not Severity.BLOCKING for finding in self.findings)


class RowReader:
    """Reads the rows of a workbook; what is the same for every row is worked out once."""

    def __init__(self, form: FormVersion) -> None:
        self._form = form
        self._columns: dict[tuple[int, Level], dict[int, _Column]] = {}

    def answers(self, unit: UnitRows, level: Level) -> UnitAnswers:
        """What a unit of that level answers."""
        answers = UnitAnswers()
        values, places = answers.values, answers.places
        for table, row in unit.rows():
            columns = self._columns_of(table, level)
            for number, item in zip(row.columns, row.items, strict=True):
                column = columns.get(number)
                if column is None:
                    continue
                value = column.quick(item) if type(item) is str and column.quick else None
                if value is None:
                    self._slowly(column, level, row.sheet, row.row, number, item, answers)
                else:
                    values[column.code] = value
                    places[column.code] = f"{column.place}{row.row}"
        return answers

    def _columns_of(self, table: Table, level: Level) -> "dict[int, _Column]":
        key = (id(table), level)
        if key not in self._columns:
            self._columns[key] = {
                number: _Column(table.title, number, self._form.indicator(code), level, table.stated.get(number, ""))
                for number, code in table.columns.items()
            }
        return self._columns[key]

    def _slowly(
        self, column: "_Column", level: Level, sheet: str, row: int, number: int, item: Item, answers: UnitAnswers
    ) -> None:
        cell = cell_of(sheet, row, number, item)
        parsed = parse_cell(column.indicator, cell, stated_unit=column.stated)
        place = Cell(sheet, cell.address)
        mistake = None if parsed.value is None else admissible(column.indicator, level, parsed.value)
        answers.findings += [replace(each, cell=place) for each in (*parsed.findings, mistake) if each is not None]
        if parsed.value is not None and parsed.value.answered and not mistake and level in column.indicator.filled_by:
            answers.values[column.code] = parsed.value
            answers.places[column.code] = f"{column.place}{row}"


@dataclass(frozen=True)
class _Column:
    """A column of a table, for units of one level."""

    title: str
    number: int
    indicator: Indicator
    level: Level
    stated: str

    @cached_property
    def code(self) -> str:
        """Of its indicator."""
        return self.indicator.code

    @cached_property
    def place(self) -> str:
        """Address of its cells up to the row."""
        return f"{self.title}!{column_letters(self.number)}"

    @cached_property
    def quick(self) -> Callable[[str], Value | None] | None:
        """Reads digits at once where they mean what they say; gives None for what needs a closer look."""
        indicator = self.indicator
        own_measure = not self.stated or conversion(indicator, self.stated) == 1
        if not (indicator.type.is_number and self.level in indicator.filled_by and own_measure):
            return None

        whole, least, most = indicator.type is DataType.COUNT, indicator.minimum, indicator.maximum

        def read(digits: str) -> Value | None:
            if len(digits) > _MOST_DIGITS:
                return None
            if "." in digits:
                digits = digits.rstrip("0").rstrip(".")
            number = Decimal(digits) + 0
            unfit = whole and "." in digits
            if unfit or (least is not None and number < least) or (most is not None and number > most):
                return None
            return Value(_REPORTED, number)

        return read
