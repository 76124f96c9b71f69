"""The column 备注: free words, before which the day of a stock figure may stand (`截至2023-11-30；…`)."""

import re
from datetime import date

from portal.domain.values import Value

_AS_OF = re.compile(
    r"\s*(?:截至|截止|as of)\s*(\d{4})\s*[-年/.]\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})\s*日?\s*[；;，,。]?\s*(.*)",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)


def note_text(value: Value) -> str:
    """What the column holds for a value."""
    if value.as_of_on is None:
        return value.note
    return f"截至{value.as_of_on.isoformat()}；{value.note}".rstrip("；")


def read_note(text: str) -> tuple[date | None, str]:
    """The day a figure is of, if the note begins with one, and the rest."""
    match = _AS_OF.fullmatch(text)
    if match is None:
        return None, text
    try:
        return date(int(match[1]), int(match[2]), int(match[3])), match[4]
    except ValueError:
        return None, text
