"""From a unit's rows in a consolidated workbook to its answers.

Nearly every cell is a plain number in the indicator's own unit of measure; it is taken at once. All others go the road
of single uploads (`importers.parse`).
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache

from importers.consolidated_reading import Table, UnitRows
from importers.measures import conversion
from importers.parse import parse_cell
from importers.rows import Item, ReadRow, cell_of, columns_of
from importers.workbook import column_letters
from portal.domain.entry_checks import admissible, unfit
from portal.domain.findings import Cell, Finding
from portal.domain.forms import DataType, FormVersion, Indicator, Severity
from portal.domain.units import Level
from portal.domain.values import Value, ValueStatus

_MOST_DIGITS = 15
_FIGURES_KEPT = 32_768
_MOST_LAYOUTS = 1_024
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
    """Reads the rows of a workbook, perhaps in several threads; what is the same for every row is worked out once."""

    def __init__(self, form: FormVersion) -> None:
        self._form = form
        self._columns: dict[tuple[int, Level], dict[int, _Column]] = {}
        self._layouts: dict[tuple[int, Level, str], _Layout] = {}

    def answers(self, unit: UnitRows, level: Level) -> UnitAnswers:
        """What a unit of that level answers."""
        answers = UnitAnswers()
        for table, row in unit.rows():
            columns = self._columns_of(table, level)
            self._numbers(table, level, row, answers)
            for number, item in row.others:
                if number in columns:
                    _slowly(columns[number], row, item, answers)
        return answers

    def _numbers(self, table: Table, level: Level, row: ReadRow, answers: UnitAnswers) -> None:
        """Take the plain numbers of a row: all at once where nothing about them needs a look."""
        if not row.columns:
            return
        layout, numbers = self._layout(table, level, row.columns), row.digits.split(",")
        if layout.takes_all(row.digits, numbers):
            answers.values.update(zip(layout.codes, map(_figure, numbers), strict=True))
            answers.places.update(zip(layout.codes, [f"{place}{row.row}" for place in layout.places], strict=True))
            return
        for column, digits in zip(layout.columns, numbers, strict=True):
            if column is None:
                continue
            value = column.quick(digits)
            if value is None:
                _slowly(column, row, digits, answers)
            else:
                answers.values[column.code] = value
                answers.places[column.code] = f"{column.place}{row.row}"

    def _columns_of(self, table: Table, level: Level) -> "dict[int, _Column]":
        key = (id(table), level)
        if key not in self._columns:
            self._columns[key] = {
                number: _Column(table.title, number, self._form.indicator(code), level, table.stated.get(number, ""))
                for number, code in table.columns.items()
            }
        return self._columns[key]

    def _layout(self, table: Table, level: Level, columns: str) -> "_Layout":
        key = (id(table), level, columns)
        layout = self._layouts.get(key)
        if layout is None:
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            known = self._columns_of(table, level)
            self._layouts[key] = layout = _Layout([known.get(number) for number in columns_of(columns)])
        return layout


def _slowly(column: "_Column", row: ReadRow, item: Item, answers: UnitAnswers) -> None:
    """Take a cell the way of single uploads."""
    cell = cell_of(row.sheet, row.row, column.number, item)
    parsed = parse_cell(column.indicator, cell, stated_unit=column.stated)
    place = Cell(row.sheet, cell.address)
    mistake = None if parsed.value is None else admissible(column.indicator, column.level, parsed.value)
    answers.findings += [replace(each, cell=place) for each in (*parsed.findings, mistake) if each is not None]
    asked = column.level in column.indicator.filled_by
    if parsed.value is not None and parsed.value.answered and not mistake and asked:
        answers.values[column.code] = parsed.value
        answers.places[column.code] = f"{column.place}{row.row}"


@lru_cache(maxsize=_FIGURES_KEPT)
def _figure(digits: str) -> Value:
    """The answer that plain digits are; most figures of a workbook stand in it more than once."""
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return Value(_REPORTED, Decimal(digits) + 0)


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
    def plain(self) -> bool:
        """Whether digits mean here what they say."""
        own_measure = not self.stated or conversion(self.indicator, self.stated) == 1
        return self.indicator.type.is_number and self.level in self.indicator.filled_by and own_measure

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.indicator.type is DataType.COUNT

    @property
    def unbounded(self) -> bool:
        """Whether it takes every number from 0 on, whole ones at least."""
        least = self.indicator.minimum
        return self.plain and (least is None or least <= 0) and self.indicator.maximum is None

    def quick(self, digits: str) -> Value | None:
        """The answer that digits are, where they mean what they say; None for what needs a closer look."""
        if not self.plain or len(digits) > _MOST_DIGITS:
            return None
        value = _figure(digits)
        return None if unfit(self.indicator, value) else value


class _Layout:
    """The columns of the plain numbers in a row; None for one that is no indicator's."""

    def __init__(self, columns: "list[_Column | None]") -> None:
        self.columns = columns
        self.codes = [column.code for column in columns if column]
        self.places = [column.place for column in columns if column]
        self._whole = any(column.whole for column in columns if column)
        self._unbounded = all(column is not None and column.unbounded for column in columns)

    def takes_all(self, digits: str, numbers: list[str]) -> bool:
        """Whether every number of a row can be told to be one that its column takes."""
        fitting = "-" not in digits and not (self._whole and "." in digits)
        return self._unbounded and fitting and max(map(len, numbers)) <= _MOST_DIGITS
