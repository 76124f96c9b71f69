"""The units file: what is written is read back; every mistake is named with its line."""

from datetime import date
from importlib.resources import files

import pytest

from portal.domain.trees import problems_of_tree, tree_on
from portal.domain.unit_file import read_units, write_units
from portal.domain.units import Level, Placement, Succession, SuccessionKind
from portal.errors import FormInvalid, UnitsInvalid

REFERENCE = files("portal").joinpath("reference/units.csv").read_text(encoding="utf-8")


def test_the_reference_file_reads_back() -> None:
    assert write_units(*read_units(REFERENCE)) == REFERENCE


def test_whom_a_unit_that_goes_on_as_before_follows_is_written_too() -> None:
    """Merged into it, or split off to it: without that, what the others reported would belong to nobody any more."""
    first, merger, split = (date(year, 1, 1) for year in (2000, 2022, 2023))
    units = [
        Placement("P", "", "省", "", Level.PROVINCE, first),
        Placement("A", "P", "甲", "", Level.CITY, first, date(2025, 1, 1)),
        Placement("B", "P", "乙", "", Level.CITY, first, merger),
        Placement("C", "P", "丙", "", Level.CITY, first, merger),
        Placement("D", "P", "丁", "", Level.CITY, first),
    ]
    follows = [
        Succession("B", "A", merger, SuccessionKind.MERGE),
        Succession("C", "A", merger, SuccessionKind.SPLIT),
        Succession("C", "D", merger, SuccessionKind.SPLIT),
        Succession("A", "A", split, SuccessionKind.SPLIT),
        Succession("A", "D", split, SuccessionKind.SPLIT),
    ]
    text = write_units(units, follows)
    placements, successions = read_units(text)
    assert "A,P,city,甲,,2022-01-01,2023-01-01,B C,merge split" in text.splitlines()
    assert sorted(successions, key=follows.index) == follows
    for day in (first, merger, split, date(2026, 1, 1)):
        assert tree_on(placements, day) == tree_on(units, day)
    assert write_units(placements, successions) == text


@pytest.mark.parametrize("words", ["", "merge split merge", "joined"])
def test_each_unit_that_gave_way_did_so_in_one_way(words: str) -> None:
    line = f"A,,province,甲,A,2022-01-01,,B C,{words}"
    with pytest.raises(FormInvalid, match="第 2 行"):
        read_units("\n".join([REFERENCE.splitlines()[0], line]))


def test_the_reference_tree_is_that_of_today() -> None:
    placements, successions = read_units(REFERENCE)
    nodes = {node.code: node for node in tree_on(placements, date(2025, 12, 31))}
    levels = [node.level for node in nodes.values()]
    assert {level: levels.count(level) for level in levels} == {
        Level.PROVINCE: 2, Level.CITY: 24, Level.UNDIVIDED_CITY: 2, Level.DISTRICT: 144
    }  # fmt: skip
    assert problems_of_tree(placements, date(2025, 12, 31)) == []
    assert nodes["441900"].level is Level.UNDIVIDED_CITY
    alone = {code for code, node in nodes.items() if node.lft == node.rgt and node.level is not Level.DISTRICT}
    assert alone == {"441900", "442000"}
    assert [(each.old_code, each.new_code) for each in successions] == [("441827", "441803")]
    before = {node.code for node in tree_on(placements, date(2012, 12, 16))}
    assert "441827" in before
    assert "441803" not in before


def test_all_mistakes_are_told_at_once() -> None:
    header = REFERENCE.splitlines()[0]
    bad = "\n".join(
        [
            header,
            "1,,province,好,ok,2000-01-01,,,",
            "2 2,1,city,坏,bad,2000-01-01,,,",
            "3,1,village,坏,bad,2000-01-01,,,",
            "4,1,city,坏,bad,2000-13-01,,,",
            "5,1,city,,bad,2000-01-01,,,",
            "6,1,city,坏,bad,2000-01-01,,2,married",
        ]
    )
    with pytest.raises(UnitsInvalid) as caught:
        read_units(bad)
    assert caught.value.words == [
        (
            "第 3 行：单位代码只能是字母、数字和下划线，最多 32 位：“2 2”",
            "line 3: a unit code has letters, digits and underscores, 32 at most: “2 2”",
        ),
        (
            "第 4 行：层级“village”不认得，请写：province、city、undivided_city、district、town",
            "line 4: level “village” is unknown, write one of: province, city, undivided_city, district, town",
        ),
        (
            "第 5 行：“2000-13-01”不是日期，请写成 2024-01-31 的样子",
            "line 5: “2000-13-01” is no day, write it like 2024-01-31",
        ),
        ("第 6 行：缺少名称", "line 6: no name"),
        (
            "第 7 行：succession “married”不认得，请写：rename、merge、split",
            "line 7: succession “married” is unknown, write one of: rename, merge, split",
        ),
    ]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(FormInvalid, match="name_en"):
        read_units("code,parent_code,level,name,valid_from,valid_to,succeeds,succession\n")
