"""The units file: what is written is read back; every mistake is named with its line."""

from datetime import date
from importlib.resources import files

import pytest

from portal.domain.trees import problems_of_tree, tree_on
from portal.domain.unit_file import read_units, write_units
from portal.domain.units import Level
from portal.errors import FormInvalid

REFERENCE = files("portal").joinpath("reference/units.csv").read_text(encoding="utf-8")


def test_the_reference_file_reads_back() -> None:
    assert write_units(*read_units(REFERENCE)) == REFERENCE


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
        ]
    )
    with pytest.raises(FormInvalid) as caught:
        read_units(bad)
    assert [problem.split("：")[0] for problem in caught.value.problems] == [f"第 {line} 行" for line in (3, 4, 5, 6)]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(FormInvalid, match="name_en"):
        read_units("code,parent_code,level,name,valid_from,valid_to,succeeds,succession\n")
