"""Reads and writes frozen dataclasses as plain mappings, by a table of fields; all mistakes are collected.

One table serves both directions, so that what is written reads back equal. A field at its default is not written. A
part that cannot be read is noted as a mistake and replaced by something blank of the same kind, so that the rest can
still be looked at.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from portal.domain.careful_yaml import Plain, PlainPath
from portal.domain.record_kinds import Kind, Mistakes

_REQUIRED = object()


@dataclass(frozen=True)
class Field:
    """A field of a dataclass.

    Attributes:
        key: how the file calls it.
        attribute: how the dataclass calls it; the same if empty.
        default: what leaving it out means, if it is not what the dataclass says.
    """

    key: str
    kind: Kind
    attribute: str = ""
    default: Any = _REQUIRED

    @property
    def name(self) -> str:
        """The attribute's name."""
        return self.attribute or self.key


@dataclass(frozen=True)
class Record:
    """A dataclass as a mapping.

    Attributes:
        of: the dataclass.
        table: its fields, in the order in which they are written.
        short: key of the field that may stand alone, without a mapping around it.
    """

    of: type[Any]
    table: tuple[Field, ...]
    short: str = ""

    def blank(self) -> Any:
        """With every required field blank."""
        return self.of(**{f.name: f.kind.blank() if self.is_required(f) else self._default(f) for f in self.table})

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> Any:
        """A mapping, or the short form."""
        if self.short and not isinstance(content, dict):
            content = {self.short: content}
        if not isinstance(content, dict):
            mistakes.add(path, "应为键值对", "must be a mapping of keys and values")
            return self.blank()
        refuse_unknown(content, self.table, path, mistakes)
        return self.of(**{each.name: self._read_field(each, content, path, mistakes) for each in self.table})

    def _read_field(self, each: Field, content: dict[str, Plain], path: PlainPath, mistakes: Mistakes) -> Any:
        if each.key in content:
            return each.kind.read(content[each.key], (*path, each.key), mistakes)
        default = self._default(each)
        if default is not _REQUIRED:
            return default
        mistakes.add(path, f"缺少 “{each.key}”", f'"{each.key}" is missing')
        return each.kind.blank()

    def write(self, value: Any) -> Plain:
        """A mapping, or the short form."""
        content = self.write_mapping(value)
        return content[self.short] if content.keys() == {self.short} else content

    def write_mapping(self, value: Any) -> dict[str, Plain]:
        """A mapping of what is not at its default."""
        return {
            each.key: each.kind.write(getattr(value, each.name))
            for each in self.table
            if getattr(value, each.name) != self._default(each)
        }

    def is_required(self, each: Field) -> bool:
        """Whether the field must be there."""
        return self._default(each) is _REQUIRED

    def _default(self, each: Field) -> Any:
        return self._of_class[each.name] if each.default is _REQUIRED else each.default

    @cached_property
    def _of_class(self) -> dict[str, Any]:
        """What the dataclass says; found once, because nearly every field of a file is left out."""
        defaults = {each.name: each.default for each in dataclasses.fields(self.of)}
        return {name: _REQUIRED if value is dataclasses.MISSING else value for name, value in defaults.items()}


@dataclass(frozen=True)
class Partly:
    """Some fields of a record, as pairs of an attribute and its value, in the order of the record's table."""

    table: tuple[Field, ...]

    def blank(self) -> tuple[tuple[str, Any], ...]:
        """None."""
        return ()

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> tuple[tuple[str, Any], ...]:
        """A mapping."""
        if not isinstance(content, dict):
            mistakes.add(path, "应为键值对", "must be a mapping of keys and values")
            return ()
        refuse_unknown(content, self.table, path, mistakes)
        return tuple(
            (each.name, each.kind.read(content[each.key], (*path, each.key), mistakes))
            for each in self.table
            if each.key in content
        )

    def write(self, value: tuple[tuple[str, Any], ...]) -> Plain:
        """The mapping."""
        said = dict(value)
        return {each.key: each.kind.write(said[each.name]) for each in self.table if each.name in said}


@dataclass(frozen=True)
class Later:
    """A kind that is told later, so that a record may hold records like itself."""

    told: Callable[[], Kind]

    def blank(self) -> Any:
        """Of that kind."""
        return self.told().blank()

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> Any:
        """As that kind."""
        return self.told().read(content, path, mistakes)

    def write(self, value: Any) -> Plain:
        """As that kind."""
        return self.told().write(value)


def refuse_unknown(content: dict[str, Plain], table: tuple[Field, ...], path: PlainPath, mistakes: Mistakes) -> None:
    """Note every key that no field has."""
    for key in content.keys() - {each.key for each in table}:
        mistakes.add((*path, key), f"未知的键 “{key}”", f'unknown key "{key}"')
