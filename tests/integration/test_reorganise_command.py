"""`huizong units reorganise`: files as people write them, looked at first and then applied."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from importers.reorganisation_workbook import read_reorganisation_file
from portal.domain.reorganisation_file import COLUMNS, write_reorganisation
from portal.domain.reorganisations import Change, ChangeKind
from portal.errors import FormInvalid
from tests.databases import TestServer
from tests.integration.test_cli import Terminal

LINES = [
    ("合并", "d111", "d112", "", "", "", "", "2024-02-01", "民函〔2024〕1号"),
    ("改变隶属", "d121", "", "c11", "", "", "", "", ""),
]


@pytest.fixture
def terminal(committed_world: object, own_database: TestServer, tmp_path: Path) -> Terminal:
    return Terminal(own_database, tmp_path)


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    for line in (COLUMNS, *LINES):
        book.active.append(line)
    book.save(path)
    return path


def table(path: Path) -> Path:
    path.write_text("\n".join(",".join(line) for line in (COLUMNS, *LINES)), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("make", [workbook, table])
def test_a_file_is_looked_at_and_then_applied(terminal: Terminal, tmp_path: Path, make) -> None:
    file = make(tmp_path / ("r.xlsx" if make is workbook else "r.csv"))
    looked = terminal("units", "reorganise", file, "--under", "p1", "--preview")
    assert (looked.exit_code, "d112: d112 民政局 (district) ← c11 → —" in looked.output) == (0, True)
    terminal("units", "export", tmp_path / "before.csv")
    assert terminal("units", "reorganise", file, "--under", "p1").exit_code == 0
    terminal("units", "export", tmp_path / "after.csv")
    before, after = ((tmp_path / name).read_text() for name in ("before.csv", "after.csv"))
    assert ("2024-02-01" in before, after.count("2024-02-01")) == (False, 5)


def test_what_cannot_be_is_refused_with_every_reason(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    changes = [Change(ChangeKind.MOVE, "nobody", parent_code="c11"), Change(ChangeKind.RENAME, "d111")]
    file.write_text(write_reorganisation(changes, date(2024, 2, 1), "依据"), encoding="utf-8")
    refused = terminal("units", "reorganise", file, "--under", "p1")
    assert refused.exit_code != 0
    assert "nobody" in refused.output
    assert "当日没有单位 nobody；缺少名称 / no unit nobody on that day; name missing" in refused.output


def test_every_mistake_of_a_file_is_named_with_its_line() -> None:
    lines = [
        COLUMNS,
        ("并入", "d111", "", "", "", "", "", "明天", "依据"),
        ("更名", "d 1", "", "", "", "x", "", "", "另一"),
    ]
    with pytest.raises(FormInvalid) as caught:
        read_reorganisation_file("\n".join(",".join(line) for line in lines).encode(), "r.csv")
    assert [problem.split("：")[0] for problem in caught.value.problems] == ["第 2 行", "第 3 行", "第 3 行", "第 2 行"]
