"""A list table as it is filled in or read, and what a request carries of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.domain.findings import Finding
from portal.domain.forms import Sheet, Text
from portal.domain.lists import ColumnType, ListAnswer, ListColumn, ListTable
from portal.domain.values import MISSING, NO, YES, Value, Values, ValueStatus
from portal.errors import InvalidInput
from portal.queries.list_rows import NONE, RowOrigin
from portal.queries.submissions import SubmissionView
from portal.web import figures
from portal.web.answers import Entry, read_answer
from portal.web.language import gettext as _
from portal.web.language import moment
from portal.web.present.entries import read_version
from portal.web.present.sheet import UNFILLED
from portal.web.sane import is_count, storable
from portal.web.words import choice_name

_NOT_APPLICABLE = "不适用"
"""What people write for it, in whatever language the page speaks."""

BLANK_ROWS = 3
"""Rows to add into, for whoever works without JavaScript."""

Typed = Mapping[str, str]
"""What stands in the boxes of a row, by column."""


@dataclass(frozen=True)
class Cell:
    """A cell of a row.

    Attributes:
        typed: what stands in its box.
        shown: the same for reading.
        problem: why what was typed was not saved; empty if nothing was in the way.
    """

    column: ListColumn
    typed: str
    shown: str
    problem: str = ""

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What may be chosen, as it is stored and as it is called; nothing where something is typed."""
        match self.column.type:
            case ColumnType.CHOICE:
                offered = self.column.choices
            case ColumnType.YES_NO:
                offered = (YES, NO)
            case _:
                return []
        return [*((each, choice_name(each)) for each in offered), (_NOT_APPLICABLE, _("不适用"))]


@dataclass(frozen=True)
class Row:
    """A row of the list, or one that may be added.

    Attributes:
        place: counted from 1 as it is shown; 0 for one that is not there yet.
        remarks: findings about it, heaviest first.
        theirs: for a conflict, what somebody else put there meanwhile, and who and when.
    """

    number: int
    place: int
    row_version: int
    cells: Sequence[Cell]
    remarks: Sequence[Finding] = ()
    theirs: str = ""

    @property
    def worst(self) -> str:
        """Severity of the heaviest remark; that a cell is still empty is no reason to colour the row."""
        return next((str(each.severity) for each in self.remarks if each.code != UNFILLED), "")

    @property
    def problems(self) -> list[Cell]:
        """The cells that were not saved."""
        return [cell for cell in self.cells if cell.problem]


@dataclass(frozen=True)
class ListView:
    """The list.

    Attributes:
        rows: those that are there, or were just typed.
        blank: rows that may be added.
        following: number of the first row that nobody has begun.
        none: whether it was said that there is nothing to list.
        remarks: findings about the list as a whole.
    """

    sheet: Sheet
    table: ListTable
    rows: Sequence[Row]
    blank: Sequence[Row]
    following: int
    none: bool
    remarks: Sequence[Finding]


@dataclass(frozen=True)
class TypedRows:
    """Rows as typed, and as understood, by number.

    Attributes:
        values: what was understood; a cell that was not is left out, and keeps what it has.
        problems: what is wrong with the others, by column.
        seen: row versions the person saw.
    """

    entries: dict[int, Typed] = field(default_factory=dict)
    values: dict[int, Values] = field(default_factory=dict)
    problems: dict[int, dict[str, Text]] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)


def list_view(
    view: SubmissionView,
    sheet: Sheet,
    findings: Sequence[Finding] = (),
    *,
    origins: Mapping[int, RowOrigin] | None = None,
    typed: TypedRows | None = None,
    problems: Mapping[int, Mapping[str, str]] | None = None,
    contested: bool = False,
) -> ListView | None:
    """The list of a sheet; None if the sheet is made otherwise.

    Args:
        view: the submission.
        sheet: of its form.
        findings: of the whole submission; those about this list are shown at their rows.
        origins: how the rows stand, for whoever may edit them.
        typed: what was just typed and is to stay in the boxes.
        problems: why typed cells were not saved, by number and column.
        contested: nothing of what was typed was saved, because somebody else had changed a row.
    """
    table = sheet.table
    if table is None:
        return None
    answer = view.around.lists.get(table.code) or ListAnswer(table)
    stored = {item.number: item.cells for item in answer.items}
    origins, wrong = origins or {}, problems or {}
    kept = _kept(typed, wrong, contested=contested)
    remarks = [each for each in findings if each.subject == table.code]
    numbers = sorted(stored.keys() | kept.keys())
    rows = []
    for place, number in enumerate(numbers, start=1):
        cells, origin = stored.get(number, {}), origins.get(number)
        version = origin.row_version if origin else 0
        theirs = contested and typed is not None and number in typed.seen and typed.seen[number] != version
        rows.append(
            Row(
                number,
                place,
                version,
                [_cell(each, cells, kept.get(number), wrong.get(number, {})) for each in table.columns],
                [each for each in remarks if each.listed and each.listed.row and each.listed.number == number],
                _theirs(table, origin) if theirs else "",
            )
        )
    following = max((*origins, *numbers, NONE)) + 1
    blank = [Row(following + n, 0, 0, [_cell(each, {}, None, {}) for each in table.columns]) for n in range(BLANK_ROWS)]
    whole = [each for each in remarks if each.listed and not each.listed.row]
    return ListView(sheet, table, rows, blank, following, answer.none, whole)


def _kept(typed: TypedRows | None, problems: Mapping[int, Mapping[str, str]], *, contested: bool) -> dict[int, Typed]:
    """What is to stay in the boxes although it is not stored: after a conflict everything, else what was refused."""
    if typed is None:
        return {}
    if contested:
        return {number: cells for number, cells in typed.entries.items() if any(cells.values())}
    return {
        number: {code: text for code, text in typed.entries[number].items() if code in wrong}
        for number, wrong in problems.items()
        if wrong
    }


def _cell(column: ListColumn, cells: Values, kept: Typed | None, problems: Mapping[str, str]) -> Cell:
    value = cells.get(column.code, MISSING)
    typed = (kept or {}).get(column.code, typed_text(value))
    return Cell(column, typed, figures.shown(value, column.indicator), problems.get(column.code, ""))


def typed_text(value: Value) -> str:
    """A cell as it stands in its box; what does not apply is written out."""
    return _NOT_APPLICABLE if value.status is ValueStatus.NOT_APPLICABLE else figures.typed(value)


def in_words(table: ListTable, cells: Values) -> str:
    """A row in one line: its cells as they are read, or a dash."""
    shown = [figures.shown(cells[column.code], column.indicator) for column in table.columns if column.code in cells]
    return "；".join(shown) or figures.MISSING_SIGN


def _theirs(table: ListTable, origin: RowOrigin | None) -> str:
    if origin is None:
        return ""
    return _(
        "%(person)s 于 %(time)s 改为：%(value)s",
        person=origin.entered_by,
        time=moment(origin.entered_at),
        value=in_words(table, origin.cells),
    )


def contested_rows(table: ListTable, origins: Mapping[int, RowOrigin], seen: Mapping[int, int]) -> dict[int, str]:
    """What stands now where somebody else was first, in words, by row."""
    return {
        number: _theirs(table, origin)
        for number, origin in origins.items()
        if number in seen and seen[number] != origin.row_version
    }


# --- What a request carries ------------------------------------------------------------------------------------


def from_form(form: Mapping[str, str], table: ListTable) -> TypedRows:
    """The boxes of a posted list: `version-N` for every row, `cell-N-COLUMN`, and `drop-N` for those to be deleted."""
    numbers = [name.removeprefix("version-") for name in form if name.startswith("version-")]
    rows = (
        (
            number,
            {
                column.code: "" if f"drop-{number}" in form else form.get(f"cell-{number}-{column.code}", "")
                for column in table.columns
            },
            form[f"version-{number}"],
        )
        for number in numbers
    )
    return _understood(table, rows)


def from_json(body: Any, table: ListTable) -> TypedRows:
    """The rows of an autosave: `{"rows": {number: {"cells": {column: text}, "row_version"}}}`.

    Raises:
        InvalidInput: the body has another shape, or names a column that is not of this list.
    """
    rows = body.get("rows") if isinstance(body, dict) else None
    if not isinstance(rows, dict) or not all(
        isinstance(row, dict) and isinstance(row.get("cells"), dict) for row in rows.values()
    ):
        raise InvalidInput("rows", "not_cells")
    if not storable(rows):
        raise InvalidInput("rows", "not_text")
    unknown = sorted({code for row in rows.values() for code in row["cells"]} - table.by_code.keys())
    if unknown:
        raise InvalidInput("rows", "not_of_this_sheet", ",".join(unknown))
    cells = (
        (number, {code: str(text) for code, text in row["cells"].items()}, str(row.get("row_version", "")))
        for number, row in rows.items()
    )
    return _understood(table, cells)


def _understood(table: ListTable, rows: Iterable[tuple[str, Typed, str]]) -> TypedRows:
    typed = TypedRows()
    for name, cells, version in rows:
        if not is_count(name):
            raise InvalidInput("row", "not_a_row", name)
        number = int(name)
        typed.entries[number], typed.seen[number] = cells, read_version(name, version)
        read = {code: read_answer(table.by_code[code].indicator, Entry(text)) for code, text in cells.items()}
        typed.values[number] = {code: value for code, value in read.items() if isinstance(value, Value)}
        problems = {code: problem for code, problem in read.items() if isinstance(problem, Text)}
        if problems:
            typed.problems[number] = problems
    return typed
