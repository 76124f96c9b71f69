"""`huizong batch`: made, entered, checked, shown, fetched, cancelled and resumed from a terminal."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from portal import db
from portal.cli import main
from portal.db import transaction
from portal.domain.actors import Actor, Role
from portal.jobs import batches
from tests.databases import TestServer
from tests.integration.test_batches import KEY, allow, draft, employed
from tests.world import World, good_answers

Run = Callable[..., Result]


@pytest.fixture
def world(committed_world: World) -> World:
    allow(entered_above=True)
    return committed_world


@pytest.fixture
def clerk(world: World) -> Actor:
    return employed(world, "c11", "clerk", Role.FILLER)


@pytest.fixture
def run(clerk: Actor, own_database: TestServer, tmp_path: Path) -> Run:
    """Runs `huizong batch … --as clerk` in this process."""
    environment = {
        "HUIZONG_DATA_DIR": str(tmp_path),
        "HUIZONG_DATABASE_URL": own_database.app_url,
        "HUIZONG_MIGRATION_DATABASE_URL": own_database.owner_url,
    }

    def command(*arguments: object) -> Result:
        db.engine().dispose()  # the command connects by itself
        words = ["batch", *map(str, arguments), "--as", "clerk"]
        result = CliRunner().invoke(main, words, env=environment, catch_exceptions=False)
        db.connect(own_database.app_url)
        return result

    return command


@pytest.fixture
def table(run: Run, tmp_path: Path) -> Path:
    """The table for c11's units with d111's answers in it, and a word that is no number at d112."""
    file = tmp_path / "table.xlsx"
    assert run("files", KEY, "--kind", "table", "-o", file).exit_code == 0
    book = openpyxl.load_workbook(file)
    for sheet in book.worksheets[1:-1]:
        columns = {cell.value: cell.column for cell in sheet[8]}
        for code, value in good_answers().items():
            if code in columns:
                sheet.cell(10, columns[code], value.text if value.number is None else value.number)
    book.worksheets[1]["I11"] = "很多"
    book.save(file)
    return file


def test_checked_then_entered_then_shown(run: Run, world: World, table: Path) -> None:
    checked = run("answers", KEY, table, "--check")
    assert checked.exit_code == 1
    assert draft(world, "d111") == {}
    entered = run("answers", KEY, table)
    assert (entered.exit_code, entered.stdout) == (1, checked.stdout)
    assert draft(world, "d111") == good_answers()
    rows = list(csv.DictReader(io.StringIO(entered.stdout)))
    assert {row["name"]: row["outcome"] for row in rows} == {"c11": "empty", "d111": "stored", "d112": "mistaken"}
    assert "很多" in rows[-1]["finding"]
    again = run("answers", KEY, table, "--format", "json")
    assert {line["name"]: line["outcome"] for line in json.loads(again.stdout)["lines"]}["d111"] == "has_figures"
    listed = run("list", KEY).stdout.splitlines()
    assert [line.split()[1:3] for line in listed] == [
        ["answers", "done"],
        ["answers", "done"],
        ["check", "done"],
        ["table", "done"],
    ]
    shown = run("show", listed[1].split()[0])
    assert (shown.exit_code, shown.stdout) == (1, entered.stdout)
    fetched = table.with_name("fetched.xlsx")
    assert run("file", listed[1].split()[0], "-o", fetched).exit_code == 0
    assert fetched.read_bytes() == table.read_bytes()


def test_what_was_begun_elsewhere_is_resumed_or_cancelled(run: Run, clerk: Actor, world: World, table: Path) -> None:
    with transaction(clerk) as session:
        first, second = (
            batches.keep(
                session, clerk, KEY, "x.xlsx", io.BytesIO(table.read_bytes()), replaces=False, check_only=False
            )
            for _ in range(2)
        )
    assert run("show", first).exit_code == 2  # waiting
    assert run("resume", first).exit_code == 1
    assert draft(world, "d111") == good_answers()
    assert run("cancel", second).exit_code == 0
    resumed = run("resume", second)
    assert (resumed.exit_code, "cancelled" in resumed.stderr) == (2, True)


def test_what_is_no_workbook_has_exit_code_2(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(b"%PDF-1.7")
    result = run("answers", KEY, file)
    assert (result.exit_code, "PDF" in result.stderr) == (2, True)
    assert run("answers", "T-1999", file).exit_code == 2
