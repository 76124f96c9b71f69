"""Changing a form file piece by piece. What comes out need not make sense yet: `examine_draft` tells."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from portal.domain.careful_yaml import Plain, dump, load
from portal.domain.form_file import FileMistake, examine_file
from portal.domain.form_records import INDICATOR, RULE
from portal.domain.forms import FormVersion, Text
from portal.domain.records import Record
from portal.domain.values import exact_text
from portal.errors import NotFound

Piece = dict[str, Plain]
"""An indicator or a rule, as it stands in the file."""

_PLACE = re.compile(r"(?:sheets\.(?P<sheet>[0-9]{1,3})\.indicators|rules)\.(?P<position>[0-9]{1,4})", re.ASCII)


@dataclass(frozen=True)
class PiecePlace:
    """Where an indicator stands (`sheets.0.indicators.3`), or a rule (`rules.2`)."""

    sheet: int | None
    position: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a place.

        Raises:
            NotFound: it names nothing that can be changed on its own.
        """
        match = _PLACE.fullmatch(text)
        if match is None:
            raise NotFound("piece", text)
        return cls(None if match["sheet"] is None else int(match["sheet"]), int(match["position"]))

    def __str__(self) -> str:
        return f"rules.{self.position}" if self.sheet is None else f"sheets.{self.sheet}.indicators.{self.position}"

    @property
    def record(self) -> Record:
        """What may stand there."""
        return RULE if self.sheet is None else INDICATOR


class FormText:
    """A form file that can be read as YAML, to be changed and written again; comments in it are lost."""

    def __init__(self, content: dict[str, Plain]) -> None:
        self.content = content

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The file; None if it is no YAML mapping, and can only be changed as text."""
        document = load(text)
        return None if document.problems or not isinstance(document.content, dict) else cls(document.content)

    def write(self) -> str:
        """The file."""
        return dump(_written(self.content))

    @property
    def sheets(self) -> list[Piece]:
        """Its sheets; what is none in their place is shown as an empty one."""
        sheets = self.content.get("sheets")
        return [each if isinstance(each, dict) else {} for each in sheets] if isinstance(sheets, list) else []

    def pieces(self, sheet: int | None) -> list[tuple[PiecePlace, Piece]]:
        """The indicators of a sheet, or the rules, with their places; none where the file has no such list."""
        try:
            listed = self._list(sheet)
        except NotFound:
            return []
        places = [PiecePlace(sheet, position) for position in range(len(listed))]
        return [(place, self.piece(place)) for place in places]

    def piece(self, place: PiecePlace) -> Piece:
        """What stands at a place; empty at the one after the last.

        Raises:
            NotFound: there is no such place.
        """
        listed = self._list(place.sheet)
        found: Plain = {} if place.position == len(listed) else _at(listed, place)
        return found if isinstance(found, dict) else {}

    def put(self, place: PiecePlace, piece: Piece) -> None:
        """Replace what stands at a place, or add it after the last.

        Raises:
            NotFound: there is no such place.
        """
        listed = self._list(place.sheet)
        self.piece(place)
        listed[place.position : place.position + 1] = [piece]

    def move(self, place: PiecePlace, by: int) -> None:
        """Move a piece down (`by` 1) or up (-1) among its neighbours; at the end of the list it stays.

        Raises:
            NotFound: nothing stands there.
        """
        listed = self._list(place.sheet)
        _at(listed, place)
        target = min(max(place.position + by, 0), len(listed) - 1)
        listed.insert(target, listed.pop(place.position))

    def remove(self, place: PiecePlace) -> None:
        """Take a piece away.

        Raises:
            NotFound: nothing stands there.
        """
        listed = self._list(place.sheet)
        _at(listed, place)
        del listed[place.position]

    def account_for(self, new: list[str], dropped: list[str]) -> None:
        """Say that these indicators are new, and that those are dropped.

        Raises:
            NotFound: what the file says about changes so far is no list.
        """
        mapping = self.content.setdefault("mapping", [])
        if not isinstance(mapping, list):
            raise NotFound("list", "mapping")
        mapping += [{"how": "new", "new": [*new]}] if new else []
        mapping += [{"how": "dropped", "old": [*dropped]}] if dropped else []

    def _list(self, sheet: int | None) -> list[Plain]:
        """The list in the file itself; a sheet that is a cross table has none."""
        holder, key = self.content, "rules"
        if sheet is not None:
            if not self.sheets[sheet : sheet + 1] or not self.sheets[sheet] or "cross" in self.sheets[sheet]:
                raise NotFound("sheet", sheet)
            holder, key = self.sheets[sheet], "indicators"
        found = holder.setdefault(key, [])
        if not isinstance(found, list):
            raise NotFound("list", key)
        return found


def _at(listed: list[Plain], place: PiecePlace) -> Plain:
    if place.position >= len(listed):
        raise NotFound("piece", place)
    return listed[place.position]


def _written(content: Plain) -> Plain:
    """With numbers as form files have them: whole ones as they are, others as digits."""
    match content:
        case Decimal():
            return exact_text(content)
        case list():
            return [_written(each) for each in content]
        case dict():
            return {key: _written(each) for key, each in content.items()}
        case _:
            return content


def examine_draft(code: str, text: str) -> tuple[FormVersion | None, list[FileMistake]]:
    """The form that the draft of that code says, or None and every mistake."""
    form, mistakes = examine_file(text)
    if form is None or form.code == code:
        return form, mistakes
    words = Text(f"这份草稿的报表代码须为 {code}", f"the code of this draft's form must be {code}")
    return None, [FileMistake(load(text).lines["code",], ("code",), words)]


def new_form(code: str, name: str) -> str:
    """A form file to begin with: one sheet with one indicator."""
    indicator: Piece = {
        "code": f"{code}101",
        "name": "指标一",
        "unit": "个",
        "type": "count",
        "roll_up": "sum",
        "min": 0,
    }
    sheet: Piece = {"code": f"{code}1", "name": "第一表", "indicators": [indicator]}
    levels: list[Plain] = ["province", "city", "district"]
    return dump({"code": code, "number": 1, "name": name, "period": "year", "levels": levels, "sheets": [sheet]})
