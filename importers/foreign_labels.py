"""Labels in sheets that are no template: numbering, 其中, indents, years, and units of measure in brackets."""

import re
from dataclasses import dataclass

from importers.measures import tidy
from portal.domain.periods import Period

_NUMBERINGS = (
    re.compile(r"[一二三四五六七八九十]{1,3}[、.．]\s*"),
    re.compile(r"[（(][一二三四五六七八九十]{1,3}[)）]\s*"),
    re.compile(r"\d{1,2}(?:[、．]|\.(?!\d))\s*"),
    re.compile(r"(?:[（(]\d{1,2}[)）]|[①-⑳])\s*"),
)
_DOTTED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})[.、\s]*")
_OF_WHICH = re.compile(r"其\s*中\s*[:：]?\s*|of which:?\s*", re.IGNORECASE)
_WIDE_SPACE = "\u3000"
_PER_LEVEL = 1_000  # more than any indent
_LONGEST = 200  # characters of a label; what is longer is prose
_UNIT_WORDS = (
    "元|人次|人|件|宗|起|个|次|家|户|所|名|场|批|份|期|天|日|岁|张|床|座|台|辆|部|项|条|平方米|公顷|亩|公里|工作日|%|‰"
)
_UNIT = re.compile(rf"[十百千万亿]*(?:{_UNIT_WORDS})(?:/.{{1,6}})?")
_BRACKETED = re.compile(r"\((?:单位:)?([^()]{1,10})\)$")
_SHEET_UNIT = re.compile(r"(?<![报制送管位])(?:计量|金额|货币|数量)?单位:\s*([^\s:]{1,20})")
_YEAR = re.compile(r"(?<!\d)(20\d\d)\s*年?度?(?!\d)")


@dataclass(frozen=True)
class Label:
    """A label without its trimmings.

    Attributes:
        words: what it says, years in relation to the period: 本年, 上年.
        rank: how deep it stands by its numbering and indent; a deeper one is a part of a shallower one above it.
        unit: unit of measure in brackets behind it.
    """

    words: str
    rank: int
    unit: str = ""


def read_label(text: str, period: Period, level: int = 0) -> tuple[Label, int]:
    """A label, and the level of numbering that labels without any stand under after it.

    Args:
        text: as it stands in the cell, indent and all.
        period: that the file is for.
        level: of numbering, that the label before left.
    """
    text = text[:_LONGEST]
    bare = text.lstrip(" \t\xa0" + _WIDE_SPACE)
    indent = sum(2 if each == _WIDE_SPACE else 1 for each in text[: len(text) - len(bare)])
    bare = bare.strip()
    if dotted := _DOTTED.match(bare):
        level, bare, rank = dotted[1].count(".") + len(_NUMBERINGS), bare[dotted.end() :], 0
        rank = level * _PER_LEVEL
    else:
        found = next(((depth, match) for depth, each in enumerate(_NUMBERINGS, 1) if (match := each.match(bare))), None)
        if found is not None:
            level, bare = found[0], bare[found[1].end() :]
            rank = level * _PER_LEVEL
        else:
            rank = level * _PER_LEVEL + 1 + indent
    part = _OF_WHICH.match(bare)
    if part and part.end() < len(bare):
        rank, bare = rank + 2 * part.end(), bare[part.end() :]
    words, unit = split_unit(relative(bare, period))
    return Label(words, rank, unit), level


def relative(text: str, period: Period) -> str:
    """The text tidied, without spaces, its years in relation to the period, so that next year's sheet says the same."""
    squeezed = tidy(text[:_LONGEST]).replace(" ", "")
    return _YEAR.sub(lambda match: _year_word(int(match[1]), period.year) or match[0], squeezed)


def split_unit(words: str) -> tuple[str, str]:
    """A label and the unit of measure in brackets at its end; empty where there is none."""
    match = _BRACKETED.search(words)
    if match and _UNIT.fullmatch(match[1]):
        return words[: match.start()], match[1]
    return words, ""


def units_for_all(text: str) -> tuple[str, ...]:
    """The units of measure that a line above a table states for the whole of it: 单位：万元、人."""
    match = _SHEET_UNIT.search(tidy(text[:_LONGEST]))
    words = re.split(r"[、,和]", match[1]) if match else []
    return tuple(word for word in words if _UNIT.fullmatch(word))


def _year_word(year: int, current: int) -> str:
    return {0: "本年", 1: "上年", 2: "前年"}.get(current - year, "")
