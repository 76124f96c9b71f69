"""An indicator or a rule as labelled boxes, made from the table of what a form file may say about it."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel.speaklater import LazyString
from werkzeug.datastructures import MultiDict

from portal.domain.careful_yaml import Plain
from portal.domain.form_edits import Piece
from portal.domain.record_kinds import AnyOf, Choice, Exact, Figures, Flag, Kind, Several, Whole
from portal.domain.records import Field, Record
from portal.web.form_words import CHOICES, HINTS, LABELS, LONG

_WHOLE = re.compile(r"-?[0-9]{1,40}", re.ASCII)
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
    """A box of the form; `name` is that of the keys in the form file, joined by dots."""

    name: str
    label: LazyString
    shape: Shape
    text: str = ""
    ticked: frozenset[str] = frozenset()
    choices: tuple[tuple[str, LazyString], ...] = ()
    required: bool = False
    hint: LazyString | None = None


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
    label, hint = LABELS[name], HINTS.get(name)
    match each.kind:
        case Choice(words=words):
            text = _text(content) or _text(_default(record, each))
            yield Box(name, label, Shape.CHOICE, text, choices=_choices(words), required=required, hint=hint)
        case AnyOf(words=words):
            ticked = frozenset(map(str, content)) if isinstance(content, list) else frozenset()
            yield Box(name, label, Shape.TICKS, ticked=ticked, choices=_choices(words), hint=hint)
        case Flag():
            on = _default(record, each) if content is None else content is True
            yield Box(name, label, Shape.FLAG, ticked=frozenset({"1"}) if on else frozenset(), hint=hint)
        case _:
            shape = Shape.LONG if name in LONG else Shape.TEXT
            yield Box(name, label, shape, _text(content), required=required, hint=hint)


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
