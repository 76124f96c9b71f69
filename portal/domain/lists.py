"""List tables (明细表): sheets of fixed columns to which a unit adds as many rows as it has something to list.

A list and its columns are called by codes in small letters, so that in the rule language (`rows(problems)`,
`sum(problems.spent)`) they are never taken for indicators. A list without rows says nothing yet: that there is nothing
to list is an answer of its own (本期没有).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, reduce

from portal.domain.indicators import Aggregation, AggregationKind, DataType, Indicator
from portal.domain.texts import Text
from portal.domain.units import Level
from portal.domain.values import EXACT, MISSING, Value, Values, value_from_json, value_to_json


class ColumnType(StrEnum):
    """What kind of answer stands in a column."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes-no"


_DATA_TYPES = {ColumnType.CHOICE: DataType.RATING}


@dataclass(frozen=True)
class ListColumn:
    """A column of a list.

    Attributes:
        unit: of measure; empty for what is not counted or measured.
        required: whether no row may leave it blank.
        key: whether rows are told apart by it; by all such columns of the list together.
    """

    code: str
    name: Text
    type: ColumnType
    unit: str = ""
    unit_synonyms: tuple[str, ...] = ()
    decimals: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    key: bool = False
    definition: Text = Text("")

    @cached_property
    def indicator(self) -> Indicator:
        """An indicator that takes the same answers: a cell of a list is read, checked and shown as one."""
        return Indicator(
            self.code,
            self.name,
            self.unit,
            _DATA_TYPES.get(self.type) or DataType(self.type),
            Aggregation(AggregationKind.NONE),
            frozenset(Level),
            core=self.required,
            decimals=self.decimals,
            minimum=self.minimum,
            maximum=self.maximum,
            choices=self.choices,
            definition=self.definition,
            unit_synonyms=self.unit_synonyms,
        )


@dataclass(frozen=True)
class ListTable:
    """What a list asks for.

    Attributes:
        least: rows that there must be at least.
        most: rows that there may be at most.
        core: whether units must answer it, by rows or by saying that there is nothing to list.
        filled_by: levels that answer it.
    """

    code: str
    columns: tuple[ListColumn, ...]
    filled_by: frozenset[Level] = frozenset()
    least: int = 0
    most: int = 200
    core: bool = True

    @cached_property
    def by_code(self) -> dict[str, ListColumn]:
        """The columns by code, in form order."""
        return {column.code: column for column in self.columns}


@dataclass(frozen=True)
class ListItem:
    """A row of a list.

    Attributes:
        number: names it within its list for as long as it is there; rows stand in the order of their numbers.
        cells: by column; what is blank is left out, and something is not.
    """

    number: int
    cells: Values


@dataclass(frozen=True)
class ListAnswer:
    """What a unit listed.

    Attributes:
        none: whether it said that there is nothing to list; then there are no rows.
    """

    table: ListTable
    items: tuple[ListItem, ...] = ()
    none: bool = False

    @property
    def answered(self) -> bool:
        """Whether anything was said: rows, or that there are none."""
        return self.none or bool(self.items)

    def tallies(self) -> Iterator[tuple[str, Value]]:
        """What the rule language asks of it: how many rows, and of each column of numbers the sum; if it is answered.

        A cell that is blank or does not apply adds nothing to a sum.
        """
        if not self.answered:
            return
        yield self.table.code, Value.of(len(self.items))
        for column in self.table.columns:
            if column.indicator.type.is_number:
                cells = (item.cells.get(column.code, MISSING).number for item in self.items)
                numbers = (number for number in cells if number is not None)
                yield column_name(self.table.code, column.code), Value.of(reduce(EXACT.add, numbers, Decimal(0)))


Lists = Mapping[str, ListAnswer]
"""List code → answer; a list that is absent is not answered."""


def column_name(table: str, column: str) -> str:
    """A column as the rule language writes it: `problems.spent`."""
    return f"{table}.{column}"


def tallied(lists: Lists) -> dict[str, Value]:
    """Everything that the rule language may ask of lists, by list and by list and column."""
    return {name: value for answer in lists.values() for name, value in answer.tallies()}


def row_to_json(cells: Values) -> dict[str, dict[str, object]]:
    """A row as JSON keeps and exchanges it, by column."""
    return {column: value_to_json(value) for column, value in cells.items()}


def row_from_json(body: Mapping[str, Mapping[str, object]]) -> dict[str, Value]:
    """The row that `row_to_json` wrote.

    Raises:
        ValueError: it is no such thing.
    """
    return {column: value_from_json(value) for column, value in body.items()}


def list_to_json(answer: ListAnswer) -> dict[str, object]:
    """What a unit listed as JSON exchanges it: its rows, and whether it said that there are none."""
    return {"none": answer.none, "rows": [row_to_json(item.cells) for item in answer.items]}


def numbered(rows: Iterable[Values]) -> tuple[ListItem, ...]:
    """Rows as they come, without those that are blank, numbered from 1."""
    filled = ({code: cell for code, cell in row.items() if cell.answered} for row in rows)
    return tuple(ListItem(number, cells) for number, cells in enumerate((row for row in filled if row), start=1))
