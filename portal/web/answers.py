"""From what a person types into a row of a sheet to a Value, by the same reading as a cell of a workbook."""

from dataclasses import dataclass, replace

from importers.notes import read_note
from importers.parse import parse_text
from portal.domain.forms import Indicator, Text
from portal.domain.values import NOT_APPLICABLE, Value

LONGEST_ANSWER = 20_000
LONGEST_NOTE = 500

_TOO_LONG = Text("内容太长，请缩短。", "Too long: please shorten it.")
_BOTH = Text("填了数又勾了“不适用”，请只留一个。", "There is an answer and “not applicable” is ticked: keep only one.")


@dataclass(frozen=True)
class Entry:
    """One row of the sheet as it was typed."""

    answer: str = ""
    not_applicable: bool = False
    note: str = ""


def read_answer(indicator: Indicator, entry: Entry) -> Value | Text:
    """The value that was meant, or what is wrong with it; an empty answer is missing."""
    as_of_on, note = read_note(entry.note.strip())
    if len(note) > LONGEST_NOTE or len(entry.answer) > LONGEST_ANSWER:
        return _TOO_LONG
    parsed = parse_text(indicator, entry.answer)
    if entry.not_applicable and (parsed.value is None or parsed.value.reported):
        return _BOTH
    if parsed.value is None or parsed.placeholder:
        return parsed.findings[0].message
    return replace(NOT_APPLICABLE if entry.not_applicable else parsed.value, note=note, as_of_on=as_of_on)
