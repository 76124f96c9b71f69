"""What a request carries of a sheet: typed answers, and the row versions the person saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.domain.forms import Indicator, Text
from portal.domain.values import MISSING, Value, Values
from portal.errors import InvalidInput
from portal.web.answers import Entry, read_answer
from portal.web.sane import is_count, storable


@dataclass(frozen=True)
class Typed:
    """Answers as typed, and as understood.

    Attributes:
        entries: what was typed, by code.
        values: what it means, by code; without those that could not be understood.
        problems: what is wrong with the others, by code.
        seen: row versions the person saw, by code.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    problems: dict[str, Text] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)


def from_form(form: Mapping[str, str], indicators: Iterable[Indicator]) -> Typed:
    """The boxes of a posted sheet; an indicator without boxes is left alone."""
    return _understood(
        (
            indicator,
            Entry(
                form.get(f"answer-{indicator.code}", ""),
                f"na-{indicator.code}" in form,
                form.get(f"note-{indicator.code}", ""),
            ),
            form[f"version-{indicator.code}"],
        )
        for indicator in indicators
        if f"version-{indicator.code}" in form
    )


def from_json(body: Any, indicators: Mapping[str, Indicator]) -> Typed:
    """The cells of an autosave: `{"cells": {code: {"answer", "not_applicable", "note", "row_version"}}}`.

    Raises:
        InvalidInput: the body has another shape, or names a cell that is not of this sheet.
    """
    cells = body.get("cells") if isinstance(body, dict) else None
    if not isinstance(cells, dict) or not all(isinstance(cell, dict) for cell in cells.values()):
        raise InvalidInput("cells", "not_cells")
    if not storable(cells):
        raise InvalidInput("cells", "not_text")
    unknown = sorted(set(cells) - set(indicators))
    if unknown:
        raise InvalidInput("cells", "not_of_this_sheet", ",".join(unknown))
    return _understood(
        (
            indicators[code],
            Entry(str(cell.get("answer", "")), cell.get("not_applicable") is True, str(cell.get("note", ""))),
            str(cell.get("row_version", "")),
        )
        for code, cell in cells.items()
    )


def _understood(cells: Iterable[tuple[Indicator, Entry, str]]) -> Typed:
    typed = Typed()
    for indicator, entry, version in cells:
        code = indicator.code
        typed.entries[code] = entry
        typed.seen[code] = read_version(code, version)
        answer = read_answer(indicator, entry)
        if isinstance(answer, Text):
            typed.problems[code] = answer
        else:
            typed.values[code] = answer
    return typed


def read_version(field_name: str, text: str) -> int:
    """A row version that a page showed.

    Raises:
        InvalidInput: it is none.
    """
    if not is_count(text):
        raise InvalidInput(field_name, "not_a_version", text)
    return int(text)


def read_day(field_name: str, text: str) -> date:
    """A calendar day from a box for dates.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(field_name, "not_a_day") from error


def changed_only(typed: Typed, stored: Values) -> Typed:
    """Without the answers that stand there already: they are not written, and cannot conflict."""
    changed = {code: value for code, value in typed.values.items() if value != stored.get(code, MISSING)}
    return Typed(typed.entries, changed, typed.problems, {code: typed.seen[code] for code in changed})
