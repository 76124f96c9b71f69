"""Kinds of values in a file of plain content: how each is read, with its mistakes, and written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from portal.domain.careful_yaml import Plain, PlainPath
from portal.domain.form_rules import Example
from portal.domain.texts import PointedText, Text
from portal.domain.values import exact_text

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)


@dataclass
class Mistakes:
    """What is wrong, and where."""

    found: list[tuple[PlainPath, Text]] = field(default_factory=list)

    def add(self, path: PlainPath, zh: str, en: str) -> None:
        """Note one."""
        self.found.append((path, Text(zh, en)))

    def add_at(self, path: PlainPath, position: int, zh: str, en: str) -> None:
        """Note one at a character of an expression, counted from 1."""
        zh, en = f"表达式第 {position} 个字符处{zh}", f"character {position} of the expression: {en}"
        self.found.append((path, PointedText(zh, en, position)))


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


class Day:
    """A date, written 2023-12-31."""

    def blank(self) -> date:
        """The earliest."""
        return date.min

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> date:
        """A text that is a date."""
        try:
            return date.fromisoformat(str(content))
        except ValueError:
            mistakes.add(path, "应为日期，如 2023-12-31", "must be a date such as 2023-12-31")
            return date.min

    def write(self, value: date) -> Plain:
        """The text."""
        return value.isoformat()


class Figures:
    """An example: references and their answers, a number or a word each."""

    def blank(self) -> Example:
        """Without any."""
        return Example(())

    def read(self, content: Plain, path: PlainPath, mistakes: Mistakes) -> Example:
        """A mapping."""
        if not isinstance(content, dict):
            mistakes.add(path, "应为键值对，如 {A: 3, LY(A): 2}", "must be a mapping such as {A: 3, LY(A): 2}")
            return self.blank()
        return Example(tuple((name, self._answer(each, (*path, name), mistakes)) for name, each in content.items()))

    @staticmethod
    def _answer(content: Plain, path: PlainPath, mistakes: Mistakes) -> Decimal | str:
        if isinstance(content, str) and not _NUMBER.fullmatch(content):
            return content
        return Exact().read(content, path, mistakes)

    def write(self, value: Example) -> Plain:
        """The mapping."""
        return {name: each if isinstance(each, str) else Exact().write(each) for name, each in value.figures}


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
