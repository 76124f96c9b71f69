"""Rounds of sudden death: a random process is killed at a random instant under load, and then everything is proved."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.domain.batches import UNDER_WAY, WRITTEN
from tests.durability.installation import CLERKS, Installation, Process, installed, wait_until, words_of
from tests.durability.load import Load, answers

LONGEST_WAIT = 2.5
"""Seconds of undisturbed work before a kill."""

SETTLE_SECONDS = 300
"""Within which every job is done after the last kill: a dead worker's are given to another after some 30 s."""

AGAIN = 0.25
"""How often a second process is killed while the portal gets up."""

WEIGHTS = {
    "supervisor": 1, "everything": 2, "postmaster": 3, "web master": 2, "web worker": 4, "job worker": 4, "backend": 4,
    "reader of a file": 1,
}  # fmt: skip
"""What is killed how often; each of PostgreSQL's other processes (checkpointer, writers) weighs 1."""


@dataclass
class Outcome:
    """What happened over all rounds."""

    rounds: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    restart_seconds: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        slowest = sorted(self.restart_seconds)[-3:]
        return (
            f"{self.rounds} rounds; killed {dict(self.killed.most_common())}; done {dict(self.done)}; "
            f"back after {sum(self.restart_seconds) / max(len(self.restart_seconds), 1):.1f} s on average, "
            f"at most {', '.join(f'{each:.1f}' for each in slowest)} s; unanswered {dict(self.unanswered)}"
        )


def run(place: Path, rounds: int, seed: int, say: Callable[[str], None] = print) -> Outcome:
    """Kill so often; every round must end with sound records, and with everything that was told to be done."""
    chance, outcome = random.Random(seed), Outcome()
    with installed(place) as installation:
        load = Load(installation, seed)
        checkpoints = place / "checkpoints.jsonl"
        with load.at_work():
            for number in range(1, rounds + 1):
                time.sleep(chance.uniform(0, LONGEST_WAIT))
                before = installation.processes()
                killed = _strike(installation, chance)
                if chance.random() < AGAIN:
                    time.sleep(chance.uniform(0, 2))
                    killed += [f"then {each}" for each in _strike(installation, chance)]
                outcome.killed.update(each.removeprefix("then ") for each in killed)
                seconds = _get_up(installation, before)
                outcome.restart_seconds.append(seconds)
                with load.at_rest():
                    _prove(installation, load, checkpoints)
                outcome.rounds = number
                say(f"round {number}: {', '.join(killed)}; back after {seconds:.1f} s")
                if number % 25 == 0:
                    with load.at_rest():
                        _settle(installation)
                        _prove(installation, load, checkpoints)
                    say(f"settled: {_told(outcome, load)}")
        _settle(installation)
        _prove(installation, load, checkpoints)
        _told(outcome, load)
        processes = installation.processes()
        assert installation.stop() == 0, installation.last_words()
        assert _living(processes) == []
    return outcome


def _told(outcome: Outcome, load: Load) -> Outcome:
    outcome.done = sum((Counter(worker.done) for worker in load.workers), Counter())
    outcome.unanswered = sum((Counter(worker.unanswered) for worker in load.workers), Counter())
    return outcome


def _strike(installation: Installation, chance: random.Random) -> list[str]:
    """Kill something that is there; gives what it was."""
    there = installation.parts()
    if not there:
        return []
    name = chance.choices([*there, "everything"], [WEIGHTS.get(each, 1) for each in (*there, "everything")])[0]
    struck = installation.processes() if name == "everything" else [chance.choice(there[name])]
    chance.shuffle(struck)
    for each in struck:
        each.kill()
    assert wait_until(lambda: not _living(struck), 30), _living(struck)
    return [name]


def _get_up(installation: Installation, before: list[Process]) -> float:
    """Wait for what restarts by itself, and serve again where the supervisor is dead; gives the seconds."""
    began = time.monotonic()
    restart = installation.ended() is not None
    if restart:
        installation.start()
    installation.wait_until_ready()
    # A web or a job of before would work beside the new ones.
    assert not restart or wait_until(lambda: not _living(before), 15), _living(before)
    return time.monotonic() - began


def _living(processes: list[Process]) -> list[str]:
    return [f"{each} {words_of(each.pid)}" for each in processes if each.lives()]


# --- Proofs ---------------------------------------------------------------------------------------------------------


def _prove(installation: Installation, load: Load, checkpoints: Path) -> None:
    """The portal's own proofs, and that everything is there which was told to be done, wholly and once."""
    installation.command("rollup", "verify")
    known = ["--checkpoints", str(checkpoints)] if checkpoints.exists() else []
    installation.command("audit", "verify", *known)
    installation.command("audit", "checkpoint", "-o", str(checkpoints))
    for worker in load.workers:
        worker.look()
    assert load.problems() == []
    _prove_jobs(installation, load)


def _prove_jobs(installation: Installation, load: Load) -> None:
    assert load.clerk is not None
    with installation.owner() as connection, connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        kept = {str(row[0]) for row in connection.execute("select id from upload")}
        lines = connection.execute(
            "select line.name, batch.filename, line.outcome from batch_line line join batch on batch.id = line.batch_id"
        ).fetchall()
        batches = {row[0] for row in connection.execute("select filename from batch")}
        drafts = connection.execute(
            "select unit.code, value.indicator, value.number from value join unit on unit.id = value.unit_id"
            " where unit.code = any(%s) and value.indicator in ('T101', 'T102', 'T103', 'T107')",
            [CLERKS[1]],
        ).fetchall()
        twice = connection.execute(
            "select kind, count(*) from (select kind, body::json -> 'after' ->> 'batch' as batch,"
            " body::json -> 'after' ->> 'upload' as upload from event"
            " where kind in ('batch_ended', 'upload_examined', 'upload_failed')) as ended"
            " group by kind, batch, upload having count(*) > 1"
        ).fetchall()
    assert twice == [], "jobs that were done twice"
    assert {upload for each in load.bureaus for upload in each.uploads} <= kept
    assert all(any(name.startswith(f"batch-{number}.") for name in batches) for number in load.clerk.handed_in)
    _prove_drafts(lines, drafts)


def _prove_drafts(lines: list[tuple[Any, ...]], drafts: list[tuple[Any, ...]]) -> None:
    """Each unit has all the answers of the last file that has a line for it, and none of another."""
    last: dict[str, int] = {}
    for name, filename, outcome in lines:
        unit, number = name.removesuffix(".xlsx"), int(filename.partition("-")[2].partition(".")[0])
        assert outcome in WRITTEN, (name, filename, outcome)
        last[unit] = max(number, last.get(unit, 0))
    found: dict[str, dict[str, int]] = {}
    for unit, indicator, number in drafts:
        found.setdefault(unit, {})[indicator] = int(number)
    whole = {
        unit: {code: int(answers(number)[code].number or 0) for code in ("T101", "T102", "T103", "T107")}
        for unit, number in last.items()
    }
    assert found == whole


def _settle(installation: Installation) -> None:
    """Wait until nothing is left to do: no batch under way, no file unread, no job of theirs."""
    waiting: list[tuple[Any, ...]] = []

    def nothing_left() -> bool:
        with installation.owner() as connection:
            waiting[:] = connection.execute(
                "select 'batch', state, made_at from batch where state = any(%s)"
                " union all select 'upload', state, uploaded_at from upload where state in ('waiting', 'working')"
                " union all select task_name, status::text, scheduled_at from procrastinate_jobs"
                " where status in ('todo', 'doing') and task_name like 'process%%'",
                [[str(each) for each in UNDER_WAY]],
            ).fetchall()
        return not waiting

    assert wait_until(nothing_left, SETTLE_SECONDS), f"left undone: {waiting}\n{installation.last_words()}"
