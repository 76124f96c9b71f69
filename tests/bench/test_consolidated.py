"""A consolidated workbook of 3,000 units and 200 indicators, wholly imported: against openpyxl only reading it.

Both read the same bytes in the same run, each in a process of its own, on a machine that has nothing else to do. What
counts is the time that somebody waits; processor time, in which PostgreSQL's share is, tells more on a shared machine.
"""

import io
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import event, text

from importers.consolidated import UnitLine, write_consolidated
from importers.identity import UnitName
from importers.template_job import Job
from portal import db
from portal.db import identity_transaction, transaction
from portal.domain.actors import Actor, Role
from portal.domain.batches import BatchState, LineOutcome
from portal.domain.collections import CollectionKey, CollectionSettings
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.units import Level
from portal.domain.values import Value
from portal.jobs import batches
from portal.models import Membership
from portal.queries.batches import count_lines, get_batch
from portal.queries.people import portal_actor, portal_within
from portal.queries.units import get_unit
from portal.services import collections, forms, units
from tests.databases import TestServer
from tests.world import PERIOD, TREE, World, placements

UNITS, INDICATORS = 3_000, 200
MEGABYTES = 300
KEY = CollectionKey("G", PERIOD)
ROOT = Path(__file__).parents[2]


@dataclass
class Cost:
    """What a process took in seconds, its children apart; megabytes are the most that they held together."""

    processor: float
    children: float
    wall: float
    megabytes: float
    statements: int = 0
    database: float = 0


def big_form() -> FormVersion:
    """Two sheets; every fifth figure is the whole of the four after it, and each is held against another rule."""
    lines = ["code: G", "number: 1", "name: 大表", "period: year", "levels: [province, city, district]", "sheets:"]
    rules = []
    for sheet in range(2):
        lines += [f"- code: G{sheet}", f"  name: 第{sheet}表", "  indicators:"]
        for number in range(sheet * INDICATORS // 2, (sheet + 1) * INDICATORS // 2):
            code, whole = f"G{number:03}", f"G{number - number % 5:03}"
            part = "parts: exhaustive" if code == whole else f"part_of: {whole}"
            kind = "{type: count, unit: 件}" if sheet else "{type: amount, unit: 万元, decimals: 2}"
            lines.append(f"  - {{code: {code}, name: 第{number}项, roll_up: sum, min: 0, {part}, {kind[1:-1]}}}")
            if number % 5 == 1:
                rules.append(
                    f"- {{id: {code}-E1, severity: explain, indicator: {code}, expression: {code} <= {whole}}}"
                )
                rules.append(
                    f"- {{id: {code}-E2, severity: explain, indicator: {whole}, expression: if {whole}>0 then {code}>0}}"
                )
    return read_form("\n".join([*lines, "rules:", *rules]))


def figures(form: FormVersion, unit: int) -> dict[str, Value]:
    """Answers that break no rule, in one unit of a hundred but one."""
    numbers = {code: (unit * 7 + place * 13) % 5000 + 1 for place, code in enumerate(form.codes)}
    for whole in form.codes[::5]:
        numbers[whole] = sum(numbers[part.code] for part in form.parts[whole])
    if unit % 100 == 0:
        numbers[form.codes[0]] += 1
    return {code: Value.of(number) for code, number in numbers.items()}


@pytest.fixture
def clerk(own_database: TestServer, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """A filler of a province of 3,000 districts, who may enter answers for them."""
    codes = [f"g{number:05}" for number in range(UNITS)]
    monkeypatch.setattr("tests.world.TREE", TREE | dict.fromkeys(codes, ("p1", Level.DISTRICT)))
    form = big_form()
    with transaction(None) as session:
        units.import_units(session, placements(), [])
        forms.publish(session, form)
        sender = portal_actor(session, "p1")
    with transaction(sender) as session:
        settings = CollectionSettings(entered_above=True)
        opens_on, due_on = PERIOD.ends_on, date(PERIOD.year + 1, 1, 31)
        collections.send_down(session, sender, form, PERIOD, settings=settings, opens_on=opens_on, due_on=due_on)
    with identity_transaction() as session:
        user = User(first_name="某", last_name="张", username="clerk", email="clerk@example.invalid")
        session.add(user)
        session.flush()
        place = get_unit(session, "p1")
        held = {"unit_id": place.id, "unit_path": place.path, "role": Role.FILLER, "valid_from": PERIOD.starts_on}
        session.add(Membership(user_id=user.id, **held))
        return replace(World(form).actor("p1", Role.FILLER), user_id=user.id)


def workbook(form: FormVersion, place: Path) -> bytes:
    """The table as it is downloaded, filled in."""
    job = Job(form, UnitName("p1", "p1 民政局", Level.PROVINCE), PERIOD)
    lines = (
        UnitLine(
            UnitName(f"g{number:05}", f"g{number:05} 民政局", Level.DISTRICT),
            "可填",
            open=True,
            values=figures(form, number),
        )
        for number in range(UNITS)
    )
    with place.open("wb") as file:
        write_consolidated(file, job, lines, UNITS)
    return place.read_bytes()


def measured(*arguments: str) -> Cost:
    """Run a part of this module in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.test_consolidated", *arguments],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    return Cost(**json.loads(answer.stdout.splitlines()[-1]))


def test_wholly_imported_before_openpyxl_has_read_it(own_database: TestServer, clerk: Actor, tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    content = workbook(big_form(), path)
    with transaction(clerk) as session:
        batch_id = batches.hand_in(session, clerk, KEY, path.name, io.BytesIO(content), replaces=False)
    reading = measured("read", str(path))
    importing = measured("import", own_database.app_url, str(batch_id))
    with transaction(clerk) as session:
        batch = get_batch(session, clerk, batch_id)
        counts = count_lines(session, clerk, batch_id)
    assert batch.state is BatchState.DONE
    assert counts == {LineOutcome.STORED: UNITS}
    total = importing.processor + importing.children + importing.database
    print(
        f"\n{len(content) / 1024**2:.1f} MB, {UNITS} units × {INDICATORS} indicators"
        f"\nopenpyxl reads it:  {reading.wall:.1f} s, {reading.processor:.1f} s of processor, {reading.megabytes:.0f} MB"
        f"\nwholly imported:    {importing.wall:.1f} s, {total:.1f} s of processor ({importing.processor:.1f} worker,"
        f" {importing.children:.1f} child, {importing.database:.1f} PostgreSQL), {importing.megabytes:.0f} MB,"
        f" {importing.statements} statements"
        f"\nratios: time {importing.wall / reading.wall:.2f}, processor {total / reading.processor:.2f}"
    )
    assert importing.megabytes < MEGABYTES
    assert importing.wall < reading.wall


def _read(path: str) -> None:
    for sheet in openpyxl.load_workbook(path, read_only=True):
        for _row in sheet.iter_rows(values_only=True):
            pass


def _import(url: str, batch_id: str) -> tuple[int, float]:
    """Do the batch as the worker does; gives the number of statements, and PostgreSQL's processor time."""
    statements: list[str] = []
    engine = db.connect(url)
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with transaction(None) as session:
        portal = portal_within(session, "p1")
        server = _parent(session.scalar(text("select pg_backend_pid()")) or 0)
    with transaction(portal) as session:
        batch = get_batch(session, portal, UUID(batch_id))
    before = _of_children(server)
    batches.process(portal, batch)
    spent = _of_children(server) - before
    engine.dispose()
    return len(statements), spent


def _processes() -> Iterator[tuple[int, list[str]]]:
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield int(path.name), _stat(int(path.name))


def _stat(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _parent(process: int) -> int:
    return int(_stat(process)[1])


def _of_children(server: int) -> float:
    """Processor seconds of PostgreSQL's processes, those that ended too."""
    ticks = sum(map(int, _stat(server)[13:15]))
    ticks += sum(int(stat[11]) + int(stat[12]) for _process, stat in _processes() if int(stat[1]) == server)
    return ticks / os.sysconf("SC_CLK_TCK")


class _Memory(threading.Thread):
    """Watches how much this process and its children hold together; ru_maxrss would count what they were forked from."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0

    def run(self) -> None:
        while True:
            self.most = max(self.most, _resident(os.getpid()) + sum(map(_resident, _children())))
            time.sleep(0.25)


def _children() -> list[int]:
    return [process for process, stat in _processes() if int(stat[1]) == os.getpid()]


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _spent(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _main(how: str, *arguments: str) -> None:
    memory = _Memory()
    memory.start()
    began = time.perf_counter()
    before = [_spent(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    statements, database = (0, 0.0)
    if how == "read":
        _read(*arguments)
    else:
        statements, database = _import(*arguments)
    wall = time.perf_counter() - began
    own, children = _spent(resource.RUSAGE_SELF) - before[0], _spent(resource.RUSAGE_CHILDREN) - before[1]
    print(json.dumps(asdict(Cost(own, children, wall, memory.most / 1024**2, statements, database))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
