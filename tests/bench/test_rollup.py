"""The roll-up at the size of a nation: 3,211 units, 116 indicators, ten years.

Questions go through the portal's own queries, within the actor's scope; against them stand a plain SQL sum over the
accepted figures, in the same transaction, and numpy over a ready array in memory. All three must say the same. Times
are the medians of interleaved rounds; on a machine with neighbours only their ratios mean something.

BENCH_UNITS and BENCH_YEARS make it smaller.
"""

import json
import os
import shutil
import statistics
import subprocess
import threading
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.domain.policy import Actor
from portal.domain.units import Level
from portal.queries.own_figures import own_figures
from portal.queries.rollups import roll_up
from portal.queries.units import get_unit, list_units
from tests.bench.nation import ACCEPTED, INDICATORS, NATION, RECOMPUTED, Nation, nation, nation_of, provinces_apart
from tests.conftest import TestServer
from tests.world import World

UNITS, YEARS = int(os.environ.get("BENCH_UNITS", "3211")), int(os.environ.get("BENCH_YEARS", "10"))
ROUNDS = 7
CLIENTS, SECONDS = 8, 10
BULK_SECONDS = 5
SCRIPT = Path(__file__).with_name("numpy_sums.py")
PROVINCE, INDICATOR = "p0", "G000"

Answer = list[Decimal | int]

BELOW = """
from node above join node d on d.tree_id = above.tree_id and d.lft between above.lft and above.rgt
join observation o on o.unit_id = d.unit_id
where above.tree_id = :tree and above.parent_id = :unit and o.root_id = :root
"""
PLAIN = {
    "province": f"select o.indicator, above.lft, sum(o.amount) {BELOW} and o.period_code = :period"
    " group by 1, 2 order by 1, 2",
    "ranking": "select o.number from observation o where o.root_id = :root and o.period_code = :period"
    " and o.indicator = :indicator order by 1 desc",
    "years": f"select o.period_code, above.lft, sum(o.amount) {BELOW} and o.indicator = :indicator"
    " group by 1, 2 order by 1, 2",
}
NAMES = {
    "province": "a province by its cities, all indicators",
    "ranking": "all districts ranked on one indicator",
    "years": "the nation by province, one indicator, all years",
}


class Asker:
    """Asks a nation the three questions, each way."""

    def __init__(self, made: Nation) -> None:
        people = World(made.form)
        self.made = made
        self._nation, self._province = people.actor(NATION), people.actor(PROVINCE)

    def actor(self, question: str) -> Actor:
        """Whose question it is."""
        return self._province if question == "province" else self._nation

    def portal(self, session: Session, question: str) -> Answer:
        """By the portal's queries."""
        actor, period = self.actor(question), self.made.years[-1]
        match question:
            case "province":
                rows = roll_up(session, actor, unit=PROVINCE, period=period, by="children")
                rows.sort(key=lambda row: row.indicator)
                return [row.value or 0 for row in rows]
            case "ranking":
                indicator = self.made.form.indicator(INDICATOR)
                found = own_figures(session, actor, under=NATION, level=Level.TOWN, period=period, indicator=indicator)
                return sorted((each.value or 0 for each in found), reverse=True)
            case _:
                return [
                    row.value or 0
                    for year in self.made.years
                    for row in roll_up(session, actor, unit=NATION, period=year, indicators=[INDICATOR], by="children")
                ]

    def plain(self, session: Session, question: str) -> Answer:
        """By adding up the accepted figures."""
        period = self.made.years[-1]
        unit = get_unit(session, self.actor(question).place.code, period=period)
        tree = session.scalar(text("select tree_id from period where code = :code"), {"code": str(period)})
        named = {"root": unit.root_id, "unit": unit.id, "tree": tree, "period": str(period), "indicator": INDICATOR}
        return [row[-1] for row in session.execute(text(PLAIN[question]), named)]

    def timed(self, question: str) -> dict[str, float]:
        """Milliseconds by the portal and by plain SQL; both must say the same."""
        taken: dict[str, list[float]] = {"portal": [], "plain": []}
        said: dict[str, Answer] = {}
        for _round in range(ROUNDS):
            for way, times in taken.items():
                with transaction(self.actor(question)) as session:
                    began = time.perf_counter()
                    said[way] = getattr(self, way)(session, question)
                    times.append((time.perf_counter() - began) * 1000)
        assert said["portal"] == said["plain"]
        return {way: statistics.median(times[1:]) for way, times in taken.items()}


@pytest.mark.parametrize("size", [UNITS // 16, UNITS // 4, UNITS])
def test_questions(size: int, test_server: TestServer, template_database: str, tmp_path: Path) -> None:
    with nation(test_server, template_database, nation_of(size), YEARS) as made:
        asker = Asker(made)
        times = {question: asker.timed(question) for question in PLAIN}
        by_numpy = _by_numpy(made, tmp_path)
        with transaction(asker.actor("years")) as session:
            said = {question: asker.plain(session, question) for question in ("ranking", "years")}
        for question, answer in by_numpy.items():
            times[question]["numpy"] = answer["milliseconds"]
            assert question not in said or answer["answer"] == said[question]
        with transaction(asker.actor("province")) as session:
            assert "province" not in by_numpy or by_numpy["province"]["answer"] == asker.plain(session, "province")
    print(f"\n{size} units × {INDICATORS} indicators × {YEARS} years, milliseconds")
    for question, ways in times.items():
        told = ", ".join(f"{way} {taken:.2f}" for way, taken in ways.items())
        print(f"{NAMES[question]:50} {told}, plain/portal {ways['plain'] / ways['portal']:.1f}")


def _by_numpy(made: Nation, place: Path) -> dict[str, dict]:
    """What numpy says and how long it takes; nothing where the environment of script/bench is not there."""
    program = shutil.which("frictionless")  # stands in that environment, beside the Python that has numpy
    if program is None:
        return {}
    figures = place / "figures"
    query = text(
        "select array_agg(o.number::bigint order by n.lft) from observation o join period p on p.code = o.period_code"
        " join node n on n.tree_id = p.tree_id and n.unit_id = o.unit_id"
        " group by o.period_code, o.indicator order by o.period_code, o.indicator"
    )
    with made.owner.connect() as connection, figures.open("wb") as file:
        for (numbers,) in connection.execute(query):
            array("q", numbers).tofile(file)
    shape = place / "shape.json"
    shape.write_text(json.dumps(_shape(made)), encoding="utf-8")
    python = Path(program).with_name("python")
    return json.loads(subprocess.run([python, SCRIPT, figures, shape], check=True, stdout=subprocess.PIPE).stdout)


def _shape(made: Nation) -> dict[str, object]:
    with transaction(World(made.form).actor(NATION)) as session:
        units = list_units(session, period=made.years[-1])
    starts: dict[str, int] = {}
    districts = 0
    for unit in units:
        starts[unit.code] = districts
        districts += unit.level is Level.TOWN
    provinces = [starts[unit.code] for unit in units if unit.level is Level.CITY]
    after = [start for start in provinces if start > starts[PROVINCE]]
    return {
        "years": len(made.years),
        "indicators": INDICATORS,
        "districts": districts,
        "cities": [starts[unit.code] for unit in units if unit.parent_code == PROVINCE],
        "province_ends": min(after, default=districts),
        "provinces": provinces,
    }


@dataclass
class Clients:
    """Several at a time accept the answers of units, each in a transaction of its own, again and again."""

    made: Nation
    units: Sequence[tuple[int, int]]

    def a_second(self, *, rolled_up: bool) -> float:
        """Acceptances in a second."""
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
        return next(done) / SECONDS

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


def test_acceptance_at_eight_clients(apart: Nation) -> None:
    query = "select s.root_id, s.unit_id from submission s join unit u on u.id = s.root_id"
    with apart.owner.connect() as connection:
        one = connection.execute(text(f"{query} where u.code = 'p0' order by s.unit_id")).all()
        spread = connection.execute(text(f"{query} order by md5(s.unit_id::text)")).all()
    for name, chosen in (("in one province", one), (f"spread over {CLIENTS}", spread)):
        clients = Clients(apart, [(root, unit) for root, unit in chosen])
        rates = {rolled_up: clients.a_second(rolled_up=rolled_up) for rolled_up in (False, True)}
        print(
            f"\nacceptance {name}, {CLIENTS} clients: {rates[False]:.0f}/s without the roll-up, {rates[True]:.0f}/s with,"
            f" ratio {rates[True] / rates[False]:.2f}"
        )
        assert rates[True] > 0


def test_bulk_acceptance(test_server: TestServer, template_database: str) -> None:
    with nation(test_server, template_database, nation_of(UNITS), 1) as made, made.owner.begin() as connection:
        period = str(made.open_year)
        root, units = connection.execute(
            text("select root_id, array_agg(unit_id) from submission where period_code = :period group by root_id"),
            {"period": period},
        ).one()
        asked = {"root": root, "period": period, "units": units[:3000]}
        began = time.perf_counter()
        connection.execute(text(ACCEPTED), asked)
        accepted = time.perf_counter() - began
        connection.execute(text(RECOMPUTED), asked)
        taken = time.perf_counter() - began
        summed = connection.scalar(
            text(
                "select sum(amount) from rollup join node using (unit_id) where depth = 1 and indicator = 'G000'"
                " and period_code = :period"
            ),
            asked,
        )
        plain = connection.scalar(
            text("select sum(amount) from observation where indicator = 'G000' and period_code = :period"), asked
        )
    print(
        f"\nbulk acceptance of {len(asked['units'])} units: {taken:.2f} s, {accepted:.2f} s of it without the roll-up"
    )
    assert summed == plain
    assert taken < BULK_SECONDS
