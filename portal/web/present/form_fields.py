"""An indicator or a rule as labelled boxes, made from the table of what a form file may say about it."""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from flask_babel.speaklater import LazyString
from werkzeug.datastructures import MultiDict

from portal.domain.careful_yaml import Plain, PlainPath
from portal.domain.form_edits import Piece
from portal.domain.record_kinds import AnyOf, Choice, Exact, Figures, Flag, Kind, Several, Whole
from portal.domain.records import Field, Record
from portal.domain.texts import PointedText, Text
from portal.web.form_words import CHOICES, GROUPS, HINTS, LABELS, LONG
from portal.web.language import gettext as _

_WHOLE = re.compile(r"-?[0-9]{1,40}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_.]+|.|\n")
_DIGEST = 30
"""Characters of one box that a folded group shows at most."""

_SEPARATORS = re.compile(r"[、，,;；\n]+")


class Shape(StrEnum):
    """How a box is shown."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    FLAG = "flag"
    TICKS = "ticks"


@dataclass(frozen=True)
class Box:
    """A box of the form.

    Attributes:
        name: that of the keys in the form file, joined by dots.
        said: the file says something there.
        mistakes: what is wrong with it.
    """

    name: str
    label: LazyString
    shape: Shape
    text: str = ""
    ticked: frozenset[str] = frozenset()
    choices: tuple[tuple[str, LazyString], ...] = ()
    required: bool = False
    hint: LazyString | None = None
    said: bool = False
    mistakes: tuple[Text, ...] = ()

    @property
    def pointed(self) -> tuple[str, str, str] | None:
        """What was typed, with the word apart at which the first mistake is; None if none is at any."""
        place = next((each.position - 1 for each in self.mistakes if isinstance(each, PointedText)), None)
        if place is None:
            return None
        word = _WORD.match(self.text, place)
        end = word.end() if word else place
        return self.text[:place], self.text[place:end], self.text[end:]

    @property
    def digest(self) -> str:
        """What it says, in short; empty if nothing."""
        if self.shape is Shape.FLAG or not self.said:
            return str(self.label) if self.said else ""
        words = dict(self.choices)
        told = [str(words[each]) for each in words if each in self.ticked] or [str(words.get(self.text, self.text))]
        digest = f"{self.label} {_('、').join(told)}"
        return digest if len(digest) <= _DIGEST else f"{digest[:_DIGEST]}…"


@dataclass(frozen=True)
class Group:
    """Boxes that belong together; those without a title come first, and are always open."""

    title: LazyString | None
    boxes: tuple[Box, ...]

    @property
    def is_open(self) -> bool:
        """Whether something in it must be looked at."""
        return self.title is None or any(box.mistakes for box in self.boxes)

    @property
    def digest(self) -> str:
        """What its boxes say, in short."""
        return " · ".join(box.digest for box in self.boxes if box.digest)


def groups(found: Sequence[Box]) -> list[Group]:
    """The boxes in the groups in which they are shown."""
    folded = [Group(title, tuple(box for box in found if box.name in names)) for title, names in GROUPS]
    away = {box.name for group in folded for box in group.boxes}
    first = Group(None, tuple(box for box in found if box.name not in away))
    return [first, *(group for group in folded if group.boxes)]


def with_mistakes(
    found: Sequence[Box], mistakes: Iterable[tuple[PlainPath, Text]]
) -> tuple[list[Box], list[tuple[str, Text]]]:
    """The boxes with what is wrong with each; and all mistakes with the box each is in, empty for in none.

    Args:
        found: the boxes.
        mistakes: each with its path within the piece.
    """
    placed = [(_box_at(found, path), words) for path, words in mistakes]
    told = [replace(box, mistakes=tuple(words for name, words in placed if name == box.name)) for box in found]
    return told, placed


def _box_at(found: Sequence[Box], path: PlainPath) -> str:
    name = ".".join(step for step in path if isinstance(step, str))
    names = [box.name for box in found]
    return next((each for each in names if each == name or each.startswith(f"{name}.")), "") if name else ""


def boxes(record: Record, piece: Piece) -> list[Box]:
    """The boxes of a piece, filled in; examples of rules have none."""
    return [
        box
        for each in record.table
        for box in _boxes(record, each, each.key, piece.get(each.key), required=record.is_required(each))
    ]


def _boxes(record: Record, each: Field, name: str, content: Plain, *, required: bool) -> Iterator[Box]:
    if isinstance(each.kind, Record):
        inner = _mapping(each.kind, content)
        for part in each.kind.table:
            needed = required and each.kind.is_required(part)
            yield from _boxes(each.kind, part, f"{name}.{part.key}", inner.get(part.key), required=needed)
        return
    if _is_examples(each.kind):
        return
    label, hint, said = LABELS[name], HINTS.get(name), content not in (None, [], "")
    match each.kind:
        case Choice(words=words):
            text = _text(content) or _text(_default(record, each))
            yield Box(name, label, Shape.CHOICE, text, choices=_choices(words), required=required, hint=hint, said=said)
        case AnyOf(words=words):
            ticked = frozenset(map(str, content)) if isinstance(content, list) else frozenset()
            hint = None if required else hint  # it says what leaving it out means
            yield Box(
                name,
                label,
                Shape.TICKS,
                ticked=ticked,
                choices=_choices(words),
                required=required,
                hint=hint,
                said=said,
            )
        case Flag():
            on = _default(record, each) if content is None else content is True
            yield Box(name, label, Shape.FLAG, ticked=frozenset({"1"}) if on else frozenset(), hint=hint, said=on)
        case _:
            shape = Shape.LONG if name in LONG else Shape.TEXT
            yield Box(name, label, shape, _text(content), required=required, hint=hint, said=said)


def from_form(record: Record, form: MultiDict[str, str], before: Piece) -> Piece:
    """The piece that was typed; what has no box stays as it was before."""
    typed = {each.key: _typed(record, each, each.key, form, before.get(each.key)) for each in record.table}
    kept = {key: content for key, content in before.items() if key not in typed}
    return kept | {key: content for key, content in typed.items() if content is not None}


def _typed(record: Record, each: Field, name: str, form: MultiDict[str, str], before: Plain) -> Plain:
    """None for what is left out."""
    kind = each.kind
    if isinstance(kind, Record):
        inner = _mapping(kind, before)
        parts = {part.key: _typed(kind, part, f"{name}.{part.key}", form, inner.get(part.key)) for part in kind.table}
        said: dict[str, Plain] = {key: content for key, content in parts.items() if content is not None}
        return said.get(kind.short) if said.keys() == {kind.short} else said or None
    if _is_examples(kind):
        return before
    if isinstance(kind, AnyOf):
        return [str(word) for word in kind.words if word in form.getlist(name)] or None
    if isinstance(kind, Flag):
        on = name in form
        return None if on == _default(record, each) else on
    text = form.get(name, "").strip().replace("\r\n", "\n")
    if not text or (isinstance(kind, Choice) and text == _default(record, each)):
        return None
    if isinstance(kind, Several):
        return [part.strip() for part in _SEPARATORS.split(text) if part.strip()] or None
    return int(text) if isinstance(kind, Whole | Exact) and _WHOLE.fullmatch(text) else text


def _is_examples(kind: Kind) -> bool:
    return isinstance(kind, Several) and isinstance(kind.kind, Figures)


def _mapping(record: Record, content: Plain) -> dict[str, Plain]:
    if isinstance(content, dict):
        return content
    return {} if content is None else {record.short: content}


def _default(record: Record, each: Field) -> Any:
    """None where there is none."""
    default = next(of.default for of in dataclasses.fields(record.of) if of.name == each.name)
    return None if default is dataclasses.MISSING else default


def _text(content: Plain) -> str:
    """As it is typed."""
    if isinstance(content, list):
        return "、".join(map(str, content))
    return "" if content is None else str(content)


def _choices(words: type[StrEnum]) -> tuple[tuple[str, LazyString], ...]:
    return tuple((str(word), CHOICES[words][word]) for word in words)
