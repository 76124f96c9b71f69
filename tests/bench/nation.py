"""A nation's figures, made up by the database itself: a tree of any size, a form of 116 sums, ten years accepted.

The tree has one level more than the portal has names for above districts: the nation stands where a province does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, create_engine, text

from portal import db
from portal.db import transaction
from portal.domain.form_file import read_form
from portal.domain.forms import FormVersion
from portal.domain.periods import Period
from portal.domain.units import Level, Placement
from portal.queries.people import portal_actor
from portal.services import collections, forms, units
from tests.databases import TestServer
from tests.world import START

INDICATORS = 116
LAST = 2023
NATION = "n"
MANY_BELOW = "p0"
"""The unit with many directly below it (`one_above_many`)."""

FIGURE = "((s.unit_id * 7 + i * 13 + substr(s.period_code, 1, 4)::int * 17) % 5000 + 1)"
ACCEPTED = f"""
insert into observation (root_id, period_code, indicator, unit_id, form_code, version_number, status, number, category,
                         amount, weight, unit_path)
select s.root_id, s.period_code, 'G' || lpad(i::text, 3, '0'), s.unit_id, s.form_code, 1, 'reported',
       {FIGURE}, '', {FIGURE}, null, s.unit_path
from submission s cross join generate_series(0, {INDICATORS - 1}) i
where s.period_code = :period and s.unit_id = any(:units)
"""
"""What accepting these units' answers writes."""

RECOMPUTED = "select recompute_rollup(:root, :period, :units)"


@dataclass(frozen=True)
class Nation:
    """A tree with figures, and the database that holds it.

    Attributes:
        owner: connections that row-level security does not bind.
        years: those accepted, in order of time; `open_year` is sent down, and nothing of it is accepted.
    """

    server: TestServer
    owner: Engine
    form: FormVersion
    years: tuple[Period, ...]
    open_year: Period


def nation_of(size: int) -> list[Placement]:
    """About a hundred units to a province, ten to a city, as it is; `size` units in all."""
    provinces, cities = max(size // 100, 2), max(size // 10, 2)
    tree = [(NATION, "", Level.PROVINCE)]
    tree += [(f"p{number}", NATION, Level.CITY) for number in range(provinces)]
    tree += [(f"c{number}", f"p{number % provinces}", Level.DISTRICT) for number in range(cities)]
    tree += [(f"d{number}", f"c{number % cities}", Level.TOWN) for number in range(size - len(tree))]
    return _placements(tree)


def townships(size: int, provinces: int = 32, cities: int = 333, districts: int = 2845) -> list[Placement]:
    """A nation down to its townships; `size` units in all."""
    tree = [(NATION, "", Level.PROVINCE)]
    tree += [(f"p{number}", NATION, Level.CITY) for number in range(provinces)]
    tree += [(f"c{number}", f"p{number % provinces}", Level.CITY) for number in range(cities)]
    tree += [(f"d{number}", f"c{number % cities}", Level.DISTRICT) for number in range(districts)]
    tree += [(f"t{number}", f"d{number % districts}", Level.TOWN) for number in range(size - len(tree))]
    return _placements(tree)


def provinces_apart(count: int, cities: int = 21, districts: int = 6) -> list[Placement]:
    """Provinces that have nothing above them, as the portal is used."""
    tree = []
    for province in range(count):
        tree.append((f"p{province}", "", Level.PROVINCE))
        for city in range(cities):
            tree.append((f"c{province}x{city}", f"p{province}", Level.CITY))
            tree += [(f"d{province}x{city}x{each}", f"c{province}x{city}", Level.DISTRICT) for each in range(districts)]
    return _placements(tree)


def one_above_many(count: int, others: int = 100) -> list[Placement]:
    """A unit with `count` directly below it, beside a smaller one, both below the nation."""
    tree = [(NATION, "", Level.PROVINCE), (MANY_BELOW, NATION, Level.CITY), ("p1", NATION, Level.CITY)]
    tree += [(f"d{number}", MANY_BELOW, Level.DISTRICT) for number in range(count)]
    tree += [(f"e{number}", "p1", Level.DISTRICT) for number in range(others)]
    return _placements(tree)


def hand_in(made: Nation) -> None:
    """Let all units hand in their answers of the open year."""
    asked = {"period": str(made.open_year)}
    of_submission = "s.root_id, s.period_code, s.form_code, s.unit_id, s.unit_path"
    columns = of_submission.replace("s.", "")
    with made.owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(
            text(f"""
                insert into submission_version ({columns}, number, opened_at, opened_reason, sealed_at, open_to)
                select {of_submission}, 1, now(), '', now(), nlevel(s.unit_path) - 1
                from submission s where s.period_code = :period
            """),
            asked,
        )
        connection.execute(
            text(f"""
                insert into value ({columns}, version_number, indicator, status, number, approximate, note,
                                   row_version, entered_by, entered_at, open_to)
                select {of_submission}, 1, 'G' || lpad(i::text, 3, '0'), 'reported', {FIGURE}, false, '', 1, '', now(),
                       nlevel(s.unit_path) - 1
                from submission s cross join generate_series(0, {INDICATORS - 1}) i
                where s.period_code = :period order by s.unit_id, i
            """),
            asked,
        )
        connection.execute(
            text("update submission set state = 'submitted', submitted_at = now() where period_code = :period"), asked
        )
    with made.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _placements(tree: list[tuple[str, str, Level]]) -> list[Placement]:
    return [Placement(code, parent, code, code, level, START) for code, parent, level in tree]


@contextmanager
def nation(server: TestServer, template: str, tree: list[Placement], years: int) -> Iterator[Nation]:
    """A database of its own with that tree, and that many years accepted, for as long as the block lasts."""
    leaf = max((each.level for each in tree), key=list(Level).index)
    form = _form(leaf)
    with server.database("huizong_nation", template) as target:
        app, owner = db.connect(target.app_url), create_engine(target.owner_url)
        with transaction(None) as session:
            units.import_units(session, tree, [])
            forms.publish(session, form)
        periods = tuple(Period(LAST - before) for before in range(years, -1, -1))
        for root in (each.code for each in tree if not each.parent_code):
            _send_down(root, form, periods)
        for period in periods[:-1]:
            with owner.begin() as connection:
                _accept(connection, period)
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))
        yield Nation(target, owner, form, periods[:-1], periods[-1])
        app.dispose()
        owner.dispose()


def _form(leaf: Level) -> FormVersion:
    lines = ["code: G", "number: 1", "name: 大表", "period: year", f"levels: [{leaf}]", "sheets:"]
    lines += ["- code: G1", "  name: 第1表", "  indicators:"]
    lines += [
        f"  - {{code: G{number:03}, name: 第{number}项, type: count, unit: 件, roll_up: sum, min: 0}}"
        for number in range(INDICATORS)
    ]
    return read_form("\n".join(lines))


def _send_down(root: str, form: FormVersion, periods: tuple[Period, ...]) -> None:
    with transaction(None) as session:
        sender = portal_actor(session, root)
    for period in periods:
        with transaction(sender) as session:
            due_on = date(period.year + 1, 1, 31)
            collections.send_down(session, sender, form, period, opens_on=period.ends_on, due_on=due_on)


def _accept(connection: Connection, period: Period) -> None:
    """All answers of a year at once, as the owner; what is referred to is there, and need not be looked up."""
    connection.execute(text("set local session_replication_role = replica"))
    connection.execute(
        text("update submission set state = 'accepted', accepted_at = now() where period_code = :period"),
        {"period": str(period)},
    )
    query = text("select root_id, array_agg(unit_id) from submission where period_code = :period group by root_id")
    for root, found in connection.execute(query, {"period": str(period)}).all():
        asked = {"root": root, "period": str(period), "units": found}
        connection.execute(text(ACCEPTED), asked)
        connection.execute(text(RECOMPUTED), asked)
