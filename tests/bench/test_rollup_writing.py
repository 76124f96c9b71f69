"""Accepting, with the roll-up and without: by eight clients at a time, and three thousand units at once."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import make_url

from portal.db import transaction
from portal.domain.actors import Actor, Role
from portal.domain.collections import CollectionKey
from portal.queries.units import get_place, list_children
from portal.services.acceptance import accept
from tests.bench.nation import (
    ACCEPTED,
    MANY_BELOW,
    RECOMPUTED,
    Nation,
    hand_in,
    nation,
    one_above_many,
    provinces_apart,
)
from tests.databases import TestServer

CLIENTS, SECONDS, TURNS = 8, 3, 3
BAR = 0.3
BULK, BULK_SECONDS = 3000, 5


@dataclass
class Clients:
    """Several at a time accept the answers of units, each in a transaction of its own, again and again."""

    made: Nation
    units: Sequence[tuple[int, int]]

    def rates(self) -> dict[bool, float]:
        """Acceptances in a second without and with the roll-up, in turns."""
        done = {False: 0, True: 0}
        for _turn in range(TURNS):
            for rolled_up in done:
                done[rolled_up] += self._accepted(rolled_up=rolled_up)
        return {rolled_up: number / (SECONDS * TURNS) for rolled_up, number in done.items()}

    def _accepted(self, *, rolled_up: bool) -> int:
        turn, done, ends = count(), count(), time.monotonic() + SECONDS
        failed: list[BaseException] = []

        def work() -> None:
            try:
                with psycopg.connect(_address(self.made)) as connection:
                    while time.monotonic() < ends:
                        root, unit = self.units[next(turn) % len(self.units)]
                        self._accept(connection, root, unit, rolled_up=rolled_up)
                        next(done)
            except BaseException as error:  # noqa: BLE001 - told below, by the thread that measures
                failed.append(error)

        threads = [threading.Thread(target=work) for _client in range(CLIENTS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert not failed
        return next(done)

    def _accept(self, connection: psycopg.Connection, root: int, unit: int, *, rolled_up: bool) -> None:
        period = str(self.made.open_year)
        where = {"root": root, "period": period, "unit": unit, "units": [unit]}
        connection.execute(
            "delete from observation where root_id = %(root)s and period_code = %(period)s and unit_id = %(unit)s",
            where,
        )
        connection.execute(_psycopg(ACCEPTED), where)
        if rolled_up:
            connection.execute(_psycopg(RECOMPUTED), where)
        connection.commit()


def _address(made: Nation) -> str:
    return make_url(made.server.owner_url).set(drivername="postgresql").render_as_string(hide_password=False)


def _psycopg(statement: str) -> str:
    """The statement with the driver's own names of parameters."""
    statement = statement.replace("%", "%%")
    for name in ("period", "units", "root"):
        statement = statement.replace(f":{name}", f"%({name})s")
    return statement


@pytest.fixture
def apart(test_server: TestServer, template_database: str) -> Iterator[Nation]:
    with nation(test_server, template_database, provinces_apart(CLIENTS), 1) as made:
        yield made


def test_acceptance_at_eight_clients(apart: Nation, ratios: list[str]) -> None:
    query = (
        "select s.root_id, s.unit_id from submission s join unit u on u.id = s.root_id where s.period_code = :period"
    )
    with apart.owner.connect() as connection:
        asked = {"period": str(apart.open_year)}
        one = connection.execute(text(f"{query} and u.code = 'p0' order by md5(s.unit_id::text)"), asked).all()
        spread = connection.execute(text(f"{query} order by md5(s.unit_id::text)"), asked).all()
    found = {}
    for name, chosen in (("in one province", one), (f"spread over {CLIENTS}", spread)):
        rates = Clients(apart, [(root, unit) for root, unit in chosen]).rates()
        found[name] = rates[True] / rates[False]
        ratios.append(
            f"acceptance {name}, {CLIENTS} clients: with/without the roll-up {found[name]:.2f}"
            f"   {rates[True]:.0f}/s and {rates[False]:.0f}/s"
        )
    assert min(found.values()) >= BAR


def test_bulk_acceptance(test_server: TestServer, template_database: str, ratios: list[str]) -> None:
    """The way of a person: the superior of so many units accepts all that they handed in."""
    with nation(test_server, template_database, one_above_many(BULK), 1) as made:
        hand_in(made)
        with transaction(None) as session:
            place = get_place(session, MANY_BELOW)
        reviewer = Actor(1, "审核员", place, frozenset({Role.REVIEWER}))
        with timed("recompute_rollup") as rolling_up:
            began = time.perf_counter()
            with transaction(reviewer) as session:
                below = {unit.code: None for unit in list_children(session, place.code)}
                verdicts = accept(session, reviewer, CollectionKey(made.form.code, made.open_year), below)
            taken = time.perf_counter() - began
        assert [each.refusal for each in verdicts] == [None] * BULK
        asked = {"period": str(made.open_year)}
        with made.owner.connect() as connection:
            summed = connection.scalar(
                text(
                    "select sum(amount) from rollup join node using (unit_id) where depth = 1 and indicator = 'G000'"
                    " and period_code = :period"
                ),
                asked,
            )
            plain = connection.scalar(
                text(
                    "select sum(number) from value where indicator = 'G000' and period_code = :period and open_to = 0"
                ),
                asked,
            )
    ratios.append(
        f"bulk acceptance of {BULK} units by a person: {taken:.2f} s,"
        f" {taken - sum(rolling_up):.2f} s of it without the roll-up"
    )
    assert summed == plain
    assert taken < BULK_SECONDS


@contextmanager
def timed(called: str) -> Iterator[list[float]]:
    """How long each statement that names something takes, in seconds."""
    taken: list[float] = []

    def before(connection: Connection, *_rest: object) -> None:
        connection.info["began"] = time.perf_counter()

    def after(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if called in statement:
            taken.append(time.perf_counter() - connection.info["began"])

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield taken
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)
