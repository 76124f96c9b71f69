"""The file of a reorganisation: a line for each change. Read with every mistake at once."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.texts import Text
from portal.domain.unit_file import UnitTextInvalid, at_line, read_code
from portal.domain.units import Level
from portal.errors import UnitsInvalid

COLUMNS = (
    "change", "code", "sources", "parent_code", "level", "name", "name_en", "effective_on", "basis",
)  # fmt: skip

COLUMN_WORDS = dict(
    zip(("变动", "单位代码", "原单位", "上级", "层级", "名称", "英文名称", "生效日期", "依据"), COLUMNS, strict=True)
)
"""What may stand above a column instead of its English name."""

CHANGE_WORDS: dict[str, ChangeKind] = {
    "更名": ChangeKind.RENAME,
    "改变隶属": ChangeKind.MOVE,
    "改变层级": ChangeKind.LEVEL,
    "新设": ChangeKind.NEW,
    "合并": ChangeKind.MERGE,
    "拆分": ChangeKind.SPLIT,
    "撤销": ChangeKind.DISSOLVE,
}
"""What may stand in the first column instead of the English word."""

LEVEL_WORDS: dict[str, Level] = {
    "省级": Level.PROVINCE,
    "地市级": Level.CITY,
    "不设区的市": Level.UNDIVIDED_CITY,
    "区县级": Level.DISTRICT,
    "乡镇级": Level.TOWN,
}
"""What may stand for a level."""

MOST_CHANGES = 1000
MOST_PROBLEMS = 50
"""Mistakes of a file that are told one by one."""
NAME_LENGTH = 200

_Kind = TypeVar("_Kind", ChangeKind, Level)
_BETWEEN = re.compile(r"[\s、,;]+")
_LONGEST_QUOTED = 30


@dataclass(frozen=True)
class ReorganisationFile:
    """What a file says; day and basis stand in its first line, and are the same or empty in the others."""

    changes: tuple[Change, ...]
    effective_on: date
    basis: str


def reorganisation_of(records: Mapping[int, Mapping[str, str | None]]) -> ReorganisationFile:
    """What the lines of a file say, each by column; by number of the line.

    Raises:
        UnitsInvalid: it has mistakes; each is named with its line, `MOST_PROBLEMS` at most.
    """
    rows = {line: {name: (record.get(name) or "").strip() for name in COLUMNS} for line, record in records.items()}
    rows = {line: row for line, row in rows.items() if any(row.values())}
    if not rows:
        raise UnitsInvalid([("文件里没有变动", "no changes in the file")])
    if len(rows) > MOST_CHANGES:
        raise UnitsInvalid(
            [
                (
                    f"文件里有 {len(rows)} 个变动，最多 {MOST_CHANGES} 个",
                    f"{len(rows)} changes in the file, {MOST_CHANGES} at most",
                )
            ]
        )
    problems: list[tuple[str, str]] = []
    changes: list[Change] = []
    start, first = next(iter(rows.items()))
    for line, row in rows.items():
        try:
            changes.append(read_change(row))
        except UnitTextInvalid as error:
            problems.append(at_line(line, error.words))
        problems += [
            at_line(
                line,
                Text(
                    f"{word}与第 {start} 行不同，请分成两个文件",
                    f"{name} is not that of line {start}, make two files of it",
                ),
            )
            for word, name in COLUMN_WORDS.items()
            if name in {"effective_on", "basis"} and row[name] not in {"", first[name]}
        ]
    try:
        day = _day(first["effective_on"])
    except UnitTextInvalid as error:
        problems.append(at_line(start, error.words))
    if not first["basis"]:
        problems.append(at_line(start, Text("缺少依据", "no legal basis")))
    if problems:
        raise UnitsInvalid(cut_short(problems))
    return ReorganisationFile(tuple(changes), day, first["basis"])


def cut_short(problems: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first mistakes, and how many more there are."""
    more = len(problems) - MOST_PROBLEMS
    return problems if more <= 0 else [*problems[:MOST_PROBLEMS], (f"另有 {more} 处", f"and {more} more")]


def read_change(row: Mapping[str, str]) -> Change:
    """One change of the columns `change` to `name_en`; empty ones say nothing.

    Raises:
        UnitTextInvalid: a column says what it cannot.
    """
    codes = {name: unicodedata.normalize("NFKC", row[name]) for name in ("code", "sources", "parent_code")}
    for name in ("name", "name_en"):
        if len(row[name]) > NAME_LENGTH:
            raise UnitTextInvalid(
                f"名称最多 {NAME_LENGTH} 个字：{_quoted(row[name])}",
                f"a name has {NAME_LENGTH} characters at most: {_quoted(row[name])}",
            )
    return Change(
        _word(row["change"], CHANGE_WORDS, ChangeKind, "变动"),
        read_code(codes["code"]),
        tuple(dict.fromkeys(read_code(code) for code in _BETWEEN.split(codes["sources"]) if code)),
        read_code(codes["parent_code"]) if codes["parent_code"] else None,
        _word(row["level"], LEVEL_WORDS, Level, "层级") if row["level"] else None,
        row["name"] or None,
        row["name_en"] or None,
    )


def _word(text: str, words: Mapping[str, _Kind], kinds: type[_Kind], what: str) -> _Kind:
    """What a Chinese or an English word stands for."""
    if text in words:
        return words[text]
    try:
        return kinds(text)
    except ValueError:
        raise UnitTextInvalid(
            f"{what}{_quoted(text)}不认得，请写：{'、'.join(words)}",
            f"{COLUMN_WORDS[what]} {_quoted(text)} is unknown, write one of: {', '.join(words.values())}",
        ) from None


def _day(text: str) -> date:
    if not text:
        raise UnitTextInvalid("缺少生效日期", "no day from which it counts")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnitTextInvalid(
            f"生效日期{_quoted(text)}不是日期，请写成 2024-01-31 的样子",
            f"effective_on {_quoted(text)} is no day, write it like 2024-01-31",
        ) from None


def _quoted(text: str) -> str:
    return f"“{text[:_LONGEST_QUOTED]}{'…' if len(text) > _LONGEST_QUOTED else ''}”"


def change_row(change: Change) -> dict[str, str]:
    """The columns of a change, as `read_change` takes them."""
    return {
        "change": str(change.kind),
        "code": change.code,
        "sources": " ".join(change.sources),
        "parent_code": change.parent_code or "",
        "level": str(change.level or ""),
        "name": change.name or "",
        "name_en": change.name_en or "",
    }


def write_reorganisation(changes: Iterable[Change], effective_on: date, basis: str) -> str:
    """The file that says this."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for change in changes:
        writer.writerow(change_row(change) | {"effective_on": effective_on.isoformat(), "basis": basis})
    return out.getvalue()
