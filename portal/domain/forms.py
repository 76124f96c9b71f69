"""Forms (报表制度) as data: sheets of indicators, and rules. Nothing here knows any particular form."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from portal.domain.cross_tables import CrossTable, cells_of
from portal.domain.form_rules import Blank, Example, Rule, Severity
from portal.domain.indicators import (
    Aggregation,
    AggregationKind,
    Balance,
    Below,
    DataType,
    Direction,
    Incomplete,
    Indicator,
    OverTime,
    Parts,
    Scope,
    Source,
)
from portal.domain.lists import ListTable
from portal.domain.periods import PeriodKind
from portal.domain.texts import Language, Text
from portal.domain.units import Level
from portal.errors import NotFound

__all__ = [
    "Aggregation",
    "AggregationKind",
    "Balance",
    "Below",
    "Blank",
    "Change",
    "ChangeKind",
    "DataType",
    "Direction",
    "Example",
    "FormVersion",
    "Incomplete",
    "Indicator",
    "Language",
    "OverTime",
    "Parts",
    "Rule",
    "Scope",
    "Section",
    "Severity",
    "Sheet",
    "Source",
    "Text",
]

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Sheet:
    """A sheet (表) of a form.

    Attributes:
        listed: its indicators, one a line, if that is what it is made of.
        cross: its rows and columns, if it is a cross table; then its indicators are the cells, row by row.
        table: its columns, if it is a list of as many rows as the unit has; then it has no indicators.
    """

    code: str
    name: Text
    listed: tuple[Indicator, ...] = ()
    cross: CrossTable | None = None
    table: ListTable | None = None

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """All of them, in form order."""
        return self.listed if self.cross is None else cells_of(self.code, self.cross)

    @property
    def codes(self) -> tuple[str, ...]:
        """Of its indicators in form order, or of its list."""
        return tuple(each.code for each in self.indicators) if self.table is None else (self.table.code,)


@dataclass(frozen=True)
class Section:
    """A section of the text (文字报告) that goes with the figures.

    Attributes:
        guide: what is to be written there.
        source: the regulation that asks for it.
        required: nothing is handed in without it.
    """

    code: str
    name: Text
    guide: Text = Text("")
    source: Text = Text("")
    required: bool = False


class ChangeKind(StrEnum):
    """What became of indicators from one version of a form to the next."""

    RENAMED = "renamed"
    SPLIT = "split"
    MERGED = "merged"
    NEW = "new"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Change:
    """Indicators of the version before, and those that follow from them."""

    how: ChangeKind
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormVersion:
    """A published form: it never changes; a correction is a new number.

    Attributes:
        issuer: 制定机关, printed top right on the sheets.
        approval: 批准文号, printed below it.
        validity: 有效期, printed below that: until when the form may be used.
        explain_unchanged: whether figures that all equal last year's ask for an explanation.
        mapping: what changed since the version before; what it does not name is the same.
        additions: what units above those that answer it added, by unit code and number (`portal.domain.additions`).
        outline: the sections of the text that goes with the figures; empty if none does.
    """

    code: str
    number: int
    name: Text
    period_kind: PeriodKind
    levels: frozenset[Level]
    sheets: tuple[Sheet, ...]
    rules: tuple[Rule, ...] = ()
    issuer: Text = Text("")
    approval: Text = Text("")
    validity: Text = Text("")
    explain_unchanged: bool = False
    outline: tuple[Section, ...] = ()
    mapping: tuple[Change, ...] = ()
    additions: tuple[tuple[str, int], ...] = ()

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Codes of its indicators, in form order."""
        return tuple(self.by_code)

    @cached_property
    def by_code(self) -> dict[str, Indicator]:
        """Indicators by code, in form order."""
        return {indicator.code: indicator for indicator in self}

    def __iter__(self) -> Iterator[Indicator]:
        for sheet in self.sheets:
            yield from sheet.indicators

    def indicator(self, code: str) -> Indicator:
        """The indicator of that code.

        Raises:
            NotFound: the form has none.
        """
        try:
            return self.by_code[code]
        except KeyError:
            raise NotFound("indicator", code) from None

    def sheet_of(self, code: str) -> Sheet:
        """The sheet an indicator stands in."""
        for sheet in self.sheets:
            if any(indicator.code == code for indicator in sheet.indicators):
                return sheet
        raise NotFound("indicator", code)

    @cached_property
    def order(self) -> dict[str, int]:
        """Where indicators and lists stand in the form, by code."""
        codes = [code for sheet in self.sheets for code in sheet.codes]
        return {code: position for position, code in enumerate(codes)}

    @cached_property
    def lists(self) -> dict[str, tuple[Sheet, ListTable]]:
        """The lists with the sheets they stand on, by code, in form order."""
        return {sheet.table.code: (sheet, sheet.table) for sheet in self.sheets if sheet.table is not None}

    def section(self, code: str) -> Section:
        """The section of that code.

        Raises:
            NotFound: the outline has none.
        """
        for section in self.outline:
            if section.code == code:
                return section
        raise NotFound("section", code)

    @cached_property
    def parts(self) -> dict[str, list[Indicator]]:
        """The indicators that are parts of another, as far as they are numbers, in form order, by the other's code."""
        parts: dict[str, list[Indicator]] = {}
        for indicator in self:
            if indicator.parent and indicator.type.is_number:
                parts.setdefault(indicator.parent, []).append(indicator)
        return parts

    def kept(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What was worked out from the form under that key, kept for as long as the form; made where nobody asked yet.

        Two threads that ask first may both make it.

        Args:
            key: the function that works it out, with what it is told beside the form.
            make: works it out; what it returns is never changed by anybody.
        """
        if key not in self._kept:
            self._kept.setdefault(key, make())
        found: _Made = self._kept[key]
        return found

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        return {}

    def typed_at(self, level: Level) -> tuple[Indicator, ...]:
        """What a unit of that level types, in form order."""
        return tuple(i for i in self if i.typed and level in i.filled_by)
