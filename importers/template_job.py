"""What a generated workbook is about, and where each indicator stands in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from openpyxl.utils import get_column_letter

from importers.identity import Identity, UnitName, check_mark
from portal.domain.cross_layout import StubLine, head_rows, stub_lines
from portal.domain.cross_tables import CrossTable
from portal.domain.findings import ListPlace
from portal.domain.forms import FormVersion, Indicator, Language, Sheet, Text
from portal.domain.lists import ListItem, Lists, ListTable
from portal.domain.periods import Period
from portal.domain.rules import completed
from portal.domain.surroundings import Surroundings
from portal.domain.values import Value, Values

HEADER_ROW = 6
FIRST_ROW = 8
CODE, NAME, UNIT, LAST_YEAR, THIS_YEAR, NOTE = "ABCDEF"
FIRST_CELL = 3
"""Number of the first column of a cross table's cells, after its rows' codes and names."""
_LEAST_ROWS, _MORE_ROWS = 20, 10
_LONGEST_TITLE = 31
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True)
class Place:
    """Where an indicator stands.

    Attributes:
        sheet: by title.
        column: of this year's figure, by letter.
        before: of last year's; empty where it is not shown.
    """

    sheet: str
    row: int
    column: str = THIS_YEAR
    before: str = LAST_YEAR

    @property
    def answer(self) -> str:
        """Address of this year's cell: `E9`."""
        return f"{self.column}{self.row}"

    def reference(self, column: str, seen_from: str) -> str:
        """The address of a column's cell as a formula in another sheet, or the same, names it."""
        address = f"{column}{self.row}"
        return address if seen_from == self.sheet else f"'{self.sheet}'!{address}"


@dataclass(frozen=True)
class Job:
    """A workbook to be generated.

    Attributes:
        last_year: accepted values of a year ago.
        previous: accepted values of the period right before, from which figures may be carried in.
        current: what has been answered so far.
        lists: what has been listed so far.
        texts: what is written under the sections of the text so far, by their codes.
        written: texts to stand in a cell in place of a value, as the submitter wrote them; in cells of lists by list,
            row and column.
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
    lists: Lists = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
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
        """Where each indicator stands, by code; in lists also the list, each row and each cell of a row."""
        return {code: place for sheet in self.form.sheets for code, place in self._places_on(sheet)}

    def _places_on(self, sheet: Sheet) -> Iterator[tuple[str, Place]]:
        title = self.title_of(sheet)
        if sheet.table is not None:
            yield from self._places_in_list(title, sheet.table)
            return
        if sheet.cross is None:
            for number, indicator in enumerate(sheet.listed, start=FIRST_ROW):
                yield indicator.code, Place(title, number)
            return
        rows = {line.leaf.code: number for number, line in numbered_lines(sheet.cross) if line.leaf}
        columns = {
            leaf.code: get_column_letter(FIRST_CELL + position)
            for position, leaf in enumerate(sheet.cross.column_leaves)
        }
        for (row, column), indicator in zip(sheet.cross.crossings, sheet.indicators, strict=True):
            yield indicator.code, Place(title, rows[row.code], columns[column.code], "")

    def _places_in_list(self, title: str, table: ListTable) -> Iterator[tuple[str, Place]]:
        yield str(ListPlace(table.code)), Place(title, HEADER_ROW + 1, CODE, "")
        for number in range(1, self.open_rows(table) + 1):
            yield str(ListPlace(table.code, number, "", number)), Place(title, FIRST_ROW + number - 1, CODE, "")
            for position, column in enumerate(table.columns, start=2):
                place = Place(title, FIRST_ROW + number - 1, get_column_letter(position), "")
                yield str(ListPlace(table.code, number, column.code, number)), place

    def items(self, table: ListTable) -> tuple[ListItem, ...]:
        """What is listed so far."""
        return self.lists[table.code].items if table.code in self.lists else ()

    def open_rows(self, table: ListTable) -> int:
        """How many rows a list is written with: those that are there, and some to add."""
        filled = len(self.items(table))
        return max(filled, min(table.most, max(_LEAST_ROWS, filled + _MORE_ROWS)))

    @cached_property
    def values(self) -> dict[str, Value]:
        """Every indicator's value, with what is carried in; what the level does not fill is not applicable."""
        around = Surroundings(lists=self.lists)
        return completed(self.form, self.unit.level, self.current, self.last_year or None, self.previous, around)

    def value(self, indicator: Indicator) -> Value:
        """What an indicator's cell shows."""
        return self.current.get(indicator.code, self.values[indicator.code])

    def say(self, text: Text) -> str:
        """A text in the workbook's language."""
        return text.in_language(self.language)

    def title_of(self, sheet: Sheet) -> str:
        """The sheet's title: its code and as much of its name as fits."""
        return _NOT_IN_TITLES.sub(" ", f"{sheet.code} {self.say(sheet.name)}")[:_LONGEST_TITLE].rstrip()

    def fills(self, indicator: Indicator) -> bool:
        """Whether the unit types this indicator."""
        return indicator.typed and self.unit.level in indicator.filled_by


def code_row(cross: CrossTable) -> int:
    """The row of the columns' codes, below the head of a cross table."""
    return HEADER_ROW + len(head_rows(cross))


def numbered_lines(cross: CrossTable) -> Iterator[tuple[int, StubLine]]:
    """The rows of a cross table, headings included, with their numbers in the worksheet."""
    return enumerate(stub_lines(cross), start=code_row(cross) + 1)
