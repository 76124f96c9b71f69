"""The units file: CSV in UTF-8, a line for each placement. Read with every mistake at once, written back the same.

`succeeds` names the units that gave way to one on the first day of a line, and `succession` how: one word for all of
them, or one for each. A unit that others were merged into, and that is otherwise as before, has a new line from then.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

from portal.domain.texts import Text
from portal.domain.trees import change_days, divided_cities, valid_on
from portal.domain.units import Level, Placement, Succession, SuccessionKind
from portal.errors import UnitsInvalid

COLUMNS = (
    "code", "parent_code", "level", "name", "name_en", "valid_from", "valid_to", "succeeds", "succession",
)  # fmt: skip
_FIRST_LINE = 2
_MOST_NAMED = 5
_CODE = re.compile(r"[A-Za-z0-9_]{1,32}", re.ASCII)


class UnitTextInvalid(ValueError):
    """A text in a file of units or a box of a page is not what it ought to be; `words` say so to people."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.words = Text(zh, en)


def at_line(line: int, words: Text) -> tuple[str, str]:
    """A mistake with its line, in Chinese and in English."""
    return f"第 {line} 行：{words.zh}", f"line {line}: {words.en}"


def read_units(text: str) -> tuple[list[Placement], list[Succession]]:
    """Read a units file.

    Raises:
        UnitsInvalid: it has mistakes; each is named with its line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        raise UnitsInvalid([at_line(1, Text(f"缺少列 {'、'.join(missing)}", f"columns missing: {', '.join(missing)}"))])
    problems: list[tuple[str, str]] = []
    placements: list[Placement] = []
    successions: list[Succession] = []
    for line, row in enumerate(reader, start=_FIRST_LINE):
        try:
            placement = _placement(row)
            placements.append(placement)
            if row["succeeds"]:
                successions += _successions(placement, row["succeeds"].split(), row["succession"].split())
        except UnitTextInvalid as error:
            problems.append(at_line(line, error.words))
    if problems:
        raise UnitsInvalid(problems)
    return placements, successions


def divided_lines(everyone: Sequence[Placement], lines: Sequence[Placement]) -> list[tuple[str, str]]:
    """What to say of each line of a units file by which a city without districts would have some.

    Args:
        everyone: all placements as they would be, with those of the file.
        lines: the placements of the file, in its order.
    """
    told: dict[int, tuple[str, str]] = {}
    for day in change_days(everyone) if any(each.level is Level.UNDIVIDED_CITY for each in everyone) else ():
        names = {each.code: f"{each.code} {each.name}" for each in everyone if valid_on(each, day)}
        for city, districts in divided_cities(everyone, day).items():
            zh, en = (comma.join(names[code] for code in districts) for comma in ("、", ", "))
            words = Text(
                f"从 {day} 起，{names[city]} 是不设区的市，不能有区县（{zh}），请同时把它的层级改为 city",
                f"from {day} {names[city]} is an undivided_city and cannot have districts ({en}):"
                " let its level be city from then",
            )
            for line, each in enumerate(lines, start=_FIRST_LINE):
                if each.code in {city, *districts} and valid_on(each, day):
                    told.setdefault(line, at_line(line, words))
    return [told[line] for line in sorted(told)]


def crossing_lines(
    lines: Sequence[Placement], crossing: Collection[str], asked: Collection[str]
) -> list[tuple[str, str]]:
    """What to say of each line of a units file by which units that have answered come below another top unit.

    Args:
        lines: the placements of the file, in its order.
        crossing: the units that come below another.
        asked: those of them that were ever asked anything.
    """
    some = sorted(asked)[:_MOST_NAMED]
    zh, en = (comma.join(some) + (" …" if len(asked) > len(some) else "") for comma in ("、", ", "))
    words = Text(
        f"不能改变所属的最上级单位，因为已有报送任务：{zh}。请让原单位到期为止，另用新代码建单位",
        f"the top unit cannot change of units that have been asked for answers: {en}."
        " Let them end, and make new ones with codes of their own",
    )
    return [at_line(line, words) for line, each in enumerate(lines, start=_FIRST_LINE) if each.code in crossing]


def read_code(text: str) -> str:
    """A unit's code.

    Raises:
        UnitTextInvalid: it cannot be one.
    """
    if not text:
        raise UnitTextInvalid("缺少单位代码", "no unit code")
    if not _CODE.fullmatch(text):
        raise UnitTextInvalid(
            f"单位代码只能是字母、数字和下划线，最多 32 位：“{text[:40]}”",
            f"a unit code has letters, digits and underscores, 32 at most: “{text[:40]}”",
        )
    return text


def _placement(row: dict[str, str]) -> Placement:
    if not row["name"]:
        raise UnitTextInvalid("缺少名称", "no name")
    return Placement(
        code=read_code(row["code"]),
        parent_code=row["parent_code"],
        name=row["name"],
        name_en=row["name_en"],
        level=_level(row["level"]),
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]) if row["valid_to"] else None,
    )


def _level(text: str) -> Level:
    try:
        return Level(text)
    except ValueError:
        raise UnitTextInvalid(
            f"层级“{text[:40]}”不认得，请写：{'、'.join(Level)}",
            f"level “{text[:40]}” is unknown, write one of: {', '.join(Level)}",
        ) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnitTextInvalid(
            f"“{text[:40]}”不是日期，请写成 2024-01-31 的样子", f"“{text[:40]}” is no day, write it like 2024-01-31"
        ) from None


def _successions(placement: Placement, old: list[str], words: list[str]) -> list[Succession]:
    kinds = [_succession(word) for word in (words or [""])]
    if len(kinds) not in {1, len(old)}:
        raise UnitTextInvalid(
            f"succeeds 有 {len(old)} 个单位，succession 有 {len(kinds)} 种方式：请写一种，或每个单位一种",
            f"succeeds names {len(old)} units, succession {len(kinds)} ways: write one, or one for each unit",
        )
    ways = kinds * len(old) if len(kinds) == 1 else kinds
    return [Succession(code, placement.code, placement.valid_from, kind) for code, kind in zip(old, ways, strict=True)]


def _succession(text: str) -> SuccessionKind:
    try:
        return SuccessionKind(text)
    except ValueError:
        known = list(SuccessionKind)
        raise UnitTextInvalid(
            f"succession “{text[:40]}”不认得，请写：{'、'.join(known)}",
            f"succession “{text[:40]}” is unknown, write one of: {', '.join(known)}",
        ) from None


def write_units(placements: Iterable[Placement], successions: Sequence[Succession]) -> str:
    """The units file of these placements."""
    follows: defaultdict[str, defaultdict[date, list[Succession]]] = defaultdict(lambda: defaultdict(list))
    for succession in successions:
        follows[succession.new_code][succession.effective_on].append(succession)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in placements:
        for line in _lines(each, follows[each.code]):
            old = follows[each.code][line.valid_from]
            kinds = list(dict.fromkeys(before.kind for before in old))
            writer.writerow(
                [
                    line.code,
                    line.parent_code,
                    line.level,
                    line.name,
                    line.name_en,
                    line.valid_from.isoformat(),
                    line.valid_to.isoformat() if line.valid_to else "",
                    " ".join(before.old_code for before in old),
                    " ".join(kinds if len(kinds) == 1 else [before.kind for before in old]),
                ]
            )
    return out.getvalue()


def _lines(placement: Placement, days: Iterable[date]) -> list[Placement]:
    """The placement, cut on each of the days within it."""
    first, last = placement.valid_from, placement.valid_to
    starts = [first, *sorted(day for day in days if first < day and (last is None or day < last))]
    return [
        replace(placement, valid_from=start, valid_to=end)
        for start, end in zip(starts, [*starts[1:], last], strict=True)
    ]
