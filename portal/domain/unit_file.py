"""The units file: CSV in UTF-8, a line for each placement. Read with every mistake at once, written back the same."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date

from portal.domain.units import Level, Placement, Succession, SuccessionKind
from portal.errors import FormInvalid

COLUMNS = (
    "code", "parent_code", "level", "name", "name_en", "valid_from", "valid_to", "succeeds", "succession",
)  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9_]{1,32}", re.ASCII)


def read_units(text: str) -> tuple[list[Placement], list[Succession]]:
    """Read a units file.

    Raises:
        FormInvalid: it has mistakes; each is named with its line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        raise FormInvalid([f"第 1 行：缺少列 {'、'.join(missing)} (line 1: missing columns)"])
    problems: list[str] = []
    placements: list[Placement] = []
    successions: list[Succession] = []
    for line, row in enumerate(reader, start=2):
        try:
            placement = _placement(row)
            placements.append(placement)
            if row["succeeds"]:
                kind = SuccessionKind(row["succession"])
                successions += [
                    Succession(old, placement.code, placement.valid_from, kind) for old in row["succeeds"].split()
                ]
        except ValueError as error:
            problems.append(f"第 {line} 行：{error} (line {line})")
    if problems:
        raise FormInvalid(problems)
    return placements, successions


def read_code(text: str) -> str:
    """A unit's code.

    Raises:
        ValueError: it cannot be one.
    """
    if not _CODE.fullmatch(text or ""):
        message = f"单位代码只能是字母、数字和下划线，最多 32 位：“{text[:40]}”" if text else "缺少单位代码"
        raise ValueError(message)
    return text


def _placement(row: dict[str, str]) -> Placement:
    if not row["name"]:
        raise ValueError("缺少名称")
    return Placement(
        code=read_code(row["code"]),
        parent_code=row["parent_code"],
        name=row["name"],
        name_en=row["name_en"],
        level=Level(row["level"]),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )


def write_units(placements: Iterable[Placement], successions: Sequence[Succession]) -> str:
    """The units file of these placements."""
    follows: dict[tuple[str, date], list[Succession]] = {}
    for succession in successions:
        follows.setdefault((succession.new_code, succession.effective_on), []).append(succession)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in placements:
        old = follows.get((each.code, each.valid_from), [])
        writer.writerow(
            [
                each.code,
                each.parent_code,
                each.level,
                each.name,
                each.name_en,
                each.valid_from.isoformat(),
                each.valid_to.isoformat() if each.valid_to else "",
                " ".join(before.old_code for before in old),
                old[0].kind if old else "",
            ]
        )
    return out.getvalue()
