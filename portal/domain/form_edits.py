"""Changing a form file piece by piece. What comes out need not make sense yet: `examine_draft` tells."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Self

from portal.domain.careful_yaml import Plain, dump, load
from portal.domain.form_file import FileMistake, examine_file
from portal.domain.form_records import CHANGE, FORM, INDICATOR, RULE, SHEET
from portal.domain.forms import Change, FormVersion, Text
from portal.domain.records import Record
from portal.domain.values import exact_text
from portal.errors import NotFound

Piece = dict[str, Plain]
"""An indicator, a rule, what a sheet or the form says about itself, as it stands in the file."""

_PLACE = re.compile(
    r"form|sheets\.(?P<sheet>[0-9]{1,3})|(?:sheets\.(?P<within>[0-9]{1,3})\.indicators|rules)\.(?P<position>[0-9]{1,4})",
    re.ASCII,
)
_MADE_OTHERWISE = {"cross", "list"}
_NUMBERED = re.compile(r"(.*?)([0-9]+)", re.ASCII)

_OF_SHEET = Record(SHEET.of, tuple(each for each in SHEET.table if each.key in {"code", "name"}))
_OF_FORM = Record(
    FORM.of,
    tuple(
        each
        for each in FORM.table
        if each.key in {"name", "period", "levels", "issuer", "approval", "validity", "explain_unchanged"}
    ),
)
_ORDER = {record: [each.key for each in whole.table] for record, whole in ((_OF_SHEET, SHEET), (_OF_FORM, FORM))}


@dataclass(frozen=True)
class PiecePlace:
    """Where an indicator stands (`sheets.0.indicators.3`), a rule (`rules.2`), a sheet (`sheets.0`), or `form` itself.

    Attributes:
        sheet: None for a rule and for the form.
        position: of the indicator or the rule; None for a sheet and for the form.
    """

    sheet: int | None
    position: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a place.

        Raises:
            NotFound: it names nothing that can be changed on its own.
        """
        match = _PLACE.fullmatch(text)
        if match is None:
            raise NotFound("piece", text)
        sheet, position = match["sheet"] or match["within"], match["position"]
        return cls(None if sheet is None else int(sheet), None if position is None else int(position))

    def __str__(self) -> str:
        if self.position is None:
            return "form" if self.sheet is None else f"sheets.{self.sheet}"
        return f"rules.{self.position}" if self.sheet is None else f"sheets.{self.sheet}.indicators.{self.position}"

    @property
    def record(self) -> Record:
        """What may stand there; of a sheet and the form, what is not changed piece by piece itself."""
        if self.position is None:
            return _OF_FORM if self.sheet is None else _OF_SHEET
        return RULE if self.sheet is None else INDICATOR

    @property
    def at(self) -> int:
        """Which of its list it is; the form is in none, as if it were the first of one."""
        return (self.sheet if self.position is None else self.position) or 0

    def by(self, steps: int) -> "PiecePlace":
        """The place as many steps further down its list."""
        at = max(self.at + steps, 0)
        return PiecePlace(at, None) if self.position is None else PiecePlace(self.sheet, at)


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
            listed = self._list(PiecePlace(sheet, 0))
        except NotFound:
            return []
        places = [PiecePlace(sheet, position) for position in range(len(listed))]
        return [(place, self.piece(place)) for place in places]

    def piece(self, place: PiecePlace) -> Piece:
        """What stands at a place; empty at the one after the last.

        Raises:
            NotFound: there is no such place.
        """
        listed = self._list(place)
        found: Plain = {} if place.at == len(listed) else _at(listed, place)
        return found if isinstance(found, dict) else {}

    def suggestion(self, place: PiecePlace) -> Piece:
        """What a new piece may begin with: the next free code, and what is most usual."""
        if place.record is _OF_SHEET:
            return {"code": _next([each.get("code") for each in self.sheets])}
        known = [piece for _place, piece in self.pieces(place.sheet)]
        if place.sheet is None:
            return {"id": _next([each.get("id") for each in known]), "severity": "explain"}
        code = _next([each.get("code") for each in known]) or f"{self.sheets[place.sheet].get('code', '')}01"
        return {"code": code, "type": "count", "roll_up": "sum", "min": 0}

    def put(self, place: PiecePlace, piece: Piece) -> None:
        """Replace what stands at a place, or add it after the last.

        Raises:
            NotFound: there is no such place.
        """
        listed = self._list(place)
        self.piece(place)
        order = _ORDER.get(place.record, [])
        piece = {key: piece[key] for key in dict.fromkeys([*order, *piece]) if key in piece}
        listed[place.at : place.at + 1] = [piece]
        if place == PiecePlace(None, None):
            self.content = piece

    def move(self, place: PiecePlace, by: int) -> None:
        """Move a piece down (`by` 1) or up (-1) among its neighbours; at the end of the list it stays.

        Raises:
            NotFound: nothing stands there.
        """
        listed = self._list(place)
        _at(listed, place)
        target = min(max(place.at + by, 0), len(listed) - 1)
        listed.insert(target, listed.pop(place.at))

    def transfer(self, place: PiecePlace, to: PiecePlace) -> PiecePlace:
        """Put an indicator before the one that stands at `to`, on the same sheet or another; gives where it is then.

        Raises:
            NotFound: nothing stands there, or `to` is on no list of indicators.
        """
        source, target = self._list(place), self._list(to)
        if place.record is not INDICATOR or to.record is not INDICATOR:
            raise NotFound("piece", to)
        _at(source, place)
        position = min(to.at, len(target))
        if place.sheet == to.sheet and place.at < position:
            position -= 1
        target.insert(position, source.pop(place.at))
        return PiecePlace(to.sheet, position)

    def remove(self, place: PiecePlace) -> None:
        """Take a piece away.

        Raises:
            NotFound: nothing stands there.
        """
        listed = self._list(place)
        _at(listed, place)
        del listed[place.at]

    def account_for(self, changes: Iterable[Change]) -> None:
        """Say what became of indicators, besides what is said already.

        Raises:
            NotFound: what the file says about changes so far is no list.
        """
        mapping = self.content.setdefault("mapping", [])
        if not isinstance(mapping, list):
            raise NotFound("list", "mapping")
        mapping += [CHANGE.write(each) for each in changes]

    def forget_changes(self) -> None:
        """Say nothing about what became of indicators."""
        self.content.pop("mapping", None)

    def _list(self, place: PiecePlace) -> list[Plain]:
        """The list in the file itself; a sheet that is no list of indicators has none."""
        if place.record is _OF_FORM:
            return [self.content]
        holder, key = self.content, "rules"
        if place.record is _OF_SHEET:
            key = "sheets"
        elif place.sheet is not None:
            sheet = place.sheet
            listed = self.sheets[sheet : sheet + 1]
            if not listed or not listed[0] or listed[0].keys() & _MADE_OTHERWISE:
                raise NotFound("sheet", sheet)
            holder, key = self.sheets[sheet], "indicators"
        found = holder.setdefault(key, [])
        if not isinstance(found, list):
            raise NotFound("list", key)
        return found


def _at(listed: list[Plain], place: PiecePlace) -> Plain:
    if place.at >= len(listed):
        raise NotFound("piece", place)
    return listed[place.at]


def _next(codes: Sequence[Plain]) -> str:
    """The code after the last that ends in a number, as far as it is free; empty if there is none."""
    last = next((match for code in reversed(codes) if (match := _NUMBERED.fullmatch(str(code)))), None)
    if last is None:
        return ""
    stem, digits = last.groups()
    following = (f"{stem}{number:0{len(digits)}d}" for number in count(int(digits) + 1))
    return next(code for code in following if code not in codes)


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
