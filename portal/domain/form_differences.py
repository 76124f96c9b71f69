"""What a form says differently from an earlier version of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.domain.form_records import FORM, INDICATOR, RULE, SHEET
from portal.domain.forms import FormVersion, Text
from portal.domain.records import Record


class Difference(StrEnum):
    """What became of a part of the form."""

    ADDED = "added"
    DROPPED = "dropped"
    CHANGED = "changed"


@dataclass(frozen=True)
class Changed:
    """A part of the form that is new, gone or different.

    Attributes:
        keys: for one that is different, the keys of the form file under which it is.
    """

    what: Difference
    code: str
    name: Text
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormDifferences:
    """All of them.

    Attributes:
        keys: of the form file, outside of sheets and rules.
        reordered: whether indicators that both have stand in another order.
    """

    keys: tuple[str, ...]
    sheets: list[Changed]
    indicators: list[Changed]
    rules: list[Changed]
    reordered: bool

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.keys or self.sheets or self.indicators or self.rules or self.reordered)


def differences(old: FormVersion, new: FormVersion) -> FormDifferences:
    """What `new` says differently from `old`; neither their numbers nor where they come from count."""
    shared = old.by_code.keys() & new.by_code.keys()
    return FormDifferences(
        _keys(FORM, old, new, without={"number", "sheets", "rules", "mapping"}),
        _compared(SHEET, {each.code: each for each in old.sheets}, {each.code: each for each in new.sheets}),
        _compared(INDICATOR, old.by_code, new.by_code),
        _compared(RULE, {each.id: each for each in old.rules}, {each.id: each for each in new.rules}),
        [code for code in old.codes if code in shared] != [code for code in new.codes if code in shared],
    )


def unaccounted(old: FormVersion, new: FormVersion) -> tuple[list[str], list[str]]:
    """Codes that come or go without the mapping saying so: those that are new, and those that are gone."""
    come = {code for change in new.mapping for code in change.new}
    gone = {code for change in new.mapping for code in change.old}
    return (
        [code for code in new.codes if code not in old.by_code and code not in come],
        [code for code in old.codes if code not in new.by_code and code not in gone],
    )


def _compared(record: Record, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Changed]:
    """In the order of the new form, what is gone last. Indicators of a sheet are compared on their own."""
    found = []
    for code, part in new.items():
        before = old.get(code)
        keys = () if before is None else _keys(record, before, part, without={"indicators"})
        if before is None or keys:
            found.append(Changed(Difference.CHANGED if keys else Difference.ADDED, code, _name(part), keys))
    gone = [Changed(Difference.DROPPED, code, _name(part)) for code, part in old.items() if code not in new]
    return found + gone


def _keys(record: Record, old: Any, new: Any, *, without: set[str]) -> tuple[str, ...]:
    return tuple(
        each.key
        for each in record.table
        if each.key not in without and getattr(old, each.name) != getattr(new, each.name)
    )


def _name(part: Any) -> Text:
    """What it is called; of a rule, its relation."""
    named: Text | None = getattr(part, "name", None)
    return named if named is not None else Text(part.expression)
