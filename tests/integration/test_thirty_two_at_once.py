"""32 connections in one province: no deadlock, no lost update, no torn total; after every step equal to the model.

A step lets everybody begin at once: acceptances first, then corrections of what was accepted, each while several are
accepted in one transaction, and while districts move from city to city; others read all the time.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from itertools import cycle

import pytest
from sqlalchemy import select, text

from portal import db
from portal.db import read_one_moment, transaction
from portal.domain.form_file import read_form
from portal.domain.lifecycle import Action
from portal.domain.reorganisations import Change, ChangeKind
from portal.domain.submissions import SubmissionKey
from portal.domain.units import Level, Placement
from portal.domain.values import MISSING, NOT_APPLICABLE, Value
from portal.errors import NotFound, NotPermitted
from portal.models import Submission
from portal.queries import event_chain
from portal.queries.people import portal_actor
from portal.queries.rollups import verification
from portal.queries.rollups.totals import CURRENT_TREE, REPORTED_TREE, roll_up
from portal.services import collections, forms, moves, units
from tests.databases import TestServer
from tests.integration.test_reorganisations import WITHIN, apply, undo
from tests.integration.tree_model import KINDS, Answers, Model
from tests.world import FORM, PERIOD, START, World, good_answers

AT_ONCE = 32
CITIES = [f"c{number}" for number in range(4)]
REPORTING = {f"d{number:02}": CITIES[number % 4] for number in range(AT_ONCE)}
TOGETHER = {f"b{number}": "c3" for number in range(6)}
MOVED = ("d00", "d04", "d08")  # from the first city to the second
FORM_T = read_form(FORM)
ENOUGH_SECONDS = 120

ONE_STATEMENT = text("""
    select (select sum(r.amount) from rollup r join period p on p.code = r.period_code
            join node n on n.tree_id = p.tree_id and n.unit_id = r.unit_id and n.depth = 1
            where r.root_id = :root and r.indicator = 'T101' and r.category = ''),
           (select sum(amount) from observation where root_id = :root and indicator = 'T101')
""")

Work = Callable[[], None]


class Province:
    """The portal, and the model beside it."""

    def __init__(self) -> None:
        parents = {"p": "", **dict.fromkeys(CITIES, "p"), **REPORTING, **TOGETHER}
        levels = {"": Level.PROVINCE, "p": Level.CITY}
        placed = [
            Placement(code, parent, code, "", levels.get(parent, Level.DISTRICT), START)
            for code, parent in parents.items()
        ]
        with transaction(None) as session:
            units.import_units(session, placed, [])
            forms.publish(session, FORM_T)
            actor = portal_actor(session, "p")
        with transaction(actor) as session:
            collections.send_down(
                session, actor, FORM_T, PERIOD, opens_on=PERIOD.ends_on, due_on=date(PERIOD.year + 1, 1, 31)
            )
        self.world = World(FORM_T)
        self.model = Model({each.code: [[START, None, each.parent_code, str(each.level)]] for each in placed})
        self.model.asked = {(each.code, PERIOD.year): str(each.level) for each in placed}

    def hand_in(self, unit: str, number: int) -> None:
        """Fill in with figures that follow from `number`, which nobody else has, and hand in."""
        self.world.fill(unit, **_written(number))
        self.world.take(unit, Action.SUBMIT)

    def accept(self, unit: str, number: int) -> None:
        self._from_above(unit, Action.ACCEPT)
        self.model.accepted[unit, PERIOD.year] = _told(number)

    def correct(self, unit: str, number: int) -> None:
        """Reopen what was accepted, and accept other figures."""
        self._from_above(unit, Action.REOPEN)
        _again(lambda: self.world.fill(unit, **_written(number)))
        _again(lambda: self.world.take(unit, Action.SUBMIT))
        self.accept(unit, number)

    def withdraw(self, unit: str) -> None:
        """Reopen what was accepted, and leave it at that."""
        self._from_above(unit, Action.REOPEN)
        del self.model.accepted[unit, PERIOD.year]

    def accept_together(self, numbers: dict[str, int]) -> None:
        """Accept several in one transaction: their rows are taken first, as one acceptance takes its own."""
        actor = self.world.actor("c3")
        with transaction(actor) as session:
            rows = select(Submission.unit_id).where(
                Submission.state == "submitted", Submission.unit_path.op("~")(text("'*.c3.b*'::lquery"))
            )
            session.execute(rows.order_by(Submission.unit_id).with_for_update())
            for unit in numbers:
                moves.take(session, actor, SubmissionKey(unit, PERIOD, "T"), Action.ACCEPT)
        self.model.accepted |= {(unit, PERIOD.year): _told(number) for unit, number in numbers.items()}

    def move(self, *moved: str) -> None:
        """Let units move within the year, undo it, and let them move once more."""
        changes = [Change(ChangeKind.MOVE, unit, parent_code="c1") for unit in moved]
        undo(self.world, apply(self.world, *changes, on=WITHIN, by="p"), by="p")
        apply(self.world, *changes, on=WITHIN, by="p")
        for unit in moved:
            self.model.place(unit, WITHIN, "c1", str(Level.DISTRICT))

    def _from_above(self, unit: str, action: Action) -> None:
        """Whoever is above the unit just now."""
        superiors = cycle([(REPORTING | TOGETHER)[unit], "c1"])
        _again(lambda: self.world.take(unit, action, by=next(superiors), reason="更正后再报一次"))

    def prove(self, *levels: str) -> None:
        """The totals of the province and of these levels are the model's, by both trees; and so say our own proofs."""
        actor = self.world.actor("p")
        for current, tree in ((False, REPORTED_TREE), (True, CURRENT_TREE)):
            with transaction(actor) as session:
                rows = [
                    row
                    for by in ("self", "level:city", "level:district")
                    for row in roll_up(
                        session, actor, unit="p", period=PERIOD, indicators=list(KINDS), by=by, tree=tree
                    )
                ]
            assert len(rows) == len(KINDS) * len(self.model.stays)
            for row in rows:
                filled_by = {str(level) for level in FORM_T.indicator(row.indicator).filled_by}
                expected = self.model.total(row.unit_code, PERIOD.year, row.indicator, filled_by, current)
                assert _shown(row) == expected, (tree, row.unit_code, row.indicator)
        with transaction(actor) as session:
            assert verification.verify(session, actor.place.root_id)[1] == []
            assert event_chain.verify(session, actor.place.root_id)[1] is None


def _again(work: Work) -> None:
    """Do it; who acts for a unit, and who is above it, may have changed since that was looked up."""
    for _time in range(8):
        with suppress(NotFound, NotPermitted):
            return work()
    return work()


def _written(number: int) -> dict[str, Value]:
    spent = (Value.of(Decimal(number) / 100), NOT_APPLICABLE, MISSING)[number % 3]
    made = {"T101": 3 * number, "T102": number, "T103": 2 * number, "T107": number, "T201": number}
    return {code: Value.of(each) for code, each in made.items()} | {"T203": spent}


def _told(number: int) -> Answers:
    """The same as the model takes it."""
    given = good_answers() | _written(number)
    told: Answers = {code: value.number if value.number is not None else value.text for code, value in given.items()}
    if given["T203"] == MISSING:
        del told["T203"]
    return told | {"T104": (given["T102"].number, given["T101"].number)}


def _shown(row) -> tuple:
    """A row as the model tells it."""
    shown = row.value, row.counts, row.minimum, row.maximum, row.reported, row.not_applicable, row.expected
    return *shown, set(row.torn), row.total.adjusted


@pytest.fixture
def province(own_database: TestServer) -> Iterator[Province]:
    """A province on connections enough for everybody."""
    engine = db.connect(own_database.app_url, at_most=AT_ONCE + 8)
    try:
        yield Province()
    finally:
        engine.dispose()


def at_once(*work: Work) -> None:
    """Let all begin at the same moment, and end; what one of them raises is raised."""
    barrier = threading.Barrier(len(work))

    def begin(one: Work) -> None:
        with transaction(None):  # has a connection of its own before the start
            barrier.wait(ENOUGH_SECONDS)
        one()

    with ThreadPoolExecutor(len(work)) as pool:
        for each in [pool.submit(begin, one) for one in work]:
            each.result(ENOUGH_SECONDS)


@contextmanager
def readers(province: Province) -> Iterator[None]:
    """Others read meanwhile, over and over; what they see wrong is raised in the end."""
    stopped = threading.Event()
    reading = (_read_whole, _read_a_page, _read_one_statement)

    def read(look: Callable[[Province], None]) -> int:
        times = 0
        while not stopped.wait(0.5):
            look(province)
            times += 1
        return times

    with ThreadPoolExecutor(len(reading)) as pool:
        done = [pool.submit(read, look) for look in reading]
        try:
            yield
        finally:
            stopped.set()
        assert all(each.result(ENOUGH_SECONDS) for each in done)


def _read_whole(province: Province) -> None:
    """In a transaction that reads of one moment, the province is the sum of its cities, and of its districts."""
    actor = province.world.actor("p")
    with transaction(actor) as session:
        read_one_moment(session)
        sums = [
            (sum((row.value or 0 for row in rows), Decimal(0)), sum(row.reported for row in rows))
            for by in ("self", "children", "level:district")
            if (rows := roll_up(session, actor, unit="p", period=PERIOD, indicators=["T101"], by=by))
        ]
    assert len(set(sums)) == 1, sums


def _read_a_page(province: Province) -> None:
    """In a transaction as pages have it, the totals of one reading fit each other."""
    actor = province.world.actor("p")
    with transaction(actor) as session:
        codes = ["T101", "T102", "T103"]
        rows = roll_up(session, actor, unit="p", period=PERIOD, indicators=codes, by="children")
    found = {(row.unit_code, row.indicator): row.value or Decimal(0) for row in rows}
    for city in CITIES:
        whole, one, other = (found[city, code] for code in codes)
        assert whole == one + other, (city, found)


def _read_one_statement(province: Province) -> None:
    actor = province.world.actor("p")
    with transaction(actor) as session:
        stored, observed = session.execute(ONE_STATEMENT, {"root": actor.place.root_id}).one()
    assert stored == observed


def test_32_at_once_equal_the_model_after_every_step(province: Province) -> None:
    numbers = {unit: place for place, unit in enumerate((*REPORTING, *TOGETHER), start=1)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(province.hand_in, numbers, numbers.values()))
    together = {unit: numbers[unit] for unit in TOGETHER}
    with readers(province):
        at_once(*(lambda unit=unit: province.accept(unit, numbers[unit]) for unit in REPORTING))
        province.prove("level:city")
        first, second, third = (list(REPORTING)[start::3] for start in range(3))
        at_once(
            *(lambda unit=unit: province.correct(unit, numbers[unit] + 1000) for unit in first),
            lambda: province.accept_together(together),
            lambda: province.move(MOVED[0]),
        )
        province.prove("level:city")
        at_once(
            *(lambda unit=unit: province.correct(unit, numbers[unit] + 2000) for unit in second),
            *(lambda unit=unit: province.withdraw(unit) for unit in third),
            lambda: province.move(*MOVED[1:]),
        )
        province.prove("level:city", "level:district")
