"""What a person is asked about sheets that are no template, as its page shows it and as the form comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.domain.forms import FormVersion, Indicator
from portal.errors import InvalidInput

CELL, OTHER = "cell-", "other-"
"""How fields are named, before the indicator's code: the cell chosen of those offered, and another one's address."""


@dataclass(frozen=True)
class Offer:
    """A cell that may answer an indicator: position in the report, address, labels, unit and content."""

    position: int
    place: str
    labels: str
    unit: str
    shown: str
    likeness: float | None


@dataclass(frozen=True)
class AskedIndicator:
    """One line of the page.

    Attributes:
        chosen: the position chosen beforehand, or by the person before something was refused.
        other: the address the person wrote.
        known: whether it was confirmed for an earlier file.
    """

    indicator: Indicator
    whole: Indicator | None
    offers: tuple[Offer, ...]
    chosen: int | None
    other: str
    known: bool


def asked_indicators(
    form: FormVersion, layout: Mapping[str, Any], written: Mapping[str, str] | None = None
) -> list[AskedIndicator]:
    """The lines of the page, in form order; `written` is the form that was refused."""
    lines = []
    for question in layout["questions"]:
        indicator = form.indicator(question["indicator"])
        chosen, other = question["chosen"], ""
        if written is not None:
            chosen, other = _position(written.get(CELL + indicator.code, "")), written.get(OTHER + indicator.code, "")
        likeness = dict(question["options"])
        positions = [*likeness, *([] if chosen is None or chosen in likeness else [chosen])]
        offers = tuple(
            _offer(layout["figures"], position, likeness.get(position))
            for position in positions
            if position < len(layout["figures"])
        )
        whole = form.by_code.get(indicator.parent)
        lines.append(AskedIndicator(indicator, whole, offers, chosen, other, question["known"]))
    return lines


def choices_of(layout: Mapping[str, Any], written: Mapping[str, str]) -> dict[str, int | None]:
    """What the form says, by indicator; an address that was written outweighs what was chosen.

    Raises:
        InvalidInput: an address is none of the file's tables.
    """
    positions = {figure["place"]: position for position, figure in enumerate(layout["figures"])}
    choices: dict[str, int | None] = {}
    for question in layout["questions"]:
        code = question["indicator"]
        other = written.get(OTHER + code, "").strip()
        if CELL + code not in written:
            raise InvalidInput("layout", "unknown", code)
        if other:
            choices[code] = _find(positions, other)
        else:
            choices[code] = _position(written[CELL + code])
    return choices


def _find(positions: Mapping[str, int], address: str) -> int:
    """The cell of an address, `表1!E6`; without a sheet where the file has only one with such a cell."""
    sheet, _, cell = address.replace("！", "!").rpartition("!")
    found = [
        position
        for place, position in positions.items()
        if place.rpartition("!")[2] == cell.strip().upper()
        and sheet.strip().strip("'") in {"", place.rpartition("!")[0]}
    ]
    if len(found) != 1:
        raise InvalidInput("layout", "no_such_cell", address)
    return found[0]


def _position(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 6:  # noqa: PLR2004 - more digits than there can be cells
        raise InvalidInput("layout", "no_such_cell", text)
    return int(text)


def _offer(figures: Sequence[Mapping[str, Any]], position: int, likeness: float | None) -> Offer:
    figure = figures[position]
    labels = " ｜ ".join(part for part in (figure["row"], figure["column"]) if part)
    return Offer(position, figure["place"], labels, figure["unit"], figure["shown"], likeness)
