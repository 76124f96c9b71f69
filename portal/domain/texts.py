"""Texts in the two languages of the portal."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Text:
    """A text shown to people, in Chinese and in English; English falls back to Chinese."""

    zh: str
    en: str = ""

    def in_language(self, language: str) -> str:
        """The text for `zh` or `en`."""
        return self.en if language == "en" and self.en else self.zh


@dataclass(frozen=True)
class PointedText(Text):
    """A text about one character of an expression, counted from 1."""

    position: int = 0
