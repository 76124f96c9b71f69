"""The file of a reorganisation: CSV in UTF-8, a line for each change. Read with every mistake at once."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.unit_file import read_code
from portal.domain.units import Level
from portal.errors import FormInvalid

COLUMNS = (
    "change", "code", "sources", "parent_code", "level", "name", "name_en", "effective_on", "basis",
)  # fmt: skip

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


@dataclass(frozen=True)
class ReorganisationFile:
    """What a file says; day and basis stand in its first line, and are the same or empty in the others."""

    changes: tuple[Change, ...]
    effective_on: date
    basis: str


def reorganisation_of(records: Iterable[Mapping[str, str | None]]) -> ReorganisationFile:
    """What the lines of a file say, each by column.

    Raises:
        FormInvalid: it has mistakes; each is named with its line.
    """
    rows = [{name: (record.get(name) or "").strip() for name in COLUMNS} for record in records]
    if not rows:
        raise FormInvalid(["文件里没有变动 (no changes in the file)"])
    problems: list[str] = []
    changes: list[Change] = []
    for line, row in enumerate(rows, start=2):
        try:
            changes.append(read_change(row))
        except ValueError as error:
            problems.append(f"第 {line} 行：{error} (line {line})")
        problems += [
            f"第 {line} 行：{name} 与首行不同，请分成两个文件 (line {line})"
            for name in ("effective_on", "basis")
            if row[name] not in {"", rows[0][name]}
        ]
    try:
        day = date.fromisoformat(rows[0]["effective_on"])
    except ValueError as error:
        problems.append(f"第 2 行：{error} (line 2)")
    if problems:
        raise FormInvalid(problems)
    return ReorganisationFile(tuple(changes), day, rows[0]["basis"])


def read_change(row: Mapping[str, str]) -> Change:
    """One change of the columns `change` to `name_en`; empty ones say nothing.

    Raises:
        ValueError: a column says what it cannot.
    """
    kind = CHANGE_WORDS.get(row["change"]) or ChangeKind(row["change"])
    return Change(
        kind,
        read_code(row["code"]),
        tuple(read_code(code) for code in row["sources"].replace("、", " ").replace(",", " ").split()),
        read_code(row["parent_code"]) if row["parent_code"] else None,
        Level(row["level"]) if row["level"] else None,
        row["name"] or None,
        row["name_en"] or None,
    )


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
