"""Reads and writes frozen dataclasses as plain mappings, by a table of fields; all mistakes are collected.

One table serves both directions, so that what is written reads back equal. A field at its default is not written. A
part that cannot be read is noted as a mistake and replaced by something blank of the same kind, so that the rest can
still be looked at.
"""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from portal.domain.careful_yaml import Plain, PlainPath
from portal.domain.forms import Text
from portal.domain.values import exact_text

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)


@dataclass
class Mistakes:
    """What is wrong, and where."""

    found: list[tuple[PlainPath, Text]] = field(default_factory=list)

    def add(self, path: PlainPath, zh: str, en: str) -> None:
        """Note one."""
        self.found.append((path, Text(zh, en)))


class Kind(Protocol):
    """A way to read and write values of one kind."""

    def blank(self) -> Any:
        """What stands in for a value that cannot be read."""

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> Any:
        """The value that the plain content means."""

    def write(self, value: Any) -> Plain:
        """The plain content that means the value."""


class Word:
    """A text of one language, or a code."""

    def blank(self) -> str:
        """Empty."""
        return ""

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> str:
        """A str as it stands."""
        if isinstance(content, str):
            return content
        mistakes.add(path, "应为文字（数字请加引号）", "must be a text (put digits in quotes)")
        return ""

    def write(self, value: str) -> Plain:
        """As it is."""
        return value


class Flag:
    """True or false."""

    def blank(self) -> bool:
        """False."""
        return False

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> bool:
        """A bool."""
        if isinstance(content, bool):
            return content
        mistakes.add(path, "应为 true 或 false", "must be true or false")
        return False

    def write(self, value: bool) -> Plain:
        """As it is."""
        return value


class Whole:
    """A whole number that is not negative."""

    def blank(self) -> int:
        """0."""
        return 0

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> int:
        """An int."""
        if isinstance(content, int) and not isinstance(content, bool) and content >= 0:
            return content
        mistakes.add(path, "应为不小于 0 的整数", "must be a whole number, 0 or more")
        return 0

    def write(self, value: int) -> Plain:
        """As it is."""
        return value


class Exact:
    """A decimal number; written as an int if it is whole, else as a text, which JSON keeps exact too."""

    def blank(self) -> Decimal:
        """0."""
        return Decimal(0)

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> Decimal:
        """An int, a Decimal, or digits."""
        if isinstance(content, int | Decimal | str) and not isinstance(content, bool):
            digits = content if isinstance(content, str) else str(content)
            if _NUMBER.fullmatch(digits):
                return Decimal(digits)
        mistakes.add(path, "应为数", "must be a number")
        return Decimal(0)

    def write(self, value: Decimal) -> Plain:
        """An int or digits."""
        return int(value) if value == value.to_integral_value() else exact_text(value)


@dataclass(frozen=True)
class Choice:
    """One word of a list."""

    words: type[StrEnum]

    def blank(self) -> StrEnum:
        """The first."""
        return next(iter(self.words))

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> StrEnum:
        """The word itself."""
        if isinstance(content, str) and content in list(self.words):
            return self.words(content)
        listed = "、".join(self.words)
        mistakes.add(path, f"“{content}” 应为 {listed} 之一", f'"{content}" must be one of {listed}')
        return self.blank()

    def write(self, value: StrEnum) -> Plain:
        """The word itself."""
        return str(value)


@dataclass(frozen=True)
class Several:
    """A list of values of one kind, in order."""

    kind: Kind

    def blank(self) -> tuple[Any, ...]:
        """None."""
        return ()

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> tuple[Any, ...]:
        """A list."""
        if not isinstance(content, list):
            mistakes.add(path, "应为列表", "must be a list")
            return ()
        return tuple(self.kind.read(item, (*path, position), mistakes) for position, item in enumerate(content))

    def write(self, value: Sequence[Any]) -> Plain:
        """A list."""
        return [self.kind.write(item) for item in value]


@dataclass(frozen=True)
class AnyOf:
    """Some words of a list, at least one, in no order."""

    words: type[StrEnum]

    def blank(self) -> frozenset[StrEnum]:
        """None."""
        return frozenset()

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> frozenset[StrEnum]:
        """A list of words."""
        if content == []:
            mistakes.add(path, "至少要列出一个", "must list at least one")
        return frozenset(Several(Choice(self.words)).read(content, path, mistakes))

    def write(self, value: frozenset[StrEnum]) -> Plain:
        """The words in the list's order."""
        return [str(word) for word in self.words if word in value]


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
        return self.of(**{f.name: f.kind.blank() for f in self.table if self._default(f) is _REQUIRED})

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> Any:
        """A mapping, or the short form."""
        if self.short and not isinstance(content, dict):
            content = {self.short: content}
        if not isinstance(content, dict):
            mistakes.add(path, "应为键值对", "must be a mapping of keys and values")
            return self.blank()
        for key in content.keys() - {each.key for each in self.table}:
            mistakes.add((*path, key), f"未知的键 “{key}”", f'unknown key "{key}"')
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

    def _default(self, each: Field) -> Any:
        if each.default is not _REQUIRED:
            return each.default
        default = next(f.default for f in dataclasses.fields(self.of) if f.name == each.name)
        return _REQUIRED if default is dataclasses.MISSING else default
